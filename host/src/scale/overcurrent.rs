//! The register `OVERCURRENT`: the magnitude of an ADC code that both signs of a current must be able to reach.

use super::Scale;
use crate::text::number;
use thiserror::Error;

/// A limit of the current that the guard cannot keep.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
pub enum OvercurrentError {
    /// A current of one sign at least never shows as a code of this magnitude.
    #[error("an over-current limit of {} nA would never trip at one sign or both: the chain ends at +-{} nA, choose less", number(*limit_na), number(*most_na))]
    Beyond {
        /// Asked for.
        limit_na: f64,
        /// From here on nothing larger is told apart.
        most_na: f64,
    },
    /// The limit cannot be told from no current.
    #[error("an over-current limit of {} nA cannot be told from no current: a step of the ADC and the level shift need {} nA or more", number(*limit_na), number(*least_na))]
    Below {
        /// Asked for.
        limit_na: f64,
        /// Least limit.
        least_na: f64,
    },
}

impl Scale {
    /// Magnitude of the ADC code from which on a current of `limit_na`, of either sign, is an over-current.
    ///
    /// The guard compares one magnitude of the code, so with a level shift the sign that it favours trips earlier: by twice the shift.
    ///
    /// # Errors
    /// A current of one sign never reaches the code, or no current at all does.
    pub fn overcurrent_code(&self, limit_na: f64) -> Result<u16, OvercurrentError> {
        let (step, zero) = (self.adc_step_codes(), self.adc_zero_codes().abs());
        let per_na = self.adc_codes_per_na().abs();
        // The magnitude that the less favoured sign shows at the limit.
        let wanted = limit_na.abs() * per_na - zero;
        let most = self.most_magnitude();
        if wanted.is_nan() || wanted >= most {
            return Err(OvercurrentError::Beyond { limit_na, most_na: (most + zero) / per_na });
        }
        let code = (wanted / step).round() * step;
        // No current shows as a code up to the nearest of the shift.
        let least = ((zero / step).round() + 1.0) * step;
        if code < least {
            return Err(OvercurrentError::Below { limit_na, least_na: (least + zero) / per_na });
        }
        Ok(code as u16)
    }

    /// Current from which on both signs trip at this content of the register.
    pub fn overcurrent_na(&self, code: u32) -> f64 {
        (f64::from(code) + self.adc_zero_codes().abs()) / self.adc_codes_per_na().abs()
    }

    /// Greatest magnitude that codes of both signs reach.
    fn most_magnitude(&self) -> f64 {
        let step = self.adc_step_codes();
        let (low, high) = self.ends_codes();
        let rounded = |end: f64| (end.abs() / step).round() * step;
        // Codes end a step below half the range upward.
        let top = rounded(high).min(super::HALF_RANGE_CODES - step);
        if low < 0.0 && high > 0.0 {
            top.min(rounded(low))
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_sim::bench::{Chain, IvConverter};

    fn scales() -> impl Iterator<Item = Scale> {
        let widths = [8, 10, 12, 14, 16].into_iter();
        widths.flat_map(|bits| {
            [0.025, -0.025].into_iter().flat_map(move |gain_v_per_na| {
                [(2.5, 0.0), (5.0, 0.0), (2.0, 0.0), (2.5, 0.3), (2.5, -0.3), (1.0, 0.2)].map(
                    |(clip_v, shift_v)| {
                        let mut scale = Scale::of_tests(bits);
                        scale.analogue.iv_gain_v_per_na = gain_v_per_na;
                        scale.analogue.iv_clip_v = clip_v;
                        scale.analogue.level_shift_v = shift_v;
                        scale
                    },
                )
            })
        })
    }

    /// The code of a current, by the simulated chain.
    fn magnitude(scale: &Scale, current_na: f64) -> u32 {
        let chain = Chain {
            analogue: scale.analogue.clone(),
            adc_bits: scale.adc_bits,
            ..Chain::default()
        };
        let volts = IvConverter::new(&chain, 1e4, 0.0).pass(current_na);
        u32::from(hge_sim::bench::Converter::adc(&chain).code(volts).unsigned_abs())
    }

    #[test]
    fn whatever_limit_is_taken_trips_at_both_signs_and_not_without_a_current() {
        for scale in scales() {
            let mut taken = 0;
            for tenths in 1..1100 {
                let limit_na = f64::from(tenths) / 10.0;
                let Ok(code) = scale.overcurrent_code(limit_na) else { continue };
                taken += 1;
                let code = u32::from(code);
                for current_na in [limit_na, -limit_na, 1e3, -1e3] {
                    assert!(magnitude(&scale, current_na) >= code, "{scale:?} {current_na}");
                }
                assert!(magnitude(&scale, 0.0) < code, "{scale:?} {limit_na}");
                let step_na = scale.adc_step_codes() / scale.adc_codes_per_na().abs();
                assert!((scale.overcurrent_na(code) - limit_na).abs() <= step_na / 2.0 + 1e-9);
            }
            assert!(taken > 100, "{scale:?}");
        }
    }

    #[test]
    fn limits_from_the_greatest_code_of_either_sign_on_are_refused() {
        for scale in scales() {
            let most_na = match scale.overcurrent_code(1e6) {
                Err(OvercurrentError::Beyond { most_na, .. }) => most_na,
                other => panic!("{other:?}"),
            };
            assert!(scale.overcurrent_code(most_na).is_err(), "{scale:?}");
            assert!(scale.overcurrent_code(most_na - 0.01).is_ok(), "{scale:?} {most_na}");
            assert!(scale.overcurrent_code(f64::NAN).is_err());
        }
        // 8 bits end at code 127 of 128: 99.21875 nA.
        let scale = Scale::of_tests(8);
        assert!(scale.overcurrent_code(99.3).is_err());
        assert_eq!(scale.overcurrent_code(99.2), Ok(127 * 256));
    }

    #[test]
    fn limits_below_a_step_of_the_adc_are_refused_and_one_of_a_step_is_taken() {
        let scale = Scale::of_tests(12);
        let step_na = 100.0 / 2048.0;
        assert_eq!(scale.overcurrent_code(step_na), Ok(16));
        let refused = scale.overcurrent_code(0.4 * step_na).unwrap_err().to_string();
        assert!(refused.contains("cannot be told from no current"), "{refused}");
        assert_eq!(Scale::of_tests(16).overcurrent_code(100.0 / 32768.0), Ok(1));
    }
}
