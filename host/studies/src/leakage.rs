//! Response of lock-ins to their own tone, to other tones and to noise, from the spectrum of their low-pass filter.
//!
//! The current, minus its mean over the window, is multiplied by r\[n\] = sin(a n + alpha) and weighted with w\[n\].
//! With W the filter's transform and U the window's, a tone sin(b n + beta) gives
//!
//! ```text
//! L = 2 sum_n w r (s - mean of s) = Re[exp(i (alpha - beta)) P] - Re[exp(i (alpha + beta)) Q]
//! P = W(a - b) - W(a) conj U(b),   Q = W(a + b) - W(a) U(b)
//! ```
//!
//! whose mean square over independent phases is (|P|^2 + |Q|^2)/2. For the exact window P and Q are zero on its grid, a and b
//! being different multiples of 2 pi/N; off it |P| falls as 1/(pi df T) with the spacing df.

use super::low_pass::LowPass;
use hge_sim::bench::Response;

/// A sine at the samples of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sine {
    /// Radians a sample.
    pub step: f64,
    /// Phase at the window's first sample.
    pub phase: f64,
}

/// Sum over n = 0 .. N - 1 of the sine itself.
pub fn sum_of_sines(samples: u32, sine: Sine) -> f64 {
    let sum = LowPass::window(samples).transform(sine.step).times(f64::from(samples));
    sum.then(Response::polar(1.0, sine.phase)).im
}

/// P and Q.
fn terms(filter: LowPass, reference_step: f64, tone_step: f64) -> [Response; 2] {
    let of_reference = filter.transform(reference_step);
    let mean = LowPass::window(filter.samples()).transform(tone_step);
    let conjugate = Response { re: mean.re, im: -mean.im };
    let less = |step: f64, mean: Response| {
        filter.transform(step).beside(of_reference.then(mean).times(-1.0))
    };
    [less(reference_step - tone_step, conjugate), less(reference_step + tone_step, mean)]
}

/// Response of the lock-in with this filter and reference to a tone of amplitude one.
pub fn leak(filter: LowPass, reference: Sine, tone: Sine) -> f64 {
    let [near, far] = terms(filter, reference.step, tone.step);
    let at = |term: Response, phase: f64| term.then(Response::polar(1.0, phase)).re;
    at(near, reference.phase - tone.phase) - at(far, reference.phase + tone.phase)
}

/// The mean of its square over independent random phases of reference and tone.
pub fn mean_square_leak(filter: LowPass, reference_step: f64, tone_step: f64) -> f64 {
    let [near, far] = terms(filter, reference_step, tone_step);
    (near.gain().powi(2) + far.gain().powi(2)) / 2.0
}

/// The mean squared error of the lock-in's own tone, of amplitude one, over random phases: what has not settled, and its
/// image at twice the frequency.
pub fn mean_square_own_error(filter: LowPass, step: f64) -> f64 {
    let [near, far] = terms(filter, step, step);
    (near.re - 1.0).powi(2) + far.gain().powi(2) / 2.0
}

/// The variance of the lock-in's answer in noise, over random phases. `covariance` is that of two samples by their distance,
/// from 0 to N - 1.
pub fn noise_variance(filter: LowPass, step: f64, covariance: &[f64]) -> f64 {
    let mean = filter.transform(step).times(1.0 / f64::from(filter.samples()));
    let weights = filter.weights();
    let kernel: Vec<Response> = weights
        .iter()
        .enumerate()
        .map(|(n, &weight)| Response::polar(weight, step * n as f64).beside(mean.times(-1.0)))
        .collect();
    // The answer is Im(exp(i alpha) 2 sum v y): half of what the two parts of the sum vary by.
    let product = |a: &Response, b: &Response| a.re * b.re + a.im * b.im;
    let at_distance = |(distance, &covariance): (usize, &f64)| {
        let pairs = kernel.iter().zip(&kernel[distance..]);
        let sum: f64 = pairs.map(|(a, b)| product(a, b)).sum();
        let times = if distance == 0 { 2.0 } else { 4.0 };
        times * covariance * sum
    };
    covariance[..kernel.len()].iter().enumerate().map(at_distance).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::{PI, TAU};

    const N: u32 = 512;

    fn filters() -> Vec<LowPass> {
        let cascades = [1, 2, 4].map(|poles| LowPass::cascade(N, poles, 0.01));
        std::iter::once(LowPass::window(N)).chain(cascades).collect()
    }

    fn direct(filter: LowPass, reference: Sine, tone: Sine) -> f64 {
        let at = |sine: Sine, n: usize| (sine.step * n as f64 + sine.phase).sin();
        let weights = filter.weights();
        let mean = (0..weights.len()).map(|n| at(tone, n)).sum::<f64>() / f64::from(N);
        let products = weights.iter().enumerate();
        2.0 * products
            .map(|(n, weight)| weight * at(reference, n) * (at(tone, n) - mean))
            .sum::<f64>()
    }

    #[test]
    fn the_closed_form_is_the_direct_sum() {
        for filter in filters() {
            for (a, b) in [(20.0, 20.0), (20.0, 20.3), (20.7, 21.5), (20.0, 24.0), (3.2, 250.9)] {
                let reference = Sine { step: TAU * a / 512.0, phase: 0.4 };
                let tone = Sine { step: TAU * b / 512.0, phase: 1.9 };
                let off = leak(filter, reference, tone) - direct(filter, reference, tone);
                assert!(off.abs() < 1e-11, "{} {a} {b}", filter.name());
            }
        }
    }

    #[test]
    fn the_mean_squares_are_those_over_all_start_phases() {
        for filter in filters() {
            let (a, b) = (TAU * 40.0 / 512.0, TAU * 40.5 / 512.0);
            let phase = |n: u32| TAU * f64::from(n) / 8.0;
            let (mut other, mut own) = (0.0, 0.0);
            for n in 0..8 {
                let reference = Sine { step: a, phase: phase(n) };
                own += (direct(filter, reference, reference) - 1.0).powi(2) / 8.0;
                for m in 0..8 {
                    let tone = Sine { step: b, phase: phase(m) };
                    other += direct(filter, reference, tone).powi(2) / 64.0;
                }
            }
            let found = (mean_square_leak(filter, a, b), mean_square_own_error(filter, a));
            assert!((found.0 - other).abs() < 1e-12, "{}: {found:?} {other}", filter.name());
            assert!((found.1 - own).abs() < 1e-12, "{}: {found:?} {own}", filter.name());
        }
    }

    #[test]
    fn on_the_grid_nothing_leaks_and_off_it_less_than_the_envelope() {
        let window = LowPass::window(N);
        let reference = Sine { step: TAU * 40.0 / 512.0, phase: 0.7 };
        for line in [41.0, 43.0, 60.0] {
            let tone = Sine { step: TAU * line / 512.0, phase: 2.0 };
            assert!(leak(window, reference, tone).abs() < 1e-12);
        }
        let mut largest = 0.0_f64;
        for eighth in 1..80 {
            let distance = f64::from(eighth) / 8.0;
            let tone = Sine { step: TAU * (40.0 + distance) / 512.0, phase: 0.7 };
            let found = leak(window, reference, tone).abs();
            // The image at the sum of the frequencies adds less than 1/(80 pi).
            assert!(found < 1.0 / (PI * distance) + 0.01, "{distance}: {found}");
            largest = largest.max(found);
        }
        assert!(largest > 0.5, "neighbours leak below 1/T: {largest}");
    }

    /// The noise bandwidth of p equal poles is 1/(4 tau), 1/(8 tau), 5/(64 tau), that of a window 1/(2 T).
    #[test]
    fn white_noise_passes_by_the_noise_bandwidth() {
        let mut covariance = vec![0.0; N as usize];
        covariance[0] = 1.0;
        let step = TAU * 40.0 / 512.0;
        let window = noise_variance(LowPass::window(N), step, &covariance);
        // 2/N times the variance of a sample.
        assert!((window * 256.0 - 1.0).abs() < 1e-12, "{window}");
        for (poles, settling, bandwidth) in
            [(1, 4.605, 0.25), (2, 6.638, 0.125), (4, 10.045, 5.0 / 64.0)]
        {
            let filter = LowPass::cascade(N, poles, 0.01);
            let ratio = noise_variance(filter, step, &covariance) / window;
            let wanted = 2.0 * settling * bandwidth;
            assert!((ratio / wanted - 1.0).abs() < 0.01, "{poles}: {ratio} {wanted}");
        }
    }

    /// By hand, in the steady state: four neighbours 2.05 times as strong at 10 and 20 Hz (40 and 80), of random phases, beside noise
    /// of 2.5 (nA/V)^2 through the noise bandwidths. |H|^2 = (1 + (2 pi df tau)^2)^-p.
    #[test]
    fn in_the_steady_state_ten_hertz_cost_the_filters_nine_times_the_error() {
        let hand = [(1, 9.5, 1.75), (2, 9.2, 1.12), (4, 8.8, 1.01)];
        for (poles, at_10_hz, at_40_hz) in hand {
            let filter = LowPass::cascade(N, poles, 0.01);
            let noise = 2.5 * [2.303, 1.660, 1.570][(poles / 2) as usize];
            let ratio = |spacing_hz: f64| {
                let leaked = |k: f64| filter.steady(TAU * k * spacing_hz / 5120.0).gain().powi(2);
                1.0 + 10.25_f64.powi(2) * (leaked(1.0) + leaked(2.0)) / noise
            };
            assert!((ratio(10.0) - at_10_hz).abs() < 0.1, "{poles}: {}", ratio(10.0));
            assert!((ratio(40.0) - at_40_hz).abs() < 0.02, "{poles}: {}", ratio(40.0));
        }
    }
}
