//! Slices and shifts of short words in the simulation.

use rust_hdl::prelude::*;

/// The widest word that rust-hdl keeps in one integer.
const SHORT_BITS: usize = 32;

/// A word whose slices and shifts are those of [`Bits`], without the big integer on the heap that rust-hdl makes for each of a
/// short word. The emitted Verilog is that of the word itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<const N: usize>(Bits<N>);

/// Makes a [`Word`], by a name that rust-hdl leaves out of the Verilog.
pub(crate) trait ToWord<const N: usize> {
    /// The same bits.
    fn to_bits(self) -> Word<N>;
}

impl<const N: usize> ToWord<N> for Bits<N> {
    fn to_bits(self) -> Word<N> {
        Word(self)
    }
}

impl<const N: usize> Word<N> {
    /// The lowest `M` bits of the word shifted down by `index`.
    pub fn get_bits<const M: usize>(self, index: usize) -> Bits<M> {
        bit_cast::<M, N>(self >> index as LiteralType)
    }
}

impl<const N: usize> std::ops::Shr<LiteralType> for Word<N> {
    type Output = Bits<N>;

    fn shr(self, by: LiteralType) -> Bits<N> {
        match N {
            1..=SHORT_BITS => bits(self.0.to_u64().checked_shr(by as u32).unwrap_or(0)),
            _ => self.0 >> by,
        }
    }
}

impl<const N: usize> std::ops::Shl<LiteralType> for Word<N> {
    type Output = Bits<N>;

    fn shl(self, by: LiteralType) -> Bits<N> {
        match N {
            1..=SHORT_BITS if by < LiteralType::from(u32::BITS) => {
                bits((self.0.to_u64() << by) & ((1 << N) - 1))
            }
            _ => self.0 << by,
        }
    }
}

impl<const N: usize, const M: usize> std::ops::Shr<Bits<M>> for Word<N> {
    type Output = Bits<N>;

    fn shr(self, by: Bits<M>) -> Bits<N> {
        self >> by.to_u64()
    }
}

impl<const N: usize, const M: usize> std::ops::Shl<Bits<M>> for Word<N> {
    type Output = Bits<N>;

    fn shl(self, by: Bits<M>) -> Bits<N> {
        self << by.to_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_equal<const N: usize>() {
        for pattern in [0, u64::MAX, 0x5555_5555_5555_5555, 0x0123_4567_89ab_cdef] {
            let value = pattern & (u64::MAX >> (64 - N));
            let word = bits::<N>(value);
            for by in 0..N {
                let (up, down) = (word.to_bits() << by as u64, word.to_bits() >> by as u64);
                assert_eq!((up, down), (word << by as u64, word >> by as u64), "{value:x} by {by}");
                assert_eq!(up.to_u64(), (value << by) & (u64::MAX >> (64 - N)));
                assert_eq!(down.to_u64(), value >> by);
                assert_eq!(word.to_bits().get_bits::<7>(by), word.get_bits::<7>(by));
                assert_eq!(word.to_bits() >> bits::<6>(by as u64), down);
                assert_eq!(word.to_bits() << bits::<6>(by as u64), up);
            }
        }
    }

    #[test]
    fn slices_and_shifts_are_those_of_rust_hdl_and_of_integers() {
        assert_equal::<1>();
        assert_equal::<8>();
        assert_equal::<31>();
        assert_equal::<32>();
        assert_equal::<33>();
        assert_equal::<48>();
    }
}
