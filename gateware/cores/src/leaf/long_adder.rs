//! A sum of 48 bits in two clocks.

use crate::gated::{rises, Hidden};
use rust_hdl::prelude::*;

/// A sum of 48 bits and a signed product, two clocks later: the lower 24 bits in the first, the upper ones with the carry in the second.
///
/// Both halves have one chain of carries of at most 25 bits. A sum may enter in every clock; it wraps.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct LongAdder {
    /// Clock of all registers.
    pub clock: Signal<In, Clock>,
    /// The sum so far.
    pub old: Signal<In, Bits<48>>,
    /// What is added.
    pub product: Signal<In, Signed<32>>,
    /// The sum of two clocks before.
    pub sum: Signal<Out, Bits<48>>,
    first: Hidden,
    _first: Bits<48>,
}

impl Logic for LongAdder {
    fn update(&mut self) {
        self.first.has_changed = false;
        if rises(&self.clock) {
            let old = self.old.val();
            let product = i64::from(self.product.val().inner().to_u32() as i32);
            let low = (0..48).fold(0, |word, bit| word | u64::from(old.get_bit(bit)) << bit);
            let total = low.wrapping_add(product as u64) & 0xffff_ffff_ffff;
            let total = Bits::from(total);
            self.first.has_changed = self._first != total;
            self.sum.next = std::mem::replace(&mut self._first, total);
        }
    }

    fn connect(&mut self) {
        self.sum.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
reg [24:0] low;
reg [23:0] old_high;
reg [7:0] product_high;
reg [23:0] sum_low;
reg [23:0] sum_high;

// The lowest bit brings the carry in.
wire [24:0] high = {old_high, 1'b1} + {{16{product_high[7]}}, product_high, low[24]};

initial begin
    low = 25'd0;
    old_high = 24'd0;
    product_high = 8'd0;
    sum_low = 24'd0;
    sum_high = 24'd0;
end

always @(posedge clock) begin
    low <= {1'b0, old[23:0]} + {1'b0, product[23:0]};
    old_high <= old[47:24];
    product_high <= product[31:24];
    sum_low <= low[23:0];
    sum_high <= high[24:1];
end

assign sum = {sum_high, sum_low};"
                .into(),
        )
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "long_adder".into(),
            clock: "clock".into(),
            inputs: vec!["old".into(), "product".into()],
            outputs: vec!["sum".into()],
        }]
    }
}
