//! Tunings of the strategies: parameters of each, and the grid from which they are drawn.

use super::Strategy;
use rand::Rng;

/// Parameters of a strategy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// Samples of every window.
    pub window_samples: u32,
    /// Adam's rate, or SPSA's first step, in volts.
    pub step_v: f64,
    /// Distance of differences, or SPSA's c, in volts; tones and codes have the experiment's amplitude.
    pub width_v: f64,
    /// Steps of a start before the next.
    pub steps: u32,
}

/// One random choice of the grid of tunings of a strategy.
pub fn draw(strategy: Strategy, random: &mut impl Rng) -> Tuning {
    let mut of = |values: &[f64]| values[random.random_range(0..values.len())];
    let (windows, steps_v, widths_v, steps): (&[f64], &[f64], &[f64], &[f64]) = match strategy {
        Strategy::Slopes(_) => (
            &[64.0, 128.0, 256.0, 512.0],
            &[0.01, 0.02, 0.05, 0.1],
            &[0.03],
            &[30.0, 60.0, 120.0, 240.0],
        ),
        Strategy::TwoSided | Strategy::OneSided => (
            &[8.0, 32.0, 128.0],
            &[0.01, 0.02, 0.05, 0.1],
            &[0.03, 0.1],
            &[30.0, 60.0, 120.0, 240.0],
        ),
        Strategy::Spsa => (
            &[8.0, 32.0, 128.0],
            &[0.02, 0.05, 0.1, 0.2],
            &[0.03, 0.1],
            &[30.0, 100.0, 300.0, 1000.0],
        ),
        Strategy::Random => (&[8.0, 16.0, 32.0, 64.0, 128.0, 256.0], &[0.0], &[0.0], &[1.0]),
    };
    Tuning {
        window_samples: of(windows) as u32,
        step_v: of(steps_v),
        width_v: of(widths_v),
        steps: of(steps) as u32,
    }
}
