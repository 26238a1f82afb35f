//! Your own loss of several outputs, with their Jacobian: `cargo run --release -p hge-lab --example own_outputs`.
//!
//! Four photodiodes behind a mesh of four waveguides shall receive the same light. One window gives the currents of all of them, and the slope of every
//! current with every phase shifter: the Jacobian, a row for each output.

use hge_core::experiment::{Job, Source};
use hge_core::session::Session;
use hge_lab::{simulate, Options};

/// One case, whose input electrode is a phase shifter that stays at 0 V; the eleven others are trained.
const EXPERIMENT: &str = r#"
device = "mesh:4"
[instrument]
outputs = 12
inputs = 4
[electrodes]
inputs = [0]
controls = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
control_low_v = [-1.9, -1.9, -1.9, -1.9, -1.9, -1.9, -1.9, -1.9, -1.9, -1.9, -1.9]
control_high_v = [1.9, 1.9, 1.9, 1.9, 1.9, 1.9, 1.9, 1.9, 1.9, 1.9, 1.9]
[tones]
band_hz = [150.0, 2400.0]
[[case]]
inputs_v = [0.0]
target_na = [0.0, 0.0, 0.0, 0.0]
"#;

/// Every value less the mean of them all.
fn less_mean(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| value - mean).collect()
}

/// Currents before and after the training.
pub fn train() -> Result<[Vec<f64>; 2], Box<dyn std::error::Error>> {
    let (experiment, source) = Source::parse("own.toml", EXPERIMENT.into())?;
    let estimator = experiment.host.estimator;
    let (instrument, task, guard) = simulate(Job::new(experiment, &source)?, &Options::default())?;
    let ranges_v = task.plan.control_ranges_v();
    let mut controls_v = task.plan.middle_controls_v();
    let mut currents_na = Vec::new();
    let mut session = Session::open(instrument, task.plan, estimator)?;
    session.read_all_inputs();
    for _ in 0..40 {
        // The rows of a case are its outputs; several cases follow one another, in the order of `Session::rows`.
        let readings = session.measure(&controls_v, true)?;
        let outputs_na: Vec<f64> = readings.iter().map(|reading| reading.mean_na).collect();
        // The loss is the sum of the squared distances from the mean, whose slopes are those of the outputs less their mean.
        let mut errors_na = less_mean(&outputs_na);
        let mut jacobian: Vec<Vec<f64>> =
            readings.iter().map(|reading| reading.slopes_na_per_v.clone()).collect();
        for k in 0..controls_v.len() {
            let column: Vec<f64> = jacobian.iter().map(|row| row[k]).collect();
            jacobian.iter_mut().zip(less_mean(&column)).for_each(|(row, slope)| row[k] = slope);
        }
        // The optimiser: every row in turn is brought half the way to zero along its own slopes (S. Kaczmarz, 1937), by 0.1 V at most.
        for row in 0..jacobian.len() {
            let square: f64 = jacobian[row].iter().map(|slope| slope * slope).sum();
            for k in 0..controls_v.len() {
                let step_v = (-0.5 * errors_na[row] * jacobian[row][k] / square).clamp(-0.1, 0.1);
                let (low_v, high_v) = ranges_v[k];
                let moved_v = (controls_v[k] + step_v).clamp(low_v, high_v) - controls_v[k];
                controls_v[k] += moved_v;
                let slopes = jacobian.iter().map(|slopes| slopes[k]);
                errors_na
                    .iter_mut()
                    .zip(slopes)
                    .for_each(|(error, slope)| *error += slope * moved_v);
            }
        }
        currents_na.push(outputs_na);
    }
    session.close()?;
    guard.finish()?;
    Ok([currents_na[0].clone(), currents_na[currents_na.len() - 1].clone()])
}

#[allow(dead_code)] // The test that includes this file calls `train`.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [before_na, after_na] = train()?;
    println!("{before_na:.2?} nA before, {after_na:.2?} nA after 40 epochs");
    Ok(())
}
