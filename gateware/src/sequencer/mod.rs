//! The sequencer: which state each sample is in, and which job follows a window.
//!
//! At a tick it moves to the state of the sample that begins:
//!
//! ```text
//! Idle -> Gap -> Ramp -> Settle -> LeadIn -> Window -> Tail -> Gap -> (next case) Ramp ...
//! ```
//!
//! A gap begins with a chain of jobs (record, update, next case's values) and lasts at least `gap`
//! samples; if the jobs take longer it waits for them and the next record says so.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `tick` | in, 1 | a sample begins |
//! | `run`, `stop`, `disarm`, `trip` | in, 1 | pulses; all but the first end the run, the first of them names the reason |
//! | registers | in | see `hge_protocol::registers` |
//! | `moving`, `sounding` | in, 1 | of the sample before: bases still move; tones still sound |
//! | `busy`, `ramp`, `tones`, `restart`, `gate`, `take`, `first`, `second_half` | out, 1 | what this sample is |
//! | `case_number`, `epoch`, `start_number`, `last_pass` .. | out | where in the run |
//! | `resting` | out, 1 | no job is going on: the recorder is free for what is not of a run |
//! | `recorder_*`, `update_*`, `loader_*` | | start, kind and busy of the three workers |

mod kernel;

use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum State {
    Idle,
    Gap,
    Ramp,
    Settle,
    LeadIn,
    Window,
    Tail,
}

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Job {
    Rest,
    ClearSteps,
    LoadStart,
    LoadCase,
    Record,
    AddCase,
    NextCase,
    EndEpoch,
    SaveBest,
    RecordEpoch,
    Apply,
    NextEpoch,
    TakeBest,
    RecordEnd,
}

/// States of a sample and jobs of a gap.
#[derive(LogicBlock, Default)]
pub struct Sequencer {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Control registers return to their first state.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub tick: Signal<In, Bit>,
    /// Begin a run.
    pub run: Signal<In, Bit>,
    /// End the run.
    pub stop: Signal<In, Bit>,
    /// End the run, the guard is disarmed.
    pub disarm: Signal<In, Bit>,
    /// End the run, the guard has tripped.
    pub trip: Signal<In, Bit>,
    /// Logarithm of the window's samples.
    pub window_log2: Signal<In, Bits<5>>,
    /// Samples waited after a ramp.
    pub settle: Signal<In, Bits<24>>,
    /// Samples with tones before the window.
    pub lead_in: Signal<In, Bits<24>>,
    /// Least samples of a gap.
    pub gap: Signal<In, Bits<16>>,
    /// Cases in an epoch.
    pub cases_used: Signal<In, Bits<6>>,
    /// Epochs of a start or a run.
    pub epochs: Signal<In, Bits<16>>,
    /// Starts of a standalone run.
    pub starts_used: Signal<In, Bits<6>>,
    /// Bit 0 perturb, bit 1 standalone.
    pub mode: Signal<In, Bits<3>>,
    /// Loss at which a standalone run ends.
    pub loss_stop: Signal<In, Bits<32>>,
    /// Bases still move, or the guard cut a step.
    pub moving: Signal<In, Bit>,
    /// Tones still sound.
    pub sounding: Signal<In, Bit>,
    /// Loss of the epoch so far.
    pub loss: Signal<In, Bits<32>>,
    /// A run is going on, or about to.
    pub busy: Signal<Out, Bit>,
    /// Bases move in this sample.
    pub ramp: Signal<Out, Bit>,
    /// The slots' pass runs in this sample.
    pub tones: Signal<Out, Bit>,
    /// Phases begin anew in this sample.
    pub restart: Signal<Out, Bit>,
    /// Tones may sound past their next zero crossing.
    pub gate: Signal<Out, Bit>,
    /// The sample belongs to the window.
    pub take: Signal<Out, Bit>,
    /// It is the window's first.
    pub first: Signal<Out, Bit>,
    /// It belongs to its second half.
    pub second_half: Signal<Out, Bit>,
    /// Present case.
    pub case_number: Signal<Out, Bits<6>>,
    /// Present epoch.
    pub epoch: Signal<Out, Bits<16>>,
    /// Present start.
    pub start_number: Signal<Out, Bits<6>>,
    /// Start of the least loss.
    pub best_start: Signal<Out, Bits<6>>,
    /// Least loss of the run.
    pub best_loss: Signal<Out, Bits<32>>,
    /// The pass is not perturbed.
    pub unperturbed: Signal<Out, Bit>,
    /// The pass is the last of a standalone run.
    pub last_pass: Signal<Out, Bit>,
    /// A gap was longer than asked for.
    pub late: Signal<Out, Bit>,
    /// Samples since the run began.
    pub sample_clock: Signal<Out, Bits<32>>,
    /// Of the window's first sample.
    pub window_clock: Signal<Out, Bits<32>>,
    /// Why the run ended.
    pub end_reason: Signal<Out, Bits<3>>,
    /// Begins a frame.
    pub recorder_start: Signal<Out, Bit>,
    /// 0 window, 1 epoch, 2 end.
    pub recorder_kind: Signal<Out, Bits<2>>,
    /// No job is going on.
    pub resting: Signal<Out, Bit>,
    /// A frame is being made.
    pub recorder_busy: Signal<In, Bit>,
    /// Begins a part of the update.
    pub update_start: Signal<Out, Bit>,
    /// 0 clear, 1 add a case, 2 apply.
    pub update_kind: Signal<Out, Bits<2>>,
    /// The update is at work.
    pub update_busy: Signal<In, Bit>,
    /// The loss begins at zero.
    pub clear_loss: Signal<Out, Bit>,
    /// Begins a copy.
    pub loader_start: Signal<Out, Bit>,
    /// 0 controls to best, 1 best to controls, 2 a start, 3 a case.
    pub loader_kind: Signal<Out, Bits<2>>,
    /// Its case or start.
    pub loader_row: Signal<Out, Bits<6>>,
    /// A copy is going on.
    pub loader_busy: Signal<In, Bit>,
    state: DFF<State>,
    job: DFF<Job>,
    /// The present job's worker has been started.
    issued: DFF<Bit>,
    count: DFF<Bits<24>>,
    case_register: DFF<Bits<6>>,
    epoch_register: DFF<Bits<16>>,
    start_register: DFF<Bits<6>>,
    final_pass: DFF<Bit>,
    samples: DFF<Bits<32>>,
    window_samples: DFF<Bits<32>>,
    lowest_loss: DFF<Bits<32>>,
    lowest_start: DFF<Bits<6>>,
    run_asked: DFF<Bit>,
    stop_asked: DFF<Bit>,
    stop_reason: DFF<Bits<3>>,
    over: DFF<Bit>,
    over_reason: DFF<Bits<3>>,
    was_late: DFF<Bit>,
    spent: Signal<Local, Bits<24>>,
    window_length: Signal<Local, Bits<24>>,
    half_length: Signal<Local, Bits<24>>,
    length: Signal<Local, Bits<24>>,
    at_length: Signal<Local, Bit>,
    next_case: Signal<Local, Bits<6>>,
    next_epoch: Signal<Local, Bits<16>>,
    next_start: Signal<Local, Bits<6>>,
    perturbs: Signal<Local, Bit>,
    standalone: Signal<Local, Bit>,
    worker_busy: Signal<Local, Bit>,
    finished: Signal<Local, Bit>,
    issue: Signal<Local, Bit>,
    in_run: Signal<Local, Bit>,
    zero: Signal<Local, Bits<32>>,
    reached: Signal<Local, Bit>,
}
