//! Random stimuli for the inputs of a block, the same on every run.

use rust_hdl::prelude::*;

/// A small xorshift, so that the stimulus is the same on every run.
pub struct Random(pub u64);

impl Random {
    /// Uniform bits, small numbers, or the ends of the signed and the unsigned range.
    pub fn number(&mut self, width: usize) -> u64 {
        let full = u64::MAX >> (64 - width);
        match self.below(8) {
            0 => self.uniform() & 7 & full,
            1 => full,
            2 => 1 << (width - 1),
            3 => full >> 1,
            _ => self.uniform() & full,
        }
    }

    /// All 64 bits.
    pub fn uniform(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 11 ^ self.0 << 53
    }

    /// So many bits of them.
    pub fn bits(&mut self, width: u32) -> u64 {
        self.uniform() & (u64::MAX >> (64 - width))
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.uniform() % n
    }

    /// True once in `n`.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of the values.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize]
    }
}

/// A value that a port can take.
pub trait Drawn: Synth {
    /// A random one.
    fn drawn(random: &mut Random) -> Self;
}

impl Drawn for Bit {
    fn drawn(random: &mut Random) -> Self {
        random.once_in(3)
    }
}

impl<const N: usize> Drawn for Bits<N> {
    fn drawn(random: &mut Random) -> Self {
        Bits::from(random.number(N))
    }
}

impl<const N: usize> Drawn for Signed<N> {
    fn drawn(random: &mut Random) -> Self {
        signed_cast(Bits::<N>::from(random.number(N)))
    }
}

/// A port, or an array of ports, that takes random values.
pub trait Driven {
    /// Sets a random value.
    fn draw(&mut self, random: &mut Random);
}

impl<T: Drawn> Driven for Signal<In, T> {
    fn draw(&mut self, random: &mut Random) {
        self.next = T::drawn(random);
    }
}

impl<P: Driven> Driven for Vec<P> {
    fn draw(&mut self, random: &mut Random) {
        self.iter_mut().for_each(|port| port.draw(random));
    }
}

/// A random value on a port.
pub fn put(port: &mut impl Driven, random: &mut Random) {
    port.draw(random);
}
