//! Work on all cores, or as many threads as [`limit`] says. Every item has its own seed and its own instrument, so the result equals that of
//! one core.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Threads at most; 0: one for each core.
static MOST: AtomicUsize = AtomicUsize::new(0);

/// Works on `threads` threads at most from here on, in the whole program; 0: one for each core.
pub fn limit(threads: usize) {
    MOST.store(threads, Ordering::Relaxed);
}

fn threads() -> usize {
    match MOST.load(Ordering::Relaxed) {
        0 => thread::available_parallelism().map_or(1, usize::from),
        most => most,
    }
}

/// `work` of every number below `count`, in order, by a thread for each core. After an error no further piece is begun.
///
/// The threads are no pool's: a device may compute on a pool of its own (`onnx:`), and a pool's thread that waits for another takes up further
/// pieces, one within the other, until its stack overflows.
///
/// # Errors
/// An error of a piece that was done.
pub fn map<T: Send, E: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync + Send,
) -> Result<Vec<T>, E> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(count));
    let threads = threads().min(count);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    break;
                }
                let result = work(number);
                if result.is_err() {
                    next.store(count, Ordering::Relaxed);
                }
                done.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;
    use std::cell::Cell;

    #[test]
    fn results_are_in_order_and_an_error_ends_the_work() {
        assert_eq!(map(100, |number| Ok::<_, ()>(2 * number)), Ok((0..200).step_by(2).collect()));
        assert_eq!(map(0, |_| Ok::<u8, ()>(1)), Ok(vec![]));
        let begun = AtomicUsize::new(0);
        let failed = map(10_000, |number| {
            begun.fetch_add(1, Ordering::Relaxed);
            if number == 7 {
                return Err(number);
            }
            thread::sleep(std::time::Duration::from_millis(1));
            Ok(())
        });
        assert_eq!(failed, Err(7));
        assert!(begun.into_inner() < 10_000);
    }

    #[test]
    fn pieces_that_compute_on_a_pool_do_not_nest() {
        thread_local!(static INSIDE: Cell<bool> = const { Cell::new(false) });
        let sums = map(64, |number| {
            if INSIDE.replace(true) {
                return Err("within another piece");
            }
            let sum = (0..5000_u64).into_par_iter().map(|i| i % (1 + number as u64)).sum::<u64>();
            INSIDE.set(false);
            Ok(sum)
        });
        assert_eq!(sums.map(|sums| sums.len()), Ok(64));
    }
}
