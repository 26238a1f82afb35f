//! A simulated laboratory: an experiment's device on its bench, behind an engine of its choice.

use crate::engine::open_engine;
use crate::experiment::{Experiment, Job, Task};
use crate::server::{EngineFactory, Pace, Server, Settings};
use crate::train::noise_seed;
use hge_sim::bench::{AnalogueBench, Bench, Chain};
use hge_sim::device::{self, Device};
use hge_sim::engine::{Engine, EngineError};

/// A server of the experiment's instrument, powered up with the noise of its seed.
///
/// # Errors
/// The engine is not there or cannot be built.
pub fn server(job: Job, pace: Pace, keep: bool) -> Result<Server, EngineError> {
    let settings = settings(&job.task.experiment, pace, keep);
    Server::new(factory(job), settings)
}

/// How a server of the experiment's instrument runs.
pub fn settings(experiment: &Experiment, pace: Pace, keep: bool) -> Settings {
    let chunk_samples = experiment.engine.chunk_samples();
    Settings { pace, chunk_samples, keep, seed: noise_seed(experiment) }
}

/// Powers up the experiment's instrument with its device, as often as wanted.
pub fn factory(job: Job) -> EngineFactory {
    let Job { task, chain, device } = job;
    let mut first = Some(device);
    Box::new(move |seed| {
        let device = match first.take() {
            Some(device) => device,
            // It was opened before: this fails only when a model's file has gone since.
            None => device::open(&task.experiment.device)
                .map_err(|error| EngineError::Tool(error.to_string()))?,
        };
        engine(&task, chain.clone(), device, seed, |bench| Box::new(bench))
    })
}

/// Powers up the experiment's instrument once, on what `around` makes of the bench with its device.
///
/// # Errors
/// The engine is not there or cannot be built.
pub fn engine(
    task: &Task,
    chain: Chain,
    device: Box<dyn Device>,
    seed: u64,
    around: impl FnOnce(AnalogueBench) -> Box<dyn Bench>,
) -> Result<Box<dyn Engine>, EngineError> {
    let (rate_hz, outputs) = (task.plan.grid().rate_hz, task.parameters.outputs as usize);
    let bench = AnalogueBench::new(chain, device, outputs, rate_hz, seed);
    open_engine(task.experiment.engine, task.parameters, around(bench))
}
