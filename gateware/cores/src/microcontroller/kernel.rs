//! Kernel of the microcontroller.

use super::Machine;
use crate::word::ToWord;
use rust_hdl::prelude::*;

impl Logic for Machine {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, working, fetched, executing, counter, back, accumulator, carry, held,
            first, operand, carry_in
        );
        clock!(self, clock, program, memory, multiply);
        self.busy.next = self.working.q.val();
        self.stands.next = self.working.q.val() & self.executing.q.val();
        self.executes.next = self.stands.val() & (!self.stall.val());
        comment!("The ROM's word is valid in all three clocks, its copy in the last two.");
        self.held.d.next = self.program.data.val();
        self.instruction.next = self.program.data.val();
        if self.holds.val() {
            self.instruction.next = self.held.q.val();
        }
        self.operation.next = self.instruction.val().to_bits().get_bits::<4>(12);
        self.condition_low.next =
            bit_cast::<3, 2>(self.instruction.val().to_bits().get_bits::<2>(10));
        self.condition.next =
            self.condition_low.val().replace_bit(2, self.instruction.val().get_bit(14));
        self.target.next = bit_cast::<10, _>(self.instruction.val());
        self.fresh.next = self.instruction.val().get_bit(10);
        self.inverts.next = self.instruction.val().get_bit(9);
        self.port.next = bit_cast::<6, _>(self.instruction.val());
        self.reads.next = self.operation.val() == bits::<4>(1);
        self.reading.next = (self.operation.val() == bits::<4>(1))
            & (self.fetched.q.val() | self.executing.q.val());
        self.memory.read_address.next = bit_cast::<8, _>(self.program.data.val());
        self.memory.write_address.next = bit_cast::<8, _>(self.instruction.val());
        self.word_out.next = self.accumulator.q.val();
        self.strobe.next = self.stands.val() & (self.operation.val() == bits::<4>(7));
        self.early_strobe.next = self.fetched.q.val() & (self.operation.val() == bits::<4>(7));
        comment!("Second clock: operands of the adder.");
        self.multiply.a.next = signed_cast(self.accumulator.q.val());
        self.multiply.b.next = signed_cast(self.memory.read_data.val());
        self.product.next = unsigned_cast(self.multiply.product.val());
        self.from_left.next = self.carry.q.val();
        if self.fresh.val() {
            self.from_left.next = self.memory.read_data.val().get_bit(15);
        }
        self.halved.next = self.memory.read_data.val().to_bits() >> 1;
        self.operand.d.next = 0.into();
        match self.operation.val().index() {
            0 => self.operand.d.next = self.memory.read_data.val(),
            1 => {
                if self.instruction.val().to_bits().get_bits::<5>(1) == bits::<5>(31) {
                    self.operand.d.next = bit_cast::<16, _>(self.product.val());
                    if self.instruction.val().get_bit(0) {
                        self.operand.d.next = self.product.val().to_bits().get_bits::<16>(16);
                    }
                }
            }
            2 => self.operand.d.next = self.accumulator.q.val() & self.memory.read_data.val(),
            3 => self.operand.d.next = self.halved.val().replace_bit(15, self.from_left.val()),
            _ => self.operand.d.next = 0.into(),
        }
        self.first.d.next = self.accumulator.q.val();
        if self.fresh.val() | (self.operation.val() == bits::<4>(3)) {
            self.first.d.next = 0.into();
        }
        self.carry_in.d.next = self.inverts.val();
        if self.instruction.val().get_bit(8) {
            self.carry_in.d.next = self.carry.q.val();
        }
        comment!("Third clock: the sum.");
        self.turns.next = self.inverts.val()
            | ((self.operation.val() == bits::<4>(4)) & self.accumulator.q.val().get_bit(15));
        self.word.next = self.operand.q.val() | self.word_in.val();
        self.adder.second.next = self.word.val();
        if self.turns.val() {
            self.adder.second.next = !self.word.val();
        }
        self.adder.first.next = self.first.q.val();
        self.adder.carry_in.next = self.carry_in.q.val();
        self.stores.next = (self.operation.val() == bits::<4>(5))
            | ((!self.operation.val().to_bits().get_bits::<2>(2).any())
                & self.instruction.val().get_bit(11));
        self.memory.write_enable.next = self.executes.val() & self.stores.val();
        self.memory.write_data.next = self.adder.sum.val();
        self.taken.next = true;
        match self.condition.val().index() {
            0 => self.taken.next = true,
            1 => self.taken.next = self.carry.q.val(),
            2 => self.taken.next = !self.carry.q.val(),
            3 => self.taken.next = self.accumulator.q.val().get_bit(15),
            4 => self.taken.next = !self.accumulator.q.val().get_bit(15),
            5 => self.taken.next = !self.accumulator.q.val().any(),
            _ => self.taken.next = self.accumulator.q.val().any(),
        }
        self.following.next = self.counter.q.val() + 1;
        self.place.next = self.counter.q.val();
        if self.executes.val() {
            self.place.next = self.following.val();
            match self.operation.val().index() {
                0 => {
                    self.accumulator.d.next = self.adder.sum.val();
                    if !self.fresh.val() {
                        self.carry.d.next = self.adder.carry.val();
                    }
                }
                1 => {
                    self.accumulator.d.next = self.adder.sum.val();
                    if !self.fresh.val() {
                        self.carry.d.next = self.adder.carry.val();
                    }
                }
                2 => self.accumulator.d.next = self.adder.sum.val(),
                3 => {
                    self.accumulator.d.next = self.adder.sum.val();
                    self.carry.d.next = self.memory.read_data.val().get_bit(0);
                }
                4 => self.accumulator.d.next = self.adder.sum.val(),
                8 => {
                    if self.taken.val() {
                        self.place.next = self.target.val();
                    }
                }
                12 => {
                    if self.taken.val() {
                        self.place.next = self.target.val();
                    }
                }
                9 => {
                    self.back.d.next = self.following.val();
                    self.place.next = self.target.val();
                }
                10 => self.place.next = self.back.q.val(),
                11 => self.working.d.next = false,
                _ => self.place.next = self.following.val(),
            }
        }
        self.fetched.d.next =
            self.working.q.val() & (!self.fetched.q.val()) & (!self.executing.q.val());
        self.executing.d.next =
            self.working.q.val() & (self.fetched.q.val() | (self.stands.val() & self.stall.val()));
        if self.start.val() & (!self.working.q.val()) {
            self.working.d.next = true;
            self.place.next = self.entry.val();
        }
        self.counter.d.next = self.place.val();
        self.program.address.next = self.place.val();
        if self.reset.val() {
            self.working.d.next = false;
            self.fetched.d.next = false;
            self.executing.d.next = false;
        }
    }
}
