//! Tracking: a device is trained, then the training continues while the device drifts.
//!
//! Every epoch measures all cases with tones on and updates the controls, as in training, without extra measurements. The rate of drift that can be tracked
//! has a bound: Adam moves a control by at most its step an epoch, so a shift of a control's own voltage faster than
//!
//! ```text
//! p = adam_rate_v / epoch_s
//! ```
//!
//! is lost even with exact slopes.

mod hosted;
mod standalone;

use crate::experiment::{Experiment, LoopMode, Task};
use crate::optimiser::Rule;
use crate::targets::Targets;
use crate::train::{learn, Outcome, Progress, TrainError};
use hge_driver::Instrument;
use serde::Serialize;

/// Share of epochs with the required separation above which tracking counts as successful.
pub const FOLLOWED: f64 = 0.95;

/// The rate of Adam's steps at a control: faster drifts cannot be tracked. None for other optimisers, whose steps grow with the slopes.
pub fn bound_v_per_s(experiment: &Experiment, epoch_s: f64) -> Option<f64> {
    let by_adam = experiment.loop_mode == LoopMode::Host && experiment.host.optimiser == Rule::Adam;
    by_adam.then(|| experiment.host.adam_rate_v / epoch_s)
}

/// Duration and treatment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackSpec {
    /// Epochs after the training.
    pub epochs: u32,
    /// Only measure: the controls stay at their trained values.
    pub frozen: bool,
}

/// One epoch after the training.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moment {
    /// Time that the instrument has measured since power-up, when the epoch had ended.
    pub time_s: f64,
    /// Score of the outputs, see [`Targets::separation_na`], tones on.
    pub separation_na: f64,
    /// Share of right cases.
    pub accuracy: f64,
    /// Controls during the epoch.
    pub controls_v: Vec<f64>,
}

/// A training and the tracking after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// The result of the training.
    pub trained: Outcome,
    /// Time when it had ended.
    pub began_s: f64,
    /// Every epoch after it.
    pub moments: Vec<Moment>,
    /// The separation below which an epoch is not right: the one that `solved` asks of a training.
    pub wanted_separation_na: f64,
}

impl Track {
    /// Share of epochs with the required separation.
    pub fn right_share(&self) -> f64 {
        let wanted_na = self.wanted_separation_na;
        let right = self.moments.iter().filter(|moment| moment.separation_na >= wanted_na).count();
        right as f64 / self.moments.len().max(1) as f64
    }

    /// Mean time of an epoch after the training.
    pub fn epoch_s(&self) -> f64 {
        let ended_s = self.moments.last().map_or(self.began_s, |moment| moment.time_s);
        (ended_s - self.began_s) / self.moments.len().max(1) as f64
    }
}

impl Moment {
    fn of(time_s: f64, outputs_na: &[f64], targets: &Targets, controls_v: Vec<f64>) -> Self {
        let accuracy = targets.accuracy(outputs_na);
        Moment { time_s, separation_na: targets.separation_na(outputs_na), accuracy, controls_v }
    }
}

/// Trains the device on a connected instrument as [`crate::train::train_on`] does, then tracks the solution. `progress` gets every epoch; those
/// after the training count as of start 0. Returns the instrument, disarmed.
///
/// # Errors
/// The instrument fails. A search without a solution is no error.
pub fn track(
    instrument: Instrument,
    task: Task,
    wanted: TrackSpec,
    progress: &mut dyn FnMut(&Progress),
) -> Result<(Instrument, Track), TrainError> {
    let (experiment, targets) = (task.experiment.clone(), task.data.batch(1, 1).targets);
    let (mut session, trained) = learn(instrument, task, None, progress)?;
    let began_s = session.samples() as f64 / session.plan().grid().rate_hz;
    let moments = match experiment.loop_mode {
        LoopMode::Host => {
            hosted::run(&mut session, &experiment, &targets, &trained, wanted, progress)?
        }
        LoopMode::Standalone => {
            standalone::run(&mut session, &experiment, &targets, &trained, wanted, progress)?
        }
    };
    let instrument = session.close()?;
    let wanted_separation_na = experiment.wanted_na(&targets);
    Ok((instrument, Track { trained, began_s, moments, wanted_separation_na }))
}
