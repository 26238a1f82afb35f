//! Errors of a DAC or an ADC.

use super::Chain;
use hge_protocol::Analogue;

/// The peak of u (1 - u^2) is at 1 / sqrt(3), 2 / (3 sqrt(3)): its inverse.
const S_CURVE: f64 = 2.598_076_211_353_316;

/// A DAC or an ADC with errors, from what stands at its input to what its transfer makes of it, in volts:
///
/// (1 + gain_error) v + offset_v + LSB (bow (1 - u^2) + s (3 sqrt(3) / 2) u (1 - u^2)), u = v / range,
///
/// u, for the nonlinear part, cut to -1..1. INL is the distance from the line through the ends: `bow_lsb` is largest in the
/// middle, the s-curve is +-`s_lsb` at +-0.577 of the range. Of a tone of amplitude A around zero the bow makes a second
/// harmonic of bow (A / range)^2 / 2 LSB.
#[derive(Clone, Debug, PartialEq)]
pub struct Converter {
    /// Code 32768 would be this voltage.
    range_v: f64,
    /// Known voltage: of a DAC at code 0, of an ADC between the I-V converter and it.
    shift_v: f64,
    /// Codes of an LSB.
    step: f64,
    gain_error: f64,
    /// Offset and INL, in ranges.
    offset: f64,
    bow: f64,
    s_curve: f64,
    ideal: bool,
}

impl Converter {
    /// The chain's DAC, at one of its outputs.
    pub fn dac(chain: &Chain, output: usize) -> Self {
        let errors = [chain.dac_gain_error, chain.dac_inl_bow_lsb, chain.dac_inl_s_lsb];
        let Analogue { dac_range_v, dac_offset_v, .. } = &chain.analogue;
        let line_v = [dac_range_v.of(output), dac_offset_v.of(output)];
        Converter::new(line_v, chain.dac_bits, chain.dac_offset_v, errors)
    }

    /// The chain's ADC.
    pub fn adc(chain: &Chain) -> Self {
        let errors = [chain.adc_gain_error, chain.adc_inl_bow_lsb, chain.adc_inl_s_lsb];
        let Analogue { adc_range_v, level_shift_v, .. } = chain.analogue;
        Converter::new([adc_range_v, level_shift_v], chain.adc_bits, chain.adc_offset_v, errors)
    }

    fn new([range_v, shift_v]: [f64; 2], bits: u32, offset_v: f64, errors: [f64; 3]) -> Self {
        let [gain_error, bow_lsb, s_lsb] = errors;
        let step = (16.0 - f64::from(bits)).exp2();
        let lsb = step / 32768.0;
        Converter {
            range_v,
            shift_v,
            step,
            gain_error,
            offset: offset_v / range_v,
            bow: lsb * bow_lsb,
            s_curve: lsb * s_lsb * S_CURVE,
            ideal: offset_v == 0.0 && errors == [0.0; 3],
        }
    }

    /// A DAC's voltage at a code.
    pub fn volts(&self, code: i16) -> f64 {
        self.transfer(f64::from(code) / 32768.0) * self.range_v + self.shift_v
    }

    /// An ADC's code at a voltage of the I-V converter: rounded to its bits, left-aligned, cut where its range ends.
    pub fn code(&self, volts: f64) -> i16 {
        let steps =
            (self.transfer((volts + self.shift_v) / self.range_v) * 32768.0 / self.step).round();
        (steps.clamp(-32768.0 / self.step, 32768.0 / self.step - 1.0) * self.step) as i16
    }

    fn transfer(&self, u: f64) -> f64 {
        if self.ideal {
            return u;
        }
        let inner = u.clamp(-1.0, 1.0);
        let inl = (self.bow + self.s_curve * inner) * (1.0 - inner * inner);
        u * (1.0 + self.gain_error) + self.offset + inl
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_protocol::PerOutput;

    fn chain() -> Chain {
        Chain { dac_bits: 12, adc_bits: 12, ..Chain::default() }
    }

    /// Volts of an LSB of 12 bits at 2 V.
    const DAC_LSB_V: f64 = 4.0 / 4096.0;

    #[test]
    fn offset_and_gain_error_are_a_line() {
        let chain = Chain { dac_offset_v: 0.003, dac_gain_error: -0.02, ..chain() };
        let dac = Converter::dac(&chain, 0);
        for code in [-32768, -1234, 0, 16384, 32767] {
            let wanted_v = chain.volts(0, f64::from(code)) * 0.98 + 0.003;
            assert!((dac.volts(code) - wanted_v).abs() < 1e-12, "{code}");
        }
    }

    #[test]
    fn an_output_s_known_offset_and_the_level_shift_are_lines_of_the_chain_s_closed_forms() {
        let analogue = Analogue {
            dac_range_v: PerOutput::Each(vec![2.0, 10.0]),
            dac_offset_v: PerOutput::Each(vec![0.0, -0.25]),
            level_shift_v: 0.1,
            ..Analogue::default()
        };
        let chain = Chain { analogue, adc_bits: 16, ..chain() };
        for (output, code, volts) in [(0, 16384, 1.0), (1, 16384, 4.75), (1, 0, -0.25)] {
            assert_eq!(Converter::dac(&chain, output).volts(code), volts);
            assert_eq!(chain.volts(output, f64::from(code)), volts);
        }
        // 20 nA at -0.025 V/nA are -0.5 V, -0.4 V with the shift: 0.16 of 2.5 V.
        assert_eq!(Converter::adc(&chain).code(-0.5), -5243);
        assert!((chain.code(20.0) + 0.16 * 32768.0).abs() < 1e-9);
        assert!((chain.current_na(-0.16 * 32768.0) - 20.0).abs() < 1e-9);
    }

    #[test]
    fn the_bow_is_largest_in_the_middle_and_the_s_curve_at_0_577_of_the_range() {
        let off = |chain: &Chain, code: i16| {
            (Converter::dac(chain, 0).volts(code) - chain.volts(0, f64::from(code))) / DAC_LSB_V
        };
        let bow = Chain { dac_inl_bow_lsb: 3.0, ..chain() };
        let s_curve = Chain { dac_inl_s_lsb: -2.0, ..chain() };
        let at = |share: f64| (share * 32768.0) as i16;
        assert_eq!([off(&bow, -32768), off(&s_curve, -32768), off(&s_curve, 0)], [0.0; 3]);
        for (found, wanted) in [
            (off(&bow, 0), 3.0),
            (off(&bow, at(0.5)), 2.25),
            (off(&bow, at(-0.5)), 2.25),
            (off(&s_curve, at(1.0 / 3.0_f64.sqrt())), -2.0),
            (off(&s_curve, at(-1.0 / 3.0_f64.sqrt())), 2.0),
        ] {
            assert!((found - wanted).abs() < 1e-6, "{found} {wanted}");
        }
        let largest =
            |chain: &Chain| (-32768..=32767).map(|code| off(chain, code).abs()).fold(0.0, f64::max);
        assert!((largest(&bow) - 3.0).abs() < 1e-6 && (largest(&s_curve) - 2.0).abs() < 1e-6);
    }

    #[test]
    fn a_bow_makes_the_second_harmonic_of_its_closed_form() {
        let chain = Chain { dac_inl_bow_lsb: 3.0, ..chain() };
        let (dac, n) = (Converter::dac(&chain, 0), 4096);
        let turn = |k: usize| std::f64::consts::TAU * 5.0 * k as f64 / n as f64;
        let second: f64 = (0..n)
            .map(|k| dac.volts((16384.0 * turn(k).sin()).round() as i16) * (2.0 * turn(k)).cos())
            .sum::<f64>()
            * 2.0
            / n as f64;
        // -(1 - cos 2x) / 2 of 3 (A / range)^2 LSB. Rounding to 16 bits leaves a hundredth of that at most.
        let wanted = 3.0 * 0.25 / 2.0 * DAC_LSB_V;
        assert!((second / wanted - 1.0).abs() < 0.01, "{second} {wanted}");
    }

    #[test]
    fn an_adc_rounds_to_its_bits_and_stops_at_its_ends() {
        let adc = Converter::adc(&chain());
        let lsb_v = 5.0 / 4096.0;
        for (volts, code) in [(0.0, 0), (0.49 * lsb_v, 0), (0.51 * lsb_v, 16), (-0.51 * lsb_v, -16)]
        {
            assert_eq!(adc.code(volts), code, "{volts} V");
        }
        assert_eq!([adc.code(9.0), adc.code(-9.0)], [32752, -32768]);
    }

    #[test]
    fn an_adc_s_errors_are_those_of_its_transfer() {
        let chain = Chain {
            adc_offset_v: -0.01,
            adc_gain_error: 0.01,
            adc_inl_bow_lsb: 4.0,
            adc_inl_s_lsb: 1.5,
            adc_bits: 14,
            ..chain()
        };
        let (adc, lsb_v) = (Converter::adc(&chain), 5.0 / 16384.0);
        for n in -100..=100 {
            let u = f64::from(n) / 101.0;
            let inl_lsb = 4.0 * (1.0 - u * u) + 1.5 * S_CURVE * u * (1.0 - u * u);
            let wanted_v = u * 2.5 * 1.01 - 0.01 + inl_lsb * lsb_v;
            let wanted = (wanted_v / lsb_v).round().clamp(-8192.0, 8191.0) * 4.0;
            assert_eq!(f64::from(adc.code(u * 2.5)), wanted, "{u}");
        }
    }

    #[test]
    fn beyond_the_range_there_is_gain_and_no_non_linearity() {
        let chain = Chain {
            adc_gain_error: -0.5,
            adc_inl_bow_lsb: 900.0,
            adc_inl_s_lsb: 700.0,
            ..Chain::default()
        };
        let adc = Converter::adc(&chain);
        assert_eq!(adc.code(1.5 * chain.analogue.adc_range_v), 24_576);
        assert_eq!(adc.code(-1.5 * chain.analogue.adc_range_v), -24_576);
    }
}
