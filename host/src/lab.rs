//! A simulated laboratory: an experiment's device on its bench, behind an engine of its choice.

use crate::engine::{open_engine, EngineKind};
use crate::experiment::Job;
use crate::server::{EngineFactory, Pace, Server, Settings};
use crate::train::noise_seed;
use hge_sim::bench::AnalogueBench;
use hge_sim::device;
use hge_sim::engine::EngineError;

/// A server of the experiment's instrument, powered up with the noise of its seed.
///
/// # Errors
/// The engine is not there or cannot be built.
pub fn server(job: Job, pace: Pace, keep: bool) -> Result<Server, EngineError> {
    let kind: EngineKind = job.task.experiment.engine;
    let seed = noise_seed(&job.task.experiment);
    let settings = Settings { pace, chunk_samples: kind.chunk_samples(), keep, seed };
    Server::new(factory(job), settings)
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
        let (rate_hz, outputs) = (task.plan.grid().rate_hz, task.parameters.outputs as usize);
        let bench = AnalogueBench::new(chain.clone(), device, outputs, rate_hz, seed);
        open_engine(task.experiment.engine, task.parameters, Box::new(bench))
    })
}
