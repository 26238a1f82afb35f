//! The relaxing part of the device's current.

use super::{Pole, Response};
use std::f64::consts::TAU;

/// After a change of the current, a share of it approaches with the time constant tau:
///
/// y = x - share (p - slow), slow = p through one pole at 1 / (2 pi tau).
///
/// After a step of X nA, share X exp(-t / tau) remains at time t after the step. A negative share overshoots and
/// returns.
///
/// The effect on tones depends on the play. Without play p = x and the stage is linear: H = 1 - share (1 - P), P the
/// pole's response. A tone well above 1 / (2 pi tau), 7 Hz at 22 ms, then loses the share: the slope that tones
/// measure is (1 - share) of the slope for slow changes, with an additional quadrature of share / (2 pi f tau) of it.
/// With play, p follows x only where x leaves the band of that width around p, like a cog with backlash: changes that
/// stay inside the band, peak to peak, pass with H = 1 once p has settled, while a step relaxes except for at most the
/// play. So tones can measure the exact slope of a device whose steps relax.
#[derive(Clone, Debug, PartialEq)]
pub struct Relaxation {
    share: f64,
    play_na: f64,
    /// Middle of the band, p.
    middle_na: f64,
    slow: Pole,
}

impl Relaxation {
    /// A share of `share` with time constant `relaxation_s`, of changes that leave a band `play_na` wide, of a
    /// current that has long been `rest_na`.
    pub fn new(share: f64, relaxation_s: f64, play_na: f64, rate_hz: f64, rest_na: f64) -> Self {
        let slow = Pole::new(pole_hz(relaxation_s), rate_hz, rest_na);
        Relaxation { share, play_na, middle_na: rest_na, slow }
    }

    /// Processes every current; non-finite ones pass unchanged and leave no trace.
    pub fn pass(&mut self, current_na: &mut [f64]) {
        let half_na = self.play_na / 2.0;
        for current_na in current_na.iter_mut().filter(|current_na| current_na.is_finite()) {
            self.middle_na = self.middle_na.max(*current_na - half_na).min(*current_na + half_na);
            *current_na -= self.share * (self.middle_na - self.slow.pass(self.middle_na));
        }
    }

    /// H = 1 - share (1 - P(f)), without play.
    pub fn response(share: f64, relaxation_s: f64, f_hz: f64, rate_hz: f64) -> Response {
        let slow = Pole::response(pole_hz(relaxation_s), f_hz, rate_hz);
        Response::ONE.times(1.0 - share).beside(slow.times(share))
    }
}

fn pole_hz(relaxation_s: f64) -> f64 {
    1.0 / (TAU * relaxation_s)
}

#[cfg(test)]
mod tests {
    use super::super::response::tests::{assert_near, measured, tone, CYCLES, N};
    use super::*;

    const RATE_HZ: f64 = 10_000.0;

    fn passed(stage: &mut Relaxation, mut current_na: Vec<f64>) -> Vec<f64> {
        stage.pass(&mut current_na);
        current_na
    }

    #[test]
    fn the_share_of_a_step_decays_with_the_time_constant() {
        for (share, play_na) in [(1.0, 0.0), (0.3, 0.0), (-0.5, 0.0), (0.3, 4.0)] {
            let mut stage = Relaxation::new(share, 0.022, play_na, RATE_HZ, 7.0);
            for (n, y) in passed(&mut stage, vec![57.0; 1000]).into_iter().enumerate() {
                // From rest in the middle of the band half the play is spent before anything relaxes.
                let late_na = 50.0 - play_na / 2.0;
                let decayed = (-((n + 1) as f64) / RATE_HZ / 0.022).exp();
                assert!((y - (57.0 - share * late_na * decayed)).abs() < 1e-10, "sample {n}");
            }
        }
    }

    #[test]
    fn fifty_na_relaxing_with_22_ms_read_as_0_72_na_in_phase_after_15_ms() {
        let mut stage = Relaxation::new(1.0, 0.022, 0.0, RATE_HZ, 0.0);
        let y = passed(&mut stage, vec![50.0; 650]);
        let (periods, samples) = (10.0, 500);
        let turn = |n: usize| TAU * periods * n as f64 / samples as f64;
        let sine = |n: usize| 2.0 / samples as f64 * turn(n).sin();
        let found: f64 = (0..samples).map(|n| y[150 + n] * sine(n)).sum();
        // sum_n r^n sin(w n) = (1 - r^N) r sin w / (1 - 2 r cos w + r^2), r = exp(-1 / (tau f_s)).
        let ratio = (-1.0 / (0.022 * RATE_HZ)).exp();
        let (sin, cos) = turn(1).sin_cos();
        let sum = (1.0 - ratio.powi(500)) * ratio * sin / (1.0 - 2.0 * ratio * cos + ratio * ratio);
        let wanted = -50.0 * ratio.powi(151) * 2.0 / samples as f64 * sum;
        assert!((found - wanted).abs() < 1e-10, "{found} {wanted}");
        assert!((found + 0.72).abs() < 0.015, "-d / (pi m) of the drift d: {found}");
    }

    #[test]
    fn without_play_tones_have_the_gain_and_phase_of_the_closed_form() {
        for share in [1.0, 0.3, -0.4] {
            for cycles in CYCLES {
                let mut stage = Relaxation::new(share, 0.005, 0.0, RATE_HZ, 0.0);
                let found = measured(cycles, 2 * N, |x| passed(&mut stage, vec![x])[0]);
                let f_hz = f64::from(cycles) * RATE_HZ / N as f64;
                assert_near(found, Relaxation::response(share, 0.005, f_hz, RATE_HZ), 1e-9);
            }
        }
        let far = Relaxation::response(0.3, 0.022, 400.0, RATE_HZ);
        assert!((far.re - 0.7).abs() < 1e-3, "{far:?}");
        assert!((far.im + 0.3 / (TAU * 400.0 * 0.022)).abs() < 1e-4, "{far:?}");
    }

    #[test]
    fn within_the_play_tones_pass_unchanged_beside_a_step_that_relaxes() {
        let mut stage = Relaxation::new(1.0, 0.022, 3.0, RATE_HZ, 0.0);
        let step = |n: usize| 50.0 + tone(160, n);
        // One period takes the band to its place, the rest only decays: 47.5 nA after 20 time constants, 1e-7.
        let _ = passed(&mut stage, (0..N + 300).map(step).collect());
        let mut n = N + 300;
        let found = measured(160, 0, |_| {
            n += 1;
            passed(&mut stage, vec![step(n - 1 - N - 300)])[0]
        });
        assert_near(found, Response::ONE, 1e-6);
    }

    #[test]
    fn what_is_not_finite_leaves_no_trace() {
        let mut stage = Relaxation::new(0.5, 0.01, 1.0, RATE_HZ, 0.0);
        let mut copy = stage.clone();
        let odd = passed(&mut stage, vec![5.0, f64::NAN, f64::INFINITY, 6.0]);
        assert!(odd[1].is_nan() && odd[2] == f64::INFINITY);
        assert_eq!([odd[0], odd[3]], passed(&mut copy, vec![5.0, 6.0])[..]);
    }
}
