//! The Cramér-Rao bound of an amplitude in Gaussian noise of any known spectrum.

/// The least variance that an unbiased estimator of A can have from samples A `signal` + noise, of which all but A is known:
/// 1/(s' R^-1 s), R the covariance of the noise. `covariance` is that of two samples by their distance; by Levinson's recursion.
pub fn amplitude_bound(covariance: &[f64], signal: &[f64]) -> f64 {
    let r0 = covariance[0];
    // Of R x = s and of the predictor that whitens, growing by one sample a step.
    let (mut solution, mut predictor) = (vec![signal[0] / r0], Vec::<f64>::new());
    let mut left = r0;
    for n in 1..signal.len() {
        let ahead = covariance[n]
            - predictor.iter().enumerate().map(|(k, p)| p * covariance[n - 1 - k]).sum::<f64>();
        let reflection = ahead / left;
        let reversed: Vec<f64> = predictor.iter().rev().copied().collect();
        predictor.iter_mut().zip(&reversed).for_each(|(p, back)| *p -= reflection * back);
        predictor.push(reflection);
        left *= 1.0 - reflection * reflection;
        let known: f64 = solution.iter().enumerate().map(|(k, x)| x * covariance[n - k]).sum();
        let next = (signal[n] - known) / left;
        let backward = predictor.iter().rev();
        solution.iter_mut().zip(backward).for_each(|(x, p)| *x -= next * p);
        solution.push(next);
    }
    1.0 / solution.iter().zip(signal).map(|(x, s)| x * s).sum::<f64>()
}

/// The variance of the sum of `weights` times noise of this covariance.
pub fn variance(covariance: &[f64], weights: &[f64]) -> f64 {
    let at_distance = |(distance, covariance): (usize, &f64)| {
        let sum: f64 = weights.iter().zip(&weights[distance..]).map(|(a, b)| a * b).sum();
        if distance == 0 {
            covariance * sum
        } else {
            2.0 * covariance * sum
        }
    };
    covariance[..weights.len()].iter().enumerate().map(at_distance).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn sine(samples: u32, lines: f64) -> Vec<f64> {
        (0..samples)
            .map(|n| (TAU * lines * f64::from(n) / f64::from(samples) + 0.3).sin())
            .collect()
    }

    /// 2/N times the variance of a sample.
    #[test]
    fn in_white_noise_it_is_that_of_the_lock_in() {
        let mut covariance = vec![0.0; 64];
        covariance[0] = 3.0;
        let found = amplitude_bound(&covariance, &sine(64, 5.0));
        assert!((found - 3.0 / 32.0).abs() < 1e-12, "{found}");
    }

    /// Noise of covariance a^d is whitened by e\[n\] = y\[n\] - a y\[n - 1\], e\[0\] = y\[0\], of variances 1 - a^2 and 1.
    #[test]
    fn in_autoregressive_noise_it_is_that_of_the_whitened_signal() {
        let keep = 0.9_f64;
        let covariance: Vec<f64> = (0..64).map(|distance| keep.powi(distance)).collect();
        let signal = sine(64, 3.0);
        let whitened: f64 = signal.windows(2).map(|pair| (pair[1] - keep * pair[0]).powi(2)).sum();
        let information = signal[0].powi(2) + whitened / (1.0 - keep * keep);
        let found = amplitude_bound(&covariance, &signal);
        assert!((found * information - 1.0).abs() < 1e-12, "{found} {information}");
        // No weights do better, and those of the lock-in do worse here.
        let lock_in = variance(&covariance, &signal) / 32.0_f64.powi(2);
        assert!(lock_in > found, "{lock_in} {found}");
    }
}
