//! Bootstrap: percentile intervals of statistics of independent groups, resampled with replacement.
//!
//! Statistics are functions of sums over points: ratios of mean squares, slopes, R^2. A row is a point with all its tones, since tones of one
//! point are not independent.

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
    /// Value of the points as they are.
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

/// A statistic of resampled groups, 2000 values in ascending order; the same `seed` draws the same members.
pub fn resampled<T: Copy>(
    groups: &[&[T]],
    seed: u64,
    statistic: impl Fn(&[Vec<T>]) -> f64,
) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn = |group: &&[T]| -> Vec<T> {
        group.iter().map(|_| group[random.random_range(0..group.len())]).collect()
    };
    let mut values: Vec<f64> = (0..RESAMPLES)
        .map(|_| statistic(&groups.iter().map(&mut drawn).collect::<Vec<_>>()))
        .collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Ends of the 95 % interval of values in ascending order.
pub fn interval_95(values: &[f64]) -> (f64, f64) {
    let place = |share: f64| values[(share * (values.len() - 1) as f64).round() as usize];
    (place(TAIL), place(1.0 - TAIL))
}

/// A statistic of the sums over the rows of independent groups.
pub fn estimate<const COLUMNS: usize>(
    groups: &[&[[f64; COLUMNS]]],
    statistic: impl Fn(&[[f64; COLUMNS]]) -> f64,
) -> Estimate {
    let value = statistic(&groups.iter().map(|rows| total(rows)).collect::<Vec<_>>());
    let values = resampled(groups, SEED, |groups| {
        statistic(&groups.iter().map(|rows| total(rows)).collect::<Vec<_>>())
    });
    let mean = values.iter().sum::<f64>() / RESAMPLES as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    let error = (variance / (RESAMPLES - 1) as f64).sqrt();
    let (low, high) = interval_95(&values);
    Estimate { value, low, high, error }
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

fn total<const COLUMNS: usize>(rows: &[[f64; COLUMNS]]) -> [f64; COLUMNS] {
    rows.iter().fold([0.0; COLUMNS], |mut sums, row| {
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
