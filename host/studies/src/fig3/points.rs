//! All tones at once and one at a time, at the same random points.
//!
//! One instrument plays all tones, and one instrument for each tone plays only that tone. Their noise is independent, with different
//! seeds; or paired: with the same seed they count the same samples, and every window has the same noise.

use super::tone::{slopes_na_per_v, Tone};
use crate::sim_setup::{self, SimSetup};
use crate::{parallel, ProgressObserver, ReproduceError, Setup};
use hge_core::experiment::Experiment;
use hge_core::plan::Plan;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Points that share a set of instruments.
const PIECE: usize = 25;

/// Configuration of a measurement.
#[derive(Clone, Copy, Debug)]
pub struct PointsSpec {
    /// The first tone.
    pub lowest_hz: f64,
    /// Distance of the tones.
    pub spacing_hz: f64,
    /// Amplitude of all.
    pub amplitude_v: f64,
    /// Random points.
    pub points: usize,
    /// All instruments have the same noise.
    pub paired: bool,
}

/// Slopes, point by point and tone by tone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs {
    /// Tones.
    pub tones: usize,
    /// All tones in parallel.
    pub parallel_na_per_v: Vec<f64>,
    /// One at a time.
    pub single_na_per_v: Vec<f64>,
    /// The device's own.
    pub exact_na_per_v: Vec<f64>,
    /// Voltages of all electrodes.
    pub voltages_v: Vec<f64>,
}

/// The length of a window.
///
/// # Errors
/// The experiment is wrong.
pub fn window_s(setup: &Setup) -> Result<f64, ReproduceError> {
    Ok(1.0 / sim_setup::plan(setup, &[])?.grid().step_hz())
}

/// Measures.
///
/// # Errors
/// The device does not provide slopes; the instrument fails.
pub fn measure(
    setup: &Setup,
    wanted: &PointsSpec,
    observer: &dyn ProgressObserver,
) -> Result<Pairs, ReproduceError> {
    let mut setup = setup.clone();
    let tones = setup.experiment.electrodes.controls.len();
    setup.experiment.tones.amplitude_v = wanted.amplitude_v;
    let frequencies_hz: Vec<f64> =
        (0..tones).map(|k| wanted.lowest_hz + k as f64 * wanted.spacing_hz).collect();
    let base = sim_setup::plan(&setup, &[])?;
    let grid = base.grid();
    let on_grid = frequencies_hz.iter().all(|&hz| grid.cycles(hz).is_ok());
    if on_grid {
        // Planned as it is; off the grid the file's own tones stand for it in the plan.
        setup.experiment.tones.frequencies_hz = Some(frequencies_hz.clone());
    }
    let Experiment { electrodes, .. } = &setup.experiment;
    let (low_v, high_v) = (electrodes.input_low_v, electrodes.input_high_v);
    let plan = sim_setup::plan(&setup, &vec![(low_v, high_v); electrodes.inputs.len()])?;
    let played: Vec<Tone> = frequencies_hz.iter().map(|&hz| Tone::new(hz, grid.rate_hz)).collect();
    observer.begin(
        &format!("spacing {} Hz, {} mV", wanted.spacing_hz, wanted.amplitude_v * 1e3),
        wanted.points as u64,
    );
    let pieces = parallel::map(wanted.points.div_ceil(PIECE), |piece| {
        let points = PIECE.min(wanted.points - piece * PIECE);
        measure_piece(&setup, &plan, &played, (piece as u64, points, wanted.paired), observer)
    })?;
    let mut pairs = Pairs { tones, ..Pairs::default() };
    for piece in pieces {
        pairs.parallel_na_per_v.extend(piece.parallel_na_per_v);
        pairs.single_na_per_v.extend(piece.single_na_per_v);
        pairs.exact_na_per_v.extend(piece.exact_na_per_v);
        pairs.voltages_v.extend(piece.voltages_v);
    }
    Ok(pairs)
}

fn measure_piece(
    setup: &Setup,
    plan: &Plan,
    tones: &[Tone],
    (piece, points, paired): (u64, usize, bool),
    observer: &dyn ProgressObserver,
) -> Result<Pairs, ReproduceError> {
    let device = sim_setup::device(setup)?;
    let mut random = ChaCha8Rng::seed_from_u64(setup.experiment.seed);
    random.set_stream(PIECES + piece);
    let seed: u64 = random.random();
    let words: Vec<u32> = tones.iter().map(|tone| tone.word).collect();
    let open = |solo: Option<usize>| -> Result<SimSetup, ReproduceError> {
        let other = solo.map_or(0, |tone| tone as u64 + 1);
        let mut sim_setup =
            SimSetup::open(setup, plan, if paired { seed } else { seed.wrapping_add(other) })?;
        sim_setup.tune(&words)?;
        solo.map_or(Ok(()), |tone| sim_setup.solo(tone))?;
        Ok(sim_setup)
    };
    let mut all = open(None)?;
    let mut singles =
        (0..tones.len()).map(|k| open(Some(k))).collect::<Result<Vec<SimSetup>, _>>()?;
    let mut pairs = Pairs { tones: tones.len(), ..Pairs::default() };
    let keys = &setup.experiment.electrodes;
    for _ in 0..points {
        let controls_v = plan.draw_controls_v(&mut random);
        let inputs = 0..keys.inputs.len();
        let inputs_v: Vec<f64> =
            inputs.map(|_| random.random_range(keys.input_low_v..keys.input_high_v)).collect();
        let shown = [inputs_v.clone()];
        let window = &all.windows(&shown, &controls_v)?[0];
        pairs.parallel_na_per_v.extend(slopes_na_per_v(plan, tones, window));
        for (k, single) in singles.iter_mut().enumerate() {
            let window = &single.windows(&shown, &controls_v)?[0];
            pairs.single_na_per_v.push(slopes_na_per_v(plan, tones, window)[k]);
        }
        let row_v = sim_setup::row_v(plan, device.electrodes(), &inputs_v, &controls_v);
        let exact = device.jacobian_na_per_v(&row_v).unwrap_or_default();
        let controls = plan.configuration().controls.iter();
        pairs.exact_na_per_v.extend(controls.map(|control| exact[control.output]));
        pairs.voltages_v.extend(row_v);
        observer.step();
    }
    for sim_setup in singles.into_iter().chain([all]) {
        sim_setup.close()?;
    }
    Ok(pairs)
}

/// Streams of the seed from here on are those of the pieces; the first ones are a training's.
const PIECES: u64 = 1000;
