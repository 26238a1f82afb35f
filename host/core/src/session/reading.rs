//! A window of an instrument in the units of the device.

use super::SessionError;
use crate::gradient::{Estimator, Response};
use crate::plan::Plan;
use crate::reading::Reading;
use hge_protocol::frame::{flag, Window};
use hge_protocol::AdcCode;

/// Evaluates a window that was measured with this plan.
///
/// # Errors
/// The guard had to act.
pub fn reading(
    plan: &Plan,
    estimator: Estimator,
    window: &Window,
) -> Result<Reading, SessionError> {
    if window.flags & (flag::CLAMPED | flag::LIMITED) != 0 {
        return Err(SessionError::Guard { case: window.case, flags: window.flags });
    }
    let scale = &plan.scale().input(window.input.into());
    let samples = plan.grid().window_samples;
    let latency = plan.parameters().loop_latency_samples();
    let controls = plan.configuration().controls.iter();
    let sums = window.slots.iter().enumerate();
    let answers = controls.zip(sums).map(|(control, (k, &sums))| match plan.code(k) {
        Some(code) => {
            let total = i64::from(window.sum_first) + i64::from(window.sum_second);
            let amplitude_v = plan.amplitude_v(k);
            [code.slope_na_per_v(sums, total, samples, amplitude_v, scale), 0.0]
        }
        None => Response::of(sums, control.cycles, samples, latency)
            .answer_na_per_v(plan.amplitude_v(k), scale),
    });
    let mut answers_na_per_v: Vec<[f64; 2]> = answers.collect();
    let mut cost_slopes_na2_per_v = Vec::new();
    if let Some(cost) = &plan.configuration().cost {
        // The same sums, of the cost's codes in place of the ADC's.
        let codes_per_na = scale.adc_codes_per_na();
        let slopes = answers_na_per_v
            .drain(..)
            .map(|[in_phase, _]| cost.slope_na2_per_v(in_phase * codes_per_na, 1.0, scale));
        cost_slopes_na2_per_v = slopes.collect();
    }
    let slopes = answers_na_per_v.iter().map(|&answer| estimator.of(answer));
    let noise_slots = &plan.configuration().noise_slots;
    let behind = window.slots.iter().skip(plan.configuration().controls.len());
    let empty_na = noise_slots.iter().zip(behind).map(|(noise_slot, &sums)| {
        let response = Response::of(sums, noise_slot.cycles, samples, latency);
        let codes_per_na = scale.adc_codes_per_na();
        [response.in_phase_codes / codes_per_na, response.quadrature_codes / codes_per_na]
    });
    let sum = f64::from(window.sum_first) + f64::from(window.sum_second);
    let half = f64::from(samples) / 2.0;
    let step_codes = (f64::from(window.sum_second) - f64::from(window.sum_first)) / half;
    Ok(Reading {
        step_na: step_codes / scale.adc_codes_per_na(),
        empty_na: empty_na.collect(),
        mean_na: scale.current_na(sum / f64::from(samples)),
        slopes_na_per_v: slopes.collect(),
        cost_slopes_na2_per_v,
        answers_na_per_v,
        clipped: scale.clips(AdcCode(window.min), AdcCode(window.max)),
        span_steps: scale.adc_steps(AdcCode(window.min), AdcCode(window.max)),
        settled: true,
    })
}
