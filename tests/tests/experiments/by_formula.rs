//! Trainings beside the same descents by the slopes that devices tell.

use hge_core::dataset::Cases;
use hge_core::experiment::{ExperimentError, Job, Source};
use hge_core::optimiser::{chain_rule, Optimiser, Rule};
use hge_core::train::{Outcome, Progress};
use hge_lab::{train, Options};
use hge_sim::device::Device;
use std::path::PathBuf;

/// The job in the text of an experiment file.
pub fn job(text: &str) -> Result<Job, ExperimentError> {
    let (experiment, source) = Source::parse("t.toml", text.into())?;
    Job::new(experiment, &source)
}

/// The result of a training, and its epochs.
///
/// # Panics
/// The experiment is wrong, or the instrument fails.
pub fn trained(text: &str) -> (Outcome, Vec<Progress>) {
    let mut epochs = Vec::new();
    let job = job(text).unwrap_or_else(|error| panic!("{error}"));
    let outcome = train(job, &Options::default(), &mut |epoch| epochs.push(epoch.clone()));
    (outcome.unwrap_or_else(|error| panic!("{error}")), epochs)
}

/// The text of an experiment in `experiments`, whose file of cases is found from here.
pub fn of_folder(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../experiments");
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    text.replace("file = \"", &format!("file = \"{}/", folder.display()))
}

/// Outputs and slopes of every row of these cases by the device's formula.
pub fn exact(job: &Job, cases: &Cases, controls_v: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (device, plan): (&dyn Device, _) = (job.device.as_ref(), &job.task.plan);
    let (electrodes, outputs) = (device.electrodes(), cases.targets.outputs);
    let (mut currents, mut slopes) = (Vec::new(), Vec::new());
    for inputs_v in &cases.cases_v {
        let volts = plan.outputs_v(inputs_v, controls_v);
        let mut current_na = vec![0.0; device.outputs()];
        device.currents_na(&volts[..electrodes], &mut current_na);
        let jacobian = device.jacobian_na_per_v(&volts[..electrodes]).expect("a formula");
        for output in 0..outputs {
            currents.push(current_na[output]);
            let of_controls = plan.configuration().controls.iter();
            slopes.push(of_controls.map(|c| jacobian[output * electrodes + c.output]).collect());
        }
    }
    (currents, slopes)
}

/// The controls of the least loss of a descent by exact gradients from these controls, with the optimiser, rate, batches and judgement
/// of the host loop of an experiment without validation cases.
pub fn descended(job: &Job, mut controls_v: Vec<f64>, epochs: u32) -> Vec<f64> {
    let (data, keys) = (&job.task.data, &job.task.experiment.host);
    let ranges_v = job.task.plan.control_ranges_v();
    let rate = match keys.optimiser {
        Rule::Adam => keys.adam_rate_v,
        Rule::Natural => keys.natural_rate_na2,
        Rule::Sgd | Rule::Momentum => keys.descent_rate_v2,
    };
    let mut optimiser = Optimiser::new(keys.optimiser, rate, keys.momentum, controls_v.len());
    optimiser = optimiser.damped(keys.damping);
    let (mut best, mut pass) = ((f64::INFINITY, controls_v.clone()), Vec::new());
    for epoch in 1..=epochs {
        let batch = data.batch(1, epoch);
        let (currents, slopes) = exact(job, &batch, &controls_v);
        let loss = job.task.experiment.loss(&batch.targets);
        let (value, slope) = loss.evaluate(&currents, &batch.targets);
        pass.push(value);
        // With one batch a loss is that of the controls before the step.
        let before = controls_v.clone();
        optimiser.step_with(&mut controls_v, &chain_rule(&slopes, &slope), &slopes, &ranges_v);
        if pass.len() as u32 == data.epochs_per_pass() {
            let mean = pass.drain(..).sum::<f64>() / f64::from(data.epochs_per_pass());
            if mean < best.0 {
                let after = if data.epochs_per_pass() == 1 { before } else { controls_v.clone() };
                best = (mean, after);
            }
        }
    }
    best.1
}
