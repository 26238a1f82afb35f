//! Texts of the files: headers of the Verilog, and FuseSoC core files.

use super::testbench::{Drive, CLOCKS};
use super::{File, PackageError};
use hge_gateware::sources::SOURCES;
use hge_protocol::registers::map_hash;
use hge_protocol::Parameters;
use hge_verilog::testbench::{Random, Vectors};
use hge_verilog::{verilog_prefixed, EmitError, SourceDocs};
use std::sync::OnceLock;

/// Reasons of lint waivers for the written Verilog.
const WAIVERS: &str = include_str!("waivers.vlt");

/// A module to write.
pub(super) struct Module<'a> {
    /// Name of the module.
    pub name: &'a str,
    /// Prefix of the names of submodules.
    pub prefix: &'a str,
    /// Name of its core file, without vendor and library.
    pub core: &'a str,
    /// Description.
    pub description: &'a str,
    /// With its vectors as a table.
    pub has_table: bool,
}

/// Writes the Verilog, then FuseSoC's core file, the lint waivers, and the testbench with its data.
pub(super) fn write<B: Drive>(
    module: &Module,
    block: &mut B,
    header: &str,
) -> Result<Vec<File>, PackageError> {
    let name = module.name;
    let text = verilog_prefixed(module.prefix, name, block, docs()?, header)?;
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let drive = |block: &mut B, number: usize| block.drive(number, &mut random);
    let vectors = Vectors::record(block, CLOCKS, B::clock, drive)?;
    let data = format!("{name}_tb.hex");
    let bench = vectors.testbench(name, &data);
    let mut files = vec![
        File { name: format!("{name}.v"), text },
        core_file(module),
        File { name: "hge_waivers.vlt".into(), text: WAIVERS.into() },
        File { name: format!("{name}_tb.v"), text: bench },
        File { name: data, text: vectors.data() },
    ];
    if module.has_table {
        files.push(File { name: format!("{name}_vectors.csv"), text: vectors.table() });
    }
    Ok(files)
}

/// Doc comments of the gateware's sources, read once.
fn docs() -> Result<&'static SourceDocs, EmitError> {
    static DOCS: OnceLock<SourceDocs> = OnceLock::new();
    if let Some(docs) = DOCS.get() {
        return Ok(docs);
    }
    let read = SourceDocs::from_sources(SOURCES)?;
    Ok(DOCS.get_or_init(|| read))
}

pub(super) fn header(what: &str, module: &str, option: &str, parameters: &Parameters) -> String {
    let options = parameters.generics().into_iter();
    let options: Vec<String> =
        options.map(|(name, value)| format!("--{} {value}", name.replace('_', "-"))).collect();
    let Parameters { outputs, slots, cases, starts, clock_hz, dac_bits, adc_bits, .. } = parameters;
    let Parameters { telemetry_words, converter_latency_samples, converter_period_clocks, .. } =
        parameters;
    let Parameters { slot_clocks, carriers, .. } = parameters;
    format!(
        "{what}\n\
         \n\
         Module {module}, of the gateware for homodyne gradient extraction, version {version}.\n\
         Made from Rust-HDL by\n\
         \n    hge gateware emit {options}{option} -o DIR\n\
         \n\
         {outputs} outputs, {slots} slots, {cases} cases, {starts} starts, clock {clock_hz} Hz,\n\
         DAC {dac_bits} bits, ADC {adc_bits} bits, {telemetry_words} words of telemetry;\n\
         converters add {converter_latency_samples} samples and need {converter_period_clocks} clocks each, a slot {slot_clocks} and carries {carried};\n\
         register map {hash:08x}. One clock, rising edge.\n\
         Do not edit: change the Rust and make it again.\n\
         \n\
         SPDX-License-Identifier: MIT OR Apache-2.0",
        options = options.join(" "),
        carried = carriers.name(),
        version = env!("CARGO_PKG_VERSION"),
        hash = map_hash(),
    )
}

/// FuseSoC's description of a module, CAPI 2.
fn core_file(module: &Module) -> File {
    let Module { name, core, description, .. } = module;
    let text = format!(
        "CAPI=2:\n\
         name: hge:cores:{core}:{version}\n\
         description: {description}\n\
         \n\
         filesets:\n\
         \x20 rtl:\n\
         \x20   files:\n\
         \x20     - {name}.v: {{file_type: verilogSource}}\n\
         \x20 lint:\n\
         \x20   files:\n\
         \x20     - hge_waivers.vlt: {{file_type: vlt}}\n\
         \x20 testbench:\n\
         \x20   files:\n\
         \x20     - {name}_tb.hex: {{file_type: user, copyto: {name}_tb.hex}}\n\
         \x20     - {name}_tb.v: {{file_type: systemVerilogSource}}\n\
         \n\
         targets:\n\
         \x20 default:\n\
         \x20   filesets: [rtl]\n\
         \x20   toplevel: {name}\n\
         \x20 lint:\n\
         \x20   filesets: [lint, rtl]\n\
         \x20   default_tool: verilator\n\
         \x20   tools:\n\
         \x20     verilator:\n\
         \x20       mode: lint-only\n\
         \x20       verilator_options: [-Wall]\n\
         \x20   toplevel: {name}\n\
         \x20 sim:\n\
         \x20   filesets: [rtl, testbench]\n\
         \x20   default_tool: icarus\n\
         \x20   tools:\n\
         \x20     icarus:\n\
         \x20       iverilog_options: [-g2012]\n\
         \x20   toplevel: {name}_tb\n",
        version = env!("CARGO_PKG_VERSION"),
    );
    File { name: format!("{name}.core"), text }
}
