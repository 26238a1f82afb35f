//! Low-pass filters after the multiplier of a lock-in, as weights of the N samples of a window.
//!
//! | filter | weight of sample n |
//! |---|---|
//! | exact window | 1/N |
//! | RC cascade of p poles | h\[N - 1 - n\], h\[m\] = (1 - a)^p C(m + p - 1, p - 1) a^m |
//!
//! A cascade starts at rest with the window's first sample and is read after its last one: it uses the same samples as the
//! window, and carries nothing over from the previous point. Its pole a is the slowest whose step response is within a
//! given fraction of its final value after N samples. With x = a exp(-i t),
//!
//! ```text
//! W(t) = sum_n w[n] exp(i t n) = exp(i t (N - 1)) ((1 - a)/(1 - x))^p [1 - x^N sum_(k < p) C(N + k - 1, k) (1 - x)^k]
//! ```
//!
//! where the bracket is 1 in the steady state, long after the tones began.

use hge_sim::bench::Response;

/// Halvings of the range in which the pole is sought: to the last bit.
const HALVINGS: u32 = 100;

/// A filter of gain 1 at zero frequency, once it has settled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LowPass {
    samples: u32,
    /// 0: the exact window.
    poles: u32,
    /// The pole a.
    keep: f64,
}

impl LowPass {
    /// The mean over a window of `samples`.
    pub fn window(samples: u32) -> Self {
        LowPass { samples, poles: 0, keep: 0.0 }
    }

    /// A cascade of `poles` equal RC filters whose step response misses its end by the share `unsettled` after `samples`.
    pub fn cascade(samples: u32, poles: u32, unsettled: f64) -> Self {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let keep = (low + high) / 2.0;
            let filter = LowPass { samples, poles, keep };
            if 1.0 - filter.transform(0.0).re > unsettled {
                high = keep;
            } else {
                low = keep;
            }
        }
        LowPass { samples, poles, keep: low }
    }

    /// Samples of the window.
    pub fn samples(&self) -> u32 {
        self.samples
    }

    /// Poles; 0 of the exact window.
    pub fn poles(&self) -> u32 {
        self.poles
    }

    /// For tables and figures.
    pub fn name(&self) -> String {
        match self.poles {
            0 => "window".into(),
            1 => "RC, 1 pole".into(),
            poles => format!("RC, {poles} poles"),
        }
    }

    /// Time constant of each pole, in samples; of the window its length.
    pub fn time_constant_samples(&self) -> f64 {
        if self.poles == 0 {
            f64::from(self.samples)
        } else {
            -1.0 / self.keep.ln()
        }
    }

    /// Weights of the samples, the oldest first.
    pub fn weights(&self) -> Vec<f64> {
        if self.poles == 0 {
            return vec![1.0 / f64::from(self.samples); self.samples as usize];
        }
        let mut weight = (1.0 - self.keep).powi(self.poles as i32);
        let mut weights = Vec::with_capacity(self.samples as usize);
        for m in 1..=self.samples {
            weights.push(weight);
            weight *= self.keep * f64::from(m + self.poles - 1) / f64::from(m);
        }
        weights.reverse();
        weights
    }

    /// W(t) at `step` radians a sample, phases counted from the first sample.
    pub fn transform(&self, step: f64) -> Response {
        let count = f64::from(self.samples);
        if self.poles == 0 {
            let half = (step / 2.0).sin();
            let gain =
                if half.abs() < 1e-12 { 1.0 } else { (count * step / 2.0).sin() / (count * half) };
            return Response::polar(1.0, step * (count - 1.0) / 2.0).times(gain);
        }
        let left = self.left_of_one(step);
        let mut term = Response::ONE;
        let mut sum = term;
        for k in 1..self.poles {
            let k = f64::from(k);
            term = term.then(left).times((count + k - 1.0) / k);
            sum = sum.beside(term);
        }
        let tail = Response::polar(self.keep.powf(count), -step * count).then(sum);
        let begun = Response::ONE.beside(tail.times(-1.0));
        Response::polar(1.0, step * (count - 1.0)).then(self.steady(step)).then(begun)
    }

    /// The cascade's gain in the steady state, phases counted from the last sample; of the window its gain.
    pub fn steady(&self, step: f64) -> Response {
        if self.poles == 0 {
            return self.transform(step);
        }
        let stage = Response { re: 1.0 - self.keep, im: 0.0 }.over(self.left_of_one(step));
        (0..self.poles).fold(Response::ONE, |all, _| all.then(stage))
    }

    /// 1 - x.
    fn left_of_one(&self, step: f64) -> Response {
        Response { re: 1.0 - self.keep * step.cos(), im: self.keep * step.sin() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_the_impulse_response_of_the_recursion_and_settle_to_what_was_asked() {
        for poles in [1, 2, 4] {
            let filter = LowPass::cascade(512, poles, 0.01);
            let mut states = vec![0.0; poles as usize];
            let mut response = Vec::new();
            for n in 0..512 {
                let mut input = f64::from(u8::from(n == 0));
                for state in &mut states {
                    *state = filter.keep * *state + (1.0 - filter.keep) * input;
                    input = *state;
                }
                response.push(input);
            }
            response.reverse();
            for (weight, wanted) in filter.weights().iter().zip(&response) {
                assert!((weight - wanted).abs() < 1e-12, "{poles}: {weight} {wanted}");
            }
            let settled: f64 = response.iter().sum();
            assert!((settled - 0.99).abs() < 1e-9, "{poles}: {settled}");
        }
    }

    #[test]
    fn the_transform_is_the_direct_sum() {
        for poles in [0, 1, 2, 4] {
            let filter = match poles {
                0 => LowPass::window(256),
                _ => LowPass::cascade(256, poles, 0.01),
            };
            let weights = filter.weights();
            for step in [0.0, 0.01, 0.13, -0.4, 1.9, 3.1] {
                let direct = weights
                    .iter()
                    .enumerate()
                    .fold(Response { re: 0.0, im: 0.0 }, |sum, (n, &weight)| {
                        sum.beside(Response::polar(weight, step * n as f64))
                    });
                let found = filter.transform(step);
                let off = (found.re - direct.re).hypot(found.im - direct.im);
                assert!(off < 1e-11, "{poles} {step}: {found:?} {direct:?}");
            }
        }
    }

    /// Settled to 1 % after T: T/tau = 4.605, 6.638, 10.045 solves exp(-x) sum_(k < p) x^k/k! = 0.01.
    #[test]
    fn time_constants_are_those_of_the_continuous_cascade() {
        for (poles, wanted) in [(1, 4.605), (2, 6.638), (4, 10.045)] {
            let found = 512.0 / LowPass::cascade(512, poles, 0.01).time_constant_samples();
            assert!((found / wanted - 1.0).abs() < 0.01, "{poles}: {found}");
        }
    }
}
