//! One step of the host's optimisers, from the readings of an epoch.

use crate::experiment::{Experiment, HostKeys};
use crate::measure::curvature;
use crate::optimiser::{chain_rule, hessian, Local, Optimiser, Rule};
use crate::plan::Plan;
use crate::session::Reading;
use crate::targets::Targets;

/// One step by what was measured at these controls.
pub(crate) fn take_step(
    optimiser: &mut Optimiser,
    controls_v: &mut [f64],
    experiment: &Experiment,
    plan: &Plan,
    readings: &[Reading],
    targets: &Targets,
) {
    let (loss, outputs_na) = (experiment.loss(targets), means(readings));
    let (value, slope) = loss.evaluate(&outputs_na, targets);
    let slopes: Vec<&[f64]> = readings.iter().map(|reading| &*reading.slopes_na_per_v).collect();
    let curvatures = match experiment.host.optimiser {
        Rule::Newton => curvature::triangles_na_per_v2(plan, readings),
        _ => Vec::new(),
    };
    let hessian = match experiment.host.optimiser.is_of_second_order() {
        true => hessian(loss, &outputs_na, targets, &slopes, &curvatures),
        false => Vec::new(),
    };
    let gradient = loss_slopes(readings, &slope, targets);
    let local = Local { loss: value, gradient, slopes_na_per_v: &slopes[..], hessian };
    optimiser.step_with(controls_v, &local, &plan.control_ranges_v());
}

/// The rule that the experiment names, at its rate.
pub fn optimiser(keys: &HostKeys, controls: usize) -> Optimiser {
    let rate = match keys.optimiser {
        Rule::Adam => keys.adam_rate_v,
        Rule::Natural => keys.natural_rate_na2,
        // Steps of second order have none.
        _ => keys.descent_rate_v2,
    };
    Optimiser::new(keys.optimiser, rate, keys.momentum, controls).damped(keys.damping)
}

/// Slope of the loss with every control: by the chain rule, or where the cost was demodulated the weighted mean over the cases of what that gave.
fn loss_slopes(readings: &[Reading], loss_slope: &[f64], targets: &Targets) -> Vec<f64> {
    let of_cost = readings[0].cost_slopes_na2_per_v.len();
    if of_cost > 0 {
        let mean = |k: usize| targets.weighted_mean(|case| readings[case].cost_slopes_na2_per_v[k]);
        return (0..of_cost).map(mean).collect();
    }
    let slopes: Vec<&[f64]> = readings.iter().map(|reading| &*reading.slopes_na_per_v).collect();
    chain_rule(&slopes, loss_slope)
}

/// Mean current of every case.
pub(crate) fn means(readings: &[Reading]) -> Vec<f64> {
    readings.iter().map(|reading| reading.mean_na).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Wanted;

    #[test]
    fn slopes_of_the_loss_are_summed_over_the_cases_and_those_of_a_cost_averaged_by_weight() {
        let mut readings = vec![Reading::blank(2, 0); 4];
        for (case, reading) in (0..).zip(&mut readings) {
            reading.slopes_na_per_v = vec![1.0 + f64::from(case), -2.0];
        }
        // 1 * 0.5 + 2 * 0 - 3 * 0.25 + 4 * 1.
        let mut targets = Targets::new(Wanted::Currents(vec![0.0; 4]), 1);
        assert_eq!(loss_slopes(&readings, &[0.5, 0.0, -0.25, 1.0], &targets), [3.75, -2.5]);
        for (case, reading) in (0..).zip(&mut readings) {
            reading.cost_slopes_na2_per_v = vec![10.0 * f64::from(case), 6.0];
        }
        assert_eq!(loss_slopes(&readings, &[0.5, 0.0, -0.25, 1.0], &targets), [15.0, 6.0]);
        targets.weights = Some(vec![0.5, 0.0, 1.0, 0.5]);
        assert_eq!(loss_slopes(&readings, &[0.5, 0.0, -0.25, 1.0], &targets), [17.5, 6.0]);
    }
}
