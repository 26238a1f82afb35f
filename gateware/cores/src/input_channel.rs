//! Input channel: lock-in and window statistics of one ADC input.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `valid`, `slot` | in, 1 + 8 | sine and cosine of a slot, while the sample belongs to the window |
//! | `sine`, `cosine` | in, 16 signed | with `valid`: Q1.15 |
//! | `take` | in, 1 | a sample of the window begins |
//! | `sample` | in, 16 signed | its ADC code, in that clock and the next |
//! | `signal` | in, 16 signed | input of the lock-in, constant while the slots of a sample enter |
//! | `first`, `second_half` | in, 1 | state of the sample, held |
//! | `read_slot` | in, 8 | slot to read while no slot enters |
//! | `selected` | in, 1 | the input is to be read |
//! | `in_phase`, `quadrature` | out, 48 | sums of `read_slot` two clocks later, zero unless selected |
//! | `sum_first`, `sum_second`, `least`, `greatest` | out, 32 + 32 + 16 + 16 | window statistics, likewise |
//!
//! With banks ([`InputChannel::with_banks`]) the sums and statistics of the window before the present one stay readable: bit 7 of `read_slot` selects them.
//!
//! Latency and widths are those of [`crate::lockin`] and [`crate::window_statistics`], which get a register: its reset makes an OR of all inputs the
//! selection among them.

use crate::gated::Inputs;
use crate::leaf::DFF;
use crate::lockin::Lockin;
use crate::window_statistics::WindowStatistics;
use rust_hdl::prelude::*;

/// One ADC input.
#[derive(LogicBlock, Inputs, Default)]
pub struct InputChannel {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Sine and cosine of a slot are valid.
    pub valid: Signal<In, Bit>,
    /// Slot of the sine.
    pub slot: Signal<In, Bits<8>>,
    /// Sine, Q1.15.
    pub sine: Signal<In, Signed<16>>,
    /// Cosine, Q1.15.
    pub cosine: Signal<In, Signed<16>>,
    /// A sample of the window begins.
    pub take: Signal<In, Bit>,
    /// Its ADC code.
    pub sample: Signal<In, Signed<16>>,
    /// Input of the lock-in.
    pub signal: Signal<In, Signed<16>>,
    /// The sample is the first of the window.
    pub first: Signal<In, Bit>,
    /// The sample belongs to the window's second half.
    pub second_half: Signal<In, Bit>,
    /// Slot to read.
    pub read_slot: Signal<In, Bits<8>>,
    /// The input is to be read.
    pub selected: Signal<In, Bit>,
    /// In-phase sum of the slot to read.
    pub in_phase: Signal<Out, Bits<48>>,
    /// Quadrature sum.
    pub quadrature: Signal<Out, Bits<48>>,
    /// Sum of the window's first half.
    pub sum_first: Signal<Out, Bits<32>>,
    /// Sum of the second half.
    pub sum_second: Signal<Out, Bits<32>>,
    /// Least sample.
    pub least: Signal<Out, Bits<16>>,
    /// Greatest sample.
    pub greatest: Signal<Out, Bits<16>>,
    lockin: Lockin,
    statistics: WindowStatistics,
    first_kept: DFF<Bits<32>>,
    second_kept: DFF<Bits<32>>,
    least_kept: DFF<Bits<16>>,
    greatest_kept: DFF<Bits<16>>,
    /// Bank of the present window, and statistics of the one before, if any.
    banks: Vec<DFF<Bit>>,
    first_before: Vec<DFF<Bits<32>>>,
    second_before: Vec<DFF<Bits<32>>>,
    least_before: Vec<DFF<Bits<16>>>,
    greatest_before: Vec<DFF<Bits<16>>>,
}

impl InputChannel {
    /// For up to 256 slots.
    pub fn new() -> Self {
        Self { lockin: Lockin::new(), ..Default::default() }
    }

    /// With the window before the present one, if `is_banked`.
    pub fn with_banks(mut self, is_banked: bool) -> Self {
        let banks = usize::from(is_banked);
        self.lockin = self.lockin.with_copy(is_banked);
        self.banks = registers(banks);
        (self.first_before, self.second_before) = (registers(banks), registers(banks));
        (self.least_before, self.greatest_before) = (registers(banks), registers(banks));
        self
    }
}

fn registers<T: Synth>(count: usize) -> Vec<DFF<T>> {
    (0..count).map(|_| DFF::default()).collect()
}

impl Logic for InputChannel {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, first_kept, second_kept, least_kept, greatest_kept);
        clock!(self, clock, lockin, statistics);
        self.lockin.valid.next = self.valid.val();
        self.lockin.slot.next = self.slot.val();
        self.lockin.sine.next = self.sine.val();
        self.lockin.cosine.next = self.cosine.val();
        self.lockin.sample.next = self.signal.val();
        self.lockin.first.next = self.first.val();
        self.lockin.read_slot.next = self.read_slot.val();
        self.lockin.selected.next = self.selected.val();
        self.statistics.take.next = self.take.val();
        self.statistics.sample.next = self.sample.val();
        self.statistics.first.next = self.first.val();
        self.statistics.second_half.next = self.second_half.val();
        comment!("Read-out.");
        self.first_kept.d.next = unsigned_cast(self.statistics.sum_first.val());
        self.second_kept.d.next = unsigned_cast(self.statistics.sum_second.val());
        self.least_kept.d.next = unsigned_cast(self.statistics.least.val());
        self.greatest_kept.d.next = unsigned_cast(self.statistics.greatest.val());
        for i in 0..self.banks.len() {
            self.banks[i].clock.next = self.clock.val();
            self.first_before[i].clock.next = self.clock.val();
            self.second_before[i].clock.next = self.clock.val();
            self.least_before[i].clock.next = self.clock.val();
            self.greatest_before[i].clock.next = self.clock.val();
            self.banks[i].d.next = self.banks[i].q.val();
            self.first_before[i].d.next = self.first_before[i].q.val();
            self.second_before[i].d.next = self.second_before[i].q.val();
            self.least_before[i].d.next = self.least_before[i].q.val();
            self.greatest_before[i].d.next = self.greatest_before[i].q.val();
            if self.take.val() & self.first.val() {
                self.banks[i].d.next = !self.banks[i].q.val();
                self.first_before[i].d.next = unsigned_cast(self.statistics.sum_first.val());
                self.second_before[i].d.next = unsigned_cast(self.statistics.sum_second.val());
                self.least_before[i].d.next = unsigned_cast(self.statistics.least.val());
                self.greatest_before[i].d.next = unsigned_cast(self.statistics.greatest.val());
            }
            self.lockin.slot.next = self.slot.val().replace_bit(7, self.banks[i].q.val());
            self.lockin.read_slot.next = self
                .read_slot
                .val()
                .replace_bit(7, self.banks[i].q.val() ^ self.read_slot.val().get_bit(7));
            if self.read_slot.val().get_bit(7) {
                self.first_kept.d.next = self.first_before[i].q.val();
                self.second_kept.d.next = self.second_before[i].q.val();
                self.least_kept.d.next = self.least_before[i].q.val();
                self.greatest_kept.d.next = self.greatest_before[i].q.val();
            }
        }
        if !self.selected.val() {
            self.first_kept.d.next = 0.into();
            self.second_kept.d.next = 0.into();
            self.least_kept.d.next = 0.into();
            self.greatest_kept.d.next = 0.into();
        }
        self.in_phase.next = self.lockin.in_phase.val();
        self.quadrature.next = self.lockin.quadrature.val();
        self.sum_first.next = self.first_kept.q.val();
        self.sum_second.next = self.second_kept.q.val();
        self.least.next = self.least_kept.q.val();
        self.greatest.next = self.greatest_kept.q.val();
    }
}
