//! Two flip-flops that synchronise an asynchronous level to the clock.

use crate::gated::{rises, Hidden};
use rust_hdl::prelude::*;

/// A synchronizer: `level` is `pin` two clocks ago, low at power-up.
///
/// The first flip-flop may become metastable and has a clock to settle before the second samples it. `ASYNC_REG` prevents
/// tools from moving logic between them and places them next to each other.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Synchronizer {
    /// Clock of both flip-flops.
    pub clock: Signal<In, Clock>,
    /// The level, asynchronous.
    pub pin: Signal<In, Bit>,
    /// The level, two clocks later.
    pub level: Signal<Out, Bit>,
    first: Hidden,
    _first: bool,
}

impl Logic for Synchronizer {
    fn update(&mut self) {
        self.first.has_changed = false;
        if rises(&self.clock) {
            self.level.next = self._first;
            self.first.has_changed = self._first != self.pin.val();
            self._first = self.pin.val();
        }
    }

    fn connect(&mut self) {
        self.level.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
(* ASYNC_REG = \"TRUE\" *) reg first;
(* ASYNC_REG = \"TRUE\" *) reg second;

initial begin
    first = 1'b0;
    second = 1'b0;
end

always @(posedge clock) begin
    first <= pin;
    second <= first;
end

assign level = second;"
                .into(),
        )
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "synchronizer".into(),
            clock: "clock".into(),
            inputs: vec!["pin".into()],
            outputs: vec!["level".into()],
        }]
    }
}
