//! Products, shifts and limits of numbers of several words.

use super::memory::*;
use super::{clear, input, output, product};
use crate::microcontroller::{Assembler, Condition, Place, PRODUCT_HIGH, PRODUCT_LOW};
use Condition::{Negative, NoCarry, NotZero, Zero};

/// Three words at `into` = a times b.
pub fn wide_product(code: &mut Assembler, a: Place, b: Place, into: Place) {
    product(code, a, b, into);
    code.sign();
    code.store(into + 2);
}

/// Three words at `into` += a times b.
pub fn add_product(code: &mut Assembler, a: Place, b: Place, into: Place) {
    code.load(a);
    code.multiply(b);
    code.input(PRODUCT_LOW);
    code.add_to(into);
    code.load(a);
    code.multiply(b);
    code.input(PRODUCT_HIGH);
    code.store(SCRATCH);
    code.add_carry_to(into + 1);
    code.load(SCRATCH);
    code.sign();
    code.add_carry_to(into + 2);
}

/// High and low part of the 48-bit input at `from` over the window's length.
pub fn quotient(code: &mut Assembler, from: u8) {
    for word in 0..3 {
        code.input(from + word);
        code.store(SUM + word);
    }
    code.input(input::WINDOW);
    code.call("shift");
    code.call("split");
}

/// Sum >>= accumulator: word by word, then bit by bit.
fn shift(code: &mut Assembler) {
    code.label("shift");
    code.store(LEFT);
    code.subtract(SIXTEEN);
    code.jump(NoCarry, "shift by bits");
    code.store(LEFT);
    code.load(SUM + 1);
    code.store(SUM);
    code.load(SUM + 2);
    code.store(SUM + 1);
    code.sign();
    code.store(SUM + 2);
    code.label("shift by bits");
    code.load(LEFT);
    code.jump(Zero, "shifted");
    code.label("shift a bit");
    code.shift_signed_in_place(SUM + 2);
    code.shift_in_place(SUM + 1);
    code.shift_in_place(SUM);
    code.load(MINUS_ONE);
    code.add_to(LEFT);
    code.jump(NotZero, "shift a bit");
    code.label("shifted");
    code.back();
}

/// High and low part of the sum's lower 31 bits.
fn split(code: &mut Assembler) {
    code.label("split");
    code.load(SUM);
    code.and(BELOW_TOP);
    code.store(LOW);
    code.load(SUM);
    code.add(SUM);
    code.load(SUM + 1);
    code.add_carry(SUM + 1);
    code.store(HIGH);
    code.back();
}

/// Sum = upper 2^15 + lower: the upper one shifted a word to the left and a bit to the right.
fn join(code: &mut Assembler) {
    code.label("join");
    code.shift_signed_in_place(UPPER + 2);
    code.shift_in_place(UPPER + 1);
    code.shift_in_place(UPPER);
    code.shift(ZERO);
    code.add(LOWER);
    code.store(SUM);
    code.load(UPPER);
    code.add_carry(LOWER + 1);
    code.store(SUM + 1);
    code.load(UPPER + 1);
    code.add_carry(LOWER + 2);
    code.store(SUM + 2);
    code.back();
}

/// Sum's lower 32 bits saturated to 16, also in the accumulator.
fn cut_to_16(code: &mut Assembler) {
    code.label("cut to 16");
    code.load(SUM);
    code.sign();
    code.subtract(SUM + 1);
    code.jump(Zero, "16 fit");
    code.load(ONE);
    code.output(output::CUT);
    code.load(SUM + 1);
    code.jump(Negative, "16 low");
    code.load(BELOW_TOP);
    code.back();
    code.label("16 low");
    code.load(TOP_BIT);
    code.back();
    code.label("16 fit");
    code.load(SUM);
    code.back();
}

/// Sum's lower 32 bits = the sum, saturated.
fn cut_to_32(code: &mut Assembler) {
    code.label("cut to 32");
    code.load(SUM + 1);
    code.sign();
    code.subtract(SUM + 2);
    code.jump(Zero, "32 fit");
    code.load(ONE);
    code.output(output::CUT);
    code.load(SUM + 2);
    code.jump(Negative, "32 low");
    code.load(MINUS_ONE);
    code.store(SUM);
    code.load(BELOW_TOP);
    code.store(SUM + 1);
    code.back();
    code.label("32 low");
    clear(code, SUM);
    code.load(TOP_BIT);
    code.store(SUM + 1);
    code.label("32 fit");
    code.back();
}

/// The subroutines.
pub fn parts(code: &mut Assembler) {
    shift(code);
    split(code);
    join(code);
    cut_to_16(code);
    cut_to_32(code);
}
