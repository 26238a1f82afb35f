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
//! A [`Machine`] does it in words of 16 bits; `program.rs` is what it runs. Widths: I and Q over the window are below 2^30 (a
//! full-scale square wave gives 0.64 x 2^30), so 31 bits, taken apart into a signed upper 16 and 15 lower bits for the
//! multiplier; the response is cut to 31 bits and does the same. A shift costs 12 clocks a bit beyond whole words of 16.
//! `hge_protocol::Parameters::most_update_clocks` bounds the clocks of a slot and of a case.

mod kernel;
mod program;

use crate::leaf::Fixed;
use crate::micro::Machine;
use hge_protocol::table::TableLayout;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

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
    machine: Machine,
    slot: DFF<Bits<8>>,
    place: DFF<Bits<12>>,
    /// Upper half of the word that is written next.
    high: DFF<Bits<16>>,
    total_loss: DFF<Bits<32>>,
    was_cut: DFF<Bit>,
    clear_entry: Fixed<Bits<9>>,
    add_entry: Fixed<Bits<9>>,
    apply_entry: Fixed<Bits<9>>,
    row_mask: Fixed<Bits<5>>,
    output_masked: Signal<Local, Bits<5>>,
    first_sum: Signal<Local, Bits<32>>,
    second_sum: Signal<Local, Bits<32>>,
    cut_word: Signal<Local, Bits<16>>,
    low_wide: Signal<Local, Bits<32>>,
    high_wide: Signal<Local, Bits<32>>,
    high_placed: Signal<Local, Bits<32>>,
    kept_high: Signal<Local, Bits<32>>,
    kept_placed: Signal<Local, Bits<32>>,
    loss_low: Signal<Local, Bits<32>>,
    loss_high: Signal<Local, Bits<32>>,
    loss_placed: Signal<Local, Bits<32>>,
}

impl Update {
    /// For the table of `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        let code = program::program(parameters);
        let entry = |label: &str| Fixed::new(Bits::from(u64::from(code.entry(label))));
        let row_mask = TableLayout::of(parameters).row_words - 1;
        Self {
            machine: Machine::new("update", &code),
            clear_entry: entry(program::CLEAR),
            add_entry: entry(program::ADD),
            apply_entry: entry(program::APPLY),
            row_mask: Fixed::new(Bits::from(u64::from(row_mask))),
            ..Default::default()
        }
    }
}
