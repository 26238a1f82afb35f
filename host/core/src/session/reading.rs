//! A window of an instrument in the units of the device.

use super::SessionError;
use crate::gradient::{Estimator, Response};
use crate::plan::Plan;
use hge_protocol::frame::{flag, Window};
use hge_protocol::AdcCode;

/// What one case showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Mean current over the window.
    pub mean_na: f64,
    /// Mean current of the window's second half less that of the first.
    pub step_na: f64,
    /// Slope of the current with every control; meaningless without perturbation, none where the lock-in has multiplied the cost.
    pub slopes_na_per_v: Vec<f64>,
    /// Slope of the squared distance from the case's target with every control, where the lock-in has multiplied that.
    pub cost_slopes_na2_per_v: Vec<f64>,
    /// Answers of every tone a volt of its amplitude, in phase and in quadrature, in nA/V.
    pub answers_na_per_v: Vec<[f64; 2]>,
    /// What the lines of the plan's noise slots hold, in phase and in quadrature: noise.
    pub empty_na: Vec<[f64; 2]>,
    /// The ADC or the I-V converter was at an end of its range.
    pub clipped: bool,
    /// Greatest less least ADC code, in steps of the converter.
    pub span_steps: u32,
    /// What the current's drift leaves on the tones does not matter, as far as a [`DriftCorrector`] looks.
    pub settled: bool,
}

impl Reading {
    /// Of nothing yet.
    pub(crate) fn blank(controls: usize, noise_slots: usize) -> Self {
        Reading {
            mean_na: 0.0,
            step_na: 0.0,
            slopes_na_per_v: vec![0.0; controls],
            cost_slopes_na2_per_v: Vec::new(),
            answers_na_per_v: vec![[0.0; 2]; controls],
            empty_na: vec![[0.0; 2]; noise_slots],
            clipped: false,
            span_steps: 0,
            settled: true,
        }
    }

    /// Adds the currents of another window of the case, and what was wrong with it.
    pub(crate) fn add(&mut self, other: &Reading) {
        self.mean_na += other.mean_na;
        self.step_na += other.step_na;
        self.clipped |= other.clipped;
        self.settled &= other.settled;
        self.span_steps = self.span_steps.max(other.span_steps);
    }
}

/// What a window means, measured by this plan.
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
    let (scale, samples) = (plan.scale(), plan.grid().window_samples);
    let latency = plan.parameters().loop_latency_samples();
    let controls = plan.configuration().controls.iter();
    let sums = window.slots.iter().enumerate();
    let answers = controls.zip(sums).map(|(control, (k, &sums))| match plan.code(k) {
        Some(code) => {
            let total = i64::from(window.sum_first) + i64::from(window.sum_second);
            let amplitude_v = plan.amplitude_v(k);
            [code.slope_na_per_v(sums, total, samples, amplitude_v, scale), 0.0]
        }
        None => Response::of(sums, control.multiple, samples, latency)
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
        let response = Response::of(sums, noise_slot.multiple, samples, latency);
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
