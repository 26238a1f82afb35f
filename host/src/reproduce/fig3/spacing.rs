//! The error of one channel between two neighbours, over their distance: measured on a linear device, whose slopes are
//! known and which has no products, and by theory.
//!
//! With slopes g_j, amplitudes A alike and L the [leakage](crate::reproduce::leakage) of tone j into channel k,
//!
//! ```text
//! E[(found - g_k)^2] = S(f_k) / (T A^2) + (sum_j g_j L_kj - g_k)^2
//! ```

use super::points::{slopes_na_per_v, tuning_word};
use super::Keys;
use crate::plan::Plan;
use crate::reproduce::leakage::{leak, Sine};
use crate::reproduce::rig::{self, Rig};
use crate::reproduce::statistics::mean_square;
use crate::reproduce::{crowd, ReproduceError, Setup, Watch};
use hge_sim::bench::Flicker;
use serde_json::json;
use std::f64::consts::{PI, TAU};

/// Theory is drawn at so many places between two measured ones.
const FINER: usize = 8;

/// Tones: the channel and two neighbours on either side.
const TONES: usize = 5;
const MIDDLE: usize = TONES / 2;

/// One spacing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Distance of the tones.
    pub spacing_hz: f64,
    /// Mean squared error of the channel with all tones.
    pub parallel: f64,
    /// With its own tone only.
    pub single: f64,
    /// Expected with all tones.
    pub theory: f64,
    /// Whether the tones lie on the window's grid.
    pub on_grid: bool,
}

/// Errors over the spacing.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// How much weaker the channel is than its neighbours.
    pub weaker: f64,
    /// Measured.
    pub places: Vec<Place>,
    /// Theory in between: spacing and mean squared error.
    pub theory: Vec<(f64, f64)>,
    /// What noise alone makes.
    pub noise: f64,
}

impl Curve {
    /// Columns and rows for an array: spacing, parallel, single, theory, on the grid or not.
    pub fn rows(&self) -> (usize, Vec<f64>) {
        let row = |place: &Place| {
            let on_grid = f64::from(u8::from(place.on_grid));
            [place.spacing_hz, place.parallel, place.single, place.theory, on_grid]
        };
        (5, self.places.iter().flat_map(row).collect())
    }

    /// For programs.
    pub fn said(&self) -> serde_json::Value {
        let (on, off): (Vec<&Place>, Vec<&Place>) =
            self.places.iter().partition(|place| place.on_grid);
        let ratio = |places: &[&Place]| {
            let sum = |of: fn(&Place) -> f64| places.iter().map(|place| of(place)).sum::<f64>();
            sum(|place| place.parallel) / sum(|place| place.single)
        };
        json!({
            "weaker": self.weaker, "noise_na2_per_v2": self.noise,
            "ratio_on_grid": ratio(&on), "ratio_off_grid": ratio(&off),
        })
    }
}

/// The lock-in's reference at the window's first sample, the half step of the sine table included, which is common to
/// modulator and lock-in: `turns` a sample, phase zero at the lead-in's first.
pub fn reference(turns: f64, lead_in_samples: u32) -> Sine {
    let half_step = PI / 4096.0;
    Sine { step: TAU * turns, phase: TAU * turns * f64::from(lead_in_samples) + half_step }
}

/// Measures, and computes what is expected.
///
/// # Errors
/// The instrument fails.
pub fn measure(
    setup: &Setup,
    keys: &Keys,
    watch: &dyn Watch,
) -> Result<Vec<Curve>, ReproduceError> {
    let count = (keys.most_spacing_hz / keys.spacing_step_hz).floor() as usize;
    watch.begin("spacing on a linear device", (count * keys.weaker.len()) as u64);
    let curve = |&weaker: &f64| -> Result<Curve, ReproduceError> {
        let channel = Channel::new(setup, keys, weaker)?;
        let places = crowd::map(count, |n| {
            let place = channel.place((n + 1) as f64 * keys.spacing_step_hz, keys.repetitions);
            watch.step();
            place
        })?;
        let fine = (1..=FINER * count).map(|n| n as f64 * keys.spacing_step_hz / FINER as f64);
        let theory = fine.map(|spacing_hz| (spacing_hz, channel.expected(spacing_hz))).collect();
        Ok(Curve { weaker, places, theory, noise: channel.noise() })
    };
    keys.weaker.iter().map(curve).collect()
}

struct Channel {
    setup: Setup,
    plan: Plan,
    slopes: [f64; TONES],
    middle_hz: f64,
}

impl Channel {
    fn new(setup: &Setup, keys: &Keys, weaker: f64) -> Result<Self, ReproduceError> {
        let mut setup = setup.clone();
        let mut slopes = [keys.channel_na_per_v * weaker; TONES];
        slopes[MIDDLE] = keys.channel_na_per_v;
        let plan = rig::linear(&mut setup, &slopes)?;
        Ok(Channel { setup, plan, slopes, middle_hz: keys.middle_hz })
    }

    fn words(&self, spacing_hz: f64) -> Vec<u32> {
        let hz = |k: usize| self.middle_hz + (k as f64 - MIDDLE as f64) * spacing_hz;
        (0..TONES).map(|k| tuning_word(hz(k), self.plan.grid().rate_hz)).collect()
    }

    /// The mean squared error that noise alone makes.
    fn noise(&self) -> f64 {
        let (chain, grid) = (&self.setup.experiment.bench, self.plan.grid());
        let (at_1khz, lowest_hz) = (chain.flicker_na2_per_hz_at_1khz, chain.flicker_lowest_hz);
        let flicker = Flicker::density_na2_per_hz(at_1khz, lowest_hz, grid.rate_hz, self.middle_hz);
        let density = flicker + chain.noise_na2_per_hz;
        density * grid.step_hz() / self.plan.amplitude_v(MIDDLE).powi(2)
    }

    fn expected(&self, spacing_hz: f64) -> f64 {
        let samples = self.plan.grid().window_samples;
        // The answer is as late as the reference that the rotation makes of the lock-in's.
        let lead_in = self.plan.lead_in_samples();
        let latency = self.plan.parameters().loop_latency_samples();
        let sines: Vec<Sine> = self
            .words(spacing_hz)
            .iter()
            .map(|&word| {
                let turns = f64::from(word) / 2f64.powi(32);
                let sine = reference(turns, lead_in);
                Sine { phase: sine.phase - sine.step * f64::from(latency), ..sine }
            })
            .collect();
        let found: f64 =
            (0..TONES).map(|j| self.slopes[j] * leak(samples, sines[MIDDLE], sines[j])).sum();
        self.noise() + (found - self.slopes[MIDDLE]).powi(2)
    }

    fn place(&self, spacing_hz: f64, repetitions: u32) -> Result<Place, ReproduceError> {
        let words = self.words(spacing_hz);
        // The same noise for all tones and for one, another one at each spacing.
        let seed = self.setup.experiment.seed + (spacing_hz * 1e3).round() as u64;
        let error = |solo: bool| -> Result<f64, ReproduceError> {
            let mut rig = Rig::open(&self.setup, &self.plan, seed)?;
            rig.tune(&words)?;
            if solo {
                rig.solo(MIDDLE)?;
            }
            let mut errors = Vec::with_capacity(repetitions as usize);
            for _ in 0..repetitions {
                let windows = rig.windows(&[vec![0.0; 2]], &[0.0; TONES])?;
                let found = slopes_na_per_v(&self.plan, &words, &windows[0])[MIDDLE];
                errors.push(found - self.slopes[MIDDLE]);
            }
            rig.close()?;
            Ok(mean_square(errors))
        };
        let grid = self.plan.grid();
        let on_grid = grid.multiple(self.middle_hz + spacing_hz).is_ok();
        let theory = self.expected(spacing_hz);
        Ok(Place { spacing_hz, parallel: error(false)?, single: error(true)?, theory, on_grid })
    }
}
