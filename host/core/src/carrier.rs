//! Binary codes in place of sines: the code of a control, and the slope from a window's sums.
//!
//! The control's voltage is base + a or base - a according to its code c = +-1. Each of the code's 256 chips lasts an equal
//! part of the window. With y the lock-in's input, N samples of the window, P = 32767 and d the samples from code to response
//!
//! ```text
//! Q = P sum y[n] c[n - d]        S = sum c        M = sum y
//! a = (Q / P - M S / N) / (N - S^2 / N)
//! ```
//!
//! The instrument corrects d: the quadrature sum of a slot with a code uses the delayed code. S is zero for Walsh functions, which makes the
//! mean M irrelevant. A response that lags by more than d, behind a pole, is lost at every change of the code.
//!
//! **Numbers.** Code j times code k is code j ^ k, where a device's curvature in controls j and k appears. Codes therefore
//! have numbers with an odd number of bits, whose products in pairs have an even one; the first eight are powers of two, and
//! the products of three of those also avoid all eight. At most 128 controls.

use hge_driver::scale::Scale;
use hge_protocol::frame::SlotSums;
use hge_protocol::number::SINE_PEAK;
use hge_protocol::table::{code_is_low, CHIPS};
use hge_protocol::TuningWord;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Carriers of the controls' slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carrier {
    /// A sine for each control.
    #[default]
    Sine,
    /// A Walsh function for each control: over a window they are orthogonal to each other and to a constant.
    Walsh,
    /// A random code for each control: independent, with a correlation of about a sixteenth over the 256 chips.
    Random {
        /// Seed of the codes.
        seed: u64,
    },
}

impl Carrier {
    /// Whether it is a code.
    pub fn is_code(self) -> bool {
        self != Carrier::Sine
    }

    /// Row of every chip, as in the instrument's memory.
    pub fn rows(self) -> [u8; CHIPS] {
        match self {
            Carrier::Sine => [0; CHIPS],
            Carrier::Walsh => std::array::from_fn(|chip| chip as u8),
            Carrier::Random { seed } => ChaCha8Rng::seed_from_u64(seed).random(),
        }
    }

    /// Code of the control at place `control`, of 128 at most, repeated `multiple` times in a window.
    pub fn code(self, control: usize, cycles: u32) -> Code {
        Code { rows: self.rows(), number: code_number(control), cycles }
    }
}

/// Maximum number of controls with codes.
pub const MOST_CODES: usize = CHIPS / 2;

/// Number of a control's code: those of one bit, then of three, five and seven.
pub fn code_number(control: usize) -> u8 {
    let of_weight = |weight| (0..=u8::MAX).filter(move |number| number.count_ones() == weight);
    [1, 3, 5, 7].into_iter().flat_map(of_weight).nth(control).unwrap_or(0)
}

/// A code in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Row of every chip.
    pub rows: [u8; CHIPS],
    /// Number of the code; 0 is a constant.
    pub number: u8,
    /// Number of repetitions in a window.
    pub cycles: u32,
}

impl Code {
    /// Level of the code, 1 or -1, `sample` samples after the first of the lead-in.
    pub fn level(&self, sample: u32, window_samples: u32) -> i32 {
        let TuningWord(tuning) = TuningWord::on_grid(self.cycles, window_samples.trailing_zeros());
        let chip = sample.wrapping_mul(tuning) >> 24;
        if code_is_low(self.rows[chip as usize], self.number) {
            -1
        } else {
            1
        }
    }

    /// Sum of its levels over a window: zero if balanced.
    pub fn sum(&self, window_samples: u32) -> i64 {
        (0..window_samples).map(|n| i64::from(self.level(n, window_samples))).sum()
    }

    /// Mean product of the levels of two codes over a window: the crosstalk between them.
    pub fn correlation(&self, other: &Code, window_samples: u32) -> f64 {
        let products = (0..window_samples)
            .map(|n| i64::from(self.level(n, window_samples) * other.level(n, window_samples)));
        products.sum::<i64>() as f64 / f64::from(window_samples)
    }

    /// Amplitude of the response to it: half the difference between its levels, in the units of the lock-in's input, whose sum over the window
    /// is `total`.
    pub fn response(&self, sums: SlotSums, total: i64, window_samples: u32) -> f64 {
        let samples = f64::from(window_samples);
        let sum = self.sum(window_samples) as f64;
        let product = sums.quadrature as f64 / f64::from(SINE_PEAK);
        (product - total as f64 * sum / samples) / (samples - sum * sum / samples)
    }

    /// Slope of the device's current, nA/V, for a code of `amplitude_v` (as it left the DAC) and a window whose ADC codes sum to
    /// `total`.
    pub fn slope_na_per_v(
        &self,
        sums: SlotSums,
        total: i64,
        window_samples: u32,
        amplitude_v: f64,
        scale: &Scale,
    ) -> f64 {
        self.response(sums, total, window_samples) / (scale.adc_codes_per_na() * amplitude_v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_distinct_and_no_product_of_two_is_one_of_them() {
        let numbers: Vec<u8> = (0..MOST_CODES).map(code_number).collect();
        for (place, one) in numbers.iter().enumerate() {
            for other in &numbers[..place] {
                assert_ne!(one, other);
                assert!(!numbers.contains(&(one ^ other)), "{one} {other}");
            }
        }
        let first = &numbers[..8];
        for (a, b, c) in [(0, 1, 2), (3, 5, 7), (0, 6, 7)] {
            assert!(!first.contains(&(first[a] ^ first[b] ^ first[c])));
        }
    }

    #[test]
    fn walsh_functions_are_balanced_and_orthogonal_at_every_odd_multiple() {
        for (cycles, window_samples) in [(1, 256), (1, 4096), (3, 256), (7, 1024), (4, 1024)] {
            let codes: Vec<Code> = (0..12).map(|k| Carrier::Walsh.code(k, cycles)).collect();
            for (place, one) in codes.iter().enumerate() {
                assert_eq!(one.sum(window_samples), 0, "{cycles} {window_samples}");
                for other in &codes[..place] {
                    assert_eq!(one.correlation(other, window_samples), 0.0);
                }
            }
        }
    }

    #[test]
    fn random_codes_are_correlated_by_a_sixteenth() {
        let codes: Vec<Code> = (0..24).map(|k| Carrier::Random { seed: 5 }.code(k, 1)).collect();
        let mut squares = Vec::new();
        for (place, one) in codes.iter().enumerate() {
            squares.extend(codes[..place].iter().map(|other| one.correlation(other, 256).powi(2)));
        }
        let rms = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
        assert!((0.055..0.07).contains(&rms), "{rms}");
        assert_ne!(
            codes,
            (0..24).map(|k| Carrier::Random { seed: 6 }.code(k, 1)).collect::<Vec<_>>()
        );
    }

    #[test]
    fn an_unbalanced_code_is_read_beside_a_constant() {
        const N: u32 = 512;
        let code = Carrier::Random { seed: 1 }.code(3, 1);
        assert_ne!(code.sum(N), 0);
        let mut sums = SlotSums::default();
        let mut total = 0;
        for n in 0..N {
            let y = 5000 + 300 * i64::from(code.level(n, N));
            sums.quadrature += y * i64::from(SINE_PEAK) * i64::from(code.level(n, N));
            total += y;
        }
        assert!((code.response(sums, total, N) - 300.0).abs() < 1e-9);
    }
}
