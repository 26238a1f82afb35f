//! Reference model of the cost: the squared error of an ADC code.

/// Cost of `sample` with the target and side of the case's target word, its square shifted right by `shift`.
pub fn cost(sample: i16, target_word: u32, shift: u32) -> i16 {
    let error = sample.saturating_sub(target_word as u16 as i16);
    let counts = match target_word >> 30 {
        1 => error < 0,
        2 => error > 0,
        3 => false,
        _ => true,
    };
    let square = i32::from(error) * i32::from(error);
    if counts {
        (square >> shift).min(i32::from(i16::MAX)) as i16
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_is_the_square_of_the_distance_and_stops_at_full_scale() {
        assert_eq!(cost(1300, 1000, 4), (300 * 300 / 16) as i16);
        assert_eq!(cost(-700, 1000, 12), (1700 * 1700 / 4096) as i16);
        assert_eq!(cost(1300, 1000, 0), 32767);
        // Half of all codes and more apart: cut at the square of 2^15.
        assert_eq!(cost(i16::MAX, 0x8000, 16), 16383);
        assert_eq!(cost(i16::MIN, 0x7fff, 16), 16384);
    }

    #[test]
    fn a_one_sided_target_forgives_the_other_side() {
        for (side, below, above) in [(0, 100, 100), (1, 100, 0), (2, 0, 100), (3, 0, 0)] {
            assert_eq!(cost(40, side << 30 | 50, 0), below, "side {side}");
            assert_eq!(cost(60, side << 30 | 50, 0), above, "side {side}");
        }
    }
}
