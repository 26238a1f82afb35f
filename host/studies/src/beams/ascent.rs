//! One ascent of the combined power from random phases.

use super::{Way, LIMIT_V};
use crate::descent::GradientSource;
use crate::search::{moved, signs};
use crate::sim_setup::{self, SimSetup};
use crate::survival::Duration;
use crate::{ReproduceError, Setup};
use hge_core::experiment::Job;
use hge_core::method::Method;
use hge_core::plan::Plan;
use hge_driver::DriverError;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Most change of a phase's voltage in a step: a seventh of a turn.
const MOST_STEP_V: f64 = 0.3;

/// The single case: beam 0 keeps its phase.
const CASE_V: [f64; 1] = [0.0];

/// An ascent.
pub struct Ascent<'a> {
    /// Instrument and device.
    pub setup: &'a Setup,
    /// How slopes are found.
    pub way: Way,
    /// Samples of a window.
    pub window_samples: u32,
    /// Step of a voltage for a slope.
    pub gain_v2_per_na: f64,
    /// Peak of the perturbation of every phase.
    pub amplitude_v: f64,
    /// Power that ends it, by the device's formula.
    pub wanted_na: f64,
    /// Device time that ends it.
    pub budget_s: f64,
}

/// An ascent's course.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Climbed {
    /// Device time until the power is reached.
    pub duration: Duration,
    /// Steps until then.
    pub steps: u32,
}

/// The plan of a way with windows of this length. The phases of SPGD are inputs, so that both sides are cases of one run.
///
/// # Errors
/// The window does not hold its tones or codes.
pub fn plan(setup: &Setup, way: Way, window_samples: u32) -> Result<Plan, ReproduceError> {
    let mut experiment = setup.experiment.clone();
    if way == Way::Tones {
        experiment.timing.window_samples = window_samples;
    }
    let task = Job::new(experiment, &setup.source)?.task;
    let method = if way == Way::Walsh { Method::Walsh } else { Method::Homodyne };
    let base = method.plan(&task.plan, &task.data.train.targets)?;
    let mut configuration = base.configuration().clone();
    configuration.timing.window_samples = window_samples;
    if way == Way::Spgd {
        let phases = configuration.controls.drain(..).map(|control| control.output);
        configuration.inputs.extend(phases);
        configuration.cases_v = vec![vec![0.0; configuration.inputs.len()]; 2];
    }
    Ok(Plan::new(configuration, base.parameters())?)
}

impl Ascent<'_> {
    /// From phases within a turn to the power, or to the end of the budget.
    ///
    /// # Errors
    /// The instrument fails, or the study is cancelled.
    pub fn run(&self, random: &mut ChaCha8Rng) -> Result<Climbed, ReproduceError> {
        let plan = plan(self.setup, self.way, self.window_samples)?;
        let controls = self.setup.experiment.electrodes.controls.len();
        let ranges_v = vec![(-LIMIT_V, LIMIT_V); controls];
        let device = sim_setup::device(self.setup)?;
        let power_na = |at_v: &[f64]| {
            let mut power_na = [0.0];
            device.currents_na(&[&CASE_V, at_v].concat(), &mut power_na);
            power_na[0]
        };
        let mut at_v: Vec<f64> = ranges_v.iter().map(|_| random.random_range(-1.0..1.0)).collect();
        let mut instrument = SimSetup::open(self.setup, &plan, random.random())?;
        let mut steps = 0;
        loop {
            let time_s = instrument.samples() as f64 / plan.grid().rate_hz;
            let solved = power_na(&at_v) >= self.wanted_na;
            if time_s >= self.budget_s || solved {
                let duration = Duration {
                    time_s: time_s.min(self.budget_s),
                    solved: solved && time_s <= self.budget_s,
                };
                return Ok(Climbed { duration, steps });
            }
            if self.setup.cancel.is_cancelled() {
                return Err(DriverError::Cancelled.into());
            }
            let slopes_na_per_v = match self.way {
                Way::Spgd => self.estimate(&mut instrument, &at_v, &ranges_v, random)?,
                _ => instrument.respond(&[CASE_V.to_vec()], &at_v)?.slopes_na_per_v.concat(),
            };
            for ((volts, slope), (low_v, high_v)) in
                at_v.iter_mut().zip(slopes_na_per_v).zip(&ranges_v)
            {
                let step_v = (self.gain_v2_per_na * slope).clamp(-MOST_STEP_V, MOST_STEP_V);
                *volts = (*volts + step_v).clamp(*low_v, *high_v);
            }
            steps += 1;
        }
    }

    /// SPGD's estimate of all slopes.
    fn estimate(
        &self,
        instrument: &mut SimSetup,
        at_v: &[f64],
        ranges_v: &[(f64, f64)],
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<f64>, ReproduceError> {
        let signs = signs(at_v.len(), random);
        let sides_v = [1.0, -1.0].map(|side| {
            [&CASE_V, &moved(at_v, &signs, side * self.amplitude_v, ranges_v)[..]].concat()
        });
        let powers = instrument.readings(&sides_v, &[], false)?;
        let along = (powers[0].mean_na - powers[1].mean_na) / (2.0 * self.amplitude_v);
        Ok(signs.iter().map(|sign| along * sign).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beams::{with_beams, Settings, STUDY};
    use rand::SeedableRng;

    fn setup(beams: usize) -> Setup {
        let mut setup = Setup::of(&STUDY, true).unwrap();
        setup.experiment.bench.noise_na2_per_hz = 0.0;
        let settings =
            Settings { window_samples: 256, wait_samples: 1, rate: 0.4, amplitude_v: 0.02 };
        with_beams(&setup, beams, &settings)
    }

    fn ascent(setup: &Setup, way: Way) -> Ascent<'_> {
        Ascent {
            setup,
            way,
            window_samples: 256,
            gain_v2_per_na: 6e-4,
            amplitude_v: 0.02,
            wanted_na: 91.2,
            budget_s: 0.2,
        }
    }

    #[test]
    fn the_estimates_of_spgd_are_the_slopes_in_the_mean() {
        const ESTIMATES: usize = 400;
        let setup = setup(4);
        let plan = plan(&setup, Way::Spgd, 256).unwrap();
        let at_v = [0.3, -0.4, 0.1];
        let device = sim_setup::device(&setup).unwrap();
        let slopes = device.jacobian_na_per_v(&[0.0, 0.3, -0.4, 0.1]).unwrap();
        let (mut instrument, mut random) =
            (SimSetup::open(&setup, &plan, 1).unwrap(), ChaCha8Rng::seed_from_u64(2));
        let ascent = ascent(&setup, Way::Spgd);
        let mut mean = [0.0; 3];
        for _ in 0..ESTIMATES {
            let estimate = ascent
                .estimate(&mut instrument, &at_v, &[(-LIMIT_V, LIMIT_V); 3], &mut random)
                .unwrap();
            mean.iter_mut().zip(estimate).for_each(|(sum, one)| *sum += one / ESTIMATES as f64);
        }
        // An estimate is the sum over j of slope_j s_j s_k: its variance is the sum of the others' squares.
        let size = slopes[1..].iter().map(|slope| slope * slope).sum::<f64>().sqrt();
        let most = 4.0 * size / (ESTIMATES as f64).sqrt();
        for (mean, slope) in mean.iter().zip(&slopes[1..]) {
            assert!((mean - slope).abs() < most, "{mean} {slope} {most}");
        }
        assert!(slopes[1..].iter().any(|slope| slope.abs() > 2.0 * most), "{slopes:?} {most}");
    }

    #[test]
    fn three_beams_are_combined_by_every_way_and_a_budget_censors() {
        let setup = setup(3);
        for way in Way::ALL {
            for seed in 0..3 {
                let run = |budget_s| {
                    let ascent = Ascent { budget_s, ..ascent(&setup, way) };
                    ascent.run(&mut ChaCha8Rng::seed_from_u64(seed)).unwrap()
                };
                let whole = run(0.2);
                assert!(whole.duration.solved && whole.steps > 0, "{way:?} {whole:?}");
                let half_s = whole.duration.time_s / 2.0;
                let cut = run(half_s).duration;
                assert_eq!(cut, Duration { time_s: half_s, solved: false }, "{way:?}");
            }
        }
    }
}
