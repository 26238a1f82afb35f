//! The error of one channel between its neighbours, over their spacing: the exact window and RC cascades that settle to
//! 1 % in its time, on a linear device, whose slopes are known and which has no products.
//!
//! With slopes g_j, amplitudes A alike and L the [leakage](crate::leakage) of tone j into channel k, the mean over
//! independent start phases of all tones is
//!
//! ```text
//! E (found - g_k)^2 = variance of the noise / A^2 + g_k^2 E (L_kk - 1)^2 + sum_(j != k) g_j^2 E L_kj^2
//! ```

pub mod channel;

use super::Keys;
use crate::bootstrap::{self, Estimate};
use crate::low_pass::LowPass;
use crate::{parallel, ProgressObserver, ReproduceError, Setup};
pub use channel::{Channel, ChannelSpec, Trial};
use serde_json::json;

/// Number of points of the theory between two measured ones.
const FINER: usize = 8;

/// Windows that share an instrument.
const PIECE: u32 = 50;

/// One spacing.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Distance of the tones.
    pub spacing_hz: f64,
    /// Whether the tones lie on the window's grid.
    pub on_grid: bool,
    /// Mean squared errors by closed form, in (nA/V)^2, by the filters.
    pub expected: Vec<f64>,
    /// Measured with all tones.
    pub trials: Vec<Trial>,
}

/// Errors over the spacing.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Strength of the neighbours relative to the channel.
    pub weaker: f64,
    /// Measured, by the spacing.
    pub places: Vec<Place>,
    /// Closed form in between: spacing, and mean squared errors by the filters.
    pub theory: Vec<(f64, Vec<f64>)>,
}

/// All curves, and the channel alone, which has no spacing.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// The exact window first.
    pub filters: Vec<LowPass>,
    /// Measured with the channel's own tone only.
    pub alone: Vec<Trial>,
    /// Expected error of that measurement by closed form.
    pub expected_alone: Vec<f64>,
    /// By the strength of the neighbours.
    pub curves: Vec<Curve>,
}

/// Squared errors with a filter.
pub fn squares(trials: &[Trial], filter: usize) -> Vec<f64> {
    trials.iter().map(|trial| trial.errors[filter].powi(2)).collect()
}

/// Mean squared error with a filter.
pub fn mean_square(trials: &[Trial], filter: usize) -> f64 {
    squares(trials, filter).iter().sum::<f64>() / trials.len() as f64
}

impl Curves {
    /// Mean squared error of all tones together over that of the channel alone, with a filter.
    pub fn ratio(&self, place: &Place, filter: usize) -> Estimate {
        bootstrap::ratio(&squares(&place.trials, filter), &squares(&self.alone, filter))
    }

    /// Mean of squared error over expected squared error, over all windows, with a filter.
    pub fn agreement(&self, filter: usize) -> Estimate {
        let places = self.curves.iter().flat_map(|curve| &curve.places);
        let measured = places.map(|place| (&place.trials, place.expected[filter]));
        let all = measured.chain([(&self.alone, self.expected_alone[filter])]);
        let over = |(trials, expected): (&Vec<Trial>, f64)| {
            squares(trials, filter).into_iter().map(move |square| square / expected)
        };
        bootstrap::mean(&all.flat_map(over).collect::<Vec<_>>())
    }

    /// The place of a curve at a spacing.
    pub fn place(&self, curve: usize, spacing_hz: f64) -> Option<&Place> {
        self.curves.get(curve)?.places.iter().find(|place| place.spacing_hz == spacing_hz)
    }

    /// Columns and rows of a curve for an array: spacing, on the grid or not, and for each filter measured and expected mean squared error.
    pub fn rows(&self, curve: &Curve) -> (usize, Vec<f64>) {
        let row = |place: &Place| {
            let of_filter =
                |filter: usize| [mean_square(&place.trials, filter), place.expected[filter]];
            let filters = (0..self.filters.len()).flat_map(of_filter);
            let on_grid = f64::from(u8::from(place.on_grid));
            [place.spacing_hz, on_grid].into_iter().chain(filters).collect::<Vec<_>>()
        };
        (2 + 2 * self.filters.len(), curve.places.iter().flat_map(row).collect())
    }

    /// For programs: the places that were measured more often, as `closely_hz` names them.
    pub fn json(&self, closely_hz: &[f64]) -> serde_json::Value {
        let of_filter = |(n, filter): (usize, &LowPass)| {
            let at = |(c, curve): (usize, &Curve)| {
                let places = closely_hz.iter().filter_map(move |&hz| self.place(c, hz));
                let rows = places.map(move |place| {
                    json!({
                        "spacing_hz": place.spacing_hz, "parallel_na2_per_v2": mean_square(&place.trials, n),
                        "expected_na2_per_v2": place.expected[n], "ratio": self.ratio(place, n).json(),
                        "expected_ratio": place.expected[n] / self.expected_alone[n],
                    })
                });
                json!({ "weaker": curve.weaker, "places": rows.collect::<Vec<_>>() })
            };
            let curves: Vec<_> = self.curves.iter().enumerate().map(at).collect();
            json!({
                "filter": filter.name(), "poles": filter.poles(), "channels": curves,
                "time_constant_samples": filter.time_constant_samples(),
                "single_na2_per_v2": mean_square(&self.alone, n),
                "expected_single_na2_per_v2": self.expected_alone[n],
                "measured_over_expected": self.agreement(n).json(),
            })
        };
        self.filters.iter().enumerate().map(of_filter).collect::<Vec<_>>().into()
    }
}

/// Measures, and computes the expected errors.
///
/// # Errors
/// The instrument fails.
pub fn measure(
    setup: &Setup,
    keys: &Keys,
    observer: &dyn ProgressObserver,
) -> Result<Curves, ReproduceError> {
    let channels = keys.weaker.iter().map(|&weaker| Channel::new(setup, keys, weaker));
    let channels: Vec<Channel> = channels.collect::<Result<_, _>>()?;
    let steps = (keys.most_spacing_hz / keys.spacing_step_hz).floor() as usize;
    let spacings = (1..=steps).map(|n| n as f64 * keys.spacing_step_hz);
    let coarse = spacings.filter(|hz| !keys.closely_hz.contains(hz));
    let coarse = coarse.map(|hz| (hz, keys.repetitions));
    let closely = keys.closely_hz.iter().map(|&hz| (hz, keys.closely_repetitions));
    let mut spacings: Vec<(f64, u32)> = coarse.chain(closely).collect();
    spacings.sort_by(|a, b| a.0.total_cmp(&b.0));
    // The channel alone, and then every curve at every spacing, in pieces.
    let mut pieces = Vec::new();
    let mut push = |target: usize, channel: usize, spacing_hz: f64, alone: bool, trials: u32| {
        for begin in (0..trials).step_by(PIECE as usize) {
            let seed = setup.experiment.seed.wrapping_add(SEEDS + pieces.len() as u64);
            let trials = PIECE.min(trials - begin);
            pieces.push((target, channel, ChannelSpec { spacing_hz, alone, trials, seed }));
        }
    };
    if !channels.is_empty() {
        push(0, 0, keys.most_spacing_hz, true, 2 * keys.closely_repetitions);
    }
    for channel in 0..channels.len() {
        for (n, &(spacing_hz, trials)) in spacings.iter().enumerate() {
            push(1 + channel * spacings.len() + n, channel, spacing_hz, false, trials);
        }
    }
    observer.begin("spacing on a linear device", pieces.len() as u64);
    let done = parallel::map(pieces.len(), |n| {
        let (target, channel, wanted) = &pieces[n];
        let trials = channels[*channel].trials(wanted)?;
        observer.step();
        Ok::<_, ReproduceError>((*target, trials))
    })?;
    let mut measured: Vec<Vec<Trial>> = vec![Vec::new(); 1 + channels.len() * spacings.len()];
    for (target, trials) in done {
        measured[target].extend(trials);
    }
    let mut measured = measured.into_iter();
    let alone = measured.next().unwrap_or_default();
    let curve = |(channel, &weaker): (&Channel, &f64)| {
        let place = |&(spacing_hz, _): &(f64, u32)| Place {
            spacing_hz,
            on_grid: channel.is_on_grid(spacing_hz),
            expected: channel.expected(spacing_hz),
            trials: measured.next().unwrap_or_default(),
        };
        let places = spacings.iter().map(place).collect();
        let fine = (1..=FINER * steps).map(|n| n as f64 * keys.spacing_step_hz / FINER as f64);
        let theory = fine.map(|spacing_hz| (spacing_hz, channel.expected(spacing_hz))).collect();
        Curve { weaker, places, theory }
    };
    let curves = channels.iter().zip(&keys.weaker).map(curve).collect();
    let first = channels.first();
    let filters = first.map_or_else(Vec::new, |channel| channel.filters().to_vec());
    let expected_alone = first.map_or_else(Vec::new, Channel::expected_alone);
    Ok(Curves { filters, alone, expected_alone, curves })
}

/// Seeds of the pieces follow the experiment's from here on.
const SEEDS: u64 = 1 << 32;
