//! The work after a window with the update in hardware: what the records tell is kept, the next case is made ready, and then they are told. Within an epoch the next
//! case waits for its values alone, after its last for the update.

use super::epochs::standalone;
use super::memory::*;
use super::records::{self, Told};
use super::{clear, input, output, rows, update};
use crate::microcontroller::{Assembler, Condition, Place, PRODUCT_LOW};
use crate::update::task;
use Condition::{Always, NotZero, Zero};

/// The constant of a task.
fn constant(task: u8) -> Place {
    match task {
        task::ADD => ZERO,
        task::APPLY => ONE,
        task::KEEP => TWO,
        task::KEEP_BEST => THREE,
        task::TARGETS => FOUR,
        task::START => FIVE,
        task::BEST => EIGHT,
        _ => THIRTEEN,
    }
}

/// A task from its beginning to its end; the accumulator is not zero if something saturated.
pub fn begin(code: &mut Assembler, task: u8) {
    code.load(constant(task));
    code.output(output::UPDATE_TASK);
    code.input(input::UPDATED);
}

/// Shifts and input mask of the run.
pub fn settings(code: &mut Assembler, mask_words: u8) {
    code.load(STEP_SHIFT);
    code.multiply(BYTE);
    code.input(PRODUCT_LOW);
    code.add(GRADIENT_SHIFT);
    code.output(output::UPDATE_SHIFTS);
    for word in (0..mask_words).rev() {
        code.load(INPUT_MASK + word);
        code.output(output::UPDATE_MASK);
    }
}

/// What the window's record tells, before it changes.
pub fn keep(code: &mut Assembler) {
    code.input(input::FLAGS);
    code.store(TOLD_FLAGS);
    code.output(output::RECORDED);
    records::sample_clock(code, TOLD_CLOCK);
    code.store(TOLD_CLOCK + 1);
    for (from, into) in [(CASE, TOLD_CASE), (EPOCH, TOLD_EPOCH), (START, TOLD_START)] {
        code.load(from);
        code.store(into);
    }
    clear(code, TELLS_EPOCH);
}

/// Within an epoch the next case is made ready before the steps are added.
pub fn hasten(code: &mut Assembler) {
    code.load(CASE);
    code.add(ONE);
    code.subtract(CASES);
    code.jump(Zero, "last case");
    code.load(ONE);
    code.add_to(CASE);
    code.call("load case");
    code.output(output::RELEASE);
    standalone(code);
    code.jump(Zero, "tell");
    code.load(LAST_PASS);
    code.jump(NotZero, "tell");
    add(code, ["nothing was cut early", "loss fits early"]);
    code.jump(Always, "tell");
    code.label("last case");
}

/// Loss and steps of the case; the labels are used within.
pub fn add(code: &mut Assembler, [sound, fits]: [&'static str; 2]) {
    code.load(TOLD_CASE);
    code.multiply(INPUT_WORDS);
    code.input(PRODUCT_LOW);
    code.add(TARGETS);
    code.output(output::UPDATE_PLACE);
    begin(code, task::ADD);
    code.jump(Zero, sound);
    code.load(ONE);
    code.output(output::CUT);
    code.label(sound);
    code.input(input::CASE_LOSS);
    code.add_to(LOSS);
    code.input(input::CASE_LOSS + 1);
    update::add_loss(code, fits);
}

/// What the epoch's record tells; the controls are not known to be the best.
pub fn keep_epoch(code: &mut Assembler) {
    code.load(ONE);
    code.store(TELLS_EPOCH);
    code.load(TWO);
    code.store(KEEPS);
    for word in 0..2 {
        code.load(LOSS + word);
        code.store(TOLD_LOSS + word);
    }
}

/// Keeps the controls and applies the steps.
pub fn apply(code: &mut Assembler) {
    code.load(KEEPS);
    code.output(output::UPDATE_TASK);
    code.input(input::UPDATED);
    begin(code, task::APPLY);
}

/// The next case is ready: the window is told, and an epoch that it ended.
pub fn tell(code: &mut Assembler) {
    code.output(output::RELEASE);
    code.label("tell");
    records::window(code, &Told::KEPT);
    code.load(TELLS_EPOCH);
    code.jump(Zero, "all is told");
    records::epoch(code, &Told::KEPT);
    code.label("all is told");
}

/// The subroutines.
pub fn parts(code: &mut Assembler, has_cost: bool) {
    code.label("load start");
    rows::row(code, START, START_CONTROLS);
    code.output(output::UPDATE_PLACE);
    begin(code, task::START);
    code.back();
    code.label("load case");
    if has_cost {
        rows::cost_target(code);
    }
    rows::row(code, CASE, CASE_INPUTS);
    code.output(output::UPDATE_PLACE);
    begin(code, task::TARGETS);
    code.load(CASES);
    code.add(MINUS_ONE);
    code.subtract(CASE);
    code.output(output::CASES_LEFT);
    code.back();
}
