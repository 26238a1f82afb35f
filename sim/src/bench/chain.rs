//! Parameters of the analogue chain, and its closed forms.

use super::{FeedThrough, Pole, Relaxation, Response};
use hge_protocol::Analogue;
use serde::{Deserialize, Serialize};

/// The analogue chain around a device: its scale, the `[analogue]` table of an experiment, and what is imperfect about it, the `[bench]` table.
/// Electrode i of the device is connected to output i.
///
/// The defaults are free of every effect but white noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chain {
    /// Ranges and gains as they are meant to be.
    #[serde(skip)]
    pub analogue: Analogue,
    /// Significant bits of the DAC, the instrument's: the unit of its INL.
    #[serde(skip)]
    pub dac_bits: u32,
    /// Unknown offset of the DAC; a known offset belongs to the scale.
    pub dac_offset_v: f64,
    /// Share by which the DAC's voltages are too large.
    pub dac_gain_error: f64,
    /// The DAC's INL, a bow of this height in the middle of the range.
    pub dac_inl_bow_lsb: f64,
    /// The DAC's INL, an s-curve of this height at 0.577 of the range.
    pub dac_inl_s_lsb: f64,
    /// Significant bits of the ADC, the instrument's.
    #[serde(skip)]
    pub adc_bits: u32,
    /// Unknown offset of the ADC.
    pub adc_offset_v: f64,
    /// Share by which the ADC reads too much.
    pub adc_gain_error: f64,
    /// The ADC's INL, a bow of this height in the middle of the range.
    pub adc_inl_bow_lsb: f64,
    /// The ADC's INL, an s-curve of this height at 0.577 of the range.
    pub adc_inl_s_lsb: f64,
    /// Pole of the I-V converter; without it, it has settled at every sample.
    pub iv_pole_hz: Option<f64>,
    /// Capacitance from every electrode to the device's output.
    pub feed_through_pf: f64,
    /// Capacitances electrode by electrode, instead.
    pub feed_throughs_pf: Option<Vec<f64>>,
    /// Share of a change of the current that comes late; negative overshoots.
    pub relaxation_share: f64,
    /// Time constant with which it comes.
    pub relaxation_s: f64,
    /// Changes inside a band of this width do not relax.
    pub relaxation_play_na: f64,
    /// One-sided density of the white current noise at the device's output.
    pub noise_na2_per_hz: f64,
    /// One-sided density of the 1/f current noise at 1 kHz.
    pub flicker_na2_per_hz_at_1khz: f64,
    /// Below this frequency the density stays what it is there.
    pub flicker_lowest_hz: f64,
    /// Amplitude of the mains' current at its own frequency.
    pub hum_na: f64,
    /// Frequency of the mains.
    pub hum_hz: f64,
    /// Amplitudes of twice, three times, ... that frequency, as shares.
    pub hum_harmonics: Vec<f64>,
    /// Pace at which the current runs away.
    pub drift_na_per_s: f64,
    /// Amplitude of a slow sine of the current.
    pub slow_drift_na: f64,
    /// Its period.
    pub slow_drift_period_s: f64,
    /// Amplitude of the drift of the effective electrode voltages.
    pub drift_v: f64,
    /// The same electrode by electrode, instead.
    pub electrode_drifts_v: Option<Vec<f64>>,
    /// Period of that.
    pub drift_period_s: f64,
    /// Electrode whose voltage is shifted at once.
    pub step_electrode: usize,
    /// By so much.
    pub step_v: f64,
    /// Its time after power-up.
    pub step_at_s: f64,
}

impl Default for Chain {
    /// A white noise, and the default scale.
    fn default() -> Self {
        Chain {
            analogue: Analogue::default(),
            dac_bits: 16,
            dac_offset_v: 0.0,
            dac_gain_error: 0.0,
            dac_inl_bow_lsb: 0.0,
            dac_inl_s_lsb: 0.0,
            adc_bits: 16,
            adc_offset_v: 0.0,
            adc_gain_error: 0.0,
            adc_inl_bow_lsb: 0.0,
            adc_inl_s_lsb: 0.0,
            iv_pole_hz: None,
            feed_through_pf: 0.0,
            feed_throughs_pf: None,
            relaxation_share: 0.0,
            relaxation_s: 0.022,
            relaxation_play_na: 0.0,
            noise_na2_per_hz: 2.5e-4,
            flicker_na2_per_hz_at_1khz: 0.0,
            flicker_lowest_hz: 0.1,
            hum_na: 0.0,
            hum_hz: 50.0,
            hum_harmonics: Vec::new(),
            drift_na_per_s: 0.0,
            slow_drift_na: 0.0,
            slow_drift_period_s: 60.0,
            drift_v: 0.0,
            electrode_drifts_v: None,
            drift_period_s: 600.0,
            step_electrode: 0,
            step_v: 0.0,
            step_at_s: 0.0,
        }
    }
}

impl Chain {
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
        self.relaxation_share != 0.0 || self.iv_pole_hz.is_some()
    }

    /// What a small tone on an electrode becomes, from DAC code to ADC code of the same sample: nA/V in terms of
    /// [`Chain::volts`] and [`Chain::current_na`], where the device has this slope.
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
