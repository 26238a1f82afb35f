//! Sampled data: a waveform, a spectrum.

use super::columns::short;
use hge_core::measure::waveform::{Span, Waveform};
use serde::Serialize;

/// Points of a waveform or a spectrum at most.
pub const MOST_POINTS: usize = 20_000;

/// A waveform for drawing: the extremes of equal intervals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrawnWaveform {
    /// Samples a second.
    pub rate_hz: f64,
    /// Samples that there were.
    pub total: usize,
    /// Indices of the drawn samples.
    pub samples: Vec<usize>,
    /// Their currents.
    pub currents_na: Vec<f64>,
    /// Windows of the cases.
    pub windows: Vec<Span>,
}

/// A line of a spectrum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpectrumLine {
    /// Where.
    pub frequency_hz: f64,
    /// Kind of line: `tone`, `mains`; lines of a kind are drawn alike.
    pub kind: String,
    /// Name of the line.
    pub label: String,
}

/// Noise density of the current, and its lines.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DrawnSpectrum {
    /// Ascending.
    pub frequencies_hz: Vec<f64>,
    /// One for each frequency.
    pub density_a_per_rt_hz: Vec<f64>,
    /// Density between the lines, if it was found.
    pub floor_a_per_rt_hz: Option<f64>,
    /// The lines.
    pub lines: Vec<SpectrumLine>,
}

impl DrawnWaveform {
    pub(super) fn of(waveform: Waveform) -> Self {
        let Waveform { rate_hz, currents_na, windows, .. } = waveform;
        let samples = extremes(&currents_na, MOST_POINTS);
        DrawnWaveform {
            rate_hz,
            total: currents_na.len(),
            currents_na: samples.iter().map(|&n| short(currents_na[n])).collect(),
            samples,
            windows,
        }
    }
}

impl DrawnSpectrum {
    pub(super) fn thinned(mut self) -> Self {
        let points = self.frequencies_hz.len().min(self.density_a_per_rt_hz.len());
        let kept = extremes(&self.density_a_per_rt_hz[..points], MOST_POINTS);
        let of = |values: &[f64]| kept.iter().map(|&n| short(values[n])).collect();
        self.frequencies_hz = of(&self.frequencies_hz);
        self.density_a_per_rt_hz = of(&self.density_a_per_rt_hz);
        self
    }
}

/// Places of the first, the last, and the least and greatest of equal stretches: at most `most` in all.
pub(super) fn extremes(values: &[f64], most: usize) -> Vec<usize> {
    if values.len() <= most {
        return (0..values.len()).collect();
    }
    let stretches = (most.saturating_sub(2) / 2).max(1);
    let mut kept = vec![0, values.len() - 1];
    for stretch in 0..stretches {
        let begin = stretch * values.len() / stretches;
        let end = (stretch + 1) * values.len() / stretches;
        let finite = || (begin..end).filter(|&n| values[n].is_finite());
        let least = finite().min_by(|&a, &b| values[a].total_cmp(&values[b]));
        let greatest = finite().max_by(|&a, &b| values[a].total_cmp(&values[b]));
        // A stretch without a number is a gap, and is drawn as one.
        kept.extend([least.unwrap_or(begin), greatest.unwrap_or(begin)]);
    }
    kept.sort_unstable();
    kept.dedup();
    kept
}
