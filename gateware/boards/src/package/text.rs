//! What stands in the files: Verilog below a header that says what it is, and FuseSoC core files.

use super::{File, PackageError};
use hge_gateware::sources::SOURCES;
use hge_protocol::registers::map_hash;
use hge_protocol::Parameters;
use hge_verilog::{verilog_prefixed, SourceDocs};
use rust_hdl::prelude::*;

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
