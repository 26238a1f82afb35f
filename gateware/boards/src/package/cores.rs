//! Packages of single cores.

use super::testbench::Drive;
use super::text::{header, write, Module};
use super::{File, PackageError};
use hge_gateware::guard::Guard;
use hge_gateware::link::ft245::Ft245;
use hge_gateware::lockin::Lockin;
use hge_gateware::nco::Nco;
use hge_gateware::post_processor::PostProcessor;
use hge_protocol::Parameters;

/// A core that can be emitted separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    /// Phase accumulators, sine table and codes.
    Nco,
    /// Multiply-accumulate lock-in.
    Lockin,
    /// Loss, steps and controls, with the records: the post-processor.
    Update,
    /// Limits of the outputs.
    Guard,
    /// Interface to the FIFO of an FTDI bridge.
    Ft245,
}

impl Core {
    /// All of them.
    pub const ALL: [Core; 5] = [Core::Nco, Core::Lockin, Core::Update, Core::Guard, Core::Ft245];

    /// Name of its module.
    pub fn name(self) -> &'static str {
        match self {
            Core::Nco => "nco",
            Core::Lockin => "lockin",
            Core::Update => "update",
            Core::Guard => "guard",
            Core::Ft245 => "ft245",
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
            Core::Ft245 => "Bytes to and from the FT245 FIFO of a USB bridge",
        }
    }
}

/// A single core: its Verilog, its FuseSoC core file, and the files of its targets.
///
/// # Errors
/// As [`super::instrument`].
pub fn core(core: Core, parameters: &Parameters) -> Result<Vec<File>, PackageError> {
    write_core(core, parameters, false)
}

/// The same with its vectors as a table.
pub(super) fn core_with_table(
    core: Core,
    parameters: &Parameters,
) -> Result<Vec<File>, PackageError> {
    write_core(core, parameters, true)
}

fn write_core(
    core: Core,
    parameters: &Parameters,
    has_table: bool,
) -> Result<Vec<File>, PackageError> {
    parameters.check()?;
    let option = format!(" --core {}", core.name());
    let header = header(core.description(), &core.module(), &option, parameters);
    let clock_hz = parameters.clock_hz;
    let emit = Emit { core, header, has_table };
    match core {
        Core::Nco => emit.alone(nco(parameters)),
        Core::Lockin => emit.alone(Lockin::new().with_copy(parameters.update.is_hardware())),
        Core::Update => emit.alone(PostProcessor::new(parameters)),
        Core::Guard => emit.alone(Guard::new(parameters.outputs).at_clock(clock_hz)),
        Core::Ft245 => emit.alone(Ft245::new(clock_hz)),
    }
}

fn nco(parameters: &Parameters) -> Nco {
    let nco = Nco::new(parameters.slots as usize);
    if parameters.carriers.has_codes() {
        nco.with_codes(parameters.loop_latency_samples())
    } else {
        nco
    }
}

struct Emit {
    core: Core,
    header: String,
    has_table: bool,
}

impl Emit {
    fn alone<B: Drive>(self, mut block: B) -> Result<Vec<File>, PackageError> {
        block.connect_all();
        let Self { core, header, has_table } = self;
        let (name, core_name) = (core.module(), core.name());
        // Each core brings modules of its own, so that several can be used side by side.
        let prefix = format!("{name}_");
        let description = core.description();
        let module =
            Module { name: &name, prefix: &prefix, core: core_name, description, has_table };
        write(&module, &mut block, &header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_core_comes_with_a_core_file_that_names_it() {
        for which in Core::ALL {
            let files = core(which, &Parameters::default()).unwrap();
            let top = format!("module hge_{}", which.name());
            assert!(files[0].text.contains(&top), "{top}");
            assert!(files[1].text.contains(&files[0].name));
        }
    }

    #[test]
    fn a_core_is_that_of_the_clock_that_is_asked_for() {
        for which in [Core::Guard, Core::Ft245] {
            let of = |clock_hz| {
                let files = core(which, &Parameters { clock_hz, ..Parameters::default() });
                let text = files.unwrap().swap_remove(0).text;
                text.split_once("`default_nettype").unwrap().1.to_owned()
            };
            assert_ne!(of(24_000_000), of(90_000_000), "{}", which.name());
        }
    }

    #[test]
    fn cores_written_alone_share_no_module_name() {
        let mut names = std::collections::BTreeSet::new();
        for which in Core::ALL {
            for line in core(which, &Parameters::default()).unwrap()[0].text.lines() {
                if let Some(rest) = line.strip_prefix("module ") {
                    let name = rest.split([' ', '(']).next().unwrap().to_owned();
                    assert!(names.insert(name), "{rest}");
                }
            }
        }
    }
}
