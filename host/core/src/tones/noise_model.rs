//! Noise, mains and gain on a line of the grid.

use super::Grid;

/// Lines on each side of a mains harmonic that are left free, where the window does not hold whole periods of it: what leaks
/// into the next line but one is below 1/(pi 1.5) = 21 % of the hum's amplitude, and falls with the distance.
pub const MAINS_GUARD_LINES: f64 = 1.5;

/// A harmonic this near to a line, in lines, counts as on it: the mains' own frequency is not known better.
const ON_LINE: f64 = 0.01;

/// Noise, mains and the I-V converter's pole, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NoiseModel {
    /// One-sided density of the white current noise.
    pub white_na2_per_hz: f64,
    /// One-sided density of the 1/f noise at 1 kHz.
    pub flicker_na2_per_hz_at_1khz: f64,
    /// Pole of the I-V converter, if it is in the way.
    pub pole_hz: Option<f64>,
    /// Frequency of the mains, if tones must avoid it.
    pub mains_hz: Option<f64>,
}

impl NoiseModel {
    /// One-sided density of the current noise at a frequency, in nA^2/Hz.
    pub fn density_na2_per_hz(&self, frequency_hz: f64) -> f64 {
        self.white_na2_per_hz + self.flicker_na2_per_hz_at_1khz * 1e3 / frequency_hz
    }

    /// Gain of the pole for a response, 1/sqrt(1 + (f/f_p)^2).
    pub fn gain(&self, frequency_hz: f64) -> f64 {
        self.pole_hz.map_or(1.0, |pole_hz| 1.0 / (frequency_hz / pole_hz).hypot(1.0))
    }

    /// Standard error of the amplitude of an answer's in-phase part from one window, in nA: sqrt(S/T)/|H|. White noise of
    /// density S has a variance of S f_s/2 a sample, and the lock-in's (2/N) sum y sin one of 2/N of that. Noise counts as
    /// added behind the pole, which is the worse case.
    pub fn error_na(&self, grid: &Grid, cycles: u32) -> f64 {
        let frequency_hz = grid.frequency_hz(cycles);
        let lines_hz = grid.step_hz();
        (self.density_na2_per_hz(frequency_hz) * lines_hz).sqrt() / self.gain(frequency_hz)
    }

    /// Whether a harmonic of the mains is on a line, or near enough to leak into it.
    pub fn mains_reaches(&self, grid: &Grid, cycles: u32) -> bool {
        let Some(mains_hz) = self.mains_hz else { return false };
        let mains_lines = mains_hz / grid.step_hz();
        let line = f64::from(cycles);
        let harmonic = (line / mains_lines).round().max(1.0) * mains_lines;
        let on_line = (harmonic - harmonic.round()).abs() < ON_LINE;
        let reach = if on_line { 0.5 } else { MAINS_GUARD_LINES };
        (line - harmonic).abs() < reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid { rate_hz: 5120.0, window_samples: 512 };

    #[test]
    fn the_error_is_that_of_the_notes_for_white_noise() {
        // hge's default bench: 2.5e-4 nA^2/Hz, 50 ms: sqrt(S/T) = 0.0707 nA, 2.4 nA/V at 30 mV.
        let white = NoiseModel { white_na2_per_hz: 2.5e-4, ..NoiseModel::default() };
        let grid = Grid { rate_hz: 5120.0, window_samples: 256 };
        assert!((white.error_na(&grid, 20) / 0.03 - 2.36).abs() < 0.01);
    }

    #[test]
    fn flicker_falls_as_one_over_f_and_the_pole_costs_signal() {
        let flicker = NoiseModel { flicker_na2_per_hz_at_1khz: 1e-5, ..Default::default() };
        assert!((flicker.density_na2_per_hz(100.0) - 1e-4).abs() < 1e-18);
        let pole = NoiseModel { pole_hz: Some(159.0), ..Default::default() };
        assert!((pole.gain(159.0) - 0.5_f64.sqrt()).abs() < 1e-12);
        assert_eq!(NoiseModel::default().gain(1e9), 1.0);
    }

    #[test]
    fn mains_reaches_its_own_lines_and_neighbours_where_it_leaks() {
        let mains = NoiseModel { mains_hz: Some(50.0), ..Default::default() };
        // A grid of 10 Hz holds whole periods: lines 5, 10, 15 alone.
        let reached: Vec<u32> = (1..=16).filter(|&m| mains.mains_reaches(&GRID, m)).collect();
        assert_eq!(reached, [5, 10, 15]);
        // 19.53 Hz: 50 Hz is line 2.56, 100 Hz 5.12, 150 Hz 7.68.
        let grid = Grid { rate_hz: 5000.0, window_samples: 256 };
        let reached: Vec<u32> = (1..=8).filter(|&m| mains.mains_reaches(&grid, m)).collect();
        assert_eq!(reached, [2, 3, 4, 5, 6, 7, 8]);
        let grid = Grid { rate_hz: 5000.0, window_samples: 1024 };
        assert!(!mains.mains_reaches(&grid, 15));
        assert!(mains.mains_reaches(&grid, 10) && mains.mains_reaches(&grid, 20));
    }
}
