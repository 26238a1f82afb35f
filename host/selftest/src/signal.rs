//! The chain from output to input: offset, noise, hum, scale, polarity, latency, lock-in.

use super::stand::Stand;
use super::{Error, Fixture, Row, Settings};
use hge_core::spectrum::{Known, Spectrum};
use hge_driver::text::number;
use std::f64::consts::TAU;

/// Share of the ADC's range by which zero may be off: two resistors of 1 % before the ADC, and as much for the level shift.
const OFFSET: f64 = 0.02;

/// Tolerance of the latency in samples: a complete sample is a fault.
const LATENCY_SAMPLES: f64 = 0.5;

/// Share by which the lock-in may differ from the steady voltages.
const LOCK_IN: f64 = 0.05;

/// Samples of the hum's capture, at least.
const HUM_SAMPLES: f64 = 1000.0;

/// Offset, noise and hum with all outputs at 0 V, armed.
pub(super) fn at_rest(stand: &mut Stand, settings: &Settings) -> Result<Vec<Row>, Error> {
    let unit = settings.fixture.unit();
    let per_volt = settings.fixture.per_adc_volt(stand.scale());
    let level = stand.levels(&[stand.row(0, 0.0)])?[0];
    let end_v = stand.adc_end_v();
    let offset_bound = (OFFSET * end_v * per_volt).abs();
    let offset = Row::judged(
        "offset",
        level.adc_v * per_volt,
        unit.current,
        (-offset_bound, offset_bound),
        "mean with all outputs at 0 V: 2 % of the input's range for resistors of 1 % in level shift and ADC driver",
        "the input is not at zero: check the level shift's reference, the I-V converter's bias and a leak to a supply",
    );
    if level.clipped {
        let reason = "the input is at an end of its range: see the offset";
        let rows = vec![offset, Row::not_run("noise", reason), Row::not_run("mains hum", reason)];
        return Ok(rows);
    }
    let volts = match stand.capture(settings.noise_samples, 1) {
        Ok(volts) => volts,
        Err(Error::Driver(hge_driver::DriverError::Capture { .. })) => {
            let reason =
                "codes were lost: the line is too slow for this sample rate, lower rate_hz";
            let rows =
                vec![offset, Row::not_run("noise", reason), Row::not_run("mains hum", reason)];
            return Ok(rows);
        }
        Err(error) => return Err(error),
    };
    let count = volts.len() as f64;
    let mean = volts.iter().sum::<f64>() / count;
    stand.noise_v = (volts.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
    let noise = noise_row(stand, settings, &volts)?;
    let hum = hum_row(stand, settings)?;
    Ok(vec![offset, noise, hum])
}

fn noise_row(stand: &Stand, settings: &Settings, volts: &[f64]) -> Result<Row, Error> {
    let (unit, rate_hz) = (settings.fixture.unit(), stand.rate_hz());
    let per_volt = settings.fixture.per_adc_volt(stand.scale()).abs();
    let known = Known { tones_hz: Vec::new(), mains_hz: Some(settings.mains_hz.unwrap_or(50.0)) };
    let spectrum = Spectrum::of(volts, rate_hz, None, &known)?;
    let floor = spectrum.floor_na_per_rt_hz * per_volt;
    // A uniform error of one step, white up to half the sample rate.
    let quantisation = stand.adc_step_v() / 12f64.sqrt() / (rate_hz / 2.0).sqrt() * per_volt;
    let allowed = settings.noise_na_per_rt_hz * settings.noise_unit(stand.scale());
    let rms_codes = stand.noise_v / stand.adc_step_v();
    let basis = format!(
        "noise density, {} steps rms of the ADC: twice the quantisation floor of {} {}, or --noise",
        number((rms_codes * 100.0).round() / 100.0),
        number(format!("{quantisation:.2e}").parse().unwrap_or(quantisation)),
        unit.density
    );
    let advice = "the noise is too high: shield input and resistor, shorten cables, check the grounds and the supply (docs/hardware.md, ground and shield)";
    Ok(Row::judged(
        "noise",
        floor,
        unit.density,
        (0.0, allowed.max(2.0 * quantisation)),
        basis,
        advice,
    ))
}

fn hum_row(stand: &mut Stand, settings: &Settings) -> Result<Row, Error> {
    let rate_hz = stand.rate_hz();
    let decimation = (rate_hz * settings.hum_s / HUM_SAMPLES).floor().clamp(1.0, 65_535.0);
    let samples = (rate_hz * settings.hum_s / decimation).round().max(64.0) as u32;
    let volts = stand.capture(samples, decimation as u16)?;
    let thinned_hz = rate_hz / decimation;
    let frequencies = settings.mains();
    let amplitude = |hz: f64| {
        let squares = [1.0, 2.0, 3.0].map(|n| line(&volts, n * hz / thinned_hz).powi(2));
        squares.iter().sum::<f64>().sqrt()
    };
    let found = frequencies.iter().map(|&hz| (hz, amplitude(hz)));
    let (hz, hum_v) = found.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((50.0, 0.0));
    let per_volt = settings.fixture.per_adc_volt(stand.scale()).abs();
    // Three lines of the noise alone: sqrt(3) of 2 sigma sqrt(1.5 / N) each under a Hann window.
    let noise_v = stand.noise_v * 2.0 * (4.5 / volts.len() as f64).sqrt();
    let allowed = settings.hum_na * settings.noise_unit(stand.scale());
    let basis = format!(
        "amplitude at {} Hz and twice and three times that, over {} s: --hum, or three times the noise of a line",
        number(hz),
        number(settings.hum_s)
    );
    let advice = "the mains reach the input: close the shield, keep one ground, move supplies away, or choose windows of whole mains periods";
    let bounds = (0.0, allowed.max(3.0 * noise_v * per_volt));
    Ok(Row::judged(
        "mains hum",
        hum_v * per_volt,
        settings.fixture.unit().current,
        bounds,
        basis,
        advice,
    ))
}

/// Amplitude at this frequency in turns a sample, with a Hann window.
fn line(values: &[f64], turns: f64) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let (mut real, mut imaginary, mut weights) = (0.0, 0.0, 0.0);
    for (n, value) in values.iter().enumerate() {
        let weight = 1.0 - (TAU * (n as f64 + 0.5) / count).cos();
        let angle = TAU * turns * n as f64;
        real += weight * (value - mean) * angle.cos();
        imaginary += weight * (value - mean) * angle.sin();
        weights += weight;
    }
    2.0 * real.hypot(imaginary) / weights
}

/// Magnitude and sign of the gain, against the declared analogue scale.
pub(super) fn scale_rows(stand: &Stand, settings: &Settings, gain: Option<f64>) -> [Row; 2] {
    let Some(gain) = gain else {
        let reason = "no output moves the input";
        return [Row::not_run("scale", reason), Row::not_run("polarity", reason)];
    };
    let per_volt = settings.fixture.per_adc_volt(stand.scale()).abs();
    let declared = stand.declared_gain();
    let (found, expected) = (gain.abs() * per_volt, declared.abs() * per_volt);
    let tolerance = settings.tolerance;
    let (what, keys) = match settings.fixture {
        Fixture::Resistor(mohm) => (
            format!("{} MOhm", number(mohm)),
            "the resistor, dac_range_v, adc_range_v and iv_gain_v_per_na",
        ),
        Fixture::Wire => ("a wire".into(), "dac_range_v and adc_range_v"),
    };
    let advice = format!("the gain is {:.3} of the declared one: check {keys}", found / expected);
    let bounds = (expected * (1.0 - tolerance), expected * (1.0 + tolerance));
    let basis = format!(
        "slope of the input, {what} and the declared scale to {} %",
        number(tolerance * 100.0)
    );
    let scale = Row::judged("scale", found, settings.fixture.unit().slope, bounds, basis, advice);
    let is_right = gain.signum() == declared.signum();
    let advice = match settings.fixture {
        Fixture::Resistor(_) => {
            let sign = if declared < 0.0 { "positive" } else { "negative" };
            format!("the sign is reversed: make iv_gain_v_per_na {sign}, or swap the inputs of the level shift")
        }
        Fixture::Wire => "the sign is reversed: swap the inputs of the level shift".into(),
    };
    let polarity = Row::judged(
        "polarity",
        if is_right { 1.0 } else { -1.0 },
        "",
        (1.0, 1.0),
        "sign of the slope over that of the declared one",
        advice,
    );
    [scale, polarity]
}

/// Latency of the loop and gain of the lock-in, from two tones on an output of this gain.
pub(super) fn tone_rows(stand: &mut Stand, output: usize, gain: f64) -> Result<[Row; 2], Error> {
    let window_samples = stand.window_samples();
    let amplitude_v = (stand.reach_v() / 8.0).max(4.0 * stand.scale().output(output).step_v());
    let latency = f64::from(stand.plan().parameters().loop_latency_samples());
    // An eighth of the sample rate tells fractions of a sample, a thirty-second which of sixteen it is.
    let [slow, fast] = [window_samples / 32, window_samples / 8];
    let slow_answer = stand.tone(output, slow, amplitude_v)?.map(|part| part / gain);
    let fast_answer = stand.tone(output, fast, amplitude_v)?.map(|part| part / gain);
    let turn = |cycles: u32| TAU * f64::from(cycles) / f64::from(window_samples);
    let pole = pole_share(fast_answer[0].hypot(fast_answer[1]), turn(fast));
    let lag = |answer: [f64; 2], w: f64| {
        let of_pole = -(pole * w.sin()).atan2(1.0 - pole * w.cos());
        -(answer[1].atan2(answer[0]) - of_pole)
    };
    let coarse = lag(slow_answer, turn(slow)) / turn(slow);
    let phase = lag(fast_answer, turn(fast));
    let turns = ((coarse * turn(fast) - phase) / TAU).round();
    let extra = (phase + turns * TAU) / turn(fast);
    let rate_hz = stand.rate_hz();
    let pole_text = if pole > 0.02 {
        let pole_hz = -rate_hz * pole.ln() / TAU;
        format!(", without that of a pole near {} Hz", number(pole_hz.round()))
    } else {
        String::new()
    };
    let bounds = (latency - LATENCY_SAMPLES, latency + LATENCY_SAMPLES);
    let latency_row = Row::judged(
        "latency",
        latency + extra,
        "samples",
        bounds,
        format!("delay of a tone of {} Hz from output to input{pole_text}, against the latency of the gateware", number(rate_hz / 8.0)),
        "the loop latency differs from that of the gateware: check instrument.converter_latency_samples, the converters' wiring and a slow filter before the ADC",
    );
    let w = turn(slow);
    let of_pole = (1.0 - pole) / (1.0 - 2.0 * pole * w.cos() + pole * pole).sqrt();
    let ratio = slow_answer[0].hypot(slow_answer[1]) / of_pole;
    let lock_in = Row::judged(
        "lock-in gain",
        ratio,
        "",
        (1.0 - LOCK_IN, 1.0 + LOCK_IN),
        format!("response to a tone of {} Hz over that to steady voltages", number(rate_hz / 32.0)),
        "tones and steady voltages do not agree: look for a filter, a capacitance across the resistor or a clipping input",
    );
    Ok([latency_row, lock_in])
}

/// The a of (1 - a) / (1 - a / z) whose magnitude is `share` at `w` radians a sample; 0 where nothing is lost.
fn pole_share(share: f64, w: f64) -> f64 {
    let square = share * share;
    if !(0.0..0.995).contains(&square) {
        return 0.0;
    }
    let half = 1.0 - square * w.cos();
    (half - (half * half - (1.0 - square).powi(2)).max(0.0).sqrt()) / (1.0 - square)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pole_is_found_from_what_it_leaves_of_a_tone() {
        let w = TAU / 8.0;
        for a in [0.05, 0.3, 0.8] {
            let share = (1.0 - a) / (1.0 - 2.0 * a * w.cos() + a * a).sqrt();
            assert!((pole_share(share, w) - a).abs() < 1e-9, "{a}");
        }
        assert_eq!(pole_share(1.02, w), 0.0);
    }

    #[test]
    fn a_line_has_its_amplitude_whatever_its_phase_and_the_mean() {
        for phase in [0.0, 1.0, 2.5] {
            let values: Vec<f64> =
                (0..1000).map(|n| 3.0 + 0.7 * (TAU * 0.05 * f64::from(n) + phase).sin()).collect();
            assert!((line(&values, 0.05) - 0.7).abs() < 1e-3);
            assert!(line(&values, 0.06) < 1e-3);
        }
    }
}
