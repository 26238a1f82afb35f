//! The noise floor: a median over neighbouring bins, which a few lines hardly affect.
//!
//! A bin's density is the noise times chi-square over its degrees of freedom; the median of that is below its mean, 0.69 of it for a single segment,
//! and the floor is divided by this ratio. If the noise is not white, the neighbours are first levelled by a slope fitted to them.

use super::welch::Density;
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Lines from zero on that the mean and slow drifts reach under a Hann window.
pub const LOWEST: usize = 3;

/// Neighbours on either side, at least and as shares of the line's number.
const BESIDE: usize = 24;
const BELOW: f64 = 0.7;
const ABOVE: f64 = 1.4;

/// Places at which the floor is found, a factor of two.
const PLACES: f64 = 6.0;

/// Steepest slope of the floor, as a power of the frequency: drifts fall with its square.
const STEEPEST: f64 = 3.0;

/// Minimum number of bins for a slope.
const FEWEST: usize = 12;

/// The noise under every line, with its uncertainty.
#[derive(Clone, Debug)]
pub(super) struct Floor {
    pub(super) na2_per_hz: Vec<f64>,
    /// Over all of the band.
    pub(super) median_na2_per_hz: f64,
    /// Degrees of freedom of the floor at a place.
    pub(super) freedom: f64,
}

/// Bins with noise only, by number; none of `taken`.
fn free(density: &Density, taken: &[bool]) -> Vec<usize> {
    let last = density.na2_per_hz.len() - 1;
    (LOWEST.min(last)..last.max(LOWEST.min(last) + 1)).filter(|&line| !taken[line]).collect()
}

impl Floor {
    /// Beside the lines that are taken.
    pub(super) fn of(density: &Density, taken: &[bool]) -> Self {
        let values = &density.na2_per_hz;
        let lines = values.len();
        let share = median_share(density.freedom);
        let free = free(density, taken);
        let mut all: Vec<f64> = free.iter().map(|&line| values[line]).collect();
        let median_na2_per_hz = median(&mut all) / share;
        let mut places: Vec<(f64, f64)> = Vec::new();
        let mut fewest = usize::MAX;
        let mut place = LOWEST as f64;
        while place < lines as f64 * 2f64.powf(1.0 / PLACES) {
            let line = (place.round() as usize).min(lines - 1);
            let low = (BELOW * line as f64).min(line.saturating_sub(BESIDE) as f64) as usize;
            let high = (ABOVE * line as f64).max((line + BESIDE) as f64) as usize;
            let from = free.partition_point(|&free| free < low);
            let to = free.partition_point(|&free| free <= high);
            let near = &free[from..to];
            if !near.is_empty() {
                let found = level(values, near, line) / share;
                fewest = fewest.min(near.len());
                if places.last().is_none_or(|&(last, _)| (line as f64) > last) {
                    places.push((line as f64, found));
                }
            }
            place = (place * 2f64.powf(1.0 / PLACES)).max(place + 1.0);
        }
        if places.is_empty() {
            places.push((1.0, median_na2_per_hz));
            fewest = free.len().max(1);
        }
        let na2_per_hz = (0..lines).map(|line| between(&places, line as f64)).collect();
        // A median knows as much as two thirds of the values, and under a Hann window a line shares half with its neighbours.
        let freedom = density.freedom * (fewest as f64 / 4.0).max(0.5);
        Floor { na2_per_hz, median_na2_per_hz, freedom }
    }
}

/// Median of chi-square over its degrees of freedom.
fn median_share(freedom: f64) -> f64 {
    ChiSquared::new(freedom).map_or(1.0, |chi| chi.inverse_cdf(0.5) / freedom)
}

fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    (low + high) / 2.0
}

/// Median of the neighbours, brought to the height that they would have at `line`.
fn level(values: &[f64], near: &[usize], line: usize) -> f64 {
    let slope = slope(values, near);
    let mut levelled: Vec<f64> = near
        .iter()
        .map(|&other| values[other] * (line.max(1) as f64 / other.max(1) as f64).powf(slope))
        .collect();
    median(&mut levelled)
}

/// Power of the frequency with which the neighbours go: between the medians of their halves.
fn slope(values: &[f64], near: &[usize]) -> f64 {
    if near.len() < FEWEST {
        return 0.0;
    }
    // Halves on the logarithmic axis.
    let (first, last) = (near[0].max(1) as f64, near[near.len() - 1].max(1) as f64);
    let middle = (first * last).sqrt();
    let split = near.partition_point(|&line| (line as f64) < middle).clamp(4, near.len() - 4);
    let at = |lines: &[usize]| {
        let mut values: Vec<f64> = lines.iter().map(|&line| values[line]).collect();
        let place = lines.iter().map(|&line| (line.max(1) as f64).ln()).sum::<f64>();
        (place / lines.len() as f64, median(&mut values).ln())
    };
    let ((x0, y0), (x1, y1)) = (at(&near[..split]), at(&near[split..]));
    let slope = (y1 - y0) / (x1 - x0);
    if slope.is_finite() {
        slope.clamp(-STEEPEST, STEEPEST)
    } else {
        0.0
    }
}

/// On straight lines between places, both axes logarithmic.
fn between(places: &[(f64, f64)], line: f64) -> f64 {
    let after = places.partition_point(|&(place, _)| place < line);
    let (before, after) = (after.saturating_sub(1), after.min(places.len() - 1));
    let ((x0, y0), (x1, y1)) = (places[before], places[after]);
    if x1 <= x0 || !(y0 > 0.0 && y1 > 0.0) {
        return y1;
    }
    let share = ((line.max(1.0) / x0).ln() / (x1 / x0).ln()).clamp(0.0, 1.0);
    (y0.ln() + share * (y1 / y0).ln()).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn the_floor_of_few_segments_is_the_mean_density_and_lines_hardly_move_it() {
        let mut dice = ChaCha8Rng::seed_from_u64(4);
        for segments in [1, 2, 8] {
            let count = 2048 * (segments + 1) / 2;
            let found: f64 = (0..20)
                .map(|_| {
                    let mut samples: Vec<f64> =
                        (0..count).map(|_| StandardNormal.sample(&mut dice)).collect();
                    for (n, sample) in samples.iter_mut().enumerate() {
                        for cycles in [50.0, 123.0, 700.3] {
                            let turn = std::f64::consts::TAU * cycles / 2048.0;
                            *sample += 30.0 * (turn * n as f64).sin();
                        }
                    }
                    let density = Density::of(&[&samples], 2.0, 2048).unwrap();
                    let floor = Floor::of(&density, &vec![false; 1025]);
                    floor.median_na2_per_hz
                })
                .sum::<f64>()
                / 20.0;
            // 700.3 leaks; the rest is 20 medians of about 680 independent lines.
            assert!((found - 1.0).abs() < 0.05, "{segments}: {found}");
        }
    }

    #[test]
    fn a_floor_that_falls_with_the_frequency_is_followed_to_its_lowest_line() {
        let lines = 2049;
        let values: Vec<f64> = (0..lines).map(|line| 1.0 / (line as f64).max(1.0)).collect();
        let density = Density { line_hz: 1.0, na2_per_hz: values, segments: 1, freedom: 2.0 };
        let floor = Floor::of(&density, &vec![false; lines]);
        let share = median_share(2.0);
        for line in [3, 7, 40, 500, 2000] {
            let found = floor.na2_per_hz[line] * share * line as f64;
            assert!((found - 1.0).abs() < 0.12, "{line}: {found}");
        }
    }
}
