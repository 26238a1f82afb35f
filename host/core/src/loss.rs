//! Losses of a set of outputs, with their exact derivatives.

/// Separation at which the sigmoid of [`Loss::CorSigmoid`] is a half, and its width.
const SIGMOID_CENTRE_NA: f64 = 5.0;
const SIGMOID_WIDTH_NA: f64 = 3.0;

choices! {
    /// Loss function.
    pub enum Loss else CorSigmoid {
        /// Mean squared error against the target currents, nA^2.
        Mse = "mse",
        /// One minus the correlation with the labels.
        Correlation = "correlation",
        /// (1.1 - rho) / (sigmoid((D - 5 nA) / 3 nA) + 0.05): correlation and separation at once.
        CorSigmoid = "cor-sigmoid",
    }
}

/// Target outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Targets {
    /// Label of every case.
    pub high: Vec<bool>,
    /// Target current of high cases (squared error only).
    pub high_na: f64,
    /// Target current of low cases (squared error only).
    pub low_na: f64,
}

impl Targets {
    /// Target current of case `s`.
    pub fn target_na(&self, s: usize) -> f64 {
        if self.high[s] {
            self.high_na
        } else {
            self.low_na
        }
    }

    /// Lowest high output minus highest low output, nA: above zero one threshold separates them.
    pub fn separation_na(&self, outputs_na: &[f64]) -> f64 {
        self.least(outputs_na, true) + self.least(outputs_na, false)
    }

    /// Share of cases on the correct side of the best threshold.
    pub fn accuracy(&self, outputs_na: &[f64]) -> f64 {
        let right = |threshold: f64| {
            let cases = outputs_na.iter().zip(&self.high);
            cases.filter(|&(&output, &high)| (output > threshold) == high).count()
        };
        let thresholds = outputs_na.iter().copied().chain([f64::NEG_INFINITY]);
        let most = thresholds.map(right).max().unwrap_or(0);
        most as f64 / outputs_na.len().max(1) as f64
    }

    /// Labels as numbers, 0 and 1.
    fn labels(&self) -> Vec<f64> {
        self.high.iter().map(|&high| f64::from(u8::from(high))).collect()
    }

    /// Lowest of the outputs with this label, low ones negated.
    fn least(&self, outputs_na: &[f64], high: bool) -> f64 {
        let cases = outputs_na.iter().zip(&self.high).filter(|&(_, &label)| label == high);
        cases.map(|(&output, _)| if high { output } else { -output }).fold(f64::INFINITY, f64::min)
    }

    /// Derivative of the separation. Where several cases tie for the lowest or highest, each takes
    /// an equal share: the mean of the one-sided derivatives, so that symmetric outputs move alike.
    fn separation_slope(&self, outputs_na: &[f64]) -> Vec<f64> {
        let mut slope = vec![0.0; outputs_na.len()];
        for high in [true, false] {
            let least = self.least(outputs_na, high);
            let sign = if high { 1.0 } else { -1.0 };
            let ties: Vec<usize> = (0..outputs_na.len())
                .filter(|&s| self.high[s] == high && sign * outputs_na[s] == least)
                .collect();
            for &s in &ties {
                slope[s] = sign / ties.len() as f64;
            }
        }
        slope
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

    /// Value and derivative with respect to every output.
    pub fn evaluate(self, outputs_na: &[f64], targets: &Targets) -> (f64, Vec<f64>) {
        let cases = outputs_na.len() as f64;
        match self {
            Loss::Mse => {
                let errors: Vec<f64> =
                    (0..outputs_na.len()).map(|s| outputs_na[s] - targets.target_na(s)).collect();
                let value = errors.iter().map(|error| error * error).sum::<f64>() / cases;
                (value, errors.iter().map(|error| 2.0 * error / cases).collect())
            }
            Loss::Correlation => {
                let (rho, slope) = correlation(outputs_na, &targets.labels());
                (1.0 - rho, slope.iter().map(|slope| -slope).collect())
            }
            Loss::CorSigmoid => cor_sigmoid(
                correlation(outputs_na, &targets.labels()),
                (targets.separation_na(outputs_na), targets.separation_slope(outputs_na)),
            ),
        }
    }
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
        Targets { high: high.to_vec(), high_na: 20.0, low_na: 0.0 }
    }

    #[test]
    fn derivatives_agree_with_finite_differences() {
        let sets = [[1.0, 7.0, 6.0, -3.0], [10.0, -2.0, 3.0, 12.0], [0.1, 0.2, 0.15, 0.3]];
        for labels in [[false, true, true, false], [false, false, false, true]] {
            let targets = targets(&labels);
            for loss in Loss::ALL {
                for outputs in sets {
                    let (_, slope) = loss.evaluate(&outputs, &targets);
                    for s in 0..4 {
                        let at = |shift: f64| {
                            let mut moved = outputs;
                            moved[s] += shift;
                            loss.evaluate(&moved, &targets).0
                        };
                        let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
                        let error = (difference - slope[s]).abs();
                        assert!(error < 1e-6 * (1.0 + slope[s].abs()), "{loss:?} {outputs:?} {s}");
                    }
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
    fn separation_and_accuracy_are_those_of_the_best_threshold() {
        let targets = targets(&[false, true, true, false]);
        assert_eq!(targets.separation_na(&[1.0, 4.0, 6.0, 2.0]), 2.0);
        assert_eq!(targets.accuracy(&[1.0, 4.0, 6.0, 2.0]), 1.0);
        assert_eq!(targets.separation_na(&[1.0, 4.0, 6.0, 5.0]), -1.0);
        assert_eq!(targets.accuracy(&[1.0, 4.0, 6.0, 5.0]), 0.75);
        // The best threshold can lie above all outputs, or below.
        let (one_high, one_low) = ([true, false, false, false], [true, true, true, false]);
        assert_eq!(self::targets(&one_high).accuracy(&[1.0, 2.0, 3.0, 4.0]), 0.75);
        assert_eq!(self::targets(&one_low).accuracy(&[1.0, 2.0, 3.0, 4.0]), 0.75);
    }

    #[test]
    fn a_perfect_gate_at_five_nanoamperes_costs_two_elevenths() {
        let targets = targets(&[false, true, true, false]);
        let (value, _) = Loss::CorSigmoid.evaluate(&[0.0, 5.0, 5.0, 0.0], &targets);
        assert!((value - 0.1 / 0.55).abs() < 1e-12);
    }
}
