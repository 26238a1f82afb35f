//! Relaxation of the current after a step: its time constant, and the wait that it requires.
//!
//! The remainder a time t after the step is E exp(-t / tau). With E at the beginning of the window it adds E times a [reach](relaxation_reach) to each tone;
//! to keep that below 2 % of the response A g of a slope g, the wait is
//!
//! ```text
//! settle = tau ln(share E reach / (0.01 A g)) - lead-in
//! ```
//!
//! share being the fraction left after a correction: one without it. Half of the 2 % is reserved for deviations from an exponential.

use crate::drift::{left_share, relaxation_reach, Shape, MATTERS};
use crate::plan::Plan;
use serde::{Deserialize, Serialize};

/// Range of time constants, in spans of a trace: a shorter one has decayed before the first point, a longer one is a drift.
const SOUGHT: (f64, f64) = (0.01, 3.0);

/// Starting points of the search, at equal ratios.
const PLACES: u32 = 40;

/// Standard errors above which an amplitude is significant.
const SEEN: f64 = 5.0;

/// A relative error of the time constant leaves three tenths of it of the corrected effect.
const LEFT_OF_ERROR: f64 = 0.3;

/// The mean of a current over an interval after a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The step it belongs to.
    pub step: usize,
    /// From the step's end to the first sample, in samples.
    pub begin: f64,
    /// Samples.
    pub samples: f64,
    /// Mean.
    pub current_na: f64,
}

/// Result of a fit of a relaxation.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// Time constant in samples.
    pub samples: f64,
    /// Standard error of the time constant in samples.
    pub error_samples: f64,
    /// Remainder right after each step, in nA, signed.
    pub left_na: Vec<f64>,
    /// Root mean square distance of the points from it.
    pub misfit_na: f64,
    /// Whether the largest remainder is significant.
    pub seen: bool,
}

/// Settling of a device's current after a step, and the required waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relaxation {
    /// Time constant.
    pub time_constant_s: f64,
    /// Standard error of the time constant.
    pub time_constant_error_s: f64,
    /// The largest step of the current between cases.
    pub step_na: f64,
    /// Remainder of the step at the end of the ramp.
    pub left_na: f64,
    /// Root mean square distance of the current from one exponential.
    pub misfit_na: f64,
    /// The smallest slope for which the waits hold.
    pub slope_na_per_v: f64,
    /// Wait after which the slopes are within 2 %, including the lead-in with tones.
    pub settle_s: f64,
    /// Wait with subtraction of the relaxation.
    pub settle_corrected_s: f64,
}

impl Relaxation {
    /// The drift to subtract.
    pub fn shape(&self) -> Shape {
        Shape::Relaxation { seconds: self.time_constant_s }
    }

    /// From a fit at the rate of `plan`, for slopes of `slope_na_per_v` with its tones.
    pub fn of(plan: &Plan, fitted: &Fitted, step_na: f64, slope_na_per_v: f64) -> Self {
        let rate_hz = plan.grid().rate_hz;
        let time_constant_s = fitted.samples / rate_hz;
        let left_na = fitted.left_na.iter().fold(0.0, |most: f64, left| most.max(left.abs()));
        let reach = relaxation_reach(plan, time_constant_s).into_iter().enumerate();
        let worst = reach.map(|(k, reach)| reach / plan.amplitude_v(k)).fold(0.0, f64::max);
        let wait_s = |share: f64| {
            let ratio = share * left_na * worst / (MATTERS / 2.0 * slope_na_per_v);
            let lead_in_s = f64::from(plan.lead_in_samples()) / rate_hz;
            (time_constant_s * ratio.max(f64::MIN_POSITIVE).ln() - lead_in_s).max(0.0)
        };
        let known = LEFT_OF_ERROR * fitted.error_samples / fitted.samples;
        let relaxation = Shape::Relaxation { seconds: time_constant_s };
        Relaxation {
            time_constant_s,
            time_constant_error_s: fitted.error_samples / rate_hz,
            step_na,
            left_na,
            misfit_na: fitted.misfit_na,
            slope_na_per_v,
            settle_s: wait_s(1.0),
            settle_corrected_s: wait_s(left_share(Some(relaxation)).max(known).min(1.0)),
        }
    }
}

/// Fit of one time constant for all steps, and for each its final value and remainder. `None`: there are too few points.
pub fn fit(points: &[Point]) -> Option<Fitted> {
    let steps = points.iter().map(|point| point.step + 1).max()?;
    let span = points.iter().map(|point| point.begin + point.samples).fold(0.0, f64::max);
    let unknowns = 2 * steps + 1;
    if points.len() < unknowns + 2 {
        return None;
    }
    let at = |log: f64| Lines::through(points, steps, log.exp());
    let (low, high) = ((SOUGHT.0 * span).ln(), (SOUGHT.1 * span).ln());
    let stride = (high - low) / f64::from(PLACES);
    let places = (0..=PLACES).map(|place| low + f64::from(place) * stride);
    let best = places.min_by(|a, b| at(*a).squares.total_cmp(&at(*b).squares))?;
    let log = crate::calibration::least(best - stride, best + stride, |log| at(log).squares);
    let lines = at(log);
    let variance = lines.squares / (points.len() - unknowns) as f64;
    // Curvature of the sum of squares: its second derivative is twice the inverse variance's part.
    let reach = 1e-3;
    let curvature =
        (at(log + reach).squares + at(log - reach).squares - 2.0 * lines.squares) / (reach * reach);
    let samples = log.exp();
    let seen = lines
        .left_na
        .iter()
        .zip(&lines.spreads)
        .any(|(left, spread)| left.abs() > SEEN * spread * variance.sqrt());
    Some(Fitted {
        samples,
        error_samples: samples * (2.0 * variance / curvature.max(f64::MIN_POSITIVE)).sqrt(),
        misfit_na: (lines.squares / points.len() as f64).sqrt(),
        left_na: lines.left_na,
        seen,
    })
}

/// Straight lines of the current over the exponential's remainder, one for each step.
struct Lines {
    left_na: Vec<f64>,
    /// Standard error of the remainder, for points with an error of one.
    spreads: Vec<f64>,
    /// Sum of squared distances.
    squares: f64,
}

impl Lines {
    fn through(points: &[Point], steps: usize, time_constant: f64) -> Self {
        let mut lines = Lines { left_na: Vec::new(), spreads: Vec::new(), squares: 0.0 };
        for step in 0..steps {
            let of_step = points.iter().filter(|point| point.step == step);
            let pairs: Vec<(f64, f64)> =
                of_step.map(|point| (point.left(time_constant), point.current_na)).collect();
            let count = pairs.len() as f64;
            let (x, y) = pairs.iter().fold((0.0, 0.0), |(x, y), pair| (x + pair.0, y + pair.1));
            let (x, y) = (x / count, y / count);
            let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
            for pair in &pairs {
                xx += (pair.0 - x).powi(2);
                xy += (pair.0 - x) * (pair.1 - y);
                yy += (pair.1 - y).powi(2);
            }
            let left_na = if xx > 0.0 { xy / xx } else { 0.0 };
            lines.left_na.push(left_na);
            lines.spreads.push(if xx > 0.0 { xx.recip().sqrt() } else { f64::INFINITY });
            lines.squares += (yy - left_na * xy).max(0.0);
        }
        lines
    }
}

impl Point {
    /// Mean of exp(-t / tau) over the point.
    fn left(&self, time_constant: f64) -> f64 {
        let gone = |samples: f64| -(-samples / time_constant).exp_m1();
        (-self.begin / time_constant).exp() * gone(self.samples) / (self.samples * gone(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Means over 8 samples of two steps that relax with `tau` samples, and a disturbance of `noise_na` that is not exponential.
    fn points(tau: f64, noise_na: f64) -> Vec<Point> {
        let of = |step: usize| {
            let (end_na, left_na) = [(10.0, 50.0), (-40.0, -30.0)][step];
            (0..40).map(move |n| {
                let begin = f64::from(n) * 10.0;
                let samples = (0..8).map(|k| (-(begin + f64::from(k)) / tau).exp());
                let mean = samples.sum::<f64>() / 8.0;
                let noise_na = noise_na * f64::from(n * 7919 % 13 - 6) / 6.0;
                let current_na = end_na + left_na * mean + noise_na;
                Point { step, begin, samples: 8.0, current_na }
            })
        };
        of(0).chain(of(1)).collect()
    }

    #[test]
    fn a_time_constant_is_found_from_means_of_two_steps() {
        for tau in [5.0, 22.0, 110.0, 500.0] {
            let found = fit(&points(tau, 0.0)).unwrap();
            assert!((found.samples / tau - 1.0).abs() < 1e-5, "{found:?}");
            assert!((found.left_na[0] - 50.0).abs() < 1e-3, "{found:?}");
            assert!((found.left_na[1] + 30.0).abs() < 1e-3, "{found:?}");
            assert!(found.seen && found.misfit_na < 1e-4);
        }
    }

    #[test]
    fn its_error_is_that_of_the_disturbance_and_nothing_is_seen_where_nothing_is() {
        let found = fit(&points(110.0, 0.5)).unwrap();
        assert!(found.seen, "{found:?}");
        assert!((found.samples - 110.0).abs() < 4.0 * found.error_samples, "{found:?}");
        assert!((0.1..3.0).contains(&found.error_samples), "{found:?}");
        let mut flat = points(110.0, 0.5);
        flat.iter_mut().for_each(|point| point.current_na = (point.begin * 7.7).sin());
        assert!(!fit(&flat).unwrap().seen, "{:?}", fit(&flat));
        assert_eq!(fit(&flat[..4]), None);
    }
}
