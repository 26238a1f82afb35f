//! Times to a solution, some of them censored because the search reached its budget of device time.

use super::bootstrap::{interval_95, resampled};
use super::{parallel, ReproduceError};

/// Seed of the bootstrap, so that the same times always have the same interval.
const SEED: u64 = 20_251;

/// Duration of one search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Duration {
    /// Device time to the solution, or to the end of the search, in seconds.
    pub time_s: f64,
    /// Whether it ended with a solution; otherwise it is censored.
    pub solved: bool,
}

/// Median time with its interval, in seconds. Infinite: more than half of the searches are estimated to last longer than the budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Median {
    /// Kaplan and Meier's estimate.
    pub time_s: f64,
    /// Low end of the 95 % interval.
    pub low_s: f64,
    /// High end of the 95 % interval.
    pub high_s: f64,
}

/// Kaplan and Meier's estimate of the share of searches that last longer than a time: that time and the share, at every solution.
pub fn survival(durations: &[Duration]) -> Vec<(f64, f64)> {
    let mut sorted = durations.to_vec();
    // At equal times, solutions count before censoring.
    sorted.sort_by(|a, b| a.time_s.total_cmp(&b.time_s).then(b.solved.cmp(&a.solved)));
    let (mut at_risk, mut share) = (sorted.len() as f64, 1.0);
    let mut curve = Vec::new();
    for Duration { time_s, solved } in sorted {
        if solved {
            share *= 1.0 - 1.0 / at_risk;
            curve.push((time_s, share));
        }
        at_risk -= 1.0;
    }
    curve
}

/// The estimated share of searches that are solved, over device time from `first_s` on: a curve with a step at every solution.
pub fn solved_steps(durations: &[Duration], first_s: f64) -> Vec<(f64, f64)> {
    let mut points = vec![(first_s, 0.0)];
    let mut solved = 0.0;
    for (time_s, share) in survival(durations) {
        points.push((time_s.max(first_s), solved));
        solved = 1.0 - share;
        points.push((time_s.max(first_s), solved));
    }
    let longest_s = durations.iter().map(|one| one.time_s).fold(first_s, f64::max);
    points.push((longest_s, solved));
    points
}

/// The first time at which the estimated survival is a half or less; infinite if it stays above.
pub fn median_s(durations: &[Duration]) -> f64 {
    // A product of fractions misses an exact half by rounding.
    let half = 0.5 + 1e-9;
    let reached = survival(durations).into_iter().find(|&(_, share)| share <= half);
    reached.map_or(f64::INFINITY, |(time_s, _)| time_s)
}

/// Median of these durations, its 95 % interval by the percentile bootstrap.
pub fn median(durations: &[Duration]) -> Median {
    let (low_s, high_s) = interval(&[durations], |groups| median_s(&groups[0]));
    Median { time_s: median_s(durations), low_s, high_s }
}

/// 95 % interval of the ratio of two medians, `above` over `below`.
pub fn ratio_interval(above: &[Duration], below: &[Duration]) -> (f64, f64) {
    interval(&[above, below], |groups| {
        let (above_s, below_s) = (median_s(&groups[0]), median_s(&groups[1]));
        if below_s.is_finite() {
            above_s / below_s
        } else {
            0.0
        }
    })
}

/// The setting of the least mean time over the same `starts` starts each, of which `search` makes one; censored ones count with their limit. `None`: there is no
/// setting.
///
/// # Errors
/// The first of a search.
pub fn quickest<S: Copy + Sync>(
    settings: &[S],
    starts: usize,
    search: impl Fn(S, usize) -> Result<Duration, ReproduceError> + Sync + Send,
) -> Result<Option<S>, ReproduceError> {
    let durations =
        parallel::map(settings.len() * starts, |n| search(settings[n / starts], n % starts))?;
    let sum_s = |n: usize| -> f64 {
        durations[n * starts..(n + 1) * starts].iter().map(|one| one.time_s).sum()
    };
    let best = (0..settings.len()).min_by(|&a, &b| sum_s(a).total_cmp(&sum_s(b)));
    Ok(best.map(|n| settings[n]))
}

/// Time of each, and 1 where it is solved: rows of two.
pub fn rows(durations: &[Duration]) -> Vec<f64> {
    durations.iter().flat_map(|one| [one.time_s, f64::from(u8::from(one.solved))]).collect()
}

/// How many are solved, of all.
pub fn solved_text(durations: &[Duration]) -> String {
    let solved = durations.iter().filter(|duration| duration.solved).count();
    format!("{solved} of {}", durations.len())
}

/// A value with the ends of its interval, each as [`shown`].
pub fn spread(value: f64, low: f64, high: f64, digits: usize) -> String {
    let [value, low, high] = [value, low, high].map(|value| shown(value, digits));
    format!("{value} ({low} to {high})")
}

/// A time or a ratio of times with this number of decimals; `beyond` where the search's limit hides it.
pub fn shown(value: f64, digits: usize) -> String {
    finite(value).map_or_else(|| "beyond".into(), |value| format!("{value:.digits$}"))
}

/// What JSON can hold.
pub fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Percentile bootstrap of a statistic of independent groups.
fn interval(groups: &[&[Duration]], statistic: impl Fn(&[Vec<Duration>]) -> f64) -> (f64, f64) {
    if groups.iter().any(|group| group.is_empty()) {
        return (0.0, f64::INFINITY);
    }
    interval_95(&resampled(groups, SEED, statistic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn durations(of: &[(f64, bool)]) -> Vec<Duration> {
        of.iter().map(|&(time_s, solved)| Duration { time_s, solved }).collect()
    }

    #[test]
    fn survival_is_that_of_kaplan_and_meiers_own_example() {
        // J. Am. Stat. Assoc. 53, 457 (1958), table 1: deaths at 0.8, 3.1, 5.4, 9.2 months, losses at 1.0, 2.7, 7.0, 12.1.
        let months = [
            (7.0, false),
            (0.8, true),
            (1.0, false),
            (12.1, false),
            (2.7, false),
            (3.1, true),
            (5.4, true),
            (9.2, true),
        ];
        let wanted = [(0.8, 7.0 / 8.0), (3.1, 0.7), (5.4, 0.525), (9.2, 0.2625)];
        for (found, wanted) in survival(&durations(&months)).iter().zip(wanted) {
            assert!(found.0 == wanted.0 && (found.1 - wanted.1).abs() < 1e-12, "{found:?}");
        }
        assert_eq!(median_s(&durations(&months)), 9.2);
    }

    #[test]
    fn without_censoring_the_median_is_the_middle_and_of_a_censored_majority_there_is_none() {
        let all = durations(&[(3.0, true), (1.0, true), (2.0, true)]);
        assert_eq!(median_s(&all), 2.0);
        let few = durations(&[(1.0, true), (5.0, false), (5.0, false)]);
        assert!(median_s(&few).is_infinite() && median(&few).high_s.is_infinite());
    }

    #[test]
    fn the_bootstrap_interval_is_near_that_of_order_statistics() {
        // 64 equally spaced values: the median's distribution-free 95 % interval runs from the 24th to the 41st.
        let spaced: Vec<(f64, bool)> = (1..=64).map(|n| (f64::from(n), true)).collect();
        let found = median(&durations(&spaced));
        assert_eq!(found.time_s, 32.0);
        assert!((found.low_s - 24.0).abs() <= 2.0, "{found:?}");
        assert!((found.high_s - 41.0).abs() <= 2.0, "{found:?}");
        let (low, high) = ratio_interval(&durations(&spaced), &durations(&spaced));
        assert!(low < 0.85 && high > 1.15 && low > 0.5 && high < 2.0, "{low} {high}");
    }
}
