//! The device's slope at amplitude zero, from responses at several amplitudes.
//!
//! The response to a tone of the ratio a of the full amplitude is g + h(a): the slope g, and a bias h with h(0) = 0.
//! The model has two kinds of bias. A smooth device has
//!
//! ```text
//! h(a) = c a^2                                        smooth: third order, for any tones
//! ```
//!
//! and one with kinks (a surrogate of rectifiers, a threshold) at uniformly distributed distances has a bias that begins where the tones reach a
//! kink. Its covariance between two amplitudes, for a nearly normal sum of tones, is
//!
//! ```text
//! cov(h(a), h(b)) ~ a + b - sqrt(a^2 + b^2)           rough
//! ```
//!
//! Both strengths and their ratio are unknown. They are integrated over a grid of equal ratios, from a tenth of the standard error at the full amplitude to
//! eight times the largest difference between amplitudes. The slopes of one case share both strengths up to a factor of 1/3, 1 or 3 of each slope,
//! so that slopes with differences below the noise profit from the others. g itself has a flat prior. The noise is that of the
//! lines near the tones, by Student's distribution.

use super::confidence::CONFIDENCE;
use crate::linear::{cholesky, dot, forward};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Smallest strength of the grid, in standard errors at the full amplitude: a smaller bias is not detectable.
const LEAST_STRENGTH: f64 = 0.1;

/// Largest strength of the grid, in largest differences between amplitudes.
const GREATEST_STRENGTH: f64 = 8.0;

/// Approximate ratio of the grid's strengths.
const STRENGTH_RATIO: f64 = 2.2;

/// Factors between a slope's own strength and that of its case, and their probabilities.
const OWN_STRENGTH: [(f64, f64); 3] = [(1.0 / 3.0, 0.25), (1.0, 0.5), (3.0, 0.25)];

/// Smallest error, relative to the largest response: that of the arithmetic.
const LEAST_ERROR: f64 = 1e-9;

/// Cells of the grid with less than this fraction of the largest weight are skipped.
const LEAST_WEIGHT: f64 = 1e-7;

/// Halvings of the bracket of an interval's end.
const HALVINGS: u32 = 50;

/// One slope's responses, full amplitude first.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// Amplitudes as fractions of the full one.
    pub ratios: Vec<f64>,
    /// One an amplitude; any unit.
    pub answers: Vec<f64>,
    /// Standard error of the response at the full amplitude; that of another is larger by its ratio.
    pub error: f64,
    /// Degrees of freedom of the standard error.
    pub degrees_of_freedom: f64,
}

/// Result of the fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtZero {
    /// Posterior mean of the response at amplitude zero.
    pub value: f64,
    /// Standard deviation of the value.
    pub error: f64,
    /// Ends of the 95 % interval.
    pub interval: [f64; 2],
    /// Response at the full amplitude, without noise, minus that at zero.
    pub bias: f64,
    /// Standard deviation of the bias.
    pub bias_error: f64,
}

/// Posterior for one pair of strengths.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// Logarithm of the evidence.
    evidence: f64,
    value: f64,
    error: f64,
    bias: f64,
    bias_error: f64,
}

/// The responses of one case's slopes at amplitude zero.
pub fn at_zero(slopes: &[Answers]) -> Vec<AtZero> {
    let strengths = strengths(slopes);
    // Slope by slope and pair by pair: a cell for every strength of its own.
    let cells: Vec<Vec<[Cell; 3]>> = slopes.iter().map(|slope| slope.cells(&strengths)).collect();
    let evidence: Vec<Vec<f64>> =
        cells.iter().map(|pairs| pairs.iter().map(of_pair).collect()).collect();
    let of_case = |pair: usize| evidence.iter().map(|of_slope| of_slope[pair]).sum::<f64>();
    let of_case: Vec<f64> = (0..strengths.len().pow(2)).map(of_case).collect();
    let posteriors = slopes.iter().zip(&cells).zip(&evidence).map(|((slope, cells), own)| {
        let weighed = cells.iter().zip(&of_case).zip(own).flat_map(|((cells, of_case), own)| {
            let of_others = of_case - own;
            cells.iter().map(move |cell| (cell.evidence + of_others, *cell))
        });
        posterior(weighed.collect(), slope.degrees_of_freedom)
    });
    posteriors.collect()
}

/// The grid of strengths, zero first.
fn strengths(slopes: &[Answers]) -> Vec<f64> {
    let least = slopes.iter().map(Answers::least_error).fold(f64::INFINITY, f64::min);
    let least = LEAST_STRENGTH * least;
    let greatest = slopes.iter().map(Answers::span).fold(least, f64::max);
    let greatest = GREATEST_STRENGTH * greatest.max(least / LEAST_STRENGTH);
    let steps = ((greatest / least).ln() / STRENGTH_RATIO.ln()).ceil().max(1.0);
    let ratio = (greatest / least).powf(steps.recip());
    let grid = (0..=steps as i32).map(|step| least * ratio.powi(step));
    std::iter::once(0.0).chain(grid).collect()
}

impl Answers {
    /// Standard error at the full amplitude, at least that of the arithmetic.
    fn least_error(&self) -> f64 {
        let largest = self.answers.iter().fold(1e-3, |most: f64, answer| most.max(answer.abs()));
        self.error.max(LEAST_ERROR * largest)
    }

    /// Largest difference from the response at the full amplitude.
    fn span(&self) -> f64 {
        let differences = self.answers.iter().map(|answer| (answer - self.answers[0]).abs());
        differences.fold(0.0, f64::max)
    }

    fn cells(&self, strengths: &[f64]) -> Vec<[Cell; 3]> {
        let pairs =
            strengths.iter().flat_map(|&smooth| strengths.iter().map(move |&r| (smooth, r)));
        let cell = |(smooth, rough): (f64, f64)| {
            OWN_STRENGTH.map(|(own, chance)| {
                let cell = self.cell(own * smooth, own * rough);
                Cell { evidence: cell.evidence + chance.ln(), ..cell }
            })
        };
        pairs.map(cell).collect()
    }

    /// Generalised least squares of a constant under the covariance of noise and bias.
    fn cell(&self, smooth: f64, rough: f64) -> Cell {
        let error = self.least_error();
        let of_bias = |a: f64, b: f64| {
            let kinks = (a + b - a.hypot(b)) / (2.0 - std::f64::consts::SQRT_2);
            smooth * smooth * (a * b).powi(2) + rough * rough * kinks
        };
        let ratios = &self.ratios;
        let row = |(i, &a): (usize, &f64)| -> Vec<f64> {
            let noise = |j: usize| if i == j { (error / a).powi(2) } else { 0.0 };
            ratios.iter().enumerate().map(|(j, &b)| of_bias(a, b) + noise(j)).collect()
        };
        let root = cholesky(ratios.iter().enumerate().map(row).collect());
        let whitened = |values: &[f64]| forward(&root, values);
        let ones = whitened(&vec![1.0; ratios.len()]);
        let answers = whitened(&self.answers);
        let full: Vec<f64> = ratios.iter().map(|&a| of_bias(a, 1.0)).collect();
        let full = whitened(&full);
        let information = dot(&ones, &ones);
        let value = dot(&ones, &answers) / information;
        let left: Vec<f64> = answers.iter().zip(&ones).map(|(y, one)| y - value * one).collect();
        let determinant: f64 = root.iter().enumerate().map(|(i, row)| row[i].ln()).sum();
        // What a wrong constant puts on the bias.
        let of_constant = dot(&full, &ones);
        let variance = of_bias(1.0, 1.0) - dot(&full, &full) + of_constant.powi(2) / information;
        Cell {
            evidence: -dot(&left, &left) / 2.0 - determinant - information.ln() / 2.0,
            value,
            error: information.powf(-0.5),
            bias: dot(&full, &left),
            bias_error: variance.max(0.0).sqrt(),
        }
    }
}

/// Evidence of a pair of strengths, summed over the slope's own factors.
fn of_pair(cells: &[Cell; 3]) -> f64 {
    let most = cells.iter().map(|cell| cell.evidence).fold(f64::NEG_INFINITY, f64::max);
    most + cells.iter().map(|cell| (cell.evidence - most).exp()).sum::<f64>().ln()
}

/// The mixture of all cells, each with the logarithm of its weight.
fn posterior(cells: Vec<(f64, Cell)>, degrees_of_freedom: f64) -> AtZero {
    let most = cells.iter().map(|(log, _)| *log).fold(f64::NEG_INFINITY, f64::max);
    let weighed = cells.into_iter().map(|(log, cell)| ((log - most).exp(), cell));
    let cells: Vec<(f64, Cell)> = weighed.filter(|(weight, _)| *weight > LEAST_WEIGHT).collect();
    let total: f64 = cells.iter().map(|(weight, _)| weight).sum();
    let mean = |of: &dyn Fn(&Cell) -> f64| {
        cells.iter().map(|(weight, cell)| weight * of(cell)).sum::<f64>() / total
    };
    let (value, bias) = (mean(&|cell| cell.value), mean(&|cell| cell.bias));
    let variance = mean(&|cell| cell.error.powi(2) + (cell.value - value).powi(2));
    let of_bias = mean(&|cell| cell.bias_error.powi(2) + (cell.bias - bias).powi(2));
    let error = variance.sqrt();
    let student = StudentsT::new(0.0, 1.0, degrees_of_freedom).ok();
    let below = |end: f64| {
        // It exists for every number of degrees of freedom above zero.
        let share = |x: f64| student.as_ref().map_or(0.5, |student| student.cdf(x));
        mean(&|cell| share((end - cell.value) / cell.error))
    };
    // Chebyshev's inequality holds an end of the normal mixture within this; Student's tails are wider.
    let reach = 100.0 * error;
    let end = |level: f64| {
        let (mut low, mut high) = (value - reach, value + reach);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            *(if below(middle) < level { &mut low } else { &mut high }) = middle;
        }
        f64::midpoint(low, high)
    };
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let interval = [end(tail), end(1.0 - tail)];
    AtZero { value, error, interval, bias, bias_error: of_bias.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATIOS: [f64; 3] = [1.0, 0.5, 0.25];

    fn slopes(values: &[[f64; 3]], error: f64) -> Vec<Answers> {
        let of = |answers: &[f64; 3]| Answers {
            ratios: RATIOS.to_vec(),
            answers: answers.to_vec(),
            error,
            degrees_of_freedom: 1e6,
        };
        values.iter().map(of).collect()
    }

    #[test]
    fn a_bias_that_falls_with_the_square_is_taken_off_and_told() {
        let of = |slope: f64, bias: f64| RATIOS.map(|ratio| slope + bias * ratio * ratio);
        let found = at_zero(&slopes(&[of(5.0, 2.0), of(-3.0, -1.0), of(8.0, 4.0)], 1e-3));
        for (found, (slope, bias)) in found.iter().zip([(5.0, 2.0), (-3.0, -1.0), (8.0, 4.0)]) {
            assert!((found.value - slope).abs() < 0.05, "{found:?}");
            assert!((found.bias - bias).abs() < 0.05, "{found:?}");
            let [low, high] = found.interval;
            assert!(low < slope && slope < high && high - low < 0.5, "{found:?}");
        }
    }

    #[test]
    fn amplitudes_that_agree_make_an_interval_between_that_of_the_smallest_and_that_of_all() {
        let found = at_zero(&slopes(&[[4.0; 3], [1.0; 3], [-2.0; 3], [7.0; 3], [0.0; 3]], 1.0));
        // Without a bias the weights are 1, 1/4 and 1/16; the smallest amplitude alone has an error of 4.
        let (least, most) = ((1.0_f64 + 0.25 + 1.0 / 16.0).powf(-0.5), 4.0);
        for found in found {
            assert!(found.error > least && found.error < most, "{found:?}");
            assert!(found.bias.abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn amplitudes_that_disagree_without_order_widen_the_interval() {
        let calm = at_zero(&slopes(&[[5.0, 5.0, 5.0]], 0.01))[0];
        let wild = at_zero(&slopes(&[[5.0, 9.0, 2.0]], 0.01))[0];
        let width = |found: AtZero| found.interval[1] - found.interval[0];
        assert!(width(wild) > 20.0 * width(calm), "{calm:?} {wild:?}");
        assert!(wild.interval[0] < 2.0 && wild.interval[1] > 2.0, "{wild:?}");
    }

    #[test]
    fn answers_without_noise_or_of_nothing_make_finite_figures() {
        for answers in [[0.0; 3], [1e6; 3], [1e-12, 0.0, -1e-12], [1e3, -1e3, 1e3]] {
            let found = at_zero(&slopes(&[answers], 0.0))[0];
            let AtZero { value, error, interval: [low, high], bias, bias_error } = found;
            assert!([value, error, low, high, bias, bias_error].iter().all(|v| v.is_finite()));
            assert!(low <= high, "{found:?}");
        }
        assert!(at_zero(&[]).is_empty());
    }
}
