//! The work after a window with the update in hardware: what the records contain is kept, the next case is made ready, and then they are sent. Within an epoch the next
//! case waits for its values alone, after its last for the update.

use super::epochs::{best_loss, confine_starts, next_epoch, reached, setting, standalone};
use super::memory::*;
use super::records::{self, RecordSource};
use super::{clear, input, output, rows, update};
use crate::microcontroller::{Assembler, Condition, Place, PRODUCT_LOW};
use crate::update::task;
use Condition::{Always, Carry, NotZero, Positive, Zero};

/// The constant of a task.
fn constant(task: u8) -> Place {
    match task {
        task::ADD => ZERO,
        task::APPLY => ONE,
        task::KEEP => TWO,
        task::KEEP_BEST => THREE,
        task::TARGETS => FOUR,
        task::START => FIVE,
        task::KEPT_BEST => SIX,
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

/// What the window's record contains, before it changes.
pub fn keep(code: &mut Assembler) {
    code.input(input::FLAGS);
    code.store(KEPT_FLAGS);
    code.output(output::RECORDED);
    records::sample_clock(code, KEPT_CLOCK);
    code.store(KEPT_CLOCK + 1);
    for (from, into) in [(CASE, KEPT_CASE), (EPOCH, KEPT_EPOCH), (START, KEPT_START)] {
        code.load(from);
        code.store(into);
    }
    clear(code, TELLS_EPOCH);
    code.store(APPLIES);
}

/// Continuous mode, if it is set and there is one case: an epoch's controls are kept already.
pub fn mode(code: &mut Assembler) {
    clear(code, CONTINUOUS);
    for (task, word) in [(TWO, KEEPS_ANY), (THREE, KEEPS_BEST)] {
        code.load(task);
        code.store(word);
    }
    code.load(GAP_PLACE);
    code.output(output::PLACE);
    code.input(input::SETTING + 1);
    code.jump(Positive, "in turn");
    code.load(CASES);
    code.subtract(ONE);
    code.jump(NotZero, "in turn");
    code.store(KEEPS_ANY);
    code.load(SIX);
    code.store(KEEPS_BEST);
    code.store(CONTINUOUS);
    code.label("in turn");
}

/// The start is the last row in use: the host's, in continuous mode.
pub fn last_row(code: &mut Assembler) {
    code.load(STARTS);
    code.subtract(ONE);
    code.store(START);
}

/// A window that another follows with tones on: that one takes the controls as the window before this one has left them, and the update follows;
/// or those of the host.
pub fn flow(code: &mut Assembler) {
    code.load(FLOWS);
    code.jump(Zero, "in order");
    standalone(code);
    code.jump(NotZero, "controls stand");
    setting(code, SETTINGS + 2, STARTS);
    confine_starts(code, ["some rows", "rows fit"]);
    last_row(code);
    code.call("load start");
    code.label("controls stand");
    code.call("load case");
    code.output(output::RELEASE);
    standalone(code);
    code.jump(Zero, "flows on");
    add(code, ["nothing was cut in the flow", "loss fits in the flow"]);
    code.call("rate");
    clear(code, LOSS);
    code.store(LOSS + 1);
    code.load(ONE);
    code.store(APPLIES);
    code.label("flows on");
    next_epoch(code);
    code.call("look ahead");
    code.jump(Always, "send");
    code.label("in order");
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
    code.jump(Zero, "send");
    code.load(LAST_PASS);
    code.jump(NotZero, "send");
    add(code, ["nothing was cut early", "loss fits early"]);
    code.jump(Always, "send");
    code.label("last case");
}

/// Loss and steps of the case; the labels are used within.
pub fn add(code: &mut Assembler, [sound, fits]: [&'static str; 2]) {
    code.load(KEPT_CASE);
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

/// The next case is ready: the window is told, and an epoch that it ended; in continuous mode the controls of the next window are kept, and then updated.
pub fn send_records(code: &mut Assembler) {
    code.output(output::RELEASE);
    code.call("look ahead");
    code.label("send");
    records::window(code, &RecordSource::KEPT);
    code.load(TELLS_EPOCH);
    code.jump(Zero, "all is sent");
    records::epoch(code, &RecordSource::KEPT);
    code.label("all is sent");
    code.load(CONTINUOUS);
    code.jump(Zero, "all is done");
    begin(code, task::KEEP);
    code.load(APPLIES);
    code.jump(Zero, "all is done");
    begin(code, task::APPLY);
    code.label("all is done");
}

/// What the epoch's record contains, the least loss, and the controls that go with them.
fn rate(code: &mut Assembler) {
    code.label("rate");
    code.load(ONE);
    code.store(TELLS_EPOCH);
    code.load(KEEPS_ANY);
    code.store(KEEPS);
    for word in 0..2 {
        code.load(LOSS + word);
        code.store(KEPT_LOSS + word);
    }
    best_loss(code);
    code.load(KEEPS_BEST);
    code.store(KEEPS);
    code.label("not the best");
    code.load(KEEPS);
    code.jump(Zero, "rated");
    code.output(output::UPDATE_TASK);
    code.input(input::UPDATED);
    code.label("rated");
    code.back();
}

/// Whether another window follows the one to come with tones on, by what is known before that is measured.
fn look_ahead(code: &mut Assembler) {
    code.label("look ahead");
    clear(code, FLOWS);
    code.load(CONTINUOUS);
    code.jump(Zero, "looked ahead");
    code.load(LAST_PASS);
    code.jump(NotZero, "looked ahead");
    code.load(EPOCH);
    code.add(ONE);
    code.subtract(EPOCHS);
    code.jump(Carry, "looked ahead");
    standalone(code);
    code.jump(Zero, "another follows");
    reached(code);
    code.jump(Carry, "looked ahead");
    code.label("another follows");
    code.load(BYTE);
    code.store(FLOWS);
    code.output(output::CASES_LEFT);
    code.label("looked ahead");
    code.back();
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
    rate(code);
    look_ahead(code);
}
