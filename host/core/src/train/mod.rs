//! Training: restarts around one of the two loops.

mod epoch_result;
mod host_loop;
mod outcome;
mod presentation;
mod progress;
mod significance;
mod standalone;
mod standalone_image;
mod state;
mod step;
mod warning;

pub(crate) use epoch_result::EpochResult;
pub use host_loop::HostState;
pub use outcome::Outcome;
pub use progress::Progress;
pub(crate) use standalone::{freeze_writes, hold_writes, run_mode, HoldConfig};
pub use standalone_image::{last_run, recording, EmbedError, LastRun};
pub use state::{StandaloneState, State};
pub use step::optimiser;
pub(crate) use step::{means, take_step};
pub use warning::Warning;

use crate::calibration::CalibrationError;
use crate::experiment::{Experiment, LoopMode, Task};
use crate::plan::{PlanError, RateError};
use crate::session::{Session, SessionError};
use hge_driver::{Cause, DriverError, Instrument, Topic};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use thiserror::Error;

/// A training that failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// See [`SessionError`].
    #[error(transparent)]
    Session(#[from] SessionError),
    /// See [`PlanError`].
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// See [`CalibrationError`].
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// See [`RateError`].
    #[error(transparent)]
    Rate(#[from] RateError),
}

impl TrainError {
    /// The class of this error.
    pub fn cause(&self) -> Cause {
        match self {
            TrainError::Session(error) => error.cause(),
            _ => Cause::Other,
        }
    }
}

impl From<DriverError> for TrainError {
    fn from(error: DriverError) -> Self {
        TrainError::Session(error.into())
    }
}

/// Trains the device on a connected instrument and measures the solution without perturbation. A simulated instrument is
/// powered up again with the noise of the experiment's seed, so that the result equals that of a training in this process.
/// `progress` gets every epoch.
///
/// # Errors
/// The instrument fails. A search without a solution is no error.
pub fn train_on(
    instrument: Instrument,
    task: Task,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Outcome, TrainError> {
    let (session, outcome) = learn(instrument, task, None, progress)?;
    session.close()?;
    Ok(outcome)
}

/// As [`train_on`], from the beginning or from a state; returns with the outputs armed at their last values.
pub fn learn(
    mut instrument: Instrument,
    task: Task,
    from: Option<State>,
    progress: &mut dyn FnMut(&Progress),
) -> Result<(Session, Outcome), TrainError> {
    let corrector = task.drift_corrector();
    let Task { experiment, plan, data, calibration, .. } = task;
    let targets = &data.train.targets;
    if from.is_none() {
        instrument.restart(noise_seed(&experiment))?;
    }
    let starts = random(experiment.seed, Stream::Starts);
    let estimator = experiment.host.estimator;
    let (session, outcome) = match experiment.loop_mode {
        LoopMode::Host => {
            let method = experiment.host.method;
            let plan = method.plan(&plan, targets)?;
            let mut session = Session::open(instrument, plan, estimator)?;
            session.read_inputs(targets.outputs);
            session.by(method, random(experiment.seed, Stream::Codes).random());
            session.correct_drift(corrector);
            if let Some(calibration) = calibration {
                session.calibrate(calibration)?;
            }
            let state = match from {
                Some(State::Host(state)) => *state,
                _ => HostState::new(starts, session.random().clone()),
            };
            let outcome = host_loop::run(&mut session, &experiment, &data, state, progress)?;
            (session, outcome)
        }
        LoopMode::Standalone => {
            let mut session = Session::configured(instrument, plan, estimator)?;
            session.read_inputs(targets.outputs);
            session.correct_drift(corrector);
            let state = match from {
                Some(State::Standalone(state)) => *state,
                _ => StandaloneState::new(starts),
            };
            let outcome = standalone::run(&mut session, &experiment, &data.train, state, progress)?;
            (session, outcome)
        }
    };
    session.note(Topic::Outcome, &outcome)?;
    Ok((session, outcome))
}

/// Seed of the bench's noise in an experiment.
pub fn noise_seed(experiment: &Experiment) -> u64 {
    random(experiment.seed, Stream::Noise).random()
}

/// Uses of a run's seed; each has its own stream.
#[derive(Clone, Copy)]
enum Stream {
    Starts = 1,
    Noise = 2,
    Codes = 3,
}

fn random(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream as u64);
    random
}
