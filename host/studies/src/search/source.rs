//! Measurements at a setting with their device time: by the instrument, or by a model of it for thousands of searches.

use super::Extraction;
use crate::descent::{Exact, GradientSource, Response};
use crate::sim_setup::{row_v, SimSetup};
use crate::task::Task;
use crate::ReproduceError;
use hge_core::method::Method;
use hge_core::plan::{Configuration, Plan};
use hge_core::targets::Targets;
use hge_protocol::registers as map;
use hge_sim::device::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A source of measurements.
pub trait Source {
    /// Output of every case from one unperturbed window each, nA.
    ///
    /// # Errors
    /// The instrument fails.
    fn outputs_na(&mut self, controls_v: &[f64]) -> Result<Vec<f64>, ReproduceError>;

    /// Outputs and slopes of every case, perturbed.
    ///
    /// # Errors
    /// The instrument fails, or the device has no exact slopes.
    fn slopes(&mut self, controls_v: &[f64]) -> Result<Response, ReproduceError>;

    /// Device time so far, in seconds: windows, ramps, waits and lead-ins.
    fn device_s(&self) -> f64;
}

/// The plan of a task by a method; none of the searches' methods needs targets.
///
/// # Errors
/// The window does not hold its tones or codes.
pub fn plan(task: &Task, method: Method) -> Result<Plan, ReproduceError> {
    let high = vec![true; task.cases_v.len()];
    Ok(method.plan(&task.plan, &Targets::labels(high, 0.0, 0.0))?)
}

/// The instrument itself.
pub struct Measured {
    sim_setup: SimSetup,
    cases_v: Vec<Vec<f64>>,
}

impl Measured {
    /// An instrument whose session extracts slopes by `method`.
    ///
    /// # Errors
    /// The experiment is wrong, or the instrument refuses.
    pub fn open(task: &Task, method: Method, seed: u64) -> Result<Self, ReproduceError> {
        let plan = plan(task, method)?;
        let mut sim_setup = SimSetup::open(&task.setup, &plan, seed)?;
        sim_setup.session().by(method, seed);
        Ok(Measured { sim_setup, cases_v: task.cases_v.clone() })
    }
}

impl Source for Measured {
    fn outputs_na(&mut self, controls_v: &[f64]) -> Result<Vec<f64>, ReproduceError> {
        let readings = self.sim_setup.readings(&self.cases_v, controls_v, false)?;
        Ok(readings.iter().map(|reading| reading.mean_na).collect())
    }

    fn slopes(&mut self, controls_v: &[f64]) -> Result<Response, ReproduceError> {
        self.sim_setup.respond(&self.cases_v, controls_v)
    }

    fn device_s(&self) -> f64 {
        self.sim_setup.samples() as f64 / self.sim_setup.plan().grid().rate_hz
    }
}

/// The device itself, with the white noise that the instrument's formulas give a window: one-sided density S and a window T leave a mean with
/// variance S/(2 T), a slope by sines of amplitude A with S/(T A^2), by Walsh functions with S/(2 T A^2). Slopes are those at amplitude zero:
/// what the device bends over A is left out, as are rounding and clipping.
pub struct Modelled<'a> {
    device: &'a dyn Device,
    plan: &'a Plan,
    cases_v: &'a [Vec<f64>],
    extraction: Extraction,
    window_samples: u32,
    noise_na2_per_hz: f64,
    random: ChaCha8Rng,
    at_v: Vec<f64>,
    /// Samples between runs and cases, and after a window of tones.
    gap: u32,
    tail: u32,
    samples: u64,
}

impl<'a> Modelled<'a> {
    /// A model of an instrument with this device and windows of this many samples.
    pub fn new(
        task: &'a Task,
        device: &'a dyn Device,
        extraction: Extraction,
        window_samples: u32,
        seed: u64,
    ) -> Self {
        let Configuration { timing, controls, .. } = task.plan.configuration();
        let gap = task.plan.writes().iter().find(|&&(address, _)| address == map::GAP);
        let zeros = vec![0.0; controls.len()];
        let rest_v = row_v(&task.plan, device.electrodes(), &[], &zeros);
        Modelled {
            device,
            plan: &task.plan,
            cases_v: &task.cases_v,
            extraction,
            window_samples,
            noise_na2_per_hz: task.setup.experiment.bench.noise_na2_per_hz,
            random: ChaCha8Rng::seed_from_u64(seed),
            at_v: rest_v,
            // That after an epoch, which is no shorter.
            gap: gap.map_or(timing.gap_samples, |&(_, word)| map::gap::long(word)),
            tail: tail(&task.plan),
            samples: 0,
        }
    }

    /// Charges one run over all cases as the sequencer makes it: a gap, and for every case the ramp of the output with the longest way, wait, lead-in,
    /// window, tail and gap.
    fn charge(&mut self, controls_v: &[f64], perturbed: bool) {
        let Configuration { timing, .. } = self.plan.configuration();
        let rate_hz = self.plan.grid().rate_hz;
        let gap = self.gap;
        let tail = if perturbed && self.extraction != Extraction::Walsh { self.tail } else { 1 };
        let settle = (timing.settle_s * rate_hz).round().max(1.0) as u64;
        let counted = u64::from(self.plan.lead_in_samples() + self.window_samples + tail + gap);
        self.samples += u64::from(gap);
        for case_v in self.cases_v {
            let row = row_v(self.plan, self.device.electrodes(), case_v, controls_v);
            let moves = row.iter().zip(&self.at_v).map(|(to, from)| (to - from).abs());
            let longest_v = moves.fold(0.0, f64::max);
            let ramp = (longest_v / timing.ramp_v_per_s * rate_hz).ceil() as u64;
            self.samples += ramp.max(1) + settle + counted;
            self.at_v = row;
        }
    }

    fn exact(&self) -> Exact<'_> {
        Exact { device: self.device, plan: self.plan }
    }

    fn noise(&mut self, variance: f64) -> f64 {
        let normal: f64 = StandardNormal.sample(&mut self.random);
        variance.sqrt() * normal
    }

    fn window_s(&self) -> f64 {
        f64::from(self.window_samples) / self.plan.grid().rate_hz
    }

    fn noisy(&mut self, mut outputs_na: Vec<f64>, windows: f64) -> Vec<f64> {
        let variance = self.noise_na2_per_hz / (2.0 * self.window_s() * windows);
        for output_na in &mut outputs_na {
            *output_na += self.noise(variance);
        }
        outputs_na
    }
}

/// Samples after a window until every tone has ended its period, at least one.
fn tail(plan: &Plan) -> u32 {
    let (rate_hz, lead_in) = (plan.grid().rate_hz, f64::from(plan.lead_in_samples()));
    let left = plan.tones_hz().into_iter().map(|tone_hz| {
        let period = rate_hz / tone_hz;
        (period - lead_in % period).ceil()
    });
    left.fold(1.0, f64::max) as u32
}

impl Source for Modelled<'_> {
    fn outputs_na(&mut self, controls_v: &[f64]) -> Result<Vec<f64>, ReproduceError> {
        self.charge(controls_v, false);
        let outputs_na = self.exact().outputs_na(self.cases_v, controls_v);
        Ok(self.noisy(outputs_na, 1.0))
    }

    fn slopes(&mut self, controls_v: &[f64]) -> Result<Response, ReproduceError> {
        let (windows, codes) = match self.extraction {
            Extraction::Tones => (1, false),
            Extraction::SingleTone => (controls_v.len(), false),
            Extraction::Walsh => (1, true),
        };
        for _ in 0..windows {
            self.charge(controls_v, true);
        }
        let cases_v = self.cases_v;
        let mut response = self.exact().respond(cases_v, controls_v)?;
        response.outputs_na = self.noisy(response.outputs_na, windows as f64);
        let density = self.noise_na2_per_hz / if codes { 2.0 } else { 1.0 };
        let of_volt = density / self.window_s();
        for row in &mut response.slopes_na_per_v {
            for (k, slope) in row.iter_mut().enumerate() {
                let amplitude_v = self.plan.amplitude_v(k);
                *slope += self.noise(of_volt / (amplitude_v * amplitude_v));
            }
        }
        Ok(response)
    }

    fn device_s(&self) -> f64 {
        self.samples as f64 / self.plan.grid().rate_hz
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{search, sim_setup, Setup};

    const SETS: usize = 300;

    fn task() -> Task {
        let mut setup = Setup::of(&search::STUDY, true).unwrap();
        setup.experiment.device = "linear:5,-10,20,3,-8,4,2".into();
        Task::new(&setup, "xor").unwrap()
    }

    /// Device time, and the variances of outputs and of all slopes about their means.
    fn measured(source: &mut dyn Source) -> (f64, f64, f64) {
        let (mut outputs, mut slopes) = (vec![Vec::new(); 4], vec![Vec::new(); 20]);
        for _ in 0..SETS {
            let outputs_na = source.outputs_na(&[0.1, -0.2, 0.1, 0.0, -0.3]).unwrap();
            let response = source.slopes(&[-0.3, -0.2, 0.2, 0.0, 0.1]).unwrap();
            outputs.iter_mut().zip(outputs_na).for_each(|(all, one)| all.push(one));
            slopes
                .iter_mut()
                .zip(response.slopes_na_per_v.concat())
                .for_each(|(all, one)| all.push(one));
        }
        let variance = |of: &[Vec<f64>]| {
            let about = |values: &Vec<f64>| {
                let mean = values.iter().sum::<f64>() / SETS as f64;
                values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (SETS - 1) as f64
            };
            of.iter().map(about).sum::<f64>() / of.len() as f64
        };
        (source.device_s(), variance(&outputs), variance(&slopes))
    }

    #[test]
    fn the_model_has_the_noise_and_the_device_time_of_the_instrument() {
        let task = task();
        let device = sim_setup::device(&task.setup).unwrap();
        for (method, extraction) in [
            (Method::Homodyne, Extraction::Tones),
            (Method::Single, Extraction::SingleTone),
            (Method::Walsh, Extraction::Walsh),
        ] {
            let by_instrument = measured(&mut Measured::open(&task, method, 1).unwrap());
            let by_model = measured(&mut Modelled::new(&task, &*device, extraction, 256, 2));
            let time = by_model.0 / by_instrument.0;
            assert!((time - 1.0).abs() < 0.01, "{method:?} {time}");
            // Two variances of n values each: their ratio scatters by sqrt(4/n).
            for (model, instrument, count) in
                [(by_model.1, by_instrument.1, 4 * SETS), (by_model.2, by_instrument.2, 20 * SETS)]
            {
                let (ratio, most) = (model / instrument, 4.0 * (4.0 / count as f64).sqrt());
                assert!((ratio - 1.0).abs() < most, "{method:?} {ratio} {most}");
            }
        }
    }
}
