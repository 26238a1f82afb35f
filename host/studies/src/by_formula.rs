//! Outputs, slopes and descents of an experiment by the formula of its device: without noise, tones or instrument.

use hge_core::dataset::Cases;
use hge_core::experiment::Job;
use hge_core::optimiser::{chain_rule, Local, Optimiser, Rule};
use hge_sim::device::Device;

/// Outputs of every row of these cases.
pub fn outputs_na(job: &Job, cases: &Cases, controls_v: &[f64]) -> Vec<f64> {
    let (device, mut currents) = (job.device.as_ref(), Vec::new());
    for inputs_v in &cases.cases_v {
        let volts = job.task.plan.outputs_v(inputs_v, controls_v);
        let mut current_na = vec![0.0; device.outputs()];
        device.currents_na(&volts[..device.electrodes()], &mut current_na);
        currents.extend_from_slice(&current_na[..cases.targets.outputs]);
    }
    currents
}

/// Outputs and slopes of every row of these cases; `None`: the device does not tell its slopes.
pub fn exact(job: &Job, cases: &Cases, controls_v: &[f64]) -> Option<(Vec<f64>, Vec<Vec<f64>>)> {
    let (device, plan): (&dyn Device, _) = (job.device.as_ref(), &job.task.plan);
    let (electrodes, mut slopes) = (device.electrodes(), Vec::new());
    for inputs_v in &cases.cases_v {
        let volts = plan.outputs_v(inputs_v, controls_v);
        let jacobian = device.jacobian_na_per_v(&volts[..electrodes])?;
        for output in 0..cases.targets.outputs {
            let of_controls = plan.configuration().controls.iter();
            slopes.push(of_controls.map(|c| jacobian[output * electrodes + c.output]).collect());
        }
    }
    Some((outputs_na(job, cases, controls_v), slopes))
}

/// The controls of the least loss of a descent by exact gradients from these controls, with the optimiser, rate, batches and judgement of the host loop of
/// an experiment without validation cases and with an optimiser of first order. `None`: the device does not tell its slopes.
pub fn descended(job: &Job, mut controls_v: Vec<f64>, epochs: u32) -> Option<Vec<f64>> {
    let (data, keys) = (&job.task.data, &job.task.experiment.host);
    let ranges_v = job.task.plan.control_ranges_v();
    let rate = match keys.optimiser {
        Rule::Adam => keys.adam_rate_v,
        Rule::Natural => keys.natural_rate_na2,
        _ => keys.descent_rate_v2,
    };
    let mut optimiser = Optimiser::new(keys.optimiser, rate, keys.momentum, controls_v.len());
    optimiser = optimiser.damped(keys.damping);
    let (mut best, mut pass) = ((f64::INFINITY, controls_v.clone()), Vec::new());
    for epoch in 1..=epochs {
        let batch = data.batch(1, epoch);
        let (currents, slopes) = exact(job, &batch, &controls_v)?;
        let (value, slope) =
            job.task.experiment.loss(&batch.targets).evaluate(&currents, &batch.targets);
        pass.push(value);
        // With one batch a loss is that of the controls before the step.
        let before = controls_v.clone();
        let gradient = chain_rule(&slopes, &slope);
        let local =
            Local { loss: value, gradient, slopes_na_per_v: &slopes[..], hessian: Vec::new() };
        optimiser.step_with(&mut controls_v, &local, &ranges_v);
        if pass.len() as u32 == data.epochs_per_pass() {
            let mean = pass.drain(..).sum::<f64>() / f64::from(data.epochs_per_pass());
            if mean < best.0 {
                let after = if data.epochs_per_pass() == 1 { before } else { controls_v.clone() };
                best = (mean, after);
            }
        }
    }
    Some(best.1)
}
