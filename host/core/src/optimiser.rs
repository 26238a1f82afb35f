//! Optimisers of control voltages.

use serde::{Deserialize, Serialize};

choices! {
    /// Rule from a gradient to a step.
    pub enum Rule else Adam {
        /// Plain descent.
        Sgd = "sgd",
        /// Descent with a decaying sum of past gradients.
        Momentum = "momentum",
        /// Adam with decay rates 0.9 and 0.999.
        Adam = "adam",
    }
}

/// dE/dV_k = sum over the cases of dE/dI_s times dI_s/dV_k; slopes that are missing count as zero.
pub fn chain_rule<S: AsRef<[f64]>>(slopes_na_per_v: &[S], loss_slope: &[f64]) -> Vec<f64> {
    let controls = slopes_na_per_v.iter().map(|slopes| slopes.as_ref().len()).max().unwrap_or(0);
    let of_control = |k: usize| {
        let cases = slopes_na_per_v.iter().zip(loss_slope);
        cases.map(|(slopes, loss)| slopes.as_ref().get(k).unwrap_or(&0.0) * loss).sum()
    };
    (0..controls).map(of_control).collect()
}

/// Decay rates of Adam's moments, and the offset of its division (in units of the loss a volt).
const ADAM_FIRST: f64 = 0.9;
const ADAM_SECOND: f64 = 0.999;
const ADAM_EPSILON: f64 = 1e-8;

/// An optimiser with its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Optimiser {
    rule: Rule,
    rate: f64,
    momentum: f64,
    first: Vec<f64>,
    second: Vec<f64>,
    steps: i32,
}

impl Optimiser {
    /// A fresh optimiser for `count` controls. `rate` is in volts for Adam, in square volts a unit
    /// of loss otherwise.
    pub fn new(rule: Rule, rate: f64, momentum: f64, count: usize) -> Self {
        let zeros = vec![0.0; count];
        Optimiser { rule, rate, momentum, first: zeros.clone(), second: zeros, steps: 0 }
    }

    /// Moves `controls_v` down the gradient and clips each to its range.
    pub fn step(&mut self, controls_v: &mut [f64], gradient: &[f64], ranges_v: &[(f64, f64)]) {
        self.steps += 1;
        for (k, control) in controls_v.iter_mut().enumerate() {
            let slope = gradient[k];
            let step = match self.rule {
                Rule::Sgd => self.rate * slope,
                Rule::Momentum => {
                    self.first[k] = self.momentum * self.first[k] + slope;
                    self.rate * self.first[k]
                }
                Rule::Adam => {
                    self.first[k] = ADAM_FIRST * self.first[k] + (1.0 - ADAM_FIRST) * slope;
                    self.second[k] =
                        ADAM_SECOND * self.second[k] + (1.0 - ADAM_SECOND) * slope * slope;
                    let first = self.first[k] / (1.0 - ADAM_FIRST.powi(self.steps));
                    let second = self.second[k] / (1.0 - ADAM_SECOND.powi(self.steps));
                    self.rate * first / (second.sqrt() + ADAM_EPSILON)
                }
            };
            let (low_v, high_v) = ranges_v[k];
            *control = (*control - step).clamp(low_v, high_v);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descend(rule: Rule, rate: f64, steps: usize) -> Vec<f64> {
        // E = (x - 0.3)^2 + 10 (y + 0.2)^2
        let mut controls = vec![-1.0, 1.0];
        let mut optimiser = Optimiser::new(rule, rate, 0.9, 2);
        for _ in 0..steps {
            let gradient = [2.0 * (controls[0] - 0.3), 20.0 * (controls[1] + 0.2)];
            optimiser.step(&mut controls, &gradient, &[(-1.2, 0.6), (-0.1, 0.6)]);
        }
        controls
    }

    #[test]
    fn every_rule_finds_the_minimum_and_stops_at_the_range() {
        for (rule, rate, steps) in
            [(Rule::Sgd, 0.02, 300), (Rule::Momentum, 0.005, 400), (Rule::Adam, 0.02, 600)]
        {
            let found = descend(rule, rate, steps);
            assert!((found[0] - 0.3).abs() < 1e-3, "{rule:?} {found:?}");
            assert!((found[1] + 0.1).abs() < 1e-9, "{rule:?} {found:?}");
        }
    }

    #[test]
    fn adams_second_step_is_that_of_its_decay_rates() {
        let (mut controls, ranges) = (vec![0.0], [(-10.0, 10.0)]);
        let mut optimiser = Optimiser::new(Rule::Adam, 1.0, 0.0, 1);
        optimiser.step(&mut controls, &[1.0], &ranges);
        let first = controls[0];
        optimiser.step(&mut controls, &[3.0], &ranges);
        // By hand, Kingma and Ba's algorithm 1 with 0.9 and 0.999 and gradients 1 and 3: moments 0.39 and 0.009999, divided by
        // 1 - 0.81 and 1 - 0.998001.
        let wanted = (0.39 / 0.19) / (0.009999_f64 / 0.001999).sqrt();
        assert!((first - controls[0] - wanted).abs() < 1e-6, "{} {wanted}", first - controls[0]);
    }

    #[test]
    fn adams_first_step_is_the_rate_whatever_the_gradients_size() {
        for scale in [1e-3, 1.0, 1e3] {
            let mut controls = vec![0.0];
            Optimiser::new(Rule::Adam, 0.02, 0.0, 1).step(&mut controls, &[scale], &[(-1.0, 1.0)]);
            assert!((controls[0] + 0.02).abs() < 1e-6);
        }
    }
}
