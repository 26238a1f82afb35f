//! The power spectral density of a current, and its lines.
//!
//! | module | content |
//! |---|---|
//! | [`welch`] | the density |
//! | `floor` | the noise floor |
//! | [`expected`] | frequencies of tones, their harmonics and products, and the mains |
//! | `lines` | detection and classification of lines |

pub mod expected;
mod floor;
mod lines;
pub mod welch;

pub use expected::Kind;
pub use floor::LOWEST;
pub use lines::Line;

use floor::Floor;
use hge_driver::text::number;
use serde::Serialize;
use thiserror::Error;
use welch::Density;

/// Minimum samples of a segment: below, a line is not separable from the floor near it.
pub const LEAST_SEGMENT: usize = 64;

/// Longest segment: its transform takes a gigabyte.
pub const MOST_SEGMENT: usize = 1 << 24;

/// Nanoamperes of an ampere.
const NA: f64 = 1e9;

/// No spectrum can be made.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SpectrumError {
    /// Not one segment fits.
    #[error("{samples} contiguous samples are too few for a spectrum in segments of {segment}: give {segment} or more, or shorter segments (64 or more)")]
    Few {
        /// Samples of the longest stretch.
        samples: usize,
        /// Samples of a segment.
        segment: usize,
    },
    /// A segment that cannot be transformed.
    #[error(
        "a segment of {segment} samples is not possible: give an even number from 64 to 16777216"
    )]
    Segment {
        /// Asked for.
        segment: usize,
    },
    /// No sample rate.
    #[error("a sample rate of {} Hz is not possible: give a number of hertz from 1e-6 to 1e12", number(*rate_hz))]
    Rate {
        /// Given.
        rate_hz: f64,
    },
    /// A sample that is no number.
    #[error(
        "sample {place} is {value}, not a current: remove it, or the samples before or after it"
    )]
    Value {
        /// Index from 0.
        place: usize,
        /// Value of the sample.
        value: f64,
    },
    /// A frequency that is none.
    #[error("{what} of {} Hz is not possible: give a frequency above zero, or none", number(*frequency_hz))]
    Frequency {
        /// Name of the frequency.
        what: &'static str,
        /// Given.
        frequency_hz: f64,
    },
}

/// Known lines of a current.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Tones that are on.
    pub tones_hz: Vec<f64>,
    /// The mains, if there are any.
    pub mains_hz: Option<f64>,
}

/// A spectrum and its lines.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spectrum {
    /// Samples a second.
    pub rate_hz: f64,
    /// Distance of two frequencies.
    pub line_hz: f64,
    /// Samples of a segment.
    pub segment_samples: usize,
    /// Segments that the density is the mean of.
    pub segments: usize,
    /// Samples in all.
    pub samples: usize,
    /// Mean current.
    pub mean_na: f64,
    /// Root mean square about the mean.
    pub rms_na: f64,
    /// Noise density: median over the band, lines left out.
    pub floor_a_per_rt_hz: f64,
    /// Noise density in nA.
    pub floor_na_per_rt_hz: f64,
    /// The strongest tone over the strongest line that is no tone, whatever it is; `None` without tones or without another line.
    pub sfdr_db: Option<f64>,
    /// The strongest line that is no tone.
    pub sfdr_line: Option<String>,
    /// Lines above the noise, the strongest first.
    pub lines: Vec<Line>,
    /// Tones that do not.
    pub unseen: Vec<String>,
    /// From zero to half the sample rate.
    pub frequencies_hz: Vec<f64>,
    /// One-sided density at these.
    pub density_a_per_rt_hz: Vec<f64>,
    /// The noise under the lines at these.
    pub noise_a_per_rt_hz: Vec<f64>,
}

/// A density with fewer points, for drawing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Thinned {
    /// Middle of each bin.
    pub frequencies_hz: Vec<f64>,
    /// Greatest density in it.
    pub greatest_a_per_rt_hz: Vec<f64>,
    /// Median density in it.
    pub median_a_per_rt_hz: Vec<f64>,
}

impl Spectrum {
    /// From one contiguous current; `segment_samples`: `None` for eight segments or more.
    ///
    /// # Errors
    /// Too few samples, a value or a frequency that is none.
    pub fn of(
        currents_na: &[f64],
        rate_hz: f64,
        segment_samples: Option<usize>,
        known: &Known,
    ) -> Result<Self, SpectrumError> {
        Spectrum::of_pieces(&[currents_na], rate_hz, segment_samples, known)
    }

    /// As [`Spectrum::of`], from several contiguous ranges.
    ///
    /// # Errors
    /// As [`Spectrum::of`].
    pub fn of_pieces(
        pieces_na: &[&[f64]],
        rate_hz: f64,
        segment_samples: Option<usize>,
        known: &Known,
    ) -> Result<Self, SpectrumError> {
        check(pieces_na, rate_hz, known)?;
        let longest = pieces_na.iter().map(|piece| piece.len()).max().unwrap_or(0);
        let segment = segment_samples
            .unwrap_or_else(|| Density::segment_for(longest).clamp(LEAST_SEGMENT, MOST_SEGMENT));
        if !segment.is_multiple_of(2) || !(LEAST_SEGMENT..=MOST_SEGMENT).contains(&segment) {
            return Err(SpectrumError::Segment { segment });
        }
        let few = SpectrumError::Few { samples: longest, segment };
        let density = Density::of(pieces_na, rate_hz, segment).ok_or(few)?;
        let samples: usize = pieces_na.iter().map(|piece| piece.len()).sum();
        let all = || pieces_na.iter().flat_map(|piece| piece.iter());
        let mean_na = all().sum::<f64>() / samples as f64;
        let variance_na2 = all().map(|y| (y - mean_na).powi(2)).sum::<f64>() / samples as f64;
        let power_na2 = variance_na2 + mean_na * mean_na;
        let found = lines::find(&density, power_na2, rate_hz, known);
        let Floor { na2_per_hz, median_na2_per_hz, .. } = &found.floor;
        let sfdr = range(&found.lines);
        let root = |values: &[f64]| values.iter().map(|s| s.max(0.0).sqrt() / NA).collect();
        Ok(Spectrum {
            rate_hz,
            line_hz: density.line_hz,
            segment_samples: segment,
            segments: density.segments,
            samples,
            mean_na,
            rms_na: variance_na2.sqrt(),
            floor_a_per_rt_hz: median_na2_per_hz.max(0.0).sqrt() / NA,
            floor_na_per_rt_hz: median_na2_per_hz.max(0.0).sqrt(),
            sfdr_db: sfdr.as_ref().map(|&(ratio, _)| ratio),
            sfdr_line: sfdr.map(|(_, label)| label),
            lines: found.lines,
            unseen: found.unseen,
            frequencies_hz: (0..density.na2_per_hz.len())
                .map(|line| line as f64 * density.line_hz)
                .collect(),
            density_a_per_rt_hz: root(&density.na2_per_hz),
            noise_a_per_rt_hz: root(na2_per_hz),
        })
    }

    /// The curve of at most `2 bins` points, bins evenly spaced on the logarithmic axis: of every bin the least and the greatest
    /// density where they are, so that neither a peak is lost nor noise lifted where bins hold many frequencies.
    pub fn extremes(&self, bins: usize) -> Vec<(f64, f64)> {
        let mut curve = Vec::new();
        for bin in self.bins(bins) {
            let place = |n: usize| (self.frequencies_hz[n], self.density_a_per_rt_hz[n]);
            let by_density = |a: &usize, b: &usize| place(*a).1.total_cmp(&place(*b).1);
            let ends = bin.clone().min_by(by_density).zip(bin.max_by(by_density));
            let Some((least, greatest)) = ends else { continue };
            curve.push(place(least.min(greatest)));
            if least != greatest {
                curve.push(place(least.max(greatest)));
            }
        }
        curve
    }

    /// Places of the frequencies in at most `bins` bins, evenly spaced on the logarithmic axis; none is empty.
    fn bins(&self, bins: usize) -> Vec<std::ops::Range<usize>> {
        let last = self.frequencies_hz.len().saturating_sub(1);
        // The mean and what leaks from it have no place on the logarithmic axis.
        let span = (last as f64 + 1.0).ln();
        let mut from = 1;
        let mut found = Vec::new();
        for bin in 1..=bins {
            let end = ((span * bin as f64 / bins as f64).exp().round() as usize).max(from + 1);
            let end = if bin == bins { last + 1 } else { end.min(last + 1) };
            if from < end {
                found.push(from..end);
                from = end;
            }
        }
        found
    }

    /// At most `points` points, evenly spaced on the logarithmic axis: of every bin the greatest density, so that no peak is lost, and the median.
    pub fn thin(&self, points: usize) -> Thinned {
        let mut thinned = Thinned {
            frequencies_hz: Vec::new(),
            greatest_a_per_rt_hz: Vec::new(),
            median_a_per_rt_hz: Vec::new(),
        };
        for places in self.bins(points) {
            let middle = self.frequencies_hz[places.start] * self.frequencies_hz[places.end - 1];
            let mut bin = self.density_a_per_rt_hz[places].to_vec();
            bin.sort_unstable_by(f64::total_cmp);
            thinned.frequencies_hz.push(middle.sqrt());
            thinned.greatest_a_per_rt_hz.push(bin[bin.len() - 1]);
            thinned.median_a_per_rt_hz.push(bin[bin.len() / 2]);
        }
        thinned
    }
}

fn check(pieces_na: &[&[f64]], rate_hz: f64, known: &Known) -> Result<(), SpectrumError> {
    if !(1e-6..=1e12).contains(&rate_hz) {
        return Err(SpectrumError::Rate { rate_hz });
    }
    let tones = known.tones_hz.iter().map(|&hz| ("a tone", hz));
    let mains = known.mains_hz.iter().map(|&hz| ("mains", hz));
    let wrong = |&(_, hz): &(&str, f64)| !(hz > 0.0 && hz.is_finite());
    if let Some((what, frequency_hz)) = tones.chain(mains).find(wrong) {
        return Err(SpectrumError::Frequency { what, frequency_hz });
    }
    // Squares of more would not be finite.
    let most = 1e100;
    let values = pieces_na.iter().flat_map(|piece| piece.iter()).enumerate();
    let wrong = |(_, value): &(usize, &f64)| !(-most..=most).contains(*value);
    match values.into_iter().find(wrong) {
        Some((place, &value)) => Err(SpectrumError::Value { place, value }),
        None => Ok(()),
    }
}

/// The strongest tone over the strongest other line, in dB, and which that is.
fn range(lines: &[Line]) -> Option<(f64, String)> {
    let tone = lines.iter().find(|line| line.kind == Kind::Tone)?;
    let other = lines.iter().find(|line| line.kind != Kind::Tone)?;
    Some((20.0 * (tone.amplitude_na / other.amplitude_na).log10(), other.label.clone()))
}

#[cfg(test)]
mod tests;
