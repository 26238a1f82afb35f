//! Reference pin: one slot's tone, for an oscilloscope or another lock-in.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `setting` | in, 10 | bits 7..0 slot, bit 8 on, bit 9 pulse density of its sine instead of its sign |
//! | `valid`, `slot`, `sine` | in, 1 + 8 + 16 signed | the slot scan |
//! | `pin` | out, 1 | high while the sine is not negative; or high for (sine + 32768) / 65536 of the clocks |
//!
//! The pin changes with the slot's position in the scan of each sample, and keeps its
//! value while no scan runs. Pulse density is of first order: the remainder of a 16-bit sum is carried to the next clock.

use crate::gated::Inputs;
use crate::leaf::DFF;
use crate::word::ToWord;
use rust_hdl::prelude::*;

/// One slot's sine on a pin.
#[derive(LogicBlock, Inputs, Default)]
pub struct Reference {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Bits 7..0 slot, bit 8 on, bit 9 pulse density.
    pub setting: Signal<In, Bits<10>>,
    /// Sine of a slot is valid.
    pub valid: Signal<In, Bit>,
    /// Slot of the sine.
    pub slot: Signal<In, Bits<8>>,
    /// Sine of the slot, Q1.15.
    pub sine: Signal<In, Signed<16>>,
    /// The pin.
    pub pin: Signal<Out, Bit>,
    /// The sine, raised by half of its range.
    raised: DFF<Bits<16>>,
    /// Remainder of the sum, and above it the overflow.
    sum: DFF<Bits<17>>,
    chosen: Signal<Local, Bits<8>>,
    raw: Signal<Local, Bits<16>>,
    positive: Signal<Local, Bit>,
    rest: Signal<Local, Bits<17>>,
    raised_wide: Signal<Local, Bits<17>>,
}

impl Logic for Reference {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, raised, sum);
        self.raw.next = unsigned_cast(self.sine.val());
        self.positive.next = !(self.raw.val().get_bit(15));
        self.chosen.next = bit_cast::<8, _>(self.setting.val());
        if self.valid.val() & (self.slot.val() == self.chosen.val()) {
            self.raised.d.next = self.raw.val().replace_bit(15, self.positive.val());
        }
        self.rest.next = bit_cast::<17, 16>(self.sum.q.val().to_bits().get_bits::<16>(0));
        self.raised_wide.next = bit_cast::<17, 16>(self.raised.q.val());
        self.sum.d.next = self.rest.val() + self.raised_wide.val();
        self.pin.next = (self.setting.val().get_bit(8)) & (self.raised.q.val().get_bit(15));
        if self.setting.val().get_bit(9) {
            self.pin.next = (self.setting.val().get_bit(8)) & (self.sum.q.val().get_bit(16));
        }
    }
}
