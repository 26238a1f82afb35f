//! Calibration of codes with an I-V converter that lags.
//!
//! Code j responds to a slope g_k of control k with R_jk g_k, so that the responses are R g and the slopes the solution of that linear system. R is the
//! response of the chain to code k, correlated with code j: behind a pole it is diagonal for the Walsh functions of one bit (numbers 1, 2, 4, 8, ...), which
//! are square waves with disjoint odd harmonics; in general it is not.

use super::CalibrationError;
use crate::linear::inverse;

/// Pivot, of one, below which the codes count as dependent.
const LEAST_PIVOT: f64 = 1e-6;

/// Inverse response of a set of codes.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeCalibration {
    inverse: Vec<Vec<f64>>,
}

impl CodeCalibration {
    /// From a response: row j, column k is the response of code j to a unit slope of control k.
    ///
    /// # Errors
    /// The responses of the codes are dependent.
    pub fn new(response: &[Vec<f64>]) -> Result<Self, CalibrationError> {
        let inverse = inverse(response, LEAST_PIVOT);
        inverse
            .map(|inverse| CodeCalibration { inverse })
            .map_err(|control| CalibrationError::DependentCodes { control })
    }

    /// Slopes from the responses of all codes, both in nA/V.
    pub fn slopes_na_per_v(&self, answers_na_per_v: &[[f64; 2]]) -> Vec<f64> {
        let row = |row: &Vec<f64>| {
            row.iter().zip(answers_na_per_v).map(|(weight, [answer, _])| weight * answer).sum()
        };
        self.inverse.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_solve_the_linear_system_of_the_answers_whatever_the_order_of_pivots() {
        let response = [vec![0.0, 0.5, 0.1], vec![0.9, 0.0, -0.2], vec![0.1, 0.3, 0.7]];
        let slopes = [3.0, -2.0, 5.0];
        let answers: Vec<[f64; 2]> = response
            .iter()
            .map(|row| {
                [row.iter().zip(slopes).map(|(response, slope)| response * slope).sum(), 0.0]
            })
            .collect();
        let calibration = CodeCalibration::new(&response).unwrap();
        for (found, exact) in calibration.slopes_na_per_v(&answers).iter().zip(slopes) {
            assert!((found - exact).abs() < 1e-12, "{found} {exact}");
        }
    }

    #[test]
    fn codes_that_answer_alike_are_refused() {
        let error = CodeCalibration::new(&[vec![1.0, 1.0], vec![1.0, 1.0]]).unwrap_err();
        assert!(error.to_string().contains("control 1"), "{error}");
    }
}
