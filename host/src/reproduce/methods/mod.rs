//! Ways to measure slopes against each other: what noise leaves of them after equal time, and what training costs.
//!
//! The variance of a slope falls as one over the time, whatever the method, so that sets of slopes tell all: with their variance e and the time t that
//! one takes, waits included, the time to any error is in proportion to e t, but for a bias, which stays. At equal root mean square amplitude in place of equal peak a sine may be
//! larger by the root of two, which halves e of the sines.

mod picture;
mod training;

use super::rig::{self, Rig};
use super::statistics::NORMAL_95;
use super::{crowd, Claim, Findings, ReproduceError, Setup, Study, Table, Watch};
use crate::calibration::{Calibration, OpenContacts};
use crate::experiment::Experiment;
use crate::loss::Targets;
use crate::measure::calibrate::{codes_with_resistor, with_resistor};
use crate::measure::MeasureError;
use crate::method::Method;
use crate::plan::Plan;
use serde::Deserialize;
use serde_json::json;

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "methods",
    about: "ways to measure slopes: error over time, and what training costs",
    file: include_str!("../../../../experiments/reproduce/methods.toml"),
    run,
};

/// Of the theory's half a number of controls, the least that homodyne must be faster than finite differences.
const LEAST_SHARE: f64 = 0.9;

/// Methods that show slopes of the current.
const SHOWN: [Method; 5] =
    [Method::Homodyne, Method::Single, Method::FiniteDifference, Method::Walsh, Method::Random];

/// White noise, behind a pole of the I-V converter. Sines and Walsh functions are read by a calibration with resistors; random codes, which are drawn
/// anew for every window, have none.
const POLE: &str = "white, pole";

/// Standard errors from which on a mean error is a bias: by chance it happens in one of 16 000 means.
const SEEN: f64 = 4.0;

/// What the resistors of that calibration conduct, and its windows: its own error is then far below one set's.
const RESISTOR_NA_PER_V: f64 = 50.0;
const CALIBRATING_WINDOWS: u32 = 400;

/// What is added to the seed for the noise by which choices are compared.
const TUNING: u64 = 1000;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    slopes_na_per_v: Vec<f64>,
    white_na2_per_hz: f64,
    flicker_na2_per_hz_at_1khz: f64,
    pole_hz: f64,
    settles_s: Vec<f64>,
    windows_samples: Vec<u32>,
    bands_hz: Vec<[f64; 2]>,
    tuning_sets: usize,
    sets: usize,
    starts: usize,
}

/// What one set of slopes costs and leaves.
struct Place {
    method: Method,
    noise: &'static str,
    settle_s: f64,
    choice: Choice,
    /// Time of a set, in windows alone and with everything.
    windows_s: f64,
    set_s: f64,
    /// Mean over sets and controls of the squared error about its own mean.
    variance: f64,
    /// Mean over controls of the squared mean error, as far as it stands out of the noise: no time takes it away.
    bias2: f64,
    /// Values behind the variance.
    values: usize,
}

impl Place {
    /// Time after which the error is 1 nA/V, everything charged; infinite if the bias is that large.
    fn time_s(&self) -> f64 {
        self.after_s(self.set_s)
    }

    /// The same of windows alone.
    fn bare_s(&self) -> f64 {
        self.after_s(self.windows_s)
    }

    fn after_s(&self, set_s: f64) -> f64 {
        let room = 1.0 - self.bias2;
        if room > 0.0 {
            set_s * self.variance / room
        } else {
            f64::INFINITY
        }
    }

    /// 95 % interval of the ratio of two times, of which the variances scatter alike by the root of two over the number of values. With a bias the
    /// times rest on the variances alone.
    fn ratio_interval(&self, ours: &Place) -> (f64, f64) {
        let ratio = self.time_s() / ours.time_s();
        let error = (2.0 / self.values as f64 + 2.0 / ours.values as f64).sqrt();
        (ratio * (-NORMAL_95 * error).exp(), ratio * (NORMAL_95 * error).exp())
    }

    /// Error after some time.
    fn error(&self, time_s: f64) -> f64 {
        (self.bias2 + self.variance * self.set_s / time_s).sqrt()
    }
}

fn run(setup: &Setup, watch: &dyn Watch) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    let mut wanted = Vec::new();
    for noise in ["white", "1/f", POLE] {
        for &settle_s in &keys.settles_s {
            wanted.extend(SHOWN.map(|method| (method, noise, settle_s)));
        }
    }
    watch.begin("slopes", wanted.len() as u64);
    let places = crowd::map(wanted.len(), |n| {
        let (method, noise, settle_s) = wanted[n];
        let place = tune(setup, &keys, method, Surroundings { noise, settle_s })?;
        watch.step();
        Ok::<_, ReproduceError>(place)
    })?;
    let trained = training::run(setup, keys.starts, watch)?;
    Ok(findings(setup, &keys, &places, &trained))
}

/// What stands around a method: noise, and the wait that the device needs.
#[derive(Clone, Copy)]
struct Surroundings {
    noise: &'static str,
    settle_s: f64,
}

/// Windows and tones of a method.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Choice {
    window_samples: u32,
    band_hz: [f64; 2],
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

/// The choice that comes to 1 nA/V soonest, by other noise than the one that is shown.
fn tune(
    setup: &Setup,
    keys: &Keys,
    method: Method,
    around: Surroundings,
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
    around: Surroundings,
    choice: Choice,
    (sets, seed): (usize, u64),
) -> Result<Place, ReproduceError> {
    let Surroundings { noise, settle_s } = around;
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
    let base = rig::linear(&mut setup, &keys.slopes_na_per_v)?;
    let base = with_window(&base, choice.window_samples)?;
    let targets = Targets { high: vec![true], high_na: 0.0, low_na: 0.0 };
    let plan = method.plan(&base, &targets)?;
    let mut rig = Rig::open(&setup, &plan, seed)?;
    rig.session().by(method, seed);
    if noise == POLE && method.is_of_sines() {
        let calibration = calibration(&setup, &base, seed)?;
        rig.session().calibrate(calibration).map_err(MeasureError::from)?;
    }
    if noise == POLE && method == Method::Walsh {
        let mut resistors = Rig::open(&of_resistors(&setup), &plan, seed + 1)?;
        resistors.session().by(method, seed);
        let windows = CALIBRATING_WINDOWS;
        let codes = codes_with_resistor(resistors.session(), RESISTOR_NA_PER_V, windows)?;
        resistors.close()?;
        rig.session().calibrate_codes(codes);
    }
    let controls_v = vec![0.0; controls];
    let mut errors: Vec<Vec<f64>> = vec![Vec::new(); controls];
    for _ in 0..sets {
        for reading in rig.session().measure(&controls_v, true)? {
            let slopes = reading.slopes_na_per_v.iter().zip(&keys.slopes_na_per_v);
            for (errors, (found, exact)) in errors.iter_mut().zip(slopes) {
                errors.push(found - exact);
            }
        }
    }
    let (rate_hz, samples) = (plan.grid().rate_hz, rig.samples());
    rig.close()?;
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

/// A plan with another window. Its tones, which differences and codes do not use, stand on the first odd lines where they have to be moved, without
/// listeners beside them, and the guard allows what they would need.
fn with_window(plan: &Plan, window_samples: u32) -> Result<Plan, ReproduceError> {
    let mut configuration = plan.configuration().clone();
    if configuration.timing.window_samples != window_samples {
        configuration.timing.window_samples = window_samples;
        configuration.listeners.clear();
        configuration.step_v = None;
        for (multiple, control) in (1..).step_by(2).zip(&mut configuration.controls) {
            control.multiple = multiple;
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
    let mut rig = Rig::open(&of_resistors(setup), plan, seed + 1)?;
    // The bench has no capacitance past the device.
    let open = OpenContacts::without_capacitance(plan);
    let found = with_resistor(rig.session(), RESISTOR_NA_PER_V, CALIBRATING_WINDOWS, Some(&open))?;
    rig.close()?;
    Ok(found)
}

fn of_resistors(setup: &Setup) -> Setup {
    let mut setup = setup.clone();
    setup.experiment.device =
        format!("linear:{}", vec![RESISTOR_NA_PER_V.to_string(); 7].join(","));
    setup
}

fn findings(
    setup: &Setup,
    keys: &Keys,
    places: &[Place],
    trained: &[training::Trained],
) -> Findings {
    let mut findings = Findings::default();
    let rate_hz = setup.experiment.timing.rate_hz;
    let find = |method, noise: &str, settle_s: f64| {
        places.iter().find(|place| {
            place.method == method && place.noise == noise && place.settle_s == settle_s
        })
    };
    let mut table = Table::new(&[
        "noise",
        "wait, ms",
        "method",
        "window, ms",
        "band, Hz",
        "error, nA/V",
        "bias, nA/V",
        "a set, ms",
        "time to 1 nA/V, s",
        "to homodyne",
        "at equal RMS",
    ]);
    let mut said = Vec::new();
    for place in places {
        let ours = find(Method::Homodyne, place.noise, place.settle_s);
        let ratio = ours.map_or(f64::NAN, |ours| place.time_s() / ours.time_s());
        // The sines' error halves for both, or for homodyne alone.
        let at_rms = if place.method.is_of_sines() { ratio } else { 2.0 * ratio };
        table.push([
            place.noise.to_owned(),
            format!("{}", place.settle_s * 1e3),
            place.method.name().to_owned(),
            format!("{:.1}", f64::from(place.choice.window_samples) / rate_hz * 1e3),
            if place.method.is_of_sines() {
                format!("{}-{}", place.choice.band_hz[0], place.choice.band_hz[1])
            } else {
                String::new()
            },
            format!("{:.3}", place.variance.sqrt()),
            format!("{:.2}", place.bias2.sqrt()),
            format!("{:.1}", place.set_s * 1e3),
            or_never(place.time_s(), 3),
            if ratio.is_finite() {
                let (low, high) = ours.map_or((ratio, ratio), |ours| place.ratio_interval(ours));
                format!("{ratio:.2} ({low:.2} to {high:.2})")
            } else {
                "never".into()
            },
            or_never(at_rms, 2),
        ]);
        said.push(json!({
            "noise": place.noise, "settle_s": place.settle_s, "method": place.method.name(),
            "error_na_per_v": place.variance.sqrt(), "bias_na_per_v": place.bias2.sqrt(), "set_s": place.set_s, "windows_s": place.windows_s,
            "time_to_1_na_per_v_s": place.time_s(), "to_homodyne": ratio, "window_samples": place.choice.window_samples, "band_hz": place.choice.band_hz, "to_homodyne_at_equal_rms": at_rms,
        }));
    }
    for one in trained {
        let (time, ratio) = (one.median(), one.to(&trained[0]));
        let mut cells = vec![String::new(); 11];
        cells[0] = "training".into();
        cells[2] = one.method.name().into();
        cells[5] = format!("{} of {} solved", one.solved(), one.durations.len());
        cells[8] = format!("{:.1} ({:.1} to {:.1})", time.time_s, time.low_s, time.high_s);
        cells[9] = format!("{:.2} ({:.2} to {:.2})", ratio.time_s, ratio.low_s, ratio.high_s);
        table.push(cells);
        said.push(json!({
            "training": one.method.name(), "starts": one.durations.len(), "solved": one.solved(),
            "median_device_s": time.time_s, "median_device_low_s": time.low_s, "median_device_high_s": time.high_s,
            "to_homodyne": ratio.time_s, "to_homodyne_low": ratio.low_s, "to_homodyne_high": ratio.high_s,
        }));
    }
    let rows = places.iter().flat_map(|place| {
        [place.settle_s, place.windows_s, place.set_s, place.variance, place.bias2]
    });
    findings.array("places", &[places.len(), 5], rows.collect());
    let runs = trained.iter().flat_map(|one| {
        one.durations.iter().flat_map(|run| [f64::from(u8::from(run.solved)), run.time_s])
    });
    let starts = trained.first().map_or(0, |one| one.durations.len());
    findings.array("training", &[trained.len(), starts, 2], runs.collect());
    findings.table = table;
    findings.say("places", said);
    findings.say("device", "linear; trained: that of the experiment");
    claims(keys, &find, &mut findings);
    findings.figures = vec![picture::figure(places, trained)];
    findings
}

/// A number, or that it is never reached.
fn or_never(value: f64, digits: usize) -> String {
    if value.is_finite() {
        format!("{value:.digits$}")
    } else {
        "never".into()
    }
}

fn claims<'a>(
    keys: &Keys,
    find: &impl Fn(Method, &str, f64) -> Option<&'a Place>,
    findings: &mut Findings,
) {
    let Some(&settle_s) = keys.settles_s.first() else { return };
    let pair = |method| {
        Some((find(method, "white", settle_s)?, find(Method::Homodyne, "white", settle_s)?))
    };
    let half = keys.slopes_na_per_v.len() as f64 / 2.0;
    if let Some((differences, ours)) = pair(Method::FiniteDifference) {
        let faster = differences.bare_s() / ours.bare_s() / half;
        let claim = "white noise, equal peak: homodyne is so many times faster than finite differences, in M/2, windows alone";
        findings.claims.push(Claim::at_least(claim, faster, LEAST_SHARE));
        let charged = differences.time_s() / ours.time_s() / half;
        let claim = "the same, waits charged";
        findings.claims.push(Claim::at_least(claim, charged, LEAST_SHARE));
    }
    if let Some((walsh, ours)) = pair(Method::Walsh) {
        findings.say("walsh_variance_to_homodyne_white", walsh.variance / ours.variance);
    }
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

    #[test]
    fn what_is_biased_never_comes_below_its_bias() {
        let place = |bias2| Place {
            method: Method::Walsh,
            noise: POLE,
            settle_s: 0.0,
            windows_s: 0.05,
            set_s: 0.06,
            variance: 4.0,
            bias2,
            choice: Choice { window_samples: 256, band_hz: [150.0, 500.0] },
            values: 1000,
        };
        assert!((place(0.0).time_s() - 0.24).abs() < 1e-12);
        assert!((place(0.75).bare_s() - 0.8).abs() < 1e-12);
        assert!(place(1.5).time_s().is_infinite());
        assert!((place(2.25).error(1e9) - 1.5).abs() < 1e-6);
    }
}
