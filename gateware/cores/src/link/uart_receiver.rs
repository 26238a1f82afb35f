//! UART receiver: 8 data bits, no parity, one stop bit.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `pin` | in, 1 | the line, high at rest; asynchronous |
//! | `byte`, `valid` | out, 8 + 1 | a byte, for one clock, in the middle of its stop bit |
//! | `fault` | out, 1 | pulse: a stop bit was low, its byte is dropped |
//!
//! Two flip-flops synchronise the pin. Time is counted in 1/256 clocks from the edge of the start bit, and the
//! fraction is carried from bit to bit, so that bits are sampled in their middle within a clock, for any ratio.
//! The rates of sender and receiver may differ by 2 % from 6 clocks a bit on. A start bit that is not low in its middle is
//! ignored. A line that stays low gives one fault and nothing else until it has been high.

use crate::leaf::{Fixed, Synchronizer, DFF};
use crate::word::ToWord;
use rust_hdl::prelude::*;
use thiserror::Error;

/// A rate that the clock cannot make.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "{baud} baud from a clock of {clock_hz} Hz is not 6 to 65535 clocks a bit: choose another rate"
)]
pub struct RateError {
    /// The system clock.
    pub clock_hz: u32,
    /// The requested rate.
    pub baud: u32,
}

/// Clocks in a bit, in 1/256.
pub fn bit_period(clock_hz: u32, baud: u32) -> Result<u64, RateError> {
    let (clock, rate) = (u64::from(clock_hz), u64::from(baud));
    if clock < 6 * rate || clock > 65535 * rate {
        return Err(RateError { clock_hz, baud });
    }
    Ok((256 * clock + rate / 2) / rate)
}

/// A clock, as a step of a countdown in 1/256 clocks.
pub(super) const ONE_CLOCK_LESS: u64 = (1 << 24) - 256;

/// Width of a count below `period`.
pub(super) fn mask_for(period: u64) -> u64 {
    (period + 1).next_power_of_two() - 1
}

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    Idle,
    Bits,
    Break,
}

/// From bits to bytes.
#[derive(LogicBlock, Default)]
pub struct UartReceiver {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// The line.
    pub pin: Signal<In, Bit>,
    /// A byte.
    pub byte: Signal<Out, Bits<8>>,
    /// Valid.
    pub valid: Signal<Out, Bit>,
    /// The stop bit was low.
    pub fault: Signal<Out, Bit>,
    state: DFF<Step>,
    // Inverted, so that a line at rest is what flip-flops hold at power-up.
    synchronizer: Synchronizer,
    /// Samples taken of the byte.
    samples: DFF<Bits<4>>,
    shifted: DFF<Bits<8>>,
    /// Until the next sample, in 1/256 clocks.
    left: DFF<Bits<24>>,
    /// Clocks from the edge of the start bit to its middle, less those of the synchronizer, in 1/256.
    first: Fixed<Bits<24>>,
    /// Clocks of a bit less one, in 1/256.
    bit_less_one: Fixed<Bits<24>>,
    one_less: Fixed<Bits<24>>,
    mask: Fixed<Bits<24>>,
    clocks: Signal<Local, Bits<16>>,
    due: Signal<Local, Bit>,
    change: Signal<Local, Bits<24>>,
    sum: Signal<Local, Bits<24>>,
    ends: Signal<Local, Bit>,
    moved: Signal<Local, Bits<8>>,
    high: Signal<Local, Bit>,
}

impl UartReceiver {
    /// For this clock and rate.
    ///
    /// # Errors
    /// Fewer than 6 or more than 65535 clocks a bit.
    pub fn new(clock_hz: u32, baud: u32) -> Result<Self, RateError> {
        let period = bit_period(clock_hz, baud)?;
        // Half a bit, less the clocks from the edge to the first count: 1.5 on average in the flip-flops and one to leave rest,
        // and the half by which a count is rounded up and the half in which a sample stands.
        let first = period / 2 - 320;
        let fixed = |value: u64| Fixed::new(Bits::from(value));
        Ok(Self {
            first: fixed(first),
            bit_less_one: fixed(period - 256),
            one_less: fixed(ONE_CLOCK_LESS),
            mask: fixed(mask_for(period)),
            ..Default::default()
        })
    }
}

impl Logic for UartReceiver {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, samples, shifted, left);
        clock!(self, clock, synchronizer);
        self.synchronizer.pin.next = !self.pin.val();
        self.byte.next = self.shifted.q.val();
        self.clocks.next = self.left.q.val().to_bits().get_bits::<16>(8);
        self.due.next = !self.clocks.val().any();
        self.change.next = self.one_less.val();
        if self.due.val() {
            self.change.next = self.bit_less_one.val();
        }
        self.sum.next = self.left.q.val() + self.change.val();
        self.ends.next = (self.state.q.val() == Step::Bits)
            & self.due.val()
            & (self.samples.q.val() == bits::<4>(9));
        self.valid.next = self.ends.val() & (!self.synchronizer.level.val());
        self.fault.next = self.ends.val() & self.synchronizer.level.val();
        self.moved.next = self.shifted.q.val().to_bits() >> 1;
        self.high.next = !self.synchronizer.level.val();
        self.left.d.next = self.sum.val() & self.mask.val();
        match self.state.q.val() {
            Step::Idle => {
                self.samples.d.next = 0.into();
                self.left.d.next = self.first.val();
                if self.synchronizer.level.val() {
                    self.state.d.next = Step::Bits;
                }
            }
            Step::Bits => {
                if self.due.val() {
                    self.samples.d.next = self.samples.q.val() + 1;
                    if !self.ends.val() {
                        self.shifted.d.next = self.moved.val().replace_bit(7, self.high.val());
                    }
                    if (!self.samples.q.val().any()) & self.high.val() {
                        self.state.d.next = Step::Idle;
                    }
                    if self.ends.val() {
                        self.state.d.next = Step::Break;
                    }
                }
            }
            Step::Break => {
                comment!("From the stop bit on: until the line is high.");
                if self.high.val() {
                    self.state.d.next = Step::Idle;
                }
            }
        }
        if self.reset.val() {
            self.state.d.next = Step::Break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_from_6_to_65535_are_taken_and_others_refused() {
        assert_eq!(bit_period(24_000_000, 3_000_000), Ok(8 * 256));
        assert_eq!(bit_period(25_000_000, 3_000_000), Ok(2133));
        assert_eq!(bit_period(18_000_000, 3_000_000), Ok(6 * 256));
        assert_eq!(bit_period(65_535_000, 1000), Ok(65535 * 256));
        for (clock_hz, baud) in [(17_999_999, 3_000_000), (65_536_000, 1000), (24_000_000, 0)] {
            assert_eq!(bit_period(clock_hz, baud), Err(RateError { clock_hz, baud }));
        }
    }
}
