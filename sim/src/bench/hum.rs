//! Mains hum of the current.

use std::f64::consts::TAU;

/// Mains and its harmonics: amplitude sum_h share_h sin(2 pi h (f n / f_s + phase)), the first share 1.
///
/// Harmonics above half the sample rate fold back, as they do in an ADC without a filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Hum {
    /// Amplitudes, the fundamental's first.
    amplitudes_na: Vec<f64>,
    turns_per_sample: f64,
    phase_turns: f64,
    sample: u64,
}

impl Hum {
    /// Hum of this amplitude; `harmonics` are those of twice, three times, ... `hum_hz` as shares of it.
    pub fn new(
        amplitude_na: f64,
        hum_hz: f64,
        harmonics: &[f64],
        rate_hz: f64,
        phase_turns: f64,
    ) -> Self {
        let shares = std::iter::once(&1.0).chain(harmonics);
        Hum {
            amplitudes_na: shares.map(|share| share * amplitude_na).collect(),
            turns_per_sample: hum_hz / rate_hz,
            phase_turns,
            sample: 0,
        }
    }

    /// Adds a sample to every current.
    pub fn pass(&mut self, current_na: &mut [f64]) {
        for current_na in current_na {
            // Whole turns are dropped first: a sine of 1e9 turns would have lost seven digits.
            let turns = (self.turns_per_sample * self.sample as f64).fract() + self.phase_turns;
            for (h, amplitude_na) in self.amplitudes_na.iter().enumerate() {
                *current_na += amplitude_na * (TAU * turns * (h + 1) as f64).sin();
            }
            self.sample += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phase_is_exact_after_years_of_samples() {
        // Four samples a turn: the turns of every sample are exact in binary.
        let mut hum = Hum::new(1.0, 1250.0, &[0.5], 5000.0, 0.0);
        hum.sample = 4_000_000_000_000_001;
        let mut current_na = [0.0; 4];
        hum.pass(&mut current_na);
        for (found, wanted) in current_na.iter().zip([1.0, 0.0, -1.0, 0.0]) {
            assert!((found - wanted).abs() < 1e-12, "{current_na:?}");
        }
    }

    #[test]
    fn every_harmonic_has_its_frequency_and_amplitude_however_late() {
        let (rate_hz, n) = (5000.0, 500_usize);
        let mut hum = Hum::new(2.0, 50.0, &[0.0, 0.3], rate_hz, 0.1);
        let mut current_na = vec![1.0; n];
        for _ in 0..400 {
            current_na.fill(1.0);
            hum.pass(&mut current_na);
        }
        for (harmonic, wanted_na) in [(1, 2.0), (2, 0.0), (3, 0.6), (4, 0.0)] {
            let turn = |n: usize| TAU * f64::from(harmonic) * 50.0 * n as f64 / rate_hz;
            let bin = |of: fn(f64) -> f64| -> f64 {
                current_na.iter().enumerate().map(|(n, y)| y * of(turn(n))).sum::<f64>() * 2.0
                    / 500.0
            };
            let (sine, cosine) = (bin(f64::sin), bin(f64::cos));
            assert!((sine.hypot(cosine) - wanted_na).abs() < 1e-9, "harmonic {harmonic}");
            let lead = TAU * 0.1 * f64::from(harmonic);
            assert!((cosine - wanted_na * lead.sin()).abs() < 1e-9, "harmonic {harmonic}");
        }
    }
}
