//! Calibration of codes with an I-V converter that lags.
//!
//! Code j responds to a slope g_k of control k with R_jk g_k, so that the responses are R g and the slopes the solution of that linear system. R is the
//! response of the chain to code k, correlated with code j: behind a pole it is diagonal for the Walsh functions of one bit (numbers 1, 2, 4, 8, ...), which
//! are square waves with disjoint odd harmonics; in general it is not.

use super::CalibrationError;

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
        inverse(response).map(|inverse| CodeCalibration { inverse })
    }

    /// Slopes from the responses of all codes, both in nA/V.
    pub fn slopes_na_per_v(&self, answers_na_per_v: &[[f64; 2]]) -> Vec<f64> {
        let row = |row: &Vec<f64>| {
            row.iter().zip(answers_na_per_v).map(|(weight, [answer, _])| weight * answer).sum()
        };
        self.inverse.iter().map(row).collect()
    }
}

/// By Gauss and Jordan, with the largest pivot of every column.
fn inverse(matrix: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, CalibrationError> {
    let count = matrix.len();
    let unit = |row: usize| (0..count).map(move |column| f64::from(u8::from(row == column)));
    let mut rows: Vec<Vec<f64>> = matrix
        .iter()
        .enumerate()
        .map(|(n, row)| row.iter().copied().chain(unit(n)).collect())
        .collect();
    for column in 0..count {
        let size = |row: &usize| rows[*row][column].abs();
        let greatest = (column..count).max_by(|a, b| size(a).total_cmp(&size(b)));
        let pivot_row = greatest.unwrap_or(column);
        rows.swap(column, pivot_row);
        let pivot = rows[column][column];
        if pivot.is_nan() || pivot.abs() < LEAST_PIVOT {
            return Err(CalibrationError::DependentCodes { control: column });
        }
        rows[column].iter_mut().for_each(|value| *value /= pivot);
        let pivots = rows[column].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(n, _)| *n != column) {
            let factor = row[column];
            row.iter_mut().zip(&pivots).for_each(|(value, pivot)| *value -= factor * pivot);
        }
    }
    Ok(rows.into_iter().map(|row| row[count..].to_vec()).collect())
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
