//! A registered signed multiplier.

use super::ecp5;
use crate::gated::{rises, Hidden};
use rust_hdl::prelude::*;

/// A signed 16 x 16 multiplier with registered operands and a registered product: two clocks from `a`, `b` to `product`.
///
/// It maps to one `SB_MAC16` (iCE40, `-dsp`) or one `MULT18X18D` (ECP5), including its registers. An attribute keeps the product register, because `synth_ice40 -dsp` of Yosys 0.23 and 0.70 deletes a multiplier
/// followed by exactly two plain registers, such as this one and one in the design, and drives its product to zero. With
/// the attribute, none to three following registers or an accumulator were correct in both versions (netlist simulated).
#[derive(Clone, Debug, LogicBlock)]
pub struct Multiplier {
    /// Clock of all registers.
    pub clock: Signal<In, Clock>,
    /// First operand.
    pub a: Signal<In, Signed<16>>,
    /// Second operand.
    pub b: Signal<In, Signed<16>>,
    /// `a * b` of two clocks before.
    pub product: Signal<Out, Signed<32>>,
    operands: Hidden,
    _a: i32,
    _b: i32,
    _is_there: bool,
}

impl Multiplier {
    /// A multiplier if `is_there`, else a product of zero: synthesis would keep an unused one because of its attribute.
    pub fn if_needed(is_there: bool) -> Self {
        Self {
            clock: Signal::default(),
            a: Signal::default(),
            b: Signal::default(),
            product: Signal::default(),
            operands: Hidden::default(),
            _a: 0,
            _b: 0,
            _is_there: is_there,
        }
    }
}

impl Default for Multiplier {
    fn default() -> Self {
        Self::if_needed(true)
    }
}

fn to_i32(x: Signed<16>) -> i32 {
    i32::from(x.inner().to_u16() as i16)
}

impl Logic for Multiplier {
    fn update(&mut self) {
        self.operands.has_changed = false;
        if rises(&self.clock) && self._is_there {
            let product = (self._a * self._b) as u32;
            self.product.next = signed_cast(Bits::from(u64::from(product)));
            let operands = (to_i32(self.a.val()), to_i32(self.b.val()));
            self.operands.has_changed = operands != (self._a, self._b);
            (self._a, self._b) = operands;
        }
    }

    fn connect(&mut self) {
        self.product.connect();
    }

    fn hdl(&self) -> Verilog {
        if !self._is_there {
            return Verilog::Custom("assign product = 32'sd0;".into());
        }
        Verilog::Custom(ecp5::either(
            &ecp5::multiplier(),
            "\
reg signed [15:0] a_reg;
reg signed [15:0] b_reg;

// Kept: `synth_ice40 -dsp` deletes a multiplier that two registers follow.
(* keep *)
reg signed [31:0] product_reg;

initial begin
    a_reg = 16'sd0;
    b_reg = 16'sd0;
    product_reg = 32'sd0;
end

always @(posedge clock) begin
    a_reg <= a;
    b_reg <= b;
    product_reg <= a_reg * b_reg;
end

assign product = product_reg;",
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: if self._is_there { "multiplier" } else { "no_multiplier" }.into(),
            clock: "clock".into(),
            inputs: vec!["a".into(), "b".into()],
            outputs: vec!["product".into()],
        }]
    }
}
