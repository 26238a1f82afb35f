//! Table, data, JSON summary and claims.

use super::points::Pairs;
use super::spacing::mean_square;
use super::{picture, Keys, Measured, Series};
use crate::bootstrap::{Estimate, MOST_DEVIATION};
use crate::{Claim, Findings, Table};

/// Most that parallel over single may be at the least amplitude with the same noise.
const MOST_PAIRED_RATIO: f64 = 1.05;

/// Where the window's ratio must lie below and the filters' above: one line of the grid apart, neighbours as in the paper.
const MOST_WINDOW_RATIO: f64 = 2.0;
const LEAST_FILTER_RATIO: f64 = 5.0;

pub(super) fn findings(measured: &Measured, keys: &Keys) -> Findings {
    let Measured { spacings, amplitudes, paired, curves } = measured;
    let mut findings = Findings::default();
    for (kind, list) in [("spacing", spacings), ("amplitude", amplitudes)] {
        for (n, series) in list.iter().enumerate() {
            arrays(&mut findings, &format!("{kind}{n}"), series);
        }
    }
    if let Some(series) = paired {
        arrays(&mut findings, "paired", series);
    }
    let of = |list: &[Series], value: fn(&Series) -> f64| list.iter().map(value).collect();
    let hz = of(spacings, |series| series.wanted.spacing_hz);
    findings.array("spacings_hz", &[spacings.len()], hz);
    let volts = of(amplitudes, |series| series.wanted.amplitude_v);
    findings.array("amplitudes_v", &[amplitudes.len()], volts);
    for (n, curve) in curves.curves.iter().enumerate() {
        let (columns, rows): (usize, Vec<f64>) = curves.rows(curve);
        findings.array(&format!("spacing_curve{n}"), &[rows.len() / columns, columns], rows);
    }
    let json = |list: &[Series]| list.iter().map(Series::json).collect::<Vec<_>>();
    findings.add("spacings", json(spacings));
    findings.add("amplitudes", json(amplitudes));
    findings.add("paired", paired.as_ref().map(Series::json));
    findings.add("filters", curves.json(&keys.closely_hz));
    findings.table = table(measured, keys);
    findings.claims = claims(measured, keys);
    findings.figures = picture::figures(spacings, amplitudes, curves);
    findings
}

fn arrays(findings: &mut Findings, kind: &str, series: &Series) {
    let Pairs { tones, parallel_na_per_v, single_na_per_v, exact_na_per_v, voltages_v } =
        &series.pairs;
    let points = exact_na_per_v.len() / tones;
    let all = voltages_v.len() / points;
    for (name, columns, values) in [
        ("IVgradients", *tones, parallel_na_per_v),
        ("IVgradients_single", *tones, single_na_per_v),
        ("IVgradients_exact", *tones, exact_na_per_v),
        ("configs", all, voltages_v),
    ] {
        findings.array(&format!("{name}_{kind}"), &[points, columns], values.clone());
    }
}

fn table(measured: &Measured, keys: &Keys) -> Table {
    let Measured { spacings, amplitudes, paired, curves } = measured;
    let mut table = Table::new(&[
        "all tones at once over one at a time",
        "spacing, Hz",
        "amplitude, mV",
        "slope [95 %]",
        "R^2 [95 %]",
        "mse parallel",
        "mse single",
        "ratio [95 %]",
        "of the sets of points",
    ]);
    for series in spacings.iter().chain(amplitudes).chain(paired) {
        let (parallel, single) = series.errors_na2_per_v2();
        let noise = if series.wanted.paired { "paired" } else { "independent" };
        table.push([
            format!("points, {noise} noise"),
            format!("{}", series.wanted.spacing_hz),
            format!("{}", series.wanted.amplitude_v * 1e3),
            series.slope.text(4),
            series.r_squared.text(4),
            format!("{parallel:.4}"),
            format!("{single:.4}"),
            series.ratio.text(3),
            series
                .set_ratios
                .iter()
                .map(|ratio| format!("{ratio:.2}"))
                .collect::<Vec<_>>()
                .join(" "),
        ]);
    }
    for (c, curve) in curves.curves.iter().enumerate() {
        for &spacing_hz in &keys.closely_hz {
            let Some(place) = curves.place(c, spacing_hz) else { continue };
            for (n, filter) in curves.filters.iter().enumerate() {
                let expected = place.expected[n] / curves.expected_alone[n];
                table.push([
                    format!("linear, {} times weaker, {}", curve.weaker, filter.name()),
                    format!("{spacing_hz}"),
                    String::new(),
                    String::new(),
                    String::new(),
                    format!("{:.4}", mean_square(&place.trials, n)),
                    format!("{:.4}", mean_square(&curves.alone, n)),
                    curves.ratio(place, n).text(3),
                    format!("closed form {expected:.3}"),
                ]);
            }
        }
    }
    table
}

fn claims(measured: &Measured, keys: &Keys) -> Vec<Claim> {
    let Measured { amplitudes, paired, curves, .. } = measured;
    let mut claims = Vec::new();
    let equal = |claim: String, estimate: Estimate| {
        let claim = format!("{claim}: standard errors from 1");
        Claim::at_most(claim, estimate.deviation(1.0), MOST_DEVIATION)
    };
    if let Some(series) = paired {
        let claim = format!(
            "small signals ({} mV), paired noise: mean squared error of all tones at once over that of one at a time, on the grid",
            series.wanted.amplitude_v * 1e3
        );
        claims.push(Claim::at_most(claim, series.ratio.value, MOST_PAIRED_RATIO));
    }
    let least =
        amplitudes.iter().min_by(|a, b| a.wanted.amplitude_v.total_cmp(&b.wanted.amplitude_v));
    if let Some(series) = least {
        let millivolts = series.wanted.amplitude_v * 1e3;
        let claim = format!(
            "small signals ({millivolts} mV), independent noise: ratio of the mean squared errors"
        );
        claims.push(equal(claim, series.ratio));
    }
    // One line of the grid apart.
    let tight_hz = keys
        .closely_hz
        .iter()
        .copied()
        .filter(|&hz| curves.place(0, hz).is_some_and(|place| place.on_grid));
    if let Some(place) = tight_hz.min_by(f64::total_cmp).and_then(|hz| curves.place(0, hz)) {
        let weaker = curves.curves.first().map_or(0.0, |curve| curve.weaker);
        let at = format!("spacing {} Hz, {weaker} times weaker", place.spacing_hz);
        for (n, filter) in curves.filters.iter().enumerate() {
            let ratio = curves.ratio(place, n);
            let name = filter.name();
            if filter.poles() == 0 {
                claims.push(equal(format!("{at}: ratio of the {name}"), ratio));
                let claim = format!("{at}: ratio of the {name}, high end of its 95 % interval");
                claims.push(Claim::at_most(claim, ratio.high, MOST_WINDOW_RATIO));
            } else {
                let claim = format!("{at}: ratio of the {name}, low end of its 95 % interval");
                claims.push(Claim::at_least(claim, ratio.low, LEAST_FILTER_RATIO));
            }
        }
    }
    for (n, filter) in curves.filters.iter().enumerate() {
        let claim =
            format!("{}: measured over expected squared error, all spacings", filter.name());
        claims.push(equal(claim, curves.agreement(n)));
    }
    claims
}
