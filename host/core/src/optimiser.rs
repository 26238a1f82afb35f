//! Optimisers of control voltages.

mod newton;

pub use newton::hessian;

use crate::linear::{dot, inverse};
use newton::Newton;
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
        /// Natural gradient: the gradient divided by the mean outer product of the slopes, damped; under mse a damped Gauss-Newton step.
        Natural = "natural",
        /// Levenberg and Marquardt's step under mse, from the slopes alone; the damping follows the actual over the predicted fall of the loss.
        LevenbergMarquardt = "levenberg-marquardt",
        /// Newton's damped step: the second derivatives of the current, measured in the same windows at the products of the tones, are added to those of the loss.
        Newton = "newton",
    }
}

impl Rule {
    /// Whether it steps by second derivatives of the loss, which must be of the same cases at every step.
    pub fn is_of_second_order(self) -> bool {
        matches!(self, Rule::LevenbergMarquardt | Rule::Newton)
    }
}

/// A loss and what is known of it at the present controls.
#[derive(Clone, Debug, PartialEq)]
pub struct Local<S> {
    /// Its value.
    pub loss: f64,
    /// Its slope with every control, a volt.
    pub gradient: Vec<f64>,
    /// Slopes of every row's current, for [`Rule::Natural`].
    pub slopes_na_per_v: S,
    /// Its second derivatives with the controls, see [`hessian`]; empty for rules of first order.
    pub hessian: Vec<Vec<f64>>,
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

/// Largest step of a control by a matrix: where the slopes are small, those of the next step are others.
const MOST_STEP_V: f64 = 0.2;

/// An optimiser with its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Optimiser {
    rule: Rule,
    rate: f64,
    momentum: f64,
    /// Added to the diagonal of the mean outer product, as a share of its mean.
    #[serde(default)]
    damping: f64,
    first: Vec<f64>,
    second: Vec<f64>,
    steps: i32,
    #[serde(default)]
    newton: Newton,
}

impl Optimiser {
    /// A fresh optimiser for `count` controls. `rate` is in volts for Adam, in nA² a unit of loss for the natural gradient, in square volts a unit
    /// of loss otherwise.
    pub fn new(rule: Rule, rate: f64, momentum: f64, count: usize) -> Self {
        let zeros = vec![0.0; count];
        Optimiser {
            rule,
            rate,
            momentum,
            damping: 0.1,
            first: zeros.clone(),
            second: zeros,
            steps: 0,
            newton: Newton::default(),
        }
    }

    /// With this damping of the natural gradient, and of the first step of second order.
    pub fn damped(self, damping: f64) -> Self {
        Optimiser { damping, ..self }
    }

    /// Moves `controls_v` by the rule, and clips each to its range. Rules of second order are plain descent where no second derivatives are given.
    pub fn step_with<S: AsRef<[f64]>>(
        &mut self,
        controls_v: &mut [f64],
        local: &Local<&[S]>,
        ranges_v: &[(f64, f64)],
    ) {
        if self.rule.is_of_second_order() && local.hessian.len() == local.gradient.len() {
            return self.newton.step(controls_v, local, (self.damping, MOST_STEP_V), ranges_v);
        }
        if self.rule != Rule::Natural {
            return self.step(controls_v, &local.gradient, ranges_v);
        }
        let steps_v = self.natural(&local.gradient, local.slopes_na_per_v);
        let largest = steps_v.iter().fold(0.0_f64, |most, step| most.max(step.abs()));
        let share = (MOST_STEP_V / largest).min(1.0);
        for ((control, step), &(low_v, high_v)) in controls_v.iter_mut().zip(steps_v).zip(ranges_v)
        {
            *control = (*control - share * step).clamp(low_v, high_v);
        }
    }

    /// rate (mean over the rows of s s^T + damping)^-1 gradient. With all slopes zero there is no step.
    fn natural<S: AsRef<[f64]>>(&self, gradient: &[f64], slopes: &[S]) -> Vec<f64> {
        let (rows, controls) = (slopes.len().max(1) as f64, gradient.len());
        let slope = |row: &S, k: usize| row.as_ref().get(k).copied().unwrap_or(0.0);
        let entry = |i: usize, k: usize| {
            slopes.iter().map(|row| slope(row, i) * slope(row, k)).sum::<f64>() / rows
        };
        let mut metric: Vec<Vec<f64>> =
            (0..controls).map(|i| (0..controls).map(|k| entry(i, k)).collect()).collect();
        let mean = (0..controls).map(|k| metric[k][k]).sum::<f64>() / controls.max(1) as f64;
        (0..controls).for_each(|k| metric[k][k] += self.damping * mean);
        match inverse(&metric, f64::MIN_POSITIVE) {
            Ok(inverse) => inverse.iter().map(|row| self.rate * dot(row, gradient)).collect(),
            Err(_) => vec![0.0; controls],
        }
    }

    /// Moves `controls_v` down the gradient and clips each to its range; the other rules need more, see [`Optimiser::step_with`], and are plain descent here.
    pub fn step(&mut self, controls_v: &mut [f64], gradient: &[f64], ranges_v: &[(f64, f64)]) {
        self.steps += 1;
        for (k, control) in controls_v.iter_mut().enumerate() {
            let slope = gradient[k];
            let step = match self.rule {
                Rule::Sgd | Rule::Natural | Rule::LevenbergMarquardt | Rule::Newton => {
                    self.rate * slope
                }
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
    fn an_undamped_natural_step_at_half_rate_solves_a_linear_problem_at_once() {
        // Rows 3 x - y - 1 and x + 2 y + 2: zero at x = 0, y = -1. Their squares' mean has the gradient (J^T e), for two rows.
        let slopes = [[0.3, -0.1], [0.1, 0.2]];
        let mut controls = vec![0.15, -0.9];
        let errors = [0.3 * 0.15 + 0.1 * 0.9 - 0.1, 0.1 * 0.15 - 0.2 * 0.9 + 0.2];
        let gradient = [0.3 * errors[0] + 0.1 * errors[1], -0.1 * errors[0] + 0.2 * errors[1]];
        let ranges = [(-2.0, 2.0); 2];
        let mut optimiser = Optimiser::new(Rule::Natural, 0.5, 0.0, 2).damped(0.0);
        let mut step = |controls: &mut Vec<f64>, gradient: [f64; 2], slopes: &[[f64; 2]]| {
            let (loss, gradient, hessian) = (0.0, gradient.to_vec(), Vec::new());
            let local = Local { loss, gradient, slopes_na_per_v: slopes, hessian };
            optimiser.step_with(controls, &local, &ranges);
        };
        step(&mut controls, gradient, &slopes);
        assert!(controls[0].abs() < 1e-12 && (controls[1] + 1.0).abs() < 1e-12, "{controls:?}");
        // Without slopes nothing moves, and no step is longer than the greatest.
        let before = controls.clone();
        step(&mut controls, gradient, &[[0.0, 0.0]]);
        assert_eq!(controls, before);
        step(&mut controls, [1e3, -1e3], &slopes);
        let moved = controls.iter().zip(&before).map(|(after, before)| (after - before).abs());
        assert!((moved.fold(0.0, f64::max) - MOST_STEP_V).abs() < 1e-12);
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
