//! CRC-32 (ISO-HDLC: Ethernet, zip), one bit a clock, low bit of a byte first.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `clear` | in, 1 | restarts with ones; has priority over `step` |
//! | `step` | in, 1 | processes `bit` in this clock |
//! | `bit` | in, 1 | of the message |
//! | `plain` | in, 1 | shifts without feedback: 32 steps output the checksum's complement at `low` |
//! | `feedback` | out, 1 | factor of the polynomial in this step |
//! | `low` | out, 1 | the register's lowest bit |
//!
//! A byte takes eight clocks. A receiver needs no comparison with the residue: over the word of a correct checksum, and only then, the
//! feedback is the sequence [`Crc::closing`], independent of the message.

use crate::leaf::{Fixed, DFF};
use crate::word::ToWord;
use rust_hdl::prelude::*;

/// The polynomial 0x04c11db7, reflected.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// Bit-serial CRC-32.
#[derive(LogicBlock)]
pub struct Crc {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Restarts.
    pub clear: Signal<In, Bit>,
    /// Processes a bit.
    pub step: Signal<In, Bit>,
    /// The bit.
    pub bit: Signal<In, Bit>,
    /// Shifts without feedback.
    pub plain: Signal<In, Bit>,
    /// Feedback of this step.
    pub feedback: Signal<Out, Bit>,
    /// Lowest bit of the register.
    pub low: Signal<Out, Bit>,
    register: DFF<Bits<32>>,
    shifted: Signal<Local, Bits<32>>,
    fed: Signal<Local, Bit>,
    polynomial: Fixed<Bits<32>>,
    ones: Fixed<Bits<32>>,
}

impl Crc {
    /// The feedback of the 32 steps over a correct checksum, first step in bit 0: that of a register of zeros with ones as input.
    pub fn closing() -> u32 {
        let (mut register, mut sequence) = (0u32, 0);
        for step in 0..32 {
            let fed = !register & 1;
            sequence |= fed << step;
            register = (register >> 1) ^ (POLYNOMIAL * fed);
        }
        sequence
    }
}

impl Default for Crc {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            clear: Signal::default(),
            step: Signal::default(),
            bit: Signal::default(),
            plain: Signal::default(),
            feedback: Signal::default(),
            low: Signal::default(),
            register: DFF::default(),
            shifted: Signal::default(),
            fed: Signal::default(),
            polynomial: Fixed::new(Bits::from(u64::from(POLYNOMIAL))),
            ones: Fixed::new(Bits::from(u64::from(u32::MAX))),
        }
    }
}

impl Logic for Crc {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, register);
        self.low.next = self.register.q.val().get_bit(0);
        self.fed.next = (self.register.q.val().get_bit(0) ^ self.bit.val()) & (!self.plain.val());
        self.feedback.next = self.fed.val();
        self.shifted.next = self.register.q.val().to_bits() >> 1;
        if self.step.val() {
            self.register.d.next = self.shifted.val();
            if self.fed.val() {
                self.register.d.next = self.shifted.val() ^ self.polynomial.val();
            }
        }
        if self.clear.val() {
            self.register.d.next = self.ones.val();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feedback_over_a_right_checksum_is_the_same_for_every_message() {
        for message in [0u64, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
            let mut register = u32::MAX;
            let mut step = |bit: u32| {
                let fed = (register ^ bit) & 1;
                register = (register >> 1) ^ (POLYNOMIAL * fed);
                (fed, register)
            };
            let mut checksum = 0;
            for place in 0..64 {
                checksum = !step((message >> place) as u32 & 1).1;
            }
            let fed: Vec<u32> = (0..32).map(|place| step((checksum >> place) & 1).0).collect();
            let sequence = fed.iter().enumerate().fold(0, |all, (place, fed)| all | fed << place);
            assert_eq!(sequence, Crc::closing());
        }
    }
}
