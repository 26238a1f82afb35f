//! Which tones: multiples on the window's grid whose products miss each other.
//!
//! A window of N samples holds m whole periods of tone m, so different multiples are exactly
//! orthogonal. What still mixes is the device: its second order answers at 2 m_i and m_i +- m_j, its
//! third at m_i +- m_j +- m_k, folded at half the sample rate. Second-order products on a tone are
//! never accepted; third-order ones are planned around where there is room. One cannot be: V_i V_j^2
//! answers at m_i + m_j - m_j = m_i itself, whatever the tones.

use crate::text::number;
use thiserror::Error;

/// How far, in steps of the grid, a frequency may lie off it and still be taken for rounded decimals.
const GRID_TOLERANCE: f64 = 1e-3;

/// Sets tried before the search settles for second order alone.
const SEARCH_SETS: u32 = 20_000;

/// Tones that cannot be used.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ToneError {
    /// Half the sample rate or more, or zero and less.
    #[error("a tone of {} Hz does not lie between 0 and half the sample rate ({} Hz): choose another or raise rate_hz", number(*frequency_hz), number(*limit_hz))]
    OutOfBand {
        /// Asked for.
        frequency_hz: f64,
        /// Half the sample rate.
        limit_hz: f64,
    },
    /// No whole number of periods in the window.
    #[error("a tone of {} Hz is off the window's grid of {} Hz: the nearest on it are {} Hz and {} Hz, choose one of them", number(*frequency_hz), number(*step_hz), number(*below_hz), number(*above_hz))]
    OffGrid {
        /// Asked for.
        frequency_hz: f64,
        /// Distance of the grid's lines.
        step_hz: f64,
        /// Next line below.
        below_hz: f64,
        /// Next line above.
        above_hz: f64,
    },
    /// Two tones are one.
    #[error("two tones have {} Hz: give every control its own frequency", number(*frequency_hz))]
    Duplicate {
        /// Shared frequency.
        frequency_hz: f64,
    },
    /// A second-order product falls on a tone.
    #[error("{}", collision(*first_hz, *second_hz, *hit_hz))]
    Collision {
        /// One factor.
        first_hz: f64,
        /// The other; equal to the first for a harmonic.
        second_hz: f64,
        /// Tone hit.
        hit_hz: f64,
    },
    /// Too many tones for the band.
    #[error("no {count} tones without second-order collisions fit between {} Hz and {} Hz: widen the band, lengthen the window or use fewer controls", number(*low_hz), number(*high_hz))]
    NoRoom {
        /// Tones asked for.
        count: usize,
        /// Low end of the band.
        low_hz: f64,
        /// High end of the band.
        high_hz: f64,
    },
}

/// A product of second order on a tone, as a sentence.
fn collision(first_hz: f64, second_hz: f64, hit_hz: f64) -> String {
    let (first, second, hit) = (number(first_hz), number(second_hz), number(hit_hz));
    let what = if first_hz == second_hz {
        format!("twice {first} Hz falls on {hit} Hz")
    } else {
        format!("the sum or difference of {first} Hz and {second} Hz falls on {hit} Hz")
    };
    format!("tones collide: {what}, move one of them (odd multiples of the grid never collide)")
}

/// The frequencies with whole periods in a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Samples a second.
    pub rate_hz: f64,
    /// Samples of the window.
    pub window_samples: u32,
}

impl Grid {
    /// Distance of neighbouring frequencies.
    pub fn step_hz(&self) -> f64 {
        self.rate_hz / f64::from(self.window_samples)
    }

    /// Frequency of a multiple.
    pub fn frequency_hz(&self, multiple: u32) -> f64 {
        f64::from(multiple) * self.step_hz()
    }

    /// The multiple that `frequency_hz` is, within a thousandth of a step.
    ///
    /// # Errors
    /// It lies off the grid, at 0 or at half the sample rate and above.
    pub fn multiple(&self, frequency_hz: f64) -> Result<u32, ToneError> {
        let limit_hz = self.rate_hz / 2.0;
        if !(frequency_hz > 0.0 && frequency_hz < limit_hz) {
            return Err(ToneError::OutOfBand { frequency_hz, limit_hz });
        }
        let steps = frequency_hz / self.step_hz();
        let nearest = steps.round() as u32;
        if (steps - f64::from(nearest)).abs() > GRID_TOLERANCE
            || nearest == 0
            || nearest >= self.window_samples / 2
        {
            // A grid line a user can choose lies from 1 to N/2 - 1.
            let below = (steps.floor() as u32).clamp(1, self.window_samples / 2 - 2);
            return Err(ToneError::OffGrid {
                frequency_hz,
                step_hz: self.step_hz(),
                below_hz: self.frequency_hz(below),
                above_hz: self.frequency_hz(below + 1),
            });
        }
        Ok(nearest)
    }

    /// Where a product of frequencies shows after sampling.
    fn folded(&self, product: i64) -> i64 {
        let samples = i64::from(self.window_samples);
        let wrapped = product.rem_euclid(samples);
        wrapped.min(samples - wrapped)
    }

    /// Checks that tones are distinct and that no second-order product falls on one.
    ///
    /// # Errors
    /// The first collision, naming its tones.
    pub fn check(&self, multiples: &[u32]) -> Result<(), ToneError> {
        let hz = |multiple: u32| self.frequency_hz(multiple);
        for (i, &first) in multiples.iter().enumerate() {
            for (j, &second) in multiples.iter().enumerate().skip(i) {
                if i != j && first == second {
                    return Err(ToneError::Duplicate { frequency_hz: hz(first) });
                }
                let (a, b) = (i64::from(first), i64::from(second));
                for product in [a + b, a - b].map(|product| self.folded(product)) {
                    let hit = multiples.iter().find(|&&tone| i64::from(tone) == product);
                    if let Some(&hit) = hit {
                        return Err(ToneError::Collision {
                            first_hz: hz(first),
                            second_hz: hz(second),
                            hit_hz: hz(hit),
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether some third-order product other than m_i + m_j - m_j falls on a tone.
    fn third_order_hits(&self, multiples: &[u32]) -> bool {
        let signed: Vec<i64> =
            multiples.iter().flat_map(|&tone| [i64::from(tone), -i64::from(tone)]).collect();
        for (i, &a) in signed.iter().enumerate() {
            for (j, &b) in signed.iter().enumerate().skip(i) {
                for &c in &signed[j..] {
                    let cancels = a == -b || b == -c || a == -c;
                    let product = self.folded(a + b + c);
                    if !cancels && multiples.iter().any(|&tone| i64::from(tone) == product) {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Chooses `count` tones between `low_hz` and `high_hz`, lowest first: free of third-order
    /// products where a search finds such a set, of second-order ones in any case.
    ///
    /// # Errors
    /// The band is too narrow.
    pub fn plan(&self, count: usize, low_hz: f64, high_hz: f64) -> Result<Vec<u32>, ToneError> {
        let low = ((low_hz / self.step_hz() - GRID_TOLERANCE).ceil() as u32).max(1);
        let high = ((high_hz / self.step_hz() + GRID_TOLERANCE).floor() as u32)
            .min(self.window_samples / 2 - 1);
        for third in [true, false] {
            let mut chosen = Vec::new();
            let mut budget = SEARCH_SETS;
            if self.search(&mut chosen, count, low..=high, third, &mut budget) {
                return Ok(chosen);
            }
        }
        Err(ToneError::NoRoom { count, low_hz, high_hz })
    }

    fn search(
        &self,
        chosen: &mut Vec<u32>,
        count: usize,
        band: std::ops::RangeInclusive<u32>,
        third: bool,
        budget: &mut u32,
    ) -> bool {
        if chosen.len() == count {
            return true;
        }
        for tone in band.clone() {
            if *budget == 0 {
                return false;
            }
            *budget -= 1;
            chosen.push(tone);
            let clean = self.check(chosen).is_ok() && !(third && self.third_order_hits(chosen));
            if clean && self.search(chosen, count, tone + 1..=*band.end(), third, budget) {
                return true;
            }
            chosen.pop();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid { rate_hz: 5120.0, window_samples: 256 };

    #[test]
    fn a_planned_set_has_no_product_of_second_or_third_order_on_a_tone() {
        let tones = GRID.plan(5, 150.0, 1000.0).unwrap();
        assert_eq!(tones.len(), 5);
        assert!(GRID.check(&tones).is_ok());
        assert!(!GRID.third_order_hits(&tones));
    }

    #[test]
    fn a_crowded_band_gives_up_third_order_before_second() {
        let tones = GRID.plan(24, 150.0, 1800.0).unwrap();
        assert!(GRID.check(&tones).is_ok());
        assert!(GRID.third_order_hits(&tones));
        assert!(matches!(GRID.plan(24, 150.0, 500.0), Err(ToneError::NoRoom { .. })));
    }

    #[test]
    fn a_frequency_off_the_grid_names_its_neighbours() {
        assert_eq!(GRID.multiple(200.0), Ok(10));
        assert_eq!(GRID.multiple(200.01), Ok(10));
        assert_eq!(
            GRID.multiple(205.0),
            Err(ToneError::OffGrid {
                frequency_hz: 205.0,
                step_hz: 20.0,
                below_hz: 200.0,
                above_hz: 220.0
            })
        );
        assert!(matches!(GRID.multiple(2560.0), Err(ToneError::OutOfBand { .. })));
        assert!(matches!(GRID.multiple(f64::NAN), Err(ToneError::OutOfBand { .. })));
    }

    #[test]
    fn harmonics_sums_and_their_images_collide() {
        assert!(matches!(GRID.check(&[9, 18]), Err(ToneError::Collision { .. })));
        assert!(matches!(GRID.check(&[9, 11, 20]), Err(ToneError::Collision { .. })));
        assert!(matches!(GRID.check(&[9, 9]), Err(ToneError::Duplicate { .. })));
        // 2 * 100 = 200 shows at 256 - 200 = 56.
        assert!(matches!(GRID.check(&[56, 100]), Err(ToneError::Collision { .. })));
        assert_eq!(GRID.check(&[9, 11, 17, 25]), Ok(()));
    }
}
