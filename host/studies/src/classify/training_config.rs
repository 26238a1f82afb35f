//! One training method: a loss, a number of starts, a width of the inputs.

use super::data::{Points, Threshold};
use super::loss::ClassLoss;
use crate::descent::{descend, DescentConfig, Exact, GradientSource, Path, Response};
use crate::sim_setup::{self, SimSetup};
use crate::{parallel, ProgressObserver, ReproduceError, Setup};
use hge_core::optimiser::chain_rule;
use hge_core::plan::{Configuration, NoiseSlot, OutputLimits, Plan};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use std::f64::consts::PI;

/// The seed's stream of the first start.
const STARTS: u64 = 4000;

/// Least share of its full range that a scaled input keeps.
const LEAST_SCALE: f64 = 0.1;

/// Keys of a way.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// In tables.
    pub name: String,
    /// Loss function.
    pub loss: ClassLoss,
    /// Random starts.
    pub starts: usize,
    /// Steps of each.
    pub steps: u32,
    /// Width of the inputs relative to the electrodes' ranges.
    #[serde(default = "one")]
    pub spread: f64,
    /// Centre and width of every input are trained too.
    #[serde(default)]
    pub scaling: bool,
    /// By extracted slopes as well.
    #[serde(default)]
    pub measured: bool,
}

fn one() -> f64 {
    1.0
}

/// A training task.
pub struct Task<'a> {
    /// Experiment.
    pub setup: &'a Setup,
    /// How.
    pub way: &'a TrainingConfig,
    /// Points that loss, start and threshold come from.
    pub training: &'a Points,
    /// Points that the accuracy comes from.
    pub test: &'a Points,
}

/// Result of a training.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Name of the method.
    pub name: String,
    /// By extracted slopes, all measured by the instrument.
    pub measured: bool,
    /// Starts.
    pub starts: usize,
    /// Steps of each.
    pub steps: u32,
    /// Training accuracy of the best start.
    pub training_accuracy: f64,
    /// With the threshold of the training points.
    pub test_accuracy: f64,
    /// The threshold of the training points.
    pub threshold: Threshold,
    /// Best controls.
    pub controls_v: Vec<f64>,
    /// Middle of every input.
    pub centres_v: Vec<f64>,
    /// Half the width of every input.
    pub halves_v: Vec<f64>,
    /// Outputs of the test points, unperturbed.
    pub outputs_na: Vec<f64>,
    /// Loss of the best start, step by step.
    pub losses: Vec<f64>,
}

/// Result of a start.
struct Start {
    path: Path,
    threshold: Threshold,
    accuracy: f64,
}

/// The inputs' full ranges, low and high, from the corners that the experiment's cases are.
fn full_ranges_v(plan: &Plan) -> Vec<(f64, f64)> {
    let Configuration { inputs, cases_v, .. } = plan.configuration();
    let of = |n: usize| {
        let values = cases_v.iter().map(move |case_v| case_v[n]);
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        values.fold(ends, |(low_v, high_v), v| (low_v.min(v), high_v.max(v)))
    };
    (0..inputs.len()).map(of).collect()
}

/// Where the parameters of a way lie: controls, then centres and halves of the inputs where these are trained.
pub struct Layout {
    controls: usize,
    centres_v: Vec<f64>,
    halves_v: Vec<f64>,
    scaling: bool,
}

impl Layout {
    fn split(&self, parameters_v: &[f64]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let (controls_v, scaled_v) = parameters_v.split_at(self.controls);
        if self.scaling {
            let (centres_v, halves_v) = scaled_v.split_at(self.centres_v.len());
            (controls_v.to_vec(), centres_v.to_vec(), halves_v.to_vec())
        } else {
            (controls_v.to_vec(), self.centres_v.clone(), self.halves_v.clone())
        }
    }

    /// Input voltages of these points; what training scales stays within the full ranges.
    fn cases_v(&self, points: &Points, centres_v: &[f64], halves_v: &[f64]) -> Vec<Vec<f64>> {
        let of = |at: &Vec<f64>| {
            let scaled = at.iter().zip(centres_v).zip(halves_v).enumerate();
            let volts = scaled.map(|(n, ((x, centre_v), half_v))| {
                let volts = centre_v + half_v * x;
                if self.scaling {
                    let (middle_v, reach_v) = (self.centres_v[n], self.halves_v[n]);
                    volts.clamp(middle_v - reach_v, middle_v + reach_v)
                } else {
                    volts
                }
            });
            volts.collect()
        };
        points.at.iter().map(of).collect()
    }

    fn gradient(&self, response: &Response, slope: &[f64], points: &Points) -> Vec<f64> {
        let mut gradient = chain_rule(&response.slopes_na_per_v, slope);
        if self.scaling {
            gradient.extend(chain_rule(&response.of_inputs_na_per_v, slope));
            let stretched = response.of_inputs_na_per_v.iter().zip(&points.at);
            let stretched: Vec<Vec<f64>> = stretched
                .map(|(row, at)| row.iter().zip(at).map(|(slope, x)| slope * x).collect())
                .collect();
            gradient.extend(chain_rule(&stretched, slope));
        }
        gradient
    }
}

impl Task<'_> {
    /// Trains from all starts, chooses the best and tests it.
    ///
    /// # Errors
    /// The device does not provide slopes; the instrument fails.
    pub fn train(
        &self,
        measured: bool,
        observer: &dyn ProgressObserver,
    ) -> Result<Trained, ReproduceError> {
        let (plan, layout) = self.plan()?;
        let slopes = if measured { "extracted" } else { "exact" };
        observer.begin(&format!("{}, {slopes}", self.way.name), self.way.starts as u64);
        let starts = parallel::map(self.way.starts, |n| {
            let start = self.start(&plan, &layout, n as u64, measured);
            observer.step();
            start
        })?;
        let better = |a: &&Start, b: &&Start| {
            let by_loss = b.path.best_loss.total_cmp(&a.path.best_loss);
            a.accuracy.total_cmp(&b.accuracy).then(by_loss)
        };
        let best = starts.iter().max_by(better).ok_or_else(|| ReproduceError::Keys {
            name: self.setup.name.clone(),
            reason: format!("the method {} has no starts", self.way.name),
        })?;
        let (controls_v, centres_v, halves_v) = layout.split(&best.path.best_v);
        let cases_v = layout.cases_v(self.test, &centres_v, &halves_v);
        let outputs_na = self.unperturbed(&plan, &cases_v, &controls_v, measured)?;
        Ok(Trained {
            name: self.way.name.clone(),
            measured,
            starts: self.way.starts,
            steps: self.way.steps,
            training_accuracy: best.accuracy,
            test_accuracy: best.threshold.accuracy(&outputs_na, &self.test.inside),
            threshold: best.threshold,
            controls_v,
            centres_v,
            halves_v,
            outputs_na,
            losses: best.path.losses.clone(),
        })
    }

    /// The plan, with limits and noise slots for the trained inputs.
    pub fn plan(&self) -> Result<(Plan, Layout), ReproduceError> {
        let base = sim_setup::plan(self.setup, &[])?;
        let ranges_v = full_ranges_v(&base);
        let spread = self.way.spread;
        let ends = ranges_v
            .iter()
            .map(|&(low_v, high_v)| ((low_v + high_v) / 2.0, spread * (high_v - low_v) / 2.0));
        let (centres_v, halves_v): (Vec<f64>, Vec<f64>) = ends.unzip();
        let mut configuration = base.configuration().clone();
        let tone_v = if self.way.scaling { self.amplitude_v() } else { 0.0 };
        for (n, &input) in base.configuration().inputs.iter().enumerate() {
            // The corners stand in the plan until points are shown.
            let reach_v = halves_v[n].max((ranges_v[n].1 - ranges_v[n].0) / 2.0) + tone_v;
            let middle_v = centres_v[n];
            let (low_v, high_v) = ((middle_v - reach_v).min(0.0), (middle_v + reach_v).max(0.0));
            configuration.limits[input] = OutputLimits { low_v, high_v, safe_v: 0.0 };
        }
        if self.way.scaling && self.way.measured {
            configuration.noise_slots = self.noise_slots(&base)?;
            let lines = configuration.noise_slots.iter().map(|noise_slot| noise_slot.cycles);
            let turn = f64::from(lines.max().unwrap_or(0)) / f64::from(base.grid().window_samples);
            let steepest_v = 2.0 * tone_v * (PI * turn).sin() + base.scale().widest_dac_step_v();
            configuration.step_v = Some(steepest_v.max(base.needed_step_v()));
        }
        let controls = configuration.controls.len();
        let plan = Plan::new(configuration, base.parameters())?;
        Ok((plan, Layout { controls, centres_v, halves_v, scaling: self.way.scaling }))
    }

    fn amplitude_v(&self) -> f64 {
        self.setup.experiment.tones.amplitude_v
    }

    /// Lines for the tones on the inputs: planned together with those of the controls, which take the first.
    fn noise_slots(&self, base: &Plan) -> Result<Vec<NoiseSlot>, ReproduceError> {
        let Configuration { inputs, controls, .. } = base.configuration();
        let taken: Vec<u32> = controls.iter().map(|control| control.cycles).collect();
        let mut cycles = taken.clone();
        let last = base.grid().window_samples / 2;
        let mut next = taken.iter().copied().max().unwrap_or(1) + 1;
        while cycles.len() < taken.len() + inputs.len() && next < last {
            cycles.push(next);
            if base.grid().check(&cycles).is_err() {
                cycles.pop();
            }
            next += 1;
        }
        let found = &cycles[taken.len()..];
        if found.len() < inputs.len() {
            return Err(ReproduceError::Keys {
                name: self.setup.name.clone(),
                reason: "the window has no free lines for the tones of the inputs".into(),
            });
        }
        Ok(found.iter().map(|&cycles| NoiseSlot { cycles, control: 0 }).collect())
    }

    fn start(
        &self,
        plan: &Plan,
        layout: &Layout,
        number: u64,
        measured: bool,
    ) -> Result<Start, ReproduceError> {
        // Every way has the same starts.
        let mut random = ChaCha8Rng::seed_from_u64(self.setup.experiment.seed);
        random.set_stream(STARTS + number);
        let mut start_v = plan.draw_controls_v(&mut random);
        let mut ranges_v = plan.control_ranges_v();
        if self.way.scaling {
            start_v.extend(layout.centres_v.iter().chain(&layout.halves_v));
            let ends = || layout.centres_v.iter().zip(&layout.halves_v);
            ranges_v
                .extend(ends().map(|(centre_v, half_v)| (centre_v - half_v, centre_v + half_v)));
            ranges_v.extend(ends().map(|(_, half_v)| (LEAST_SCALE * half_v, *half_v)));
        }
        let seed: u64 = random.random();
        let device = sim_setup::device(self.setup)?;
        let mut exact = Exact { device: device.as_ref(), plan };
        let mut of_instrument = None;
        let source: &mut dyn GradientSource = if measured {
            let mut sim_setup = SimSetup::open(self.setup, plan, seed)?;
            if self.way.scaling {
                sim_setup.sound_inputs(self.amplitude_v())?;
            }
            of_instrument.insert(sim_setup)
        } else {
            &mut exact
        };
        let way = DescentConfig {
            ranges_v: &ranges_v,
            rate_v: self.setup.experiment.host.adam_rate_v,
            steps: self.way.steps,
            stop_loss: f64::NEG_INFINITY,
            cancel: &self.setup.cancel,
        };
        let path = descend(&way, start_v, &mut |parameters_v| {
            let (controls_v, centres_v, halves_v) = layout.split(parameters_v);
            let cases_v = layout.cases_v(self.training, &centres_v, &halves_v);
            let response = source.respond(&cases_v, &controls_v)?;
            let (loss, slope) = self.way.loss.evaluate(&response.outputs_na, &self.training.inside);
            Ok((loss, layout.gradient(&response, &slope, self.training)))
        })?;
        if let Some(sim_setup) = of_instrument {
            sim_setup.close()?;
        }
        let (controls_v, centres_v, halves_v) = layout.split(&path.best_v);
        let cases_v = layout.cases_v(self.training, &centres_v, &halves_v);
        let outputs_na = self.unperturbed(plan, &cases_v, &controls_v, measured)?;
        let (threshold, accuracy) = Threshold::best(&outputs_na, &self.training.inside);
        Ok(Start { path, threshold, accuracy })
    }

    fn unperturbed(
        &self,
        plan: &Plan,
        cases_v: &[Vec<f64>],
        controls_v: &[f64],
        measured: bool,
    ) -> Result<Vec<f64>, ReproduceError> {
        if !measured {
            let device = sim_setup::device(self.setup)?;
            return Ok(Exact { device: device.as_ref(), plan }.outputs_na(cases_v, controls_v));
        }
        let mut sim_setup = SimSetup::open(self.setup, plan, self.setup.experiment.seed)?;
        let readings = sim_setup.readings(cases_v, controls_v, false)?;
        sim_setup.close()?;
        Ok(readings.iter().map(|reading| reading.mean_na).collect())
    }
}
