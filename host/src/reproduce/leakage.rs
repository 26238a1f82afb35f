//! What a tone puts on its neighbour through the window's own spectrum.
//!
//! A lock-in over N samples multiplies with r\[n\] = sin(a n + alpha). Of a tone s\[n\] = sin(b n + beta) it holds
//!
//! ```text
//! L = (2/N) sum_n r s = (1/N) [D(a - b, alpha - beta) - D(a + b, alpha + beta)]
//! D(t, g) = sum_n cos(t n + g) = cos(g + t (N - 1)/2) sin(N t/2) / sin(t/2)
//! ```
//!
//! On the window's grid, a and b being different multiples of 2 pi/N, both terms are zero. Off it the first falls as
//! 1/(pi df T) with the distance df.

/// A sine at the samples of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sine {
    /// Radians a sample.
    pub step: f64,
    /// Phase at the window's first sample.
    pub phase: f64,
}

/// Sum over n = 0 .. N - 1 of cos(step n + phase).
pub fn sum_of_cosines(samples: u32, step: f64, phase: f64) -> f64 {
    let count = f64::from(samples);
    let half = (step / 2.0).sin();
    if half.abs() < 1e-12 {
        return count * phase.cos();
    }
    (phase + step * (count - 1.0) / 2.0).cos() * (count * step / 2.0).sin() / half
}

/// Sum over n = 0 .. N - 1 of the sine itself.
pub fn sum_of_sines(samples: u32, sine: Sine) -> f64 {
    sum_of_cosines(samples, sine.step, sine.phase - std::f64::consts::FRAC_PI_2)
}

/// What the lock-in with this reference holds of a tone of amplitude one, the window's mean taken off first.
pub fn leak(samples: u32, reference: Sine, tone: Sine) -> f64 {
    let count = f64::from(samples);
    let near = (reference.step - tone.step, reference.phase - tone.phase);
    let far = (reference.step + tone.step, reference.phase + tone.phase);
    let both = sum_of_cosines(samples, near.0, near.1) - sum_of_cosines(samples, far.0, far.1);
    let means = 2.0 * sum_of_sines(samples, reference) * sum_of_sines(samples, tone) / count;
    (both - means) / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn the_closed_form_is_the_direct_sum() {
        const N: u32 = 512;
        for (a, b) in [(20.0, 20.0), (20.0, 20.3), (20.7, 21.5), (20.0, 24.0), (3.2, 250.9)] {
            let reference = Sine { step: TAU * a / 512.0, phase: 0.4 };
            let tone = Sine { step: TAU * b / 512.0, phase: 1.9 };
            let at = |sine: Sine, n: u32| (sine.step * f64::from(n) + sine.phase).sin();
            let mean = (0..N).map(|n| at(tone, n)).sum::<f64>() / 512.0;
            let direct = (0..N).map(|n| at(reference, n) * (at(tone, n) - mean)).sum::<f64>();
            let direct = direct * 2.0 / 512.0;
            assert!((leak(N, reference, tone) - direct).abs() < 1e-12, "{a} {b}");
        }
    }

    #[test]
    fn on_the_grid_nothing_leaks_and_off_it_less_than_the_envelope() {
        const N: u32 = 512;
        let reference = Sine { step: TAU * 40.0 / 512.0, phase: 0.7 };
        for line in [41.0, 43.0, 60.0] {
            let tone = Sine { step: TAU * line / 512.0, phase: 2.0 };
            assert!(leak(N, reference, tone).abs() < 1e-12);
        }
        let mut largest = 0.0_f64;
        for eighth in 1..80 {
            let distance = f64::from(eighth) / 8.0;
            let tone = Sine { step: TAU * (40.0 + distance) / 512.0, phase: 0.7 };
            let found = leak(N, reference, tone).abs();
            // The image at the sum of the frequencies adds less than 1/(80 pi).
            assert!(found < 1.0 / (std::f64::consts::PI * distance) + 0.01, "{distance}: {found}");
            largest = largest.max(found);
        }
        assert!(largest > 0.5, "neighbours leak below 1/T: {largest}");
    }
}
