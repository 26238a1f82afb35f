//! Intervals of statistics that depend on sums over points: ratios of mean squares, slopes, R^2.
//!
//! The points of every group are drawn again with replacement, and the statistic is computed of the new sums. A row is
//! a point, with all its tones: tones of one point are not independent.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

/// Resamples, and the share of them below and above a 95 % interval.
const RESAMPLES: usize = 2000;
const TAIL: f64 = 0.025;

/// Seed of the resampling: the same points always have the same interval.
const SEED: u64 = 95;

/// Most standard errors that an estimate may lie from its expectation: by chance once in 16 000 times.
pub const MOST_DEVIATION: f64 = 4.0;

/// A value with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Of the points as they are.
    pub value: f64,
    /// Low end of the 95 % interval.
    pub low: f64,
    /// High end of it.
    pub high: f64,
    /// Standard error.
    pub error: f64,
}

impl Estimate {
    /// Distance from `expected` in standard errors.
    pub fn deviation(&self, expected: f64) -> f64 {
        (self.value - expected).abs() / self.error
    }

    /// For tables: the value, and the interval in brackets.
    pub fn text(&self, digits: usize) -> String {
        let Estimate { value, low, high, .. } = self;
        format!("{value:.digits$} [{low:.digits$}, {high:.digits$}]")
    }

    /// For programs.
    pub fn json(&self) -> serde_json::Value {
        json!({ "value": self.value, "low": self.low, "high": self.high, "standard_error": self.error })
    }
}

/// A statistic of the sums over the rows of independent groups.
pub fn estimate<const COLUMNS: usize>(
    groups: &[&[[f64; COLUMNS]]],
    statistic: impl Fn(&[[f64; COLUMNS]]) -> f64,
) -> Estimate {
    let value = statistic(&groups.iter().map(|rows| total(rows.iter())).collect::<Vec<_>>());
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut values: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let sums: Vec<[f64; COLUMNS]> = groups
                .iter()
                .map(|rows| total(rows.iter().map(|_| &rows[random.random_range(0..rows.len())])))
                .collect();
            statistic(&sums)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let place = |share: f64| values[(share * (RESAMPLES - 1) as f64).round() as usize];
    let mean = values.iter().sum::<f64>() / RESAMPLES as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    let error = (variance / (RESAMPLES - 1) as f64).sqrt();
    Estimate { value, low: place(TAIL), high: place(1.0 - TAIL), error }
}

/// The ratio of the means of two independent groups.
pub fn ratio(above: &[f64], below: &[f64]) -> Estimate {
    let rows = |values: &[f64]| values.iter().map(|&value| [value, 1.0]).collect::<Vec<_>>();
    estimate(&[&rows(above), &rows(below)], |sums| {
        sums[0][0] / sums[0][1] / (sums[1][0] / sums[1][1])
    })
}

/// The mean of a group.
pub fn mean(values: &[f64]) -> Estimate {
    let rows: Vec<[f64; 2]> = values.iter().map(|&value| [value, 1.0]).collect();
    estimate(&[&rows], |sums| sums[0][0] / sums[0][1])
}

fn total<'a, const COLUMNS: usize>(
    rows: impl Iterator<Item = &'a [f64; COLUMNS]>,
) -> [f64; COLUMNS] {
    rows.fold([0.0; COLUMNS], |mut sums, row| {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        sums
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, StandardNormal};

    fn squares(seed: u64, count: usize) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut square = || {
            let value: f64 = StandardNormal.sample(&mut random);
            value * value
        };
        (0..count).map(|_| square()).collect()
    }

    /// The mean of n squares of normal values has the standard error sqrt(2/n).
    #[test]
    fn the_standard_error_of_a_mean_square_is_that_of_theory() {
        let found = mean(&squares(1, 4000));
        let wanted = (2.0_f64 / 4000.0).sqrt();
        assert!((found.error / wanted - 1.0).abs() < 0.1, "{found:?}");
        assert!(((found.high - found.low) / (2.0 * 1.96 * wanted) - 1.0).abs() < 0.1, "{found:?}");
    }

    /// Of 200 pairs of groups with equal expectations, 95 % intervals leave out one for 10: 3 standard deviations are 9.
    #[test]
    fn intervals_of_ratios_hold_the_true_ratio_as_often_as_they_state() {
        let inside = |n: u64| {
            let found = ratio(&squares(2 * n, 100), &squares(2 * n + 1, 100));
            found.low <= 1.0 && found.high >= 1.0
        };
        let held = (0..200).filter(|&n| inside(n)).count();
        assert!((178..=199).contains(&held), "{held} of 200");
    }
}
