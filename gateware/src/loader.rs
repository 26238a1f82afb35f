//! The loader: copies between the rows of the parameter table, and from it to the modulator's targets.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `start`, `kind` | in, 1 + 2 | begins: 0 controls to best, 1 best to controls, 2 start `row` to controls, 3 case `row` to targets |
//! | `row` | in, 6 | case or start |
//! | `input_mask` | in, 32 | outputs that take the case's value, not the control's |
//! | `busy` | out, 1 | from the clock after `start` to the end |
//! | `read_address`, `read_data` | out 12, in 32 | the table, data a clock later |
//! | `write`, `write_address`, `write_data` | out, 1 + 12 + 32 | the table |
//! | `target_write`, `target_index`, `target_data`, `target_ready` | | the modulator |
//!
//! Three clocks an output, and waiting for the modulator.

use crate::leaf::Fixed;
use hge_protocol::table::TableLayout;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    Idle,
    Read,
    Take,
    Put,
}

/// Row copies of the parameter table.
#[derive(LogicBlock, Default)]
pub struct Loader {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Control registers return to their first state.
    pub reset: Signal<In, Bit>,
    /// Begins a copy.
    pub start: Signal<In, Bit>,
    /// 0 controls to best, 1 best to controls, 2 a start to the controls, 3 a case to the targets.
    pub kind: Signal<In, Bits<2>>,
    /// Case or start.
    pub row: Signal<In, Bits<6>>,
    /// Outputs that take the case's value.
    pub input_mask: Signal<In, Bits<32>>,
    /// A copy is going on.
    pub busy: Signal<Out, Bit>,
    /// Word of the table to read.
    pub read_address: Signal<Out, Bits<12>>,
    /// The word, a clock later.
    pub read_data: Signal<In, Bits<32>>,
    /// Writes the table.
    pub write: Signal<Out, Bit>,
    /// Word to write.
    pub write_address: Signal<Out, Bits<12>>,
    /// Its value.
    pub write_data: Signal<Out, Bits<32>>,
    /// Sets a target.
    pub target_write: Signal<Out, Bit>,
    /// Its output.
    pub target_index: Signal<Out, Bits<5>>,
    /// Its value, Q16.16 codes.
    pub target_data: Signal<Out, Bits<32>>,
    /// The target is taken.
    pub target_ready: Signal<In, Bit>,
    state: DFF<Step>,
    copying: DFF<Bits<2>>,
    output_number: DFF<Bits<6>>,
    mask: DFF<Bits<32>>,
    word: DFF<Bits<32>>,
    outputs: Fixed<Bits<6>>,
    row_log2: Fixed<Bits<3>>,
    controls: Fixed<Bits<12>>,
    best: Fixed<Bits<12>>,
    cases: Fixed<Bits<12>>,
    starts: Fixed<Bits<12>>,
    place: Signal<Local, Bits<12>>,
    wide_row: Signal<Local, Bits<12>>,
    row_place: Signal<Local, Bits<12>>,
    base: Signal<Local, Bits<12>>,
    destination: Signal<Local, Bits<12>>,
    shifted: Signal<Local, Bits<32>>,
    code_word: Signal<Local, Bit>,
    next_output: Signal<Local, Bits<6>>,
    put: Signal<Local, Bit>,
}

impl Loader {
    /// For the table of `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        let layout = TableLayout::of(parameters);
        let base = |index: u32| Fixed::new(Bits::from(u64::from(index)));
        Self {
            outputs: Fixed::new(Bits::from(u64::from(parameters.outputs))),
            row_log2: Fixed::new(Bits::from(u64::from(layout.row_words.trailing_zeros()))),
            controls: base(layout.controls),
            best: base(layout.best),
            cases: base(layout.case_inputs),
            starts: base(layout.start_controls),
            ..Default::default()
        }
    }
}

impl Logic for Loader {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, copying, output_number, mask, word);
        self.busy.next = self.state.q.val() != Step::Idle;
        comment!("Where the row lies: rows are a power of two apart.");
        self.place.next = bit_cast::<12, 6>(self.output_number.q.val());
        self.wide_row.next = bit_cast::<12, 6>(self.row.val());
        match self.row_log2.val().index() {
            1 => self.row_place.next = self.wide_row.val() << 1,
            2 => self.row_place.next = self.wide_row.val() << 2,
            3 => self.row_place.next = self.wide_row.val() << 3,
            4 => self.row_place.next = self.wide_row.val() << 4,
            _ => self.row_place.next = self.wide_row.val() << 5,
        }
        self.base.next = self.controls.val();
        self.code_word.next = false;
        match self.copying.q.val().index() {
            1 => self.base.next = self.best.val(),
            2 => {
                self.base.next = self.starts.val() + self.row_place.val();
                self.code_word.next = true;
            }
            3 => {
                if self.mask.q.val().get_bit(0) {
                    self.base.next = self.cases.val() + self.row_place.val();
                    self.code_word.next = true;
                }
            }
            _ => self.base.next = self.controls.val(),
        }
        self.read_address.next = self.base.val() + self.place.val();
        self.destination.next = self.controls.val();
        if !self.copying.q.val().any() {
            self.destination.next = self.best.val();
        }
        self.write.next = false;
        self.write_address.next = self.destination.val() + self.place.val();
        self.write_data.next = self.word.q.val();
        self.target_write.next = false;
        self.target_index.next = self.output_number.q.val().get_bits::<5>(0);
        self.target_data.next = self.word.q.val();
        self.shifted.next = self.read_data.val() << 16;
        self.next_output.next = self.output_number.q.val() + 1;
        self.put.next = false;
        match self.state.q.val() {
            Step::Idle => {
                self.output_number.d.next = 0.into();
                self.mask.d.next = self.input_mask.val();
                self.copying.d.next = self.kind.val();
                if self.start.val() {
                    self.state.d.next = Step::Read;
                }
            }
            Step::Read => self.state.d.next = Step::Take,
            Step::Take => {
                comment!("Inputs and initial controls are codes, everything else is Q16.16.");
                self.word.d.next = self.read_data.val();
                if self.code_word.val() {
                    self.word.d.next = self.shifted.val();
                }
                self.state.d.next = Step::Put;
            }
            Step::Put => {
                self.target_write.next = self.copying.q.val().all();
                self.write.next = !self.copying.q.val().all();
                self.put.next = (!self.copying.q.val().all()) | self.target_ready.val();
                if self.put.val() {
                    self.output_number.d.next = self.next_output.val();
                    self.mask.d.next = self.mask.q.val() >> 1;
                    self.state.d.next = Step::Read;
                    if self.next_output.val() == self.outputs.val() {
                        self.state.d.next = Step::Idle;
                    }
                }
            }
        }
        if self.reset.val() {
            self.state.d.next = Step::Idle;
        }
    }
}
