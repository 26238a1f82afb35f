//! The update logic: loss of a case, descent step of every slot, new controls.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `reset` | in, 1 | control registers return to their first state |
//! | `start`, `kind` | in, 1 + 2 | begins: 0 clear steps and flags, 1 add a case, 2 apply the steps |
//! | `clear_loss` | in, 1 | the loss begins at zero |
//! | `busy` | out, 1 | from the clock after `start` to the end |
//! | `case_number`, `slots_used`, `window_log2` | in, 6 + 9 + 5 | where in the run |
//! | `gradient_shift`, `step_shift` | in, 5 | right shifts of the two products |
//! | `sum_first`, `sum_second` | in, 32 signed | half-window sums |
//! | `read_slot`, `in_phase`, `quadrature`, `word` | out 8, in 48 + 48 + 32 | a slot's sums and routing word, a clock later |
//! | `read_address`, `read_data` | out 12, in 32 | the parameter table, a clock later |
//! | `write`, `write_address`, `write_data` | out, 1 + 12 + 32 | the parameter table |
//! | `loss`, `saturated` | out, 32 + 1 | loss of the epoch so far, in 32 squared codes; something was cut |
//!
//! A case: mean = (sum_first + sum_second) >> window; error = weight (mean - target), Q3.13 weight. A slot: response =
//! (I a + Q b) >> gradient_shift with I, Q the sums >> window, step += (response x error) >> step_shift.
//! At the end of an epoch: control = clip(control - step).
//!
//! Widths: I and Q over the window are below 2^30 (a full-scale square wave gives 0.64 x 2^30), so 31 bits, which go
//! through one 16 x 16 multiplier as a signed upper half and 15 lower bits; the response is cut to 31
//! bits and does the same. One shift a clock: about 30 + 2 window + gradient_shift + step_shift clocks a slot.

mod kernel;

use crate::leaf::{Fixed, Multiplier};
use hge_protocol::table::TableLayout;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    Idle,
    Clear,
    Target,
    Level,
    Shift,
    Error,
    Present,
    Wait,
    Add,
    Raise,
    Look,
    Test,
    KeepI,
    KeepQ,
    Response,
    Total,
    Sum,
    Next,
    ApplyLook,
    ApplyTest,
    ApplyControl,
    ApplyLimits,
    ApplyMove,
    ApplyClip,
    ApplyNext,
}

/// Loss, steps and controls.
#[derive(LogicBlock, Default)]
pub struct Update {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Control registers return to their first state.
    pub reset: Signal<In, Bit>,
    /// Begins.
    pub start: Signal<In, Bit>,
    /// 0 clear, 1 add a case, 2 apply.
    pub kind: Signal<In, Bits<2>>,
    /// The loss begins at zero.
    pub clear_loss: Signal<In, Bit>,
    /// It is at work.
    pub busy: Signal<Out, Bit>,
    /// Present case.
    pub case_number: Signal<In, Bits<6>>,
    /// Slots that take part.
    pub slots_used: Signal<In, Bits<9>>,
    /// Logarithm of the window's samples.
    pub window_log2: Signal<In, Bits<5>>,
    /// Right shift of the response.
    pub gradient_shift: Signal<In, Bits<5>>,
    /// Right shift of response times error.
    pub step_shift: Signal<In, Bits<5>>,
    /// Sum of the first half of the window.
    pub sum_first: Signal<In, Signed<32>>,
    /// Sum of the second half.
    pub sum_second: Signal<In, Signed<32>>,
    /// Slot whose sums and routing word are wanted.
    pub read_slot: Signal<Out, Bits<8>>,
    /// Its in-phase sum.
    pub in_phase: Signal<In, Bits<48>>,
    /// Its quadrature sum.
    pub quadrature: Signal<In, Bits<48>>,
    /// Its routing word.
    pub word: Signal<In, Bits<32>>,
    /// Word of the table that is wanted.
    pub read_address: Signal<Out, Bits<12>>,
    /// The word.
    pub read_data: Signal<In, Bits<32>>,
    /// Writes the table.
    pub write: Signal<Out, Bit>,
    /// Where.
    pub write_address: Signal<Out, Bits<12>>,
    /// What.
    pub write_data: Signal<Out, Bits<32>>,
    /// Loss of the epoch so far, in 32 squared codes.
    pub loss: Signal<Out, Bits<32>>,
    /// Something was cut since the last clear.
    pub saturated: Signal<Out, Bit>,
    multiply: Multiplier,
    state: DFF<Step>,
    /// Where to go on after shifting.
    after: DFF<Step>,
    /// Shifts still to do.
    left: DFF<Bits<5>>,
    /// Which product is being made.
    pair: DFF<Bits<3>>,
    slot: DFF<Bits<9>>,
    accumulator: DFF<Bits<48>>,
    value_i: DFF<Bits<31>>,
    value_q: DFF<Bits<31>>,
    gradient: DFF<Bits<31>>,
    coefficients: DFF<Bits<32>>,
    weight: DFF<Bits<14>>,
    difference: DFF<Signed<16>>,
    weighted: DFF<Signed<16>>,
    addition: DFF<Signed<32>>,
    control: DFF<Signed<32>>,
    moved: DFF<Signed<32>>,
    total_loss: DFF<Bits<32>>,
    was_cut: DFF<Bit>,
    case_targets: Fixed<Bits<12>>,
    coefficient_base: Fixed<Bits<12>>,
    step_base: Fixed<Bits<12>>,
    control_base: Fixed<Bits<12>>,
    limit_base: Fixed<Bits<12>>,
    row_mask: Fixed<Bits<5>>,
    zero_16: Fixed<Signed<16>>,
    zero_18: Fixed<Signed<18>>,
    zero_32: Fixed<Signed<32>>,
    zero_48: Fixed<Signed<48>>,
    largest_word: Fixed<Signed<32>>,
    largest_code: Fixed<Signed<16>>,
    slot_place: Signal<Local, Bits<12>>,
    case_place: Signal<Local, Bits<12>>,
    output_masked: Signal<Local, Bits<5>>,
    output_place: Signal<Local, Bits<12>>,
    wide_first: Signal<Local, Signed<48>>,
    wide_second: Signal<Local, Signed<48>>,
    level: Signal<Local, Signed<48>>,
    halved: Signal<Local, Bits<48>>,
    raised: Signal<Local, Bits<48>>,
    product: Signal<Local, Signed<32>>,
    product_wide: Signal<Local, Signed<48>>,
    product_bits: Signal<Local, Bits<48>>,
    square: Signal<Local, Bits<32>>,
    square_share: Signal<Local, Bits<33>>,
    loss_wide: Signal<Local, Bits<33>>,
    loss_sum: Signal<Local, Bits<33>>,
    mean: Signal<Local, Signed<18>>,
    mean_bits: Signal<Local, Bits<18>>,
    target: Signal<Local, Signed<16>>,
    target_wide: Signal<Local, Signed<18>>,
    error: Signal<Local, Signed<18>>,
    error_bits: Signal<Local, Bits<18>>,
    error_top: Signal<Local, Bits<3>>,
    weighed: Signal<Local, Bits<19>>,
    weighed_top: Signal<Local, Bits<4>>,
    top_18: Signal<Local, Bits<18>>,
    top_17: Signal<Local, Bits<17>>,
    old_step: Signal<Local, Signed<32>>,
    new_step: Signal<Local, Signed<32>>,
    low_bits: Signal<Local, Bits<32>>,
    high_bits: Signal<Local, Bits<32>>,
    low_placed: Signal<Local, Bits<32>>,
    high_placed: Signal<Local, Bits<32>>,
    low_limit: Signal<Local, Signed<32>>,
    high_limit: Signal<Local, Signed<32>>,
    greatest: Signal<Local, Signed<32>>,
    greatest_bits: Signal<Local, Bits<32>>,
    least_bits: Signal<Local, Bits<32>>,
    zero: Signal<Local, Bits<32>>,
    ones: Signal<Local, Bits<32>>,
    least: Signal<Local, Signed<32>>,
    greatest_code: Signal<Local, Signed<16>>,
    least_code_bits: Signal<Local, Bits<16>>,
    least_code: Signal<Local, Signed<16>>,
    next_slot: Signal<Local, Bits<9>>,
    lower: Signal<Local, Bits<16>>,
}

impl Update {
    /// For the table of `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        let layout = TableLayout::of(parameters);
        let base = |index: u32| Fixed::new(Bits::from(u64::from(index)));
        Self {
            case_targets: base(layout.case_targets),
            coefficient_base: base(layout.coefficients),
            step_base: base(layout.steps),
            control_base: base(layout.controls),
            limit_base: base(layout.control_limits),
            row_mask: Fixed::new(Bits::from(u64::from(layout.row_words - 1))),
            largest_word: Fixed::new(Signed::from(0x7fff_ffff_i64)),
            largest_code: Fixed::new(Signed::from(0x7fff_i64)),
            ..Default::default()
        }
    }
}
