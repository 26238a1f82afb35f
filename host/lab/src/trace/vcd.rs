//! Value change dump: a text format that every viewer reads.

use super::{Value, Waveform};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use vcd::{IdCode, TimescaleUnit, VarType, Writer};

/// The file, shared for flushing: the crate's writer does not return it.
#[derive(Clone)]
struct Shared(Arc<Mutex<BufWriter<File>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

struct Vcd {
    writer: Writer<Shared>,
    file: Shared,
    ids: Vec<IdCode>,
    time_ns: Option<u64>,
}

/// Opens a file with these signals (`true`: real).
pub(super) fn create(path: &Path, signals: &[(String, bool)]) -> Result<Box<dyn Waveform>, String> {
    open(path, signals)
        .map(|vcd| Box::new(vcd) as Box<dyn Waveform>)
        .map_err(|error| error.to_string())
}

fn open(path: &Path, signals: &[(String, bool)]) -> io::Result<Vcd> {
    let file = Shared(Arc::new(Mutex::new(BufWriter::new(File::create(path)?))));
    let mut writer = Writer::new(file.clone());
    writer.timescale(1, TimescaleUnit::NS)?;
    writer.add_module("bench")?;
    let ids = signals
        .iter()
        .map(|(name, real)| {
            let (kind, width) = if *real { (VarType::Real, 64) } else { (VarType::Wire, 16) };
            writer.add_var(kind, width, name, None)
        })
        .collect::<io::Result<_>>()?;
    writer.upscope()?;
    writer.enddefinitions()?;
    Ok(Vcd { writer, file, ids, time_ns: None })
}

impl Vcd {
    fn write(&mut self, time_ns: u64, index: usize, value: Value) -> io::Result<()> {
        if self.time_ns != Some(time_ns) {
            self.writer.timestamp(time_ns)?;
            self.time_ns = Some(time_ns);
        }
        match value {
            Value::Real(value) => self.writer.change_real(self.ids[index], value),
            Value::Code(code) => {
                let bits: [vcd::Value; 16] =
                    std::array::from_fn(|bit| (code >> (15 - bit) & 1 == 1).into());
                self.writer.change_vector(self.ids[index], &bits)
            }
        }
    }
}

impl Waveform for Vcd {
    fn change(&mut self, time_ns: u64, index: usize, value: Value) -> Result<(), String> {
        self.write(time_ns, index, value).map_err(|error| error.to_string())
    }

    fn finish(mut self: Box<Self>) -> Result<(), String> {
        self.file.flush().map_err(|error| error.to_string())
    }
}
