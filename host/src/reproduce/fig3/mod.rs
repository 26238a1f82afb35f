//! All tones at once against one at a time, the paper's Fig. 3.
//!
//! | module | holds |
//! |---|---|
//! | [`points`] | both at random points of the device, with the same noise |
//! | [`spacing`] | both on a linear device over the distance of the tones, with theory |
//! | [`picture`] | the figures |
//!
//! Off the grid nothing but the tuning words changes: the gateware's own lock-in listens there, and the host
//! takes the window's mean off its sums. No capture is needed.

mod picture;
pub mod points;
pub mod spacing;

use super::statistics::{line, mean_square, Line};
use super::{Claim, Findings, ReproduceError, Setup, Study, Table, Watch};
use points::Pairs;
use serde::Deserialize;
use serde_json::json;

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "fig3",
    about: "all tones at once against one at a time",
    file: include_str!("../../../../experiments/reproduce/fig3.toml"),
    run,
};

/// Most that the mean squared error of parallel extraction may be, in that of one tone at a time.
const MOST_RATIO: f64 = 1.05;

/// Keys of the analysis.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Keys {
    pub points: usize,
    pub lowest_hz: f64,
    pub spacings_hz: Vec<f64>,
    pub amplitudes_v: Vec<f64>,
    pub amplitude_points: usize,
    pub channel_na_per_v: f64,
    pub weaker: Vec<f64>,
    pub middle_hz: f64,
    pub most_spacing_hz: f64,
    pub spacing_step_hz: f64,
    pub repetitions: u32,
}

/// Pairs at one spacing, or at one amplitude.
pub struct Series {
    /// Distance of the tones.
    pub spacing_hz: f64,
    /// Their amplitude.
    pub amplitude_v: f64,
    /// What was measured.
    pub pairs: Pairs,
}

impl Series {
    /// Parallel against single.
    pub fn line(&self) -> Line {
        line(&self.pairs.single_na_per_v, &self.pairs.parallel_na_per_v)
    }

    /// Mean squared errors against the exact slopes, parallel and single.
    pub fn errors_na2_per_v2(&self) -> (f64, f64) {
        let Pairs { parallel_na_per_v, single_na_per_v, exact_na_per_v, .. } = &self.pairs;
        let of = |found: &[f64]| mean_square(found.iter().zip(exact_na_per_v).map(|(a, b)| a - b));
        (of(parallel_na_per_v), of(single_na_per_v))
    }
}

fn run(setup: &Setup, watch: &dyn Watch) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    let amplitude_v = setup.experiment.tones.amplitude_v;
    let measured = |spacing_hz, amplitude_v, points| {
        let wanted = points::Wanted { lowest_hz: keys.lowest_hz, spacing_hz, amplitude_v, points };
        let pairs = points::measure(setup, &wanted, watch)?;
        Ok::<Series, ReproduceError>(Series { spacing_hz, amplitude_v, pairs })
    };
    let spacings = keys.spacings_hz.iter();
    let spacings: Vec<Series> = spacings
        .map(|&spacing_hz| measured(spacing_hz, amplitude_v, keys.points))
        .collect::<Result<_, _>>()?;
    let tightest_hz = 1.0 / points::window_s(setup)?;
    let amplitudes = keys.amplitudes_v.iter();
    let amplitudes: Vec<Series> = amplitudes
        .map(|&amplitude_v| measured(tightest_hz, amplitude_v, keys.amplitude_points))
        .collect::<Result<_, _>>()?;
    let curves = spacing::measure(setup, &keys, watch)?;
    Ok(findings(&spacings, &amplitudes, &curves))
}

fn findings(spacings: &[Series], amplitudes: &[Series], curves: &[spacing::Curve]) -> Findings {
    let mut findings = Findings::default();
    for (kind, list) in [("spacing", spacings), ("amplitude", amplitudes)] {
        for (n, series) in list.iter().enumerate() {
            let Pairs { tones, .. } = series.pairs;
            let points = series.pairs.exact_na_per_v.len() / tones;
            let shape = [points, tones];
            let name = |what: &str| format!("{what}_{kind}{n}");
            findings.array(&name("IVgradients"), &shape, series.pairs.parallel_na_per_v.clone());
            findings.array(
                &name("IVgradients_single"),
                &shape,
                series.pairs.single_na_per_v.clone(),
            );
            findings.array(&name("IVgradients_exact"), &shape, series.pairs.exact_na_per_v.clone());
            let all = series.pairs.voltages_v.len() / points;
            findings.array(&name("configs"), &[points, all], series.pairs.voltages_v.clone());
        }
    }
    let of = |list: &[Series], value: fn(&Series) -> f64| list.iter().map(value).collect();
    findings.array("spacings_hz", &[spacings.len()], of(spacings, |series| series.spacing_hz));
    findings.array(
        "amplitudes_v",
        &[amplitudes.len()],
        of(amplitudes, |series| series.amplitude_v),
    );
    for (n, curve) in curves.iter().enumerate() {
        let (columns, rows): (usize, Vec<f64>) = curve.rows();
        findings.array(&format!("spacing_curve{n}"), &[rows.len() / columns, columns], rows);
    }
    let mut table = Table::new(&[
        "spacing, Hz",
        "amplitude, mV",
        "slope",
        "R^2",
        "mse parallel",
        "mse single",
        "ratio",
    ]);
    let mut said = Vec::new();
    for series in spacings.iter().chain(amplitudes) {
        let (parallel, single) = series.errors_na2_per_v2();
        let Line { slope, r_squared, .. } = series.line();
        table.push([
            format!("{}", series.spacing_hz),
            format!("{}", series.amplitude_v * 1e3),
            format!("{slope:.4}"),
            format!("{r_squared:.5}"),
            format!("{parallel:.4}"),
            format!("{single:.4}"),
            format!("{:.4}", parallel / single),
        ]);
        said.push(json!({
            "spacing_hz": series.spacing_hz, "amplitude_v": series.amplitude_v, "slope": slope,
            "r_squared": r_squared, "parallel_na2_per_v2": parallel, "single_na2_per_v2": single,
            "ratio": parallel / single,
        }));
    }
    let by_amplitude = said.split_off(spacings.len());
    findings.say("spacings", said);
    findings.say("amplitudes", by_amplitude);
    let curves_said: Vec<serde_json::Value> = curves.iter().map(spacing::Curve::said).collect();
    findings.say("channels", curves_said);
    if let Some(smallest) = amplitudes.iter().min_by(|a, b| a.amplitude_v.total_cmp(&b.amplitude_v))
    {
        let (parallel, single) = smallest.errors_na2_per_v2();
        let claim = format!(
            "small signals ({} mV): mean squared error of all tones at once over that of one at a time, on the grid",
            smallest.amplitude_v * 1e3
        );
        findings.claims.push(Claim::at_most(claim, parallel / single, MOST_RATIO));
    }
    findings.figures = picture::figures(spacings, amplitudes, curves);
    findings.table = table;
    findings
}
