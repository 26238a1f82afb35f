//! 1/f noise of the current.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{LN_10, PI, TAU};

/// Components a decade. Their sum deviates from 1/f by 4 exp(-pi^2 / L) = 0.7 % at L = ln(10) / 1.5.
const PER_DECADE: f64 = 1.5;

/// The fastest component's pole, in sample rates: where the sum falls best together with 1/f up to half the rate.
const FASTEST: f64 = 0.2;

/// The slowest pole that is possible, in sample rates: 1 - exp(-2 pi f / f_s) keeps seven digits.
const SLOWEST: f64 = 1e-9;

/// S(f) = S(1 kHz) 1000 / f, one-sided: as in a device, a sum of exponentially correlated processes with poles p_k
/// evenly spaced on the logarithmic axis (A. McWhorter, "1/f noise and germanium surface properties", 1957), each sampled exactly:
///
/// z_k\[n\] = a_k z_k\[n-1\] + sigma_k sqrt(1 - a_k^2) w\[n\], a_k = exp(-2 pi p_k / f_s).
///
/// The first and the last stand for those beyond them too. Within 3 % of 1/f from twice the lowest frequency to 0.3 f_s, 10 to
/// 15 % low at the lowest, at most 8 % high at 0.4 f_s and 26 % at half the rate; flat below the lowest. It is
/// stationary from the first sample on.
#[derive(Clone, Debug)]
pub struct Flicker {
    components: Vec<Component>,
    dice: ChaCha8Rng,
}

#[derive(Clone, Debug)]
struct Component {
    keep: f64,
    kick_na: f64,
    state_na: f64,
}

/// A component's pole over the sample rate, and its variance.
struct Share {
    pole: f64,
    variance_na2: f64,
}

impl Flicker {
    /// Noise of this density at 1 kHz, 1/f down to `lowest_hz`, which is taken as a tenth of the sample rate if it is more.
    pub fn new(
        na2_per_hz_at_1khz: f64,
        lowest_hz: f64,
        rate_hz: f64,
        mut dice: ChaCha8Rng,
    ) -> Self {
        let shares = shares(na2_per_hz_at_1khz, lowest_hz, rate_hz);
        let component = |share: Share| {
            let sigma_na = share.variance_na2.sqrt();
            let first: f64 = StandardNormal.sample(&mut dice);
            Component {
                keep: (-TAU * share.pole).exp(),
                kick_na: sigma_na * (-(-2.0 * TAU * share.pole).exp_m1()).sqrt(),
                state_na: sigma_na * first,
            }
        };
        Flicker { components: shares.into_iter().map(component).collect(), dice }
    }

    /// Adds a sample to every current.
    pub fn pass(&mut self, current_na: &mut [f64]) {
        for current_na in current_na {
            for component in &mut self.components {
                *current_na += component.state_na;
                let kick: f64 = StandardNormal.sample(&mut self.dice);
                component.state_na = component.keep * component.state_na + component.kick_na * kick;
            }
        }
    }

    /// The one-sided density that the samples have, exactly: the sum of
    /// (2 sigma_k^2 / f_s) (1 - a_k^2) / (1 - 2 a_k cos w + a_k^2), w = 2 pi f / f_s.
    pub fn density_na2_per_hz(
        na2_per_hz_at_1khz: f64,
        lowest_hz: f64,
        rate_hz: f64,
        f_hz: f64,
    ) -> f64 {
        let sine = (PI * f_hz / rate_hz).sin();
        let density = |share: Share| {
            let lost = -(-TAU * share.pole).exp_m1();
            let keep = 1.0 - lost;
            let shape = lost * (1.0 + keep) / (lost * lost + 4.0 * keep * sine * sine);
            2.0 * share.variance_na2 / rate_hz * shape
        };
        shares(na2_per_hz_at_1khz, lowest_hz, rate_hz).into_iter().map(density).sum()
    }

    /// The covariance of two samples by their distance, from 0 to `samples` - 1, exactly: the sum of sigma_k^2 a_k^distance.
    pub fn covariance_na2(
        na2_per_hz_at_1khz: f64,
        lowest_hz: f64,
        rate_hz: f64,
        samples: usize,
    ) -> Vec<f64> {
        let shares = shares(na2_per_hz_at_1khz, lowest_hz, rate_hz);
        let at = |distance: usize| {
            let kept = |share: &Share| (-TAU * share.pole * distance as f64).exp();
            shares.iter().map(|share| share.variance_na2 * kept(share)).sum()
        };
        (0..samples).map(at).collect()
    }
}

/// Poles a factor exp(L) apart, each with the density (2 L / pi) S(1 Hz) / p at f = 0: their sum is S(1 Hz) / f.
fn shares(na2_per_hz_at_1khz: f64, lowest_hz: f64, rate_hz: f64) -> Vec<Share> {
    let slowest = (lowest_hz / rate_hz).clamp(SLOWEST, FASTEST / 2.0);
    let decades = (FASTEST / slowest).log10();
    let steps = (decades * PER_DECADE).ceil();
    let step = decades * LN_10 / steps;
    // The poles beyond an end, from half a step on, summed where they are no more than their slope.
    let beyond = (-step / 2.0).exp() / step;
    let last = steps as u32;
    (0..=last)
        .map(|k| {
            let pole = slowest * (step * f64::from(k)).exp();
            let weight = if k == 0 || k == last { 1.0 + beyond } else { 1.0 };
            let at_rest = 2.0 * step / PI * na2_per_hz_at_1khz * 1000.0 * weight / (pole * rate_hz);
            // (1 - a) / (1 + a) = tanh(pi p / f_s).
            Share { pole, variance_na2: at_rest * rate_hz / 2.0 * (PI * pole).tanh() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rustfft::num_complex::Complex;
    use rustfft::FftPlanner;

    const RATE_HZ: f64 = 10_000.0;
    const AT_1_KHZ: f64 = 1e-5;

    #[test]
    fn its_closed_form_is_1_over_f_within_the_bounds_it_states() {
        for (lowest_hz, rate_hz) in [(0.5, 1e4), (1.0, 5e3), (0.01, 5e4), (3.0, 2e3), (1e-3, 1e5)] {
            let ratio = |f_hz: f64| {
                Flicker::density_na2_per_hz(AT_1_KHZ, lowest_hz, rate_hz, f_hz) * f_hz
                    / (AT_1_KHZ * 1000.0)
            };
            let (mut f_hz, end_hz) = (2.0 * lowest_hz, 0.3 * rate_hz);
            while f_hz < end_hz {
                assert!((ratio(f_hz) - 1.0).abs() < 0.03, "{f_hz} Hz: {}", ratio(f_hz));
                f_hz *= 1.1;
            }
            for (f_hz, low, high) in
                [(lowest_hz, 0.85, 0.90), (0.4 * rate_hz, 0.97, 1.08), (0.5 * rate_hz, 0.97, 1.26)]
            {
                let bounds = low..high;
                assert!(bounds.contains(&ratio(f_hz)), "{f_hz} Hz: {} {bounds:?}", ratio(f_hz));
            }
            let flat = ratio(lowest_hz / 100.0) / ratio(lowest_hz / 1000.0);
            assert!((flat - 10.0).abs() < 0.01, "density below the lowest: {flat}");
        }
    }

    /// By Wiener and Khinchin, S = (2/f_s) (R_0 + 2 sum_d R_d cos(w d)), summed until nothing is left.
    #[test]
    fn its_covariance_is_the_transform_of_its_density() {
        let (lowest_hz, rate_hz) = (20.0, 5e3);
        let covariance = Flicker::covariance_na2(AT_1_KHZ, lowest_hz, rate_hz, 4000);
        for f_hz in [5.0, 100.0, 2000.0] {
            let turn = TAU * f_hz / rate_hz;
            let terms = covariance.iter().enumerate();
            let sum: f64 = terms.map(|(d, r)| 2.0 * r * (turn * d as f64).cos()).sum();
            let density = 2.0 / rate_hz * (sum - covariance[0]);
            let wanted = Flicker::density_na2_per_hz(AT_1_KHZ, lowest_hz, rate_hz, f_hz);
            assert!((density / wanted - 1.0).abs() < 1e-9, "{f_hz} Hz: {density} {wanted}");
        }
    }

    #[test]
    fn the_spectrum_of_its_samples_is_1_over_f_over_more_than_three_decades() {
        const N: usize = 1 << 16;
        const SEGMENTS: usize = 64;
        let mut noise = Flicker::new(AT_1_KHZ, 0.2, RATE_HZ, ChaCha8Rng::seed_from_u64(5));
        let transform = FftPlanner::new().plan_fft_forward(N);
        // Hann's window keeps the slow from leaking into the fast; its mean square is 3/8.
        let window = |n: usize| 0.5 - 0.5 * (TAU * n as f64 / N as f64).cos();
        let mut density = vec![0.0; N / 2];
        let mut samples = vec![0.0; N];
        for _ in 0..SEGMENTS {
            samples.fill(0.0);
            noise.pass(&mut samples);
            let mut bins: Vec<Complex<f64>> =
                (0..N).map(|n| Complex::new(samples[n] * window(n), 0.0)).collect();
            transform.process(&mut bins);
            for (sum, bin) in density.iter_mut().zip(bins) {
                *sum += 2.0 * bin.norm_sqr() / (RATE_HZ * N as f64 * 0.375) / SEGMENTS as f64;
            }
        }
        // Half octaves from 1.2 Hz to 3 kHz, in bins of 0.15 Hz. The narrowest have 3 bins, of which a window makes about
        // 2 independent: 64 segments scatter by 9 %; from 12 Hz on by 3 % at most, from 120 Hz on by 1 %.
        let mut bin = 8.0;
        while bin < 0.3 * N as f64 {
            let band = bin as usize..(bin * 2.0_f64.sqrt()) as usize;
            let wanted: f64 =
                band.clone().map(|k| AT_1_KHZ * 1000.0 * N as f64 / (k as f64 * RATE_HZ)).sum();
            let ratio = density[band.clone()].iter().sum::<f64>() / wanted;
            let scatter = 1.0 / (SEGMENTS as f64 * band.len() as f64 * 0.66).sqrt();
            assert!((ratio - 1.0).abs() < 0.03 + 3.0 * scatter, "bins {band:?}: {ratio}");
            bin *= 2.0_f64.sqrt();
        }
    }

    #[test]
    fn it_is_stationary_from_the_first_sample_on() {
        // The variance is that of the components, S(1 Hz) (ln of the poles' range + what the ends stand for).
        let shares = shares(AT_1_KHZ, 0.1, RATE_HZ);
        let wanted: f64 = shares.iter().map(|share| share.variance_na2).sum();
        for late in [0, 2000] {
            let square = |seed| {
                let dice = ChaCha8Rng::seed_from_u64(seed);
                let mut current_na = vec![0.0; late + 1];
                Flicker::new(AT_1_KHZ, 0.1, RATE_HZ, dice).pass(&mut current_na);
                current_na[late].powi(2)
            };
            let found = (0..2000).map(square).sum::<f64>() / 2000.0;
            // Over 2000 seeds a mean square scatters by sqrt(2 / 2000) = 3 %.
            assert!((found / wanted - 1.0).abs() < 0.1, "sample {late}: {found} {wanted}");
        }
    }
}
