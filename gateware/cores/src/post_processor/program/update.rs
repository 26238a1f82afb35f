//! Loss of a case, descent steps of its slots, new controls; in words of 16 bits, low word first.

use super::arithmetic::{add_product, quotient, wide_product};
use super::memory::*;
use super::{clear, input, output, product};
use crate::microcontroller::{Assembler, Condition, PRODUCT_LOW};
use hge_protocol::registers::mode;
use Condition::{Always, Carry, Negative, NoCarry, NotZero, Positive, Zero};

const _: () = assert!(mode::COST == 8);

/// Error and steps of every input.
pub fn inputs(code: &mut Assembler, has_cost: bool) {
    clear(code, INPUT);
    code.load(FIRST_COEFFICIENT);
    code.store(COEFFICIENTS);
    code.load(CASE);
    code.multiply(INPUT_WORDS);
    code.input(PRODUCT_LOW);
    code.add(TARGETS);
    code.store(TARGET);
    code.label("add an input");
    error(code, has_cost);
    steps(code);
    code.load(SLOT_WORDS);
    code.add_to(COEFFICIENTS);
    code.load(ONE);
    code.add_to(TARGET);
    next_input(code, "add an input");
}

/// Mean of the window minus the target, weighted; the loss. Then the factor of the responses: that error, or for a
/// cost, whose slopes they are already, the weight.
fn error(code: &mut Assembler, has_cost: bool) {
    code.load(INPUT);
    code.output(output::ITEM);
    code.load(TARGET);
    code.output(output::PLACE);
    code.input(input::SUM_FIRST);
    code.add_input(input::SUM_SECOND);
    code.store(SUM);
    code.input(input::SUM_FIRST + 1);
    code.add_carry_input(input::SUM_SECOND + 1);
    code.store(SUM + 1);
    code.sign();
    code.store(SUM + 2);
    code.input(input::WINDOW);
    code.call("shift");
    // The difference, cut to 16 bits.
    code.input(input::TABLE);
    code.store(SCRATCH);
    code.sign();
    code.store(OTHER);
    code.load(SUM);
    code.subtract(SCRATCH);
    code.store(SUM);
    code.load(SUM + 1);
    code.subtract_borrow(OTHER);
    code.store(SUM + 1);
    code.call("cut to 16");
    code.store(DIFFERENCE);
    // A one-sided target forgives the other side: bit 31 what is below it, bit 30 what is not.
    code.input(input::TABLE + 1);
    code.jump(Positive, "below counts");
    code.load(DIFFERENCE);
    code.jump(Positive, "below counts");
    clear(code, DIFFERENCE);
    code.label("below counts");
    code.input(input::TABLE + 1);
    code.add_input(input::TABLE + 1);
    code.jump(Positive, "above counts");
    code.load(DIFFERENCE);
    code.jump(Negative, "above counts");
    clear(code, DIFFERENCE);
    code.label("above counts");
    // Weighted: the product less 13 bits.
    code.input(input::TABLE + 1);
    code.and(WEIGHT_BITS);
    code.store(SCRATCH);
    wide_product(code, SCRATCH, DIFFERENCE, SUM);
    code.load(THIRTEEN);
    code.call("shift");
    code.call("cut to 16");
    code.store(WEIGHTED);
    // Loss: weighted error times error, less 5 bits; never negative.
    product(code, WEIGHTED, DIFFERENCE, SUM);
    clear(code, SUM + 2);
    code.load(FIVE);
    code.call("shift");
    code.load(SUM);
    code.add_to(LOSS);
    code.load(SUM + 1);
    add_loss(code, "loss fits");
    if has_cost {
        code.input(input::MODE);
        code.and(EIGHT);
        code.jump(Zero, "error counts");
        code.input(input::TABLE + 1);
        code.and(WEIGHT_BITS);
        code.store(WEIGHTED);
        code.label("error counts");
    }
}

/// The loss's upper word, and the carry, added; saturated.
pub fn add_loss(code: &mut Assembler, fits: &'static str) {
    code.add_carry_to(LOSS + 1);
    code.jump(NoCarry, fits);
    code.load(MINUS_ONE);
    code.store(LOSS);
    code.store(LOSS + 1);
    code.label(fits);
}

/// Adds every driving slot's response times the error to its step.
fn steps(code: &mut Assembler) {
    clear(code, ITEM);
    code.label("add a slot");
    code.load(ITEM);
    code.add(INPUT);
    code.output(output::ITEM);
    code.load(ITEM);
    code.add(COEFFICIENTS);
    code.output(output::PLACE);
    drives(code, "added");
    code.input(input::TABLE);
    code.store(FACTOR);
    code.input(input::TABLE + 1);
    code.store(FACTOR + 1);
    // I times its coefficient.
    quotient(code, input::IN_PHASE);
    wide_product(code, HIGH, FACTOR, UPPER);
    wide_product(code, LOW, FACTOR, LOWER);
    // Q times its coefficient, added.
    quotient(code, input::QUADRATURE);
    add_product(code, HIGH, FACTOR + 1, UPPER);
    add_product(code, LOW, FACTOR + 1, LOWER);
    code.call("join");
    code.load(GRADIENT_SHIFT);
    code.call("shift");
    // Cut to 31 bits: 2^30 more is positive and below 2^31.
    code.load(SUM + 1);
    code.add(QUARTER);
    code.store(SCRATCH);
    code.load(SUM + 2);
    code.add_carry(ZERO);
    code.jump(NotZero, "response is cut");
    code.load(SCRATCH);
    code.jump(Positive, "response fits");
    code.label("response is cut");
    code.load(ONE);
    code.output(output::CUT);
    code.load(SUM + 2);
    code.jump(Negative, "response is low");
    code.load(MINUS_ONE);
    code.store(SUM);
    code.load(WEIGHT_BITS);
    code.store(SUM + 1);
    code.jump(Always, "response fits");
    code.label("response is low");
    clear(code, SUM);
    code.load(LEAST_QUARTER);
    code.store(SUM + 1);
    code.label("response fits");
    // Times the weighted error.
    code.call("split");
    wide_product(code, HIGH, WEIGHTED, UPPER);
    wide_product(code, LOW, WEIGHTED, LOWER);
    code.call("join");
    code.load(STEP_SHIFT);
    code.call("shift");
    code.call("cut to 32");
    // Added to the slot's step.
    code.load(STEPS);
    code.add(ITEM);
    code.output(output::PLACE);
    code.load(SUM + 1);
    code.sign();
    code.store(SUM + 2);
    code.load(SUM);
    code.add_input(input::TABLE);
    code.store(SUM);
    code.load(SUM + 1);
    code.add_carry_input(input::TABLE + 1);
    code.store(SUM + 1);
    code.input(input::TABLE + 1);
    code.sign();
    code.add_carry_to(SUM + 2);
    code.call("cut to 32");
    write_sum(code);
    code.label("added");
    next_slot(code, "add a slot");
}

/// Every driving slot's control minus its step, within the control's limits; steps to zero.
pub fn apply(code: &mut Assembler) {
    // What is cut here is no one's concern: limits follow.
    code.input(input::CUT);
    code.store(WAS_CUT);
    clear(code, ITEM);
    code.label("apply a slot");
    code.load(ITEM);
    code.output(output::ITEM);
    code.add(STEPS);
    code.output(output::PLACE);
    drives(code, "applied");
    code.input(input::TABLE);
    code.store(SUM);
    code.input(input::TABLE + 1);
    code.store(SUM + 1);
    code.sign();
    code.store(SUM + 2);
    code.input(input::OUTPUT);
    code.add(CONTROLS);
    code.store(CONTROL_PLACE);
    code.output(output::PLACE);
    code.input(input::TABLE);
    code.subtract(SUM);
    code.store(SUM);
    code.input(input::TABLE + 1);
    code.subtract_borrow(SUM + 1);
    code.store(SUM + 1);
    code.input(input::TABLE + 1);
    code.sign();
    code.subtract_borrow(SUM + 2);
    code.store(SUM + 2);
    code.call("cut to 32");
    // Limits are codes; with the top bit turned, signed codes are in unsigned order.
    code.input(input::OUTPUT);
    code.add(LIMITS);
    code.output(output::PLACE);
    code.input(input::TABLE);
    code.add(TOP_BIT);
    code.store(OTHER);
    code.load(SUM + 1);
    code.add(TOP_BIT);
    code.store(SCRATCH);
    code.subtract(OTHER);
    code.jump(Carry, "not below");
    code.input(input::TABLE);
    code.jump(Always, "at a limit");
    code.label("not below");
    code.input(input::TABLE + 1);
    code.add(TOP_BIT);
    code.subtract(SCRATCH);
    code.jump(NoCarry, "above");
    code.jump(NotZero, "within");
    code.load(SUM);
    code.jump(Zero, "within");
    code.label("above");
    code.input(input::TABLE + 1);
    code.label("at a limit");
    code.store(SUM + 1);
    clear(code, SUM);
    code.label("within");
    code.load(CONTROL_PLACE);
    code.output(output::PLACE);
    write_sum(code);
    code.label("applied");
    code.load(STEPS);
    code.add(ITEM);
    code.output(output::PLACE);
    write_zero(code);
    next_slot(code, "apply a slot");
    code.load(WAS_CUT);
    code.output(output::CUT);
}

/// Jumps to `otherwise` if the slot of this routing word drives no output.
fn drives(code: &mut Assembler, otherwise: &'static str) {
    code.input(input::ROUTE);
    code.add_input(input::ROUTE);
    code.jump(Positive, otherwise);
}

/// The next input at `label`, or continue.
pub fn next_input(code: &mut Assembler, label: &'static str) {
    code.load(BYTE);
    code.add_to(INPUT);
    code.load(INPUTS);
    code.subtract(INPUT);
    code.jump(NotZero, label);
}

/// The next slot at `label`, or continue.
pub fn next_slot(code: &mut Assembler, label: &'static str) {
    code.load(ONE);
    code.add_to(ITEM);
    code.input(input::SLOTS_USED);
    code.subtract(ITEM);
    code.jump(NotZero, label);
}

/// The table's word = lower 32 bits of the sum.
pub fn write_sum(code: &mut Assembler) {
    code.load(SUM + 1);
    code.output(output::HIGH);
    code.load(SUM);
    code.output(output::TABLE);
}

/// The table's word = 0.
pub fn write_zero(code: &mut Assembler) {
    code.load(ZERO);
    code.output(output::HIGH);
    code.output(output::TABLE);
}
