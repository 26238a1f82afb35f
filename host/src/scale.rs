//! Codes and SI values: the one place where the host knows converters and I-V converter.

use hge_protocol::{AdcCode, ControlWord, DacCode};

/// Codes of half a converter's range.
pub const HALF_RANGE_CODES: f64 = 32768.0;

/// Ranges, widths and gains around the instrument.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// DAC full scale: code 32768 would be this voltage.
    pub dac_range_v: f64,
    /// Significant bits of the DAC.
    pub dac_bits: u32,
    /// ADC full scale: code 32768 would be this voltage.
    pub adc_range_v: f64,
    /// Significant bits of the ADC.
    pub adc_bits: u32,
    /// Gain of the I-V converter, negative when it inverts.
    pub iv_gain_v_per_na: f64,
    /// The I-V converter clips at plus and minus this voltage.
    pub iv_clip_v: f64,
}

impl Scale {
    /// DAC codes a volt.
    pub fn dac_codes_per_v(&self) -> f64 {
        HALF_RANGE_CODES / self.dac_range_v
    }

    /// Codes of the DAC's last significant bit.
    pub fn dac_step_codes(&self) -> i32 {
        1 << (16 - self.dac_bits)
    }

    /// Voltage of the DAC's last significant bit.
    pub fn dac_step_v(&self) -> f64 {
        f64::from(self.dac_step_codes()) / self.dac_codes_per_v()
    }

    /// Greatest voltage the DAC reaches.
    pub fn dac_top_v(&self) -> f64 {
        self.dac_range_v - self.dac_step_v()
    }

    /// Nearest DAC code; the ends of the range beyond it.
    pub fn dac_code(&self, volts: f64) -> DacCode {
        DacCode(saturate(volts * self.dac_codes_per_v()))
    }

    /// The greatest code of the DAC's own width that is not above `volts`.
    pub fn dac_code_below(&self, volts: f64) -> DacCode {
        let step = f64::from(self.dac_step_codes());
        // A voltage that is a code but for the last bits of its decimals stays that code.
        DacCode(saturate((volts * self.dac_codes_per_v() / step + 1e-6).floor() * step))
    }

    /// The least code of the DAC's own width that is not below `volts`.
    pub fn dac_code_above(&self, volts: f64) -> DacCode {
        let step = f64::from(self.dac_step_codes());
        DacCode(saturate((volts * self.dac_codes_per_v() / step - 1e-6).ceil() * step))
    }

    /// Voltage of a DAC code.
    pub fn dac_volts(&self, code: DacCode) -> f64 {
        f64::from(code.0) / self.dac_codes_per_v()
    }

    /// Control word of a voltage; the ends of the range beyond it.
    pub fn control_word(&self, volts: f64) -> ControlWord {
        let word = (volts * self.dac_codes_per_v() * 65536.0).round();
        ControlWord(word.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i32)
    }

    /// Voltage of a control word.
    pub fn control_volts(&self, word: ControlWord) -> f64 {
        f64::from(word.0) / 65536.0 / self.dac_codes_per_v()
    }

    /// ADC codes a nanoampere, with the I-V converter's sign.
    pub fn adc_codes_per_na(&self) -> f64 {
        self.iv_gain_v_per_na / self.adc_range_v * HALF_RANGE_CODES
    }

    /// Device current of a (mean) ADC code.
    pub fn current_na(&self, code: f64) -> f64 {
        code / self.adc_codes_per_na()
    }

    /// Greatest magnitude of a current that the chain shows.
    pub fn full_scale_na(&self) -> f64 {
        self.iv_clip_v.min(self.adc_range_v) / self.iv_gain_v_per_na.abs()
    }

    /// Nearest ADC code of a device current; the ends of the range beyond it.
    pub fn adc_code(&self, current_na: f64) -> AdcCode {
        AdcCode(saturate(current_na * self.adc_codes_per_na()))
    }

    /// Steps of the ADC from `min` to `max`.
    pub fn adc_steps(&self, min: AdcCode, max: AdcCode) -> u32 {
        u32::from(max.0.abs_diff(min.0)) >> (16 - self.adc_bits)
    }

    /// Whether samples between `min` and `max` touched an end of the ADC or of the I-V converter.
    pub fn clips(&self, min: AdcCode, max: AdcCode) -> bool {
        let end = HALF_RANGE_CODES * (self.iv_clip_v / self.adc_range_v).min(1.0);
        // The top code lies a step below the end, and rounding takes up to half a step more.
        let edge = end - 1.5 * f64::from(1 << (16 - self.adc_bits));
        f64::from(max.0) >= edge || f64::from(min.0) <= -edge
    }
}

fn saturate(codes: f64) -> i16 {
    codes.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
}

#[cfg(test)]
impl Scale {
    /// The scale of unit tests: +-2 V, and +-100 nA by an inverting converter.
    pub(crate) fn of_tests(bits: u32) -> Self {
        Scale {
            dac_range_v: 2.0,
            dac_bits: bits,
            adc_range_v: 2.5,
            adc_bits: bits,
            iv_gain_v_per_na: -0.025,
            iv_clip_v: 2.5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voltage_comes_back_from_its_control_word_to_a_part_in_a_billion() {
        let scale = Scale::of_tests(16);
        for volts in [-2.0, -1.2, 0.0, 1e-6, 0.6, 1.99] {
            assert!((scale.control_volts(scale.control_word(volts)) - volts).abs() < 1e-9);
        }
        assert_eq!(scale.control_word(5.0), ControlWord(i32::MAX));
    }

    #[test]
    fn limits_round_outward_to_the_converters_own_steps() {
        let scale = Scale::of_tests(12);
        assert_eq!(scale.dac_code_below(-1.2), DacCode(-19664));
        assert_eq!(scale.dac_code_above(0.6), DacCode(9840));
        assert_eq!(scale.dac_code_below(0.5), DacCode(4096 * 2));
        assert_eq!(scale.dac_code_above(0.5), DacCode(4096 * 2));
    }

    #[test]
    fn the_inverting_converters_full_scale_is_minus_a_hundred_nanoamperes() {
        let scale = Scale::of_tests(16);
        assert!((scale.current_na(32768.0) + 100.0).abs() < 1e-9);
        assert_eq!(scale.adc_code(-50.0), AdcCode(16384));
        assert!(scale.clips(AdcCode(0), AdcCode(32767)));
        assert!(scale.clips(AdcCode(-32768), AdcCode(0)));
        assert!(!scale.clips(AdcCode(-32000), AdcCode(32000)));
    }
}
