//! Which engine executes the instrument, and how it is opened.

use hge_protocol::Parameters;
use hge_sim::bench::{Bench, Delayed};
use hge_sim::engine::{Engine, EngineError};
use hge_sim::model::Model;
use hge_sim::rtl::RtlEngine;
use hge_sim::verilog::VerilogEngine;
use serde::{Deserialize, Serialize};

/// What executes the gateware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// The bit-exact model, sample by sample.
    #[default]
    Model,
    /// Rust-HDL's own simulation, clock by clock.
    Rtl,
    /// The emitted Verilog, compiled, clock by clock.
    Verilog,
}

impl EngineKind {
    /// Samples between two looks at what clients say: some tens of milliseconds of work.
    pub fn chunk_samples(self) -> u32 {
        match self {
            EngineKind::Model => 1024,
            EngineKind::Rtl | EngineKind::Verilog => 64,
        }
    }

    /// Name, as in `--engine NAME`.
    pub fn name(self) -> &'static str {
        match self {
            EngineKind::Model => "model",
            EngineKind::Rtl => "rtl",
            EngineKind::Verilog => "verilog",
        }
    }
}

/// Opens an instrument with these generics, wired to `bench` by converters with the latency that they tell.
///
/// # Errors
/// The engine is not there or cannot be built.
pub fn open_engine(
    kind: EngineKind,
    parameters: Parameters,
    bench: Box<dyn Bench>,
) -> Result<Box<dyn Engine>, EngineError> {
    let bench = behind_converters(&parameters, bench);
    match kind {
        EngineKind::Model => Ok(Box::new(Model::new(parameters, bench))),
        EngineKind::Rtl => Ok(Box::new(RtlEngine::new(parameters, bench)?)),
        EngineKind::Verilog => Ok(Box::new(VerilogEngine::new(parameters, bench)?)),
    }
}

fn behind_converters(parameters: &Parameters, bench: Box<dyn Bench>) -> Box<dyn Bench> {
    match parameters.converter_latency_samples as usize {
        0 => bench,
        latency => Box::new(Delayed::new(bench, parameters.outputs as usize, latency)),
    }
}
