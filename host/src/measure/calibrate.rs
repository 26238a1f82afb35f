//! A calibration with the device in place.

use super::MeasureError;
use crate::calibration::{fit, Calibration, CalibrationError, LEAST_POINTS};
use crate::session::Session;
use rand::SeedableRng;
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
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..points {
        let controls_v = session.plan().draw_controls_v(&mut random);
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
