//! Statistics of the analyses.

use statrs::distribution::{Binomial, DiscreteCDF};

/// A straight line through points, by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Rise.
    pub slope: f64,
    /// Value at zero.
    pub intercept: f64,
    /// Share of the variance that the line explains.
    pub r_squared: f64,
}

/// The best line of `y` over `x`; not a number of fewer than two different `x`.
pub fn line(x: &[f64], y: &[f64]) -> Line {
    let (mean_x, mean_y) = (mean(x), mean(y));
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| of(x - mean_x, y - mean_y)).sum()
    };
    let (xx, xy, yy) = (sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y));
    let slope = xy / xx;
    Line { slope, intercept: mean_y - slope * mean_x, r_squared: xy * xy / (xx * yy) }
}

/// Mean; NaN without values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean of squares.
pub fn mean_square(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) =
        values.into_iter().fold((0.0, 0_u32), |(sum, count), v| (sum + v * v, count + 1));
    sum / f64::from(count)
}

/// Exact p-values of McNemar's paired test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct McNemar {
    /// Probability of at least this number of lost pairs, if losing and gaining are equally likely.
    pub loss: f64,
    /// Probability of this difference or a greater one, either way.
    pub two_sided: f64,
}

/// From the pairs that only the first method solved (`lost`) and only the second (`gained`).
pub fn mcnemar(lost: u64, gained: u64) -> McNemar {
    let pairs = lost + gained;
    let Ok(fair) = Binomial::new(0.5, pairs) else {
        return McNemar { loss: 1.0, two_sided: 1.0 };
    };
    // P(X >= lost) = P(X <= gained).
    let loss = fair.cdf(gained);
    let two_sided = (2.0 * fair.cdf(lost.min(gained))).min(1.0);
    McNemar { loss, two_sided }
}

/// Pairs that only the first method solved, and that only the second solved.
pub fn discordant(solved: impl IntoIterator<Item = (bool, bool)>) -> (u64, u64) {
    solved.into_iter().fold((0, 0), |(lost, gained), (first, second)| {
        (lost + u64::from(first && !second), gained + u64::from(second && !first))
    })
}

/// Quantile of the normal distribution for a two-sided 95 % interval.
pub const NORMAL_95: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % interval of a share of which `hits` of `trials` were found.
pub fn wilson(hits: usize, trials: usize) -> (f64, f64) {
    let (count, share) = (trials as f64, hits as f64 / trials as f64);
    let z2 = NORMAL_95 * NORMAL_95;
    let middle = share + z2 / (2.0 * count);
    let half = NORMAL_95 * (share * (1.0 - share) / count + z2 / (4.0 * count * count)).sqrt();
    let end = |value: f64| (value / (1.0 + z2 / count)).clamp(0.0, 1.0);
    // Rounding leaves the lower end of no hits beside zero.
    (if hits == 0 { 0.0 } else { end(middle - half) }, end(middle + half))
}

/// Newcombe's 95 % interval of the difference of two independent shares, hits and trials of each: from the ends of Wilson's intervals.
pub fn difference_of_shares(one: (usize, usize), other: (usize, usize)) -> (f64, f64) {
    let share = |(hits, trials): (usize, usize)| hits as f64 / trials as f64;
    let (p, q) = (share(one), share(other));
    let ((p_low, p_high), (q_low, q_high)) = (wilson(one.0, one.1), wilson(other.0, other.1));
    let low = (p - p_low).hypot(q_high - q);
    let high = (p_high - p).hypot(q - q_low);
    (p - q - low, p - q + high)
}

/// Holm's correction: p-values that may each be compared with the level of the whole family.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut corrected = vec![0.0; p_values.len()];
    let mut least = 0.0_f64;
    for (rank, &place) in order.iter().enumerate() {
        least = least.max((p_values.len() - rank) as f64 * p_values[place]).min(1.0);
        corrected[place] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_points_on_a_line_explains_all_and_of_a_known_scatter_its_share() {
        let x = [0.0, 1.0, 2.0, 3.0];
        let exact = line(&x, &[1.0, 3.0, 5.0, 7.0]);
        assert_eq!((exact.slope, exact.intercept, exact.r_squared), (2.0, 1.0, 1.0));
        // y = x with -1, +1, +1, -1 added: xx = 5, xy = 5, yy = 9.
        let scattered = line(&x, &[-1.0, 2.0, 3.0, 2.0]);
        assert!((scattered.slope - 1.0).abs() < 1e-12);
        assert!((scattered.r_squared - 5.0 / 9.0).abs() < 1e-12);
    }

    #[test]
    fn mcnemars_p_values_are_sums_of_binomial_tables() {
        // Pascal's triangle, row 10: 1 10 45 120 210 252 ... of 1024.
        let eight_of_ten = mcnemar(8, 2);
        assert!((eight_of_ten.loss - 56.0 / 1024.0).abs() < 1e-12);
        assert!((eight_of_ten.two_sided - 112.0 / 1024.0).abs() < 1e-12);
        // The other way round it is a gain: P(X >= 2) = 1 - 11/1024.
        assert!((mcnemar(2, 8).loss - 1013.0 / 1024.0).abs() < 1e-12);
        assert!((mcnemar(5, 0).loss - 1.0 / 32.0).abs() < 1e-12);
        assert_eq!(mcnemar(3, 3).two_sided, 1.0);
        assert_eq!(mcnemar(0, 0), McNemar { loss: 1.0, two_sided: 1.0 });
    }

    #[test]
    fn wilsons_interval_ends_where_the_score_test_rejects() {
        // The ends solve (share - p)^2 = z^2 p (1 - p) / n.
        for (hits, trials) in [(0, 1200), (3, 400), (20, 40)] {
            let (low, high) = wilson(hits, trials);
            let (share, count) = (hits as f64 / trials as f64, trials as f64);
            for p in [low, high] {
                let score = (share - p).powi(2) - NORMAL_95.powi(2) * p * (1.0 - p) / count;
                assert!(score.abs() < 1e-12, "{hits} {trials} {p} {score}");
            }
            assert!(low <= share && share < high);
        }
    }

    /// Newcombe, Statistics in Medicine 17, 873 (1998), method 10.
    #[test]
    fn the_interval_of_a_difference_of_shares_is_newcombes_example() {
        let (low, high) = difference_of_shares((56, 70), (48, 80));
        assert!((low - 0.0524).abs() < 1e-4 && (high - 0.3339).abs() < 1e-4, "{low} {high}");
        let (low, high) = difference_of_shares((10, 10), (0, 10));
        assert!((low - 0.6075).abs() < 1e-4 && (high - 1.0).abs() < 1e-12, "{low} {high}");
    }

    #[test]
    fn holms_correction_steps_down_and_never_falls() {
        let corrected = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, wanted) in corrected.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - wanted).abs() < 1e-12, "{corrected:?}");
        }
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    }
}
