//! Window statistics: the sums of the two halves of a window, its least and its greatest sample.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `take` | in, 1 | a sample of the window is valid |
//! | `sample` | in, 16 signed | ADC code, in that clock and the next |
//! | `first` | in, 1 | it is the window's first |
//! | `second_half` | in, 1 | it belongs to the second half, in the clock of `take` |
//! | `sum_first`, `sum_second` | out, 32 signed | sums of the halves, two clocks after the window's last sample |
//! | `least`, `greatest` | out, 16 signed | extremes, a clock later |
//!
//! One adder: at the first sample of the second half the sum so far is kept, and the next begins.
//!
//! Width: 2^15 samples of a half times 2^15 is at most 2^30.

use crate::leaf::{bit_cast_signed, DFF};
use rust_hdl::prelude::*;

/// Half-window sums and extremes of the samples.
#[derive(LogicBlock, Default)]
pub struct WindowStatistics {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// A sample of the window is valid.
    pub take: Signal<In, Bit>,
    /// ADC code.
    pub sample: Signal<In, Signed<16>>,
    /// The sample is the first of the window.
    pub first: Signal<In, Bit>,
    /// The sample belongs to the window's second half.
    pub second_half: Signal<In, Bit>,
    /// Sum of the first half.
    pub sum_first: Signal<Out, Signed<32>>,
    /// Sum of the second half.
    pub sum_second: Signal<Out, Signed<32>>,
    /// Least sample.
    pub least: Signal<Out, Signed<16>>,
    /// Greatest sample.
    pub greatest: Signal<Out, Signed<16>>,
    sum: DFF<Signed<32>>,
    sum_kept: DFF<Signed<32>>,
    /// The second half has begun.
    in_second: DFF<Bit>,
    begins: Signal<Local, Bit>,
    low: DFF<Signed<16>>,
    high: DFF<Signed<16>>,
    /// A sample is added in this clock.
    adds: DFF<Bit>,
    wide: Signal<Local, Signed<32>>,
}

impl Logic for WindowStatistics {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, sum, sum_kept, in_second, low, high, adds);
        self.sum_first.next = self.sum_kept.q.val();
        self.sum_second.next = self.sum.q.val();
        self.least.next = self.low.q.val();
        self.greatest.next = self.high.q.val();
        self.adds.d.next = self.take.val();
        self.wide.next = bit_cast_signed::<32, 16>(self.sample.val());
        comment!("The sum is cleared in one clock and adds the sample in the next.");
        if self.adds.q.val() {
            self.sum.d.next = self.sum.q.val() + self.wide.val();
        }
        self.begins.next = self.second_half.val() & (!self.in_second.q.val());
        if self.take.val() {
            self.in_second.d.next = self.second_half.val() & (!self.first.val());
            if self.begins.val() {
                self.sum_kept.d.next = self.sum.q.val();
            }
            if self.begins.val() | self.first.val() {
                self.sum.d.next = 0.into();
            }
            if self.first.val() | (self.sample.val() < self.low.q.val()) {
                self.low.d.next = self.sample.val();
            }
            if self.first.val() | (self.high.q.val() < self.sample.val()) {
                self.high.d.next = self.sample.val();
            }
        }
    }
}
