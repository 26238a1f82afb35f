//! Softmax cross-entropy of classes, with the offsets of the outputs learnt.
//!
//! With the outputs I of a case and the offsets b, the probability of class c is that of softmax((I - b) / w). The loss is the mean over the cases of minus
//! the logarithm of the probability of the case's class, at the offsets that minimise it: thresholds are no parameters of the descent. By the envelope theorem the
//! derivative of the loss with an output is that at fixed offsets.

use crate::linear::{dot, inverse};
use crate::targets::Targets;

/// Weight of the squared offsets, in units of the width and from the outputs' means: offsets of classes that are separable stay finite.
const RIDGE: f64 = 1e-3;

/// Newton steps at most: five to ten reach the accuracy of floating point.
const MOST_STEPS: usize = 50;

/// Outputs in units of the width, every output's mean over the cases taken off.
struct Problem<'a> {
    centred: Vec<f64>,
    means_na: Vec<f64>,
    classes: &'a [usize],
    outputs: usize,
}

impl<'a> Problem<'a> {
    fn of(outputs_na: &[f64], classes: &'a [usize], targets: &Targets) -> Self {
        let (outputs, width_na) = (targets.outputs, targets.softmax_na);
        let mean = |j: usize| {
            let column = outputs_na.iter().skip(j).step_by(outputs);
            column.sum::<f64>() / classes.len() as f64
        };
        let means_na: Vec<f64> = (0..outputs).map(mean).collect();
        let rows = outputs_na.iter().enumerate();
        let centred = rows.map(|(row, output)| (output - means_na[row % outputs]) / width_na);
        Problem { centred: centred.collect(), means_na, classes, outputs }
    }

    /// Loss at these offsets, and the probabilities.
    fn at(&self, offsets: &[f64]) -> (f64, Vec<f64>) {
        let mut loss = RIDGE / 2.0 * dot(offsets, offsets);
        let mut probabilities = Vec::with_capacity(self.centred.len());
        for (case, outputs) in self.centred.chunks(self.outputs).enumerate() {
            let logits = outputs.iter().zip(offsets).map(|(output, offset)| output - offset);
            let logits: Vec<f64> = logits.collect();
            let greatest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = logits.iter().map(|logit| (logit - greatest).exp()).sum();
            let own = logits[self.classes[case]];
            loss += (sum.ln() + greatest - own) / self.classes.len() as f64;
            probabilities.extend(logits.iter().map(|logit| (logit - greatest).exp() / sum));
        }
        (loss, probabilities)
    }

    /// Derivative of the loss with the centred outputs.
    fn slope(&self, probabilities: &[f64]) -> Vec<f64> {
        let own = |row: usize| self.classes[row / self.outputs] == row % self.outputs;
        let rows = probabilities.iter().enumerate();
        rows.map(|(row, p)| (p - f64::from(u8::from(own(row)))) / self.classes.len() as f64)
            .collect()
    }

    /// The best offsets, by Newton's method with halved steps: the loss is convex.
    fn minimum(&self) -> (Vec<f64>, f64, Vec<f64>) {
        let mut offsets = vec![0.0; self.outputs];
        let (mut loss, mut probabilities) = self.at(&offsets);
        for _ in 0..MOST_STEPS {
            let slope = self.slope(&probabilities);
            let gradient: Vec<f64> = (0..self.outputs)
                .map(|j| {
                    RIDGE * offsets[j] - slope.iter().skip(j).step_by(self.outputs).sum::<f64>()
                })
                .collect();
            let Ok(inverse) = inverse(&self.hessian(&probabilities), RIDGE / 2.0) else { break };
            let step: Vec<f64> = inverse.iter().map(|row| dot(row, &gradient)).collect();
            let mut share = 1.0;
            let better = loop {
                let moved: Vec<f64> =
                    offsets.iter().zip(&step).map(|(offset, step)| offset - share * step).collect();
                let (lower, of_moved) = self.at(&moved);
                if lower < loss {
                    break Some((moved, lower, of_moved));
                }
                share /= 2.0;
                if share < 1e-6 {
                    break None;
                }
            };
            let Some(better) = better else { break };
            (offsets, loss, probabilities) = better;
        }
        (offsets, loss, probabilities)
    }

    fn hessian(&self, probabilities: &[f64]) -> Vec<Vec<f64>> {
        let cases = self.classes.len() as f64;
        let entry = |i: usize, j: usize| {
            let of_cases = probabilities.chunks(self.outputs).map(|p| {
                if i == j {
                    p[i] * (1.0 - p[i])
                } else {
                    -p[i] * p[j]
                }
            });
            of_cases.sum::<f64>() / cases + if i == j { RIDGE } else { 0.0 }
        };
        (0..self.outputs).map(|i| (0..self.outputs).map(|j| entry(i, j)).collect()).collect()
    }
}

/// The loss, and its derivative with every output.
pub(crate) fn cross_entropy(
    outputs_na: &[f64],
    classes: &[usize],
    targets: &Targets,
) -> (f64, Vec<f64>) {
    let problem = Problem::of(outputs_na, classes, targets);
    let (loss, probabilities) = match &targets.offsets_na {
        None => {
            let (_, loss, probabilities) = problem.minimum();
            (loss, probabilities)
        }
        Some(offsets_na) => {
            let offsets = offsets_na.iter().zip(&problem.means_na);
            let offsets = offsets.map(|(offset, mean)| (offset - mean) / targets.softmax_na);
            let offsets: Vec<f64> = offsets.collect();
            let (loss, probabilities) = problem.at(&offsets);
            (loss - RIDGE / 2.0 * dot(&offsets, &offsets), probabilities)
        }
    };
    let mut slope = problem.slope(&probabilities);
    // The mean of an output moves with each of its rows.
    for j in 0..problem.outputs {
        let rows = (j..slope.len()).step_by(problem.outputs);
        let mean = rows.clone().map(|row| slope[row]).sum::<f64>() / classes.len() as f64;
        let moved = if targets.offsets_na.is_none() { mean } else { 0.0 };
        rows.for_each(|row| slope[row] = (slope[row] - moved) / targets.softmax_na);
    }
    (loss, slope)
}

/// The offsets with the least loss.
pub(crate) fn offsets_na(outputs_na: &[f64], classes: &[usize], targets: &Targets) -> Vec<f64> {
    let problem = Problem::of(outputs_na, classes, targets);
    let (offsets, ..) = problem.minimum();
    let offsets = offsets.iter().zip(&problem.means_na);
    offsets.map(|(offset, mean)| offset * targets.softmax_na + mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Wanted;

    const OUTPUTS_NA: [f64; 12] =
        [3.0, -1.0, 20.0, 1.0, 4.0, 21.0, -2.0, 1.0, 26.0, 4.0, 2.0, 18.0];

    fn targets() -> (Targets, Vec<usize>) {
        let classes = vec![0, 1, 2, 0];
        (Targets::new(Wanted::Classes(classes.clone()), 3), classes)
    }

    #[test]
    fn derivatives_agree_with_finite_differences_with_offsets_learnt_and_given() {
        let (mut targets, classes) = targets();
        for offsets_na in [None, Some(vec![1.0, -2.0, 17.0])] {
            targets.offsets_na = offsets_na;
            let (_, slope) = cross_entropy(&OUTPUTS_NA, &classes, &targets);
            for row in 0..OUTPUTS_NA.len() {
                let at = |shift: f64| {
                    let mut moved = OUTPUTS_NA;
                    moved[row] += shift;
                    cross_entropy(&moved, &classes, &targets).0
                };
                let difference = (at(1e-4) - at(-1e-4)) / 2e-4;
                assert!(
                    (difference - slope[row]).abs() < 1e-7,
                    "{row}: {difference} {}",
                    slope[row]
                );
            }
        }
    }

    #[test]
    fn a_common_offset_of_an_output_changes_nothing_and_equal_odds_cost_the_logarithm_of_the_classes(
    ) {
        let (targets, classes) = targets();
        let (loss, _) = cross_entropy(&OUTPUTS_NA, &classes, &targets);
        let moved: Vec<f64> =
            (0..12).map(|row| OUTPUTS_NA[row] + [100.0, -7.0, 3.0][row % 3]).collect();
        let (of_moved, _) = cross_entropy(&moved, &classes, &targets);
        assert!((loss - of_moved).abs() < 1e-9, "{loss} {of_moved}");
        // By hand: -ln(1/3) without any information, at given equal offsets.
        let blind = Targets { offsets_na: Some(vec![0.0; 3]), ..targets };
        let (loss, _) = cross_entropy(&[5.0; 12], &classes, &blind);
        assert!((loss - 3.0_f64.ln()).abs() < 1e-12, "{loss}");
    }
}
