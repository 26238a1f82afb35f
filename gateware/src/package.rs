//! The gateware as files: Verilog with a header that says what it is, and FuseSoC core files.

use crate::board::{BoardError, BoardTop, Converters};
use crate::boot::Recording;
use crate::clerk::Clerk;
use crate::emit::{verilog_prefixed, EmitError, SourceDocs};
use crate::engine::{Pipelined, Stepped};
use crate::guard::Guard;
use crate::instrument::Instrument;
use crate::lockin::Lockin;
use crate::nco::Nco;
use crate::registers;
use crate::serial::{SerialError, SerialInstrument};

use hge_protocol::registers::map_hash;
use hge_protocol::{ParameterError, Parameters};
use rust_hdl::prelude::*;
use thiserror::Error;

/// Sources whose doc comments go into the Verilog.
const SOURCES: &[&str] = &[
    include_str!("access.rs"),
    include_str!("board.rs"),
    include_str!("boot.rs"),
    include_str!("capture.rs"),
    include_str!("clerk/mod.rs"),
    include_str!("converter/adc.rs"),
    include_str!("converter/dac.rs"),
    include_str!("engine/mod.rs"),
    include_str!("engine/pipelined.rs"),
    include_str!("engine/stepped/mod.rs"),
    include_str!("guard.rs"),
    include_str!("instrument/mod.rs"),
    include_str!("leaf/multiplier.rs"),
    include_str!("leaf/ram.rs"),
    include_str!("leaf/rom.rs"),
    include_str!("leaf/store.rs"),
    include_str!("levels.rs"),
    include_str!("link/crc.rs"),
    include_str!("link/mod.rs"),
    include_str!("link/processor.rs"),
    include_str!("link/receiver.rs"),
    include_str!("link/sender.rs"),
    include_str!("link/uart_receiver.rs"),
    include_str!("link/uart_transmitter.rs"),
    include_str!("lockin.rs"),
    include_str!("micro/mod.rs"),
    include_str!("modulator.rs"),
    include_str!("nco.rs"),
    include_str!("reference.rs"),
    registers::SOURCE,
    include_str!("reset.rs"),
    include_str!("sequencer/mod.rs"),
    include_str!("serial.rs"),
    include_str!("supervisor.rs"),
    include_str!("telemetry.rs"),
    include_str!("timer.rs"),
    include_str!("tones.rs"),
];

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Name without folder.
    pub name: String,
    /// Content.
    pub text: String,
}

/// A core that can be written alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    /// Phase accumulators and sine table.
    Nco,
    /// Multiply-accumulate lock-in.
    Lockin,
    /// Loss, steps and controls, with the records: the clerk.
    Update,
    /// Limits of the outputs.
    Guard,
}

impl Core {
    /// Name of its module.
    pub fn name(self) -> &'static str {
        match self {
            Core::Nco => "nco",
            Core::Lockin => "lockin",
            Core::Update => "update",
            Core::Guard => "guard",
        }
    }

    fn module(self) -> String {
        format!("hge_{}", self.name())
    }

    fn description(self) -> &'static str {
        match self {
            Core::Nco => "Phase accumulators and sine table of a homodyne gradient extractor",
            Core::Lockin => "Multiply-accumulate lock-in of a homodyne gradient extractor",
            Core::Update => "Update logic of a homodyne gradient extractor, with its records",
            Core::Guard => "Limits, step limit and safe values in front of a DAC",
        }
    }
}

/// Why the gateware could not be written.
#[derive(Debug, Error)]
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
}

/// Name of the instrument's module.
const INSTRUMENT: &str = "hge_instrument";

/// What the instrument is.
const INSTRUMENT_DESCRIPTION: &str = "Homodyne gradient extraction, the whole instrument";

/// Name of the module of the instrument on a serial line.
const SERIAL: &str = "hge_serial_instrument";

/// What it is.
const SERIAL_DESCRIPTION: &str =
    "Homodyne gradient extraction, the whole instrument on a serial line";

/// Name of the module of the instrument with converters.
const BOARD: &str = "hge_board";

/// What it is.
const BOARD_DESCRIPTION: &str =
    "Homodyne gradient extraction, the whole instrument with its converters on a serial line";

/// The whole instrument as one Verilog file; its top module is `hge_instrument`. Its build hash is 0.
///
/// # Errors
/// A generic out of range; a block the emitter refuses.
pub fn instrument(parameters: &Parameters) -> Result<File, PackageError> {
    instrument_of_build(parameters, 0)
}

/// The same, from the commit whose hash begins with `build_hash`.
///
/// # Errors
/// As [`instrument`].
pub fn instrument_of_build(parameters: &Parameters, build_hash: u32) -> Result<File, PackageError> {
    let header = header(INSTRUMENT_DESCRIPTION, INSTRUMENT, "", parameters);
    match parameters.slot_clocks {
        1 => write_made(
            || Instrument::<Pipelined>::with_build(parameters, build_hash),
            INSTRUMENT,
            &header,
        ),
        _ => write_made(
            || Instrument::<Stepped>::with_build(parameters, build_hash),
            INSTRUMENT,
            &header,
        ),
    }
}

/// The instrument on a serial line of `baud` bits a second as one Verilog file; its top module is
/// `hge_serial_instrument`. Its build hash is 0.
///
/// # Errors
/// A generic or the rate out of range; a block the emitter refuses.
pub fn serial_instrument(parameters: &Parameters, baud: u32) -> Result<File, PackageError> {
    serial_instrument_of_build(parameters, baud, 0)
}

/// The same, from the commit whose hash begins with `build_hash`.
///
/// # Errors
/// As [`serial_instrument`].
pub fn serial_instrument_of_build(
    parameters: &Parameters,
    baud: u32,
    build_hash: u32,
) -> Result<File, PackageError> {
    let header = header(SERIAL_DESCRIPTION, SERIAL, &format!(" --baud {baud}"), parameters);
    match parameters.slot_clocks {
        1 => write_made(
            || SerialInstrument::<Pipelined>::with_build(parameters, baud, build_hash),
            SERIAL,
            &header,
        ),
        _ => write_made(
            || SerialInstrument::<Stepped>::with_build(parameters, baud, build_hash),
            SERIAL,
            &header,
        ),
    }
}

/// The instrument with converters on a serial line as one Verilog file, for a board's own top to instantiate; its
/// top module is `hge_board`. Widths, latency and least period of `wanted` are those of the converters. `recording` is what it plays
/// after power-up.
///
/// # Errors
/// A generic, the rate or the clock out of range; a block the emitter refuses.
pub fn board_of_build(
    wanted: &Parameters,
    converters: Converters,
    baud: u32,
    build_hash: u32,
    recording: &Recording,
) -> Result<File, PackageError> {
    let parameters = converters.parameters(wanted).map_err(BoardError::from)?;
    let Converters { dac, adc } = converters;
    let option = format!(" --baud {baud} --dac {} --adc {}", dac.name(), adc.name());
    let mut header = header(BOARD_DESCRIPTION, BOARD, &option, &parameters);
    if let bytes @ 1.. = recording.bytes().len() {
        header += &format!(
            "\n\nIt holds an experiment of {bytes} bytes, which only --board BOARD --experiment FILE.toml puts there."
        );
    }
    match parameters.slot_clocks {
        1 => write_made(
            || BoardTop::<Pipelined>::new(wanted, converters, baud, build_hash, recording),
            BOARD,
            &header,
        ),
        _ => write_made(
            || BoardTop::<Stepped>::new(wanted, converters, baud, build_hash, recording),
            BOARD,
            &header,
        ),
    }
}

/// FuseSoC's core file of the instrument with converters.
pub fn board_core_file() -> File {
    core_file("board", BOARD, BOARD_DESCRIPTION)
}

/// FuseSoC's core file of the instrument on a serial line.
pub fn serial_instrument_core_file() -> File {
    core_file("serial_instrument", SERIAL, SERIAL_DESCRIPTION)
}

/// FuseSoC's core file of the instrument.
pub fn instrument_core_file() -> File {
    core_file("instrument", INSTRUMENT, INSTRUMENT_DESCRIPTION)
}

/// One core alone: its Verilog and its FuseSoC core file.
///
/// # Errors
/// As [`instrument`].
pub fn core(core: Core, parameters: &Parameters) -> Result<Vec<File>, PackageError> {
    parameters.check()?;
    let option = format!(" --core {}", core.name());
    let header = header(core.description(), &core.module(), &option, parameters);
    let file = match core {
        Core::Nco => emit_alone(core, Nco::new(parameters.slots as usize), &header, |block| {
            block.clock.connect();
            block.valid.connect();
            block.slot.connect();
            block.restart.connect();
            block.gate.connect();
            block.start_write.connect();
            block.start_slot.connect();
            block.start_data.connect();
            block.tuning_write.connect();
            block.tuning_slot.connect();
            block.tuning_data.connect();
        }),
        Core::Lockin => {
            emit_alone(core, Lockin::new(parameters.slots as usize), &header, |block| {
                block.clock.connect();
                block.valid.connect();
                block.slot.connect();
                block.sine.connect();
                block.cosine.connect();
                block.sample.connect();
                block.first.connect();
                block.read_slot.connect();
            })
        }
        Core::Update => emit_alone(core, Clerk::new(parameters), &header, |block| {
            block.clock.connect();
        }),
        Core::Guard => emit_alone(core, Guard::new(parameters.outputs), &header, |block| {
            block.clock.connect();
        }),
    }?;
    Ok(vec![file, core_file(core.name(), &core.module(), core.description())])
}

fn emit_alone<B: Block>(
    core: Core,
    mut block: B,
    header: &str,
    connect: impl FnOnce(&mut B),
) -> Result<File, PackageError> {
    connect(&mut block);
    block.connect_all();
    // Each core brings modules of its own, so that several can be used side by side.
    write(&format!("{}_", core.module()), &core.module(), &block, header)
}

/// Writes what `make` makes. Never inlined: a block is too large for a test's stack to hold two, which one caller's would.
#[inline(never)]
fn write_made<B: Block, E: Into<PackageError>>(
    make: impl FnOnce() -> Result<B, E>,
    name: &str,
    header: &str,
) -> Result<File, PackageError> {
    write("hge_", name, &make().map_err(Into::into)?, header)
}

fn write<B: Block>(
    prefix: &str,
    name: &str,
    block: &B,
    header: &str,
) -> Result<File, PackageError> {
    let docs = SourceDocs::from_sources(SOURCES)?;
    let text = verilog_prefixed(prefix, name, block, &docs, header)?;
    Ok(File { name: format!("{name}.v"), text })
}

fn header(what: &str, module: &str, option: &str, parameters: &Parameters) -> String {
    let Parameters {
        outputs,
        slots,
        cases,
        starts,
        clock_hz,
        dac_bits,
        adc_bits,
        telemetry_words,
        converter_latency_samples,
        converter_period_clocks,
        slot_clocks,
    } = parameters;
    format!(
        "{what}\n\
         \n\
         Module {module}, of the gateware for homodyne gradient extraction, version {version}.\n\
         Made from Rust-HDL by\n\
         \n    hge gateware emit --outputs {outputs} --slots {slots} --cases {cases} --starts {starts} \
         --clock-hz {clock_hz} --dac-bits {dac_bits} --adc-bits {adc_bits} \
         --telemetry-words {telemetry_words} \
         --converter-latency-samples {converter_latency_samples} \
         --converter-period-clocks {converter_period_clocks} \
         --slot-clocks {slot_clocks}{option} -o DIR\n\
         \n\
         {outputs} outputs, {slots} slots, {cases} cases, {starts} starts, clock {clock_hz} Hz,\n\
         DAC {dac_bits} bits, ADC {adc_bits} bits, {telemetry_words} words of telemetry;\n\
         converters add {converter_latency_samples} samples and need {converter_period_clocks} clocks each, a slot {slot_clocks};\n\
         register map {hash:08x}. One clock, rising edge.\n\
         Do not edit: change the Rust and make it again.\n\
         \n\
         SPDX-License-Identifier: MIT OR Apache-2.0",
        version = env!("CARGO_PKG_VERSION"),
        hash = map_hash(),
    )
}

/// FuseSoC's description of a module, CAPI 2.
fn core_file(name: &str, module: &str, description: &str) -> File {
    let text = format!(
        "CAPI=2:\n\
         name: hge:cores:{name}:{version}\n\
         description: {description}\n\
         \n\
         filesets:\n\
         \x20 rtl:\n\
         \x20   files:\n\
         \x20     - {module}.v\n\
         \x20   file_type: verilogSource\n\
         \n\
         targets:\n\
         \x20 default:\n\
         \x20   filesets: [rtl]\n\
         \x20   toplevel: {module}\n\
         \x20 lint:\n\
         \x20   filesets: [rtl]\n\
         \x20   default_tool: verilator\n\
         \x20   tools:\n\
         \x20     verilator:\n\
         \x20       mode: lint-only\n\
         \x20   toplevel: {module}\n",
        version = env!("CARGO_PKG_VERSION"),
    );
    File { name: format!("{module}.core"), text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::converter::{AdcPart, DacPart};

    fn modules(text: &str) -> usize {
        text.lines().filter(|line| line.starts_with("module ")).count()
    }

    #[test]
    fn the_instrument_is_at_most_forty_modules_without_dollar_names_for_any_number_of_slots() {
        for (outputs, slots) in [(8, 24), (8, 64), (8, 256), (16, 40), (2, 1)] {
            let parameters = Parameters { outputs, slots, ..Parameters::default() };
            let file = instrument(&parameters).unwrap();
            assert!(modules(&file.text) <= 40, "{} modules", modules(&file.text));
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
    fn every_core_comes_with_a_core_file_that_names_it() {
        for which in [Core::Nco, Core::Lockin, Core::Update, Core::Guard] {
            let files = core(which, &Parameters::default()).unwrap();
            let top = format!("module hge_{}", which.name());
            assert!(files[0].text.contains(&top), "{top}");
            assert!(files[1].text.contains(&files[0].name));
        }
    }

    #[test]
    fn cores_written_alone_share_no_module_name() {
        let mut names = std::collections::BTreeSet::new();
        for which in [Core::Nco, Core::Lockin, Core::Update, Core::Guard] {
            for line in core(which, &Parameters::default()).unwrap()[0].text.lines() {
                if let Some(rest) = line.strip_prefix("module ") {
                    let name = rest.split([' ', '(']).next().unwrap().to_owned();
                    assert!(names.insert(name), "{rest}");
                }
            }
        }
    }

    #[test]
    fn a_boards_parameters_are_those_of_its_converters_and_stand_in_its_header() {
        let wanted = Parameters::default();
        let converters = Converters { dac: DacPart::Ad5628, adc: AdcPart::Ad7476a };
        let none = Recording::default();
        let file = board_of_build(&wanted, converters, 1_000_000, 0, &none).unwrap();
        assert!(file.text.contains("module hge_board"), "{}", file.name);
        assert!(file.text.contains("--dac ad5628 --adc ad7476a"));
        assert!(file.text.contains("converters add 1 samples and need 522 clocks"));
        let wanted = Parameters { outputs: 9, ..wanted };
        let message =
            board_of_build(&wanted, converters, 1_000_000, 0, &none).unwrap_err().to_string();
        assert!(message.contains("8 channels, not 9"), "{message}");
    }

    #[test]
    fn a_generic_out_of_range_is_refused_with_its_range() {
        let parameters = Parameters { slots: 1000, ..Parameters::default() };
        let message = instrument(&parameters).unwrap_err().to_string();
        assert!(message.contains("slots is 1000") && message.contains("1..=256"), "{message}");
    }
}
