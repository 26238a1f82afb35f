//! Effect on the tones of a current that drifts during the window.
//!
//! If the current has not settled, the two halves of a window have different means. A line that rises by d from end to end gives a difference of
//! d / 2 and adds -d / (pi m) to the in-phase amplitude of the tone with m periods, if its phase begins at zero. With the phase theta at the window's beginning, w = 2 pi m / N and
//! S = (2/N) sum y exp(i (theta + w n)), of which the lock-in measures the imaginary part with the sine and the real part with the cosine,
//!
//! ```text
//! line            S / step = (4/N) exp(i theta) / (exp(i w) - 1)
//! relaxation      S / step = -exp(i theta) (1 - r^N) (1 - r) / ((1 - r exp(i w)) (1 - r^(N/2))^2),   r = exp(-1 / (tau f_s))
//! ```
//!
//! with `step` the mean of the second half minus that of the first. Tones of odd m contribute a step of their own, which is subtracted first:
//! -(8/N) Re((Q - i I) exp(i theta) / (1 - exp(i w))).

use crate::plan::Plan;
use hge_sim::bench::Response;
use std::f64::consts::TAU;

/// Shape of a drift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Linear.
    Line,
    /// Relaxation to a final value, with this time constant.
    Relaxation {
        /// Time constant in seconds.
        seconds: f64,
    },
}

/// Leaks above this share of a slope matter.
pub(crate) const MATTERS: f64 = 0.02;

/// Share of a leak that remains after its subtraction: a line in place of a relaxation is 10 % off where the window is 2.3 time constants
/// long; a relaxation whose time constant is known to 10 % is 2 to 3 % off.
const LEFT_BY_A_LINE: f64 = 0.15;
const LEFT_BY_A_RELAXATION: f64 = 0.03;

/// Iterations that separate step and responses, which depend on each other: each reduces the error a hundredfold.
const ROUNDS: u32 = 4;

/// The share of a leak that may be left once `taken_off`.
pub(crate) fn left_share(taken_off: Option<Shape>) -> f64 {
    match taken_off {
        None => 1.0,
        Some(Shape::Line) => LEFT_BY_A_LINE,
        Some(Shape::Relaxation { .. }) => LEFT_BY_A_RELAXATION,
    }
}

/// Effect of a drift on all demodulated lines, in phase and in quadrature, latency corrected, in nA.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaks {
    /// On every tone.
    pub tones_na: Vec<[f64; 2]>,
    /// On the line of every noise slot.
    pub empty_na: Vec<[f64; 2]>,
    /// The difference of the half-windows' means without that of the tones.
    pub step_na: f64,
}

/// Effect of a drift of this shape. `answers_na` are the responses of the tones, `step_na` is the difference of the half-windows' means.
pub fn leaks(plan: &Plan, shape: Shape, answers_na: &[[f64; 2]], step_na: f64) -> Leaks {
    let configuration = plan.configuration();
    let controls = configuration.controls.iter();
    let tones: Vec<Tone> = controls.map(|control| Tone::new(plan, shape, control.cycles)).collect();
    let mut found = Leaks { tones_na: vec![[0.0; 2]; tones.len()], empty_na: Vec::new(), step_na };
    for _ in 0..ROUNDS {
        let of_tones = tones.iter().zip(answers_na).zip(&found.tones_na);
        let of_tones = of_tones.map(|((tone, answer), leak)| {
            tone.step_na(Response { re: answer[0] - leak[0], im: answer[1] - leak[1] })
        });
        found.step_na = step_na - of_tones.sum::<f64>();
        found.tones_na = tones.iter().map(|tone| tone.leak_na(found.step_na)).collect();
    }
    let noise_slots = configuration.noise_slots.iter();
    let empty = noise_slots.map(|noise_slot| Tone::new(plan, shape, noise_slot.cycles));
    found.empty_na = empty.map(|tone| tone.leak_na(found.step_na)).collect();
    found
}

/// Effect on every tone, as a magnitude in nA, of a relaxation with a remainder of one nanoampere at the beginning of the window.
pub fn relaxation_reach(plan: &Plan, seconds: f64) -> Vec<f64> {
    let samples = f64::from(plan.grid().window_samples);
    let rate = 1.0 / (seconds * plan.grid().rate_hz);
    // Mean of the first half, and the step from it to that of the second: 1 - r^k without cancellation.
    let gone = |samples: f64| -(-rate * samples).exp_m1();
    let first_na = gone(samples / 2.0) / (samples / 2.0 * gone(1.0));
    let step_na = first_na * gone(samples / 2.0);
    let controls = plan.configuration().controls.iter();
    let tones =
        controls.map(|control| Tone::new(plan, Shape::Relaxation { seconds }, control.cycles));
    tones.map(|tone| tone.leak.re.hypot(tone.leak.im) * step_na).collect()
}

struct Tone {
    /// S over step.
    leak: Response,
    /// exp(i theta) / (1 - exp(i w)).
    half: Response,
    /// exp(i delta), delta the phase of the loop's latency.
    latency: Response,
    is_odd: bool,
    samples: f64,
}

impl Tone {
    fn new(plan: &Plan, shape: Shape, cycles: u32) -> Self {
        let samples = f64::from(plan.grid().window_samples);
        let turn = TAU * f64::from(cycles) / samples;
        let begin = Response::polar(1.0, turn * f64::from(plan.lead_in_samples()));
        let next = Response::polar(1.0, turn);
        let leak = match shape {
            Shape::Line => {
                begin.over(Response { re: next.re - 1.0, im: next.im }).times(4.0 / samples)
            }
            Shape::Relaxation { seconds } => {
                let rate = 1.0 / (seconds * plan.grid().rate_hz);
                // 1 - r^k without cancellation.
                let gone = |samples: f64| -(-rate * samples).exp_m1();
                let kept = (-rate).exp();
                let factor = gone(samples) * gone(1.0) / gone(samples / 2.0).powi(2);
                let below = Response { re: 1.0 - kept * next.re, im: -kept * next.im };
                begin.over(below).times(-factor)
            }
        };
        let latency = f64::from(plan.parameters().loop_latency_samples());
        Tone {
            leak,
            half: begin.over(Response { re: 1.0 - next.re, im: -next.im }),
            latency: Response::polar(1.0, turn * latency),
            is_odd: cycles % 2 == 1,
            samples,
        }
    }

    /// The step due to a tone's own response.
    fn step_na(&self, answer_na: Response) -> f64 {
        if !self.is_odd {
            return 0.0;
        }
        let back = Response { re: self.latency.re, im: -self.latency.im };
        let read = answer_na.then(back);
        // Q - i I.
        let phasor = Response { re: read.im, im: -read.re };
        -8.0 / self.samples * phasor.then(self.half).re
    }

    /// Effect of a step on the tone.
    fn leak_na(&self, step_na: f64) -> [f64; 2] {
        let sum = self.leak.times(step_na);
        let read = Response { re: sum.im, im: sum.re }.then(self.latency);
        [read.re, read.im]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Experiment, Job, Source};
    use crate::gate::Gate;

    fn plan() -> Plan {
        let experiment = Experiment { gate: Some(Gate::Xor), ..Experiment::default() };
        Job::new(experiment, &Source::default()).unwrap().task.plan
    }

    /// Measured data of a current: every tone's response, latency corrected, and the step.
    fn read(plan: &Plan, current_na: impl Fn(f64) -> f64) -> (Vec<[f64; 2]>, f64) {
        let samples = plan.grid().window_samples;
        let values: Vec<f64> = (0..samples).map(|n| current_na(f64::from(n))).collect();
        let latency = f64::from(plan.parameters().loop_latency_samples());
        let answers = plan.configuration().controls.iter().map(|control| {
            let turn = TAU * f64::from(control.cycles) / f64::from(samples);
            let (mut sine, mut cosine) = (0.0, 0.0);
            for (n, value) in values.iter().enumerate() {
                let phase = turn * (n as f64 + f64::from(plan.lead_in_samples()));
                sine += 2.0 / f64::from(samples) * value * phase.sin();
                cosine += 2.0 / f64::from(samples) * value * phase.cos();
            }
            let (back_sine, back_cosine) = (turn * latency).sin_cos();
            [sine * back_cosine - cosine * back_sine, sine * back_sine + cosine * back_cosine]
        });
        let half = values.len() / 2;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / half as f64;
        (answers.collect(), mean(&values[half..]) - mean(&values[..half]))
    }

    /// Responses of the tones without a drift, and with a drift after its subtraction.
    fn check(shape: Shape, drift_na: impl Fn(f64) -> f64) {
        let plan = plan();
        let samples = f64::from(plan.grid().window_samples);
        let tones = |n: f64| -> f64 {
            let controls = plan.configuration().controls.iter().enumerate();
            let answers = controls.map(|(k, control)| {
                let phase = TAU * f64::from(control.cycles) * n / samples;
                0.1 * (k as f64 + 1.0) * (phase + 0.3).sin()
            });
            answers.sum()
        };
        let (alone, _) = read(&plan, tones);
        let (with, step_na) = read(&plan, |n| tones(n) + drift_na(n));
        let leaks = leaks(&plan, shape, &with, step_na).tones_na;
        for ((alone, with), leak) in alone.iter().zip(&with).zip(&leaks) {
            for axis in 0..2 {
                assert!((with[axis] - alone[axis]).hypot(leak[axis]) > 1e-3);
                assert!((with[axis] - leak[axis] - alone[axis]).abs() < 1e-6, "{with:?} {leak:?}");
            }
        }
    }

    #[test]
    fn a_line_is_taken_off_every_tone() {
        check(Shape::Line, |n| 3.0 + 25.0 * n / 256.0);
    }

    #[test]
    fn the_reach_of_a_relaxation_is_that_of_the_direct_sum() {
        let plan = plan();
        // 22 ms at 5 kS/s.
        let (answers, _) = read(&plan, |n| (-n / 110.0).exp());
        for (reach, [re, im]) in relaxation_reach(&plan, 0.022).into_iter().zip(answers) {
            assert!((reach / re.hypot(im) - 1.0).abs() < 1e-9, "{reach}");
        }
    }

    #[test]
    fn a_relaxation_is_taken_off_every_tone() {
        // 22 ms at 5 kS/s.
        check(Shape::Relaxation { seconds: 0.022 }, |n| 3.0 + 25.0 * (-n / 110.0).exp());
    }

    #[test]
    fn more_is_left_of_a_relaxation_taken_off_as_a_line_than_as_what_it_is() {
        let relaxation = Shape::Relaxation { seconds: 0.022 };
        let shares = [None, Some(Shape::Line), Some(relaxation)].map(left_share);
        assert_eq!(shares, [1.0, 0.15, 0.03]);
    }
}
