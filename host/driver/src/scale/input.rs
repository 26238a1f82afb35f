//! Device currents and codes of the ADC.

use super::{saturate, Scale, HALF_RANGE_CODES};
use hge_protocol::number::LOSS_UNIT_CODES2;
use hge_protocol::AdcCode;

impl Scale {
    /// The scale of one input.
    pub fn input(&self, input: usize) -> Scale {
        Scale { analogue: self.analogue.of_input(input), inputs: 1, ..self.clone() }
    }

    /// Least magnitude of ADC codes a nanoampere of all inputs: the unit of the gateware's loss, whose weights of the other inputs are less.
    pub fn least_adc_codes_per_na(&self) -> f64 {
        let per_na = (0..self.inputs).map(|input| self.input(input).adc_codes_per_na().abs());
        per_na.fold(f64::INFINITY, f64::min)
    }

    /// ADC codes a nanoampere, with the I-V converter's sign.
    pub fn adc_codes_per_na(&self) -> f64 {
        self.analogue.gain_v_per_na(0) / self.analogue.adc_range_v * HALF_RANGE_CODES
    }

    /// Codes of the ADC's last significant bit.
    pub(super) fn adc_step_codes(&self) -> f64 {
        f64::from(1_u32 << (16 - self.adc_bits))
    }

    /// ADC code of no current: the level shift, not rounded.
    pub fn adc_zero_codes(&self) -> f64 {
        self.analogue.shift_v(0) / self.analogue.adc_range_v * HALF_RANGE_CODES
    }

    /// ADC code of a device current, neither rounded nor cut.
    pub(super) fn adc_codes(&self, current_na: f64) -> f64 {
        current_na * self.adc_codes_per_na() + self.adc_zero_codes()
    }

    /// Device current of a (mean) ADC code.
    pub fn current_na(&self, code: f64) -> f64 {
        (code - self.adc_zero_codes()) / self.adc_codes_per_na()
    }

    /// Current of a difference of codes: the level shift cancels.
    pub fn current_difference_na(&self, codes: f64) -> f64 {
        codes / self.adc_codes_per_na()
    }

    /// A loss of the gateware in squared currents.
    pub fn loss_na2(&self, loss: u32) -> f64 {
        f64::from(loss) * LOSS_UNIT_CODES2 / self.least_adc_codes_per_na().powi(2)
    }

    /// Greatest magnitude of a current that the chain shows at either sign, on every input.
    pub fn full_scale_na(&self) -> f64 {
        let analogue = &self.analogue;
        let of_input = |input: usize| {
            let room_v = analogue.adc_range_v - analogue.shift_v(input).abs();
            analogue.iv_clip_v.min(room_v) / analogue.gain_v_per_na(input).abs()
        };
        (0..self.inputs).map(of_input).fold(f64::INFINITY, f64::min)
    }

    /// Nearest ADC code of a device current; the ends of the range beyond it.
    pub fn adc_code(&self, current_na: f64) -> AdcCode {
        AdcCode(saturate(self.adc_codes(current_na)))
    }

    /// Steps of the ADC from `min` to `max`.
    pub fn adc_steps(&self, min: AdcCode, max: AdcCode) -> u32 {
        u32::from(max.0.abs_diff(min.0)) >> (16 - self.adc_bits)
    }

    /// Codes at which ADC or I-V converter end, neither rounded nor cut to the ADC's steps: the lower and the upper one.
    pub(super) fn ends_codes(&self) -> (f64, f64) {
        let clip = HALF_RANGE_CODES * self.analogue.iv_clip_v / self.analogue.adc_range_v;
        let zero = self.adc_zero_codes();
        ((zero - clip).max(-HALF_RANGE_CODES), (zero + clip).min(HALF_RANGE_CODES))
    }

    /// Whether samples between `min` and `max` reached an end of the ADC or of the I-V converter.
    pub fn clips(&self, min: AdcCode, max: AdcCode) -> bool {
        let (low, high) = self.ends_codes();
        // The top code lies a step below the end, and rounding takes up to half a step more.
        let margin = 1.5 * self.adc_step_codes();
        f64::from(max.0) >= high - margin || f64::from(min.0) <= low + margin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverting_converters_full_scale_is_minus_a_hundred_nanoamperes() {
        let scale = Scale::with_bits(16);
        assert!((scale.current_na(32768.0) + 100.0).abs() < 1e-9);
        assert_eq!(scale.adc_code(-50.0), AdcCode(16384));
        assert!(scale.clips(AdcCode(0), AdcCode(32767)));
        assert!(scale.clips(AdcCode(-32768), AdcCode(0)));
        assert!(!scale.clips(AdcCode(-32000), AdcCode(32000)));
    }

    #[test]
    fn full_scale_is_the_nearest_of_the_i_v_converter_s_clip_and_the_adc_s_ends() {
        for (clip_v, shift_v, full_scale_na, ends) in [
            (2.5, 0.0, 100.0, [-32768.0, 32768.0]),
            (5.0, 0.0, 100.0, [-32768.0, 32768.0]),
            (1.25, 0.0, 50.0, [-16384.0, 16384.0]),
            // A shift takes from one side of the ADC's range, not from the converter's clip.
            (2.5, 0.5, 80.0, [-26214.4, 32768.0]),
            (2.5, -0.5, 80.0, [-32768.0, 26214.4]),
            (1.25, 0.5, 50.0, [-9830.4, 22937.6]),
        ] {
            for gain_v_per_na in [0.025, -0.025] {
                let mut scale = Scale::with_bits(16);
                scale.analogue.iv_clip_v = clip_v;
                scale.analogue.level_shift_v = shift_v;
                scale.analogue.iv_gain_v_per_na = gain_v_per_na;
                let (low, high) = scale.ends_codes();
                assert!((scale.full_scale_na() - full_scale_na).abs() < 1e-9, "{clip_v} {shift_v}");
                assert!((low - ends[0]).abs() < 1e-9 && (high - ends[1]).abs() < 1e-9);
                let inside = |end: f64| AdcCode((end * 0.999) as i16);
                assert!(!scale.clips(inside(low), inside(high)), "{clip_v} {shift_v}");
                assert!(scale.clips(AdcCode(saturate(low)), AdcCode(0)));
                assert!(scale.clips(AdcCode(0), AdcCode(saturate(high))));
            }
        }
    }

    #[test]
    fn every_input_has_its_own_gain_and_shift() {
        let mut scale = Scale { inputs: 2, ..Scale::with_bits(16) };
        scale.analogue.iv_gains_v_per_na = Some(vec![-0.025, 0.0125]);
        scale.analogue.level_shifts_v = Some(vec![0.0, 0.5]);
        let second = scale.input(1);
        assert_eq!(scale.adc_code(50.0), AdcCode(-16384));
        // (0.0125 x 50 + 0.5) / 2.5.
        assert_eq!(second.adc_code(50.0), AdcCode(14746));
        assert!((second.current_na(14745.6) - 50.0).abs() < 1e-9);
        assert_eq!((scale.full_scale_na(), second.full_scale_na()), (100.0, 160.0));
        assert!((scale.least_adc_codes_per_na() - 163.84).abs() < 1e-9);
        assert_eq!(scale.input(0).full_scale_na(), 100.0);
    }

    #[test]
    fn a_level_shift_moves_currents_and_no_differences() {
        let mut scale = Scale::with_bits(16);
        scale.analogue.level_shift_v = 0.25;
        assert_eq!(scale.adc_code(0.0), AdcCode(3277));
        assert!((scale.current_na(3276.8)).abs() < 1e-9);
        assert!((scale.current_na(3276.8 + 3276.8) + 10.0).abs() < 1e-9);
        assert!((scale.current_difference_na(3276.8) + 10.0).abs() < 1e-9);
    }
}
