//! From a window's sums to derivatives in SI units.
//!
//! With `y[n]` the ADC codes, s and c the sine table (peak P = 32767) and d the samples between a phase in
//! the NCO and the ADC sample with its response (2, and 1 more with SPI converters), a response
//! a sin(phi[n - d]) gives
//!
//! ```text
//! I = sum y s = N/2 a P cos(delta)        delta = 2 pi m d / N
//! Q = sum y c = -N/2 a P sin(delta)
//! a cos(psi) = 2/(N P) (I cos(delta) - Q sin(delta))     what follows the tone at once
//! a sin(psi) = 2/(N P) (I sin(delta) + Q cos(delta))     what the device adds in quadrature
//! ```
//!
//! The table is sampled at half steps; modulator and lock-in read the same table at phases a whole
//! number of samples apart, so the half step cancels. The tone at the device had the amplitude
//! round(A) P / 32768 codes; the derivative is divided by that, not by the requested amplitude.

use hge_driver::scale::Scale;
use hge_protocol::frame::SlotSums;
use hge_protocol::number::SINE_PEAK;
use std::f64::consts::TAU;

choices! {
    /// Estimator of a derivative from in-phase and quadrature response.
    pub enum Estimator else InPhase {
        /// The in-phase part: unbiased, and blind to capacitive quadrature.
        InPhase = "in-phase",
        /// Magnitude, with the sign of the in-phase part: the first author's. Biased
        /// upward at low signal to noise.
        Magnitude = "magnitude",
    }
}

/// Response of one slot, latency corrected, in ADC codes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Response {
    /// Amplitude in phase with the tone.
    pub in_phase_codes: f64,
    /// Amplitude a quarter turn ahead.
    pub quadrature_codes: f64,
}

/// Cosine and sine of the loop latency at tone `multiple`.
pub fn latency_rotation(cycles: u32, window_samples: u32, latency_samples: u32) -> (f64, f64) {
    latency_rotation_of(f64::from(cycles) * f64::from(latency_samples) / f64::from(window_samples))
}

/// Cosine and sine of this latency in turns, on the grid or off it.
pub fn latency_rotation_of(turns: f64) -> (f64, f64) {
    ((TAU * turns).cos(), (TAU * turns).sin())
}

impl Response {
    /// The response of the slot at `multiple`, `latency_samples` late.
    pub fn of(sums: SlotSums, cycles: u32, window_samples: u32, latency_samples: u32) -> Self {
        let (cosine, sine) = latency_rotation(cycles, window_samples, latency_samples);
        let scale = 2.0 / (f64::from(window_samples) * f64::from(SINE_PEAK));
        let (i, q) = (sums.in_phase as f64 * scale, sums.quadrature as f64 * scale);
        Response { in_phase_codes: i * cosine - q * sine, quadrature_codes: i * sine + q * cosine }
    }

    /// In-phase and quadrature response, nA/V, to a tone of `amplitude_v` (as it left the DAC).
    pub fn answer_na_per_v(self, amplitude_v: f64, scale: &Scale) -> [f64; 2] {
        let codes_per_v = scale.adc_codes_per_na() * amplitude_v;
        [self.in_phase_codes / codes_per_v, self.quadrature_codes / codes_per_v]
    }

    /// Slope of the device's current, nA/V, for a tone of `amplitude_v` (as it left the DAC).
    pub fn slope_na_per_v(self, amplitude_v: f64, scale: &Scale, estimator: Estimator) -> f64 {
        estimator.of(self.answer_na_per_v(amplitude_v, scale))
    }
}

impl Estimator {
    /// The slope of a response, in its unit.
    pub fn of(self, [in_phase, quadrature]: [f64; 2]) -> f64 {
        match self {
            Estimator::InPhase => in_phase,
            Estimator::Magnitude => in_phase.hypot(quadrature).copysign(in_phase),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_sim::model::nco::sine_cosine;

    const N: u32 = 256;

    /// Sums of a response `codes` in phase and `quadrature` ahead, `latency` samples late.
    fn sums(cycles: u32, codes: f64, quadrature: f64, latency: u32) -> SlotSums {
        let mut sums = SlotSums::default();
        for n in 0..N {
            let phase = n.wrapping_mul(cycles << 24);
            let late = phase.wrapping_sub(latency.wrapping_mul(cycles << 24));
            let (sine, cosine) = sine_cosine(phase);
            let (drive, ahead) = sine_cosine(late);
            let y = (codes * f64::from(drive) + quadrature * f64::from(ahead)) / 32767.0;
            sums.in_phase += (y * f64::from(sine)).round() as i64;
            sums.quadrature += (y * f64::from(cosine)).round() as i64;
        }
        sums
    }

    #[test]
    fn latency_and_half_step_cancel_at_every_frequency() {
        for latency in [2, 3] {
            for cycles in [1, 9, 31, 64, 101, 127] {
                let sums = sums(cycles, 1000.0, 0.0, latency);
                let response = Response::of(sums, cycles, N, latency);
                assert!((response.in_phase_codes - 1000.0).abs() < 0.05, "{response:?}");
                assert!(response.quadrature_codes.abs() < 0.05, "{response:?}");
            }
        }
    }

    #[test]
    fn in_phase_ignores_capacitive_quadrature_and_magnitude_does_not() {
        let scale = Scale::with_bits(16);
        // 3 nA in phase and 4 nA in quadrature for 0.1 V.
        let codes = scale.adc_codes_per_na();
        let response = Response::of(sums(9, -3.0 * codes, 4.0 * codes, 2), 9, N, 2);
        let slope = |estimator| response.slope_na_per_v(0.1, &scale, estimator);
        assert!((slope(Estimator::InPhase) + 30.0).abs() < 0.01);
        assert!((slope(Estimator::Magnitude) + 50.0).abs() < 0.01);
    }
}
