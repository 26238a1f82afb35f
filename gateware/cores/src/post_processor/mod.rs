//! The post-processor: everything that is done between windows, one thing after the other.
//!
//! A [`Machine`] runs a program of 16-bit words: when a run begins it clears the steps and loads the first values; after a window it writes the record,
//! adds the case to the steps of descent, and after the last case keeps the best point, tells the epoch and takes the steps; then it
//! loads the next values. Between runs it writes events and captured blocks.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `reset` | in, 1 | control registers return to their first state |
//! | `start`, `kind` | in, 1 + 2 | a job of a run: 0 it begins, 1 a window is over, 2 it has ended; the end of one may still wait when the next begins |
//! | `working` | out, 1 | from the clock after `start`: a job of a run is waiting or going on |
//! | `busy` | out, 1 | any job is, or is to come |
//! | `event`, `event_cause`, `event_time`, `event_taken` | in 1 + 5 + 32, out 1 | a trip is to be told; it is being told |
//! | `block`, `codes`, `decimation`, `block_taken` | in 1 + 7 + 16, out 1 | a block of so many ADC codes waits; it is done with |
//! | `read_code`, `code` | out 7, in 16 | its codes; its time is in 64 and 65, low half first; a clock later |
//! | settings | in | see `hge_protocol::registers`, held during a run |
//! | `look`, `look_place`, `looks`, `stored` | out 1 + 6, in 1 + 32 | others, which are read at a run's beginning |
//! | `engine_read`, `read_slot`, `engine_word`, `engine_ready`, `engine_data` | out 1 + 8 + 5, in 1 + 16 | levels of the window, a slot's sums and routing word, see `engine::word` |
//! | `began`, `marked`, `reason`, `unperturbed`, `late` | in | what the sequencer knows of the run |
//! | `recorded`, `over`, `over_reason`, `last_pass` | out, 1 + 1 + 3 + 1 | what it is told: the record is made; the run is over, and why (0 complete, 1 loss reached); no tones any more |
//! | `tones`, `begin`, `restart`, `clamped`, `limited` | in, 1 | a case's tones sound; its first sample begins; what the guard does |
//! | `read_address`, `read_data` | out 12, in 32 | the parameter table, a clock later |
//! | `write`, `write_address`, `write_data` | out, 1 + 12 + 32 | the same |
//! | `target_write`, `target_index`, `target_data`, `target_ready` | | the modulator; a write stands until it is ready |
//! | `cost_write` | out, 1 | `target_data` is the case's target word, for the cost |
//! | `words`, `begin_frame`, `mark` | out, 11 + 1 + 1 | asks the ring for room for so many words; an epoch begins with the frame |
//! | `number`, `fits` | in, 32 + 1 | number of the frame, held until `commit`; in the clock of `begin_frame`: there is room |
//! | `frame_word`, `word_write`, `commit` | out, 32 + 1 + 1 | the body, word by word; it is complete |
//!
//! A case: mean = (sum_first + sum_second) >> window; error = weight (mean - target), Q3.13 weight. A slot: response =
//! (I a + Q b) >> gradient_shift with I, Q the sums >> window, step += (response x error) >> step_shift.
//! Where the lock-in takes the cost, the response is the cost's own slope: the step is the response x weight.
//! At the end of an epoch: control = clip(control - step).
//!
//! Widths: I and Q over the window are below 2^30 (a full-scale square wave gives 0.64 x 2^30), so 31 bits, taken apart into a
//! signed upper 16 and 15 lower bits for the multiplier; the response is cut to 31 bits and does the same. The guard's two flags of a window hold from the
//! beginning of its lead-in to the end of its tail.
//!
//! An instruction takes three clocks. `hge_protocol::Parameters::most_gap_clocks` bounds a job.

mod kernel;
mod program;

use crate::leaf::{memories_are_late, Fixed};
use crate::microcontroller::Machine;
use hge_protocol::table::TableLayout;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// Records, update, rows.
#[derive(LogicBlock, Default)]
pub struct PostProcessor {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A job of a run.
    pub start: Signal<In, Bit>,
    /// Which: 0 it begins, 1 a window is over, 2 it has ended.
    pub kind: Signal<In, Bits<2>>,
    /// It waits or goes on.
    pub working: Signal<Out, Bit>,
    /// Any job does, or will.
    pub busy: Signal<Out, Bit>,
    /// Event pending: a trip.
    pub event: Signal<In, Bit>,
    /// What tripped.
    pub event_cause: Signal<In, Bits<5>>,
    /// Its sample.
    pub event_time: Signal<In, Bits<32>>,
    /// The event is being written.
    pub event_taken: Signal<Out, Bit>,
    /// A block of ADC codes is ready.
    pub block: Signal<In, Bit>,
    /// Number of its codes.
    pub codes: Signal<In, Bits<7>>,
    /// Samples from one to the next.
    pub decimation: Signal<In, Bits<16>>,
    /// The block has been read.
    pub block_taken: Signal<Out, Bit>,
    /// Code that is wanted.
    pub read_code: Signal<Out, Bits<7>>,
    /// The code.
    pub code: Signal<In, Bits<16>>,
    /// Logarithm of the window's samples.
    pub window_log2: Signal<In, Bits<5>>,
    /// Slots that take part.
    pub slots_used: Signal<In, Bits<9>>,
    /// Bit 1: the update is made here. Bit 3: the lock-in takes the cost.
    pub mode: Signal<In, Bits<4>>,
    /// A setting is wanted that no register is needed for.
    pub look: Signal<Out, Bit>,
    /// Its address.
    pub look_place: Signal<Out, Bits<6>>,
    /// The read is granted in this clock.
    pub looks: Signal<In, Bit>,
    /// The setting, a clock later.
    pub stored: Signal<In, Bits<32>>,
    /// A word of the slots' pass is wanted.
    pub engine_read: Signal<Out, Bit>,
    /// Slot of the request.
    pub read_slot: Signal<Out, Bits<8>>,
    /// Word of the request, see [`crate::engine::word`].
    pub engine_word: Signal<Out, Bits<5>>,
    /// Valid.
    pub engine_ready: Signal<In, Bit>,
    /// The word.
    pub engine_data: Signal<In, Bits<16>>,
    /// Sample before the run's first, since power-up.
    pub began: Signal<In, Bits<32>>,
    /// The same before the window's first, or the run's end.
    pub marked: Signal<In, Bits<32>>,
    /// Why the run ended.
    pub reason: Signal<In, Bits<3>>,
    /// No tone sounds in the window.
    pub unperturbed: Signal<In, Bit>,
    /// The gap before was too long.
    pub late: Signal<In, Bit>,
    /// The window's record is made.
    pub recorded: Signal<Out, Bit>,
    /// The run is over.
    pub over: Signal<Out, Bit>,
    /// Why.
    pub over_reason: Signal<Out, Bits<3>>,
    /// The last pass goes on.
    pub last_pass: Signal<Out, Bit>,
    /// A case's tones sound.
    pub tones: Signal<In, Bit>,
    /// A sample begins.
    pub begin: Signal<In, Bit>,
    /// It is the first of a lead-in.
    pub restart: Signal<In, Bit>,
    /// The guard clamped a code to its limits.
    pub clamped: Signal<In, Bit>,
    /// The guard limited a step.
    pub limited: Signal<In, Bit>,
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
    /// Writes a target.
    pub target_write: Signal<Out, Bit>,
    /// Of this output.
    pub target_index: Signal<Out, Bits<5>>,
    /// The target.
    pub target_data: Signal<Out, Bits<32>>,
    /// Accepted in this clock.
    pub target_ready: Signal<In, Bit>,
    /// `target_data` is the case's target word.
    pub cost_write: Signal<Out, Bit>,
    /// Words of the frame.
    pub words: Signal<Out, Bits<11>>,
    /// Begin of the frame.
    pub begin_frame: Signal<Out, Bit>,
    /// An epoch begins with it.
    pub mark: Signal<Out, Bit>,
    /// Its number.
    pub number: Signal<In, Bits<32>>,
    /// It has room.
    pub fits: Signal<In, Bit>,
    /// A word of it.
    pub frame_word: Signal<Out, Bits<32>>,
    /// Valid.
    pub word_write: Signal<Out, Bit>,
    /// End of the frame.
    pub commit: Signal<Out, Bit>,
    machine: Machine,
    /// The end of a run waits; and the begin of one, or a window.
    end_waits: DFF<Bit>,
    job_waits: DFF<Bit>,
    job_is_window: DFF<Bit>,
    /// The job that goes on is of a run.
    of_run: DFF<Bit>,
    item: DFF<Bits<8>>,
    place: DFF<Bits<12>>,
    /// Upper half of the word that is written next.
    high: DFF<Bits<16>>,
    room: DFF<Bit>,
    /// A word of the frame stands: it goes a clock late, since the ring, and the sender behind it, wait for it.
    word_waits: DFF<Bit>,
    /// What the program reads: from registers, and from memories, whose words come late in the clock.
    near: DFF<Bits<16>>,
    far: DFF<Bits<16>>,
    /// The setting is shown; and was in the clock before.
    is_shown: DFF<Bit>,
    was_shown: DFF<Bit>,
    /// The slots' pass, or the registers, answered a clock before.
    is_answered: DFF<Bit>,
    /// Words of the memories, a clock later.
    table_copy: DFF<Bits<32>>,
    code_copy: DFF<Bits<16>>,
    stored_copy: DFF<Bits<32>>,
    /// Late memories: words are used from the registers.
    is_late: Fixed<Bit>,
    was_cut: DFF<Bit>,
    was_last: DFF<Bit>,
    was_clamped: DFF<Bit>,
    was_limited: DFF<Bit>,
    run_entry: Fixed<Bits<10>>,
    window_entry: Fixed<Bits<10>>,
    end_entry: Fixed<Bits<10>>,
    event_entry: Fixed<Bits<10>>,
    block_entry: Fixed<Bits<10>>,
    row_mask: Fixed<Bits<5>>,
    table_read: Signal<Local, Bits<32>>,
    code_read: Signal<Local, Bits<16>>,
    stored_read: Signal<Local, Bits<32>>,
    is_there: Signal<Local, Bit>,
    waits: Signal<Local, Bit>,
    output_masked: Signal<Local, Bits<5>>,
    of_engine: Signal<Local, Bit>,
    of_settings: Signal<Local, Bit>,
    waits_answer: Signal<Local, Bit>,
    none: Signal<Local, Bits<16>>,
    flags_0: Signal<Local, Bits<16>>,
    flags_1: Signal<Local, Bits<16>>,
    flags_2: Signal<Local, Bits<16>>,
    flags_3: Signal<Local, Bits<16>>,
    flags_4: Signal<Local, Bits<16>>,
    low_wide: Signal<Local, Bits<32>>,
    high_wide: Signal<Local, Bits<32>>,
    high_placed: Signal<Local, Bits<32>>,
    pair: Signal<Local, Bits<32>>,
}

impl PostProcessor {
    /// For the table of `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        let code = program::program(parameters);
        let entry = |label: &str| Fixed::new(Bits::from(u64::from(code.entry(label))));
        let row_mask = TableLayout::of(parameters).row_words - 1;
        Self {
            is_late: Fixed::new(memories_are_late(parameters.clock_hz)),
            machine: Machine::new("post_processor", &code, parameters.clock_hz),
            run_entry: entry(program::job::RUN),
            window_entry: entry(program::job::WINDOW),
            end_entry: entry(program::job::END),
            event_entry: entry(program::job::EVENT),
            block_entry: entry(program::job::BLOCK),
            row_mask: Fixed::new(Bits::from(u64::from(row_mask))),
            ..Default::default()
        }
    }
}
