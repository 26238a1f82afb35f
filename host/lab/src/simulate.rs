//! An experiment's instrument on an engine in this process, and trainings on it.

use super::{engine, settings};
use crate::server::{InProcess, Pace, Server};
use crate::trace::{Trace, TraceError, TracedBench};
use hge_core::experiment::{Job, Task};
use hge_core::train::{noise_seed, train_on, Outcome, Progress, TrainError};
use hge_driver::{Cancel, DriverError, Instrument};
use hge_sim::engine::EngineError;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use thiserror::Error;

/// A simulated instrument, or a training on it, failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// See [`EngineError`].
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// See [`DriverError`].
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// See [`TrainError`].
    #[error(transparent)]
    Train(#[from] TrainError),
    /// See [`TraceError`].
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The current of the device's model is not a number.
    #[error("the current of the device {device} was NaN or infinite at some voltages: correct the model, or narrow the electrodes' ranges to where it is valid")]
    NotFinite {
        /// Name of the device.
        device: String,
    },
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
) -> Result<Outcome, SimulateError> {
    let (instrument, task, sim_guard) = simulate(job, options)?;
    let outcome = train_on(instrument, task, progress)?;
    sim_guard.finish()?;
    Ok(outcome)
}

/// Results of a simulated instrument after its work.
pub struct SimGuard {
    trace: Option<Trace>,
    device: String,
    non_finite: Arc<AtomicBool>,
}

impl SimGuard {
    /// Ends the trace, and says whether the device's model led nowhere.
    ///
    /// # Errors
    /// The device failed, or the trace cannot be written.
    pub fn finish(self) -> Result<(), SimulateError> {
        if let Some(trace) = self.trace {
            trace.finish()?;
        }
        if self.non_finite.load(Ordering::Relaxed) {
            return Err(SimulateError::NotFinite { device: self.device });
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
) -> Result<(Instrument, Task, SimGuard), SimulateError> {
    let Job { task, chain, device } = job;
    let rate_hz = task.plan.grid().rate_hz;
    let (outputs, inputs) = (task.parameters.outputs as usize, task.parameters.inputs as usize);
    let create = |path| Trace::create(path, task.plan.scale(), outputs, inputs, rate_hz);
    let trace = options.trace.map(create).transpose()?;
    let name = device.name();
    let mut non_finite = Arc::<AtomicBool>::default();
    let seed = noise_seed(&task.experiment);
    let engine = engine(&task, chain, device, seed, |bench| {
        non_finite = bench.non_finite();
        match &trace {
            Some(trace) => Box::new(TracedBench::new(Box::new(bench), trace.clone())),
            None => Box::new(bench),
        }
    })?;
    let settings = settings(&task.experiment, Pace::Virtual, false);
    let link = InProcess::serve(Server::with_engine(engine, settings));
    let settings =
        hge_driver::Settings { cancel: options.cancel.clone(), ..hge_driver::Settings::default() };
    let instrument = Instrument::connect_with(Box::new(link), settings)?;
    Ok((instrument, task, SimGuard { trace, device: name, non_finite }))
}
