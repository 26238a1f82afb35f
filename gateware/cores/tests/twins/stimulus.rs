//! Random values that reach the ends of their ranges.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The random numbers of one seed.
pub struct Stimulus(pub ChaCha8Rng);

impl Stimulus {
    pub fn new(seed: u64) -> Self {
        Stimulus(ChaCha8Rng::seed_from_u64(seed))
    }

    /// True once in `n`.
    pub fn once_in(&mut self, n: u32) -> bool {
        self.0.random_range(0..n) == 0
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0.random_range(0..n)
    }

    /// One of `values`.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    /// In `least..=greatest`; an end of the range, zero or a neighbour of them in one of three.
    pub fn within(&mut self, least: i64, greatest: i64) -> i64 {
        if self.once_in(3) {
            self.pick(&[least, least + 1, -1, 0, 1, greatest - 1, greatest]).clamp(least, greatest)
        } else {
            self.0.random_range(least..=greatest)
        }
    }

    /// Like `within`, but of a random magnitude, so that small numbers are as frequent as large ones.
    pub fn scaled(&mut self, least: i64, greatest: i64) -> i64 {
        let shift = if self.once_in(2) { 0 } else { self.0.random_range(0..48) };
        self.within(least, greatest) >> shift
    }

    /// A code of 16 bits.
    pub fn code(&mut self) -> i16 {
        self.within(i64::from(i16::MIN), i64::from(i16::MAX)) as i16
    }

    /// A signed word of 32 bits.
    pub fn word(&mut self) -> i32 {
        self.within(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
    }

    /// What stands on a port that nobody looks at.
    pub fn noise(&mut self) -> u64 {
        self.0.random()
    }

    /// The numbers below `n` in a random order.
    pub fn order(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}
