//! The grid of a window's lines.

use super::ToneError;

/// Distance from the grid, in steps, up to which a frequency counts as rounded.
pub(super) const TOLERANCE: f64 = 1e-3;

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
    pub fn frequency_hz(&self, cycles: u32) -> f64 {
        f64::from(cycles) * self.step_hz()
    }

    /// The multiple that `frequency_hz` is, within a thousandth of a step.
    ///
    /// # Errors
    /// It is off the grid, or not between 0 and half the sample rate.
    pub fn cycles(&self, frequency_hz: f64) -> Result<u32, ToneError> {
        let limit_hz = self.rate_hz / 2.0;
        if !(frequency_hz > 0.0 && frequency_hz < limit_hz) {
            return Err(ToneError::OutOfBand { frequency_hz, limit_hz });
        }
        let steps = frequency_hz / self.step_hz();
        let nearest = steps.round() as u32;
        if (steps - f64::from(nearest)).abs() > TOLERANCE
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

    /// The line on which a product of frequencies shows after sampling.
    pub fn folded(&self, product: i64) -> i64 {
        let samples = i64::from(self.window_samples);
        let wrapped = product.rem_euclid(samples);
        wrapped.min(samples - wrapped)
    }

    /// Checks that tones are distinct and that no second-order product falls on one.
    ///
    /// # Errors
    /// The first collision, naming its tones.
    pub fn check(&self, cycles: &[u32]) -> Result<(), ToneError> {
        let hz = |cycles: u32| self.frequency_hz(cycles);
        for (i, &first) in cycles.iter().enumerate() {
            for (j, &second) in cycles.iter().enumerate().skip(i) {
                if i != j && first == second {
                    return Err(ToneError::Duplicate { frequency_hz: hz(first) });
                }
                // A difference on a tone, a - b = c, is the sum b + c on the tone a.
                let sum = self.folded(i64::from(first) + i64::from(second));
                if let Some(&hit) = cycles.iter().find(|&&tone| i64::from(tone) == sum) {
                    return Err(ToneError::Collision {
                        first_hz: hz(first),
                        second_hz: hz(second),
                        hit_hz: hz(hit),
                    });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid { rate_hz: 5120.0, window_samples: 256 };

    #[test]
    fn a_frequency_off_the_grid_names_its_neighbours() {
        assert_eq!(GRID.cycles(200.0), Ok(10));
        assert_eq!(GRID.cycles(200.01), Ok(10));
        assert_eq!(
            GRID.cycles(205.0),
            Err(ToneError::OffGrid {
                frequency_hz: 205.0,
                step_hz: 20.0,
                below_hz: 200.0,
                above_hz: 220.0
            })
        );
        assert!(matches!(GRID.cycles(2560.0), Err(ToneError::OutOfBand { .. })));
        assert!(matches!(GRID.cycles(f64::NAN), Err(ToneError::OutOfBand { .. })));
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

    #[test]
    fn a_set_collides_where_a_sum_or_a_difference_of_two_of_its_tones_is_a_third_or_twice_one_another(
    ) {
        const SAMPLES: i64 = 32;
        let grid = Grid { rate_hz: 32.0, window_samples: SAMPLES as u32 };
        let lines = 1..SAMPLES / 2;
        let sets = lines.clone().flat_map(|a| lines.clone().map(move |b| (a, b)));
        let (mut free, mut collide) = (0, 0);
        for (a, b) in sets {
            for c in lines.clone().filter(|&c| a != b && b != c && c != a) {
                let tones = [a, b, c];
                // A line and its images after sampling.
                let is_tone = |product: i64| {
                    tones
                        .iter()
                        .any(|tone| [tone, &-tone].iter().any(|t| (product - **t) % SAMPLES == 0))
                };
                let pairs =
                    tones.iter().flat_map(|one| tones.iter().map(move |other| (one, other)));
                let hit = pairs.flat_map(|(one, other)| [one + other, one - other]).any(is_tone);
                let found = grid.check(&tones.map(|tone| tone as u32));
                assert_eq!(matches!(found, Err(ToneError::Collision { .. })), hit, "{tones:?}");
                assert_eq!(found.is_ok(), !hit, "{tones:?}");
                (free, collide) = (free + u32::from(!hit), collide + u32::from(hit));
            }
        }
        assert!(free > 100 && collide > 100, "{free} {collide}");
    }
}
