//! Check whether a window has settled, and treatment of windows that have not.
//!
//! A current that drifts during the window leaks onto every tone ([`crate::drift`]). The leak matters if it may exceed both 2 % of a slope
//! and the slope's standard error.

use crate::drift::{leaks, left_share, Leaks, Shape, MATTERS};
use crate::plan::Plan;
use crate::reading::Reading;
use crate::tones::NoiseModel;
use serde::{Deserialize, Serialize};

choices! {
    /// Treatment of windows that have not settled.
    pub enum Unsettled else Flag {
        /// Count them and use them.
        Flag = "flag",
        /// Measured again, with 4, 16 and 64 times the wait; dropped if that is of no help.
        Repeat = "repeat",
        /// Their slopes count as zero in this epoch.
        Drop = "drop",
    }
}

choices! {
    /// Correction of every window.
    pub enum Correction else Calibrated {
        /// Nothing, or the relaxation that a calibration knows.
        Calibrated = "calibrated",
        /// A line through the means of its halves.
        Line = "line",
        /// A relaxation with a given time constant.
        Relaxation = "relaxation",
    }
}

/// Windows that had not settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All of them, repeated ones too.
    pub unsettled: u64,
    /// Measured again.
    pub repeated: u64,
    /// Not used.
    pub dropped: u64,
}

/// Whether a leak, of which `share` may remain, is negligible for a response with this error; all in one unit.
pub(crate) fn is_harmless(share: f64, leak: [f64; 2], answer: f64, error: f64) -> bool {
    // The leak's direction is the least certain of it.
    share * leak[0].hypot(leak[1]) <= error.max(MATTERS * answer.abs())
}

/// Corrects the drift of every window of a session, and checks its settling.
#[derive(Clone, Debug, PartialEq)]
pub struct DriftCorrector {
    /// Of every input; nothing is subtracted from further ones.
    corrections: Vec<Option<Shape>>,
    tone_errors_na: Vec<f64>,
}

impl DriftCorrector {
    /// For the windows of `plan`, with the noise of `noise_model`; subtracts one of `corrections` from every input, and nothing from further ones.
    pub fn new(plan: &Plan, noise_model: NoiseModel, corrections: Vec<Option<Shape>>) -> Self {
        let controls = plan.configuration().controls.iter();
        let errors = controls.map(|control| noise_model.error_na(&plan.grid(), control.cycles));
        DriftCorrector { corrections, tone_errors_na: errors.collect() }
    }

    /// Standard error of the amplitude of every tone's response from one window.
    pub(crate) fn tone_errors_na(&self) -> &[f64] {
        &self.tone_errors_na
    }

    /// Subtracts the drift from the responses of a reading of `input`; returns whether the remainder is negligible.
    pub(crate) fn pass(&self, plan: &Plan, input: usize, reading: &mut Reading) -> bool {
        let correction = self.corrections.get(input).copied().flatten();
        let amplitudes_v = (0..reading.answers_na_per_v.len()).map(|k| plan.amplitude_v(k));
        let amplitudes_v: Vec<f64> = amplitudes_v.collect();
        let answers = reading.answers_na_per_v.iter().zip(&amplitudes_v);
        let answers_na: Vec<[f64; 2]> =
            answers.map(|(answer, volts)| answer.map(|part| part * volts)).collect();
        let shape = correction.unwrap_or(Shape::Line);
        let Leaks { tones_na, .. } = leaks(plan, shape, &answers_na, reading.step_na);
        let share = left_share(correction);
        let mut settled = true;
        for (k, leak_na) in tones_na.into_iter().enumerate() {
            let answer = &mut reading.answers_na_per_v[k];
            if correction.is_some() {
                *answer = [0, 1].map(|axis| answer[axis] - leak_na[axis] / amplitudes_v[k]);
            }
            settled &=
                is_harmless(share, leak_na, answer[0] * amplitudes_v[k], self.tone_errors_na[k]);
        }
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_matters_beyond_two_percent_of_the_answer_and_beyond_its_error_alike() {
        // The leak's amplitude, its two parts at 3 to 4.
        let is_harmless = |share, leak: f64, answer, error| {
            is_harmless(share, [0.6 * leak, -0.8 * leak], answer, error)
        };
        for sign in [1.0, -1.0] {
            // 2 % are 2, the error is less: up to 2.
            assert!(is_harmless(1.0, 1.99, 100.0 * sign, 0.5));
            assert!(!is_harmless(1.0, 2.01, 100.0 * sign, 0.5));
            // The error is more: up to that.
            assert!(is_harmless(1.0, 4.99, 100.0 * sign, 5.0));
            assert!(!is_harmless(1.0, 5.01, 100.0 * sign, 5.0));
        }
        // Of an answer of nothing only the error is left.
        assert!(is_harmless(1.0, 0.49, 0.0, 0.5) && !is_harmless(1.0, 0.51, 0.0, 0.5));
        // What is left counts of one that was taken off.
        assert!(is_harmless(0.15, 13.3, 100.0, 0.5) && !is_harmless(0.15, 13.4, 100.0, 0.5));
    }
}
