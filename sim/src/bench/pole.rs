//! A first-order low pass: the feedback capacitor of an I-V converter, a relaxation.

use super::Response;
use std::f64::consts::{PI, TAU};

/// One pole at f_p, solved exactly for an input that stands still for a sample period (as the DAC's
/// outputs do), its output taken at the period's end:
///
/// y\[n\] = a y\[n-1\] + (1 - a) x\[n\], a = exp(-2 pi f_p / f_s).
///
/// Nothing is lost when f_p is above the sample rate: the output has settled when it is taken. Against the
/// continuous 1 / (1 + i f / f_p) it lags half a sample less, because the samples are taken at the end of
/// the time for which the input stands, and not in its middle.
#[derive(Clone, Debug, PartialEq)]
pub struct Pole {
    /// 1 - a.
    share: f64,
    state: f64,
}

impl Pole {
    /// A pole at `pole_hz` that has long been given `rest`.
    pub fn new(pole_hz: f64, rate_hz: f64, rest: f64) -> Self {
        Pole { share: share(pole_hz, rate_hz), state: rest }
    }

    /// The next sample.
    pub fn pass(&mut self, input: f64) -> f64 {
        self.state += self.share * (input - self.state);
        self.state
    }

    /// Sets the output, as a rail does that it has run into.
    pub fn hold(&mut self, output: f64) {
        self.state = output;
    }

    /// H(f) = (1 - a) / (1 - a exp(-i w)), w = 2 pi f / f_s.
    pub fn response(pole_hz: f64, f_hz: f64, rate_hz: f64) -> Response {
        let share = share(pole_hz, rate_hz);
        let (keep, half) = (1.0 - share, PI * f_hz / rate_hz);
        // 1 - a exp(-iw), written so that nothing cancels when a is close to 1 and w to 0.
        let re = share + 2.0 * keep * half.sin().powi(2);
        let im = keep * (2.0 * half).sin();
        Response::polar(share / re.hypot(im), -im.atan2(re))
    }
}

/// 1 - exp(-2 pi f_p / f_s).
fn share(pole_hz: f64, rate_hz: f64) -> f64 {
    -(-TAU * pole_hz / rate_hz).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::super::response::tests::{assert_near, measured, CYCLES, N};
    use super::*;

    const RATE_HZ: f64 = 10_000.0;

    #[test]
    fn a_step_approaches_exponentially() {
        let mut pole = Pole::new(159.0, RATE_HZ, -1.0);
        for n in 1..200 {
            let seconds = f64::from(n) / RATE_HZ;
            let wanted = 3.0 - 4.0 * (-TAU * 159.0 * seconds).exp();
            assert!((pole.pass(3.0) - wanted).abs() < 1e-12, "sample {n}");
        }
    }

    #[test]
    fn tones_have_the_gain_and_phase_of_the_closed_form() {
        for pole_hz in [20.0, 159.0, 1600.0, 16_000.0] {
            for cycles in CYCLES {
                let mut pole = Pole::new(pole_hz, RATE_HZ, 0.0);
                let found = measured(cycles, 2 * N, |x| pole.pass(x));
                let f_hz = f64::from(cycles) * RATE_HZ / N as f64;
                assert_near(found, Pole::response(pole_hz, f_hz, RATE_HZ), 1e-9);
            }
        }
    }

    #[test]
    fn far_above_the_pole_s_own_pace_it_is_the_textbook_s_but_for_half_a_sample() {
        let (pole_hz, rate_hz) = (159.0, 1e6);
        for f_hz in [10.0, 159.0, 2000.0] {
            let found = Pole::response(pole_hz, f_hz, rate_hz);
            let ratio: f64 = f_hz / pole_hz;
            assert!((found.gain() * ratio.hypot(1.0) - 1.0).abs() < 1e-4, "{f_hz} Hz");
            let late = found.phase_rad() + ratio.atan();
            assert!((late / (PI * f_hz / rate_hz) - 1.0).abs() < 1e-3, "{f_hz} Hz: {late}");
        }
    }
}
