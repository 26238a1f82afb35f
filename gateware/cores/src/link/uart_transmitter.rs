//! UART transmitter: 8 data bits, no parity, one stop bit.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `byte`, `valid`, `ready` | in 8 + 1, out 1 | a byte is transferred while both are high |
//! | `pin` | out, 1 | the line, high at rest; a register |
//!
//! A byte takes ten bits, and the next can follow at once. Time is counted in 1/256 clocks, and the fraction is carried from bit to
//! bit and from byte to byte: every edge is within a clock of its ideal time and the rounding of the bit, at most 1/512 clock a bit.

use super::uart_receiver::{bit_period, mask_for, RateError, ONE_CLOCK_LESS};
use crate::leaf::{Fixed, DFF};
use crate::word::ToWord;
use rust_hdl::prelude::*;

/// From bytes to bits.
#[derive(LogicBlock, Default)]
pub struct UartTransmitter {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A byte.
    pub byte: Signal<In, Bits<8>>,
    /// Valid.
    pub valid: Signal<In, Bit>,
    /// Accepted in this clock.
    pub ready: Signal<Out, Bit>,
    /// The line.
    pub pin: Signal<Out, Bit>,
    /// Bits still to come.
    bits_left: DFF<Bits<4>>,
    // Inverted, so that the line is at rest as flip-flops are at power-up.
    low: DFF<Bit>,
    inverted: DFF<Bits<8>>,
    /// Until the next bit, in 1/256 clocks.
    left: DFF<Bits<24>>,
    /// Clocks of a bit less one, in 1/256.
    bit_less_one: Fixed<Bits<24>>,
    one_less: Fixed<Bits<24>>,
    mask: Fixed<Bits<24>>,
    clocks: Signal<Local, Bits<16>>,
    due: Signal<Local, Bit>,
    free: Signal<Local, Bit>,
    change: Signal<Local, Bits<24>>,
    sum: Signal<Local, Bits<24>>,
}

impl UartTransmitter {
    /// For this clock and rate.
    ///
    /// # Errors
    /// Fewer than 6 or more than 65535 clocks a bit.
    pub fn new(clock_hz: u32, baud: u32) -> Result<Self, RateError> {
        let period = bit_period(clock_hz, baud)?;
        let fixed = |value: u64| Fixed::new(Bits::from(value));
        Ok(Self {
            bit_less_one: fixed(period - 256),
            one_less: fixed(ONE_CLOCK_LESS),
            mask: fixed(mask_for(period)),
            ..Default::default()
        })
    }
}

impl Logic for UartTransmitter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, bits_left, low, inverted, left);
        self.pin.next = !self.low.q.val();
        self.clocks.next = self.left.q.val().to_bits().get_bits::<16>(8);
        self.due.next = !self.clocks.val().any();
        self.free.next = self.due.val() & (!self.bits_left.q.val().any());
        self.ready.next = self.free.val() & (!self.reset.val());
        self.change.next = self.one_less.val();
        if self.due.val() {
            self.change.next = self.bit_less_one.val();
        }
        self.sum.next = self.left.q.val() + self.change.val();
        if self.free.val() {
            if self.valid.val() {
                self.inverted.d.next = !self.byte.val();
                self.low.d.next = true;
                self.bits_left.d.next = 9.into();
                self.left.d.next = self.sum.val() & self.mask.val();
            }
        } else {
            self.left.d.next = self.sum.val() & self.mask.val();
            if self.due.val() {
                comment!("The stop bit is the inverse of the shifted-in zero.");
                self.low.d.next = self.inverted.q.val().get_bit(0);
                self.inverted.d.next = self.inverted.q.val().to_bits() >> 1;
                self.bits_left.d.next = self.bits_left.q.val() - 1;
            }
        }
        if self.reset.val() {
            self.bits_left.d.next = 0.into();
            self.low.d.next = false;
            self.left.d.next = 0.into();
        }
    }
}
