//! Copies between the rows of the parameter table, and from it to the modulator's targets.

use super::memory::*;
use super::{clear, input, output};
use crate::microcontroller::{Assembler, Condition, Place, PRODUCT_LOW};
use Condition::{NoCarry, NotZero};

/// Row = row at the place `from` to row at the place `into`.
pub fn copy(code: &mut Assembler, from: Place, into: Place) {
    code.load(from);
    code.store(FROM);
    code.load(into);
    code.store(INTO);
    code.call("copy a row");
}

/// The accumulator = first word of row `number` of the rows at `base`.
pub fn row(code: &mut Assembler, number: Place, base: Place) {
    code.load(number);
    code.multiply(ROW_WORDS);
    code.input(PRODUCT_LOW);
    code.add(base);
}

/// Jumps to `label` with the next output.
fn next_output(code: &mut Assembler, label: &'static str) {
    code.load(ONE);
    code.add_to(ITEM);
    code.subtract(OUTPUTS);
    code.jump(NotZero, label);
    code.back();
}

/// Initial controls are codes; controls are Q16.16.
pub fn load_start(code: &mut Assembler) {
    code.label("load start");
    row(code, START, START_CONTROLS);
    code.store(FROM);
    clear(code, ITEM);
    code.label("load a control");
    code.load(ITEM);
    code.add(FROM);
    code.output(output::PLACE);
    code.input(input::TABLE);
    code.output(output::HIGH);
    code.load(ITEM);
    code.add(CONTROLS);
    code.output(output::PLACE);
    code.load(ZERO);
    code.output(output::TABLE);
    next_output(code, "load a control");
}

/// Target of the cost: that of the case.
pub fn cost_target(code: &mut Assembler) {
    code.load(CASE);
    code.add(TARGETS);
    code.output(output::PLACE);
    code.input(input::TABLE + 1);
    code.output(output::HIGH);
    code.input(input::TABLE);
    code.output(output::COST);
}

/// Targets of the outputs: the case's codes for inputs, else the controls; and the target of the cost.
fn load_case(code: &mut Assembler, has_cost: bool, mask_words: u8) {
    code.label("load case");
    if has_cost {
        cost_target(code);
    }
    row(code, CASE, CASE_INPUTS);
    code.store(FROM);
    for word in 0..mask_words {
        code.load(INPUT_MASK + word);
        code.store(MASK + word);
    }
    clear(code, ITEM);
    code.label("load a target");
    code.load(ITEM);
    code.output(output::ITEM);
    for word in (0..mask_words).rev() {
        code.shift_in_place(MASK + word);
    }
    code.jump(NoCarry, "load a held control");
    code.load(ITEM);
    code.add(FROM);
    code.output(output::PLACE);
    code.input(input::TABLE);
    code.output(output::HIGH);
    code.load(ZERO);
    code.output(output::TARGET);
    next_output(code, "load a target");
    code.label("load a held control");
    code.load(ITEM);
    code.add(CONTROLS);
    code.output(output::PLACE);
    code.input(input::TABLE + 1);
    code.output(output::HIGH);
    code.input(input::TABLE);
    code.output(output::TARGET);
    next_output(code, "load a target");
}

fn copy_row(code: &mut Assembler) {
    code.label("copy a row");
    clear(code, ITEM);
    code.label("copy a word");
    code.load(ITEM);
    code.add(FROM);
    code.output(output::PLACE);
    code.input(input::TABLE + 1);
    code.output(output::HIGH);
    code.input(input::TABLE);
    code.store(SCRATCH);
    code.load(ITEM);
    code.add(INTO);
    code.output(output::PLACE);
    code.load(SCRATCH);
    code.output(output::TABLE);
    next_output(code, "copy a word");
}

/// The subroutines.
pub fn parts(code: &mut Assembler, has_cost: bool, mask_words: u8) {
    load_start(code);
    load_case(code, has_cost, mask_words);
    copy_row(code);
}
