//! Training: restarts around one of the two loops.

mod alone;
mod heard;
mod host_loop;
mod outcome;
mod progress;
mod significance;
mod standalone;
mod state;

pub use alone::{last_run, recording, BakeError, LastRun};
pub(crate) use heard::Heard;
pub use host_loop::HostState;
pub(crate) use host_loop::{chain_rule, means, optimiser};
pub use outcome::Outcome;
pub use progress::Progress;
pub use standalone::Coefficients;
pub(crate) use standalone::{freeze_writes, hold_writes, loss_na2, run_mode, Hold};
pub use state::{StandaloneState, State};

use crate::calibration::CalibrationError;
use crate::driver::{self, Cancel, DriverError, Instrument};
use crate::experiment::{Closing, Experiment, Job, Task};
use crate::lab;
use crate::link::InProcess;
use crate::plan::PlanError;
use crate::server::{Pace, Server};
use crate::session::{Session, SessionError};
use crate::text::number;
use crate::trace::{Trace, TraceError, TracedBench};
use hge_sim::engine::EngineError;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use thiserror::Error;

/// A training that came to no end.
#[derive(Debug, Error)]
pub enum TrainError {
    /// See [`EngineError`].
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// See [`SessionError`].
    #[error(transparent)]
    Session(#[from] SessionError),
    /// See [`TraceError`].
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// See [`PlanError`].
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// See [`CalibrationError`].
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// The device's model leads nowhere.
    #[error("the current of the device {device} was NaN or infinite at some voltages: correct the model, or narrow the electrodes' ranges to where it holds")]
    NotFinite {
        /// Name of the device.
        device: String,
    },
    /// The standalone loop's coefficients do not fit.
    #[error("a rate_v2_per_na2 of {} in standalone.targets is {side} for the update's registers: {} it", number(*rate_v2_per_na2), if *side == "too large" { "lower" } else { "raise" })]
    Rate {
        /// Asked for.
        rate_v2_per_na2: f64,
        /// Too large or too small.
        side: &'static str,
    },
}

impl From<DriverError> for TrainError {
    fn from(error: DriverError) -> Self {
        TrainError::Session(error.into())
    }
}

/// How a training runs, besides what its experiment says.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    /// Waveform file to write.
    pub trace: Option<&'a Path>,
    /// Ends the training and disarms.
    pub cancel: Cancel,
}

/// Trains on an engine in this process, and measures what was learnt without perturbation. `progress` hears of
/// every epoch.
///
/// # Errors
/// The instrument or the trace fails. Not to find a solution is no error.
pub fn train(
    job: Job,
    options: &Options<'_>,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Outcome, TrainError> {
    let (instrument, task, aftermath) = simulate(job, options)?;
    let outcome = train_on(instrument, task, progress)?;
    aftermath.finish()?;
    Ok(outcome)
}

/// What is to be looked at when a simulated instrument has done its work.
pub struct Aftermath {
    trace: Option<Trace>,
    device: String,
    non_finite: Arc<AtomicBool>,
}

impl Aftermath {
    /// Ends the trace, and says whether the device's model led nowhere.
    ///
    /// # Errors
    /// It did, or the trace cannot be written.
    pub fn finish(self) -> Result<(), TrainError> {
        if let Some(trace) = self.trace {
            trace.finish()?;
        }
        if self.non_finite.load(Ordering::Relaxed) {
            return Err(TrainError::NotFinite { device: self.device });
        }
        Ok(())
    }
}

/// The job's instrument on an engine in this process.
///
/// # Errors
/// The engine or the trace cannot be had.
pub fn simulate(
    job: Job,
    options: &Options<'_>,
) -> Result<(Instrument, Task, Aftermath), TrainError> {
    let Job { task, chain, device } = job;
    let (rate_hz, outputs) = (task.plan.grid().rate_hz, task.parameters.outputs as usize);
    let create = |path| Trace::create(path, task.plan.scale(), outputs, rate_hz);
    let trace = options.trace.map(create).transpose()?;
    let name = device.name();
    let mut non_finite = Arc::<AtomicBool>::default();
    let seed = noise_seed(&task.experiment);
    let engine = lab::engine(&task, chain, device, seed, |bench| {
        non_finite = bench.non_finite();
        match &trace {
            Some(trace) => Box::new(TracedBench::new(Box::new(bench), trace.clone())),
            None => Box::new(bench),
        }
    })?;
    let settings = lab::settings(&task.experiment, Pace::Virtual, false);
    let link = InProcess::serve(Server::with_engine(engine, settings));
    let settings =
        driver::Settings { cancel: options.cancel.clone(), ..driver::Settings::default() };
    let instrument = Instrument::connect_with(Box::new(link), settings)?;
    Ok((instrument, task, Aftermath { trace, device: name, non_finite }))
}

/// Trains the device that hangs on a connected instrument, and measures what was learnt without perturbation. A
/// simulated instrument is powered up anew, with the noise of the experiment's seed, so that the result is that of
/// [`train`]. `progress` hears of every epoch.
///
/// # Errors
/// The instrument fails. Not to find a solution is no error.
pub fn train_on(
    instrument: Instrument,
    task: Task,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Outcome, TrainError> {
    let (session, outcome) = learn(instrument, task, None, progress)?;
    session.close()?;
    Ok(outcome)
}

/// The same from the beginning, or on from a state; with the outputs still armed at what was measured last.
pub(crate) fn learn(
    mut instrument: Instrument,
    task: Task,
    from: Option<State>,
    progress: &mut dyn FnMut(&Progress),
) -> Result<(Session, Outcome), TrainError> {
    let watch = task.watch();
    let Task { experiment, plan, targets, calibration, .. } = task;
    if from.is_none() {
        instrument.restart(noise_seed(&experiment))?;
    }
    let starts = random(experiment.seed, Stream::Starts);
    let estimator = experiment.host.estimator;
    let (session, outcome) = match experiment.closing {
        Closing::Host => {
            let method = experiment.host.method;
            let plan = method.plan(&plan, &targets)?;
            let mut session = Session::open(instrument, plan, estimator)?;
            session.by(method, random(experiment.seed, Stream::Codes).random());
            session.watch(watch);
            if let Some(calibration) = calibration {
                session.calibrate(calibration)?;
            }
            let state = match from {
                Some(State::Host(state)) => *state,
                _ => HostState::new(starts, session.random().clone()),
            };
            let outcome = host_loop::run(&mut session, &experiment, &targets, state, progress)?;
            (session, outcome)
        }
        Closing::Standalone => {
            let mut session = Session::configured(instrument, plan, estimator)?;
            session.watch(watch);
            let state = match from {
                Some(State::Standalone(state)) => *state,
                _ => StandaloneState::new(starts),
            };
            let outcome = standalone::run(&mut session, &experiment, &targets, state, progress)?;
            (session, outcome)
        }
    };
    session.note("outcome", &outcome)?;
    Ok((session, outcome))
}

/// Seed of the bench's noise in an experiment.
pub fn noise_seed(experiment: &Experiment) -> u64 {
    random(experiment.seed, Stream::Noise).random()
}

/// What a run's seed is used for; each use has its own stream.
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
