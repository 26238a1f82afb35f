//! Coefficients of the standalone update, from a rate.
//!
//! The gateware minimises E = 1/2 sum_s w_s (I_s - T_s)^2 by V_k -= eta dE/dV_k. In codes, with G the
//! ADC codes a nA, D the DAC codes a volt, A_k the tone's amplitude in volts, P = 32767 the sine's peak
//! and N the window, it computes for every case
//!
//! ```text
//! e    = w (mean - target)                       = G w (I - T)          ADC codes, 16 bits
//! x    = I_sum/N cos(delta) - Q_sum/N sin(delta) = P/2 G A_k dI/dV_k    14 bits below an ADC code
//! step = (((x c_k) >> gradient_shift) e) >> step_shift                  Q16.16 DAC codes
//! ```
//!
//! G occurs twice in x e, so the I-V converter's sign drops out. Of several inputs G is the least; those with a greater one have weights less by the square of
//! the quotient, so that one coefficient serves them all. The required step is
//! 65536 D eta w (I - T) dI/dV_k, hence
//!
//! ```text
//! c_k / 2^(gradient_shift + step_shift) = 65536 D eta / (G^2 A_k P/2)
//! ```
//!
//! No input saturates the response: |y| <= 2^15 gives |x| <= 2/pi 2^15 2^15 (a square wave in phase with
//! the tone), times |c| <= 2^15 and shifted by 15 is at most 0.64 2^30, below the limit of 2^30. So
//! gradient_shift = 15, which keeps 13 bits below an ADC code; noise of 2.5e-4 nA^2/Hz in 51.2 ms is 23
//! codes. The largest c_k is put between 2^14 and 2^15, so the smallest of amplitudes ten times apart
//! keeps 11 bits. A step saturates at 2^31, 2 V: only if one update crosses half of the DAC's
//! range, where the control's limits clip it anyway. A window flag reports it.

use super::Plan;
use crate::gradient::latency_rotation;
use hge_driver::text::number;
use hge_protocol::number::SINE_PEAK;
use thiserror::Error;

/// Shift that no input saturates, see the module.
const GRADIENT_SHIFT: u32 = 15;

/// A rate whose coefficients do not fit the update's registers.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("a rate_v2_per_na2 of {} in standalone.targets is {side} for the update's registers: {} it", number(*rate_v2_per_na2), if *side == "too large" { "lower" } else { "raise" })]
pub struct RateError {
    /// Asked for.
    pub rate_v2_per_na2: f64,
    /// Too large or too small.
    pub side: &'static str,
}

/// Update coefficients of all slots and the shifts that go with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coefficients {
    /// In-phase factor low, quadrature factor high.
    pub words: Vec<u32>,
    /// See [`hge_protocol::registers::GRADIENT_SHIFT`].
    pub gradient_shift: u32,
    /// See [`hge_protocol::registers::STEP_SHIFT`].
    pub step_shift: u32,
}

impl Coefficients {
    /// Coefficients for a rate, latency undone.
    ///
    /// # Errors
    /// The rate does not fit the registers.
    pub fn of(plan: &Plan, rate_v2_per_na2: f64) -> Result<Self, RateError> {
        let scale = plan.scale();
        let controls = &plan.configuration().controls;
        let factors: Vec<f64> = (0..controls.len())
            .map(|k| {
                let response = scale.least_adc_codes_per_na().powi(2) * plan.amplitude_v(k);
                65536.0 * plan.output_scale(k).codes_per_v() * rate_v2_per_na2
                    / (response * f64::from(SINE_PEAK) / 2.0)
            })
            .collect();
        let largest = factors.iter().copied().fold(0.0, f64::max);
        let shift = (32767.0 / largest).log2().floor();
        let beyond = |side| RateError { rate_v2_per_na2, side };
        if shift < f64::from(GRADIENT_SHIFT) {
            return Err(beyond("too large"));
        }
        if shift.is_nan() || shift > f64::from(GRADIENT_SHIFT + 31) {
            return Err(beyond("too small"));
        }
        let half = |value: f64| u32::from(value.round() as i16 as u16);
        let latency = plan.parameters().loop_latency_samples();
        let words = controls.iter().zip(&factors).map(|(control, factor)| {
            let (cosine, sine) =
                latency_rotation(control.cycles, plan.grid().window_samples, latency);
            let size = factor * shift.exp2();
            half(size * cosine) | half(-size * sine) << 16
        });
        Ok(Coefficients {
            words: words.collect(),
            gradient_shift: GRADIENT_SHIFT,
            step_shift: shift as u32 - GRADIENT_SHIFT,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Job, Source};

    #[test]
    fn a_rate_beyond_the_registers_is_refused() {
        let (experiment, source) = Source::parse("t.toml", "gate = \"or\"".into()).unwrap();
        let plan = Job::new(experiment, &source).unwrap().task.plan;
        assert!(matches!(Coefficients::of(&plan, 1e3), Err(RateError { side: "too large", .. })));
        assert!(matches!(Coefficients::of(&plan, 1e-18), Err(RateError { side: "too small", .. })));
    }
}
