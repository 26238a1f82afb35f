//! Uncertainty of a mean: its standard error, and the 95 % interval.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Coverage of the intervals.
pub const CONFIDENCE: f64 = 0.95;

/// Uncertainty of a mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confidence {
    /// Standard error.
    pub error: f64,
    /// Number of independent values, minus fitted parameters.
    pub degrees_of_freedom: f64,
}

impl Confidence {
    /// From the spread of repeated values, n - 1 of them free; `None` for fewer than two.
    pub fn of_spread(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (values.len() > 1).then(|| Confidence {
            error: (squares / (count - 1.0) / count).sqrt(),
            degrees_of_freedom: count - 1.0,
        })
    }

    /// From values with an expectation of zero: `squares` is the sum of the squares of `count` values that each have the spread of one of
    /// the `repetitions` in the mean. `None` without any.
    pub fn of_noise(squares: f64, count: usize, repetitions: usize) -> Option<Self> {
        (count > 0 && repetitions > 0).then(|| Confidence {
            error: (squares / count as f64 / repetitions as f64).sqrt(),
            degrees_of_freedom: count as f64,
        })
    }

    /// A copy in another unit.
    pub fn scaled(self, factor: f64) -> Self {
        Confidence { error: self.error * factor.abs(), ..self }
    }

    /// Of a sum with an independent value: degrees of freedom by Welch and Satterthwaite.
    pub fn and(self, other: Self) -> Self {
        let (ours, theirs) = (self.error.powi(2), other.error.powi(2));
        let share =
            ours.powi(2) / self.degrees_of_freedom + theirs.powi(2) / other.degrees_of_freedom;
        let both = ours + theirs;
        // Two errors of zero are known as well as the less well known of them.
        let degrees_of_freedom = match both > 0.0 {
            true => both.powi(2) / share,
            false => self.degrees_of_freedom.min(other.degrees_of_freedom),
        };
        Confidence { error: both.sqrt(), degrees_of_freedom }
    }

    /// Half the width of the interval around the mean, from Student's distribution: a spread estimated from
    /// few values makes it wider.
    pub fn half_width(self) -> f64 {
        // It exists for every number of degrees of freedom above zero.
        StudentsT::new(0.0, 1.0, self.degrees_of_freedom).map_or(f64::INFINITY, |distribution| {
            self.error * distribution.inverse_cdf(0.5 + CONFIDENCE / 2.0)
        })
    }

    /// Distance of a one-sided bound with error probability `level`.
    pub fn one_sided(self, level: f64) -> f64 {
        // The lower tail: its small probabilities are exact.
        StudentsT::new(0.0, 1.0, self.degrees_of_freedom)
            .map_or(f64::INFINITY, |distribution| -self.error * distribution.inverse_cdf(level))
    }

    /// The interval around `mean`.
    pub fn interval(self, mean: f64) -> [f64; 2] {
        let half = self.half_width();
        [mean - half, mean + half]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_mean_is_the_spread_over_the_root_of_the_number() {
        // Variance 11/3 of 4 values.
        let found = Confidence::of_spread(&[1.0, 1.0, 5.0, 3.0]).unwrap();
        assert!((found.error - (11.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-12);
        assert_eq!(found.degrees_of_freedom, 3.0);
        assert_eq!(Confidence::of_spread(&[7.0]), None);
        assert_eq!(Confidence::of_noise(1.0, 0, 3), None);
    }

    #[test]
    fn a_sum_has_the_errors_of_both_and_the_freedom_of_whichever_dominates() {
        let large = Confidence { error: 4.0, degrees_of_freedom: 6.0 };
        let small = Confidence { error: 3.0, degrees_of_freedom: 6.0 };
        let sum = large.and(small);
        assert!((sum.error - 5.0).abs() < 1e-12);
        // 625 / (256/6 + 81/6).
        assert!((sum.degrees_of_freedom - 625.0 / (337.0 / 6.0)).abs() < 1e-9);
        let exact = Confidence { error: 0.0, degrees_of_freedom: 1.0 };
        assert!((large.and(exact).degrees_of_freedom - 6.0).abs() < 1e-9);
    }

    #[test]
    fn intervals_are_those_of_the_tables_of_student() {
        for (degrees_of_freedom, wanted) in
            [(1.0, 12.706), (7.0, 2.365), (32.0, 2.037), (1e6, 1.960)]
        {
            let half = Confidence { error: 1.0, degrees_of_freedom }.half_width();
            assert!((half - wanted).abs() < 1e-3, "{degrees_of_freedom}: {half}");
        }
    }
}
