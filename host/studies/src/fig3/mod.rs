//! All tones at once against one at a time, the paper's Fig. 3.
//!
//! | module | content |
//! |---|---|
//! | [`points`] | both at random points of the device |
//! | [`spacing`] | both on a linear device over the spacing of the tones, by the exact window and by low-pass filters, with theory |
//! | [`tone`] | tones off the grid, and the slopes of a window for them |
//! | [`series`] | points of one spacing and amplitude, their ratio, slope and R^2 with intervals |
//! | `summary` | table, data and claims |
//! | `picture` | the figures |
//!
//! Off the grid only the tuning words change: the gateware's own lock-in demodulates there, and the host
//! subtracts the window's mean from its sums.

mod picture;
pub mod points;
pub mod series;
pub mod spacing;
mod summary;
pub mod tone;

use super::{Findings, ProgressObserver, ReproduceError, Setup, Study};
use serde::Deserialize;
use series::Series;

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "fig3",
    about: "all tones at once against one at a time",
    file: include_str!("../../experiments/fig3.toml"),
    run,
};

/// Keys of the analysis.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Keys {
    pub sets: usize,
    pub points: usize,
    pub lowest_hz: f64,
    pub spacings_hz: Vec<f64>,
    pub amplitudes_v: Vec<f64>,
    pub amplitude_points: usize,
    pub channel_na_per_v: f64,
    pub weaker: Vec<f64>,
    pub middle_hz: f64,
    pub most_spacing_hz: f64,
    pub spacing_step_hz: f64,
    pub repetitions: u32,
    pub closely_hz: Vec<f64>,
    pub closely_repetitions: u32,
}

/// Result of a measurement.
struct Measured {
    spacings: Vec<Series>,
    amplitudes: Vec<Series>,
    /// Series at the smallest amplitude, with the same noise for both.
    paired: Option<Series>,
    curves: spacing::Curves,
}

fn run(setup: &Setup, observer: &dyn ProgressObserver) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    let amplitude_v = setup.experiment.tones.amplitude_v;
    let tightest_hz = 1.0 / points::window_s(setup)?;
    let measured = |spacing_hz, amplitude_v, points, paired| {
        let lowest_hz = keys.lowest_hz;
        let wanted = points::PointsSpec { lowest_hz, spacing_hz, amplitude_v, points, paired };
        let pairs = points::measure(setup, &wanted, observer)?;
        Ok::<Series, ReproduceError>(Series::new(wanted, pairs, keys.sets))
    };
    let spacings = keys.spacings_hz.iter();
    let spacings = spacings.map(|&hz| measured(hz, amplitude_v, keys.points, false));
    let spacings: Vec<Series> = spacings.collect::<Result<_, _>>()?;
    let amplitudes = keys.amplitudes_v.iter();
    let amplitudes =
        amplitudes.map(|&volts| measured(tightest_hz, volts, keys.amplitude_points, false));
    let amplitudes: Vec<Series> = amplitudes.collect::<Result<_, _>>()?;
    let least_v = keys.amplitudes_v.iter().copied().min_by(f64::total_cmp);
    let paired = least_v.map(|volts| measured(tightest_hz, volts, keys.amplitude_points, true));
    let paired = paired.transpose()?;
    let curves = spacing::measure(setup, &keys, observer)?;
    Ok(summary::findings(&Measured { spacings, amplitudes, paired, curves }, &keys))
}
