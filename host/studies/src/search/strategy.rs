//! Searches for a setting that solves a task, with restarts until one is found or the device time is used up.

use super::source::Source;
use super::spsa::{moved, signs, Spsa};
use super::tuning::Tuning;
use crate::descent::Response;
use crate::survival::Duration;
use crate::task::{Solved, Task};
use crate::ReproduceError;
use hge_core::method::Method;
use hge_core::optimiser::{chain_rule, Optimiser, Rule};
use hge_driver::{Cancel, DriverError};
use hge_sim::device::Device;
use rand_chacha::ChaCha8Rng;

/// Passes over all cases that a setting takes which seems to solve the task; then the device's own outputs decide.
const CONFIRMING_PASSES: usize = 4;

/// Pairs of losses from which the gains of SPSA are scaled, charged like all others.
const SCALING_PAIRS: usize = 4;

/// How perturbed windows carry slopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extraction {
    /// Tones on all controls in parallel.
    Tones,
    /// One tone after the other.
    SingleTone,
    /// Walsh functions on all controls in parallel.
    Walsh,
}

/// How the next setting is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Adam along slopes from perturbed windows.
    Slopes(Extraction),
    /// Adam along differences of outputs, each control in turn above and below.
    TwoSided,
    /// Adam along differences of outputs, each control in turn above, and all at the setting itself.
    OneSided,
    /// Differences of the loss, all controls together.
    Spsa,
    /// Settings drawn evenly from the control ranges.
    Random,
}

impl Extraction {
    /// The instrument's method.
    pub fn method(self) -> Method {
        match self {
            Extraction::Tones => Method::Homodyne,
            Extraction::SingleTone => Method::Single,
            Extraction::Walsh => Method::Walsh,
        }
    }
}

impl Strategy {
    /// All of them, the reference first.
    pub const ALL: [Strategy; 7] = [
        Strategy::Slopes(Extraction::Tones),
        Strategy::Slopes(Extraction::Walsh),
        Strategy::Slopes(Extraction::SingleTone),
        Strategy::TwoSided,
        Strategy::OneSided,
        Strategy::Spsa,
        Strategy::Random,
    ];

    /// Name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Strategy::Slopes(Extraction::Tones) => "homodyne",
            Strategy::Slopes(Extraction::Walsh) => "walsh",
            Strategy::Slopes(Extraction::SingleTone) => "single",
            Strategy::TwoSided => "two-sided",
            Strategy::OneSided => "one-sided",
            Strategy::Spsa => "spsa",
            Strategy::Random => "random search",
        }
    }

    /// How its perturbed windows carry slopes; those of the others are never taken.
    pub fn extraction(self) -> Extraction {
        match self {
            Strategy::Slopes(extraction) => extraction,
            _ => Extraction::Tones,
        }
    }
}

/// One search.
pub struct Search<'a> {
    /// The task.
    pub task: &'a Task,
    /// When it is.
    pub by: Solved,
    /// Decides whether it is.
    pub device: &'a dyn Device,
    /// Ends the search, in seconds of device time.
    pub budget_s: f64,
    /// Ends the search immediately.
    pub cancel: &'a Cancel,
}

impl Search<'_> {
    /// Device time to the first solution.
    ///
    /// # Errors
    /// The source fails, or the study is cancelled.
    pub fn run(
        &self,
        strategy: Strategy,
        tuning: &Tuning,
        source: &mut dyn Source,
        random: &mut ChaCha8Rng,
    ) -> Result<Duration, ReproduceError> {
        loop {
            let start_v = self.task.plan.draw_controls_v(random);
            let solved = match strategy {
                Strategy::Random => self.visit(source, &start_v)?.is_none(),
                Strategy::Spsa => self.spsa(tuning, source, start_v, random)?,
                _ => self.descend(strategy, tuning, source, start_v)?,
            };
            let time_s = source.device_s();
            if solved && time_s <= self.budget_s {
                return Ok(Duration { time_s, solved: true });
            }
            if time_s >= self.budget_s {
                return Ok(Duration { time_s: self.budget_s, solved: false });
            }
        }
    }

    /// Outputs at a setting; none if it solves the task.
    fn visit(
        &self,
        source: &mut dyn Source,
        controls_v: &[f64],
    ) -> Result<Option<Vec<f64>>, ReproduceError> {
        let outputs_na = source.outputs_na(controls_v)?;
        let solved = self.confirm(source, controls_v, &outputs_na)?;
        Ok((!solved).then_some(outputs_na))
    }

    /// Whether a setting that seems to solve the task by these outputs does.
    fn confirm(
        &self,
        source: &mut dyn Source,
        controls_v: &[f64],
        outputs_na: &[f64],
    ) -> Result<bool, ReproduceError> {
        if self.cancel.is_cancelled() {
            return Err(DriverError::Cancelled.into());
        }
        if !self.task.is_solved(outputs_na, self.by) {
            return Ok(false);
        }
        for _ in 0..CONFIRMING_PASSES {
            source.outputs_na(controls_v)?;
        }
        Ok(self.task.is_solved(&self.task.outputs_na(self.device, controls_v), self.by))
    }

    /// Whether one start of descent along slopes of the outputs finds a solution.
    fn descend(
        &self,
        strategy: Strategy,
        tuning: &Tuning,
        source: &mut dyn Source,
        start_v: Vec<f64>,
    ) -> Result<bool, ReproduceError> {
        let ranges_v = self.task.plan.control_ranges_v();
        let mut optimiser = Optimiser::new(Rule::Adam, tuning.step_v, 0.0, start_v.len());
        let mut at_v = start_v;
        for _ in 0..tuning.steps {
            if source.device_s() >= self.budget_s {
                return Ok(false);
            }
            let response = match strategy {
                Strategy::Slopes(_) => {
                    let response = source.slopes(&at_v)?;
                    if self.confirm(source, &at_v, &response.outputs_na)? {
                        return Ok(true);
                    }
                    response
                }
                _ => {
                    let one_sided = strategy == Strategy::OneSided;
                    match self.differences(one_sided, tuning.width_v, source, &at_v, &ranges_v)? {
                        Some(found) => found,
                        None => return Ok(true),
                    }
                }
            };
            let (_, loss_slope) = self.task.evaluate(&response.outputs_na);
            optimiser.step(
                &mut at_v,
                &chain_rule(&response.slopes_na_per_v, &loss_slope),
                &ranges_v,
            );
        }
        Ok(false)
    }

    /// Outputs and slopes by differences; none if one of the points solves the task.
    fn differences(
        &self,
        one_sided: bool,
        width_v: f64,
        source: &mut dyn Source,
        at_v: &[f64],
        ranges_v: &[(f64, f64)],
    ) -> Result<Option<Response>, ReproduceError> {
        let cases = self.task.cases_v.len();
        let mut slopes = vec![vec![0.0; at_v.len()]; cases];
        let mut sums_na = vec![0.0; cases];
        let centre = if one_sided {
            let Some(outputs_na) = self.visit(source, at_v)? else { return Ok(None) };
            Some(outputs_na)
        } else {
            None
        };
        for (k, &(low_v, high_v)) in ranges_v.iter().enumerate() {
            let mut at = |volts: f64| {
                let mut moved_v = at_v.to_vec();
                moved_v[k] = volts.clamp(low_v, high_v);
                Ok::<_, ReproduceError>((moved_v[k], self.visit(source, &moved_v)?))
            };
            // One-sided, away from the nearer end of the range.
            let outward_v =
                if one_sided && at_v[k] + width_v > high_v { -width_v } else { width_v };
            let (above_v, above) = at(at_v[k] + outward_v)?;
            let (below_v, below) = match &centre {
                Some(outputs_na) => (at_v[k], Some(outputs_na.clone())),
                None => at(at_v[k] - width_v)?,
            };
            let (Some(above), Some(below)) = (above, below) else { return Ok(None) };
            for case in 0..cases {
                slopes[case][k] = (above[case] - below[case]) / (above_v - below_v);
                sums_na[case] += (above[case] + below[case]) / (2.0 * at_v.len() as f64);
            }
        }
        let outputs_na = centre.unwrap_or(sums_na);
        Ok(Some(Response { outputs_na, slopes_na_per_v: slopes, of_inputs_na_per_v: Vec::new() }))
    }

    /// Whether one start of SPSA finds a solution.
    fn spsa(
        &self,
        tuning: &Tuning,
        source: &mut dyn Source,
        start_v: Vec<f64>,
        random: &mut ChaCha8Rng,
    ) -> Result<bool, ReproduceError> {
        let ranges_v = self.task.plan.control_ranges_v();
        let mut at_v = start_v;
        let mut pair = |at_v: &[f64], width_v: f64, random: &mut ChaCha8Rng| {
            let signs = signs(at_v.len(), random);
            let mut losses = [0.0; 2];
            for (loss, side) in losses.iter_mut().zip([1.0, -1.0]) {
                let point_v = moved(at_v, &signs, side * width_v, &ranges_v);
                let Some(outputs_na) = self.visit(source, &point_v)? else { return Ok(None) };
                *loss = self.task.evaluate(&outputs_na).0;
            }
            Ok::<_, ReproduceError>(Some((signs, losses, source.device_s())))
        };
        let mut slope_per_v = 0.0;
        for _ in 0..SCALING_PAIRS {
            let Some((_, [above, below], _)) = pair(&at_v, tuning.width_v, random)? else {
                return Ok(true);
            };
            slope_per_v += (above - below).abs() / (2.0 * tuning.width_v) / SCALING_PAIRS as f64;
        }
        let mut descent = Spsa::new(tuning.step_v, slope_per_v, tuning.width_v, tuning.steps);
        for _ in 0..tuning.steps {
            let Some((signs, losses, device_s)) = pair(&at_v, descent.width_v(), random)? else {
                return Ok(true);
            };
            descent.step(&mut at_v, &signs, losses, &ranges_v);
            if device_s >= self.budget_s {
                return Ok(false);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::source::Modelled;
    use crate::{chance, search, sim_setup, Setup};
    use rand::SeedableRng;

    /// Searches without noise.
    fn durations(
        device: &str,
        task: &str,
        by: Solved,
        strategy: Strategy,
        seeds: u64,
    ) -> Vec<Duration> {
        let mut setup = Setup::of(&search::STUDY, true).unwrap();
        setup.experiment.device = device.into();
        setup.experiment.bench.noise_na2_per_hz = 0.0;
        let task = Task::new(&setup, task).unwrap();
        let device = sim_setup::device(&setup).unwrap();
        let cancel = Cancel::default();
        let search =
            Search { task: &task, by, device: &*device, budget_s: 3000.0, cancel: &cancel };
        let tuning = Tuning { window_samples: 64, step_v: 0.05, width_v: 0.03, steps: 60 };
        let run = |seed| {
            let mut source = Modelled::new(&task, &*device, strategy.extraction(), 64, seed);
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            search.run(strategy, &tuning, &mut source, &mut random).unwrap()
        };
        (0..seeds).map(run).collect()
    }

    #[test]
    fn random_search_takes_the_reciprocal_of_the_chance_in_tries() {
        // Of the built-in device OR at 1.5 nA, whose chance is some tens of percent.
        let by = Solved::Gap(1.5);
        let mut setup = Setup::of(&search::STUDY, true).unwrap();
        setup.experiment.device = "builtin".into();
        let task = Task::new(&setup, "or").unwrap();
        let chance = chance::chances(&task, &[by], 1000).unwrap()[0];
        let found = durations("builtin", "or", by, Strategy::Random, 200);
        assert!(found.iter().all(|one| one.solved));
        let mean_s = found.iter().map(|one| one.time_s).sum::<f64>() / found.len() as f64;
        // A try is 4 windows of 64 samples, 2 ms waited, 4 samples of gap, and ramps of 10 ms at most, since every case but one moves an input over
        // 1.8 V; the confirmation is four more passes, ramps between cases alone.
        let tries = 1.0 / chance.share() + 4.0;
        let a_try_s = 4.0 * (64.0 / 5000.0 + 0.002 + 0.0008 + 0.010);
        let ratio = mean_s / (tries * a_try_s);
        assert!((0.8..1.15).contains(&ratio), "{ratio} {tries} {mean_s}");
    }

    #[test]
    fn every_strategy_solves_what_is_easy_and_none_solves_what_cannot_be() {
        for strategy in Strategy::ALL {
            let easy = durations("linear:3,5,5,-2,1,1,1", "and", Solved::Gap(1.5), strategy, 3);
            assert!(
                easy.iter().all(|one| one.solved && one.time_s < 20.0),
                "{strategy:?} {easy:?}"
            );
            let none = durations("linear:3,5,5,-2,1,1,1", "xor", Solved::Gap(1.5), strategy, 1);
            assert_eq!(none, [Duration { time_s: 3000.0, solved: false }], "{strategy:?}");
        }
    }

    #[test]
    fn differences_and_slopes_lead_to_the_same_setting_on_a_linear_device() {
        let mut setup = Setup::of(&search::STUDY, true).unwrap();
        setup.experiment.device = "linear:3,5,4,-2,1,6,-7".into();
        setup.experiment.bench.noise_na2_per_hz = 0.0;
        let task = Task::new(&setup, "xor").unwrap();
        let device = sim_setup::device(&setup).unwrap();
        let cancel = Cancel::default();
        let by = Solved::Gap(1.5);
        let search = Search { task: &task, by, device: &*device, budget_s: 1e9, cancel: &cancel };
        let at_v = [0.1, -0.2, 0.55, 0.0, -0.6];
        let ranges_v = task.plan.control_ranges_v();
        for one_sided in [false, true] {
            let mut source = Modelled::new(&task, &*device, Extraction::Tones, 64, 1);
            let found = search.differences(one_sided, 0.1, &mut source, &at_v, &ranges_v);
            let response = found.unwrap().unwrap();
            for (found, exact) in
                response.slopes_na_per_v.concat().iter().zip([3.0, -2.0, 1.0, 6.0, -7.0].repeat(4))
            {
                assert!((found - exact).abs() < 1e-9, "{found} {exact}");
            }
        }
    }
}
