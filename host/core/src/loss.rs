//! Losses of a set of outputs, with their exact derivatives.
//!
//! Of several outputs, correlation and Fisher's ratio are averaged.

use crate::softmax;
use crate::targets::{Targets, Wanted};

/// Separation at which the sigmoid of [`Loss::CorSigmoid`] is a half, and its width.
const SIGMOID_CENTRE_NA: f64 = 5.0;
const SIGMOID_WIDTH_NA: f64 = 3.0;

choices! {
    /// Loss function.
    pub enum Loss else CorSigmoid {
        /// Mean squared error against the target currents, nA^2; with weights sum w e^2 / sum w.
        Mse = "mse",
        /// One minus the correlation with the labels or target currents.
        Correlation = "correlation",
        /// Softmax cross-entropy of classes, thresholds learnt; `softmax_na` is its width.
        CrossEntropy = "cross-entropy",
        /// exp(-d), with d the distance of the means of high and low outputs in units of the RMS of their standard deviations and 1 nA (Fisher's ratio).
        Fisher = "fisher",
        /// (1.1 - rho) / (sigmoid((D - 5 nA) / 3 nA) + 0.05): correlation and separation at once.
        CorSigmoid = "cor-sigmoid",
    }
}

impl Loss {
    /// Its unit, where it has one.
    pub fn unit(self) -> Option<&'static str> {
        self.has_targets().then_some("nA²")
    }

    /// Whether outputs are compared with the currents of [`Targets`], not with the labels alone.
    pub fn has_targets(self) -> bool {
        self == Loss::Mse
    }

    /// The loss of tasks with such requirements, unless another one is chosen.
    pub fn default_of(wanted: &Wanted) -> Self {
        match wanted {
            Wanted::Labels(_) => Loss::CorSigmoid,
            Wanted::Classes(_) => Loss::CrossEntropy,
            Wanted::Currents(_) => Loss::Mse,
        }
    }

    /// Whether the loss is defined for such requirements.
    pub fn suits(self, wanted: &Wanted) -> bool {
        match (self, wanted) {
            (Loss::Mse | Loss::Correlation, _) | (Loss::CrossEntropy, Wanted::Classes(_)) => true,
            (Loss::Fisher, wanted) => !matches!(wanted, Wanted::Currents(_)),
            (Loss::CorSigmoid, wanted) => matches!(wanted, Wanted::Labels(_)),
            (Loss::CrossEntropy, _) => false,
        }
    }

    /// Value and derivative with respect to every row.
    pub fn evaluate(self, outputs_na: &[f64], targets: &Targets) -> (f64, Vec<f64>) {
        match (self, &targets.wanted) {
            (Loss::CrossEntropy, Wanted::Classes(classes)) => {
                softmax::cross_entropy(outputs_na, classes, targets)
            }
            // Refused with the experiment.
            (Loss::CrossEntropy, _) => (f64::NAN, vec![f64::NAN; outputs_na.len()]),
            (Loss::Mse, _) => squared(outputs_na, targets),
            (Loss::Fisher, _) => mean_of_outputs(outputs_na, targets, fisher),
            (Loss::Correlation, _) => {
                let (rho, slope) = mean_of_outputs(outputs_na, targets, correlation);
                (1.0 - rho, slope.iter().map(|slope| -slope).collect())
            }
            (Loss::CorSigmoid, _) => cor_sigmoid(
                mean_of_outputs(outputs_na, targets, correlation),
                (targets.separation_na(outputs_na), targets.separation_slope(outputs_na)),
            ),
        }
    }
}

fn squared(outputs_na: &[f64], targets: &Targets) -> (f64, Vec<f64>) {
    let error = |row: usize| outputs_na[row] - targets.target_na(row);
    let value = targets.weighted_mean(|row| error(row) * error(row));
    // A batch may have cases without weight alone.
    let total = targets.total_weight().max(f64::MIN_POSITIVE);
    let slope = |row: usize| 2.0 * targets.weight(row) * error(row) / total;
    (value, (0..outputs_na.len()).map(slope).collect())
}

/// A function of an output's values and levels, and its derivative.
type OfOne = fn(&[f64], &[f64]) -> (f64, Vec<f64>);

/// The mean over the outputs of a function of an output's values and levels.
fn mean_of_outputs(outputs_na: &[f64], targets: &Targets, of_one: OfOne) -> (f64, Vec<f64>) {
    let (mut total, mut slope) = (0.0, vec![0.0; outputs_na.len()]);
    let outputs = targets.outputs as f64;
    for output in 0..targets.outputs {
        let values: Vec<f64> = targets.column(output).map(|row| outputs_na[row]).collect();
        let levels: Vec<f64> = targets.column(output).map(|row| targets.level(row)).collect();
        let (value, slopes) = of_one(&values, &levels);
        total += value / outputs;
        targets.column(output).zip(slopes).for_each(|(row, value)| slope[row] = value / outputs);
    }
    (total, slope)
}

/// [`Loss::Fisher`] of one output, and its derivative. An output with one label alone costs exp(0).
fn fisher(outputs_na: &[f64], labels: &[f64]) -> (f64, Vec<f64>) {
    let count = |label: f64| labels.iter().filter(|&&other| other == label).count() as f64;
    let counts = [count(0.0), count(1.0)];
    if counts.contains(&0.0) {
        return (1.0, vec![0.0; outputs_na.len()]);
    }
    let of_label = |label: f64, value: &dyn Fn(f64) -> f64| {
        let rows = outputs_na.iter().zip(labels).filter(|row| *row.1 == label);
        rows.map(|(&output, _)| value(output)).sum::<f64>() / counts[label as usize]
    };
    let means = [0.0, 1.0].map(|label| of_label(label, &|output| output));
    let variance = |label: f64| of_label(label, &|output| (output - means[label as usize]).powi(2));
    let width = ((variance(0.0) + variance(1.0)) / 2.0 + 1.0).sqrt();
    let distance = (means[1] - means[0]) / width;
    let value = (-distance).exp();
    let slope = outputs_na.iter().zip(labels).map(|(output, &label)| {
        let sign = if label == 1.0 { 1.0 } else { -1.0 };
        let of_width = (output - means[label as usize]) / (2.0 * width);
        let of_distance = (sign - distance * of_width) / width / counts[label as usize];
        -value * of_distance
    });
    (value, slope.collect())
}

/// [`Loss::CorSigmoid`] and its derivative, from correlation and separation with theirs.
pub fn cor_sigmoid(
    (rho, rho_slope): (f64, Vec<f64>),
    (separation_na, separation_slope): (f64, Vec<f64>),
) -> (f64, Vec<f64>) {
    let argument = (separation_na - SIGMOID_CENTRE_NA) / SIGMOID_WIDTH_NA;
    let sigmoid = 1.0 / (1.0 + (-argument).exp());
    let below = sigmoid + 0.05;
    let value = (1.1 - rho) / below;
    let by_separation = -value / below * sigmoid * (1.0 - sigmoid) / SIGMOID_WIDTH_NA;
    let slope = rho_slope.iter().zip(&separation_slope);
    (value, slope.map(|(rho, apart)| -rho / below + by_separation * apart).collect())
}

/// Correlation of outputs and labels, and its derivative. Equal outputs have none: the correlation
/// counts as zero, and its slope points along the labels with one nA as the outputs' spread.
pub fn correlation(outputs_na: &[f64], labels: &[f64]) -> (f64, Vec<f64>) {
    let (outputs, spread_na) = standardised(outputs_na);
    let (labels, _) = standardised(labels);
    let rho: f64 = outputs.iter().zip(&labels).map(|(output, label)| output * label).sum();
    let slope = outputs.iter().zip(&labels);
    (rho, slope.map(|(output, label)| (label - rho * output) / spread_na).collect())
}

/// Values minus their mean, at unit length, and their length.
fn standardised(values: &[f64]) -> (Vec<f64>, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let length = centred.iter().map(|value| value * value).sum::<f64>().sqrt();
    if length < 1e-12 {
        return (vec![0.0; values.len()], 1.0);
    }
    (centred.iter().map(|value| value / length).collect(), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(high: &[bool]) -> Targets {
        Targets::labels(high.to_vec(), 20.0, 0.0)
    }

    /// The derivative is that of central differences, within `tolerance` and this share of itself.
    fn assert_slope(loss: Loss, outputs: &[f64], targets: &Targets, tolerance: f64) {
        let (_, slope) = loss.evaluate(outputs, targets);
        for row in 0..outputs.len() {
            let at = |shift: f64| {
                let mut moved = outputs.to_vec();
                moved[row] += shift;
                loss.evaluate(&moved, targets).0
            };
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            let error = (difference - slope[row]).abs();
            assert!(
                error < tolerance * (1.0 + slope[row].abs()),
                "{loss:?} {targets:?} {outputs:?} {row}: {difference} {}",
                slope[row]
            );
        }
    }

    #[test]
    fn derivatives_of_several_outputs_and_of_classes_agree_with_finite_differences() {
        let labels = Wanted::Labels([true, false, false, true, true, true, false, false].to_vec());
        let currents = Wanted::Currents([1.0, 20.0, 3.0, 4.0, 0.0, 2.0, 9.0, 1.0].to_vec());
        let outputs = [3.0, 17.0, 2.5, 19.0, 4.0, 20.5, 1.0, 16.0];
        for wanted in [labels, currents, Wanted::Classes(vec![0, 1, 1, 0])] {
            let targets = Targets { high_na: 9.0, low_na: 1.0, ..Targets::new(wanted, 2) };
            for loss in Loss::ALL.into_iter().filter(|loss| loss.suits(&targets.wanted)) {
                assert_slope(loss, &outputs, &targets, 2e-6);
            }
        }
    }

    #[test]
    fn fishers_ratio_counts_the_distance_in_standard_deviations() {
        // Means 0 and 4, variances 3 each: 4 / sqrt(3 + 1).
        let root = 3.0_f64.sqrt();
        let targets = targets(&[false, false, true, true]);
        let (value, _) = Loss::Fisher.evaluate(&[-root, root, 4.0 - root, 4.0 + root], &targets);
        assert!((value - (-2.0_f64).exp()).abs() < 1e-12, "{value}");
    }

    #[test]
    fn derivatives_agree_with_finite_differences() {
        let sets = [[1.0, 7.0, 6.0, -3.0], [10.0, -2.0, 3.0, 12.0], [0.1, 0.2, 0.15, 0.3]];
        for labels in [[false, true, true, false], [false, false, false, true]] {
            let targets = targets(&labels);
            for loss in Loss::ALL.into_iter().filter(|loss| loss.suits(&targets.wanted)) {
                for outputs in sets {
                    assert_slope(loss, &outputs, &targets, 1e-6);
                }
            }
        }
    }

    #[test]
    fn tied_outputs_share_the_slope_and_stay_equal() {
        let targets = targets(&[false, true, true, false]);
        let (_, slope) = Loss::CorSigmoid.evaluate(&[1.0, 2.0, 2.0, 1.0], &targets);
        assert_eq!(slope[1], slope[2]);
        assert_eq!(slope[0], slope[3]);
        assert!(slope[1] < 0.0 && slope[0] > 0.0);
        // Moved together, tied outputs stay tied: there the loss is smooth, and their slopes add up.
        let moved = |by: f64| {
            let outputs = [1.0, 2.0 + by, 2.0 + by, 1.0];
            Loss::CorSigmoid.evaluate(&outputs, &targets).0
        };
        let together = (moved(1e-6) - moved(-1e-6)) / 2e-6;
        assert!((slope[1] + slope[2] - together).abs() < 1e-6 * together.abs(), "{slope:?}");
    }

    #[test]
    fn equal_outputs_have_a_finite_loss_and_a_way_down() {
        let targets = targets(&[false, true, true, false]);
        let (value, slope) = Loss::CorSigmoid.evaluate(&[4.0; 4], &targets);
        assert!(value.is_finite());
        assert!(slope[1] < 0.0 && slope[3] > 0.0);
    }

    #[test]
    fn a_perfect_gate_at_five_nanoamperes_costs_two_elevenths() {
        let targets = targets(&[false, true, true, false]);
        let (value, _) = Loss::CorSigmoid.evaluate(&[0.0, 5.0, 5.0, 0.0], &targets);
        assert!((value - 0.1 / 0.55).abs() < 1e-12);
    }
}
