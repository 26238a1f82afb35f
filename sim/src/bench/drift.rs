//! Slow change of the current.

use std::f64::consts::TAU;

/// From the first sample on, t = n / f_s: rate t + slow drift sin(2 pi t / period).
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    na_per_sample: f64,
    slow_drift_na: f64,
    turns_per_sample: f64,
    sample: u64,
}

impl Drift {
    /// A drift of `na_per_s`, and a sine of amplitude `slow_drift_na` with a period of `slow_drift_period_s`.
    pub fn new(na_per_s: f64, slow_drift_na: f64, slow_drift_period_s: f64, rate_hz: f64) -> Self {
        Drift {
            na_per_sample: na_per_s / rate_hz,
            slow_drift_na,
            turns_per_sample: 1.0 / (slow_drift_period_s * rate_hz),
            sample: 0,
        }
    }

    /// Adds a sample to every current.
    pub fn pass(&mut self, current_na: &mut [f64]) {
        for current_na in current_na {
            let sample = self.sample as f64;
            *current_na += self.na_per_sample * sample;
            *current_na +=
                self.slow_drift_na * (TAU * (self.turns_per_sample * sample).fract()).sin();
            self.sample += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_line_and_a_sine() {
        let mut drift = Drift::new(-0.5, 3.0, 8.0, 1000.0);
        let mut current_na = vec![10.0; 10_001];
        drift.pass(&mut current_na);
        for (second, slow_drift_na) in [(0, 0.0), (2, 3.0), (4, 0.0), (6, -3.0), (10, 3.0)] {
            let wanted_na = 10.0 - 0.5 * f64::from(second) + slow_drift_na;
            let found_na = current_na[second as usize * 1000];
            assert!((found_na - wanted_na).abs() < 1e-9, "{second} s: {found_na}");
        }
        let mut next = [0.0];
        drift.pass(&mut next);
        assert!((next[0] + 5.0005 - 3.0).abs() < 1e-5, "the next call goes on: {}", next[0]);
    }
}
