//! The kernel of the sequencer.

use super::{Job, Sequencer, State};
use rust_hdl::prelude::*;

impl Logic for Sequencer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            state,
            job,
            issued,
            count,
            case_register,
            epoch_register,
            start_register,
            final_pass,
            samples,
            window_samples,
            lowest_loss,
            lowest_start,
            run_asked,
            stop_asked,
            stop_reason,
            over,
            over_reason,
            was_late
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
        self.resting.next = self.job.q.val() == Job::Rest;
        self.spent.next = self.count.q.val() + 1;
        comment!("Length of what this sample belongs to; a tail ends with the window's length at the latest.");
        self.length.next = self.window_length.val();
        match self.state.q.val() {
            State::Gap => self.length.next = bit_cast::<24, 16>(self.gap.val()),
            State::Settle => self.length.next = self.settle.val(),
            State::LeadIn => self.length.next = self.lead_in.val(),
            _ => self.length.next = self.window_length.val(),
        }
        self.at_length.next = self.spent.val() >= self.length.val();
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
                    if self.at_length.val() {
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
                    } else if self.at_length.val() {
                        self.state.d.next = State::LeadIn;
                        self.count.d.next = 0.into();
                    }
                }
                State::LeadIn => {
                    if self.stop_asked.q.val() {
                        self.state.d.next = State::Tail;
                        self.count.d.next = 0.into();
                    } else if self.at_length.val() {
                        self.state.d.next = State::Window;
                        self.count.d.next = 0.into();
                        self.window_samples.d.next = self.samples.q.val() + 1;
                    }
                }
                State::Window => {
                    if self.stop_asked.q.val() | self.at_length.val() {
                        self.state.d.next = State::Tail;
                        self.count.d.next = 0.into();
                    }
                }
                State::Tail => {
                    if (!self.sounding.val()) | self.at_length.val() {
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
        comment!("What was asked for. It does not outlive the run it was meant for.");
        if self.over.q.val() | (!self.busy.val()) {
            self.stop_asked.d.next = false;
        }
        if self.run.val() {
            self.run_asked.d.next = true;
        }
        if (self.stop.val() | self.disarm.val() | self.trip.val())
            & self.busy.val()
            & (!self.stop_asked.q.val())
        {
            self.stop_asked.d.next = true;
            self.stop_reason.d.next = 2.into();
            if self.disarm.val() {
                self.stop_reason.d.next = 3.into();
            }
            if self.trip.val() {
                self.stop_reason.d.next = 4.into();
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
