//! Your own loss and optimiser on a simulated device: `cargo run --release -p hge-lab --example own_training`.
//!
//! On a board, [`hge_driver::Instrument::connect`] with its link replaces [`hge_lab::simulate`]; the rest is the same.

use hge_core::experiment::{Job, Source};
use hge_core::gradient::Estimator;
use hge_core::session::Session;
use hge_lab::{simulate, Options};

/// Currents wanted of the cases (0, 0), (0, 1), (1, 0), (1, 1).
const TARGETS_NA: [f64; 4] = [-5.0, 2.2, 2.2, 9.4];

/// Sum of the squared distances from the targets before and after the training.
pub fn train() -> Result<[f64; 2], Box<dyn std::error::Error>> {
    let text = "gate = \"and\"\ndevice = \"linear:2,4,4,3,-2,5,1\"";
    let (experiment, source) = Source::parse("own.toml", text.into())?;
    let (instrument, task, guard) = simulate(Job::new(experiment, &source)?, &Options::default())?;
    let ranges_v = task.plan.control_ranges_v();
    let mut controls_v = task.plan.middle_controls_v();
    let mut velocities_v = vec![0.0; controls_v.len()];
    let mut losses_na2 = Vec::new();
    let mut session = Session::open(instrument, task.plan, Estimator::InPhase)?;
    for _ in 0..60 {
        // One window a case: its mean current, and its slope with every control.
        let readings = session.measure(&controls_v, true)?;
        let mut gradient = vec![0.0; controls_v.len()];
        let mut loss_na2 = 0.0;
        for (reading, target_na) in readings.iter().zip(TARGETS_NA) {
            let error_na = reading.mean_na - target_na;
            loss_na2 += error_na * error_na;
            for (sum, slope) in gradient.iter_mut().zip(&reading.slopes_na_per_v) {
                *sum += 2.0 * error_na * slope;
            }
        }
        losses_na2.push(loss_na2);
        let steps = controls_v.iter_mut().zip(&mut velocities_v).zip(&gradient).zip(&ranges_v);
        for (((control_v, velocity_v), slope), &(low_v, high_v)) in steps {
            *velocity_v = 0.5 * *velocity_v - 1e-3 * slope;
            *control_v = (*control_v + *velocity_v).clamp(low_v, high_v);
        }
    }
    session.close()?;
    guard.finish()?;
    Ok([losses_na2[0], losses_na2[losses_na2.len() - 1]])
}

#[allow(dead_code)] // The test that includes this file calls `train`.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [before_na2, after_na2] = train()?;
    println!("squared distance {before_na2:.2} nA^2 before, {after_na2:.2} nA^2 after 60 epochs");
    Ok(())
}
