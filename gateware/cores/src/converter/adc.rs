//! ADC interface: as many conversions as fit into a sample, a power of two, averaged.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `reset` | in, 1 | conversions restart at the next tick |
//! | `tick` | in, 1 | a sample begins |
//! | `sclk`, `cs_n` | out, 1 | the pins, both registers; an AD7686's CNV is `cs_n` |
//! | `data` | in, 1 | the bits, sampled as `sclk` falls |
//! | `code` | out, 16 signed | mean of the last complete power of two of conversions, left-aligned |
//!
//! Conversions begin when the outputs have settled, a constant number of clocks after the tick, and follow one another until the
//! next tick or 64. Each takes `gap` half periods of select high and 32 of select low with 16 falling edges of `sclk`. A conversion in progress
//! at a tick is finished, since an AD7476A that is deselected early powers down, and discarded.
//!
//! After 1, 2, 4, ... conversions the sum is copied and shifted up, a bit a clock, until it is left-aligned; only then does
//! `code` change, so that at a tick it is always a complete mean. Bits below the 16 are truncated.
//!
//! Widths: 16 bits, and 6 more for 64 conversions; bits that a part or its clock does not use are constant and take no logic.

use super::part::AdcPart;
use super::timing::{AdcTiming, ConverterError};
use crate::leaf::{Fixed, DFF};
use crate::word::ToWord;
use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Phase {
    Rest,
    High,
    Shift,
}

/// From serial bits to codes.
#[derive(LogicBlock, Default)]
pub struct SpiAdc {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub tick: Signal<In, Bit>,
    /// Serial clock, high at rest.
    pub sclk: Signal<Out, Bit>,
    /// Low while bits are read.
    pub cs_n: Signal<Out, Bit>,
    /// The bits.
    pub data: Signal<In, Bit>,
    /// The mean.
    pub code: Signal<Out, Signed<16>>,
    phase: DFF<Phase>,
    /// Half period within the phase.
    step: DFF<Bits<8>>,
    /// Clock within the half period.
    part_clock: DFF<Bits<4>>,
    /// Clocks until outputs have settled.
    wait: DFF<Bits<13>>,
    /// The conversion in progress counts.
    counts: DFF<Bit>,
    /// The maximum number of conversions is reached.
    full: DFF<Bit>,
    low: DFF<Bit>,
    selected: DFF<Bit>,
    received: DFF<Bits<16>>,
    /// A conversion is ready to be added; with it a power of two is complete.
    adds: DFF<Bit>,
    completes: DFF<Bit>,
    number: DFF<Bits<6>>,
    sum: DFF<Bits<22>>,
    /// Bits by which the next complete sum is shifted up.
    lift: DFF<Bits<3>>,
    held: DFF<Bits<22>>,
    shifts: DFF<Bits<3>>,
    mean: DFF<Bits<16>>,
    last_clock: Fixed<Bits<4>>,
    clock_mask: Fixed<Bits<4>>,
    last_gap: Fixed<Bits<8>>,
    step_mask: Fixed<Bits<8>>,
    settled: Fixed<Bits<13>>,
    wait_mask: Fixed<Bits<13>>,
    lead: Fixed<Bits<3>>,
    sum_mask: Fixed<Bits<22>>,
    rests_low: Fixed<Bit>,
    is_whole: Signal<Local, Bit>,
    is_odd: Signal<Local, Bit>,
    next_clock: Signal<Local, Bits<4>>,
    next_step: Signal<Local, Bits<8>>,
    first_clock: Signal<Local, Bit>,
    shifting: Signal<Local, Bit>,
    moved: Signal<Local, Bits<16>>,
    next_number: Signal<Local, Bits<6>>,
    shared: Signal<Local, Bits<6>>,
    is_power: Signal<Local, Bit>,
    is_last: Signal<Local, Bit>,
    aligned: Signal<Local, Bits<16>>,
    addend: Signal<Local, Bits<22>>,
    total: Signal<Local, Bits<22>>,
    kept: Signal<Local, Bits<22>>,
    high_bit: Signal<Local, Bit>,
    signed_mean: Signal<Local, Bits<16>>,
    less: Signal<Local, Bits<13>>,
}

impl SpiAdc {
    /// For this part and clock; outputs have settled `settled` clocks after a tick, up to 8191.
    ///
    /// # Errors
    /// The clock is too fast for the core's counters.
    pub fn new(part: AdcPart, clock_hz: u32, settled: u32) -> Result<Self, ConverterError> {
        let timing = AdcTiming::new(part, clock_hz)?;
        let half = u64::from(timing.half);
        let settled = u64::from(settled);
        Ok(Self {
            last_clock: Fixed::new(Bits::from(half - 1)),
            clock_mask: Fixed::new(Bits::from(half.next_power_of_two() - 1)),
            last_gap: Fixed::new(Bits::from(u64::from(timing.gap) - 1)),
            step_mask: Fixed::new(Bits::from(
                u64::from(timing.gap.max(32).next_power_of_two()) - 1,
            )),
            settled: Fixed::new(Bits::from(settled)),
            wait_mask: Fixed::new(Bits::from((settled + 1).next_power_of_two() - 1)),
            lead: Fixed::new(Bits::from(u64::from(timing.lead))),
            // The low bits that no code has.
            sum_mask: Fixed::new(Bits::from((1_u64 << 22) - (1 << timing.lead))),
            rests_low: Fixed::new(timing.rests_low),
            ..Default::default()
        })
    }
}

impl Logic for SpiAdc {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, phase, step, part_clock, wait, counts, full, low, selected, received,
            adds, completes, number, sum, lift, held, shifts, mean
        );
        comment!("The pins.");
        self.sclk.next = !self.low.q.val();
        self.cs_n.next = !self.selected.q.val();
        self.is_odd.next = self.step.q.val().get_bit(0);
        self.shifting.next = self.phase.q.val() == Phase::Shift;
        self.low.d.next = self.shifting.val() & self.is_odd.val();
        self.selected.d.next =
            self.shifting.val() | ((self.phase.q.val() == Phase::Rest) & self.rests_low.val());
        comment!("Bits are sampled at falling edges of the clock.");
        self.first_clock.next = !self.part_clock.q.val().any();
        self.moved.next = self.received.q.val().to_bits() << 1;
        if self.shifting.val() & self.is_odd.val() & self.first_clock.val() {
            self.received.d.next = self.moved.val().replace_bit(0, self.data.val());
        }
        comment!("Half periods.");
        self.is_whole.next = self.part_clock.q.val() == self.last_clock.val();
        self.next_clock.next = self.part_clock.q.val() + 1;
        self.next_step.next = self.step.q.val() + 1;
        self.part_clock.d.next = self.next_clock.val() & self.clock_mask.val();
        if self.is_whole.val() {
            self.part_clock.d.next = 0.into();
            self.step.d.next = self.next_step.val() & self.step_mask.val();
        }
        comment!(
            "Whether the present conversion completes a power of two: one more than all ones."
        );
        self.next_number.next = self.number.q.val() + 1;
        self.shared.next = self.number.q.val() & self.next_number.val();
        self.is_power.next = !self.shared.val().any();
        self.is_last.next = self.is_power.val() & (!self.lift.q.val().any());
        self.less.next = self.wait.q.val() - 1;
        if self.wait.q.val().any() {
            self.wait.d.next = self.less.val() & self.wait_mask.val();
        }
        self.adds.d.next = false;
        self.completes.d.next = false;
        match self.phase.q.val() {
            Phase::Rest => {
                self.step.d.next = 0.into();
                self.part_clock.d.next = 0.into();
                if (!self.wait.q.val().any()) & (!self.full.q.val()) {
                    self.phase.d.next = Phase::High;
                    self.counts.d.next = true;
                }
            }
            Phase::High => {
                if self.is_whole.val() & (self.step.q.val() == self.last_gap.val()) {
                    self.step.d.next = 0.into();
                    self.phase.d.next = Phase::Shift;
                }
            }
            Phase::Shift => {
                if self.is_whole.val() & (self.step.q.val() == bits::<8>(31)) {
                    self.step.d.next = 0.into();
                    self.phase.d.next = Phase::Rest;
                    self.adds.d.next = self.counts.q.val();
                    self.completes.d.next = self.is_power.val();
                    if self.counts.q.val() {
                        self.full.d.next = self.is_last.val();
                        if !self.is_last.val() {
                            self.phase.d.next = Phase::High;
                        }
                    }
                }
            }
        }
        comment!("The sum.");
        self.aligned.next = self.received.q.val().to_bits() << self.lead.val();
        self.addend.next = bit_cast::<22, 16>(self.aligned.val());
        self.total.next = self.sum.q.val() + self.addend.val();
        self.kept.next = self.total.val() & self.sum_mask.val();
        if self.adds.q.val() {
            self.sum.d.next = self.kept.val();
            self.number.d.next = self.next_number.val();
        }
        comment!("The mean.");
        self.high_bit.next = !self.mean.q.val().get_bit(15);
        self.signed_mean.next = self.mean.q.val().replace_bit(15, self.high_bit.val());
        self.code.next = signed_cast(self.signed_mean.val());
        if self.shifts.q.val().any() {
            self.held.d.next = self.held.q.val().to_bits() << 1;
            self.shifts.d.next = self.shifts.q.val() - 1;
        } else {
            self.mean.d.next = self.held.q.val().to_bits().get_bits::<16>(6);
        }
        if self.adds.q.val() & self.completes.q.val() {
            self.held.d.next = self.kept.val();
            self.shifts.d.next = self.lift.q.val();
            self.lift.d.next = self.lift.q.val() - 1;
        }
        if self.tick.val() {
            self.wait.d.next = self.settled.val();
            self.counts.d.next = false;
            self.full.d.next = false;
            self.adds.d.next = false;
            self.number.d.next = 0.into();
            self.sum.d.next = 0.into();
            self.lift.d.next = 6.into();
        }
        if self.reset.val() {
            self.phase.d.next = Phase::Rest;
            self.full.d.next = true;
            self.wait.d.next = 0.into();
            self.adds.d.next = false;
            self.shifts.d.next = 0.into();
            self.held.d.next = 0.into();
        }
    }
}
