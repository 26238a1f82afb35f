//! Work on all cores. Every item has its own seed and its own instrument, so the result equals that of one core.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// `work` of every number below `count`, in order. After an error no further piece is begun.
///
/// # Errors
/// The first error by number, of the pieces that were done.
pub fn map<T: Send, E: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(count.max(1));
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let done = Mutex::new(Vec::with_capacity(count));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| loop {
                let piece = next.fetch_add(1, Ordering::Relaxed);
                if piece >= count || failed.load(Ordering::Relaxed) {
                    break;
                }
                let result = work(piece);
                failed.fetch_or(result.is_err(), Ordering::Relaxed);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((piece, result));
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|&(piece, _)| piece);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_their_numbers() {
        let squares: Result<Vec<usize>, ()> = map(1000, |n| Ok(n * n));
        assert_eq!(squares.unwrap(), (0..1000).map(|n| n * n).collect::<Vec<_>>());
        assert_eq!(map(0, |_| Err::<(), ()>(())), Ok(Vec::new()));
    }

    #[test]
    fn the_first_error_is_returned_and_ends_the_work() {
        let begun = AtomicUsize::new(0);
        let failed: Result<Vec<()>, usize> = map(100_000, |n| {
            begun.fetch_add(1, Ordering::Relaxed);
            if n < 10 {
                Ok(())
            } else {
                Err(n)
            }
        });
        assert_eq!(failed, Err(10));
        assert!(begun.load(Ordering::Relaxed) < 100_000);
    }
}
