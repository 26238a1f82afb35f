//! White noise of the current.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// White up to half the sample rate: every sample has the variance S f_s / 2, S the one-sided density.
#[derive(Clone, Debug)]
pub struct White {
    sigma_na: f64,
    dice: ChaCha8Rng,
}

impl White {
    /// Noise of this one-sided density.
    pub fn new(density_na2_per_hz: f64, rate_hz: f64, dice: ChaCha8Rng) -> Self {
        White { sigma_na: (density_na2_per_hz * rate_hz / 2.0).sqrt(), dice }
    }

    /// Adds a sample to every current.
    pub fn pass(&mut self, current_na: &mut [f64]) {
        for current_na in current_na {
            let noise: f64 = StandardNormal.sample(&mut self.dice);
            *current_na += self.sigma_na * noise;
        }
    }
}
