//! Engines of a simulated instrument.

choices! {
    /// Simulator of the gateware.
    pub enum EngineKind else Model {
        /// The bit-exact model, sample by sample.
        Model = "model",
        /// Rust-HDL's own simulation, clock by clock.
        Rtl = "rtl",
        /// The emitted Verilog, compiled, clock by clock.
        Verilog = "verilog",
        /// The compiled Verilog of a board's top, at its pins: its UART, and models of its SPI converters.
        Board = "board",
    }
}

impl EngineKind {
    /// Samples between two polls of clients: some tens of milliseconds of work.
    pub fn chunk_samples(self) -> u32 {
        match self {
            EngineKind::Model => 1024,
            EngineKind::Rtl | EngineKind::Verilog | EngineKind::Board => 64,
        }
    }
}
