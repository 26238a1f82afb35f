//! Requirements on the outputs of a task.
//!
//! A row is one output in one case. Rows are ordered by case, then by output.

use crate::softmax;
use std::ops::Range;

/// Distance of a threshold from the outputs, all of which are on the same side of it.
const BEYOND_NA: f64 = 1.0;

/// Requirement on every row.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// Row by row: high or low. Every output has its own threshold.
    Labels(Vec<bool>),
    /// Case by case: the output that must be above all others of its case.
    Classes(Vec<usize>),
    /// Row by row: a current in nA.
    Currents(Vec<f64>),
}

/// Target outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Targets {
    /// Outputs that are read in every case.
    pub outputs: usize,
    /// Requirement on every row.
    pub wanted: Wanted,
    /// Weight of every row's squared error, zero or more; `None`: all weigh alike.
    pub weights: Option<Vec<f64>>,
    /// Target current of high rows (squared error only).
    pub high_na: f64,
    /// Target current of low rows (squared error only).
    pub low_na: f64,
    /// Current that changes the odds of two classes by a factor of e.
    pub softmax_na: f64,
    /// Offset of every output, taken off before outputs of a case are compared, or threshold of every output; `None`: those that suit the outputs at hand
    /// best.
    pub offsets_na: Option<Vec<f64>>,
}

/// Rows that must lie above others.
pub(crate) struct Group {
    pub above: Vec<usize>,
    pub below: Vec<usize>,
}

impl Targets {
    /// Requirements with the default width of the softmax.
    pub fn new(wanted: Wanted, outputs: usize) -> Self {
        Targets {
            outputs,
            wanted,
            weights: None,
            high_na: 0.0,
            low_na: 0.0,
            softmax_na: 3.0,
            offsets_na: None,
        }
    }

    /// Labels of one output.
    pub fn labels(high: Vec<bool>, high_na: f64, low_na: f64) -> Self {
        Targets { high_na, low_na, ..Targets::new(Wanted::Labels(high), 1) }
    }

    /// Number of cases.
    pub fn cases(&self) -> usize {
        match &self.wanted {
            Wanted::Labels(high) => high.len() / self.outputs,
            Wanted::Classes(classes) => classes.len(),
            Wanted::Currents(currents) => currents.len() / self.outputs,
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.cases() * self.outputs
    }

    /// Place of an output of a case among the rows.
    pub fn row(&self, case: usize, output: usize) -> usize {
        case * self.outputs + output
    }

    /// The rows of a case.
    pub fn rows_of(&self, case: usize) -> Range<usize> {
        self.row(case, 0)..self.row(case + 1, 0)
    }

    /// Case and output of a row.
    pub fn place(&self, row: usize) -> (usize, usize) {
        (row / self.outputs, row % self.outputs)
    }

    /// These cases alone, in this order.
    pub fn select(&self, cases: &[usize]) -> Self {
        let rows = || cases.iter().flat_map(|&case| self.rows_of(case));
        let wanted = match &self.wanted {
            Wanted::Labels(high) => Wanted::Labels(rows().map(|row| high[row]).collect()),
            Wanted::Currents(na) => Wanted::Currents(rows().map(|row| na[row]).collect()),
            Wanted::Classes(classes) => {
                Wanted::Classes(cases.iter().map(|&case| classes[case]).collect())
            }
        };
        let weights = self.weights.as_ref().map(|weights| rows().map(|row| weights[row]).collect());
        Targets { wanted, weights, ..self.clone() }
    }

    /// Weight of the squared error of row `row`.
    pub fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().and_then(|weights| weights.get(row)).copied().unwrap_or(1.0)
    }

    /// Sum of the weights of all rows.
    pub fn total_weight(&self) -> f64 {
        (0..self.rows()).map(|row| self.weight(row)).sum()
    }

    /// sum w x / sum w over the rows; zero where nothing weighs.
    pub(crate) fn weighted_mean(&self, of_row: impl Fn(usize) -> f64) -> f64 {
        let sum: f64 = (0..self.rows()).map(|row| self.weight(row) * of_row(row)).sum();
        match self.total_weight() {
            0.0 => 0.0,
            total => sum / total,
        }
    }

    /// Whether row `row` must be high; `None`: it has a current instead.
    pub fn label(&self, row: usize) -> Option<bool> {
        match &self.wanted {
            Wanted::Labels(high) => Some(high[row]),
            Wanted::Classes(classes) => {
                let (case, output) = self.place(row);
                Some(classes[case] == output)
            }
            Wanted::Currents(_) => None,
        }
    }

    /// Target current of row `row`.
    pub fn target_na(&self, row: usize) -> f64 {
        match (&self.wanted, self.label(row)) {
            (Wanted::Currents(currents), _) => currents[row],
            (_, Some(true)) => self.high_na,
            _ => self.low_na,
        }
    }

    /// Requirement on row `row` as a number: its current, or 1 for high and 0 for low.
    pub fn level(&self, row: usize) -> f64 {
        self.label(row).map_or_else(|| self.target_na(row), |high| f64::from(u8::from(high)))
    }

    /// Rows of output `output`.
    pub(crate) fn column(&self, output: usize) -> impl Iterator<Item = usize> {
        (output..self.rows()).step_by(self.outputs)
    }

    /// Rows that must lie above others: of every output the high above the low ones, or of every case the output of its class above the rest.
    pub(crate) fn groups(&self) -> Vec<Group> {
        let split = |rows: &mut dyn Iterator<Item = usize>| {
            let (above, below) = rows.partition(|&row| self.label(row) == Some(true));
            Group { above, below }
        };
        match self.wanted {
            Wanted::Labels(_) => {
                (0..self.outputs).map(|output| split(&mut self.column(output))).collect()
            }
            Wanted::Classes(_) => {
                (0..self.cases()).map(|case| split(&mut self.rows_of(case))).collect()
            }
            Wanted::Currents(_) => Vec::new(),
        }
    }

    /// The score of these outputs, nA, the greater the better. Labels: lowest high output minus highest low output, the least of all outputs; above zero
    /// one threshold separates them. Classes: output of the class minus the greatest other one, offsets taken off, the least of all cases. Currents: the
    /// weighted RMS error, negated.
    pub fn separation_na(&self, outputs_na: &[f64]) -> f64 {
        if let Wanted::Currents(_) = self.wanted {
            return -self.rms_error_na(outputs_na);
        }
        let outputs_na = self.compared(outputs_na);
        let gaps = self.groups().into_iter().map(|group| group.gap_na(&outputs_na));
        let least = gaps.fold(f64::INFINITY, f64::min);
        // A batch may have one label alone, which has nothing to be apart from.
        if least.is_finite() || least.is_nan() {
            least
        } else {
            0.0
        }
    }

    /// Root mean square of output less target, weighted.
    pub fn rms_error_na(&self, outputs_na: &[f64]) -> f64 {
        self.weighted_mean(|row| (outputs_na[row] - self.target_na(row)).powi(2)).sqrt()
    }

    /// The outputs that [`Targets::separation_na`] compares.
    pub(crate) fn compared(&self, outputs_na: &[f64]) -> Vec<f64> {
        if !matches!(self.wanted, Wanted::Classes(_)) {
            return outputs_na.to_vec();
        }
        let offsets_na = self.offsets(outputs_na);
        let rows = outputs_na.iter().enumerate();
        rows.map(|(row, output)| output - offsets_na[row % self.outputs]).collect()
    }

    /// [`Targets::offsets_na`], or those that suit these outputs best: of labels the threshold with the most cases on its correct side, of classes the offset
    /// with the least cross-entropy, of currents none.
    pub fn offsets(&self, outputs_na: &[f64]) -> Vec<f64> {
        if let Some(offsets_na) = &self.offsets_na {
            return offsets_na.clone();
        }
        match &self.wanted {
            Wanted::Currents(_) => Vec::new(),
            Wanted::Classes(classes) => softmax::offsets_na(outputs_na, classes, self),
            Wanted::Labels(_) => {
                (0..self.outputs).map(|output| self.threshold_na(outputs_na, output)).collect()
            }
        }
    }

    /// Share of the cases that are right: with every output on the correct side of its threshold, or with the output of the class above all others. Zero for
    /// currents.
    pub fn accuracy(&self, outputs_na: &[f64]) -> f64 {
        let offsets_na = self.offsets(outputs_na);
        let above = |row: usize| outputs_na[row] - offsets_na[row % self.outputs];
        let right = (0..self.cases()).filter(|&case| match &self.wanted {
            Wanted::Labels(high) => self.rows_of(case).all(|row| (above(row) > 0.0) == high[row]),
            Wanted::Classes(classes) => {
                let own = self.row(case, classes[case]);
                self.rows_of(case).all(|row| row == own || above(own) > above(row))
            }
            Wanted::Currents(_) => false,
        });
        right.count() as f64 / self.cases().max(1) as f64
    }

    /// Derivative of the separation of labels. Where several rows tie for the lowest or highest, each takes
    /// an equal share: the mean of the one-sided derivatives, so that symmetric outputs move alike.
    pub(crate) fn separation_slope(&self, outputs_na: &[f64]) -> Vec<f64> {
        let separation_na = self.separation_na(outputs_na);
        let mut groups = self.groups();
        groups.retain(|group| group.gap_na(outputs_na) == separation_na);
        let mut slope = vec![0.0; outputs_na.len()];
        for group in &groups {
            let (lowest, highest) = group.ends_na(outputs_na);
            for (rows, end, sign) in [(&group.above, lowest, 1.0), (&group.below, highest, -1.0)] {
                let ties = || rows.iter().filter(|&&row| outputs_na[row] == end);
                let share = sign / (ties().count() * groups.len()) as f64;
                ties().for_each(|&row| slope[row] += share);
            }
        }
        slope
    }

    /// The threshold of one output with the most rows on its correct side: midway between two neighbouring values, or beyond all.
    fn threshold_na(&self, outputs_na: &[f64], output: usize) -> f64 {
        let mut rows: Vec<(f64, bool)> = self
            .column(output)
            .map(|row| (outputs_na[row], self.label(row) == Some(true)))
            .collect();
        rows.sort_by(|one, other| one.0.total_cmp(&other.0));
        // With the threshold below all rows, the high ones are right.
        let mut right = rows.iter().filter(|row| row.1).count();
        let mut best = (right, rows.first().map_or(0.0, |row| row.0 - BEYOND_NA));
        for (n, &(value, high)) in rows.iter().enumerate() {
            right = if high { right - 1 } else { right + 1 };
            let next = rows.get(n + 1).map_or(f64::INFINITY, |row| row.0);
            if right > best.0 && next > value {
                best = (
                    right,
                    if next.is_finite() { (value + next) / 2.0 } else { value + BEYOND_NA },
                );
            }
        }
        best.1
    }
}

impl Group {
    /// Lowest of the rows that must be above, highest of the others.
    fn ends_na(&self, outputs_na: &[f64]) -> (f64, f64) {
        let lowest = self.above.iter().map(|&row| outputs_na[row]).fold(f64::INFINITY, f64::min);
        let highest =
            self.below.iter().map(|&row| outputs_na[row]).fold(f64::NEG_INFINITY, f64::max);
        (lowest, highest)
    }

    fn gap_na(&self, outputs_na: &[f64]) -> f64 {
        let (lowest, highest) = self.ends_na(outputs_na);
        lowest - highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(high: &[bool]) -> Targets {
        Targets::labels(high.to_vec(), 20.0, 0.0)
    }

    #[test]
    fn separation_and_accuracy_are_those_of_the_best_threshold() {
        let targets = labels(&[false, true, true, false]);
        assert_eq!(targets.separation_na(&[1.0, 4.0, 6.0, 2.0]), 2.0);
        assert_eq!(targets.accuracy(&[1.0, 4.0, 6.0, 2.0]), 1.0);
        assert_eq!(targets.offsets(&[1.0, 4.0, 6.0, 2.0]), [3.0]);
        assert_eq!(targets.separation_na(&[1.0, 4.0, 6.0, 5.0]), -1.0);
        assert_eq!(targets.accuracy(&[1.0, 4.0, 6.0, 5.0]), 0.75);
        // The best threshold can lie above all outputs, or below.
        let (one_high, one_low) = ([true, false, false, false], [true, true, true, false]);
        assert_eq!(labels(&one_high).accuracy(&[1.0, 2.0, 3.0, 4.0]), 0.75);
        assert_eq!(labels(&one_low).accuracy(&[1.0, 2.0, 3.0, 4.0]), 0.75);
        // Equal outputs are on one side.
        assert_eq!(labels(&[true, false]).accuracy(&[1.0, 1.0]), 0.5);
    }

    #[test]
    fn every_output_has_its_own_threshold_and_a_case_is_right_with_all_of_its_outputs() {
        // A half adder: carry and sum.
        let high = vec![false, false, false, true, false, true, true, false];
        let targets = Targets::new(Wanted::Labels(high), 2);
        let outputs_na = [1.0, 20.0, 2.0, 26.0, 1.5, 27.0, 5.0, 21.0];
        assert_eq!(targets.separation_na(&outputs_na), 3.0);
        assert_eq!(targets.offsets(&outputs_na), [3.5, 23.5]);
        assert_eq!(targets.accuracy(&outputs_na), 1.0);
        let one_wrong = [1.0, 20.0, 2.0, 19.0, 1.5, 27.0, 5.0, 21.0];
        assert_eq!(targets.accuracy(&one_wrong), 0.75);
        assert_eq!(targets.separation_na(&one_wrong), -2.0);
        // The sum is low in both of these: it has nothing to be apart from; neither has a single case.
        assert_eq!(targets.select(&[0]).separation_na(&[1.0, 20.0]), 0.0);
        assert_eq!(targets.select(&[3, 0]).separation_na(&[5.0, 21.0, 1.0, 20.0]), 4.0);
    }

    #[test]
    fn a_class_is_the_greatest_output_less_its_offset() {
        let mut targets = Targets::new(Wanted::Classes(vec![0, 1, 2]), 3);
        targets.offsets_na = Some(vec![0.0, 0.0, 0.0]);
        let outputs_na = [5.0, 1.0, 12.0, 1.0, 4.0, 13.0, 1.0, 2.0, 20.0];
        assert_eq!(targets.accuracy(&outputs_na), 1.0 / 3.0);
        assert_eq!(targets.separation_na(&outputs_na), -9.0);
        targets.offsets_na = Some(vec![0.0, 0.0, 10.0]);
        assert_eq!(targets.accuracy(&outputs_na), 1.0);
        assert_eq!(targets.separation_na(&outputs_na), 1.0);
        // Learnt from the outputs they are about the same.
        targets.offsets_na = None;
        assert_eq!(targets.accuracy(&outputs_na), 1.0);
    }

    #[test]
    fn the_score_of_currents_is_their_rms_error() {
        let targets = Targets::new(Wanted::Currents(vec![1.0, 2.0, 3.0, 4.0]), 2);
        assert_eq!((targets.cases(), targets.label(1), targets.level(3)), (2, None, 4.0));
        assert_eq!(targets.separation_na(&[1.0, 2.0, 3.0, 6.0]), -1.0);
        assert_eq!(targets.select(&[1]).rms_error_na(&[3.0, 6.0]), 2.0_f64.sqrt());
    }
}
