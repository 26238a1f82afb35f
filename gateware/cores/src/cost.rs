//! Cost: the squared error of an ADC code, as input of the lock-in instead of the code.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `sample` | in, 16 signed | ADC code, held during the slot scan |
//! | `target_write`, `target_data` | in, 1 + 32 | sets the case's target as in `hge_protocol::table::CaseTarget`, between scans; its weight is unused here |
//! | `shift` | in, 5 | right shift of the square, held |
//! | `is_wanted` | in, 1 | select the cost, held |
//! | `signal` | out, 16 signed | input of the lock-in: the code, or its cost five clocks later |
//!
//! error = sample - target, saturated to 16 bits, 0 on the free side of a one-sided target; cost = error^2 >> shift, saturated to 32767.
//!
//! Latency: 1 clock difference, 2 multiplier, 2 shift. The first slot of a sample enters the lock-in five clocks after the sample is valid.
//! Widths: the difference has 17 bits, the square is at most 2^30.

use crate::gated::Inputs;
use crate::leaf::{bit_cast_signed, Multiplier, DFF};
use crate::word::ToWord;
use rust_hdl::prelude::*;

/// Squared error of a sample.
#[derive(LogicBlock, Inputs, Default)]
pub struct Cost {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// ADC code.
    pub sample: Signal<In, Signed<16>>,
    /// Sets the target.
    pub target_write: Signal<In, Bit>,
    /// The target in bits 15..0, its side in 31..30.
    pub target_data: Signal<In, Bits<32>>,
    /// Right shift of the square.
    pub shift: Signal<In, Bits<5>>,
    /// Select the cost.
    pub is_wanted: Signal<In, Bit>,
    /// Input of the lock-in.
    pub signal: Signal<Out, Signed<16>>,
    multiply: Multiplier,
    target: DFF<Signed<16>>,
    /// Errors above, and below, the target are free.
    floor: DFF<Bit>,
    ceiling: DFF<Bit>,
    difference: DFF<Signed<17>>,
    /// The square without its lowest 24, 16 or 8 bits.
    coarse: DFF<Bits<32>>,
    result: DFF<Bits<16>>,
    wide_sample: Signal<Local, Signed<17>>,
    wide_target: Signal<Local, Signed<17>>,
    is_below: Signal<Local, Bit>,
    error: Signal<Local, Signed<16>>,
    square: Signal<Local, Bits<32>>,
    by_sixteen: Signal<Local, Bits<32>>,
    by_four: Signal<Local, Bits<32>>,
    by_two: Signal<Local, Bits<32>>,
    fine: Signal<Local, Bits<32>>,
    beyond: Signal<Local, Bits<17>>,
}

impl Cost {
    /// A core, or one whose cost is never selected and which synthesis removes.
    pub fn new(is_there: bool) -> Self {
        Self { multiply: Multiplier::if_needed(is_there), ..Default::default() }
    }
}

impl Logic for Cost {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, target, floor, ceiling, difference, coarse, result);
        clock!(self, clock, multiply);
        if self.target_write.val() {
            self.target.d.next = signed_cast(self.target_data.val().to_bits().get_bits::<16>(0));
            self.floor.d.next = self.target_data.val().get_bit(30);
            self.ceiling.d.next = self.target_data.val().get_bit(31);
        }
        comment!("Entry: the difference.");
        self.wide_sample.next = bit_cast_signed::<17, 16>(self.sample.val());
        self.wide_target.next = bit_cast_signed::<17, 16>(self.target.q.val());
        self.difference.d.next = self.wide_sample.val() - self.wide_target.val();
        comment!("Clock 1: saturated, or zero on the free side, to the multiplier.");
        self.is_below.next = self.difference.q.val().get_bit(16);
        self.error.next = self.difference.q.val().get_bits::<16>(0);
        if self.is_below.val() & (!self.difference.q.val().get_bit(15)) {
            self.error.next = (-32768).into();
        }
        if (!self.is_below.val()) & (self.difference.q.val().get_bit(15)) {
            self.error.next = 32767.into();
        }
        if (self.floor.q.val() & (!self.is_below.val()))
            | (self.ceiling.q.val() & self.is_below.val())
        {
            self.error.next = 0.into();
        }
        self.multiply.a.next = self.error.val();
        self.multiply.b.next = self.error.val();
        comment!("Clock 3: the square, never negative, by multiples of eight bits to the right.");
        self.square.next = unsigned_cast(self.multiply.product.val());
        self.by_sixteen.next = self.square.val();
        if self.shift.val().get_bit(4) {
            self.by_sixteen.next = self.square.val().to_bits() >> 16;
        }
        self.coarse.d.next = self.by_sixteen.val();
        if self.shift.val().get_bit(3) {
            self.coarse.d.next = self.by_sixteen.val().to_bits() >> 8;
        }
        comment!("Clock 4: the remaining shift, and saturation to 15 bits.");
        self.by_four.next = self.coarse.q.val();
        if self.shift.val().get_bit(2) {
            self.by_four.next = self.coarse.q.val().to_bits() >> 4;
        }
        self.by_two.next = self.by_four.val();
        if self.shift.val().get_bit(1) {
            self.by_two.next = self.by_four.val().to_bits() >> 2;
        }
        self.fine.next = self.by_two.val();
        if self.shift.val().get_bit(0) {
            self.fine.next = self.by_two.val().to_bits() >> 1;
        }
        self.beyond.next = self.fine.val().to_bits().get_bits::<17>(15);
        self.result.d.next = bit_cast::<16, _>(self.fine.val());
        if self.beyond.val().any() {
            self.result.d.next = 32767.into();
        }
        comment!("Clock 5: out.");
        self.signal.next = self.sample.val();
        if self.is_wanted.val() {
            self.signal.next = signed_cast(self.result.q.val());
        }
    }
}
