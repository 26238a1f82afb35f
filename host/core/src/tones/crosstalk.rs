//! Crosstalk between tones from the NCO's sine table: its rounding, and phase truncation.
//!
//! The NCO reads a table of 4096 sines of 16 bits with the top 12 bits of its phase. Over a window of W samples tone m is therefore
//! F(m n mod W) for one function F, whose lines h follow from one Fourier transform: the tone itself at h = 1, images of
//! amplitude 1/(4096 k +- 1) at h = 4096 k +- 1 where the phase has more bits than the table's address (W > 4096), and the rounding of the table at all
//! odd h. Line h of F appears at m h mod W. A pair of tones has two terms, a line of one on the other's frequency and a line of the
//! other's reference on the first's frequency; in the worst case they add.

use super::Grid;
use hge_protocol::number::quarter_wave;
use rustfft::num_complex::Complex;
use rustfft::FftPlanner;
use serde::Serialize;

/// Above this, in dB of the tone that causes it, a pair is planned only where no other is left. Rounding in DAC and ADC adds to it.
pub const PLANNED_DB: f64 = -105.0;

/// Above this, a pair that a user gives is reported.
pub const REPORTED_DB: f64 = -100.0;

/// Phases that the table holds.
const TABLE: u32 = 4096;

/// Two tones and their crosstalk.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Multiples of both.
    pub cycles: [u32; 2],
    /// Largest share of one tone's amplitude that the other's lock-in reads, in dB.
    pub level_db: f64,
}

/// Levels of all pairs of lines of a grid.
#[derive(Clone, Debug)]
pub struct Crosstalk {
    window_samples: u32,
    /// For every power of two that a tone's multiple contains: the period of the rest, in samples, and its lines.
    reduced: Vec<Reduced>,
}

/// Tones that repeat after `samples`, an odd number of times in them.
#[derive(Clone, Debug)]
struct Reduced {
    samples: u32,
    /// Amplitudes of the lines of F, that of the tone being 1.
    lines: Vec<f64>,
    /// Ratios of two such tones, modulo `samples`, that are not planned.
    refused: Vec<u32>,
}

impl Crosstalk {
    /// For the lines of a grid.
    pub fn new(grid: Grid) -> Self {
        let sizes = (2..=grid.window_samples.trailing_zeros()).rev().map(|bits| 1 << bits);
        let mut planner = FftPlanner::new();
        let reduced = sizes.map(|samples| Reduced::new(samples, &mut planner)).collect();
        Crosstalk { window_samples: grid.window_samples, reduced }
    }

    /// Largest share of one tone's amplitude that the other's lock-in reads, whatever their phases. Zero where they contain different
    /// powers of two, as F has odd lines alone.
    pub fn level(&self, a: u32, b: u32) -> f64 {
        let power = a.trailing_zeros();
        if b.trailing_zeros() != power {
            return 0.0;
        }
        let Some(reduced) = self.reduced.get(power as usize) else { return 0.0 };
        let (a, b) = (a >> power, b >> power);
        reduced.level(b.wrapping_mul(inverse(a)))
    }

    /// The pair that is worst.
    pub fn worst(&self, tones: &[u32]) -> Option<Pair> {
        self.pairs(tones).max_by(|one, other| one.level_db.total_cmp(&other.level_db))
    }

    /// Pairs above `limit_db`.
    pub fn above(&self, tones: &[u32], limit_db: f64) -> Vec<Pair> {
        self.pairs(tones).filter(|pair| pair.level_db > limit_db).collect()
    }

    fn pairs<'a>(&'a self, tones: &'a [u32]) -> impl Iterator<Item = Pair> + 'a {
        let pairs = tones.iter().enumerate();
        let pairs = pairs.flat_map(move |(i, &a)| tones[i + 1..].iter().map(move |&b| [a, b]));
        pairs.filter_map(|[a, b]| {
            let level = self.level(a, b);
            (level > 0.0).then(|| Pair { cycles: [a, b], level_db: 20.0 * level.log10() })
        })
    }

    /// A copy without refused pairs; `None` if there was none.
    pub(super) fn admitting_all(&self) -> Option<Self> {
        let refuses = self.reduced.iter().any(|reduced| !reduced.refused.is_empty());
        let mut admitting = self.clone();
        admitting.reduced.iter_mut().for_each(|reduced| reduced.refused.clear());
        refuses.then_some(admitting)
    }

    /// Lines that are not planned together with `tone`.
    pub fn refused(&self, tone: u32) -> impl Iterator<Item = u32> + '_ {
        let power = tone.trailing_zeros();
        let reduced = self.reduced.get(power as usize);
        let ratios = reduced.map_or(&[][..], |reduced| &reduced.refused);
        ratios.iter().map(move |&ratio| {
            let line = (tone >> power).wrapping_mul(ratio) << power;
            let line = line & (self.window_samples - 1);
            line.min(self.window_samples - line)
        })
    }
}

impl Reduced {
    fn new(samples: u32, planner: &mut FftPlanner<f64>) -> Self {
        let mut wave: Vec<Complex<f64>> =
            (0..samples).map(|n| Complex::from(sine(n, samples))).collect();
        planner.plan_fft_forward(wave.len()).process(&mut wave);
        let lines: Vec<f64> =
            wave[..=samples as usize / 2].iter().map(|line| line.norm()).collect();
        let tone = lines[1];
        let lines = lines.iter().map(|line| line / tone).collect();
        let mut reduced = Reduced { samples, lines, refused: Vec::new() };
        let limit = 10_f64.powf(PLANNED_DB / 20.0);
        // Of a ratio and its negative, which is the same line, one is enough.
        reduced.refused =
            (3..samples / 2).step_by(2).filter(|&r| reduced.level(r) > limit).collect();
        reduced
    }

    fn level(&self, ratio: u32) -> f64 {
        let line = |h: u32| {
            let h = h & (self.samples - 1);
            self.lines[h.min(self.samples - h) as usize]
        };
        line(ratio) + line(inverse(ratio))
    }
}

/// Sample `n` of a sine of one period in `samples`, as the NCO has it.
fn sine(n: u32, samples: u32) -> f64 {
    // The top 12 bits of the phase.
    let index = (u64::from(n) * u64::from(TABLE) / u64::from(samples)) as u32;
    let (quadrant, place) = (index / 1024, index % 1024);
    let rising = if quadrant % 2 == 0 { place } else { 1023 - place };
    let value = f64::from(quarter_wave(rising));
    if quadrant < 2 {
        value
    } else {
        -value
    }
}

/// Inverse of an odd number modulo 2^32, by Newton's iteration: each doubles the bits that are right, of which there are three at first.
fn inverse(odd: u32) -> u32 {
    (0..4).fold(odd, |found, _| found.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(found))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_sim::model::nco::sine_cosine;

    /// Spectrum of a window of the NCO's output for a tone, relative to its own line.
    fn played(window_samples: u32, cycles: u32) -> Vec<f64> {
        let tuning = cycles << (32 - window_samples.trailing_zeros());
        let mut wave: Vec<Complex<f64>> = (0..window_samples)
            .map(|n| Complex::from(f64::from(sine_cosine(n.wrapping_mul(tuning)).0)))
            .collect();
        FftPlanner::new().plan_fft_forward(wave.len()).process(&mut wave);
        let own = wave[cycles as usize].norm();
        wave.iter().map(|line| line.norm() / own).collect()
    }

    #[test]
    fn the_level_of_a_pair_is_a_line_of_either_tone_on_the_other() {
        for window_samples in [64, 8192] {
            let grid = Grid { rate_hz: 5000.0, window_samples };
            let crosstalk = Crosstalk::new(grid);
            let tones: Vec<u32> = match window_samples {
                64 => (1..32).collect(),
                _ => vec![8, 37, 999, 1001, 2047, 2048, 2049, 3095, 4001],
            };
            let spectra: Vec<Vec<f64>> =
                tones.iter().map(|&tone| played(window_samples, tone)).collect();
            let mut unlike = 0;
            for (i, &a) in tones.iter().enumerate() {
                for (k, &b) in tones.iter().enumerate().filter(|&(k, _)| k != i) {
                    let (of_a, of_b) = (spectra[i][b as usize], spectra[k][a as usize]);
                    let level = crosstalk.level(a, b);
                    assert!((level - of_a - of_b).abs() < 1e-9, "{a} {b}: {level} {of_a} {of_b}");
                    unlike += u32::from((of_a - of_b).abs() > 1e-7);
                }
            }
            assert!(unlike > 10, "{unlike}");
        }
    }

    #[test]
    fn the_lines_refused_with_a_tone_are_those_above_the_planned_level() {
        for window_samples in [64, 1024] {
            let crosstalk = Crosstalk::new(Grid { rate_hz: 5000.0, window_samples });
            let mut count = 0;
            for tone in 1..window_samples / 2 {
                let mut refused: Vec<u32> = crosstalk.refused(tone).collect();
                refused.sort_unstable();
                let above = (1..window_samples / 2).filter(|&line| {
                    line != tone && 20.0 * crosstalk.level(tone, line).log10() > PLANNED_DB
                });
                assert_eq!(refused, above.collect::<Vec<u32>>(), "{tone} of {window_samples}");
                count += refused.len();
            }
            assert!(count > 0);
        }
    }
}
