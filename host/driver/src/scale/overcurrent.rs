//! The register `OVERCURRENT`: the magnitude of an ADC code that both signs of a current must be able to reach.

use super::Scale;
use crate::text::number;
use thiserror::Error;

/// A limit of the current that the guard cannot keep.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum OvercurrentError {
    /// A current of one sign at least never shows as a code of this magnitude.
    #[error("an over-current limit of {} nA would never trip at one or both signs: the chain ends at +-{} nA, choose less", number(*limit_na), number(*most_na))]
    Beyond {
        /// Asked for.
        limit_na: f64,
        /// Largest distinguishable current.
        most_na: f64,
    },
    /// The limit is not distinguishable from zero current.
    #[error("an over-current limit of {} nA is not distinguishable from zero current: a step of the ADC and the level shift need {} nA or more", number(*limit_na), number(*least_na))]
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

    #[test]
    fn limits_below_a_step_of_the_adc_are_refused_and_one_of_a_step_is_taken() {
        let scale = Scale::with_bits(12);
        let step_na = 100.0 / 2048.0;
        assert_eq!(scale.overcurrent_code(step_na), Ok(16));
        let refused = scale.overcurrent_code(0.4 * step_na).unwrap_err().to_string();
        assert!(refused.contains("is not distinguishable from zero current"), "{refused}");
        assert_eq!(Scale::with_bits(16).overcurrent_code(100.0 / 32768.0), Ok(1));
    }
}
