//! A channel between its neighbours on a linear device: expected and measured values of its lock-ins.

use super::super::tone::{slopes_na_per_v, Tone};
use super::super::Keys;
use crate::leakage::{leak, mean_square_leak, mean_square_own_error, noise_variance};
use crate::low_pass::LowPass;
use crate::sim_setup::{self, SimSetup};
use crate::{noise, ReproduceError, Setup};
use hge_core::plan::Plan;
use hge_protocol::frame::Window;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// Tones: the channel and two neighbours on either side.
const TONES: usize = 5;
const MIDDLE: usize = TONES / 2;

/// Slopes of the tones over what the neighbours' root mean square is: none is another's, so that nothing cancels by symmetry. Their
/// squares sum to two at either distance.
const SLOPES: [f64; TONES] = [-0.2, 1.4, 1.0, -0.2, 1.4];

/// Remainder of a cascade's step response after a window.
const UNSETTLED: f64 = 0.01;

/// One window with random start phases.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Errors of the channel's slope in nA/V, by the filters.
    pub errors: Vec<f64>,
    /// Their values by the closed form at these phases, without noise.
    pub leaked: Vec<f64>,
}

/// Configuration of a measurement.
#[derive(Clone, Copy, Debug)]
pub struct ChannelSpec {
    /// Distance of the tones.
    pub spacing_hz: f64,
    /// Only the channel's own tone is on.
    pub alone: bool,
    /// Windows.
    pub trials: u32,
    /// Seed of noise and phases.
    pub seed: u64,
}

/// The channel.
pub struct Channel {
    setup: Setup,
    plan: Plan,
    slopes_na_per_v: [f64; TONES],
    middle_hz: f64,
    filters: Vec<LowPass>,
    weights: Vec<Vec<f64>>,
    /// Mean squared errors from noise, by the filters.
    noise_na2_per_v2: Vec<f64>,
}

impl Channel {
    /// A channel whose neighbours are `weaker` times as strong, root mean square.
    ///
    /// # Errors
    /// The experiment is wrong.
    pub fn new(setup: &Setup, keys: &Keys, weaker: f64) -> Result<Self, ReproduceError> {
        let mut setup = setup.clone();
        // Every tone sounds before the window begins: it joins within a period.
        let lowest_hz = keys.middle_hz - MIDDLE as f64 * keys.most_spacing_hz;
        setup.experiment.timing.lead_in_s = 1.5 / lowest_hz;
        let mut slopes_na_per_v = SLOPES.map(|share| keys.channel_na_per_v * weaker * share);
        slopes_na_per_v[MIDDLE] = keys.channel_na_per_v;
        let plan = sim_setup::linear(&mut setup, &slopes_na_per_v)?;
        let samples = plan.grid().window_samples;
        let cascades = [1, 2, 4].map(|poles| LowPass::cascade(samples, poles, UNSETTLED));
        let filters: Vec<LowPass> =
            std::iter::once(LowPass::window(samples)).chain(cascades).collect();
        let rate_hz = plan.grid().rate_hz;
        let covariance = noise::covariance_na2(&setup, rate_hz, samples);
        let (step, amplitude_v) = (TAU * keys.middle_hz / rate_hz, plan.amplitude_v(MIDDLE));
        let of_noise =
            |&filter: &LowPass| noise_variance(filter, step, &covariance) / amplitude_v.powi(2);
        Ok(Channel {
            noise_na2_per_v2: filters.iter().map(of_noise).collect(),
            weights: filters.iter().map(LowPass::weights).collect(),
            middle_hz: keys.middle_hz,
            setup,
            plan,
            slopes_na_per_v,
            filters,
        })
    }

    /// The filters, the exact window first.
    pub fn filters(&self) -> &[LowPass] {
        &self.filters
    }

    /// Whether tones at this distance lie on the window's grid.
    pub fn is_on_grid(&self, spacing_hz: f64) -> bool {
        self.plan.grid().cycles(self.middle_hz + spacing_hz).is_ok()
    }

    /// Mean squared errors of the channel with its own tone only, over all phases, in (nA/V)^2, by the filters.
    pub fn expected_alone(&self) -> Vec<f64> {
        let step = TAU * self.middle_hz / self.plan.grid().rate_hz;
        let own = self.slopes_na_per_v[MIDDLE].powi(2);
        let of =
            |(&filter, noise): (&LowPass, &f64)| noise + own * mean_square_own_error(filter, step);
        self.filters.iter().zip(&self.noise_na2_per_v2).map(of).collect()
    }

    /// Mean squared errors with all tones, whose amplitudes are alike.
    pub fn expected(&self, spacing_hz: f64) -> Vec<f64> {
        let step = |k: usize| TAU * self.frequency_hz(k, spacing_hz) / self.plan.grid().rate_hz;
        let of = |(&filter, alone): (&LowPass, f64)| {
            let neighbours = (0..TONES).filter(|&k| k != MIDDLE);
            let leaked = neighbours.map(|k| {
                self.slopes_na_per_v[k].powi(2) * mean_square_leak(filter, step(MIDDLE), step(k))
            });
            alone + leaked.sum::<f64>()
        };
        self.filters.iter().zip(self.expected_alone()).map(of).collect()
    }

    /// Measures: the exact window is the instrument's own lock-in, the cascades filter the ADC codes times the
    /// sine of the reference.
    ///
    /// # Errors
    /// The instrument fails.
    pub fn trials(&self, wanted: &ChannelSpec) -> Result<Vec<Trial>, ReproduceError> {
        let mut sim_setup = SimSetup::open_with_codes(&self.setup, &self.plan, wanted.seed)?;
        let mut random = ChaCha8Rng::seed_from_u64(wanted.seed);
        let rate_hz = self.plan.grid().rate_hz;
        let mut tones: [Tone; TONES] =
            std::array::from_fn(|k| Tone::new(self.frequency_hz(k, wanted.spacing_hz), rate_hz));
        sim_setup.tune(&tones.map(|tone| tone.word))?;
        let mut trials = Vec::with_capacity(wanted.trials as usize);
        for _ in 0..wanted.trials {
            tones.iter_mut().for_each(|tone| tone.start = random.random());
            sim_setup.begin_at(&tones.map(|tone| tone.start), wanted.alone.then_some(MIDDLE))?;
            let (window, codes) = sim_setup.captured(&[0.0; TONES])?;
            let own = self.slopes_na_per_v[MIDDLE];
            let found = self.found_na_per_v(&tones, &window, &codes);
            trials.push(Trial {
                errors: found.into_iter().map(|found| found - own).collect(),
                leaked: self.leaked(&tones, wanted.alone),
            });
        }
        sim_setup.close()?;
        Ok(trials)
    }

    fn frequency_hz(&self, tone: usize, spacing_hz: f64) -> f64 {
        self.middle_hz + (tone as f64 - MIDDLE as f64) * spacing_hz
    }

    fn found_na_per_v(&self, tones: &[Tone], window: &Window, codes: &[i16]) -> Vec<f64> {
        let mean = codes.iter().map(|&code| f64::from(code)).sum::<f64>() / codes.len() as f64;
        let reference = tones[MIDDLE].answer(&self.plan);
        let product = |(n, &code): (usize, &i16)| {
            (reference.step * n as f64 + reference.phase).sin() * (f64::from(code) - mean)
        };
        let products: Vec<f64> = codes.iter().enumerate().map(product).collect();
        let codes_per_na_v = self.plan.scale().adc_codes_per_na() * self.plan.amplitude_v(MIDDLE);
        let filtered = |weights: &Vec<f64>| {
            let sum: f64 =
                weights.iter().zip(&products).map(|(weight, value)| weight * value).sum();
            2.0 * sum / codes_per_na_v
        };
        let own_lock_in = slopes_na_per_v(&self.plan, tones, window)[MIDDLE];
        std::iter::once(own_lock_in).chain(self.weights[1..].iter().map(filtered)).collect()
    }

    fn leaked(&self, tones: &[Tone], alone: bool) -> Vec<f64> {
        let answers: Vec<_> = tones.iter().map(|tone| tone.answer(&self.plan)).collect();
        let of = |&filter: &LowPass| {
            let sounding = (0..TONES).filter(|&k| !alone || k == MIDDLE);
            let found: f64 = sounding
                .map(|k| self.slopes_na_per_v[k] * leak(filter, answers[MIDDLE], answers[k]))
                .sum();
            found - self.slopes_na_per_v[MIDDLE]
        };
        self.filters.iter().map(of).collect()
    }
}
