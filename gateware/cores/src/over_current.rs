//! Over-current: whether the magnitude of an ADC code has reached a level.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `code` | in, 16 signed | ADC code |
//! | `level` | in, 16 | magnitude that counts as over-current |
//! | `is_over` | out, 1 | the magnitude has reached the level |
//!
//! Latency: none. Level minus magnitude is below 1: the carry of a sum of 17 bits, of the level and the magnitude's inverse. For a
//! negative code the inverse is the magnitude minus 1.

use rust_hdl::prelude::*;

/// Comparison of a code's magnitude with a level.
#[derive(LogicBlock, Default)]
pub struct OverCurrent {
    /// ADC code.
    pub code: Signal<In, Signed<16>>,
    /// Magnitude that counts as over-current.
    pub level: Signal<In, Bits<16>>,
    /// The magnitude has reached the level.
    pub is_over: Signal<Out, Bit>,
    raw: Signal<Local, Bits<16>>,
    turned: Signal<Local, Bits<16>>,
    turned_wide: Signal<Local, Bits<17>>,
    minuend: Signal<Local, Bits<17>>,
    excess: Signal<Local, Bits<17>>,
    remains: Signal<Local, Bits<16>>,
}

impl Logic for OverCurrent {
    #[hdl_gen]
    fn update(&mut self) {
        self.raw.next = unsigned_cast(self.code.val());
        self.turned.next = !self.raw.val();
        if self.raw.val().get_bit(15) {
            self.turned.next = self.raw.val();
        }
        self.turned_wide.next = bit_cast::<17, 16>(self.turned.val());
        self.minuend.next = bit_cast::<17, 16>(self.level.val());
        self.excess.next = self.minuend.val() + self.turned_wide.val();
        self.remains.next = bit_cast::<16, _>(self.excess.val());
        self.is_over.next = (!self.excess.val().get_bit(16))
            | ((self.raw.val().get_bit(15)) & (!self.remains.val().any()));
    }
}
