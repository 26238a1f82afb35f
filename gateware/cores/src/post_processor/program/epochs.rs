//! Work after a window: the next case, epoch, start; the end.

use super::memory::*;
use super::{clear, hardware, input, job, output, records, rows, update};
use crate::microcontroller::{Assembler, Condition, Place};
use crate::update::task;
use hge_protocol::registers::mode;
use hge_protocol::Update;
use records::RecordSource;
use Condition::{Always, Carry, NoCarry, NotZero, Zero};

const _: () = assert!(mode::STANDALONE == 2);

/// Counters and steps to zero, the first values.
pub fn run(code: &mut Assembler, mask_words: u8, form: Update) {
    code.label(job::RUN);
    settings(code, mask_words);
    for word in 0..2 {
        code.input(input::BEGAN + word);
        code.store(BEGAN + word);
    }
    code.load(MINUS_ONE);
    code.store(BEST_LOSS);
    code.store(BEST_LOSS + 1);
    code.load(ZERO);
    code.output(output::CUT);
    code.output(output::LAST_PASS);
    for word in [CASE, EPOCH, START, LOSS, LOSS + 1, BEST_START, LAST_PASS, ITEM] {
        code.store(word);
    }
    if !form.is_hardware() {
        code.label("clear a step");
        code.load(STEPS);
        code.add(ITEM);
        code.output(output::PLACE);
        update::write_zero(code);
        update::next_slot(code, "clear a step");
    } else {
        hardware::begin(code, task::CLEAR);
        hardware::settings(code, mask_words);
        hardware::mode(code);
        standalone(code);
        code.jump(NotZero, "first start");
        code.load(CONTINUOUS);
        code.jump(Zero, "first values");
        hardware::last_row(code);
        code.label("first start");
        code.call("load start");
        code.label("first values");
        code.call("load case");
        hardware::begin(code, task::KEEP);
        code.call("look ahead");
        code.halt();
        return;
    }
    standalone(code);
    code.jump(Zero, "next values");
    code.call("load start");
    code.jump(Always, "next values");
}

/// The settings of the run.
fn settings(code: &mut Assembler, mask_words: u8) {
    let one_word = [CASES, EPOCHS, STARTS, GRADIENT_SHIFT, STEP_SHIFT];
    for (address, word) in (SETTINGS..).zip(one_word) {
        setting(code, address, word);
    }
    let masks = (INPUT_MASK..INPUT_MASK + mask_words).step_by(2);
    for (address, word) in (SETTINGS + 5..).zip(std::iter::once(LOSS_STOP).chain(masks)) {
        setting(code, address, word);
        code.input(input::SETTING + 1);
        code.store(word + 1);
    }
    confine(code, CASES, MOST_CASES, ["some cases", "cases fit"]);
    confine_starts(code, ["some starts", "starts fit"]);
}

/// Rows of initial controls in use.
pub fn confine_starts(code: &mut Assembler, labels: [&'static str; 2]) {
    confine(code, STARTS, MOST_STARTS, labels);
}

pub fn setting(code: &mut Assembler, address: Place, word: Place) {
    code.load(address);
    code.output(output::PLACE);
    code.input(input::SETTING);
    code.store(word);
}

/// From 1 to `most`, to keep the program within its tables.
fn confine(code: &mut Assembler, word: Place, most: Place, labels: [&'static str; 2]) {
    code.load(word);
    code.jump(NotZero, labels[0]);
    code.load(ONE);
    code.store(word);
    code.label(labels[0]);
    code.load(most);
    code.subtract(word);
    code.jump(Carry, labels[1]);
    code.load(most);
    code.store(word);
    code.label(labels[1]);
}

/// The accumulator is not zero with the standalone update.
pub fn standalone(code: &mut Assembler) {
    code.input(input::MODE);
    code.and(TWO);
}

/// Carry: this was the last epoch.
pub fn next_epoch(code: &mut Assembler) {
    code.load(ONE);
    code.add_to(EPOCH);
    code.subtract(EPOCHS);
}

/// Carry: the least loss is low enough to end the run.
pub fn reached(code: &mut Assembler) {
    code.load(LOSS_STOP);
    code.subtract(BEST_LOSS);
    code.load(LOSS_STOP + 1);
    code.subtract_borrow(BEST_LOSS + 1);
}

/// Record, update, the next case.
pub fn window(code: &mut Assembler, has_cost: bool, form: Update) {
    code.label(job::WINDOW);
    if form.is_hardware() {
        hardware::keep(code);
        hardware::flow(code);
        hardware::hasten(code);
    } else {
        records::window(code, &RecordSource::PRESENT);
    }
    standalone(code);
    code.jump(Zero, "next case");
    code.load(LAST_PASS);
    code.jump(NotZero, "next case");
    if form.is_hardware() {
        hardware::add(code, ["nothing was cut", "loss fits"]);
    } else {
        update::inputs(code, has_cost);
    }
    code.label("next case");
    code.load(ONE);
    code.add_to(CASE);
    code.load(CASES);
    code.subtract(CASE);
    code.jump(NotZero, "next values");
    code.store(CASE);
    code.load(LAST_PASS);
    code.jump(Zero, "not the last");
    reached(code);
    code.load(ZERO);
    code.add_carry(ZERO);
    code.output(output::OVER);
    code.jump(Always, "next values");
    code.label("not the last");
    standalone(code);
    code.jump(NotZero, "end of epoch");
    // The host's loop: epochs pass until they are over.
    next_epoch(code);
    code.jump(NoCarry, "next values");
    code.load(ZERO);
    code.output(output::OVER);
    code.jump(Always, "next values");
    end_of_epoch(code, form);
}

/// The epoch's loss is the least; else continues at `not the best`.
pub fn best_loss(code: &mut Assembler) {
    code.load(LOSS);
    code.subtract(BEST_LOSS);
    code.load(LOSS + 1);
    code.subtract_borrow(BEST_LOSS + 1);
    code.jump(Carry, "not the best");
    code.load(LOSS);
    code.store(BEST_LOSS);
    code.load(LOSS + 1);
    code.store(BEST_LOSS + 1);
    code.load(START);
    code.store(BEST_START);
}

/// Stores the best point, writes the epoch, applies the steps; the next start or the final pass.
fn end_of_epoch(code: &mut Assembler, form: Update) {
    code.label("end of epoch");
    if form.is_hardware() {
        code.call("rate");
        hardware::begin(code, task::APPLY);
    } else {
        best_loss(code);
        rows::copy(code, CONTROLS, BEST);
        code.label("not the best");
        records::epoch(code, &RecordSource::PRESENT);
        update::apply(code);
    }
    code.load(ZERO);
    code.store(LOSS);
    code.store(LOSS + 1);
    next_epoch(code);
    code.jump(NoCarry, "same start");
    clear(code, EPOCH);
    code.load(ONE);
    code.add_to(START);
    code.call("load start");
    code.load(STARTS);
    code.subtract(START);
    code.jump(Zero, "last pass");
    code.label("same start");
    reached(code);
    code.jump(NoCarry, "next values");
    code.label("last pass");
    code.load(ONE);
    code.store(LAST_PASS);
    code.output(output::LAST_PASS);
    if form.is_hardware() {
        hardware::begin(code, task::BEST);
    } else {
        rows::copy(code, BEST, CONTROLS);
    }
    code.label("next values");
    code.call("load case");
    if form.is_hardware() {
        hardware::send_records(code);
    }
    code.halt();
}
