//! The gateware as files: Verilog with a header, and FuseSoC core files.

mod cores;
mod testbench;
mod text;

pub use cores::{core, Core};

use hge_gateware::board::{BoardError, BoardTop, Converters};
use hge_gateware::build::Build;
use hge_gateware::engine::{Pipelined, Stepped};
use hge_gateware::instrument::Instrument;
use hge_gateware::link::line::Line;
use hge_gateware::serial::{SerialError, SerialInstrument};
use hge_protocol::recording::Recording;
use hge_protocol::{ParameterError, Parameters};
use hge_verilog::EmitError;
use testbench::Drive;
use text::{header, write, Module};
use thiserror::Error;

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Name without folder.
    pub name: String,
    /// Content.
    pub text: String,
}

/// Why the gateware could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PackageError {
    /// A generic out of range.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A generic or the line's rate out of range.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// A generic, the line's rate or the clock out of range.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// The emitter refused a block.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// The system gave no thread to make the gateware on.
    #[error("the gateware could not be written: {0}; end other programs and try again")]
    Thread(std::io::Error),
}

/// The instrument.
const INSTRUMENT: Module = Module {
    name: "hge_instrument",
    prefix: "hge_",
    core: "instrument",
    description: "Homodyne gradient extraction, the whole instrument",
    has_table: false,
};

/// The instrument on a serial line.
const SERIAL: Module = Module {
    name: "hge_serial_instrument",
    prefix: "hge_",
    core: "serial_instrument",
    description: "Homodyne gradient extraction, the whole instrument on a serial line",
    has_table: false,
};

/// The instrument behind a FIFO.
const FIFO: Module = Module {
    name: "hge_fifo_instrument",
    prefix: "hge_",
    core: "fifo_instrument",
    description: "Homodyne gradient extraction, the whole instrument behind an FT245 FIFO",
    has_table: false,
};

/// The instrument with converters.
const BOARD: Module = Module {
    name: "hge_board",
    prefix: "hge_",
    core: "board",
    description:
        "Homodyne gradient extraction, the whole instrument with its converters on a serial line",
    has_table: false,
};

/// The complete instrument as one Verilog file; its top module is `hge_instrument`. Its build hash is 0.
///
/// # Errors
/// A generic out of range; a block the emitter refuses.
pub fn instrument(parameters: &Parameters) -> Result<File, PackageError> {
    instrument_of_build(parameters, &Build::default()).map(first)
}

/// The same with build facts, followed by the FuseSoC core file and the files of its targets.
///
/// # Errors
/// As [`instrument`].
pub fn instrument_of_build(
    parameters: &Parameters,
    build: &Build,
) -> Result<Vec<File>, PackageError> {
    write_instrument(parameters, build, &INSTRUMENT)
}

fn write_instrument(
    parameters: &Parameters,
    build: &Build,
    module: &Module,
) -> Result<Vec<File>, PackageError> {
    let header = header(module.description, module.name, "", parameters);
    match parameters.slot_clocks {
        1 => write_made(|| Instrument::<Pipelined>::with_build(parameters, build), module, &header),
        _ => write_made(|| Instrument::<Stepped>::with_build(parameters, build), module, &header),
    }
}

/// Every core and the instrument with stimulus and expected words: beside the files of [`core`] and [`instrument_of_build`] a
/// table `NAME_vectors.csv` for each, and `hge_cocotb.py`, which plays all tables of a folder to Icarus with cocotb.
///
/// # Errors
/// As [`instrument`].
pub fn vectors(parameters: &Parameters, build: &Build) -> Result<Vec<File>, PackageError> {
    let instrument = Module { has_table: true, ..INSTRUMENT };
    let mut files = write_instrument(parameters, build, &instrument)?;
    for which in Core::ALL {
        files.extend(cores::core_with_table(which, parameters)?);
    }
    // The waivers come with each.
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(file.name.clone()));
    files.push(File { name: "hge_cocotb.py".into(), text: include_str!("hge_cocotb.py").into() });
    Ok(files)
}

/// The instrument on a line as one Verilog file, followed by the FuseSoC core file and the files of its targets; its top module is that of [`top_on_line`].
///
/// # Errors
/// A generic or the rate out of range; a block the emitter refuses.
pub fn instrument_on_line(
    parameters: &Parameters,
    line: Line,
    build: &Build,
) -> Result<Vec<File>, PackageError> {
    let module = of_line(line);
    let header = header(module.description, module.name, &option(line), parameters);
    match parameters.slot_clocks {
        1 => write_made(
            || SerialInstrument::<Pipelined>::with_build(parameters, line, build),
            module,
            &header,
        ),
        _ => write_made(
            || SerialInstrument::<Stepped>::with_build(parameters, line, build),
            module,
            &header,
        ),
    }
}

fn of_line(line: Line) -> &'static Module<'static> {
    match line {
        Line::Uart { .. } => &SERIAL,
        Line::Ft245 => &FIFO,
    }
}

/// Name of the top module of [`instrument_on_line`].
pub fn top_on_line(line: Line) -> &'static str {
    of_line(line).name
}

/// The option of `hge gateware emit` for a line.
fn option(line: Line) -> String {
    match line {
        Line::Uart { baud } => format!(" --baud {baud}"),
        Line::Ft245 => " --ft245".into(),
    }
}

/// The instrument with converters on its line, for a board's own top to instantiate, followed by the FuseSoC core file
/// with the files of its targets; its top module is `hge_board`. Widths, latency and minimum period of `wanted` are those of the
/// converters. `recording` is played after power-up.
///
/// # Errors
/// A generic, the rate or the clock out of range; a block the emitter refuses.
pub fn board_of_build(
    wanted: &Parameters,
    converters: Converters,
    line: Line,
    build: &Build,
    recording: &Recording,
) -> Result<Vec<File>, PackageError> {
    let parameters = converters.parameters(wanted).map_err(BoardError::from)?;
    let Converters { dac, adc } = converters;
    let option = format!("{} --dac {} --adc {}", option(line), dac.name(), adc.name());
    let description = match line {
        Line::Uart { .. } => BOARD.description,
        Line::Ft245 => {
            "Homodyne gradient extraction, the whole instrument with its converters behind an FT245 FIFO"
        }
    };
    let module = Module { description, ..BOARD };
    let mut header = header(description, module.name, &option, &parameters);
    if let bytes @ 1.. = recording.bytes().len() {
        header += &format!(
            "\n\nIt holds an experiment of {bytes} bytes, which only --board BOARD --experiment FILE.toml puts there."
        );
    }
    match parameters.slot_clocks {
        1 => write_made(
            || BoardTop::<Pipelined>::new(wanted, converters, line, build, recording),
            &module,
            &header,
        ),
        _ => write_made(
            || BoardTop::<Stepped>::new(wanted, converters, line, build, recording),
            &module,
            &header,
        ),
    }
}

/// The Verilog.
fn first(mut files: Vec<File>) -> File {
    files.swap_remove(0)
}

/// Stack for building a block: several times that of the largest one.
const STACK_BYTES: usize = 32 << 20;

/// Writes what `make` makes, on a stack of its own: a block is too large for that of a test or a server's thread.
fn write_made<B: Drive, E: Into<PackageError>>(
    make: impl FnOnce() -> Result<B, E> + Send,
    module: &Module,
    header: &str,
) -> Result<Vec<File>, PackageError> {
    let written = || {
        let mut block = make().map_err(Into::into)?;
        write(module, &mut block, header)
    };
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = builder.spawn_scoped(scope, written).map_err(PackageError::Thread)?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_gateware::converter::{AdcPart, DacPart};

    fn modules(text: &str) -> usize {
        text.lines().filter(|line| line.starts_with("module ")).count()
    }

    #[test]
    fn the_instrument_is_at_most_forty_seven_modules_without_dollar_names_for_any_number_of_slots()
    {
        for (outputs, slots) in [(8, 24), (8, 64), (8, 256), (16, 40), (2, 1)] {
            let parameters = Parameters { outputs, slots, ..Parameters::default() };
            let file = instrument(&parameters).unwrap();
            assert!(modules(&file.text) <= 47, "{} modules", modules(&file.text));
            let names = file.text.replace("$signed", "").replace("$unsigned", "");
            assert!(!names.contains('$'));
            assert!(file.text.contains("register map"));
            assert!(file
                .text
                .lines()
                .filter(|l| l.starts_with("module "))
                .all(|l| l.contains(" hge_")));
        }
    }

    #[test]
    fn a_boards_parameters_are_those_of_its_converters_and_stand_in_its_header() {
        let wanted = Parameters::default();
        let converters = Converters { dac: DacPart::Ad5628, adc: AdcPart::Ad7476a };
        let (line, none) = (Line::Uart { baud: 1_000_000 }, Recording::default());
        let file =
            first(board_of_build(&wanted, converters, line, &Build::default(), &none).unwrap());
        assert!(file.text.contains("module hge_board"), "{}", file.name);
        assert!(file.text.contains("--dac ad5628 --adc ad7476a"));
        assert!(file.text.contains("converters add 1 samples and need 522 clocks"));
        let wanted = Parameters { outputs: 65, ..wanted };
        let message = board_of_build(&wanted, converters, line, &Build::default(), &none)
            .unwrap_err()
            .to_string();
        assert!(message.contains("64 channels, not 65"), "{message}");
    }

    #[test]
    fn a_generic_out_of_range_is_refused_with_its_range() {
        let parameters = Parameters { slots: 1000, ..Parameters::default() };
        let message = instrument(&parameters).unwrap_err().to_string();
        assert!(
            message.contains("slots is 1000") && message.contains("from 1 to 256"),
            "{message}"
        );
    }
}
