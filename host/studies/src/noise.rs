//! The error of a derivative over measuring time, windows averaged, against S(f)/T and the Cramér-Rao bound.
//!
//! For white noise of one-sided density S no unbiased estimator of an amplitude with known frequency and phase has
//! a variance below S/T; the slope's is that over A^2. In other noise S(f)/T with the density at the tone is not a bound: the lines of a short window
//! are broad and extend to frequencies with strong 1/f noise. There the bound follows from the noise's covariance, as does the
//! lock-in's own variance; both are computed for windows of up to 2048 samples.

use super::sim_setup::{self, SimSetup};
use super::statistics::mean_square;
use super::{
    fisher, parallel, Claim, Findings, ProgressObserver, ReproduceError, Setup, Study, Table,
};
use hge_core::experiment::Experiment;
use hge_core::plan::Plan;
use hge_core::session::reading;
use hge_record::figure::{Axis, Figure, Layer, Mark, Panel, REFERENCE};
use hge_sim::bench::Flicker;
use serde::Deserialize;
use serde_json::json;
use std::f64::consts::TAU;

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "noise",
    about: "error of a derivative over measuring time, against the Cramér-Rao bound",
    file: include_str!("../experiments/noise.toml"),
    run,
};

/// Most that the mean squared error of single windows in white noise may be, in the bound.
const MOST_RATIO: f64 = 1.05;

/// Longest window whose variances are computed by the covariance, which takes the square of its samples.
const MOST_EXACT_SAMPLES: u32 = 2048;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    slopes_na_per_v: Vec<f64>,
    white_na2_per_hz: f64,
    flicker_na2_per_hz_at_1khz: f64,
    windows_samples: Vec<u32>,
    longest_s: f64,
    groups: usize,
}

/// The error after some measuring time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    time_s: f64,
    /// Root mean square over groups and tones.
    error: f64,
    /// Expected error if the variance were S(f)/(T A^2).
    of_density: f64,
    /// Mean over the tones of squared error over S(f)/(T A^2).
    ratio: f64,
    /// Values behind it.
    values: usize,
}

/// One kind of noise, windows of one length.
struct Curve {
    noise: &'static str,
    window_s: f64,
    places: Vec<Place>,
    exact: Option<Exact>,
}

/// A window's variances by the covariance of the noise, over S(f)/T: means over the tones.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Exact {
    lock_in: f64,
    /// Least error of an unbiased estimator that knows the noise's spectrum, the mean and the other tones.
    bound: f64,
}

fn run(setup: &Setup, observer: &dyn ProgressObserver) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    let kinds = ["white", "1/f"];
    let count = kinds.len() * keys.windows_samples.len();
    observer.begin("windows", (count * keys.groups) as u64);
    let curves = parallel::map(count, |n| {
        let length = keys.windows_samples[n % keys.windows_samples.len()];
        measure(setup, &keys, kinds[n / keys.windows_samples.len()], length, observer)
    })?;
    Ok(findings(&curves))
}

fn measure(
    setup: &Setup,
    keys: &Keys,
    noise: &'static str,
    window_samples: u32,
    observer: &dyn ProgressObserver,
) -> Result<Curve, ReproduceError> {
    let mut setup = setup.clone();
    let Experiment { bench, timing, .. } = &mut setup.experiment;
    timing.window_samples = window_samples;
    let white = noise == "white";
    bench.noise_na2_per_hz = if white { keys.white_na2_per_hz } else { 0.0 };
    bench.flicker_na2_per_hz_at_1khz = if white { 0.0 } else { keys.flicker_na2_per_hz_at_1khz };
    let tones = keys.slopes_na_per_v.len();
    let plan = sim_setup::linear(&mut setup, &keys.slopes_na_per_v)?;
    let window_s = 1.0 / plan.grid().step_hz();
    let windows = (keys.longest_s / window_s).round().max(1.0) as usize;
    let densities: Vec<f64> =
        plan.tones_hz().iter().map(|&hz| density(&setup, plan.grid().rate_hz, hz)).collect();
    let seed = setup.experiment.seed + u64::from(window_samples) + u64::from(!white);
    let mut sim_setup = SimSetup::open(&setup, &plan, seed)?;
    // Errors of every window, tone by tone.
    let mut errors: Vec<Vec<f64>> = vec![Vec::new(); tones];
    for _ in 0..keys.groups {
        for window in sim_setup.repeated(&vec![0.0; tones], windows)? {
            let slopes = reading(&plan, setup.experiment.host.estimator, &window)?.slopes_na_per_v;
            for (k, errors) in errors.iter_mut().enumerate() {
                errors.push(slopes[k] - keys.slopes_na_per_v[k]);
            }
        }
        observer.step();
    }
    sim_setup.close()?;
    let mut places = Vec::new();
    let mut averaged = 1;
    while averaged <= windows {
        let time_s = averaged as f64 * window_s;
        let of_density2 = |k: usize| densities[k] / time_s / plan.amplitude_v(k).powi(2);
        let square = |k: usize| {
            let groups = errors[k].chunks_exact(averaged);
            mean_square(groups.map(|group| group.iter().sum::<f64>() / averaged as f64))
        };
        let over = |of: &dyn Fn(usize) -> f64| (0..tones).map(of).sum::<f64>() / tones as f64;
        places.push(Place {
            time_s,
            error: over(&square).sqrt(),
            of_density: over(&of_density2).sqrt(),
            ratio: over(&|k| square(k) / of_density2(k)),
            values: tones * (errors[0].len() / averaged),
        });
        averaged *= 2;
    }
    Ok(Curve { noise, window_s, places, exact: exact(&setup, &plan, &densities) })
}

fn exact(setup: &Setup, plan: &Plan, densities: &[f64]) -> Option<Exact> {
    let grid = plan.grid();
    let samples = grid.window_samples;
    if samples > MOST_EXACT_SAMPLES {
        return None;
    }
    let covariance = covariance_na2(setup, grid.rate_hz, samples);
    let late = plan.parameters().loop_latency_samples();
    let begin = f64::from(plan.lead_in_samples()) - f64::from(late);
    let mut exact = Exact { lock_in: 0.0, bound: 0.0 };
    for (&hz, density) in plan.tones_hz().iter().zip(densities) {
        let turns = hz / grid.rate_hz;
        let answer = |n: u32| (TAU * turns * (begin + f64::from(n))).sin();
        let answer: Vec<f64> = (0..samples).map(answer).collect();
        let of_density = density * grid.step_hz() * densities.len() as f64;
        let variance = (2.0 / f64::from(samples)).powi(2) * fisher::variance(&covariance, &answer);
        exact.lock_in += variance / of_density;
        exact.bound += fisher::amplitude_bound(&covariance, &answer) / of_density;
    }
    Some(exact)
}

/// The one-sided density that the bench has at a frequency.
fn density(setup: &Setup, rate_hz: f64, frequency_hz: f64) -> f64 {
    let bench = &setup.experiment.bench;
    let at_1khz = bench.flicker_na2_per_hz_at_1khz;
    let flicker = if at_1khz > 0.0 {
        Flicker::density_na2_per_hz(at_1khz, bench.flicker_lowest_hz, rate_hz, frequency_hz)
    } else {
        0.0
    };
    flicker + bench.noise_na2_per_hz
}

/// The covariance of the bench's noise at two samples by their distance, from 0 to `samples` - 1, in nA^2.
pub(super) fn covariance_na2(setup: &Setup, rate_hz: f64, samples: u32) -> Vec<f64> {
    let bench = &setup.experiment.bench;
    let (at_1khz, lowest_hz) = (bench.flicker_na2_per_hz_at_1khz, bench.flicker_lowest_hz);
    let mut covariance = if at_1khz > 0.0 {
        Flicker::covariance_na2(at_1khz, lowest_hz, rate_hz, samples as usize)
    } else {
        vec![0.0; samples as usize]
    };
    covariance[0] += bench.noise_na2_per_hz * rate_hz / 2.0;
    covariance
}

fn findings(curves: &[Curve]) -> Findings {
    let mut findings = Findings::default();
    let mut table = Table::new(&[
        "noise",
        "window, ms",
        "time, s",
        "error, nA/V",
        "sqrt(S/T)/A, nA/V",
        "variance over S/T",
        "values",
        "of one window, by covariance",
        "bound over S/T",
    ]);
    let mut entries = Vec::new();
    for (n, curve) in curves.iter().enumerate() {
        let ends = [curve.places.first(), curve.places.last()];
        let exact = |of: fn(Exact) -> f64| {
            curve.exact.map_or_else(|| "-".into(), |exact| format!("{:.3}", of(exact)))
        };
        for place in ends.into_iter().flatten() {
            table.push([
                curve.noise.to_owned(),
                format!("{}", curve.window_s * 1e3),
                format!("{}", place.time_s),
                format!("{:.4}", place.error),
                format!("{:.4}", place.of_density),
                format!("{:.3}", place.ratio),
                place.values.to_string(),
                exact(|exact| exact.lock_in),
                exact(|exact| exact.bound),
            ]);
        }
        let rows = curve.places.iter().flat_map(|p| [p.time_s, p.error, p.of_density, p.ratio]);
        findings.array(&format!("curve{n}"), &[curve.places.len(), 4], rows.collect());
        let places = curve.places.iter().map(|place| {
            json!({
                "time_s": place.time_s, "error_na_per_v": place.error, "of_density_na_per_v": place.of_density,
                "ratio": place.ratio, "values": place.values,
            })
        });
        entries.push(json!({
            "noise": curve.noise, "window_s": curve.window_s, "places": places.collect::<Vec<_>>(),
            "lock_in_over_density": curve.exact.map(|exact| exact.lock_in),
            "bound_over_density": curve.exact.map(|exact| exact.bound),
        }));
    }
    findings.add("curves", entries);
    findings.add("device", "linear");
    findings.table = table;
    let white = curves.iter().filter(|curve| curve.noise == "white");
    let single = white.filter_map(|curve| curve.places.first());
    // By as many values as it rests on.
    let (sum, values) = single.fold((0.0, 0.0), |(sum, values), place| {
        (sum + place.ratio * place.values as f64, values + place.values as f64)
    });
    let claim = "white noise: mean squared error of single windows over the Cramér-Rao bound";
    findings.claims.push(Claim::at_most(claim, sum / values, MOST_RATIO));
    findings.figures = vec![figure(curves)];
    findings
}

fn figure(curves: &[Curve]) -> Figure {
    let panels = ["white", "1/f"].into_iter().flat_map(|noise| {
        let chosen: Vec<&Curve> = curves.iter().filter(|curve| curve.noise == noise).collect();
        let layers = |of: fn(&Place) -> f64| {
            let layer = |(n, curve): (usize, &&Curve)| {
                let points = curve.places.iter().map(|place| (place.time_s, of(place)));
                Layer::new(format!("{} ms", curve.window_s * 1e3), n, Mark::Line, points)
            };
            chosen.iter().enumerate().map(layer).collect::<Vec<Layer>>()
        };
        let all = || chosen.iter().flat_map(|curve| curve.places.iter());
        let mut bound: Vec<(f64, f64)> =
            all().map(|place| (place.time_s, place.of_density)).collect();
        bound.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut errors = layers(|place| place.error);
        errors.push(Layer::new("S(f)/T", REFERENCE, Mark::Dashed, bound));
        [
            Panel {
                title: format!("{noise} noise, windows of"),
                x: Axis::logarithmic("measuring time, s"),
                y: Axis::logarithmic("error of a derivative, nA/V"),
                layers: errors,
            },
            Panel {
                title: format!("{noise} noise, windows of"),
                x: Axis::logarithmic("measuring time, s"),
                y: Axis::linear("mean squared error over S(f)/(T A²)").over(0.5, 1.5),
                layers: layers(|place| place.ratio),
            },
        ]
    });
    Figure { name: "noise".into(), columns: 2, panels: panels.collect() }
}
