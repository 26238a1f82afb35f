//! The sign-extending cast of the kernel dialect.

use rust_hdl::prelude::*;

/// Sign-extends or truncates a signed value, for use in kernels in place of rust-hdl's `signed_bit_cast`, which recurses
/// without end at the minimum value.
///
/// The name begins with `bit_cast` because `#[hdl_gen]` recognises casts by the beginning of their names; it must be called by
/// its bare name. rust-hdl's own Verilog writer would zero-extend; `emit::verilog` sign-extends.
///
/// ```ignore
/// self.wide.next = bit_cast_signed::<48, 32>(self.product.val());
/// ```
pub fn bit_cast_signed<const M: usize, const N: usize>(x: Signed<N>) -> Signed<M> {
    let bits = x.inner();
    let negative = x.sign_bit();
    if M <= 32 {
        let raw: Bits<M> = bit_cast(bits);
        if negative && M > N {
            let extension = (u64::MAX << N) & (u64::MAX >> (64 - M));
            signed_cast(raw | Bits::<M>::from(extension))
        } else {
            signed_cast(raw)
        }
    } else {
        let mut out = [negative; M];
        for (index, bit) in out.iter_mut().enumerate().take(N) {
            *bit = bits.get_bit(index);
        }
        signed_cast(Bits::Long(out.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extend<const M: usize, const N: usize>(x: i64) -> i64 {
        let narrow: Signed<N> = Signed::from(x);
        let wide: Signed<M> = bit_cast_signed(narrow);
        i64::try_from(wide.bigint()).unwrap_or(i64::MAX)
    }

    #[test]
    fn extends_the_minimum_and_every_other_value() {
        for x in -128..128 {
            assert_eq!(extend::<16, 8>(x), x);
            assert_eq!(extend::<32, 8>(x), x);
            assert_eq!(extend::<48, 8>(x), x);
        }
        assert_eq!(extend::<48, 32>(i64::from(i32::MIN)), i64::from(i32::MIN));
        assert_eq!(extend::<60, 48>(-(1 << 47)), -(1 << 47));
    }

    #[test]
    fn truncates_like_twos_complement() {
        for x in -32768..32768i64 {
            assert_eq!(extend::<8, 16>(x), i64::from(x as i8));
        }
        assert_eq!(extend::<40, 48>(-(1 << 47) + 3), 3);
    }
}
