//! The slots of a compact record: first the exponent of the largest sum, then 16 bits of every sum.
//!
//! A sum is shifted by products: V >> r = (V 2^(16 - r)) >> 16, word by word, for r of 2 to 16, as `hge_protocol::frame` has it.

use super::memory::*;
use super::{clear, input, output, update};
use crate::microcontroller::{Assembler, Condition, PRODUCT_HIGH, PRODUCT_LOW};
use hge_protocol::registers::mode;
use Condition::{Always, Carry, NoCarry, NotZero, Positive, Zero};

const _: () = assert!(mode::COMPACT == 16);

/// The accumulator is not zero where records are compact.
pub fn is_wanted(code: &mut Assembler) {
    code.input(input::MODE);
    code.and(SIXTEEN);
}

/// Exponent and slots of the record of an input.
pub fn slots(code: &mut Assembler) {
    largest(code);
    exponent(code);
    code.load(ZERO);
    code.output(output::HIGH);
    code.load(EXPONENT);
    code.output(output::WORD);
    clear(code, ITEM);
    code.label("send mantissas");
    code.load(ITEM);
    code.add(INPUT);
    code.output(output::ITEM);
    mantissa(code, input::IN_PHASE);
    code.store(LOW);
    mantissa(code, input::QUADRATURE);
    code.output(output::HIGH);
    code.load(LOW);
    code.output(output::WORD);
    update::next_slot(code, "send mantissas");
    code.jump(Always, "slots sent");
}

/// Bits 47 to 16 of the largest magnitude.
fn largest(code: &mut Assembler) {
    clear(code, LARGEST);
    code.store(LARGEST + 1);
    code.store(ITEM);
    code.label("measure a slot");
    code.load(ITEM);
    code.add(INPUT);
    code.output(output::ITEM);
    for from in [input::IN_PHASE, input::QUADRATURE] {
        for word in 1..3 {
            code.input(from + word);
            code.store(SUM + word);
        }
        code.call("measure");
    }
    update::next_slot(code, "measure a slot");
}

/// 1 and the significant bits of that, but never 1 or 17, of which the shift would be no product.
fn exponent(code: &mut Assembler) {
    code.load(ONE);
    code.store(EXPONENT);
    code.load(TOP_BIT);
    code.store(SHIFTED);
    code.label("count a bit");
    code.load(LARGEST);
    code.jump(NotZero, "halve");
    code.load(LARGEST + 1);
    code.jump(Zero, "counted");
    code.label("halve");
    code.shift_signed_in_place(LARGEST + 1);
    code.shift_in_place(LARGEST);
    code.call("one more");
    code.jump(Always, "count a bit");
    code.label("counted");
    code.load(EXPONENT);
    code.subtract(ONE);
    code.jump(Zero, "left out");
    code.subtract(SIXTEEN);
    code.jump(NotZero, "exponent fits");
    code.label("left out");
    code.call("one more");
    code.label("exponent fits");
}

fn mantissa(code: &mut Assembler, from: u8) {
    for word in 0..3 {
        code.input(from + word);
        code.store(SUM + word);
    }
    code.call("mantissa");
}

/// The subroutines.
pub fn parts(code: &mut Assembler) {
    code.label("measure");
    code.load(SUM + 2);
    code.jump(Positive, "measured");
    for word in 1..3 {
        code.load(MINUS_ONE);
        code.subtract(SUM + word);
        code.store(SUM + word);
    }
    code.label("measured");
    code.load(SUM + 1);
    code.subtract(LARGEST);
    code.load(SUM + 2);
    code.subtract_borrow(LARGEST + 1);
    code.jump(NoCarry, "smaller");
    for word in 0..2 {
        code.load(SUM + 1 + word);
        code.store(LARGEST + word);
    }
    code.label("smaller");
    code.back();

    // Exponent and 2^16 over the shift within a word; the sum leaves no carry.
    code.label("one more");
    code.load(ONE);
    code.add_to(EXPONENT);
    code.shift_in_place(SHIFTED);
    code.jump(NotZero, "within a word");
    code.load(TOP_BIT);
    code.store(SHIFTED);
    code.label("within a word");
    code.back();

    code.label("mantissa");
    code.load(SIXTEEN);
    code.subtract(EXPONENT);
    code.jump(Carry, "lower words");
    for word in 0..2 {
        code.load(SUM + 1 + word);
        code.store(SUM + word);
    }
    code.label("lower words");
    code.load(SUM);
    code.multiply(SHIFTED);
    code.input(PRODUCT_HIGH);
    code.store(SCRATCH);
    // The product took the lower word as signed: one more in the upper one where it is negative.
    code.load(SUM);
    code.add(SUM);
    code.load(SUM + 1);
    code.add_carry(ZERO);
    code.multiply(SHIFTED);
    code.input(PRODUCT_LOW);
    code.add(SCRATCH);
    code.back();
}
