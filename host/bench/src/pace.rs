//! Dead time and closed-loop updates a second of a run, in samples: exact, and the same on every engine.

use crate::bare::Bare;
use crate::workload::Workload;
use crate::BenchError;
use hge_sim::bench::{AnalogueBench, Bench, Chain};
use hge_sim::device::LinearDevice;
use hge_sim::model::Model;
use serde::Serialize;

/// Epochs of a run; the first and the last are not counted.
const EPOCHS: u32 = 12;

/// Use of a run's samples.
#[derive(Clone, Debug, Serialize)]
pub struct Pace {
    /// What runs.
    #[serde(flatten)]
    pub workload: Workload,
    /// Samples a second.
    pub rate_hz: f64,
    /// Samples of an epoch.
    pub epoch_samples: f64,
    /// Samples of an epoch that windows sum.
    pub summed_samples: f64,
    /// Samples of an epoch that the experiment declares for ramps, waits and lead-ins.
    pub declared_samples: f64,
    /// Samples of an epoch that no window sums, less those declared.
    pub dead_samples: f64,
    /// The same over the epoch.
    pub dead_share: f64,
    /// Epochs a second: with an update each where the gateware closes the loop.
    pub updates_per_s: f64,
    /// Windows a second of all inputs.
    pub windows_per_s: f64,
}

/// A bench with a linear device on all outputs and white noise.
pub fn bench(workload: &Workload, rate_hz: f64) -> Result<Box<dyn Bench>, BenchError> {
    let row = |input: u32| {
        let slope = |k: u32| f64::from((k + input) % 7) - 2.5;
        (0.0, (0..workload.outputs).map(slope).collect())
    };
    let device = LinearDevice::with_outputs((0..workload.inputs).map(row).collect())?;
    let (outputs, inputs) = (workload.outputs as usize, workload.inputs as usize);
    let bench = AnalogueBench::new(Chain::default(), Box::new(device), outputs, inputs, rate_hz, 1);
    Ok(Box::new(bench))
}

/// The workload on the model.
///
/// # Errors
/// The model refuses it.
pub fn model(workload: &Workload) -> Result<Bare, BenchError> {
    let bench = bench(workload, workload.rate_hz())?;
    Bare::new(Box::new(Model::new(workload.parameters(), bench)))
}

/// Runs the workload on the model.
///
/// # Errors
/// The model refuses it.
pub fn measure(workload: &Workload) -> Result<Pace, BenchError> {
    let mut model = model(workload)?;
    model.configure(workload, EPOCHS)?;
    // Starts of the epochs' first windows, without those of the final pass.
    let mut begun = Vec::new();
    model.run(|window| {
        if window.begins_epoch() && begun.len() < EPOCHS as usize {
            begun.push(window.sample_clock);
        }
    })?;
    let between = begun.get(1..).unwrap_or(&[]);
    let (first, last) = (between.first().copied(), between.last().copied());
    let (Some(first), Some(last)) = (first, last) else {
        return Err(BenchError::Refused { status: "no windows".into() });
    };
    let epoch_samples = f64::from(last - first) / (between.len() - 1) as f64;
    let summed_samples = f64::from(workload.cases * workload.window_samples);
    let declared_samples = f64::from(workload.cases * workload.declared_samples());
    let dead_samples = epoch_samples - summed_samples - declared_samples;
    let rate_hz = workload.rate_hz();
    let updates_per_s = rate_hz / epoch_samples;
    Ok(Pace {
        workload: *workload,
        rate_hz,
        epoch_samples,
        summed_samples,
        declared_samples,
        dead_samples,
        dead_share: dead_samples / epoch_samples,
        updates_per_s,
        windows_per_s: updates_per_s * f64::from(workload.cases * workload.inputs),
    })
}
