//! Fast signal trace: GTKWave's compressed format, a tenth of a VCD.

use super::{Value, Waveform};
use fst_writer::{
    open_fst, FstBodyWriter, FstFileType, FstInfo, FstScopeType, FstSignalId, FstSignalType,
    FstVarDirection, FstVarType, FstWriteError,
};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Bytes of changes kept before a block is written.
const BLOCK_BYTES: usize = 16 << 20;

struct Fst {
    writer: FstBodyWriter<BufWriter<File>>,
    ids: Vec<FstSignalId>,
    time_ns: Option<u64>,
}

/// Opens a file with these signals (`true`: real).
pub(super) fn create(path: &Path, signals: &[(String, bool)]) -> Result<Box<dyn Waveform>, String> {
    open(path, signals)
        .map(|fst| Box::new(fst) as Box<dyn Waveform>)
        .map_err(|error| error.to_string())
}

fn open(path: &Path, signals: &[(String, bool)]) -> Result<Fst, FstWriteError> {
    let info = FstInfo {
        start_time: 0,
        timescale_exponent: -9,
        version: "hge".into(),
        date: String::new(),
        file_type: FstFileType::Verilog,
    };
    let mut header = open_fst(path, &info)?;
    header.scope("bench", "", FstScopeType::Module)?;
    let ids = signals
        .iter()
        .map(|(name, real)| {
            let (signal, kind) = if *real {
                (FstSignalType::real(), FstVarType::Real)
            } else {
                (FstSignalType::bit_vec(16), FstVarType::Wire)
            };
            header.var(name, signal, kind, FstVarDirection::Implicit, None)
        })
        .collect::<Result<_, FstWriteError>>()?;
    header.up_scope()?;
    Ok(Fst { writer: header.finish()?, ids, time_ns: None })
}

impl Fst {
    fn write(&mut self, time_ns: u64, index: usize, value: Value) -> Result<(), FstWriteError> {
        if self.time_ns != Some(time_ns) {
            if self.writer.size() > BLOCK_BYTES {
                self.writer.flush()?;
            }
            self.writer.time_change(time_ns)?;
            self.time_ns = Some(time_ns);
        }
        match value {
            Value::Real(value) => self.writer.signal_change(self.ids[index], &value.to_le_bytes()),
            Value::Code(code) => {
                let bits: [u8; 16] =
                    std::array::from_fn(|bit| b'0' + (code >> (15 - bit) & 1) as u8);
                self.writer.signal_change(self.ids[index], &bits)
            }
        }
    }
}

impl Waveform for Fst {
    fn change(&mut self, time_ns: u64, index: usize, value: Value) -> Result<(), String> {
        self.write(time_ns, index, value).map_err(|error| error.to_string())
    }

    fn finish(self: Box<Self>) -> Result<(), String> {
        self.writer.finish().map_err(|error| error.to_string())
    }
}
