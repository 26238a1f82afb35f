//! Damped steps from second derivatives of the loss.
//!
//! The loss near the controls is g p + p B p / 2. With B = J^T L'' J, L'' the second derivative of the loss with the outputs and J the measured slopes, the
//! step is Levenberg and Marquardt's; with the sum over the rows of dL/dI_s times the measured second derivatives of I_s in addition, Newton's. Either way
//!
//! ```text
//! (B + damping m) p = -g,    m = mean |B_kk|
//! ```
//!
//! with the damping increased until the matrix is positive definite. Controls at an end of their range that the gradient pushes outward stay. The
//! next loss tells how good the model was: from the quotient of the actual and the predicted fall the damping becomes less or more, and after a rise the
//! step is taken again from the last point, shorter (J. Nocedal, S. Wright, Numerical Optimization, 2nd ed., chapters 4 and 10).

use super::Local;
use crate::linear::{cholesky, dot, inverse};
use crate::loss::Loss;
use crate::targets::Targets;
use serde::{Deserialize, Serialize};

/// Bounds of the damping.
const LEAST_DAMPING: f64 = 1e-6;
const MOST_DAMPING: f64 = 1e6;

/// Quotients of actual and predicted fall beyond which the damping changes, and its factors.
const GOOD: f64 = 0.75;
const POOR: f64 = 0.25;
const LESS: f64 = 1.0 / 3.0;
const MORE: f64 = 4.0;

/// Step of the numerical second derivatives of a loss.
const STEP_NA: f64 = 1e-3;

/// A damped step, and what its model predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Point {
    controls_v: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
    hessian: Vec<Vec<f64>>,
    /// Fall of the loss by the step that was taken from here.
    predicted: f64,
}

/// State between steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Newton {
    /// In force; none before the first step.
    damping: Option<f64>,
    /// The last point that the loss did not rise to.
    point: Option<Point>,
}

impl Newton {
    /// Moves `controls_v`; `damping` is that of the first step.
    pub(super) fn step<S>(
        &mut self,
        controls_v: &mut [f64],
        local: &Local<S>,
        (damping, most_v): (f64, f64),
        ranges_v: &[(f64, f64)],
    ) {
        let mut damping = self.damping.unwrap_or(damping);
        let here = || Point {
            controls_v: controls_v.to_vec(),
            loss: local.loss,
            gradient: local.gradient.clone(),
            hessian: local.hessian.clone(),
            predicted: 0.0,
        };
        let mut from = match self.point.take() {
            None => here(),
            Some(last) => {
                let fall = last.loss - local.loss;
                if fall < POOR * last.predicted {
                    damping *= MORE;
                } else if fall > GOOD * last.predicted {
                    damping *= LESS;
                }
                if fall < 0.0 {
                    last
                } else {
                    here()
                }
            }
        };
        damping = damping.clamp(LEAST_DAMPING, MOST_DAMPING);
        let step_v = from.step_v(&mut damping, ranges_v);
        let largest_v = step_v.iter().fold(0.0_f64, |most, step| most.max(step.abs()));
        let share = (most_v / largest_v).min(1.0);
        for (k, control) in controls_v.iter_mut().enumerate() {
            let (low_v, high_v) = ranges_v[k];
            *control = (from.controls_v[k] + share * step_v[k]).clamp(low_v, high_v);
        }
        from.predict(controls_v);
        (self.damping, self.point) = (Some(damping), Some(from));
    }
}

impl Point {
    /// The damped step from here, with the damping increased until the matrix is positive definite.
    fn step_v(&self, damping: &mut f64, ranges_v: &[(f64, f64)]) -> Vec<f64> {
        let outward = |k: &usize| {
            let (low_v, high_v) = ranges_v[*k];
            let (control, slope) = (self.controls_v[*k], self.gradient[*k]);
            (control <= low_v && slope > 0.0) || (control >= high_v && slope < 0.0)
        };
        let free: Vec<usize> = (0..self.gradient.len()).filter(|k| !outward(k)).collect();
        let mut step_v = vec![0.0; self.gradient.len()];
        let sizes = free.iter().map(|&k| self.hessian[k][k].abs());
        let mean = sizes.sum::<f64>() / free.len().max(1) as f64;
        while mean > 0.0 && *damping <= MOST_DAMPING {
            let mut matrix: Vec<Vec<f64>> =
                free.iter().map(|&i| free.iter().map(|&k| self.hessian[i][k]).collect()).collect();
            (0..free.len()).for_each(|k| matrix[k][k] += *damping * mean);
            // Where a pivot is not positive the factor has the least number instead.
            let root = cholesky(matrix.clone());
            let is_definite = (0..free.len()).all(|k| root[k][k] > f64::MIN_POSITIVE.sqrt());
            if let Some(inverse) = inverse(&matrix, 0.0).ok().filter(|_| is_definite) {
                let gradient: Vec<f64> = free.iter().map(|&k| self.gradient[k]).collect();
                for (row, &k) in inverse.iter().zip(&free) {
                    step_v[k] = -dot(row, &gradient);
                }
                break;
            }
            *damping *= MORE;
        }
        step_v
    }

    /// Stores the fall that the model expects of these controls.
    fn predict(&mut self, controls_v: &[f64]) {
        let step_v: Vec<f64> =
            controls_v.iter().zip(&self.controls_v).map(|(to, from)| to - from).collect();
        let bent: f64 =
            self.hessian.iter().zip(&step_v).map(|(row, p)| p * dot(row, &step_v)).sum();
        self.predicted = -dot(&self.gradient, &step_v) - bent / 2.0;
    }
}

/// Second derivatives of a loss with the controls: J^T L'' J, and where the second derivatives of every row's current are known (the upper triangle row by
/// row, nA/V²) the sum of dL/dI_s times these.
pub fn hessian<S: AsRef<[f64]>>(
    loss: Loss,
    outputs_na: &[f64],
    targets: &Targets,
    slopes_na_per_v: &[S],
    curvatures_na_per_v2: &[Vec<f64>],
) -> Vec<Vec<f64>> {
    let (_, slope) = loss.evaluate(outputs_na, targets);
    let controls = slopes_na_per_v.first().map_or(0, |row| row.as_ref().len());
    let mut sum = vec![vec![0.0; controls]; controls];
    let mut moved_na = outputs_na.to_vec();
    for (row, slopes) in slopes_na_per_v.iter().map(AsRef::as_ref).enumerate() {
        let mut at = |shift_na: f64| {
            moved_na[row] = outputs_na[row] + shift_na;
            loss.evaluate(&moved_na, targets).1
        };
        let (above, below) = (at(STEP_NA), at(-STEP_NA));
        moved_na[row] = outputs_na[row];
        let of_outputs = above.iter().zip(&below).map(|(a, b)| (a - b) / (2.0 * STEP_NA));
        let of_outputs: Vec<f64> = of_outputs.collect();
        // Row `row` of L'', times J.
        let of_controls = |k: usize| -> f64 {
            let rows = slopes_na_per_v.iter().zip(&of_outputs);
            rows.map(|(slopes, second)| second * slopes.as_ref()[k]).sum()
        };
        let of_controls: Vec<f64> = (0..controls).map(of_controls).collect();
        for (i, line) in sum.iter_mut().enumerate() {
            line.iter_mut().zip(&of_controls).for_each(|(sum, value)| *sum += slopes[i] * value);
        }
    }
    for (curvatures, slope) in curvatures_na_per_v2.iter().zip(&slope) {
        let pairs = (0..controls).flat_map(|i| (i..controls).map(move |k| (i, k)));
        for ((i, k), curvature) in pairs.zip(curvatures) {
            sum[i][k] += slope * curvature;
            if i != k {
                sum[k][i] += slope * curvature;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimiser::{chain_rule, Optimiser, Rule};
    use crate::targets::Wanted;

    const RANGES_V: [(f64, f64); 2] = [(-1.2, 1.2), (-1.2, 1.2)];

    /// Rosenbrock's valley as two outputs with the targets 1 and 0: x and 10 (y - x^2), their slopes and second derivatives.
    fn valley(controls_v: &[f64]) -> (Vec<f64>, [Vec<f64>; 2], [Vec<f64>; 2]) {
        let (x, y) = (controls_v[0], controls_v[1]);
        let slopes = [vec![1.0, 0.0], vec![-20.0 * x, 10.0]];
        (vec![x, 10.0 * (y - x * x)], slopes, [vec![0.0; 3], vec![-20.0, 0.0, 0.0]])
    }

    fn targets() -> Targets {
        Targets::new(Wanted::Currents(vec![1.0, 0.0]), 2)
    }

    /// Steps to a loss below 1e-6, of a hundred at most.
    fn steps(rule: Rule, rate: f64) -> usize {
        let (mut controls_v, targets) = (vec![-1.1, 1.0], targets());
        let mut optimiser = Optimiser::new(rule, rate, 0.9, 2);
        for step in 0..100 {
            let (outputs_na, slopes, curvatures) = valley(&controls_v);
            let (loss, slope) = Loss::Mse.evaluate(&outputs_na, &targets);
            if loss < 1e-6 {
                return step;
            }
            let known = if rule == Rule::Newton { &curvatures[..] } else { &[] };
            let hessian = hessian(Loss::Mse, &outputs_na, &targets, &slopes, known);
            let gradient = chain_rule(&slopes, &slope);
            let local = Local { loss, gradient, slopes_na_per_v: &slopes[..], hessian };
            optimiser.step_with(&mut controls_v, &local, &RANGES_V);
        }
        100
    }

    #[test]
    fn second_derivatives_lead_through_rosenbrocks_valley_where_first_ones_do_not() {
        for rule in [Rule::LevenbergMarquardt, Rule::Newton] {
            let steps = steps(rule, 0.0);
            assert!(steps < 60, "{rule:?} {steps}");
        }
        assert_eq!(steps(Rule::Adam, 0.02), 100);
    }

    #[test]
    fn second_derivatives_of_losses_are_differences_of_their_slopes_with_the_controls() {
        let labels = Targets::labels(vec![true, false, false, true], 9.0, 1.0);
        let currents = Targets::new(Wanted::Currents(vec![3.0, 1.0, -2.0, 5.0]), 1);
        // Outputs a_n + b_n x + c_n y + d_n x^2 + e_n x y + f_n y^2, none of which tie.
        let outputs = [
            [4.0, 2.0, -1.0, 0.5, 1.0, -0.7],
            [1.0, -1.0, 0.5, 0.2, -0.4, 0.3],
            [2.5, 0.3, 1.5, -0.6, 0.8, 0.1],
            [6.0, 1.0, 1.0, 0.4, 0.2, 0.9],
        ];
        let at = |x: f64, y: f64| -> (Vec<f64>, Vec<Vec<f64>>) {
            let value = |o: &[f64; 6]| {
                o[0] + o[1] * x + o[2] * y + o[3] * x * x + o[4] * x * y + o[5] * y * y
            };
            let slopes = |o: &[f64; 6]| {
                vec![o[1] + 2.0 * o[3] * x + o[4] * y, o[2] + o[4] * x + 2.0 * o[5] * y]
            };
            (outputs.iter().map(value).collect(), outputs.iter().map(slopes).collect())
        };
        let curvatures: Vec<Vec<f64>> =
            outputs.iter().map(|o| vec![2.0 * o[3], o[4], 2.0 * o[5]]).collect();
        for (loss, targets) in [
            (Loss::Mse, &labels),
            (Loss::Mse, &currents),
            (Loss::Correlation, &labels),
            (Loss::Fisher, &labels),
            (Loss::CorSigmoid, &labels),
        ] {
            let gradient = |x: f64, y: f64| {
                let (outputs_na, slopes) = at(x, y);
                chain_rule(&slopes, &loss.evaluate(&outputs_na, targets).1)
            };
            let (outputs_na, slopes) = at(0.3, -0.2);
            let found = hessian(loss, &outputs_na, targets, &slopes, &curvatures);
            let (right, left) = (gradient(0.3 + 1e-5, -0.2), gradient(0.3 - 1e-5, -0.2));
            let (above, below) = (gradient(0.3, -0.2 + 1e-5), gradient(0.3, -0.2 - 1e-5));
            for k in 0..2 {
                let wanted = [(right[k] - left[k]) / 2e-5, (above[k] - below[k]) / 2e-5];
                for i in 0..2 {
                    let error = (found[i][k] - wanted[i]).abs();
                    assert!(
                        error < 1e-5 * (1.0 + wanted[i].abs()),
                        "{loss:?} {found:?} {wanted:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_step_is_that_by_hand_and_the_damping_follows_the_actual_fall() {
        // E = 3 x^2 + y^2 from (1, 1): g = (6, 2), B = diag(6, 2), mean 4; with damping 0.5 the step is (6/8, 2/4).
        let local = |x: f64, y: f64, loss: f64| Local {
            loss,
            gradient: vec![6.0 * x, 2.0 * y],
            slopes_na_per_v: [[0.0; 2]; 0],
            hessian: vec![vec![6.0, 0.0], vec![0.0, 2.0]],
        };
        let (ranges_v, mut controls_v) = ([(-5.0, 5.0); 2], vec![1.0, 1.0]);
        let mut newton = Newton::default();
        newton.step(&mut controls_v, &local(1.0, 1.0, 4.0), (0.5, 9.0), &ranges_v);
        assert!((controls_v[0] - 0.25).abs() < 1e-12 && (controls_v[1] - 0.5).abs() < 1e-12);
        // The fall is the predicted one, 4 - 3/16 - 1/4: less damping.
        let fallen = 3.0 / 16.0 + 0.25;
        newton.step(&mut controls_v, &local(0.25, 0.5, fallen), (0.5, 9.0), &ranges_v);
        assert!((newton.damping.unwrap() - 0.5 / 3.0).abs() < 1e-12);
        // The loss rises: again from (0.25, 0.5), with four times the damping, a shorter step.
        let long_v = controls_v[1] - 0.5;
        newton.step(&mut controls_v, &local(0.0, 0.0, 1.0), (0.5, 9.0), &ranges_v);
        let damping = 2.0 / 3.0;
        assert!((newton.damping.unwrap() - damping).abs() < 1e-12);
        assert!((controls_v[1] - 0.5 + 1.0 / (2.0 + 4.0 * damping)).abs() < 1e-12);
        assert!((controls_v[1] - 0.5).abs() < long_v.abs());
    }

    #[test]
    fn a_saddle_is_left_downwards_ends_of_ranges_hold_and_flat_ground_stays() {
        let step = |gradient: [f64; 2], hessian: [[f64; 2]; 2], from: [f64; 2]| {
            let mut controls_v = from.to_vec();
            let local = Local {
                loss: 1.0,
                gradient: gradient.to_vec(),
                slopes_na_per_v: [[0.0; 2]; 0],
                hessian: hessian.iter().map(|row| row.to_vec()).collect(),
            };
            let mut newton = Newton::default();
            newton.step(&mut controls_v, &local, (0.1, 0.2), &RANGES_V);
            [controls_v[0] - from[0], controls_v[1] - from[1]]
        };
        let saddle = step([0.1, 0.1], [[2.0, 0.0], [0.0, -1.0]], [0.0, 0.0]);
        assert!(saddle[0] < 0.0 && saddle[1] < 0.0, "{saddle:?}");
        // The first control cannot fall further; the second steps as if it were alone: -1 / (2 + 0.1 2), capped at 0.2 V.
        assert_eq!(step([5.0, 1.0], [[4.0, 3.0], [3.0, 2.0]], [-1.2, 0.0]), [0.0, -0.2]);
        assert_eq!(step([0.0, 0.0], [[0.0; 2]; 2], [0.3, 0.1]), [0.0, 0.0]);
    }
}
