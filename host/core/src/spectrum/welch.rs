//! Welch's density: the mean of the periodograms of segments that overlap by half, under a Hann window.
//!
//! With X the transform of a segment of L samples times the window w, f_s the sample rate,
//!
//! ```text
//! S[k] = 2 |X[k]|^2 / (f_s sum w^2)      one-sided; the ends k = 0 and L/2 once
//! ```
//!
//! so that the sum of S over all lines, times their distance, is the variance.

use rustfft::num_complex::Complex;
use rustfft::FftPlanner;
use std::f64::consts::TAU;

/// Squared correlation of two neighbouring periodograms under a Hann window at half overlap: (1/6)^2.
const OVERLAP: f64 = 1.0 / 36.0;

/// A one-sided spectral density.
#[derive(Clone, Debug, PartialEq)]
pub struct Density {
    /// Distance of two lines.
    pub line_hz: f64,
    /// Density at every line, from zero to half the sample rate.
    pub na2_per_hz: Vec<f64>,
    /// Segments that it is the mean of.
    pub segments: usize,
    /// Degrees of freedom of a line's density: two for every segment, less what overlap shares.
    pub freedom: f64,
}

impl Density {
    /// Of stretches of current at `rate_hz`, each without a gap, in segments of `segment_samples`, an even number; `None` where not one fits.
    pub fn of(pieces_na: &[&[f64]], rate_hz: f64, segment_samples: usize) -> Option<Self> {
        let length = segment_samples;
        if length < 2 || !length.is_multiple_of(2) {
            return None;
        }
        let count: usize = pieces_na.iter().map(|piece| piece.len()).sum();
        let mean = pieces_na.iter().flat_map(|piece| piece.iter()).sum::<f64>() / count as f64;
        let turn = TAU / length as f64;
        let window: Vec<f64> = (0..length).map(|n| 0.5 - 0.5 * (turn * n as f64).cos()).collect();
        let power: f64 = window.iter().map(|w| w * w).sum();
        let transform = FftPlanner::new().plan_fft_forward(length);
        let mut sums = vec![0.0; length / 2 + 1];
        let (mut segments, mut neighbours) = (0, 0);
        for piece in pieces_na.iter().filter(|piece| piece.len() >= length) {
            for (n, start) in (0..=piece.len() - length).step_by(length / 2).enumerate() {
                let samples = piece[start..].iter().zip(&window);
                let mut bins: Vec<Complex<f64>> =
                    samples.map(|(y, w)| Complex::new((y - mean) * w, 0.0)).collect();
                transform.process(&mut bins);
                for (sum, bin) in sums.iter_mut().zip(&bins) {
                    *sum += bin.norm_sqr();
                }
                segments += 1;
                neighbours += usize::from(n > 0);
            }
        }
        if segments == 0 {
            return None;
        }
        let last = sums.len() - 1;
        let density = sums.into_iter().enumerate().map(|(line, sum)| {
            let sides = if line == 0 || line == last { 1.0 } else { 2.0 };
            sides * sum / (rate_hz * power * segments as f64)
        });
        let (all, pairs) = (segments as f64, neighbours as f64);
        Some(Density {
            line_hz: rate_hz / length as f64,
            na2_per_hz: density.collect(),
            segments,
            freedom: 2.0 * all / (1.0 + 2.0 * OVERLAP * pairs / all),
        })
    }

    /// Default samples of a segment: the largest power of two that gives eight or more overlapping segments in the longest range.
    pub fn segment_for(longest: usize) -> usize {
        let most = (2 * longest / 9).max(1);
        1 << most.ilog2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    const RATE_HZ: f64 = 5000.0;

    fn noise(count: usize, seed: u64) -> Vec<f64> {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| StandardNormal.sample(&mut dice)).collect()
    }

    #[test]
    fn white_noise_has_its_density_within_its_confidence_at_every_segment_length() {
        // Variance 1 over half the rate.
        let wanted = 2.0 / RATE_HZ;
        let samples = noise(1 << 17, 1);
        for length in [64, 256, 4096] {
            let found = Density::of(&[&samples], RATE_HZ, length).unwrap();
            let inner = &found.na2_per_hz[3..length / 2 - 3];
            let mean = inner.iter().sum::<f64>() / inner.len() as f64;
            // All samples but a few count: the relative error of a variance is sqrt(2/n).
            let error = (2.0 / samples.len() as f64).sqrt();
            assert!((mean / wanted - 1.0).abs() < 5.0 * error, "{length}: {}", mean / wanted);
            let spread = inner.iter().map(|s| (s / mean - 1.0).powi(2)).sum::<f64>();
            let spread = spread / inner.len() as f64;
            let expected = 2.0 / found.freedom;
            // The spread of the spread: lines correlate with their neighbours, half count.
            let slack = 6.0 * (2.0 / (inner.len() as f64 / 2.0)).sqrt();
            assert!((spread / expected - 1.0).abs() < slack, "{length}: {}", spread / expected);
        }
    }

    #[test]
    fn segments_that_overlap_have_the_freedom_that_their_window_leaves_them() {
        // The squared correlation of the periodograms of white noise in two segments half a segment apart, from the window itself.
        let length = 4096;
        let turn = TAU / length as f64;
        let window = |n: usize| 0.5 - 0.5 * (turn * n as f64).cos();
        let shared: f64 = (0..length / 2).map(|n| window(n) * window(n + length / 2)).sum();
        let whole: f64 = (0..length).map(|n| window(n).powi(2)).sum();
        let squared = (shared / whole).powi(2);
        // The mean of K periodograms has the variance (1 + 2 (K - 1) / K of that) / K; a stretch of its own shares nothing with the others.
        let freedom = |stretches: &[&[f64]]| Density::of(stretches, RATE_HZ, 16).unwrap().freedom;
        let samples = noise(16 + 8 * 99, 4);
        let wanted = 2.0 * 100.0 / (1.0 + 2.0 * squared * 0.99);
        assert!((freedom(&[&samples]) / wanted - 1.0).abs() < 1e-9);
        let apart: Vec<&[f64]> = samples.chunks_exact(16).collect();
        assert_eq!(freedom(&apart), 2.0 * apart.len() as f64);
        let wanted = 2.0 * 3.0 / (1.0 + 2.0 * squared / 3.0);
        assert!((freedom(&[&samples[..16], &samples[16..40]]) / wanted - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_density_over_all_lines_is_the_variance_of_what_the_windows_saw() {
        let samples = noise(1 << 16, 2);
        let found = Density::of(&[&samples], RATE_HZ, 512).unwrap();
        let sum = found.na2_per_hz.iter().sum::<f64>() * found.line_hz;
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        let variance =
            samples.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / samples.len() as f64;
        // Overlapped Hann windows weigh all samples equally but those of the first and the last half segment.
        assert!((sum / variance - 1.0).abs() < 0.01, "{}", sum / variance);
        // Of a single segment it is exact: sum (w y)^2 / sum w^2.
        let one = &samples[..512];
        let found = Density::of(&[one], RATE_HZ, 512).unwrap();
        let sum = found.na2_per_hz.iter().sum::<f64>() * found.line_hz;
        let mean = one.iter().sum::<f64>() / 512.0;
        let weights = (0..512).map(|n| (0.5 - 0.5 * (TAU * f64::from(n) / 512.0).cos()).powi(2));
        let weighed =
            one.iter().zip(weights).map(|(y, w)| w * (y - mean).powi(2)).sum::<f64>() / 192.0;
        assert!((sum / weighed - 1.0).abs() < 1e-12, "{}", sum / weighed);
    }

    #[test]
    fn five_lines_hold_the_power_of_a_sine_on_a_line_and_between_two() {
        let length = 1024;
        for place in [100.0, 100.2, 100.5, 311.77] {
            let sine: Vec<f64> =
                (0..8192).map(|n| 3.0 * (TAU * place * f64::from(n) / 1024.0).sin()).collect();
            let found = Density::of(&[&sine], RATE_HZ, length).unwrap();
            let middle = f64::round(place) as usize;
            let power: f64 = found.na2_per_hz[middle - 2..=middle + 2].iter().sum();
            // Half the square of the amplitude; half way between two lines 0.05 % fall beyond the five.
            let error = power * found.line_hz / 4.5 - 1.0;
            assert!(error.abs() < 6e-4, "{place}: {error:e}");
        }
    }

    #[test]
    fn a_random_walk_s_density_falls_with_the_square_of_the_frequency() {
        let mut sum = 0.0;
        let walk: Vec<f64> = noise(1 << 18, 3)
            .into_iter()
            .map(|step| {
                sum += step;
                sum
            })
            .collect();
        let found = Density::of(&[&walk], RATE_HZ, 4096).unwrap();
        // |1 - exp(-i w)|^2 S = S of the steps.
        let (low, high) = (16..64, 64..256);
        let mean = |lines: std::ops::Range<usize>| {
            let count = lines.len() as f64;
            lines
                .map(|line| {
                    let step = 2.0 * (std::f64::consts::PI * line as f64 / 4096.0).sin();
                    found.na2_per_hz[line] * step * step
                })
                .sum::<f64>()
                / count
                * RATE_HZ
                / 2.0
        };
        let (low, high) = (mean(low), mean(high));
        assert!((low - 1.0).abs() < 0.1 && (high - 1.0).abs() < 0.05, "{low} {high}");
    }

    #[test]
    fn nothing_is_found_where_no_segment_fits_and_stretches_are_not_joined() {
        assert_eq!(Density::of(&[], RATE_HZ, 16), None);
        assert_eq!(Density::of(&[&[1.0; 15], &[1.0; 15]], RATE_HZ, 16), None);
        let stretches: [&[f64]; 2] = [&[1.0; 16], &[3.0; 24]];
        let found = Density::of(&stretches, RATE_HZ, 16).unwrap();
        assert_eq!((found.segments, found.na2_per_hz.len()), (3, 9));
        assert_eq!((Density::segment_for(4608), Density::segment_for(4607)), (1024, 512));
    }
}
