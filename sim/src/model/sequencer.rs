//! Reference model of the sequencer: the state of each sample, and the job after a window.

use super::settings::Settings;
use hge_protocol::frame::EndReason;
use hge_protocol::registers::mode;

/// State of the instrument in a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// No run; outputs hold.
    #[default]
    Idle,
    /// Between windows: record, update and the next case's values are computed; outputs hold.
    Gap,
    /// Base values ramp to the case.
    Ramp,
    /// Waiting, tones off.
    Settle,
    /// Tones on, not yet counted.
    LeadIn,
    /// Tones on, accumulating.
    Window,
    /// Each tone runs on to its zero crossing.
    Tail,
}

/// Job at the beginning of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// First gap of a run.
    Start,
    /// A window has ended.
    Window,
    /// The run was stopped: no window to record.
    Nothing,
}

/// Results of a sample's scans.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// Some base still ramps.
    pub ramping: bool,
    /// The guard limited a step.
    pub limited: bool,
    /// Some driving tone is on in the next sample.
    pub sounding: bool,
}

/// The sequencer's registers.
#[derive(Clone, Debug, Default)]
pub struct Sequencer {
    /// State of the present sample.
    pub state: State,
    /// Samples spent in the state before this one.
    pub count: u32,
    /// The gap is one after a window that does not end its epoch.
    pub is_short: bool,
    /// Continuous mode: tones run on from the window before.
    pub flows: bool,
    /// Present case.
    pub case: u32,
    /// Present epoch of the start.
    pub epoch: u32,
    /// Present start.
    pub start: u32,
    /// Starts of a standalone run, as they were when it began.
    pub starts: u32,
    /// Whether the present pass is the final one of a standalone run, without tones.
    pub last_pass: bool,
    /// Samples since the run began.
    pub sample_clock: u32,
    /// Sample clock of the window's first sample.
    pub window_clock: u32,
    /// Loss of the present epoch.
    pub loss: u32,
    /// Least loss of the run.
    pub best_loss: u32,
    /// Start of the least loss.
    pub best_start: u32,
    /// Something saturated in the update since the run began.
    pub saturated: bool,
    /// A run was requested.
    pub run_asked: bool,
    /// A stop was requested, with the reason.
    pub stop_asked: Option<EndReason>,
    /// The run is over and ends with the gap.
    pub over: Option<EndReason>,
}

impl Sequencer {
    /// Whether a run is in progress, or about to start.
    pub fn busy(&self) -> bool {
        self.state != State::Idle || self.run_asked
    }

    /// Whether the slot scan runs in this sample.
    pub fn tones(&self) -> bool {
        self.flows || self.is_flagged()
    }

    /// Whether what the guard does in this sample counts for the window's flags.
    pub fn is_flagged(&self) -> bool {
        matches!(self.state, State::LeadIn | State::Window | State::Tail)
    }

    /// Whether tones may continue past their next zero crossing.
    pub fn gate(&self, settings: &Settings) -> bool {
        let is_on = self.flows || matches!(self.state, State::LeadIn | State::Window);
        is_on && self.perturbs(settings)
    }

    /// Continuous mode: whether tones run on from the present window into another, as its epoch is neither the start's last nor known to be
    /// low enough to end the run.
    pub fn flows_on(&self, settings: &Settings) -> bool {
        let is_low = settings.mode & mode::STANDALONE != 0 && self.best_loss <= settings.loss_stop;
        settings.is_continuous() && !self.last_pass && self.epoch + 1 < settings.epochs && !is_low
    }

    /// Whether the present pass has tones.
    pub fn perturbs(&self, settings: &Settings) -> bool {
        settings.mode & mode::PERTURB != 0 && !self.last_pass
    }

    /// Further samples in the present state, whatever their reports; none of them gives a job.
    pub fn steady_samples(&self, settings: &Settings) -> u32 {
        let samples = match self.state {
            State::Idle | State::Ramp | State::Tail => 0,
            _ if self.stop_asked.is_some() => 0,
            State::Gap => settings.gap_samples(self.is_short),
            State::Settle => settings.settle,
            State::LeadIn => settings.lead_in,
            State::Window => 1 << settings.window_log2,
        };
        samples.saturating_sub(1 + self.count)
    }

    /// Passes over as many of [`Sequencer::steady_samples`].
    pub fn pass(&mut self, samples: u32) {
        self.count += samples;
        self.sample_clock = self.sample_clock.wrapping_add(samples);
    }

    /// Moves to the state of the next sample. Returns the job that its gap begins with, or the reason
    /// for which the run has just ended.
    pub fn advance(
        &mut self,
        settings: &Settings,
        report: Report,
    ) -> (Option<Job>, Option<EndReason>) {
        use State::*;
        let window_samples = 1 << settings.window_log2;
        let spent = self.count + 1;
        let stopping = self.stop_asked.is_some();
        if self.state != Idle {
            self.sample_clock = self.sample_clock.wrapping_add(1);
        }
        let mut job = None;
        let mut ended = None;
        let next = match self.state {
            Idle if self.run_asked => {
                self.run_asked = false;
                self.sample_clock = 0;
                job = Some(Job::Start);
                Gap
            }
            Idle => Idle,
            Gap | Ramp | Settle if self.flows && stopping => Tail,
            Gap if spent >= settings.gap_samples(self.is_short) => match self.over {
                Some(reason) => {
                    ended = Some(reason);
                    // A stop that came too late for this run is not meant for the next.
                    self.stop_asked = None;
                    Idle
                }
                None if stopping => {
                    job = Some(Job::Nothing);
                    Gap
                }
                None => Ramp,
            },
            Gap => Gap,
            Ramp | Settle if stopping => {
                job = Some(Job::Nothing);
                Gap
            }
            Ramp if report.ramping || (report.limited && !self.flows) => Ramp,
            Ramp => Settle,
            Settle if spent >= settings.settle => LeadIn,
            Settle => Settle,
            LeadIn | Window if stopping => Tail,
            LeadIn if spent >= settings.lead_in => Window,
            LeadIn => LeadIn,
            Window if spent >= window_samples && self.flows_on(settings) => {
                self.flows = true;
                job = Some(Job::Window);
                Gap
            }
            Window if spent >= window_samples => Tail,
            Window => Window,
            Tail if report.sounding && spent < window_samples => Tail,
            Tail => {
                job = Some(if stopping { Job::Nothing } else { Job::Window });
                Gap
            }
        };
        if next == Tail {
            self.flows = false;
        }
        if self.state != Gap && next == Gap {
            let is_within = self.flows || self.case + 1 < settings.cases_used;
            self.is_short = job == Some(Job::Window) && is_within;
        }
        self.count = if next == self.state && job.is_none() { spent } else { 0 };
        if next == Window && self.state != Window {
            self.window_clock = self.sample_clock;
        }
        self.state = next;
        (job, ended)
    }
}
