//! Losses of two classes of outputs, with their exact derivatives.

use hge_core::loss::Loss;
use hge_core::targets::Targets;
use serde::Deserialize;

/// Keeps Fisher's ratio finite where both classes have no spread, nA^2.
const LEAST_VARIANCE_NA2: f64 = 1e-6;

/// Newton's steps of the logistic fit, and what keeps it finite where the classes are separate.
const NEWTON_STEPS: u32 = 25;
const RIDGE: f64 = 1e-3;

/// Loss function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassLoss {
    /// Fisher's ratio, negated: squared distance of the classes' means over the sum of their variances.
    Fisher,
    /// One minus the magnitude of the correlation with the labels.
    Correlation,
    /// Cross entropy of the best logistic curve through the outputs: its threshold and slope are fitted each time.
    Logistic,
}

impl ClassLoss {
    /// Value and derivative with respect to every output.
    pub fn evaluate(self, outputs_na: &[f64], inside: &[bool]) -> (f64, Vec<f64>) {
        match self {
            ClassLoss::Fisher => fisher(outputs_na, inside),
            ClassLoss::Correlation => {
                let targets = Targets::labels(inside.to_vec(), 0.0, 0.0);
                let (loss, slope) = Loss::Correlation.evaluate(outputs_na, &targets);
                if loss <= 1.0 {
                    (loss, slope)
                } else {
                    (2.0 - loss, slope.iter().map(|slope| -slope).collect())
                }
            }
            ClassLoss::Logistic => logistic(outputs_na, inside),
        }
    }
}

fn fisher(outputs_na: &[f64], inside: &[bool]) -> (f64, Vec<f64>) {
    let class = |label: bool| {
        let values = || outputs_na.iter().zip(inside).filter(move |(_, &inside)| inside == label);
        let count = values().count().max(1) as f64;
        let mean = values().map(|(value, _)| value).sum::<f64>() / count;
        let variance = values().map(|(value, _)| (value - mean).powi(2)).sum::<f64>() / count;
        (count, mean, variance)
    };
    let classes = [class(false), class(true)];
    let distance = classes[1].1 - classes[0].1;
    let spread = classes[0].2 + classes[1].2 + LEAST_VARIANCE_NA2;
    let ratio = distance * distance / spread;
    let slope = outputs_na.iter().zip(inside).map(|(&value, &inside)| {
        let (count, mean, _) = classes[usize::from(inside)];
        let sign = if inside { 1.0 } else { -1.0 };
        let of_ratio = 2.0 * distance * sign / spread - ratio / spread * 2.0 * (value - mean);
        -of_ratio / count
    });
    (-ratio, slope.collect())
}

/// min over a, b of the mean of log(1 + exp(-s (a z + b))) + ridge a^2/2, z the outputs standardised, s = +-1. At the minimum
/// the derivative by a and b is zero, so that by the outputs is the one at fixed a and b.
fn logistic(outputs_na: &[f64], inside: &[bool]) -> (f64, Vec<f64>) {
    let count = outputs_na.len() as f64;
    let mean = outputs_na.iter().sum::<f64>() / count;
    let variance = outputs_na.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    let deviation = (variance + LEAST_VARIANCE_NA2).sqrt();
    let z: Vec<f64> = outputs_na.iter().map(|value| (value - mean) / deviation).collect();
    let value = |a: f64, b: f64| {
        let terms = z.iter().zip(inside).map(|(z, &inside)| {
            let margin = if inside { a * z + b } else { -(a * z + b) };
            // log(1 + exp(-m)) without overflow.
            (-margin.abs()).exp().ln_1p() + (-margin).max(0.0)
        });
        terms.sum::<f64>() / count + RIDGE * a * a / 2.0
    };
    let (mut a, mut b) = (0.0, 0.0);
    for _ in 0..NEWTON_STEPS {
        let (mut ga, mut gb, mut aa, mut ab, mut bb) = (RIDGE * a, 0.0, RIDGE, 0.0, 1e-9);
        for (z, &inside) in z.iter().zip(inside) {
            let share = 1.0 / (1.0 + (-(a * z + b)).exp());
            let miss = (share - f64::from(u8::from(inside))) / count;
            let weight = share * (1.0 - share) / count;
            ga += miss * z;
            gb += miss;
            aa += weight * z * z;
            ab += weight * z;
            bb += weight;
        }
        let determinant = aa * bb - ab * ab;
        let step = ((bb * ga - ab * gb) / determinant, (aa * gb - ab * ga) / determinant);
        // The whole step unless it leads up.
        let here = value(a, b);
        let mut part = 1.0;
        while part > 1e-6 && value(a - part * step.0, b - part * step.1) > here {
            part /= 2.0;
        }
        (a, b) = (a - part * step.0, b - part * step.1);
    }
    let by_z: Vec<f64> = z
        .iter()
        .zip(inside)
        .map(|(z, &inside)| {
            let share = 1.0 / (1.0 + (-(a * z + b)).exp());
            a * (share - f64::from(u8::from(inside))) / count
        })
        .collect();
    // From z to the outputs, mean and deviation moving with them.
    let mean_slope = by_z.iter().sum::<f64>() / count;
    let along = by_z.iter().zip(&z).map(|(slope, z)| slope * z).sum::<f64>() / count;
    let slope = by_z.iter().zip(&z).map(|(slope, z)| (slope - mean_slope - z * along) / deviation);
    (value(a, b), slope.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_agree_with_finite_differences() {
        let outputs = [1.0, 7.0, 6.0, -3.0, 2.5, 0.2, 4.0, 9.0];
        let inside = [false, true, true, false, true, false, false, true];
        for loss in [ClassLoss::Fisher, ClassLoss::Correlation, ClassLoss::Logistic] {
            for sign in [1.0, -1.0] {
                let outputs: Vec<f64> = outputs.iter().map(|value| sign * value).collect();
                let (_, slope) = loss.evaluate(&outputs, &inside);
                for s in 0..outputs.len() {
                    let at = |shift: f64| {
                        let mut moved = outputs.clone();
                        moved[s] += shift;
                        loss.evaluate(&moved, &inside).0
                    };
                    let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
                    let error = (difference - slope[s]).abs();
                    assert!(error < 1e-6, "{loss:?} {s}: {difference} {}", slope[s]);
                }
            }
        }
    }

    #[test]
    fn every_loss_is_the_same_when_the_outputs_are_shifted_or_turned_over() {
        let outputs = [1.0, 7.0, 6.0, -3.0];
        let turned = outputs.map(|value| 40.0 - value);
        let inside = [false, true, true, false];
        for loss in [ClassLoss::Fisher, ClassLoss::Correlation, ClassLoss::Logistic] {
            let (value, _) = loss.evaluate(&outputs, &inside);
            assert!((loss.evaluate(&turned, &inside).0 - value).abs() < 1e-6, "{loss:?}");
        }
    }

    #[test]
    fn fishers_ratio_of_a_known_set() {
        // Means 1 and 6, variances 1 and 4: 25/5.
        let (value, _) =
            ClassLoss::Fisher.evaluate(&[0.0, 2.0, 4.0, 8.0], &[false, false, true, true]);
        assert!((value + 5.0).abs() < 1e-5);
    }
}
