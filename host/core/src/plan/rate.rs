//! Sample rates that a clock gives.

use super::check::window;
use super::PlanError;
use crate::tones::Grid;
use hge_protocol::Parameters;

/// Rate and window next to a time and a rate that are wished for: a power of two of samples, at a rate that the clock gives.
///
/// # Errors
/// No rate near enough can be had, or the window is too long or too short.
pub fn near_window(
    window_s: f64,
    rate_hz: f64,
    parameters: &Parameters,
) -> Result<Grid, PlanError> {
    let window_samples = (window_s * rate_hz).log2().round().clamp(0.0, 31.0).exp2() as u32;
    window(window_samples)?;
    let rate_hz = actual_rate_hz(f64::from(window_samples) / window_s, parameters)?;
    Ok(Grid { rate_hz, window_samples })
}

/// The rate nearest to `rate_hz` that a whole number of clocks gives.
pub(crate) fn actual_rate_hz(rate_hz: f64, parameters: &Parameters) -> Result<f64, PlanError> {
    let clock_hz = f64::from(parameters.clock_hz);
    let (least, most) = (parameters.least_sample_period_clocks(), 65535_u32);
    let clocks = (clock_hz / rate_hz).round();
    if !(f64::from(least)..=f64::from(most)).contains(&clocks) {
        return Err(PlanError::Rate {
            rate_hz,
            clock_hz: parameters.clock_hz,
            lowest_hz: clock_hz / f64::from(most),
            highest_hz: clock_hz / f64::from(least),
        });
    }
    Ok(clock_hz / clocks)
}
