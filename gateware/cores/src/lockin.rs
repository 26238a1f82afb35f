//! Lock-in: sample times sine and cosine of every slot, summed over the window.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `valid`, `slot` | in, 1 + 8 | sine and cosine of a slot |
//! | `sine`, `cosine` | in, 16 signed | with `valid`: Q1.15 |
//! | `sample` | in, 16 signed | ADC code, constant while the slots of a sample enter |
//! | `first` | in, 1 | with `valid`: first sample of the window, the slot's sums start with this product |
//! | `read_slot` | in, 8 | slot to read while no slot enters |
//! | `in_phase`, `quadrature` | out, 48 | sums of `read_slot` a clock later, two's complement |
//!
//! Latency: 2 clocks for the multipliers, 1 for the addition, 1 for the write; the same slot may enter again after 4 clocks.
//! Sums are complete 4 clocks after the last slot has entered.
//!
//! [`Lockin::with_copy`] writes every sum into a second memory too, in which bit 7 of `slot` and `read_slot` selects one of two banks: sums of up to
//! 128 slots are then read from there, of one window while the next is summed.
//!
//! Rounding: none. |sample x sine| <= 2^15 x 32767 < 2^30, and 2^16 samples of it stay below 2^46: 48 bits never overflow.
//!
//! With late memories ([`crate::leaf::memories_are_late`]) the sums are read a clock earlier, into a register.

use crate::leaf::{bit_cast_signed, memories_are_late, Fixed, Multiplier, Ram, DFF};
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
    /// Sum of sample times sine.
    pub in_phase: Signal<Out, Bits<48>>,
    /// Sum of sample times cosine.
    pub quadrature: Signal<Out, Bits<48>>,
    multiply_i: Multiplier,
    multiply_q: Multiplier,
    /// In-phase sum of every slot.
    sums_i: Ram<48, 8>,
    /// Quadrature sum of every slot.
    sums_q: Ram<48, 8>,
    /// Copies of the sums in two banks, if any.
    banks_i: Vec<Ram<48, 8>>,
    banks_q: Vec<Ram<48, 8>>,
    /// Sums read, a clock later.
    copy_i: DFF<Bits<48>>,
    copy_q: DFF<Bits<48>>,
    /// Late memories: words are used from the registers.
    is_late: Fixed<Bit>,
    /// Tags in parallel with the multipliers' operand registers.
    valid_1: DFF<Bit>,
    slot_1: DFF<Bits<8>>,
    first_1: DFF<Bit>,
    /// Tags in parallel with the products and the sums read.
    valid_2: DFF<Bit>,
    slot_2: DFF<Bits<8>>,
    first_2: DFF<Bit>,
    /// New sums and their address.
    valid_3: DFF<Bit>,
    slot_3: DFF<Bits<8>>,
    sum_i_3: DFF<Bits<48>>,
    sum_q_3: DFF<Bits<48>>,
    old_i: Signal<Local, Bits<48>>,
    old_q: Signal<Local, Bits<48>>,
    wide_i: Signal<Local, Signed<48>>,
    wide_q: Signal<Local, Signed<48>>,
    add_i: Signal<Local, Bits<48>>,
    add_q: Signal<Local, Bits<48>>,
}

impl Lockin {
    /// Sums for `slots` slots, 1..=256.
    pub fn new(slots: usize) -> Self {
        Self { sums_i: Ram::new(slots), sums_q: Ram::new(slots), ..Default::default() }
    }

    /// With a copy of the sums in two banks, if `is_banked`.
    pub fn with_copy(mut self, is_banked: bool) -> Self {
        let banks = || (0..usize::from(is_banked)).map(|_| Ram::new(256)).collect();
        (self.banks_i, self.banks_q) = (banks(), banks());
        self
    }

    /// For a clock of `clock_hz`.
    pub fn at_clock(mut self, clock_hz: u32) -> Self {
        self.is_late = Fixed::new(memories_are_late(clock_hz));
        self
    }
}

impl Logic for Lockin {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, valid_1, slot_1, first_1, valid_2, slot_2, first_2, valid_3, slot_3,
            sum_i_3, sum_q_3, copy_i, copy_q
        );
        clock!(self, clock, multiply_i, multiply_q, sums_i, sums_q);
        comment!("Entry: the operands go to the multipliers.");
        self.multiply_i.a.next = self.sample.val();
        self.multiply_i.b.next = self.sine.val();
        self.multiply_q.a.next = self.sample.val();
        self.multiply_q.b.next = self.cosine.val();
        self.valid_1.d.next = self.valid.val();
        self.slot_1.d.next = self.slot.val();
        self.first_1.d.next = self.first.val();
        comment!("Clock 1: the sums are read, or those of the requested slot.");
        self.sums_i.read_address.next = self.read_slot.val();
        self.sums_q.read_address.next = self.read_slot.val();
        if self.is_late.val() {
            if self.valid.val() {
                self.sums_i.read_address.next = self.slot.val();
                self.sums_q.read_address.next = self.slot.val();
            }
        } else if self.valid_1.q.val() {
            self.sums_i.read_address.next = self.slot_1.q.val();
            self.sums_q.read_address.next = self.slot_1.q.val();
        }
        comment!("A window begins at zero: late memories by the register's reset.");
        self.copy_i.d.next = self.sums_i.read_data.val();
        self.copy_q.d.next = self.sums_q.read_data.val();
        if self.first_1.q.val() {
            self.copy_i.d.next = 0.into();
            self.copy_q.d.next = 0.into();
        }
        self.old_i.next = self.sums_i.read_data.val();
        self.old_q.next = self.sums_q.read_data.val();
        if self.first_2.q.val() {
            self.old_i.next = 0.into();
            self.old_q.next = 0.into();
        }
        if self.is_late.val() {
            self.old_i.next = self.copy_i.q.val();
            self.old_q.next = self.copy_q.q.val();
        }
        self.in_phase.next = self.sums_i.read_data.val();
        self.quadrature.next = self.sums_q.read_data.val();
        self.valid_2.d.next = self.valid_1.q.val();
        self.slot_2.d.next = self.slot_1.q.val();
        self.first_2.d.next = self.first_1.q.val();
        comment!("Clock 2: products are added.");
        self.valid_3.d.next = self.valid_2.q.val();
        self.slot_3.d.next = self.slot_2.q.val();
        self.wide_i.next = bit_cast_signed::<48, 32>(self.multiply_i.product.val());
        self.wide_q.next = bit_cast_signed::<48, 32>(self.multiply_q.product.val());
        self.add_i.next = unsigned_cast(self.wide_i.val());
        self.add_q.next = unsigned_cast(self.wide_q.val());
        self.sum_i_3.d.next = self.old_i.val() + self.add_i.val();
        self.sum_q_3.d.next = self.old_q.val() + self.add_q.val();
        comment!("Clock 3: sums are written.");
        self.sums_i.write_enable.next = self.valid_3.q.val();
        self.sums_i.write_address.next = self.slot_3.q.val();
        self.sums_i.write_data.next = self.sum_i_3.q.val();
        self.sums_q.write_enable.next = self.valid_3.q.val();
        self.sums_q.write_address.next = self.slot_3.q.val();
        self.sums_q.write_data.next = self.sum_q_3.q.val();
        for i in 0..self.banks_i.len() {
            self.banks_i[i].clock.next = self.clock.val();
            self.banks_i[i].write_enable.next = self.valid_3.q.val();
            self.banks_i[i].write_address.next = self.slot_3.q.val();
            self.banks_i[i].write_data.next = self.sum_i_3.q.val();
            self.banks_i[i].read_address.next = self.read_slot.val();
            self.in_phase.next = self.banks_i[i].read_data.val();
            self.banks_q[i].clock.next = self.clock.val();
            self.banks_q[i].write_enable.next = self.valid_3.q.val();
            self.banks_q[i].write_address.next = self.slot_3.q.val();
            self.banks_q[i].write_data.next = self.sum_q_3.q.val();
            self.banks_q[i].read_address.next = self.read_slot.val();
            self.quadrature.next = self.banks_q[i].read_data.val();
        }
    }
}
