//! Voltages of an output and codes of the DAC.

use super::{saturate, HALF_RANGE_CODES};
use hge_protocol::{ControlWord, DacCode};

/// Scale of the codes of one output to volts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutputScale {
    /// Code 32768 would be this voltage above the offset.
    pub range_v: f64,
    /// Voltage of code 0.
    pub offset_v: f64,
    /// Significant bits of the DAC.
    pub bits: u32,
}

impl OutputScale {
    /// DAC codes a volt.
    pub fn codes_per_v(self) -> f64 {
        HALF_RANGE_CODES / self.range_v
    }

    /// Voltage of the DAC's last significant bit.
    pub fn step_v(self) -> f64 {
        self.step_codes() / self.codes_per_v()
    }

    fn step_codes(self) -> f64 {
        f64::from(1_u32 << (16 - self.bits))
    }

    /// Least and greatest voltage the output reaches.
    pub fn ends_v(self) -> (f64, f64) {
        (self.offset_v - self.range_v, self.offset_v + self.range_v - self.step_v())
    }

    fn codes(self, volts: f64) -> f64 {
        (volts - self.offset_v) * self.codes_per_v()
    }

    /// Nearest DAC code; the ends of the range beyond it.
    pub fn code(self, volts: f64) -> DacCode {
        DacCode(saturate(self.codes(volts)))
    }

    /// The greatest code of the DAC's own width that is not above `volts`.
    pub fn code_below(self, volts: f64) -> DacCode {
        let step = self.step_codes();
        // A voltage that is a code but for the last bits of its decimals stays that code.
        DacCode(saturate((self.codes(volts) / step + 1e-6).floor() * step))
    }

    /// The least code of the DAC's own width that is not below `volts`.
    pub fn code_above(self, volts: f64) -> DacCode {
        let step = self.step_codes();
        DacCode(saturate((self.codes(volts) / step - 1e-6).ceil() * step))
    }

    /// The least and the greatest code whose voltages lie from `low_v` to `high_v`.
    pub fn codes_within(self, low_v: f64, high_v: f64) -> (i16, i16) {
        (self.codes(low_v).ceil() as i16, self.codes(high_v).floor() as i16)
    }

    /// Codes of an amplitude, from 0 to half the range: an offset does not matter to it.
    pub fn amplitude_code(self, amplitude_v: f64) -> u16 {
        saturate((amplitude_v * self.codes_per_v()).abs()).unsigned_abs()
    }

    /// Voltage of a DAC code.
    pub fn volts(self, code: DacCode) -> f64 {
        self.offset_v + f64::from(code.0) / self.codes_per_v()
    }

    /// Control word of a voltage; the ends of the range beyond it.
    pub fn control_word(self, volts: f64) -> ControlWord {
        let word = (self.codes(volts) * 65536.0).round();
        ControlWord(word.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) as i32)
    }

    /// Voltage of a control word.
    pub fn control_volts(self, word: ControlWord) -> f64 {
        self.offset_v + f64::from(word.0) / 65536.0 / self.codes_per_v()
    }
}

#[cfg(test)]
mod tests {
    use crate::scale::Scale;
    use hge_protocol::{ControlWord, DacCode, PerOutput};

    #[test]
    fn a_voltage_comes_back_from_its_control_word_to_a_part_in_a_billion() {
        let output = Scale::with_bits(16).output(0);
        for volts in [-2.0, -1.2, 0.0, 1e-6, 0.6, 1.99] {
            assert!((output.control_volts(output.control_word(volts)) - volts).abs() < 1e-9);
        }
        assert_eq!(output.control_word(5.0), ControlWord(i32::MAX));
    }

    #[test]
    fn limits_round_outward_to_the_converters_own_steps() {
        let output = Scale::with_bits(12).output(0);
        assert_eq!(output.code_below(-1.2), DacCode(-19664));
        assert_eq!(output.code_above(0.6), DacCode(9840));
        assert_eq!(output.code_below(0.5), DacCode(4096 * 2));
        assert_eq!(output.code_above(0.5), DacCode(4096 * 2));
    }

    #[test]
    fn limits_and_ranges_round_to_their_own_side_wherever_between_two_steps_they_lie() {
        for bits in [12, 16] {
            let output = Scale::with_bits(bits).output(0);
            let step_v = output.step_v();
            for steps in [-1000.0, -3.0, 0.0, 5.0, 1000.0] {
                for share in [0.1, 0.4, 0.6, 0.9] {
                    let volts = (steps + share) * step_v;
                    let away = |code| (output.volts(code) - volts) / step_v;
                    let (below, above) = (output.code_below(volts), output.code_above(volts));
                    assert!((away(below) + share).abs() < 1e-6, "{bits} {steps} {share}");
                    assert!((away(above) - 1.0 + share).abs() < 1e-6, "{bits} {steps} {share}");
                }
            }
        }
        let output = Scale::with_bits(16).output(0);
        for (low_v, high_v) in [(-1.00001, 0.70001), (-1.00005, 0.70005), (0.1, 0.2)] {
            let (low, high) = output.codes_within(low_v, high_v);
            let volts = |code| output.volts(DacCode(code));
            assert!(volts(low) >= low_v && volts(low - 1) < low_v, "{low_v}: {low}");
            assert!(volts(high) <= high_v && volts(high + 1) > high_v, "{high_v}: {high}");
        }
    }

    #[test]
    fn every_output_has_its_own_range_and_offset() {
        let mut scale = Scale { outputs: 3, ..Scale::with_bits(16) };
        scale.analogue.dac_range_v = PerOutput::Each(vec![2.0, 10.0, 1.0]);
        scale.analogue.dac_offset_v = PerOutput::Each(vec![0.0, 0.5, -0.25]);
        let codes = [0, 1, 2].map(|k| scale.output(k).code(0.5));
        assert_eq!(codes, [8192, 0, 24576].map(DacCode));
        let amplitudes = [0, 1, 2].map(|k| scale.output(k).amplitude_code(-0.5));
        assert_eq!(amplitudes, [8192, 1638, 16384]);
        let (low_v, high_v) = scale.output(1).ends_v();
        assert!((low_v + 9.5).abs() < 1e-12 && (high_v - 10.5 + 10.0 / 32768.0).abs() < 1e-9);
        for k in 0..3 {
            let output = scale.output(k);
            assert!((output.volts(output.code(0.5)) - 0.5).abs() <= output.step_v() / 2.0);
            assert!((output.control_volts(output.control_word(0.3)) - 0.3).abs() < 1e-8);
        }
        assert_eq!(scale.least_dac_codes_per_v(), 3276.8);
    }
}
