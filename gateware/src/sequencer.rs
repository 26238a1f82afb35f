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
//! | `run`, `stop`, `disarm` | in, 1 | pulses |
//! | registers | in | see `hge_protocol::registers` |
//! | `moving`, `sounding` | in, 1 | of the sample before: bases still move; tones still sound |
//! | `busy`, `ramp`, `tones`, `restart`, `gate`, `take`, `first`, `second_half`, `lead_begins` | out, 1 | what this sample is |
//! | `case_number`, `epoch`, `start_number`, `last_pass` .. | out | where in the run |
//! | `recorder_*`, `update_*`, `loader_*` | | start, kind and busy of the three workers |

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
    pub end_reason: Signal<Out, Bits<2>>,
    /// Begins a frame.
    pub recorder_start: Signal<Out, Bit>,
    /// 0 window, 1 epoch, 2 end.
    pub recorder_kind: Signal<Out, Bits<2>>,
    /// A frame is being sent.
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
    stop_reason: DFF<Bits<2>>,
    over: DFF<Bit>,
    over_reason: DFF<Bits<2>>,
    was_late: DFF<Bit>,
    spent: Signal<Local, Bits<24>>,
    window_length: Signal<Local, Bits<24>>,
    half_length: Signal<Local, Bits<24>>,
    gap_length: Signal<Local, Bits<24>>,
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

impl Logic for Sequencer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, state, job, issued, count, case_register, epoch_register, start_register,
            final_pass, samples, window_samples, lowest_loss, lowest_start, run_asked, stop_asked,
            stop_reason, over, over_reason, was_late
        );
        comment!("What this sample is.");
        self.in_run.next = self.state.q.val() != State::Idle;
        self.busy.next = self.in_run.val() | self.run_asked.q.val();
        self.perturbs.next = (self.mode.val().get_bit(0)) & (!self.final_pass.q.val());
        self.standalone.next = self.mode.val().get_bit(1);
        self.ramp.next = self.state.q.val() == State::Ramp;
        self.take.next = self.state.q.val() == State::Window;
        self.tones.next = (self.state.q.val() == State::LeadIn)
            | (self.state.q.val() == State::Window)
            | (self.state.q.val() == State::Tail);
        self.gate.next = ((self.state.q.val() == State::LeadIn)
            | (self.state.q.val() == State::Window))
            & self.perturbs.val();
        self.restart.next = (self.state.q.val() == State::LeadIn) & (!self.count.q.val().any());
        self.first.next = !self.count.q.val().any();
        comment!("Length of the window.");
        match self.window_log2.val().index() {
            4 => self.window_length.next = 0x10.into(),
            5 => self.window_length.next = 0x20.into(),
            6 => self.window_length.next = 0x40.into(),
            7 => self.window_length.next = 0x80.into(),
            8 => self.window_length.next = 0x100.into(),
            9 => self.window_length.next = 0x200.into(),
            10 => self.window_length.next = 0x400.into(),
            11 => self.window_length.next = 0x800.into(),
            12 => self.window_length.next = 0x1000.into(),
            13 => self.window_length.next = 0x2000.into(),
            14 => self.window_length.next = 0x4000.into(),
            15 => self.window_length.next = 0x8000.into(),
            _ => self.window_length.next = 0x10000.into(),
        }
        self.half_length.next = self.window_length.val() >> 1;
        self.second_half.next = self.count.q.val() >= self.half_length.val();
        self.case_number.next = self.case_register.q.val();
        self.epoch.next = self.epoch_register.q.val();
        self.start_number.next = self.start_register.q.val();
        self.best_start.next = self.lowest_start.q.val();
        self.best_loss.next = self.lowest_loss.q.val();
        self.unperturbed.next = !self.perturbs.val();
        self.last_pass.next = self.final_pass.q.val();
        self.late.next = self.was_late.q.val();
        self.sample_clock.next = self.samples.q.val();
        self.window_clock.next = self.window_samples.q.val();
        self.end_reason.next = self.over_reason.q.val();
        self.spent.next = self.count.q.val() + 1;
        self.gap_length.next = bit_cast::<24, 16>(self.gap.val());
        self.zero.next = 0.into();
        comment!("Jobs: each starts a worker, waits for it, and names the next.");
        self.recorder_start.next = false;
        self.recorder_kind.next = 0.into();
        self.update_start.next = false;
        self.update_kind.next = 0.into();
        self.clear_loss.next = false;
        self.loader_start.next = false;
        self.loader_kind.next = 0.into();
        self.loader_row.next = self.case_register.q.val();
        self.worker_busy.next =
            self.recorder_busy.val() | self.update_busy.val() | self.loader_busy.val();
        self.issue.next = (!self.issued.q.val()) & (!self.worker_busy.val());
        self.finished.next = self.issued.q.val() & (!self.worker_busy.val());
        if self.issue.val() {
            self.issued.d.next = true;
        }
        if self.finished.val() {
            self.issued.d.next = false;
        }
        self.next_case.next = self.case_register.q.val() + 1;
        self.next_epoch.next = self.epoch_register.q.val() + 1;
        self.next_start.next = self.start_register.q.val() + 1;
        self.reached.next = self.lowest_loss.q.val() <= self.loss_stop.val();
        match self.job.q.val() {
            Job::Rest => self.issued.d.next = false,
            Job::ClearSteps => {
                self.update_start.next = self.issue.val();
                if self.finished.val() {
                    self.job.d.next = Job::LoadCase;
                    if self.standalone.val() {
                        self.job.d.next = Job::LoadStart;
                    }
                }
            }
            Job::LoadStart => {
                self.loader_start.next = self.issue.val();
                self.loader_kind.next = 2.into();
                self.loader_row.next = self.start_register.q.val();
                if self.finished.val() {
                    self.job.d.next = Job::LoadCase;
                }
            }
            Job::LoadCase => {
                self.loader_start.next = self.issue.val();
                self.loader_kind.next = 3.into();
                if self.finished.val() {
                    self.job.d.next = Job::Rest;
                }
            }
            Job::Record => {
                self.recorder_start.next = self.issue.val();
                if self.finished.val() {
                    self.was_late.d.next = false;
                    self.job.d.next = Job::NextCase;
                    if self.standalone.val() & (!self.final_pass.q.val()) {
                        self.job.d.next = Job::AddCase;
                    }
                }
            }
            Job::AddCase => {
                self.update_start.next = self.issue.val();
                self.update_kind.next = 1.into();
                if self.finished.val() {
                    self.job.d.next = Job::NextCase;
                }
            }
            Job::NextCase => {
                self.issued.d.next = false;
                self.case_register.d.next = self.next_case.val();
                self.job.d.next = Job::LoadCase;
                if self.next_case.val() >= self.cases_used.val() {
                    self.case_register.d.next = 0.into();
                    self.job.d.next = Job::EndEpoch;
                }
            }
            Job::EndEpoch => {
                self.issued.d.next = false;
                self.job.d.next = Job::LoadCase;
                if self.final_pass.q.val() {
                    self.over.d.next = true;
                    self.over_reason.d.next = 0.into();
                    if self.reached.val() {
                        self.over_reason.d.next = 1.into();
                    }
                } else if self.standalone.val() {
                    self.job.d.next = Job::RecordEpoch;
                    if self.loss.val() < self.lowest_loss.q.val() {
                        self.lowest_loss.d.next = self.loss.val();
                        self.lowest_start.d.next = self.start_register.q.val();
                        self.job.d.next = Job::SaveBest;
                    }
                } else {
                    self.epoch_register.d.next = self.next_epoch.val();
                    if self.next_epoch.val() >= self.epochs.val() {
                        self.over.d.next = true;
                        self.over_reason.d.next = 0.into();
                    }
                }
            }
            Job::SaveBest => {
                self.loader_start.next = self.issue.val();
                if self.finished.val() {
                    self.job.d.next = Job::RecordEpoch;
                }
            }
            Job::RecordEpoch => {
                self.recorder_start.next = self.issue.val();
                self.recorder_kind.next = 1.into();
                if self.finished.val() {
                    self.job.d.next = Job::Apply;
                }
            }
            Job::Apply => {
                self.update_start.next = self.issue.val();
                self.update_kind.next = 2.into();
                if self.finished.val() {
                    self.job.d.next = Job::NextEpoch;
                }
            }
            Job::NextEpoch => {
                self.issued.d.next = false;
                self.clear_loss.next = true;
                self.epoch_register.d.next = self.next_epoch.val();
                self.job.d.next = Job::LoadCase;
                if self.next_epoch.val() >= self.epochs.val() {
                    self.epoch_register.d.next = 0.into();
                    self.start_register.d.next = self.next_start.val();
                    self.job.d.next = Job::LoadStart;
                    if self.next_start.val() >= self.starts_used.val() {
                        self.final_pass.d.next = true;
                        self.job.d.next = Job::TakeBest;
                    }
                }
                if self.reached.val() {
                    self.final_pass.d.next = true;
                    self.job.d.next = Job::TakeBest;
                }
            }
            Job::TakeBest => {
                self.loader_start.next = self.issue.val();
                self.loader_kind.next = 1.into();
                if self.finished.val() {
                    self.job.d.next = Job::LoadCase;
                }
            }
            Job::RecordEnd => {
                self.recorder_start.next = self.issue.val();
                self.recorder_kind.next = 2.into();
                if self.finished.val() {
                    self.job.d.next = Job::Rest;
                }
            }
        }
        comment!("States: one step a tick.");
        if self.tick.val() {
            self.count.d.next = self.spent.val();
            if self.in_run.val() {
                self.samples.d.next = self.samples.q.val() + 1;
            }
            match self.state.q.val() {
                State::Idle => {
                    self.count.d.next = 0.into();
                    if self.run_asked.q.val() & (self.job.q.val() == Job::Rest) {
                        self.run_asked.d.next = false;
                        self.state.d.next = State::Gap;
                        self.job.d.next = Job::ClearSteps;
                        self.clear_loss.next = true;
                        self.samples.d.next = 0.into();
                        self.case_register.d.next = 0.into();
                        self.epoch_register.d.next = 0.into();
                        self.start_register.d.next = 0.into();
                        self.final_pass.d.next = false;
                        self.lowest_loss.d.next = !self.zero.val();
                        self.lowest_start.d.next = 0.into();
                        self.over.d.next = false;
                        self.was_late.d.next = false;
                    }
                }
                State::Gap => {
                    if self.spent.val() >= self.gap_length.val() {
                        if self.job.q.val() != Job::Rest {
                            self.was_late.d.next = true;
                        } else if self.over.q.val() {
                            self.state.d.next = State::Idle;
                            self.count.d.next = 0.into();
                            self.over.d.next = false;
                            self.job.d.next = Job::RecordEnd;
                        } else if self.stop_asked.q.val() {
                            self.count.d.next = 0.into();
                            self.over.d.next = true;
                            self.over_reason.d.next = self.stop_reason.q.val();
                        } else {
                            self.state.d.next = State::Ramp;
                            self.count.d.next = 0.into();
                        }
                    }
                }
                State::Ramp => {
                    if self.stop_asked.q.val() {
                        self.state.d.next = State::Gap;
                        self.count.d.next = 0.into();
                        self.over.d.next = true;
                        self.over_reason.d.next = self.stop_reason.q.val();
                    } else if !self.moving.val() {
                        self.state.d.next = State::Settle;
                        self.count.d.next = 0.into();
                    }
                }
                State::Settle => {
                    if self.stop_asked.q.val() {
                        self.state.d.next = State::Gap;
                        self.count.d.next = 0.into();
                        self.over.d.next = true;
                        self.over_reason.d.next = self.stop_reason.q.val();
                    } else if self.spent.val() >= self.settle.val() {
                        self.state.d.next = State::LeadIn;
                        self.count.d.next = 0.into();
                    }
                }
                State::LeadIn => {
                    if self.stop_asked.q.val() {
                        self.state.d.next = State::Tail;
                        self.count.d.next = 0.into();
                    } else if self.spent.val() >= self.lead_in.val() {
                        self.state.d.next = State::Window;
                        self.count.d.next = 0.into();
                        self.window_samples.d.next = self.samples.q.val() + 1;
                    }
                }
                State::Window => {
                    if self.stop_asked.q.val() | (self.spent.val() >= self.window_length.val()) {
                        self.state.d.next = State::Tail;
                        self.count.d.next = 0.into();
                    }
                }
                State::Tail => {
                    if (!self.sounding.val()) | (self.spent.val() >= self.window_length.val()) {
                        self.state.d.next = State::Gap;
                        self.count.d.next = 0.into();
                        if self.stop_asked.q.val() {
                            self.over.d.next = true;
                            self.over_reason.d.next = self.stop_reason.q.val();
                        } else {
                            self.job.d.next = Job::Record;
                        }
                    }
                }
            }
        }
        comment!("What was asked for.");
        if self.over.q.val() {
            self.stop_asked.d.next = false;
        }
        if self.run.val() {
            self.run_asked.d.next = true;
        }
        if (self.stop.val() | self.disarm.val()) & self.busy.val() & (!self.stop_asked.q.val()) {
            self.stop_asked.d.next = true;
            self.stop_reason.d.next = 2.into();
            if self.disarm.val() {
                self.stop_reason.d.next = 3.into();
            }
        }
        if self.reset.val() {
            self.state.d.next = State::Idle;
            self.job.d.next = Job::Rest;
            self.issued.d.next = false;
            self.run_asked.d.next = false;
            self.stop_asked.d.next = false;
            self.over.d.next = false;
        }
    }
}
