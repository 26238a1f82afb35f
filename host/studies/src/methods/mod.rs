//! Comparison of methods of measuring slopes: errors after equal time, and device time of training.
//!
//! The variance of a slope is inversely proportional to the time for every method, so sets of slopes suffice: with their variance e and the time t of
//! one set, waits included, the time to a given error is proportional to e t, except for a bias, which remains. At equal root mean square amplitude instead of equal peak a sine may be
//! larger by the root of two, which halves e of the sines.

mod measure;
mod picture;
mod training;

use super::statistics::NORMAL_95;
use super::{parallel, Claim, Findings, ProgressObserver, ReproduceError, Setup, Study, Table};
use hge_core::method::Method;
use measure::{tune, Choice, NoiseModel};
use serde::Deserialize;
use serde_json::json;

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "methods",
    about: "ways to measure slopes: error over time, and what training costs",
    file: include_str!("../../experiments/methods.toml"),
    run,
};

/// Smallest accepted advantage of homodyne over finite differences, relative to M/2 of the theory.
const LEAST_SHARE: f64 = 0.9;

/// Methods that show slopes of the current.
const SHOWN: [Method; 5] =
    [Method::Homodyne, Method::Single, Method::FiniteDifference, Method::Walsh, Method::Random];

/// White noise with a pole of the I-V converter. A calibration with resistors corrects sines and Walsh functions; random codes,
/// which change with every window, have none.
const POLE: &str = "white, pole";

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

/// Time and error of one set of slopes.
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
    /// Mean over controls of the squared bias, as far as it is significant: time does not reduce it.
    bias2: f64,
    /// Values behind the variance.
    values: usize,
}

impl Place {
    /// Time after which the error is 1 nA/V, everything charged; infinite if the bias is that large.
    fn time_s(&self) -> f64 {
        self.after_s(self.set_s)
    }

    /// Time of the windows only.
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

fn run(setup: &Setup, observer: &dyn ProgressObserver) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    let mut wanted = Vec::new();
    for noise in ["white", "1/f", POLE] {
        for &settle_s in &keys.settles_s {
            wanted.extend(SHOWN.map(|method| (method, noise, settle_s)));
        }
    }
    observer.begin("slopes", wanted.len() as u64);
    let places = parallel::map(wanted.len(), |n| {
        let (method, noise, settle_s) = wanted[n];
        let place = tune(setup, &keys, method, NoiseModel { noise, settle_s })?;
        observer.step();
        Ok::<_, ReproduceError>(place)
    })?;
    let trained = training::run(setup, keys.starts, observer)?;
    Ok(findings(setup, &keys, &places, &trained))
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
        "noise", "wait, ms", "method", "window, ms", "band, Hz", "error, nA/V", "bias, nA/V",
        "a set, ms", "time to 1 nA/V, s", "to homodyne", "at equal RMS",
    ]);
    let mut entries = Vec::new();
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
        entries.push(json!({
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
        entries.push(json!({
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
    findings.add("places", entries);
    findings.add("device", "linear; trained: that of the experiment");
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
        let claim = "white noise, equal peak: speed of homodyne over finite differences, in M/2, windows alone";
        findings.claims.push(Claim::at_least(claim, faster, LEAST_SHARE));
        let charged = differences.time_s() / ours.time_s() / half;
        let claim = "the same, waits charged";
        findings.claims.push(Claim::at_least(claim, charged, LEAST_SHARE));
    }
    if let Some((walsh, ours)) = pair(Method::Walsh) {
        findings.add("walsh_variance_to_homodyne_white", walsh.variance / ours.variance);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
