//! Frames into the ring, as `hge_protocol::frame` lays them out.

use super::memory::*;
use super::{clear, compact, input, job, output, update};
use crate::microcontroller::{Assembler, Condition, Place, PRODUCT_HIGH, PRODUCT_LOW};
use Condition::{Always, Carry, NotZero, Zero};

/// Begins a frame of the words in the accumulator; continues at `lost` if it does not fit.
fn begin(code: &mut Assembler, kind: Place, lost: &'static str) {
    code.store(LENGTH);
    code.output(output::BEGIN);
    header(code, kind, lost);
}

fn header(code: &mut Assembler, kind: Place, lost: &'static str) {
    code.input(input::ROOM);
    code.jump(Zero, lost);
    code.load(kind);
    code.store(KIND);
    code.call("header");
}

/// A word of the frame from an input of two words.
fn send_input(code: &mut Assembler, from: u8) {
    code.input(from + 1);
    code.output(output::HIGH);
    code.input(from);
    code.output(output::WORD);
}

/// A word of the frame from two words of the memory.
fn send(code: &mut Assembler, high: Place, low: Place) {
    code.load(high);
    code.output(output::HIGH);
    code.load(low);
    code.output(output::WORD);
}

/// The accumulator = start in bits 15..8.
fn start_byte(code: &mut Assembler, start: Place) {
    code.load(start);
    code.multiply(BYTE);
    code.input(PRODUCT_LOW);
}

/// Samples from the first of the run to the marked one: the lower word at `into`, the upper one in the accumulator.
pub fn sample_clock(code: &mut Assembler, into: Place) {
    code.input(input::MARKED);
    code.subtract(BEGAN);
    code.store(into);
    code.input(input::MARKED + 1);
    code.subtract_borrow(BEGAN + 1);
}

/// A word of the frame: that number of samples.
fn send_sample_clock(code: &mut Assembler) {
    sample_clock(code, SCRATCH);
    code.output(output::HIGH);
    code.load(SCRATCH);
    code.output(output::WORD);
}

/// Where the contents of the records of a window and of an epoch stand.
pub struct RecordSource {
    case: Place,
    epoch: Place,
    start: Place,
    loss: Place,
    is_kept: bool,
}

impl RecordSource {
    /// The present values.
    pub const PRESENT: RecordSource =
        RecordSource { case: CASE, epoch: EPOCH, start: START, loss: LOSS, is_kept: false };
    /// Those kept before the next window began.
    pub const KEPT: RecordSource = RecordSource {
        case: KEPT_CASE,
        epoch: KEPT_EPOCH,
        start: KEPT_START,
        loss: KEPT_LOSS,
        is_kept: true,
    };
}

/// One window, a frame for each input.
pub fn window(code: &mut Assembler, source: &RecordSource) {
    clear(code, INPUT);
    code.label("send an input");
    code.load(INPUT);
    code.output(output::ITEM);
    compact::is_wanted(code);
    code.jump(Zero, "whole sums");
    code.load(ONE);
    code.jump(Always, "length known");
    code.label("whole sums");
    code.input(input::SLOTS_USED);
    code.add_input(input::SLOTS_USED);
    code.label("length known");
    code.add_input(input::SLOTS_USED);
    code.add(EIGHT);
    code.store(LENGTH);
    code.load(source.case);
    code.add(INPUT);
    code.jump(Zero, "an epoch begins");
    code.load(LENGTH);
    code.output(output::BEGIN);
    code.jump(Always, "window begun");
    code.label("an epoch begins");
    code.load(LENGTH);
    code.output(output::BEGIN_EPOCH);
    code.label("window begun");
    header(code, ONE, "window sent");
    start_byte(code, source.start);
    code.add(source.case);
    code.output(output::HIGH);
    code.load(source.epoch);
    code.output(output::WORD);
    if source.is_kept {
        send(code, KEPT_CLOCK + 1, KEPT_CLOCK);
    } else {
        send_sample_clock(code);
    }
    code.input(input::SLOTS_USED);
    code.add(INPUT);
    code.add(INPUT);
    code.output(output::HIGH);
    if source.is_kept {
        code.load(KEPT_FLAGS);
    } else {
        code.input(input::FLAGS);
    }
    code.output(output::WORD);
    send_input(code, input::SUM_FIRST);
    send_input(code, input::SUM_SECOND);
    send_input(code, input::EXTREMES);
    compact::is_wanted(code);
    code.jump(Zero, "send sums");
    compact::slots(code);
    code.label("send sums");
    clear(code, ITEM);
    code.label("send a slot");
    code.load(ITEM);
    code.add(INPUT);
    code.output(output::ITEM);
    send_input(code, input::IN_PHASE);
    code.input(input::QUADRATURE);
    code.output(output::HIGH);
    code.input(input::IN_PHASE + 2);
    code.output(output::WORD);
    send_input(code, input::QUADRATURE + 1);
    update::next_slot(code, "send a slot");
    code.label("slots sent");
    code.output(output::COMMIT);
    code.label("window sent");
    update::next_input(code, "send an input");
    if !source.is_kept {
        code.output(output::RECORDED);
    }
}

/// One epoch of the standalone loop.
pub fn epoch(code: &mut Assembler, source: &RecordSource) {
    code.load(OUTPUTS);
    code.add(FIVE);
    begin(code, TWO, "epoch sent");
    start_byte(code, source.start);
    code.output(output::HIGH);
    code.load(source.epoch);
    code.output(output::WORD);
    send(code, source.loss + 1, source.loss);
    send(code, BEST_LOSS + 1, BEST_LOSS);
    clear(code, ITEM);
    code.label("send a control");
    code.load(ITEM);
    if source.is_kept {
        code.output(output::ITEM);
        send_input(code, input::KEPT);
    } else {
        code.add(CONTROLS);
        code.output(output::PLACE);
        send_input(code, input::TABLE);
    }
    code.load(ONE);
    code.add_to(ITEM);
    code.subtract(OUTPUTS);
    code.jump(NotZero, "send a control");
    code.output(output::COMMIT);
    code.label("epoch sent");
}

/// The end of a run.
pub fn end(code: &mut Assembler) {
    code.label(job::END);
    code.load(FIVE);
    begin(code, THREE, "end sent");
    start_byte(code, BEST_START);
    code.output(output::HIGH);
    code.input(input::REASON);
    code.output(output::WORD);
    send(code, BEST_LOSS + 1, BEST_LOSS);
    send_sample_clock(code);
    code.output(output::COMMIT);
    code.label("end sent");
    code.halt();
}

/// A trip.
pub fn event(code: &mut Assembler) {
    code.label(job::EVENT);
    code.output(output::EVENT_TAKEN);
    code.load(FOUR);
    begin(code, FOUR, "event sent");
    code.load(ZERO);
    code.output(output::HIGH);
    code.input(input::EVENT_CAUSE);
    code.output(output::WORD);
    send_input(code, input::EVENT_TIME);
    code.output(output::COMMIT);
    code.label("event sent");
    code.halt();
}

/// A block of ADC codes: its time, then pairs of codes; the last code may be unpaired.
pub fn block(code: &mut Assembler) {
    code.label(job::BLOCK);
    code.input(input::CODES);
    code.add(ONE);
    code.store(SCRATCH);
    code.shift(SCRATCH);
    code.and(BELOW_TOP);
    code.add(FOUR);
    begin(code, FIVE, "block sent");
    code.load(TIME_PLACE);
    code.add(ONE);
    code.output(output::ITEM);
    code.input(input::CODE);
    code.output(output::HIGH);
    code.load(TIME_PLACE);
    code.output(output::ITEM);
    code.input(input::CODE);
    code.output(output::WORD);
    code.input(input::DECIMATION);
    code.output(output::HIGH);
    code.input(input::CAPTURED);
    code.output(output::WORD);
    clear(code, ITEM);
    code.label("send a pair");
    code.load(ITEM);
    code.add(ONE);
    code.output(output::ITEM);
    code.store(SCRATCH);
    code.input(input::CODES);
    code.subtract(SCRATCH);
    code.jump(Zero, "alone");
    code.input(input::CODE);
    code.label("alone");
    code.output(output::HIGH);
    code.load(ITEM);
    code.output(output::ITEM);
    code.input(input::CODE);
    code.output(output::WORD);
    code.load(TWO);
    code.add_to(ITEM);
    code.input(input::CODES);
    code.subtract(ITEM);
    // Carry: no fewer codes than told; the last pair leaves zero of them, or one too few.
    code.jump(Zero, "block ends");
    code.jump(Carry, "send a pair");
    code.label("block ends");
    code.output(output::COMMIT);
    code.label("block sent");
    code.output(output::BLOCK_TAKEN);
    code.halt();
}

/// Header and number of a frame: words after the header in bits 31..8, the kind below.
pub fn parts(code: &mut Assembler) {
    code.label("header");
    code.load(LENGTH);
    code.add(MINUS_ONE);
    code.store(LENGTH);
    code.multiply(BYTE);
    code.input(PRODUCT_HIGH);
    code.output(output::HIGH);
    code.load(LENGTH);
    code.multiply(BYTE);
    code.input(PRODUCT_LOW);
    code.add(KIND);
    code.output(output::WORD);
    send_input(code, input::NUMBER);
    code.back();
}
