//! Clocks one core; random numbers that are the same on every run.

use rust_hdl::prelude::*;

/// Passes over a core in which its signals must come to rest.
const MOST_ITERATIONS: usize = 100;

/// A core and where its clock is.
pub struct Bench<B: Block> {
    /// The core.
    pub core: B,
    clock: fn(&mut B) -> &mut Signal<In, Clock>,
}

impl<B: Block> Bench<B> {
    /// A core as it is after power-up.
    pub fn new(mut core: B, clock: fn(&mut B) -> &mut Signal<In, Clock>) -> Self {
        core.connect_all();
        let mut bench = Bench { core, clock };
        bench.settle();
        bench
    }

    /// Lets the outputs follow the inputs; the clock is low.
    pub fn settle(&mut self) {
        self.set_clock(false);
    }

    /// The rising edge that ends the present clock, and the outputs of the next.
    pub fn edge(&mut self) {
        self.set_clock(true);
        self.set_clock(false);
    }

    fn set_clock(&mut self, level: bool) {
        (self.clock)(&mut self.core).next = level.into();
        assert!(simulate(&mut self.core, MOST_ITERATIONS), "the core does not come to rest");
    }
}

/// The low bits of `value`, as an unsigned port takes them.
pub fn raw<const N: usize>(value: u64) -> Bits<N> {
    Bits::from(value & (u64::MAX >> (64 - N)))
}

/// The low bits of `value`, as a signed port takes them.
pub fn signed<const N: usize>(value: i64) -> Signed<N> {
    signed_cast(raw::<N>(value as u64))
}

/// A small xorshift.
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11 ^ self.0 << 53
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }

    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize]
    }
}
