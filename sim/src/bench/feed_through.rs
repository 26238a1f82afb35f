//! Stray capacitance from the outputs to the device's output.

use super::Response;
use std::f64::consts::PI;

/// nA a picofarad lets through at 1 V/s.
const NA_PER_PF_V_PER_S: f64 = 1e-3;

/// The current C dV/dt past the device, from the DAC's staircase:
///
/// i\[n\] = sum_k C_k (V_k\[n\] - V_k\[n-1\]) f_s.
///
/// The charge of a step is exact and spread evenly over its sample period, as the outputs' filters do and as an
/// averaging ADC measures it; a spike that decays before the ADC samples is not modelled. A tone gives
/// 2 f_s C A sin(pi f / f_s), which is 2 pi f C A far below the sample rate (1 pF, 1 kHz and 10 mV: 63 pA) and leads
/// by 90 degrees less half a sample: the in-phase part is tan(pi f / f_s) of the quadrature, 0.8 nA/V for 1 pF at
/// 2 kHz and 100 kS/s, 3.8 at 20 kS/s.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedThrough {
    /// C f_s of every electrode.
    na_per_v: Vec<f64>,
    /// The row before.
    volts: Vec<f64>,
}

impl FeedThrough {
    /// Capacitances of the electrodes, each of which has long stood at its `rest_v`.
    pub fn new(capacitances_pf: &[f64], rate_hz: f64, rest_v: &[f64]) -> Self {
        let na_per_v = |&pf: &f64| pf * NA_PER_PF_V_PER_S * rate_hz;
        FeedThrough {
            na_per_v: capacitances_pf.iter().map(na_per_v).collect(),
            volts: rest_v.to_vec(),
        }
    }

    /// Adds the current of every row of `volts`, row-major `[samples, electrodes]`.
    pub fn pass(&mut self, volts: &[f64], current_na: &mut [f64]) {
        let rows = volts.chunks_exact(self.na_per_v.len().max(1));
        for (current_na, row) in current_na.iter_mut().zip(rows) {
            let steps = self.volts.iter_mut().zip(row);
            for ((before, &now), na_per_v) in steps.zip(&self.na_per_v) {
                *current_na += na_per_v * (now - *before);
                *before = now;
            }
        }
    }

    /// Current of a voltage of 1 V: C f_s (1 - exp(-i w)) nA/V, w = 2 pi f / f_s.
    pub fn response(capacitance_pf: f64, f_hz: f64, rate_hz: f64) -> Response {
        let half = PI * f_hz / rate_hz;
        let na_per_v = capacitance_pf * NA_PER_PF_V_PER_S * rate_hz;
        Response { re: 2.0 * half.sin().powi(2), im: (2.0 * half).sin() }.times(na_per_v)
    }
}

#[cfg(test)]
mod tests {
    use super::super::response::tests::{assert_near, measured, CYCLES, N};
    use super::*;
    use std::f64::consts::FRAC_PI_2;

    #[test]
    fn one_picofarad_at_1_khz_and_10_mv_injects_63_pa_in_quadrature() {
        let rate_hz = 100_000.0;
        let found = FeedThrough::response(1.0, 1000.0, rate_hz).times(0.01);
        assert!((found.gain() - 0.0628).abs() < 5e-5, "{} nA", found.gain());
        let lead = FRAC_PI_2 - PI * 1000.0 / rate_hz;
        assert!((found.phase_rad() - lead).abs() < 1e-12);
        assert!((found.im - 0.0628).abs() < 1e-4, "{} nA in quadrature", found.im);
    }

    #[test]
    fn in_phase_stands_the_tangent_of_half_a_sample_s_phase_of_the_quadrature() {
        for (rate_hz, wanted_na_per_v) in [(1e5, 0.79), (2e4, 3.8)] {
            let found = FeedThrough::response(1.0, 2000.0, rate_hz);
            let tangent = (PI * 2000.0 / rate_hz).tan();
            assert!((found.re / found.im - tangent).abs() < 1e-12);
            assert!((found.re - wanted_na_per_v).abs() < 0.05, "{}", found.re);
        }
    }

    #[test]
    fn tones_have_the_gain_and_phase_of_the_closed_form() {
        let rate_hz = 5000.0;
        for cycles in CYCLES {
            let mut stage = FeedThrough::new(&[0.0, 0.7], rate_hz, &[0.0; 2]);
            let found = measured(cycles, 2, |volts| {
                let mut current_na = [0.0];
                stage.pass(&[-3.0 * volts, volts], &mut current_na);
                current_na[0]
            });
            let f_hz = f64::from(cycles) * rate_hz / N as f64;
            assert_near(found, FeedThrough::response(0.7, f_hz, rate_hz), 1e-9);
        }
    }

    #[test]
    fn a_step_brings_its_charge_whatever_the_rate() {
        for rate_hz in [1e3, 2e4] {
            let mut stage = FeedThrough::new(&[2.0, 1.0], rate_hz, &[0.25; 2]);
            let mut current_na = [0.0; 4];
            stage.pass(&[0.25, 0.25, 1.25, 0.0, 1.25, 0.0, 1.25, 0.0], &mut current_na);
            let charge_nc = current_na.iter().sum::<f64>() / rate_hz;
            assert!((charge_nc - 1.75e-3).abs() < 1e-15, "2 pF by 1 V less 1 pF by 0.25 V");
            assert_eq!([current_na[0], current_na[2], current_na[3]], [0.0; 3]);
        }
    }
}
