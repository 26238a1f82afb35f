//! Engines of a simulated instrument.

use serde::{Deserialize, Serialize};

/// Simulator of the gateware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// The bit-exact model, sample by sample.
    #[default]
    Model,
    /// Rust-HDL's own simulation, clock by clock.
    Rtl,
    /// The emitted Verilog, compiled, clock by clock.
    Verilog,
    /// The compiled Verilog of a board's top, at its pins: its UART, and models of its SPI converters.
    Board,
}

impl EngineKind {
    /// Samples between two polls of clients: some tens of milliseconds of work.
    pub fn chunk_samples(self) -> u32 {
        match self {
            EngineKind::Model => 1024,
            EngineKind::Rtl | EngineKind::Verilog | EngineKind::Board => 64,
        }
    }

    /// Name, as in `--engine NAME`.
    pub fn name(self) -> &'static str {
        match self {
            EngineKind::Model => "model",
            EngineKind::Rtl => "rtl",
            EngineKind::Verilog => "verilog",
            EngineKind::Board => "board",
        }
    }
}
