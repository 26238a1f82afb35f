//! Update in hardware: loss of a case, steps of its slots, new controls, and copies of rows, for the post-processor.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `reset` | in, 1 | synchronous reset of the control registers |
//! | `start`, `data` | in, 1 + 16 | begins the [`task`] in bits 3..0; only while not `busy` |
//! | `place_write`, `shifts_write`, `mask_write` | in, 1 | `data` is the task's first word in the table; the shifts of gradient and step in bits 4..0 and 12..8; the next 16 bits of the input mask, highest first |
//! | `busy` | out, 1 | from the clock after `start` to the end of the task |
//! | `is_cut`, `loss` | out, 1 + 32 | of the last case: something saturated; its loss, summed over the inputs |
//! | `window_log2`, `slots_used`, `costs` | in, 5 + 9 + 1 | settings, held |
//! | `read_slot`, `read_input`, `engine_word`, `engine_data` | out 8 + 3 + 5, in 16 | a word of the slot scan, see `engine::word`, in the clock of its request, two clocks after slot and input |
//! | `read_address`, `read_data` | out 12, in 32 | the parameter table, a clock later |
//! | `write`, `write_address`, `write_data` | out, 1 + 12 + 32 | the same |
//! | `target_write`, `target_index`, `target_data`, `target_ready` | | the modulator; a write is held until it is ready |
//! | `kept_place`, `kept` | in 6, out 32 | a control as [`task::KEEP`] found it, a clock later |
//!
//! The arithmetic is that of [`crate::post_processor`], bit by bit, with one multiplier and one shift register. A task goes over its items in
//! rounds of twelve clocks, in which the words of one item are read while those of the item before are multiplied:
//!
//! | clock of the item | |
//! |---|---|
//! | 2 to 7 | six words of I and Q |
//! | 5, 8 | I, Q enter the shift by `window` |
//! | 7, 8, 10, 11 | upper 16 and lower 15 bits of I, then of Q, times the coefficients |
//! | 9, 10, 12, 13 | their sum |
//! | 14, 21 | response, step enter their shifts |
//! | 17, 18 | upper and lower part of the response times the error |
//! | 25 | the new step is written |
//!
//! Clocks: 32 and 12 a slot for each input of a case; 12 a slot to apply the steps; 5 an output for a row, and those that the modulator waits.
//!
//! Widths: |I| and |Q| over the window are below 2^30, times a coefficient of 16 bits twice below 2^46; the response has 31 bits, times
//! an error of 16 below 2^46. Differences and sums of controls and steps wrap at 32 bits and are saturated by their signs.

mod bounds;
mod kernel;

use crate::gated::Inputs;
use crate::leaf::{Fixed, Multiplier, Ram, Scaler, DFF};
use bounds::Bounds;
use hge_protocol::table::TableLayout;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// Tasks, as `start` takes them.
pub mod task {
    /// Loss and steps of a case, whose first target is at the place.
    pub const ADD: u8 = 0;
    /// Every driving slot's control less its step, within the control's limits; steps to zero.
    pub const APPLY: u8 = 1;
    /// Keeps a copy of the controls.
    pub const KEEP: u8 = 2;
    /// The same, also in the row of the best.
    pub const KEEP_BEST: u8 = 3;
    /// Targets of the outputs: for inputs the codes of the row at the place, else the controls.
    pub const TARGETS: u8 = 4;
    /// Controls from the codes of the row at the place.
    pub const START: u8 = 5;
    /// The row of the best from the kept controls.
    pub const KEPT_BEST: u8 = 6;
    /// Controls from the row of the best.
    pub const BEST: u8 = 8;
    /// Steps to zero.
    pub const CLEAR: u8 = 13;
}

/// What is done in a round.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Round {
    Idle,
    /// The error of an input; its weight and loss.
    Error,
    Weight,
    Steps,
    Apply,
    Row,
}

/// Loss, steps and controls.
#[derive(LogicBlock, Inputs, Default)]
pub struct Update {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// Begins a task.
    pub start: Signal<In, Bit>,
    /// The task, or a word of those below.
    pub data: Signal<In, Bits<16>>,
    /// Sets the task's first word in the table.
    pub place_write: Signal<In, Bit>,
    /// Sets both shifts.
    pub shifts_write: Signal<In, Bit>,
    /// Sets the next 16 bits of the input mask.
    pub mask_write: Signal<In, Bit>,
    /// A task is in progress.
    pub busy: Signal<Out, Bit>,
    /// Something saturated in the last case.
    pub is_cut: Signal<Out, Bit>,
    /// Loss of the last case.
    pub loss: Signal<Out, Bits<32>>,
    /// Logarithm of the window's samples.
    pub window_log2: Signal<In, Bits<5>>,
    /// Slots in use.
    pub slots_used: Signal<In, Bits<9>>,
    /// The lock-in demodulates the cost.
    pub costs: Signal<In, Bit>,
    /// Slot to read.
    pub read_slot: Signal<Out, Bits<8>>,
    /// Input to read.
    pub read_input: Signal<Out, Bits<3>>,
    /// Word to read.
    pub engine_word: Signal<Out, Bits<5>>,
    /// The word.
    pub engine_data: Signal<In, Bits<16>>,
    /// Word of the table to read.
    pub read_address: Signal<Out, Bits<12>>,
    /// The word.
    pub read_data: Signal<In, Bits<32>>,
    /// Writes the table.
    pub write: Signal<Out, Bit>,
    /// Address of the write.
    pub write_address: Signal<Out, Bits<12>>,
    /// Data of the write.
    pub write_data: Signal<Out, Bits<32>>,
    /// Writes a target.
    pub target_write: Signal<Out, Bit>,
    /// Output of the target.
    pub target_index: Signal<Out, Bits<6>>,
    /// The target.
    pub target_data: Signal<Out, Bits<32>>,
    /// Accepted in this clock.
    pub target_ready: Signal<In, Bit>,
    /// Output whose kept control is read.
    pub kept_place: Signal<In, Bits<6>>,
    /// The kept control.
    pub kept: Signal<Out, Bits<32>>,
    bounds: Bounds,
    scaler: Scaler,
    multiply: Multiplier,
    /// Controls as they were kept.
    kept_row: Ram<32, 6>,
    round: DFF<Round>,
    /// Clock of the round.
    phase: DFF<Bits<4>>,
    errand: DFF<Bits<4>>,
    /// Slot or output, and input.
    item: DFF<Bits<9>>,
    channel: DFF<Bits<3>>,
    /// The item is a slot in use; and was in the round before.
    runs: DFF<Bit>,
    ran: DFF<Bit>,
    /// Slots of the round before, and before that, if they drive an output.
    slot_1: DFF<Bits<8>>,
    slot_2: DFF<Bits<8>>,
    drives_1: DFF<Bit>,
    drives_2: DFF<Bit>,
    place: DFF<Bits<12>>,
    gradient_shift: DFF<Bits<5>>,
    step_shift: DFF<Bits<5>>,
    /// The input mask, and what is left of it.
    mask: DFF<Bits<32>>,
    mask_high: DFF<Bits<32>>,
    left: DFF<Bits<32>>,
    left_high: DFF<Bits<32>>,
    /// First coefficient of the input.
    coefficients: DFF<Bits<12>>,
    address: DFF<Bits<12>>,
    /// Words of the table.
    one: DFF<Bits<32>>,
    other: DFF<Bits<32>>,
    /// Upper half of the slot's routing word.
    route: DFF<Bits<16>>,
    /// Lower 15 bits of the clock before.
    low: DFF<Bits<15>>,
    difference: DFF<Signed<18>>,
    error: DFF<Signed<16>>,
    weighted: DFF<Signed<16>>,
    /// What responses are multiplied with.
    factor: DFF<Signed<16>>,
    response: DFF<Bits<32>>,
    addition: DFF<Bits<32>>,
    total: DFF<Bits<32>>,
    cut: DFF<Bit>,
    losses: DFF<Bits<32>>,
    last_input: Fixed<Bits<3>>,
    last_output: Fixed<Bits<9>>,
    row_mask: Fixed<Bits<6>>,
    slot_words: Fixed<Bits<12>>,
    first_coefficient: Fixed<Bits<12>>,
    steps: Fixed<Bits<12>>,
    controls: Fixed<Bits<12>>,
    best: Fixed<Bits<12>>,
    limits: Fixed<Bits<12>>,
    next_item: Signal<Local, Bits<9>>,
    item_place: Signal<Local, Bits<12>>,
    input_place: Signal<Local, Bits<12>>,
    driven: Signal<Local, Bits<6>>,
    output_place: Signal<Local, Bits<12>>,
    step_place: Signal<Local, Bits<12>>,
    row: Signal<Local, Bits<12>>,
    is_input: Signal<Local, Bit>,
    raised: Signal<Local, Bits<32>>,
    word: Signal<Local, Bits<32>>,
    factor_i: Signal<Local, Signed<16>>,
    factor_q: Signal<Local, Signed<16>>,
    weight_bits: Signal<Local, Bits<16>>,
    weight: Signal<Local, Signed<16>>,
    high_part: Signal<Local, Signed<16>>,
    low_part: Signal<Local, Signed<16>>,
    response_high: Signal<Local, Signed<16>>,
    response_low: Signal<Local, Signed<16>>,
    mean: Signal<Local, Signed<18>>,
    target: Signal<Local, Signed<18>>,
    product: Signal<Local, Bits<32>>,
    cost: Signal<Local, Bits<32>>,
    most: Signal<Local, Bits<32>>,
    sum: Signal<Local, Bits<32>>,
    low_word: Signal<Local, Bits<32>>,
    high_word: Signal<Local, Bits<32>>,
    half: Signal<Local, Bits<32>>,
    mask_word: Signal<Local, Bits<32>>,
    low_bits: Signal<Local, Bits<16>>,
    response_bits: Signal<Local, Bits<16>>,
    first_sign: Signal<Local, Bit>,
    second_sign: Signal<Local, Bit>,
    overflows: Signal<Local, Bit>,
    slot_1_place: Signal<Local, Bits<12>>,
}

impl Update {
    /// For the table of `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        let layout = TableLayout::of(parameters);
        let place = |place: u32| Fixed::new(Bits::from(u64::from(place)));
        Self {
            kept_row: Ram::new(layout.row_words as usize),
            last_input: Fixed::new(Bits::from(u64::from(parameters.inputs - 1))),
            last_output: Fixed::new(Bits::from(u64::from(parameters.outputs - 1))),
            row_mask: Fixed::new(Bits::from(u64::from(layout.row_words - 1))),
            slot_words: place(layout.slot_words),
            first_coefficient: place(layout.coefficients),
            steps: place(layout.steps),
            controls: place(layout.controls),
            best: place(layout.best),
            limits: place(layout.control_limits),
            ..Default::default()
        }
    }
}
