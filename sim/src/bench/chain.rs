//! Parameters of the analogue chain, and its closed forms.

use super::{FeedThrough, Pole, Relaxation, Response};
use hge_protocol::keys::Rule;
use hge_protocol::Analogue;
use serde::{Deserialize, Serialize};

/// Densities of noise, in nA^2/Hz; amplitudes of currents, of which a milliampere is far above every range, in nA; capacitances, of which a
/// microfarad is no stray one, in pF.
const SIZE: Rule = Rule::Within(0.0, 1e6);

/// Times and frequencies that a double's phase keeps apart.
const TIME: Rule = Rule::Within(1e-6, 1e6);
const FREQUENCY: Rule = Rule::Within(1e-6, 1e9);

/// Errors of converters that are still converters.
const GAIN_ERROR: Rule = Rule::Within(-0.5, 0.5);
const INL_LSB: Rule = Rule::Within(-1000.0, 1000.0);

hge_protocol::keys! {
    /// The analogue chain around a device: its scale, the `[analogue]` table of an experiment, and its imperfections, the `[bench]` table.
    /// Electrode i of the device is connected to output i.
    ///
    /// The defaults are the default scale, with white noise and no other effect.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Chain {
        /// Pole of the I-V converter, 1 / (2 pi R C); without it the converter settles within every sample.
        iv_pole_hz: Option<f64> [FREQUENCY] = None;
        /// Poles input by input, instead.
        iv_poles_hz: Option<Vec<f64>> [FREQUENCY] = None;
        /// Stray capacitance from every electrode to the device's output, pF; 1 pF, 1 kHz, 10 mV: 63 pA in quadrature.
        feed_through_pf: f64 [SIZE] = 0.0;
        /// Capacitances electrode by electrode, instead.
        feed_throughs_pf: Option<Vec<f64>> [SIZE] = None;
        /// Fraction of a change of the device's current that relaxes, -1 to 1; negative overshoots.
        relaxation_share: f64 [Rule::Within(-1.0, 1.0)] = 0.0;
        /// Time constant of the relaxation.
        relaxation_s: f64 [TIME] = 0.022;
        /// Time constants input by input, instead.
        relaxations_s: Option<Vec<f64>> [TIME] = None;
        /// Changes within a band of this width, peak to peak, do not relax (below).
        relaxation_play_na: f64 [SIZE] = 0.0;
        /// One-sided density of the white current noise.
        noise_na2_per_hz: f64 [SIZE] = 2.5e-4;
        /// One-sided density of the 1/f current noise at 1 kHz; it equals the white one at 1 kHz times the quotient of the two.
        flicker_na2_per_hz_at_1khz: f64 [SIZE] = 0.0;
        /// Below this it is flat; at most a tenth of `rate_hz`.
        flicker_lowest_hz: f64 [FREQUENCY] = 0.1;
        /// Mains: amplitude of its current; its phase comes from the seed.
        hum_na: f64 [SIZE] = 0.0;
        /// Mains: its frequency.
        hum_hz: f64 [FREQUENCY] = 50.0;
        /// Amplitudes at 2, 3, ... times `hum_hz`, as shares of `hum_na`.
        hum_harmonics: Vec<f64> [Rule::Within(0.0, 10.0)] = Vec::new();
        /// Rate of the current's drift from the first sample on.
        drift_na_per_s: f64 [Rule::Within(-1e6, 1e6)] = 0.0;
        /// Amplitude of a slow sine of the current.
        slow_drift_na: f64 [SIZE] = 0.0;
        /// Period of the slow sine.
        slow_drift_period_s: f64 [TIME] = 60.0;
        /// Triangular drift of the effective electrode voltages, of this amplitude and the rate 4 `drift_v` / `drift_period_s`; even electrodes rise first,
        /// odd ones fall.
        drift_v: f64 [Rule::WithinDacRange] = 0.0;
        /// Period of that drift.
        drift_period_s: f64 [TIME] = 600.0;
        /// Amplitudes electrode by electrode, instead.
        electrode_drifts_v: Option<Vec<f64>> [Rule::WithinDacRange] = None;
        /// Step of the effective voltage of one electrode.
        step_v: f64 [Rule::WithinDacRange] = 0.0;
        /// Electrode of the step.
        step_electrode: usize = 0;
        /// Time of the step after power-up.
        step_at_s: f64 [Rule::Within(0.0, 1e6)] = 0.0;
        /// Offset of the DAC, unknown to the host.
        dac_offset_v: f64 [Rule::WithinDacRange] = 0.0;
        /// Offset of the ADC, unknown to the host.
        adc_offset_v: f64 [Rule::WithinAdcRange] = 0.0;
        /// Relative gain error of the DAC: 0.01 is 1 % too much.
        dac_gain_error: f64 [GAIN_ERROR] = 0.0;
        /// Relative gain error of the ADC.
        adc_gain_error: f64 [GAIN_ERROR] = 0.0;
        /// Integral nonlinearity of the DAC, a bow of this height in the middle of the range, LSB of `dac_bits`.
        dac_inl_bow_lsb: f64 [INL_LSB] = 0.0;
        /// Integral nonlinearity of the ADC, a bow of this height in the middle of the range, LSB of `adc_bits`.
        adc_inl_bow_lsb: f64 [INL_LSB] = 0.0;
        /// Integral nonlinearity of the DAC, an s-curve that is plus and minus this at plus and minus 0.577 of the range.
        dac_inl_s_lsb: f64 [INL_LSB] = 0.0;
        /// Integral nonlinearity of the ADC, an s-curve that is plus and minus this at plus and minus 0.577 of the range.
        adc_inl_s_lsb: f64 [INL_LSB] = 0.0;
    }
    besides {
        /// Nominal ranges and gains.
        analogue: Analogue = Analogue::default();
        /// Significant bits of the DAC, the instrument's: the unit of its INL.
        dac_bits: u32 = 16;
        /// Significant bits of the ADC, the instrument's.
        adc_bits: u32 = 16;
    }
}

impl Chain {
    /// The chain behind one output of the device, at input `input`.
    pub fn of_input(&self, input: usize) -> Self {
        let of = |list: &Option<Vec<f64>>| list.as_ref().and_then(|list| list.get(input)).copied();
        Chain {
            iv_pole_hz: of(&self.iv_poles_hz).or(self.iv_pole_hz),
            relaxation_s: of(&self.relaxations_s).unwrap_or(self.relaxation_s),
            iv_poles_hz: None,
            relaxations_s: None,
            analogue: self.analogue.of_input(input),
            ..self.clone()
        }
    }

    /// Voltage of an output at a DAC code, of a DAC without errors.
    pub fn volts(&self, output: usize, code: f64) -> f64 {
        let Analogue { dac_range_v, dac_offset_v, .. } = &self.analogue;
        dac_offset_v.of(output) + code / 32768.0 * dac_range_v.of(output)
    }

    /// Device current of a (mean) ADC code, inverting the converter.
    pub fn current_na(&self, code: f64) -> f64 {
        let Analogue { adc_range_v, iv_gain_v_per_na, level_shift_v, .. } = &self.analogue;
        (code / 32768.0 * adc_range_v - level_shift_v) / iv_gain_v_per_na
    }

    /// ADC code, not yet rounded, of a device current.
    pub fn code(&self, current_na: f64) -> f64 {
        let Analogue { adc_range_v, iv_gain_v_per_na, level_shift_v, .. } = &self.analogue;
        (current_na * iv_gain_v_per_na + level_shift_v) / adc_range_v * 32768.0
    }

    /// Capacitance from an electrode to the device's output.
    pub fn capacitance_pf(&self, electrode: usize) -> f64 {
        match &self.feed_throughs_pf {
            Some(list) => list.get(electrode).copied().unwrap_or(0.0),
            None => self.feed_through_pf,
        }
    }

    /// Amplitude of the drift of an electrode's effective voltage.
    pub fn drift_of_v(&self, electrode: usize) -> f64 {
        match &self.electrode_drifts_v {
            Some(list) => list.get(electrode).copied().unwrap_or(0.0),
            None => self.drift_v,
        }
    }

    /// Whether the current depends on the previous sample.
    pub(super) fn remembers(&self) -> bool {
        self.relaxation_share != 0.0 || self.iv_pole_hz.is_some() || self.iv_poles_hz.is_some()
    }

    /// What a small tone on an electrode becomes, from DAC code to ADC code of the same sample: nA/V in terms of
    /// [`Chain::volts`] and [`Chain::current_na`], where the device has this slope, at the input that the chain is [of](Chain::of_input).
    ///
    /// H_pole (slope H_relaxation + H_feed-through), gain errors included: as the slope varies, the points of (in phase, quadrature) lie on a
    /// line. The converters' whole samples of latency and the instrument's own come on top, a lag of 2 pi f / f_s each; with play
    /// `H_relaxation` is 1 (see [`Relaxation`]). INL is not in it.
    pub fn response(
        &self,
        slope_na_per_v: f64,
        electrode: usize,
        f_hz: f64,
        rate_hz: f64,
    ) -> Response {
        let share = if self.relaxation_play_na > 0.0 { 0.0 } else { self.relaxation_share };
        let device = Relaxation::response(share, self.relaxation_s, f_hz, rate_hz);
        let past = FeedThrough::response(self.capacitance_pf(electrode), f_hz, rate_hz);
        let pole =
            self.iv_pole_hz.map_or(Response::ONE, |pole_hz| Pole::response(pole_hz, f_hz, rate_hz));
        let gains = (1.0 + self.dac_gain_error) * (1.0 + self.adc_gain_error);
        device.times(slope_na_per_v).beside(past).then(pole).times(gains)
    }
}
