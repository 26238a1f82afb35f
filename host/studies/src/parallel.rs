//! Work on all cores. Every item has its own seed and its own instrument, so the result equals that of one core.

use rayon::prelude::*;

/// `work` of every number below `count`, in order. After an error no further piece is begun.
///
/// # Errors
/// An error of a piece that was done.
pub fn map<T: Send, E: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync + Send,
) -> Result<Vec<T>, E> {
    (0..count).into_par_iter().map(work).collect()
}
