//! Throughput of the engines, each on one core: the bench computes within the same run.
//!
//! Processor time counts, so that other programs on the computer do not matter: of the thread, and of compiled Verilog that of its process,
//! which takes turns with the thread. Where the system does not tell, the wall clock counts.

use crate::bare::Bare;
use crate::pace;
use crate::workload::Workload;
use crate::BenchError;
use cpu_time::ThreadTime;
use hge_core::experiment::EngineKind;
use hge_lab::open_engine;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Throughput of one engine.
#[derive(Clone, Debug, Serialize)]
pub struct Throughput {
    /// As in `--engine`.
    pub engine: &'static str,
    /// Channels: slots with a tone.
    pub channels: u32,
    /// Simulated samples.
    pub samples: u64,
    /// Time by the wall clock.
    pub wall_s: f64,
    /// Time that counts: of the processor, or by the wall clock.
    pub counted_s: f64,
    /// Samples times channels a second.
    pub channel_samples_per_s: f64,
    /// Clocks of the gateware a second.
    pub clocks_per_s: f64,
    /// The same over that of the first engine.
    pub share_of_model: f64,
}

/// Runs the workload on an engine for `least`, the median of `runs` runs.
///
/// # Errors
/// The engine is not there, or lost.
pub fn measure(
    kind: EngineKind,
    workload: &Workload,
    runs: usize,
    least: Duration,
) -> Result<Throughput, BenchError> {
    let bench = pace::bench(workload, workload.rate_hz())?;
    let mut bare = Bare::new(open_engine(kind, workload.parameters(), bench)?)?;
    let mut epochs = 2;
    let mut found: Vec<(f64, u64, f64)> = Vec::new();
    let (children_before, mut all_s, mut all_samples) = (children_s(), 0.0, 0);
    // Longer runs until one lasts: a run is one command.
    while found.len() < runs {
        bare.configure(workload, epochs)?;
        let (begun, begun_cpu) = (Instant::now(), ThreadTime::now());
        let samples = bare.run(|_| ())?;
        let (wall, cpu) = (begun.elapsed(), begun_cpu.elapsed());
        all_s += cpu.as_secs_f64();
        all_samples += samples;
        let counted = if kind == EngineKind::Verilog { wall } else { cpu };
        if wall >= least || epochs == u32::from(u16::MAX) {
            found.push((samples as f64 / counted.as_secs_f64(), samples, wall.as_secs_f64()));
        } else {
            let factor = 1.3 * least.as_secs_f64() / wall.as_secs_f64().max(1e-4);
            epochs = (f64::from(epochs) * factor.max(1.5)).min(f64::from(u16::MAX)) as u32;
        }
        bare.disarm()?;
    }
    drop(bare);
    if let (EngineKind::Verilog, Some(before), Some(after)) = (kind, children_before, children_s())
    {
        let rate = all_samples as f64 / (all_s + after - before);
        found.iter_mut().for_each(|run| run.0 = rate);
    }
    found.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let (samples_per_s, samples, wall_s) = found[found.len() / 2];
    Ok(Throughput {
        engine: kind.name(),
        channels: workload.slots,
        samples,
        wall_s,
        counted_s: samples as f64 / samples_per_s,
        channel_samples_per_s: samples_per_s * f64::from(workload.slots),
        clocks_per_s: samples_per_s * f64::from(workload.period_clocks()),
        share_of_model: 1.0,
    })
}

/// Processor time of the processes that this one has started and that have ended, if the system is a Linux.
fn children_s() -> Option<f64> {
    const TICKS_PER_S: f64 = 100.0;
    let status = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name of the program: its state is the third number of the line, these are the 16th and 17th.
    let words: Vec<&str> = status.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |word: usize| words.get(word).and_then(|word| word.parse::<f64>().ok());
    Some((ticks(13)? + ticks(14)?) / TICKS_PER_S)
}

/// Relates every throughput to that of the first.
pub fn compare(found: &mut [Throughput]) {
    let Some(first) = found.first().map(|first| first.channel_samples_per_s) else { return };
    for throughput in found {
        throughput.share_of_model = throughput.channel_samples_per_s / first;
    }
}
