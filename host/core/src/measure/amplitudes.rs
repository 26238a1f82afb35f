//! Choice of amplitudes from the curvature and the noise of the device.
//!
//! At x times the given amplitude a slope has the bias b x^2, of third order, and the standard error e / x. The mean square of both is least at
//!
//! ```text
//! x = (e^2 / (2 b^2))^(1/6)
//! ```
//!
//! Owing to the sixth root, a bias that is wrong by a factor of 4 gives an amplitude that is wrong by 1.6. b is the root mean square over random operating points
//! and all cases, from responses at twice the amplitude, the amplitude and half of it, noise subtracted: b = 4/3 of the difference between the amplitude and its half if
//! that is significant, else a quarter of 4/3 of that between twice the amplitude and it. All amplitudes vary together, and
//! the contribution of the other tones to a control's bias counts as its own.

use super::gradient::{measure, CaseSlopes, Effort};
use super::MeasureError;
use crate::plan::Plan;
use crate::session::Session;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Random operating points.
const POINTS: u32 = 8;

/// Windows of every case at each point and each amplitude: for four cases 384 windows in total.
const WINDOWS: u32 = 4;

/// Amplitudes as fractions of the given one.
const RATIOS: [f64; 3] = [2.0, 1.0, 0.5];

/// Smallest and largest choice, as fractions of the given amplitude: the measured range, and half of its lower end.
const CHOSEN: (f64, f64) = (0.25, 2.0);

/// Standard errors above which a mean square is significant.
const SEEN: f64 = 2.0;

/// The choice and its reasons, control by control.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chosen {
    /// Amplitudes.
    pub amplitudes_v: Vec<f64>,
    /// Root mean square bias at the given amplitude.
    pub bias_na_per_v: Vec<f64>,
    /// Root mean square standard error at the given amplitude, for the number of windows to be measured.
    pub error_na_per_v: Vec<f64>,
}

/// Chooses amplitudes for slopes of `windows` windows each. The session's plan, one that is [`super::gradient::listening`], has the given amplitudes and stays
/// in force; `seed` draws the operating points.
///
/// # Errors
/// As [`measure`]; or half the amplitude is too small.
pub fn choose(session: &mut Session, windows: u32, seed: u64) -> Result<Chosen, MeasureError> {
    let given = session.plan().clone();
    // Where twice the amplitude does not fit the ranges, the amplitude itself is the largest.
    let twice = given.with_amplitudes(RATIOS[0]).ok();
    let half = given.with_amplitudes(RATIOS[2])?;
    let widest = twice.as_ref().unwrap_or(&given);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let points: Vec<Vec<f64>> = (0..POINTS).map(|_| widest.draw_controls_v(&mut random)).collect();
    let mut at = |plan: &Plan| -> Result<Vec<CaseSlopes>, MeasureError> {
        session.switch_to(plan)?;
        let mut cases = Vec::new();
        for controls_v in &points {
            cases.extend(measure(session, controls_v, Effort::windows(WINDOWS))?.cases);
        }
        Ok(cases)
    };
    let at_given = at(&given)?;
    let at_half = at(&half)?;
    let at_twice = twice.as_ref().map(&mut at).transpose()?;
    session.switch_to(&given)?;
    let controls = 0..given.configuration().controls.len();
    let of_controls = controls.map(|k| {
        let near = Difference::of(&at_given, &at_half, k, 1.0);
        let far = at_twice.as_ref().map(|twice| Difference::of(twice, &at_given, k, 0.25));
        let difference = match far {
            Some(far) if near.square < SEEN * near.error => far,
            _ => near,
        };
        // b - b/4 is the difference.
        let bias = 4.0 / 3.0 * difference.square.max(0.0).sqrt();
        let windows = f64::from(WINDOWS) / f64::from(windows.max(1));
        let error = (mean_square_error(&at_given, k) * windows).sqrt();
        (given.amplitude_v(k), bias, error)
    });
    let of_controls: Vec<(f64, f64, f64)> = of_controls.collect();
    // Twice the amplitude has not been seen to fit where it was not planned.
    let greatest = if at_twice.is_some() { CHOSEN.1 } else { 1.0 };
    Ok(Chosen {
        amplitudes_v: of_controls
            .iter()
            .map(|&(given_v, bias, error)| given_v * best_ratio(bias, error, greatest))
            .collect(),
        bias_na_per_v: of_controls.iter().map(|(_, bias, _)| *bias).collect(),
        error_na_per_v: of_controls.iter().map(|(_, _, error)| *error).collect(),
    })
}

/// Amplitude with the least sum of squared bias and error.
fn best_ratio(bias: f64, error: f64, greatest: f64) -> f64 {
    let ratio = (error.powi(2) / (2.0 * bias.powi(2))).powf(1.0 / 6.0);
    // Neither bias nor error: nothing speaks against the given amplitude.
    if ratio.is_nan() {
        1.0
    } else {
        ratio.clamp(CHOSEN.0, greatest)
    }
}

/// Mean square difference of a control's responses at two amplitudes, without the part of the noise.
struct Difference {
    square: f64,
    /// Standard error of the noise's part.
    error: f64,
}

impl Difference {
    /// Factor from this pair to the given amplitude.
    fn of(larger: &[CaseSlopes], smaller: &[CaseSlopes], k: usize, scale: f64) -> Self {
        let pairs: Vec<_> =
            larger.iter().zip(smaller).filter(|(a, b)| !a.clipped && !b.clipped).collect();
        let count = (pairs.len() as f64).max(1.0);
        let squares = pairs.iter().map(|(larger, smaller)| {
            (larger.slopes[k].slope_na_per_v - smaller.slopes[k].slope_na_per_v).powi(2)
        });
        let noise = mean_square_error(larger, k) + mean_square_error(smaller, k);
        let square = squares.sum::<f64>() / count - noise;
        let (square, noise) = (square * scale.powi(2), noise * scale.powi(2));
        Difference { square, error: noise * (2.0 / count).sqrt() }
    }
}

/// Mean of a control's squared standard errors.
fn mean_square_error(cases: &[CaseSlopes], k: usize) -> f64 {
    let errors = cases.iter().filter_map(|case| case.slopes[k].error_na_per_v);
    let (sum, count) = errors.fold((0.0, 0.0), |(sum, count), e| (sum + e * e, count + 1.0));
    if count > 0.0 {
        sum / count
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_amplitude_is_where_bias_and_error_together_are_least() {
        for (bias, error) in [(1.0, 1.0), (4.0, 1.0), (0.3, 2.0)] {
            let best = best_ratio(bias, error, 2.0);
            let whole = |x: f64| (bias * x * x).powi(2) + (error / x).powi(2);
            assert!(whole(best) < whole(best * 1.01) && whole(best) < whole(best * 0.99), "{best}");
        }
        assert_eq!(best_ratio(0.0, 1.0, 2.0), 2.0);
        assert_eq!(best_ratio(1.0, 0.0, 2.0), 0.25);
        assert_eq!(best_ratio(0.0, 0.0, 2.0), 1.0);
    }
}
