//! Simultaneous perturbation stochastic approximation with Spall's gains (IEEE Trans. Aerosp. Electron. Syst. 34, 817, 1998).
//!
//! All controls move at once by plus or minus c_k, and the difference of the two losses gives one estimate of every derivative:
//! a_k = a / (A + k)^0.602 and c_k = c / k^0.101, k from 1, A a tenth of the steps.

use rand::Rng;

/// Exponents of the gains.
const STEP_DECAY: f64 = 0.602;
const WIDTH_DECAY: f64 = 0.101;

/// Share of the steps after which the first gain has begun to fall.
const STABILITY: f64 = 0.1;

/// Maximum change of a control in a step, in volts: the losses have steep places.
const MOST_STEP_V: f64 = 0.3;

/// One descent's state.
#[derive(Clone, Debug, PartialEq)]
pub struct Spsa {
    a_v2: f64,
    c_v: f64,
    stability: f64,
    steps: f64,
}

impl Spsa {
    /// Gains such that the first step is `first_step_v` where a derivative has the magnitude `slope_per_v`, as Spall advises.
    pub fn new(first_step_v: f64, slope_per_v: f64, c_v: f64, steps: u32) -> Self {
        let stability = STABILITY * f64::from(steps);
        let a_v2 = first_step_v * (stability + 1.0).powf(STEP_DECAY) / slope_per_v.max(1e-12);
        Spsa { a_v2, c_v, stability, steps: 1.0 }
    }

    /// Half the distance of the next two points, in volts.
    pub fn width_v(&self) -> f64 {
        self.c_v / self.steps.powf(WIDTH_DECAY)
    }

    /// Moves `controls_v` down by the losses at plus and minus the width along `signs`, and clips each control to its range.
    pub fn step(
        &mut self,
        controls_v: &mut [f64],
        signs: &[f64],
        [above, below]: [f64; 2],
        ranges_v: &[(f64, f64)],
    ) {
        let gain = self.a_v2 / (self.stability + self.steps).powf(STEP_DECAY);
        let difference = (above - below) / (2.0 * self.width_v());
        for ((control_v, sign), &(low_v, high_v)) in controls_v.iter_mut().zip(signs).zip(ranges_v)
        {
            let step_v = (gain * difference / sign).clamp(-MOST_STEP_V, MOST_STEP_V);
            *control_v = (*control_v - step_v).clamp(low_v, high_v);
        }
        self.steps += 1.0;
    }
}

/// A sign for every control, both as likely.
pub fn signs(controls: usize, random: &mut impl Rng) -> Vec<f64> {
    (0..controls).map(|_| if random.random() { 1.0 } else { -1.0 }).collect()
}

/// A point at `width_v` along `signs`, within the ranges.
pub fn moved(controls_v: &[f64], signs: &[f64], width_v: f64, ranges_v: &[(f64, f64)]) -> Vec<f64> {
    let moved = controls_v.iter().zip(signs).zip(ranges_v);
    moved
        .map(|((volts, sign), (low_v, high_v))| (volts + sign * width_v).clamp(*low_v, *high_v))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_quadratic_is_descended_to_its_minimum() {
        let minimum = [0.3, -0.2, 0.1];
        let loss = |at: &[f64]| -> f64 {
            at.iter().zip(minimum).map(|(x, least)| (x - least).powi(2)).sum()
        };
        let ranges_v = [(-1.0, 1.0); 3];
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut at_v = vec![-0.8, 0.9, -0.5];
        let mut descent = Spsa::new(0.1, 2.0, 0.03, 2000);
        for _ in 0..2000 {
            let signs = signs(3, &mut random);
            let at = |sign: f64| loss(&moved(&at_v, &signs, sign * descent.width_v(), &ranges_v));
            let losses = [at(1.0), at(-1.0)];
            descent.step(&mut at_v, &signs, losses, &ranges_v);
        }
        assert!(loss(&at_v) < 1e-3, "{at_v:?}");
    }

    #[test]
    fn the_first_step_is_as_long_as_wanted_and_gains_fall_as_spall_has_them() {
        // Derivative 5/V along one control: (0.5 - -0.5) / (2 * 0.1).
        let mut descent = Spsa::new(0.02, 5.0, 0.1, 100);
        let mut at_v = vec![0.0];
        descent.step(&mut at_v, &[1.0], [0.5, -0.5], &[(-1.0, 1.0)]);
        assert!((at_v[0] + 0.02).abs() < 1e-12, "{at_v:?}");
        assert!((descent.width_v() - 0.1 / 2.0_f64.powf(0.101)).abs() < 1e-15);
        // A = 10: the second gain is (11/12)^0.602 of the first.
        let (before_v, width) = (at_v[0], descent.width_v());
        descent.step(&mut at_v, &[1.0], [5.0 * width, -5.0 * width], &[(-1.0, 1.0)]);
        let second = 0.02 * (11.0_f64 / 12.0).powf(0.602);
        assert!((before_v - at_v[0] - second).abs() < 1e-12, "{at_v:?}");
    }
}
