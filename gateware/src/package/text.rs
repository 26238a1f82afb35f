//! What stands in the files: Verilog below a header that says what it is, and FuseSoC core files.

use super::{File, PackageError};
use crate::emit::{verilog_prefixed, SourceDocs};
use crate::registers;
use hge_protocol::registers::map_hash;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// Sources whose doc comments go into the Verilog.
const SOURCES: &[&str] = &[
    include_str!("../access.rs"),
    include_str!("../board.rs"),
    include_str!("../boot.rs"),
    include_str!("../capture.rs"),
    include_str!("../clerk/mod.rs"),
    include_str!("../converter/adc.rs"),
    include_str!("../converter/dac.rs"),
    include_str!("../cost.rs"),
    include_str!("../engine/mod.rs"),
    include_str!("../engine/pipelined.rs"),
    include_str!("../engine/stepped/mod.rs"),
    include_str!("../guard.rs"),
    include_str!("../instrument/mod.rs"),
    include_str!("../leaf/multiplier.rs"),
    include_str!("../leaf/ram.rs"),
    include_str!("../leaf/rom.rs"),
    include_str!("../leaf/store.rs"),
    include_str!("../levels.rs"),
    include_str!("../link/crc.rs"),
    include_str!("../link/mod.rs"),
    include_str!("../link/processor.rs"),
    include_str!("../link/receiver.rs"),
    include_str!("../link/sender.rs"),
    include_str!("../link/uart_receiver.rs"),
    include_str!("../link/uart_transmitter.rs"),
    include_str!("../lockin.rs"),
    include_str!("../micro/mod.rs"),
    include_str!("../modulator.rs"),
    include_str!("../nco.rs"),
    include_str!("../reference.rs"),
    registers::SOURCE,
    include_str!("../reset.rs"),
    include_str!("../sequencer/mod.rs"),
    include_str!("../serial.rs"),
    include_str!("../supervisor.rs"),
    include_str!("../telemetry.rs"),
    include_str!("../timer.rs"),
    include_str!("../tones.rs"),
];

pub(super) fn write<B: Block>(
    prefix: &str,
    name: &str,
    block: &B,
    header: &str,
) -> Result<File, PackageError> {
    let docs = SourceDocs::from_sources(SOURCES)?;
    let text = verilog_prefixed(prefix, name, block, &docs, header)?;
    Ok(File { name: format!("{name}.v"), text })
}

pub(super) fn header(what: &str, module: &str, option: &str, parameters: &Parameters) -> String {
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
        carriers,
    } = parameters;
    let carriers = if carriers.has_codes() { "codes" } else { "sines" };
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
         --slot-clocks {slot_clocks} --carriers {carriers}{option} -o DIR\n\
         \n\
         {outputs} outputs, {slots} slots, {cases} cases, {starts} starts, clock {clock_hz} Hz,\n\
         DAC {dac_bits} bits, ADC {adc_bits} bits, {telemetry_words} words of telemetry;\n\
         converters add {converter_latency_samples} samples and need {converter_period_clocks} clocks each, a slot {slot_clocks} and carries {carriers};\n\
         register map {hash:08x}. One clock, rising edge.\n\
         Do not edit: change the Rust and make it again.\n\
         \n\
         SPDX-License-Identifier: MIT OR Apache-2.0",
        version = env!("CARGO_PKG_VERSION"),
        hash = map_hash(),
    )
}

/// FuseSoC's description of a module, CAPI 2.
pub(super) fn core_file(name: &str, module: &str, description: &str) -> File {
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
