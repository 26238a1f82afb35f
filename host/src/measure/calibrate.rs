//! A calibration with the device in place.

use super::MeasureError;
use crate::calibration::{fit, Calibration, CalibrationError, LEAST_POINTS};
use crate::plan::Plan;
use crate::session::Session;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Measures at `points` operating points, `windows` windows of every case each; `seed` draws the points.
///
/// # Errors
/// Too few points, answers without a line, a lag that is no pole's; or the instrument fails.
pub fn in_place(
    session: &mut Session,
    points: u32,
    windows: u32,
    seed: u64,
) -> Result<Calibration, MeasureError> {
    if points < LEAST_POINTS {
        return Err(CalibrationError::Points { found: points }.into());
    }
    let mut answers: Vec<Vec<[f64; 2]>> =
        vec![Vec::new(); session.plan().configuration().controls.len()];
    for controls_v in operating_points(session.plan(), points, seed) {
        let passes = (0..windows.max(1))
            .map(|_| session.measure(&controls_v, true))
            .collect::<Result<Vec<_>, _>>()?;
        for case in 0..passes[0].len() {
            for (k, of_tone) in answers.iter_mut().enumerate() {
                let of = |axis: usize| {
                    passes.iter().map(|pass| pass[case].answers_na_per_v[k][axis]).sum::<f64>()
                        / passes.len() as f64
                };
                of_tone.push([of(0), of(1)]);
            }
        }
    }
    Ok(fit(session.plan(), &answers)?)
}

/// Random settings of the controls, each anywhere in its range.
fn operating_points(plan: &Plan, count: u32, seed: u64) -> Vec<Vec<f64>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let controls = 0..plan.configuration().controls.len();
    let ranges: Vec<(f64, f64)> = controls.map(|k| plan.control_range_v(k)).collect();
    let mut point =
        || ranges.iter().map(|&(low_v, high_v)| random.random_range(low_v..high_v)).collect();
    (0..count).map(|_| point()).collect()
}
