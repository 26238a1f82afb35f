//! One method in one noise model: its best window and band, and the time and error of a set of slopes.

use super::{Keys, Place, POLE};
use crate::sim_setup::{self, SimSetup};
use crate::{ReproduceError, Setup};
use hge_core::calibration::{Calibration, OpenContacts};
use hge_core::experiment::Experiment;
use hge_core::measure::calibrate::{codes_with_resistor, with_resistor};
use hge_core::measure::MeasureError;
use hge_core::method::Method;
use hge_core::plan::Plan;
use hge_core::targets::Targets;

/// Standard errors from which on a mean error is a bias: by chance it happens in one of 16 000 means.
const SEEN: f64 = 4.0;

/// Conductance of the calibration's resistors, and its windows: its own error is then far below that of one set.
const RESISTOR_NA_PER_V: f64 = 50.0;
const CALIBRATING_WINDOWS: u32 = 400;

/// Offset of the seed for the noise of the selection.
const TUNING: u64 = 1000;

/// Conditions of a method: noise, and the wait that the device needs.
#[derive(Clone, Copy)]
pub struct NoiseModel {
    /// Noise: white or 1/f, or white noise behind a pole.
    pub noise: &'static str,
    /// Wait that the device needs, in seconds.
    pub settle_s: f64,
}

/// Windows and tones of a method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Samples of a window.
    pub window_samples: u32,
    /// Band of the tones.
    pub band_hz: [f64; 2],
}

/// What is searched for a method: windows, and bands of those that have tones. The amplitude is at its limit for all, since the variance of every
/// method falls with its square; the wait is the least that the device needs, since a longer one only costs.
fn choices(method: Method, keys: &Keys) -> Vec<Choice> {
    let bands_hz: &[[f64; 2]] = if method.is_of_sines() {
        &keys.bands_hz
    } else {
        &keys.bands_hz[..1.min(keys.bands_hz.len())]
    };
    let windows = keys.windows_samples.iter();
    windows
        .flat_map(|&window_samples| {
            bands_hz.iter().map(move |&band_hz| Choice { window_samples, band_hz })
        })
        .collect()
}

/// The choice with the shortest time to 1 nA/V, by other noise than the one shown.
pub fn tune(
    setup: &Setup,
    keys: &Keys,
    method: Method,
    around: NoiseModel,
) -> Result<Place, ReproduceError> {
    let seed = setup.experiment.seed + TUNING;
    let mut best: Option<(f64, Choice)> = None;
    for choice in choices(method, keys) {
        let found = measure(setup, keys, method, around, choice, (keys.tuning_sets, seed));
        match found {
            Ok(place) if best.is_none_or(|(time_s, _)| place.time_s() < time_s) => {
                best = Some((place.time_s(), choice));
            }
            // A window that does not hold the tones or codes is no choice.
            Ok(_) | Err(ReproduceError::Plan(_) | ReproduceError::Experiment(_)) => (),
            Err(error) => return Err(error),
        }
    }
    let (_, choice) = best.ok_or_else(|| ReproduceError::Keys {
        name: setup.name.clone(),
        reason: format!("no window of windows_samples suits the method {}", method.name()),
    })?;
    measure(setup, keys, method, around, choice, (keys.sets, setup.experiment.seed))
}

fn measure(
    setup: &Setup,
    keys: &Keys,
    method: Method,
    around: NoiseModel,
    choice: Choice,
    (sets, seed): (usize, u64),
) -> Result<Place, ReproduceError> {
    let NoiseModel { noise, settle_s } = around;
    let mut setup = setup.clone();
    let Experiment { bench, timing, tones, .. } = &mut setup.experiment;
    let white = noise != "1/f";
    bench.iv_pole_hz = (noise == POLE).then_some(keys.pole_hz);
    bench.noise_na2_per_hz = if white { keys.white_na2_per_hz } else { 0.0 };
    bench.flicker_na2_per_hz_at_1khz = if white { 0.0 } else { keys.flicker_na2_per_hz_at_1khz };
    timing.settle_s = settle_s;
    if method.is_of_sines() {
        timing.window_samples = choice.window_samples;
        tones.band_hz = choice.band_hz;
    }
    let controls = keys.slopes_na_per_v.len();
    let base = sim_setup::linear(&mut setup, &keys.slopes_na_per_v)?;
    let base = with_window(&base, choice.window_samples)?;
    let targets = Targets::labels(vec![true], 0.0, 0.0);
    let plan = method.plan(&base, &targets)?;
    let mut sim_setup = SimSetup::open(&setup, &plan, seed)?;
    sim_setup.session().by(method, seed);
    if noise == POLE && method.is_of_sines() {
        let calibration = calibration(&setup, &base, seed)?;
        sim_setup.session().calibrate(calibration).map_err(MeasureError::from)?;
    }
    if noise == POLE && method == Method::Walsh {
        let mut resistors = SimSetup::open(&of_resistors(&setup), &plan, seed + 1)?;
        resistors.session().by(method, seed);
        let windows = CALIBRATING_WINDOWS;
        let codes = codes_with_resistor(resistors.session(), RESISTOR_NA_PER_V, windows)?;
        resistors.close()?;
        sim_setup.session().calibrate_codes(codes);
    }
    let controls_v = vec![0.0; controls];
    let mut errors: Vec<Vec<f64>> = vec![Vec::new(); controls];
    for _ in 0..sets {
        for reading in sim_setup.session().measure(&controls_v, true)? {
            let slopes = reading.slopes_na_per_v.iter().zip(&keys.slopes_na_per_v);
            for (errors, (found, exact)) in errors.iter_mut().zip(slopes) {
                errors.push(found - exact);
            }
        }
    }
    let (rate_hz, samples) = (plan.grid().rate_hz, sim_setup.samples());
    sim_setup.close()?;
    let window_s = f64::from(plan.grid().window_samples) / rate_hz;
    let (variance, bias2) = parts(&errors);
    Ok(Place {
        method,
        noise,
        settle_s,
        choice,
        windows_s: method.windows(controls) as f64 * window_s,
        set_s: samples as f64 / rate_hz / sets as f64,
        variance,
        bias2,
        values: sets * controls,
    })
}

/// A plan with another window. Tones that do not fit it are moved to the first odd lines, since differences and codes do not use them;
/// there are no noise slots next to them, and the guard allows what they would need.
fn with_window(plan: &Plan, window_samples: u32) -> Result<Plan, ReproduceError> {
    let mut configuration = plan.configuration().clone();
    if configuration.timing.window_samples != window_samples {
        configuration.timing.window_samples = window_samples;
        configuration.noise_slots.clear();
        configuration.step_v = None;
        for (cycles, control) in (1..).step_by(2).zip(&mut configuration.controls) {
            control.cycles = cycles;
        }
    }
    Ok(Plan::new(configuration, plan.parameters())?)
}

/// Variance and squared bias of errors, control by control, means over the controls. A bias below four of its standard errors is none.
fn parts(errors: &[Vec<f64>]) -> (f64, f64) {
    let (mut variance, mut bias2) = (0.0, 0.0);
    for errors in errors {
        let count = errors.len() as f64;
        let mean = errors.iter().sum::<f64>() / count;
        let spread = errors.iter().map(|error| (error - mean).powi(2)).sum::<f64>() / (count - 1.0);
        variance += spread;
        if mean * mean > SEEN * SEEN * spread / count {
            bias2 += mean * mean - spread / count;
        }
    }
    (variance / errors.len() as f64, bias2 / errors.len() as f64)
}

/// By resistors in place of the device.
fn calibration(setup: &Setup, plan: &Plan, seed: u64) -> Result<Calibration, ReproduceError> {
    let mut sim_setup = SimSetup::open(&of_resistors(setup), plan, seed + 1)?;
    // The bench has no capacitance past the device.
    let open = OpenContacts::without_capacitance(plan);
    let found =
        with_resistor(sim_setup.session(), RESISTOR_NA_PER_V, CALIBRATING_WINDOWS, Some(&open))?;
    sim_setup.close()?;
    Ok(found)
}

fn of_resistors(setup: &Setup) -> Setup {
    let mut setup = setup.clone();
    setup.experiment.device =
        format!("linear:{}", vec![RESISTOR_NA_PER_V.to_string(); 7].join(","));
    setup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bias_is_told_from_noise() {
        let noise: Vec<f64> = (0..1000).map(|n| f64::from(n * 37 % 11) - 5.0).collect();
        let (variance, bias2) = parts(std::slice::from_ref(&noise));
        assert!((variance - 10.0).abs() < 0.1 && bias2 == 0.0, "{variance} {bias2}");
        let shifted = noise.iter().map(|error| error + 2.0).collect();
        let (variance, bias2) = parts(&[shifted]);
        assert!((variance - 10.0).abs() < 0.1 && (bias2 - 4.0).abs() < 0.2, "{variance} {bias2}");
    }
}
