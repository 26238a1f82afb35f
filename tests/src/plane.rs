//! A file of cases: a plane over two inputs at two outputs.

use std::fmt::Write;

/// The text of `rows` cases with the columns x, y, first and second: `first = 6 x - 3 y + 1.2`, `second = 2 x + 5 y - 0.7`.
pub fn csv(rows: usize) -> String {
    let mut text = "x,y,first,second\n".to_owned();
    for n in 0..rows {
        // A lattice that fills the square without repetition.
        let (x, y) = ((n as f64 * 0.618034) % 1.0 - 0.5, (n as f64 * 0.754878) % 1.0 - 0.5);
        let (first, second) = (6.0 * x - 3.0 * y + 1.2, 2.0 * x + 5.0 * y - 0.7);
        let _ = writeln!(text, "{x:.4},{y:.4},{first:.4},{second:.4}");
    }
    text
}
