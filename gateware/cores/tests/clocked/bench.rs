//! Clocks one core, and turns its ports into integers and back.

// Of `control` and `twins` each uses a part.
#![allow(dead_code)]

use rust_hdl::prelude::*;

/// Passes over a core in which its signals must come to rest.
const MOST_ITERATIONS: usize = 100;

/// A core and where its clock is.
pub struct Bench<B: Block> {
    /// The core; set its inputs' `next`, read its outputs' `val()` once settled.
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

    /// The rising edge that ends the present clock.
    pub fn edge(&mut self) {
        self.set_clock(true);
    }

    /// The edge, and the outputs of the next clock.
    pub fn step(&mut self) {
        self.edge();
        self.settle();
    }

    /// Settles, then the edge.
    pub fn tick(&mut self) {
        self.settle();
        self.edge();
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

/// Value of an unsigned port.
pub fn unsigned<const N: usize>(value: Bits<N>) -> u64 {
    value.to_u64()
}

/// Value of bits in two's complement.
pub fn twos_complement<const N: usize>(value: Bits<N>) -> i64 {
    (value.to_u64() as i64) << (64 - N) >> (64 - N)
}

/// Value of a signed port.
pub fn integer<const N: usize>(value: Signed<N>) -> i64 {
    twos_complement(value.inner())
}
