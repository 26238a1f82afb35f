//! Time until the built-in device has learnt a gate on the model.

use crate::{median, BenchError};
use hge_core::experiment::{Job, LoopMode, Source};
use hge_lab::{train, Options};
use serde::Serialize;
use std::time::Instant;

/// Trainings of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Trained {
    /// The gate.
    pub gate: String,
    /// `host` or `standalone`.
    #[serde(rename = "loop")]
    pub loop_mode: &'static str,
    /// Trainings, with the seeds from 1 on.
    pub seeds: u32,
    /// Solved of them.
    pub solved: u32,
    /// Median time of the instrument.
    pub instrument_s: f64,
    /// Median time by the wall clock.
    pub wall_s: f64,
}

/// Trains with as many seeds, one after the other.
///
/// # Errors
/// There is no such gate; the instrument fails.
pub fn measure(gate: &str, loop_mode: LoopMode, seeds: u32) -> Result<Trained, BenchError> {
    let (mut solved, mut instrument_s, mut wall_s) = (0, Vec::new(), Vec::new());
    for seed in 1..=seeds {
        let text = format!("gate = \"{gate}\"\nseed = {seed}\n");
        let (mut experiment, source) = Source::parse("bench.toml", text)?;
        experiment.loop_mode = loop_mode;
        let job = Job::new(experiment, &source)?;
        let rate_hz = job.task.plan.grid().rate_hz;
        let begun = Instant::now();
        let outcome = train(job, &Options::default(), &mut |_| ())?;
        wall_s.push(begun.elapsed().as_secs_f64());
        instrument_s.push(outcome.samples as f64 / rate_hz);
        solved += u32::from(outcome.solved);
    }
    Ok(Trained {
        gate: gate.into(),
        loop_mode: loop_mode.name(),
        seeds,
        solved,
        instrument_s: median(&mut instrument_s),
        wall_s: median(&mut wall_s),
    })
}
