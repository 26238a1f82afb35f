//! Compact window records: one word a slot, the sums in 16 bits each with one exponent for all.
//!
//! The exponent is the least at which every sum fits, so that the largest sum has 15 or 16 significant bits, in two cases 14. The half of
//! the last bit that reading adds makes the rounding unbiased.

use super::SlotSums;
use zerocopy::little_endian::U32;

/// Significant bits of a sum, without its sign.
const BITS: u32 = 15;

/// Least exponent. The gateware shifts by products with powers of two up to 2^14, word by word: by 2 to 16 bits in a word.
const LEAST: u32 = 2;

/// The one exponent above which that leaves out.
const LEFT_OUT: u32 = 17;

/// The exponent of a record with these sums.
pub(super) fn exponent(slots: &[SlotSums]) -> u32 {
    let magnitude = |sum: i64| (sum ^ (sum >> 63)) as u64;
    let sums = slots.iter().flat_map(|slot| [slot.in_phase, slot.quadrature]);
    let largest = sums.map(magnitude).max().unwrap_or(0);
    let least = (u64::BITS - largest.leading_zeros()).saturating_sub(BITS).max(LEAST);
    least + u32::from(least == LEFT_OUT)
}

/// A slot's word.
pub(super) fn word(slot: &SlotSums, exponent: u32) -> u32 {
    let cut = |sum: i64| u32::from((sum >> exponent) as u16);
    cut(slot.in_phase) | cut(slot.quadrature) << 16
}

/// The sums of a slot's word; `None`: no instrument sends this exponent.
pub(super) fn sums(word: U32, exponent: u32) -> Option<SlotSums> {
    let half = 1_i64 << exponent.checked_sub(1).filter(|&bit| bit < 32)?;
    let sum = |cut: u16| (i64::from(cut as i16) << exponent) + half;
    let word = word.get();
    Some(SlotSums { in_phase: sum(word as u16), quadrature: sum((word >> 16) as u16) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_read_to_half_its_last_bit_and_the_largest_to_a_part_in_2_to_the_14() {
        for bits in 0..47 {
            for largest in [1_i64 << bits, (1_i64 << bits) - 1, -(1_i64 << bits), -(1 << bits) - 1]
            {
                let slots = [
                    SlotSums { in_phase: largest, quadrature: -largest / 3 },
                    SlotSums { in_phase: 0, quadrature: largest / 1000 },
                ];
                let exponent = exponent(&slots);
                assert!((2..=32).contains(&exponent) && exponent != 17);
                for slot in &slots {
                    let read = sums(U32::new(word(slot, exponent)), exponent).unwrap();
                    for (read, sent) in
                        [(read.in_phase, slot.in_phase), (read.quadrature, slot.quadrature)]
                    {
                        assert!((read - sent).abs() <= 1 << (exponent - 1), "{sent}: {read}");
                    }
                }
                // Small sums lose two bits at most.
                assert!(1 << (exponent - 1) <= (largest.abs() >> 14).max(2), "{largest}");
            }
        }
    }

    #[test]
    fn no_other_exponent_is_read() {
        assert_eq!(sums(U32::new(1), 0), None);
        assert_eq!(sums(U32::new(1), 33), None);
    }
}
