//! Slopes at amplitude zero, from two amplitudes.
//!
//! A term c V_i V_j^2 of the device shifts the answer at tone i by c A_i A_j^2 / 2, whatever the tones: V_j^2 has the mean
//! A_j^2 / 2. A term c V_i^3 shifts it by 3 c A_i^3 / 4. Both leave a slope g that is read as g + k A^2 when all amplitudes go down together, so that
//! two measurements at A and A/2 give
//!
//! ```text
//! g = (4 g(A/2) - g(A)) / 3        error = sqrt(16 error(A/2)^2 + error(A)^2) / 3
//! ```
//!
//! which is free of third order; what is left is of fifth, and grows with A^4. The price: at half the amplitude the error is twice as large, so the whole's
//! is 2.7 times that at A after as many windows each.

use super::confidence::Confidence;
use super::gradient::{measure, CaseSlopes, Effort, Measured, Slope};
use super::MeasureError;
use crate::session::Session;

/// Measures at the plan's amplitudes and at half of them, as long each, and leaves the session with the plan it had.
///
/// # Errors
/// As [`measure`]; or a tone of half the amplitude is too small.
pub fn extrapolated(
    session: &mut Session,
    controls_v: &[f64],
    effort: Effort,
) -> Result<Measured, MeasureError> {
    let plan = session.plan().clone();
    let smaller = plan.with_amplitudes(0.5)?;
    let full = measure(session, controls_v, effort)?;
    session.change(smaller)?;
    let half = measure(session, controls_v, effort)?;
    session.change(plan)?;
    let cases: Vec<CaseSlopes> =
        full.cases.iter().zip(&half.cases).map(|(full, half)| at_zero(full, half)).collect();
    let snr_reached = effort.snr_reached(&cases);
    Ok(Measured { windows: full.windows + half.windows, snr_reached, cases })
}

fn at_zero(full: &CaseSlopes, half: &CaseSlopes) -> CaseSlopes {
    let slopes = full.slopes.iter().zip(&half.slopes);
    CaseSlopes {
        step_na: half.step_na,
        settled: full.settled && half.settled,
        uncalibrated: full.uncalibrated || half.uncalibrated,
        clipped: full.clipped || half.clipped,
        slopes: slopes.map(|(full, half)| slope_at_zero(full, half)).collect(),
        // The second order lifts the mean in the same way.
        current_na: (4.0 * half.current_na - full.current_na) / 3.0,
        current_error_na: full
            .current_error_na
            .zip(half.current_error_na)
            .map(|(full, half)| (4.0 * half).hypot(full) / 3.0),
        inputs_v: full.inputs_v.clone(),
    }
}

fn slope_at_zero(full: &Slope, half: &Slope) -> Slope {
    let slope_na_per_v = (4.0 * half.slope_na_per_v - full.slope_na_per_v) / 3.0;
    let confidence = |slope: &Slope| {
        let error = slope.error_na_per_v?;
        Some(Confidence { error, degrees_of_freedom: slope.degrees_of_freedom? })
    };
    let known = confidence(full)
        .zip(confidence(half))
        .map(|(full, half)| full.scaled(1.0 / 3.0).and(half.scaled(4.0 / 3.0)));
    Slope {
        slope_na_per_v,
        error_na_per_v: known.map(|known| known.error),
        interval_na_per_v: known.map(|known| known.interval(slope_na_per_v)),
        degrees_of_freedom: known.map(|known| known.degrees_of_freedom),
        ..full.clone()
    }
}
