//! Slopes with intervals that cover the device's slope instead of the lock-in's mean response: measured at the full amplitude, half and a quarter
//! of it, with the same number of windows each.
//!
//! A response is the mean slope over the voltages that the tones cover, which differs from the slope at the operating point.
//! [`super::amplitude_bias`] estimates the difference from the amplitudes.

use super::amplitude_bias::{at_zero, Answers, AtZero};
use super::gradient::{cases, check_effort, CaseSlopes, Effort, Intervals, Measured, Slope};
use super::MeasureError;
use crate::plan::Plan;
use crate::session::{Reading, Session};

/// Amplitudes as fractions of the full one. A quarter of 30 mV has four times the noise of 30 mV and, on known devices, a sixteenth of the bias, or a
/// third of it with kinks; at an eighth noise would dominate.
pub const RATIOS: [f64; 3] = [1.0, 0.5, 0.25];

/// Measures every case at `controls_v` at each amplitude, and restores the session's plan.
///
/// # Errors
/// As [`super::gradient::measure`]; or a tone of half the amplitude is too small.
pub fn measure(
    session: &mut Session,
    controls_v: &[f64],
    effort: Effort,
) -> Result<Measured, MeasureError> {
    check_effort(session.plan(), controls_v, effort)?;
    let full = session.plan().clone();
    let half = full.with_amplitudes(RATIOS[1])?;
    // Half the amplitude does where a quarter is too small for the DAC.
    let quarter = full.with_amplitudes(RATIOS[2]).ok();
    let plans: Vec<Plan> = [full, half].into_iter().chain(quarter).collect();
    let mut passes: Vec<Vec<Vec<Reading>>> = vec![Vec::new(); plans.len()];
    let mut windows = effort.windows;
    loop {
        let mut levels = Vec::new();
        for (plan, passes) in plans.iter().zip(&mut passes) {
            session.switch_to(plan)?;
            while passes.len() < windows as usize {
                passes.push(session.measure(controls_v, true)?);
            }
            levels.push(cases(session, passes, effort.drift));
        }
        let found: Vec<CaseSlopes> = (0..levels[0].len())
            .map(|row| joined(&levels.iter().map(|level| &level[row]).collect::<Vec<_>>()))
            .collect();
        let snr_reached = effort.snr_reached(&found);
        if snr_reached != Some(false) || windows >= effort.most_windows {
            session.switch_to(&plans[0])?;
            let windows = windows * plans.len() as u32;
            return Ok(Measured {
                intervals: Intervals::Slope,
                windows,
                snr_reached,
                cases: found,
            });
        }
        // Every change of amplitude goes through the safe voltages: a few long turns.
        windows = (windows + windows.div_ceil(2)).min(effort.most_windows);
    }
}

/// One case at amplitude zero, from the same case at every amplitude.
fn joined(levels: &[&CaseSlopes]) -> CaseSlopes {
    let (full, last) = (levels[0], levels[levels.len() - 1]);
    let any = |is: fn(&CaseSlopes) -> bool| levels.iter().any(|level| is(level));
    let clipped = any(|level| level.clipped);
    let answers: Option<Vec<Answers>> = (0..full.slopes.len())
        .map(|k| answers(&levels.iter().map(|level| &level.slopes[k]).collect::<Vec<_>>()))
        .collect();
    // Slopes that clipped have no interval.
    let known = answers.filter(|_| !clipped).map(|answers| at_zero(&answers));
    let slopes = full.slopes.iter().enumerate().map(|(k, slope)| match &known {
        Some(known) => at_zero_of(slope, known[k], levels, k),
        None => Slope {
            error_na_per_v: None,
            interval_na_per_v: None,
            degrees_of_freedom: None,
            ..slope.clone()
        },
    });
    CaseSlopes {
        step_na: last.step_na,
        settled: levels.iter().all(|level| level.settled),
        uncalibrated: any(|level| level.uncalibrated),
        clipped,
        slopes: slopes.collect(),
        // The second order lifts the mean, too: at the smallest amplitude least.
        current_na: last.current_na,
        current_error_na: last.current_error_na,
        inputs_v: full.inputs_v.clone(),
        output: full.output,
    }
}

fn at_zero_of(slope: &Slope, known: AtZero, levels: &[&CaseSlopes], k: usize) -> Slope {
    let freedom = levels.iter().filter_map(|level| level.slopes[k].degrees_of_freedom);
    Slope {
        slope_na_per_v: known.value,
        error_na_per_v: Some(known.error),
        interval_na_per_v: Some(known.interval),
        degrees_of_freedom: Some(freedom.sum()),
        bias_na_per_v: Some(known.bias),
        bias_error_na_per_v: Some(known.bias_error),
        ..slope.clone()
    }
}

/// One control's responses at every amplitude; the noise from all of them, since it does not depend on the amplitude. `None`: it is unknown.
fn answers(levels: &[&Slope]) -> Option<Answers> {
    let full_v = levels[0].amplitude_v;
    let ratios: Vec<f64> = levels.iter().map(|slope| slope.amplitude_v / full_v).collect();
    let (mut squares, mut degrees_of_freedom) = (0.0, 0.0);
    for (slope, ratio) in levels.iter().zip(&ratios) {
        let freedom = slope.degrees_of_freedom?;
        squares += freedom * (slope.error_na_per_v? * ratio).powi(2);
        degrees_of_freedom += freedom;
    }
    Some(Answers {
        ratios,
        answers: levels.iter().map(|slope| slope.slope_na_per_v).collect(),
        error: (squares / degrees_of_freedom).sqrt(),
        degrees_of_freedom,
    })
}
