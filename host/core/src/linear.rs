//! The linear algebra of a few unknowns.

/// The inverse by Gauss and Jordan, with the greatest pivot of every column.
///
/// # Errors
/// The first column whose pivot is below `least_pivot`: it depends on those before it.
pub(crate) fn inverse(matrix: &[Vec<f64>], least_pivot: f64) -> Result<Vec<Vec<f64>>, usize> {
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
        if pivot.is_nan() || pivot.abs() < least_pivot {
            return Err(column);
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

/// Cholesky factor of a covariance.
pub(crate) fn cholesky(mut matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    for i in 0..matrix.len() {
        for j in 0..=i {
            let before: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            let left = matrix[i][j] - before;
            matrix[i][j] =
                if i == j { left.max(f64::MIN_POSITIVE).sqrt() } else { left / matrix[j][j] };
        }
    }
    matrix
}

/// Solves for values with the factor.
pub(crate) fn forward(root: &[Vec<f64>], values: &[f64]) -> Vec<f64> {
    let mut solved: Vec<f64> = Vec::with_capacity(values.len());
    for (row, value) in root.iter().zip(values) {
        let before = dot(row, &solved);
        solved.push((value - before) / row[solved.len()]);
    }
    solved
}

/// Sum of products, up to the shorter length.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
