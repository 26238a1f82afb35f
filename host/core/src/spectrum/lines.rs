//! Detection and classification of lines above the noise.
//!
//! A line is a bin whose density has, under noise, a probability of one in [`ONCE_IN`] spectra: for an unknown line over all bins, for an expected one over the bins
//! where it may be. Both densities are estimates, so their ratio follows Fisher's distribution. The leakage of a stronger line under the
//! Hann window counts as noise.

use super::expected::{expected, Expected, Kind};
use super::floor::{Floor, LOWEST};
use super::welch::Density;
use super::Known;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, FisherSnedecor};
use std::f64::consts::PI;

/// Number of noise spectra with one false line.
const ONCE_IN: f64 = 1000.0;

/// Lines that a sine fills under a Hann window, on either side of its own: all but 0.05 % of its power.
const LOBE: usize = 2;

/// A tone that lies on a line leaks nothing; so little is left of the estimate where it lies, in lines.
const LEAST_OFFSET: f64 = 2e-3;

/// Relative power below which a line counts as rounding error.
const ROUNDING: f64 = 1e-20;

/// Maximum number of lines: with more, the spectrum is not noise with lines.
const MOST_LINES: usize = 500;

/// A line above the noise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Where it was found.
    pub frequency_hz: f64,
    /// Where it was expected.
    pub expected_hz: Option<f64>,
    /// Origin of the line.
    pub kind: Kind,
    /// Name of the line: f1 is the first control's tone.
    pub label: String,
    /// Other candidates at this frequency.
    pub also: Vec<String>,
    /// The line is the alias of one above half the sample rate.
    pub folded: bool,
    /// Amplitude of the sine.
    pub amplitude_na: f64,
    /// Density over the noise's.
    pub over_noise_db: f64,
}

/// Result of the search.
pub(super) struct Found {
    pub(super) lines: Vec<Line>,
    pub(super) unseen: Vec<String>,
    pub(super) floor: Floor,
}

/// A sine: place and power.
#[derive(Clone, Copy)]
struct Sine {
    line: usize,
    place: f64,
    power_na2: f64,
}

/// `power_na2`: of all samples, their mean included.
pub(super) fn find(density: &Density, power_na2: f64, rate_hz: f64, known: &Known) -> Found {
    let least = ROUNDING * power_na2 / density.line_hz;
    let may_be = expected(&known.tones_hz, known.mains_hz, rate_hz);
    let lines = density.na2_per_hz.len();
    let mut taken = vec![false; lines];
    let mut floor = Floor::of(density, &taken);
    let mut sines = sines(density, &floor, &may_be, least);
    // Once more beside the lines that were found.
    for sine in &sines {
        let reach = LOBE + 1 + reach(density, &floor, sine);
        let from = sine.line.saturating_sub(reach);
        taken[from..(sine.line + reach + 1).min(lines)].fill(true);
    }
    if taken.iter().filter(|&&taken| !taken).count() >= lines / 4 {
        floor = Floor::of(density, &taken);
        sines = self::sines(density, &floor, &may_be, least);
    }
    let mut found: Vec<Line> =
        sines.iter().map(|sine| described(density, &floor, &sines, sine, &may_be)).collect();
    found.sort_by(|a, b| b.amplitude_na.total_cmp(&a.amplitude_na));
    let is_seen =
        |label: &String| found.iter().any(|line| line.label == *label || line.also.contains(label));
    let tones = may_be.iter().filter(|line| line.kind == Kind::Tone).map(|line| &line.label);
    let unseen = tones.filter(|label| !is_seen(label)).cloned().collect();
    Found { lines: found, unseen, floor }
}

/// Bins above the noise, the strongest first.
fn sines(density: &Density, floor: &Floor, may_be: &[Expected], least: f64) -> Vec<Sine> {
    let values = &density.na2_per_hz;
    let last = values.len() - 1;
    let is_peak = |line: usize| {
        let near = line - 1..=(line + 1).min(last);
        values[line] > 0.0 && near.into_iter().all(|other| values[other] <= values[line])
    };
    let mut peaks: Vec<usize> = (LOWEST..last).filter(|&line| is_peak(line)).collect();
    peaks.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let fisher = FisherSnedecor::new(density.freedom, floor.freedom.max(1.0)).ok();
    let anywhere = 1.0 / (ONCE_IN * values.len() as f64);
    let at_places = 1.0 / (ONCE_IN * may_be.len().max(1) as f64);
    let mut sines: Vec<Sine> = Vec::new();
    for line in peaks {
        if sines.len() == MOST_LINES {
            break;
        }
        if sines.iter().any(|sine| sine.line.abs_diff(line) <= LOBE) {
            continue;
        }
        let leaked: f64 = sines.iter().map(|sine| leak(sine, line) / density.line_hz).sum();
        let ratio = values[line] / (floor.na2_per_hz[line] + leaked);
        let is_expected = may_be.iter().any(|may_be| falls(may_be, density, line as f64));
        let rare = if is_expected { at_places.max(anywhere) } else { anywhere };
        // A ratio of infinity, over no noise at all, is no argument of the distribution.
        let stands_out = match &fisher {
            Some(fisher) if ratio.is_finite() => fisher.sf(ratio) < rare,
            _ => ratio > 1.0,
        };
        if stands_out && values[line] > least {
            let lobe = lobe(values, line, LOBE);
            let power_na2 = density.line_hz * lobe.map(|line| values[line]).sum::<f64>();
            sines.push(Sine { line, place: place(values, line), power_na2 });
        }
    }
    sines
}

fn lobe(values: &[f64], line: usize, half: usize) -> std::ops::RangeInclusive<usize> {
    line.saturating_sub(half)..=(line + half).min(values.len() - 1)
}

/// Whether a bin may be this line: within a bin, or the tolerance of the mains.
fn falls(may_be: &Expected, density: &Density, place: f64) -> bool {
    let apart_hz = (may_be.frequency_hz - place * density.line_hz).abs();
    apart_hz <= density.line_hz.max(may_be.slack_hz)
}

/// Where between two lines a sine lies: a Hann window gives the line at distance d the share sinc(d)/(1 - d^2).
fn place(values: &[f64], line: usize) -> f64 {
    let (before, after) = (values[line - 1], values[(line + 1).min(values.len() - 1)]);
    let side = if after >= before { 1.0 } else { -1.0 };
    let ratio = (before.max(after) / values[line]).sqrt();
    let offset = ((2.0 * ratio - 1.0) / (1.0 + ratio)).clamp(-0.5, 0.5);
    line as f64 + side * offset
}

/// Power that a sine puts on a line off its lobe, for the density there.
fn leak(sine: &Sine, line: usize) -> f64 {
    let apart = (line as f64 - sine.place).abs().max(LOBE as f64);
    let offset = (PI * (sine.place - sine.place.round())).sin().abs().max(LEAST_OFFSET);
    // A sine on its line has 2/3 of its power there, with both neighbours all of it.
    (2.0 / 3.0) * sine.power_na2 * (offset / (PI * apart * (apart * apart - 1.0))).powi(2)
}

/// Lines on either side on which a sine leaks more than the noise.
fn reach(density: &Density, floor: &Floor, sine: &Sine) -> usize {
    let noise = floor.na2_per_hz[sine.line] * density.line_hz;
    let most = density.na2_per_hz.len() / 16;
    (LOBE + 1..most.max(LOBE + 2))
        .find(|apart| leak(sine, sine.line + apart) < noise)
        .unwrap_or(most)
        .saturating_sub(LOBE)
}

fn described(
    density: &Density,
    floor: &Floor,
    sines: &[Sine],
    sine: &Sine,
    may_be: &[Expected],
) -> Line {
    let values = &density.na2_per_hz;
    // Half the way to the next sine, if that is close.
    let others =
        sines.iter().map(|other| other.line.abs_diff(sine.line)).filter(|&apart| apart > 0);
    let half = others.min().map_or(LOBE, |apart| (apart / 2).clamp(1, LOBE));
    let lines = lobe(values, sine.line, half);
    let over: f64 = lines.map(|line| values[line] - floor.na2_per_hz[line]).sum();
    let frequency_hz = sine.place * density.line_hz;
    let mut fitting: Vec<&Expected> =
        may_be.iter().filter(|may_be| falls(may_be, density, sine.place)).collect();
    let far = |may_be: &Expected| {
        (may_be.frequency_hz - frequency_hz).abs() > 0.5 * density.line_hz + may_be.slack_hz
    };
    fitting.sort_by_key(|may_be| (far(may_be), may_be.rank));
    let first = fitting.first();
    Line {
        frequency_hz,
        expected_hz: first.map(|first| first.frequency_hz),
        kind: first.map_or(Kind::Unknown, |first| first.kind),
        label: first.map_or_else(|| "unknown".into(), |first| first.label.clone()),
        also: fitting.iter().skip(1).map(|other| other.label.clone()).collect(),
        folded: first.is_some_and(|first| first.folded),
        amplitude_na: (2.0 * density.line_hz * over.max(0.0)).sqrt(),
        over_noise_db: 10.0
            * (values[sine.line] / floor.na2_per_hz[sine.line].max(f64::MIN_POSITIVE)).log10(),
    }
}
