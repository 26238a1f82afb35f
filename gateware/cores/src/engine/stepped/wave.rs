//! Sine or cosine of an angle, from the NCO's table.
//!
//! | port | in, width | meaning |
//! |---|---|---|
//! | `angle` | in, 12 | phase, 1/4096 turn, steady for two clocks |
//! | `with_cosine` | in, 1 | the cosine, else the sine |
//! | `value` | out, 16 signed | sine or cosine, Q1.15, a clock after `angle`, in the clock of `with_cosine` |
//!
//! Octants fold by swapping the pair of the table, quadrants by its signs, as in [`Nco`](crate::nco).

use crate::leaf::{Fixed, Rom};
use crate::nco::wave_pairs;
use crate::word::ToWord;
use rust_hdl::prelude::*;

/// One table for both.
#[derive(LogicBlock)]
pub struct Wave {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Phase.
    pub angle: Signal<In, Bits<12>>,
    /// The cosine is wanted.
    pub with_cosine: Signal<In, Bit>,
    /// Sine or cosine.
    pub value: Signal<Out, Signed<16>>,
    pairs: Rom<30, 9>,
    folded: Signal<Local, Bits<9>>,
    quadrant: Signal<Local, Bits<2>>,
    swap: Signal<Local, Bit>,
    negates: Signal<Local, Bit>,
    size: Signal<Local, Bits<15>>,
    size_wide: Signal<Local, Bits<16>>,
    size_signed: Signal<Local, Signed<16>>,
    zero: Signal<Local, Signed<16>>,
    zero_16: Fixed<Signed<16>>,
}

impl Default for Wave {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            angle: Signal::default(),
            with_cosine: Signal::default(),
            value: Signal::default(),
            pairs: Rom::new("quarter_wave", &wave_pairs()),
            folded: Signal::default(),
            quadrant: Signal::default(),
            swap: Signal::default(),
            negates: Signal::default(),
            size: Signal::default(),
            size_wide: Signal::default(),
            size_signed: Signal::default(),
            zero: Signal::default(),
            zero_16: Fixed::default(),
        }
    }
}

impl Logic for Wave {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, pairs);
        self.folded.next = bit_cast::<9, _>(self.angle.val());
        self.pairs.address.next = self.folded.val();
        if self.angle.val().get_bit(9) {
            self.pairs.address.next = !self.folded.val();
        }
        self.quadrant.next = self.angle.val().to_bits().get_bits::<2>(10);
        self.swap.next = (self.quadrant.val().get_bit(0))
            ^ (self.angle.val().get_bit(9))
            ^ self.with_cosine.val();
        self.size.next = bit_cast::<15, _>(self.pairs.data.val());
        if self.swap.val() {
            self.size.next = self.pairs.data.val().to_bits().get_bits::<15>(15);
        }
        self.size_wide.next = bit_cast::<16, 15>(self.size.val());
        self.size_signed.next = signed_cast(self.size_wide.val());
        self.zero.next = self.zero_16.val();
        self.negates.next = (self.quadrant.val().get_bit(1))
            ^ (self.with_cosine.val() & (self.quadrant.val().get_bit(0)));
        self.value.next = self.size_signed.val();
        if self.negates.val() {
            self.value.next = self.zero.val() - self.size_signed.val();
        }
    }
}
