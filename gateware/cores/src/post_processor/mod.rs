//! Post-processor: the computation between windows.
//!
//! A [`Machine`] runs a program of 16-bit words. At the beginning of a run it clears the accumulated steps and loads the first values. After a window it writes the record
//! and adds the case to the descent steps; after the last case it stores the best point, writes the epoch and updates the controls; then it
//! loads the next values. Between runs it writes events and captured blocks.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `reset` | in, 1 | synchronous reset of the control registers |
//! | `start`, `kind` | in, 1 + 2 | a job of a run: 0 begin of the run, 1 end of a window, 2 end of the run; the last may still be pending when the next run begins |
//! | `working` | out, 1 | from the clock after `start`: a job of a run is pending or in progress, and what the next case needs is not ready |
//! | `busy` | out, 1 | any job is pending or in progress |
//! | `event`, `event_cause`, `event_time`, `event_taken` | in 1 + 5 + 32, out 1 | event pending: a trip; it is being written |
//! | `block`, `codes`, `decimation`, `block_taken` | in 1 + 7 + 16, out 1 | a block with this number of ADC codes is ready; it has been read |
//! | `captured_input` | in, 3 | their ADC input |
//! | `read_code`, `code` | out 7, in 16 | its codes; its time at 64 and 65, low half first; a clock later |
//! | settings | in | see `hge_protocol::registers`, held during a run |
//! | `setting_request`, `setting_address`, `setting_granted`, `stored` | out 1 + 6, in 1 + 32 | read request for a setting without a register, grant and value; used at the beginning of a run |
//! | `engine_read`, `read_slot`, `read_input`, `engine_word`, `engine_ready`, `engine_data` | out 1 + 8 + 3 + 5, in 1 + 16 | an input's window statistics, its sums of a slot, and the slot's routing word, see `engine::word` |
//! | `began`, `marked`, `reason`, `unperturbed`, `late` | in | state of the run, from the sequencer |
//! | `recorded`, `over`, `over_reason`, `last_pass` | out, 1 + 1 + 3 + 1 | to the sequencer: the record is written; the run is over, and the reason (0 complete, 1 loss reached); no more tones |
//! | `tones`, `begin`, `restart`, `clamped`, `limited` | in, 1 | a case's tones are on; its first sample begins; flags of the guard |
//! | `read_address`, `read_data` | out 12, in 32 | the parameter table, a clock later |
//! | `write`, `write_address`, `write_data` | out, 1 + 12 + 32 | the same |
//! | `target_write`, `target_index`, `target_data`, `target_ready` | | the modulator; a write is held until it is ready |
//! | `cost_write` | out, 1 | `target_data` is the case's target word, for the cost |
//! | `words`, `begin_frame`, `mark` | out, 11 + 1 + 1 | begins a frame with this number of words in the ring; an epoch begins with the frame |
//! | `number`, `fits` | in, 32 + 1 | number of the frame, held until `commit`; in the clock of `begin_frame`: the frame fits |
//! | `frame_word`, `word_write`, `commit` | out, 32 + 1 + 1 | the body, word by word; end of the frame |
//!
//! A case and input: mean = (sum_first + sum_second) >> window; error = weight (mean - target), Q3.13 weight. A slot: response =
//! (I a + Q b) >> gradient_shift with I, Q the sums >> window, step += (response x error) >> step_shift, input by input.
//! If the lock-in demodulates the cost, the response is the slope of the cost: the step is the response x weight.
//! At the end of an epoch: control = clip(control - step).
//!
//! Widths: I and Q over the window are below 2^30 (a full-scale square wave gives 0.64 x 2^30), so 31 bits, divided into a
//! signed upper 16 and 15 lower bits for the multiplier; the response is saturated to 31 bits and divided likewise. The guard's two flags of a window cover the time from the
//! beginning of its lead-in to the end of its tail.
//!
//! With `Parameters::update` = `hardware` the program leaves sums, steps and rows to [`crate::update`], and sets `working` free before it tells the
//! window: the next case ramps, and may be summed, in the meantime. `opens` marks the clock in which a window's first sample begins; the program then
//! reads the window before it, by bit 7 of `read_slot`. `ends` says whether the case ends its epoch: then `working` lasts until the steps are applied, else only
//! until the next case's values are set.
//!
//! In continuous mode (bit 31 of the setting `gap`, one case in use) every window but a start's last `continues`: the program sets the controls of the next one as the
//! window before has left them, sets `working` free, and updates them, and decides whether that window continues in turn, while it lasts. The records of a window and the best row
//! are of the controls that it had, which the update has kept.
//!
//! An instruction takes three clocks. `hge_protocol::Parameters::most_gap_clocks` bounds a job.

mod kernel;
mod program;

use crate::gated::{Gated, Inputs};
use crate::leaf::{memories_are_late, Fixed, DFF};
use crate::microcontroller::Machine;
use crate::update::Update;
use hge_protocol::table::TableLayout;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// Records, update, rows.
#[derive(LogicBlock, Inputs, Default)]
pub struct PostProcessor {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A job of a run.
    pub start: Signal<In, Bit>,
    /// Kind of the job: 0 begin of the run, 1 end of a window, 2 end of the run.
    pub kind: Signal<In, Bits<2>>,
    /// A job of a run is pending or in progress, and what the next case needs is not ready.
    pub working: Signal<Out, Bit>,
    /// Any job is pending or in progress.
    pub busy: Signal<Out, Bit>,
    /// A trip to be written as an event.
    pub event: Signal<In, Bit>,
    /// Cause of the trip.
    pub event_cause: Signal<In, Bits<5>>,
    /// Sample of the trip.
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
    /// ADC input of its codes.
    pub captured_input: Signal<In, Bits<3>>,
    /// Code to read.
    pub read_code: Signal<Out, Bits<7>>,
    /// The code.
    pub code: Signal<In, Bits<16>>,
    /// Logarithm of the window's samples.
    pub window_log2: Signal<In, Bits<5>>,
    /// Slots in use.
    pub slots_used: Signal<In, Bits<9>>,
    /// Bit 1: standalone update. Bit 3: the lock-in demodulates the cost. Bit 4: compact records.
    pub mode: Signal<In, Bits<5>>,
    /// Read request for a setting without a register.
    pub setting_request: Signal<Out, Bit>,
    /// Address of the setting.
    pub setting_address: Signal<Out, Bits<6>>,
    /// The read is granted in this clock.
    pub setting_granted: Signal<In, Bit>,
    /// The setting, a clock later.
    pub stored: Signal<In, Bits<32>>,
    /// Read request for a word of the slot scan.
    pub engine_read: Signal<Out, Bit>,
    /// Slot of the request.
    pub read_slot: Signal<Out, Bits<8>>,
    /// Input of the request.
    pub read_input: Signal<Out, Bits<3>>,
    /// Word of the request, see [`crate::engine::word`].
    pub engine_word: Signal<Out, Bits<5>>,
    /// Valid.
    pub engine_ready: Signal<In, Bit>,
    /// The word.
    pub engine_data: Signal<In, Bits<16>>,
    /// Sample before the run's first, since power-up.
    pub began: Signal<In, Bits<32>>,
    /// The sample before the window's first, or the run's end.
    pub marked: Signal<In, Bits<32>>,
    /// Reason of the end of the run.
    pub reason: Signal<In, Bits<3>>,
    /// No tone is on in the window.
    pub unperturbed: Signal<In, Bit>,
    /// The gap before was too long.
    pub late: Signal<In, Bit>,
    /// The window's record is written.
    pub recorded: Signal<Out, Bit>,
    /// The run is over.
    pub over: Signal<Out, Bit>,
    /// Reason of the run's end.
    pub over_reason: Signal<Out, Bits<3>>,
    /// The final pass is in progress.
    pub last_pass: Signal<Out, Bit>,
    /// A case's tones are on.
    pub tones: Signal<In, Bit>,
    /// A sample begins.
    pub begin: Signal<In, Bit>,
    /// The sample is the first of a lead-in.
    pub restart: Signal<In, Bit>,
    /// The guard clamped a code to its limits.
    pub clamped: Signal<In, Bit>,
    /// The guard limited a step.
    pub limited: Signal<In, Bit>,
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
    /// `target_data` is the case's target word.
    pub cost_write: Signal<Out, Bit>,
    /// Words of the frame.
    pub words: Signal<Out, Bits<11>>,
    /// Begin of the frame.
    pub begin_frame: Signal<Out, Bit>,
    /// The frame begins an epoch.
    pub mark: Signal<Out, Bit>,
    /// Number of the frame.
    pub number: Signal<In, Bits<32>>,
    /// The frame fits.
    pub fits: Signal<In, Bit>,
    /// A word of it.
    pub frame_word: Signal<Out, Bits<32>>,
    /// Valid.
    pub word_write: Signal<Out, Bit>,
    /// End of the frame.
    pub commit: Signal<Out, Bit>,
    /// A window's first sample begins; with the update in hardware.
    pub opens: Vec<Signal<In, Bit>>,
    /// The case is the epoch's last; with the update in hardware.
    pub ends: Vec<Signal<Out, Bit>>,
    /// Continuous mode: the next window follows with tones on; with the update in hardware.
    pub continues: Vec<Signal<Out, Bit>>,
    /// The update in hardware uses the parameter table.
    pub uses_table: Vec<Signal<Out, Bit>>,
    machine: Gated<Machine>,
    /// The update in hardware, if any; that the next case is ready; that it is the epoch's last; that a window follows it with tones on; and that a window has
    /// begun since the job did.
    updates: Vec<Gated<Update>>,
    released: Vec<DFF<Bit>>,
    is_last: Vec<DFF<Bit>>,
    will_continue: Vec<DFF<Bit>>,
    past: Vec<DFF<Bit>>,
    /// An event was pending when the run ended.
    event_first: Vec<DFF<Bit>>,
    shown_slot: Vec<Signal<Local, Bits<8>>>,
    /// Pending: the end of a run; and the begin of one, or a window.
    end_waits: DFF<Bit>,
    job_waits: DFF<Bit>,
    job_is_window: DFF<Bit>,
    /// The job in progress is one of a run.
    of_run: DFF<Bit>,
    /// Slot, output or code in bits 7..0, input in 10..8.
    item: DFF<Bits<11>>,
    place: DFF<Bits<12>>,
    /// Upper half of the next word to write.
    high: DFF<Bits<16>>,
    room: DFF<Bit>,
    /// A word of the frame is valid: it is written a clock late, since ring and sender depend on it.
    word_waits: DFF<Bit>,
    /// Inputs of the program: from registers, and from memories, whose words come late in the clock.
    near: DFF<Bits<16>>,
    far: DFF<Bits<16>>,
    /// The setting is read; and was in the previous clock.
    is_shown: DFF<Bit>,
    was_shown: DFF<Bit>,
    /// The slot scan, or the registers, replied in the previous clock.
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
    row_mask: Fixed<Bits<6>>,
    table_read: Signal<Local, Bits<32>>,
    code_read: Signal<Local, Bits<16>>,
    stored_read: Signal<Local, Bits<32>>,
    is_there: Signal<Local, Bit>,
    waits: Signal<Local, Bit>,
    output_masked: Signal<Local, Bits<6>>,
    of_engine: Signal<Local, Bit>,
    of_settings: Signal<Local, Bit>,
    waits_answer: Signal<Local, Bit>,
    none: Signal<Local, Bits<16>>,
    codes_wide: Signal<Local, Bits<16>>,
    captured_wide: Signal<Local, Bits<16>>,
    captured_placed: Signal<Local, Bits<16>>,
    flags_0: Signal<Local, Bits<16>>,
    flags_1: Signal<Local, Bits<16>>,
    flags_2: Signal<Local, Bits<16>>,
    flags_3: Signal<Local, Bits<16>>,
    flags_4: Signal<Local, Bits<16>>,
    flags_6: Signal<Local, Bits<16>>,
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
        let updates = usize::from(parameters.update.is_hardware());
        Self {
            is_late: Fixed::new(memories_are_late(parameters.clock_hz)),
            opens: (0..updates).map(|_| Signal::default()).collect(),
            ends: (0..updates).map(|_| Signal::default()).collect(),
            uses_table: (0..updates).map(|_| Signal::default()).collect(),
            is_last: (0..updates).map(|_| DFF::default()).collect(),
            continues: (0..updates).map(|_| Signal::default()).collect(),
            will_continue: (0..updates).map(|_| DFF::default()).collect(),
            updates: (0..updates).map(|_| Update::new(parameters).into()).collect(),
            released: (0..updates).map(|_| DFF::default()).collect(),
            past: (0..updates).map(|_| DFF::default()).collect(),
            event_first: (0..updates).map(|_| DFF::default()).collect(),
            shown_slot: (0..updates).map(|_| Signal::default()).collect(),
            machine: Machine::new("post_processor", &code, parameters.clock_hz).into(),
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
