//! Lock-in: sample times sine and cosine of every slot, summed over the window.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `valid`, `slot` | in, 1 + 8 | sine and cosine of a slot |
//! | `sine`, `cosine` | in, 16 signed | with `valid`: Q1.15 |
//! | `sample` | in, 16 signed | ADC code, constant while the slots of a sample enter |
//! | `first` | in, 1 | with `valid`: first sample of the window, the slot's sums start with this product |
//! | `read_slot`, `selected` | in, 8 + 1 | slot to read while no slot enters; else zeros are read |
//! | `in_phase`, `quadrature` | out, 48 | sums of `read_slot` two clocks later, two's complement |
//!
//! Latency: 2 clocks for the multipliers, 1 for the lower half of the addition and 1 for the upper, 1 for the write; the same slot may enter again after
//! 5 clocks. Sums are complete 5 clocks after the last slot has entered.
//!
//! [`Lockin::with_copy`] writes every sum into a second memory too, in which bit 7 of `slot` and `read_slot` selects one of two banks: sums of up to
//! 128 slots are then read from there, of one window while the next is summed.
//!
//! The upper half of the memory is never written and holds zeros: there the first sample of a window reads what it adds to, and an input that is not
//! selected its sums, so that the sums of all inputs can be joined by OR.
//!
//! Rounding: none. |sample x sine| <= 2^15 x 32767 < 2^30, and 2^16 samples of it stay below 2^46: 48 bits never overflow.
//!
//! Clock: memories and multipliers have output registers, and no path has more than an addition of 25 bits.

use crate::leaf::{LongAdder, Multiplier, RamPair, DFF};
use rust_hdl::prelude::*;

/// Multiply-accumulate for the in-phase and the quadrature part of all slots.
#[derive(LogicBlock, Default)]
pub struct Lockin {
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
    /// ADC code.
    pub sample: Signal<In, Signed<16>>,
    /// First sample of the window.
    pub first: Signal<In, Bit>,
    /// Slot to read out while no slot enters.
    pub read_slot: Signal<In, Bits<8>>,
    /// It is read; else zeros are.
    pub selected: Signal<In, Bit>,
    /// Sum of sample times sine.
    pub in_phase: Signal<Out, Bits<48>>,
    /// Sum of sample times cosine.
    pub quadrature: Signal<Out, Bits<48>>,
    multiply_i: Multiplier,
    multiply_q: Multiplier,
    /// In-phase and quadrature sum of every slot.
    sums: RamPair<48, 9>,
    /// Copy of the sums in two banks, if any.
    banks: Vec<RamPair<48, 9>>,
    /// Tags in parallel with the multipliers' operand registers.
    valid_1: DFF<Bit>,
    slot_1: DFF<Bits<8>>,
    /// Tags in parallel with the products and the sums read.
    valid_2: DFF<Bit>,
    slot_2: DFF<Bits<8>>,
    /// Tags in parallel with the sums' lower halves.
    valid_3: DFF<Bit>,
    slot_3: DFF<Bits<8>>,
    /// Tags of the new sums.
    valid_4: DFF<Bit>,
    slot_4: DFF<Bits<8>>,
    add_i: LongAdder,
    add_q: LongAdder,
    entering: Signal<Local, Bits<9>>,
    asked: Signal<Local, Bits<9>>,
    place: Signal<Local, Bits<9>>,
    written: Signal<Local, Bits<9>>,
}

impl Lockin {
    /// Words of a memory: those of up to 256 slots, and as many zeros. A block RAM of an ECP5 has 512 of 36 bits in any case.
    const WORDS: usize = 512;

    /// Sums for up to 256 slots.
    pub fn new() -> Self {
        Self { sums: RamPair::new(Self::WORDS), ..Default::default() }
    }

    /// With a copy of the sums in two banks, if `is_banked`.
    pub fn with_copy(mut self, is_banked: bool) -> Self {
        self.banks = (0..usize::from(is_banked)).map(|_| RamPair::new(Self::WORDS)).collect();
        self
    }
}

impl Logic for Lockin {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, valid_1, slot_1, valid_2, slot_2, valid_3, slot_3, valid_4, slot_4);
        clock!(self, clock, multiply_i, multiply_q, sums, add_i, add_q);
        comment!("Entry: the operands go to the multipliers; the sums are read, or those of the requested slot.");
        self.multiply_i.a.next = self.sample.val();
        self.multiply_i.b.next = self.sine.val();
        self.multiply_q.a.next = self.sample.val();
        self.multiply_q.b.next = self.cosine.val();
        self.entering.next = bit_cast::<9, 8>(self.slot.val());
        self.asked.next = bit_cast::<9, 8>(self.read_slot.val());
        self.place.next = self.asked.val().replace_bit(8, !self.selected.val());
        self.sums.read_address.next = self.place.val();
        if self.valid.val() {
            self.sums.read_address.next = self.entering.val().replace_bit(8, self.first.val());
        }
        self.in_phase.next = self.sums.read_first.val();
        self.quadrature.next = self.sums.read_second.val();
        self.valid_1.d.next = self.valid.val();
        self.slot_1.d.next = self.slot.val();
        self.valid_2.d.next = self.valid_1.q.val();
        self.slot_2.d.next = self.slot_1.q.val();
        comment!("Clock 2: products are added, in two clocks.");
        self.add_i.old.next = self.sums.read_first.val();
        self.add_i.product.next = self.multiply_i.product.val();
        self.add_q.old.next = self.sums.read_second.val();
        self.add_q.product.next = self.multiply_q.product.val();
        self.valid_3.d.next = self.valid_2.q.val();
        self.slot_3.d.next = self.slot_2.q.val();
        self.valid_4.d.next = self.valid_3.q.val();
        self.slot_4.d.next = self.slot_3.q.val();
        comment!("Clock 4: sums are written.");
        self.written.next = bit_cast::<9, 8>(self.slot_4.q.val());
        self.sums.write_enable.next = self.valid_4.q.val();
        self.sums.write_address.next = self.written.val();
        self.sums.write_first.next = self.add_i.sum.val();
        self.sums.write_second.next = self.add_q.sum.val();
        for i in 0..self.banks.len() {
            self.banks[i].clock.next = self.clock.val();
            self.banks[i].write_enable.next = self.valid_4.q.val();
            self.banks[i].write_address.next = self.written.val();
            self.banks[i].write_first.next = self.add_i.sum.val();
            self.banks[i].write_second.next = self.add_q.sum.val();
            self.banks[i].read_address.next = self.place.val();
            self.in_phase.next = self.banks[i].read_first.val();
            self.quadrature.next = self.banks[i].read_second.val();
        }
    }
}
