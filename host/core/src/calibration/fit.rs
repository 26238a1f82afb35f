//! Fit of lags, a pole and feed-through to responses.

use super::line::Line;
use super::{least, Calibration, CalibrationError, Conditions, ToneCalibration};
use crate::plan::{Control, Plan};
use hge_sim::bench::{Pole, Response};
use std::f64::consts::{PI, TAU};

/// Minimum number of operating points: with fewer an outlier is not detected.
pub const LEAST_POINTS: u32 = 8;

/// A line must be this many times longer than wide: its angle is then known to 0.06 rad from eight points.
const LEAST_RATIO: f64 = 6.0;

/// A larger lag is not due to a pole within the band but to an uncorrected latency.
pub(super) const MOST_LAG_RAD: f64 = PI / 3.0;

/// Largest mean square distance of the lags from those of one pole, in squared errors.
pub(super) const MOST_DISAGREEMENT: f64 = 9.0;

/// Smallest error of an angle: the sine table's steps.
pub(super) const LEAST_ERROR_RAD: f64 = 1e-5;

/// Range of poles, in sample rates.
pub(super) const POLES: (f64, f64) = (1e-3, 1e3);

/// A calibration of an input from the responses of every tone, in nA/V, at different operating points.
///
/// # Errors
/// Too few points, responses without a line, a lag without a pole.
pub fn fit(
    plan: &Plan,
    input: usize,
    answers: &[Vec<[f64; 2]>],
) -> Result<Calibration, CalibrationError> {
    let controls = plan.configuration().controls.iter();
    let mut lines = Vec::new();
    for ((control, frequency_hz), points) in controls.zip(plan.tones_hz()).zip(answers) {
        let electrode = control.output;
        let line =
            Line::through(points).ok_or(CalibrationError::Points { found: points.len() as u32 })?;
        if line.span.is_nan() || line.span <= LEAST_RATIO * line.scatter || line.span == 0.0 {
            let (span_na_per_v, scatter_na_per_v) = (line.span, line.scatter);
            return Err(CalibrationError::NoLine { electrode, span_na_per_v, scatter_na_per_v });
        }
        if line.angle_rad.abs() > MOST_LAG_RAD {
            let lag_deg = -line.angle_rad.to_degrees();
            return Err(CalibrationError::Latency { electrode, lag_deg, frequency_hz });
        }
        lines.push((control, frequency_hz, line, points));
    }
    let lags: Vec<Lag> = lines
        .iter()
        .map(|(_, frequency_hz, line, _)| {
            let lag = Lag::of(line, *frequency_hz);
            Lag { error_rad: lag.error_rad.max(LEAST_ERROR_RAD), ..lag }
        })
        .collect();
    let pole_hz = pole(&lags, plan.grid().rate_hz);
    let tones = lines.into_iter().map(|(control, frequency_hz, line, points)| {
        let response = match pole_hz {
            Some(pole_hz) => Pole::response(pole_hz, frequency_hz, plan.grid().rate_hz),
            None => Response::polar(1.0, line.angle_rad),
        };
        let behind = points.iter().map(|&[re, im]| Response { re, im }.over(response).im);
        let behind_na_per_v = behind.sum::<f64>() / points.len() as f64;
        let lag = Lag::of(&line, frequency_hz);
        tone(plan, control, &lag, response, behind_na_per_v)
    });
    Ok(calibration(plan, input, pole_hz, tones.collect()))
}

pub(super) fn calibration(
    plan: &Plan,
    input: usize,
    pole_hz: Option<f64>,
    tones: Vec<ToneCalibration>,
) -> Calibration {
    let conditions = Conditions::of(plan, input);
    Calibration { conditions, pole_hz, tones, relaxation: None, further: Vec::new() }
}

pub(super) fn tone(
    plan: &Plan,
    control: &Control,
    lag: &Lag,
    response: Response,
    behind_na_per_v: f64,
) -> ToneCalibration {
    let rate_hz = plan.grid().rate_hz;
    ToneCalibration {
        electrode: control.output,
        cycles: control.cycles,
        frequency_hz: lag.frequency_hz,
        lag_rad: -lag.angle_rad,
        lag_error_rad: lag.error_rad,
        in_phase: response.re,
        quadrature: response.im,
        feed_through_na_per_v: behind_na_per_v,
        // nA/V are nS; F = S / (1/s), in pF.
        feed_through_pf: behind_na_per_v * 1e3
            / (rate_hz * (TAU * lag.frequency_hz / rate_hz).sin()),
    }
}

pub(super) struct Lag {
    pub(super) frequency_hz: f64,
    pub(super) angle_rad: f64,
    pub(super) error_rad: f64,
}

impl Lag {
    fn of(line: &Line, frequency_hz: f64) -> Self {
        Lag { frequency_hz, angle_rad: line.angle_rad, error_rad: line.angle_error_rad }
    }
}

/// The pole with these lags, if there is one.
pub(super) fn pole(lags: &[Lag], rate_hz: f64) -> Option<f64> {
    let disagreement = |log_pole: f64| -> f64 {
        let squares = lags.iter().map(|lag| {
            let response = Pole::response(log_pole.exp(), lag.frequency_hz, rate_hz);
            ((lag.angle_rad - response.phase_rad()) / lag.error_rad).powi(2)
        });
        squares.sum::<f64>() / lags.len() as f64
    };
    // Every lag grows as the pole falls.
    let best = least((POLES.0 * rate_hz).ln(), (POLES.1 * rate_hz).ln(), disagreement);
    (disagreement(best) < MOST_DISAGREEMENT).then(|| best.exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pole_is_found_from_its_lags_and_two_that_disagree_are_not_one() {
        let rate_hz = 20_000.0;
        let lag = |pole_hz: f64, frequency_hz: f64| Lag {
            frequency_hz,
            angle_rad: Pole::response(pole_hz, frequency_hz, rate_hz).phase_rad(),
            error_rad: 1e-3,
        };
        let found = pole(&[lag(16e3, 500.0), lag(16e3, 2000.0)], rate_hz).unwrap();
        assert!((found / 16e3 - 1.0).abs() < 1e-3, "{found}");
        let found = pole(&[lag(159.0, 50.0), lag(159.0, 400.0)], rate_hz).unwrap();
        assert!((found / 159.0 - 1.0).abs() < 1e-3, "{found}");
        assert_eq!(pole(&[lag(159.0, 50.0), lag(5e3, 400.0)], rate_hz), None);
    }
}
