//! An adder with carries.

use rust_hdl::prelude::*;

/// A 16-bit adder with a carry in and a carry out, combinational.
///
/// Its Verilog brings the carry in by a bit below the lowest one, so that synthesis makes one carry chain.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Adder {
    /// First term.
    pub first: Signal<In, Bits<16>>,
    /// Second term.
    pub second: Signal<In, Bits<16>>,
    /// One more.
    pub carry_in: Signal<In, Bit>,
    /// Lowest 16 bits of the sum.
    pub sum: Signal<Out, Bits<16>>,
    /// Bit 16 of the sum.
    pub carry: Signal<Out, Bit>,
}

impl Logic for Adder {
    fn update(&mut self) {
        let terms = self.first.val().to_u32() + self.second.val().to_u32();
        let total = terms + u32::from(self.carry_in.val());
        self.sum.next = Bits::from(u64::from(total & 0xffff));
        self.carry.next = total >> 16 != 0;
    }

    fn connect(&mut self) {
        self.sum.connect();
        self.carry.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
wire [17:0] total = {1'b0, first, 1'b1} + {1'b0, second, carry_in};

assign sum = total[16:1];
assign carry = total[17];"
                .into(),
        )
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "adder".into(),
            clock: "".into(),
            inputs: vec!["first".into(), "second".into(), "carry_in".into()],
            outputs: vec!["sum".into(), "carry".into()],
        }]
    }
}
