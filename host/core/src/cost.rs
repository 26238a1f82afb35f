//! The cost, an input of the lock-in in place of the ADC code: the squared distance from the case's target.
//!
//! At every sample cost = error^2 >> shift, saturated to 32767, with error = ADC code - target. A slot's response is then the slope of the cost: for a
//! linear device 2 error slope amplitude, averaged over the window.

use hge_driver::scale::Scale;
use hge_protocol::table::CaseTarget;

/// Largest cost.
const MOST_COST: f64 = 32767.0;

/// Targets of the cost, and its scale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Right shift of the squared error in ADC codes, at most 31.
    pub shift: u32,
    /// Target of every case; its weight is that of the standalone update.
    pub targets: Vec<CaseTarget>,
}

impl Cost {
    /// The smallest shift at which errors up to `error_na` do not saturate.
    pub fn shift_for(error_na: f64, scale: &Scale) -> u32 {
        let square = (error_na * scale.adc_codes_per_na()).powi(2);
        (0..31).find(|&shift| square <= MOST_COST * f64::from(1_u32 << shift)).unwrap_or(31)
    }

    /// Slope of the squared error, nA^2/V, from a response in units of the cost to a carrier of `amplitude_v`.
    pub fn slope_na2_per_v(&self, response: f64, amplitude_v: f64, scale: &Scale) -> f64 {
        let codes_per_na = scale.adc_codes_per_na();
        response * f64::from(2.0_f32.powi(self.shift as i32)) / codes_per_na.powi(2) / amplitude_v
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_shift_holds_the_greatest_error_and_not_twice_that() {
        let scale = Scale::with_bits(16);
        // 100 nA are 32768 codes; their square needs 15 bits less, all but one code of it 14.
        assert_eq!(Cost::shift_for(100.0, &scale), 16);
        assert_eq!(Cost::shift_for(99.9, &scale), 15);
        assert_eq!(Cost::shift_for(0.5, &scale), 0);
    }
}
