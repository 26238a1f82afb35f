//! The examples with tens of phases: combined beams, and meshes with eight outputs. Starts by extracted slopes beside the same descents by exact ones.
//!
//! Starts take all epochs. The instrument measures its result without tones; that of exact slopes and of random settings is by the device's formula.

use crate::by_formula::{descended, outputs_na};
use crate::chance::Chance;
use crate::survival::Duration;
use crate::{parallel, ProgressObserver, ReproduceError, Setup};
use hge_core::dataset::Dataset;
use hge_core::experiment::{CaseKeys, Experiment, Job, Source};
use hge_core::targets::{Targets, Wanted};
use hge_driver::DriverError;
use hge_lab::{train, Options};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Seeds of the starts, and the seed's stream of random settings.
const STARTS: u64 = 40_000;
const SETTINGS: u64 = 13_000;

/// The examples.
const EXAMPLES: [(&str, &str); 3] = [
    ("beams", include_str!("../../../../experiments/beams.toml")),
    ("unitary", include_str!("../../../../experiments/unitary.toml")),
    ("patterns", include_str!("../../../../experiments/patterns.toml")),
];

/// The file of cases of the last one.
const PATTERNS: &str = include_str!("../../../../experiments/patterns.csv");

/// Of every example.
pub type Keys = BTreeMap<String, ExampleKeys>;

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleKeys {
    starts: usize,
    epochs: u32,
    settings: usize,
}

/// What a result is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// Root mean square of the currents less their targets, nA.
    RmsErrorNa,
    /// Share of right test cases.
    Accuracy,
}

impl Measure {
    /// For programs.
    pub fn key(self) -> &'static str {
        match self {
            Measure::RmsErrorNa => "rms_error_na",
            Measure::Accuracy => "accuracy",
        }
    }

    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Measure::RmsErrorNa => "RMS error, nA",
            Measure::Accuracy => "share of test cases right",
        }
    }
}

/// Results of all starts of a task, and of random settings.
pub struct Trained {
    /// Name of the example.
    pub name: &'static str,
    /// What the results are.
    pub measure: Measure,
    /// The result of a solution.
    pub wanted: f64,
    /// Controls, each with a tone of its own.
    pub controls: usize,
    /// Outputs that are measured at once.
    pub outputs: usize,
    /// Cases of an epoch.
    pub batch: usize,
    /// By extracted slopes, start by start.
    pub extracted: Vec<f64>,
    /// By exact slopes from the same controls.
    pub exact: Vec<f64>,
    /// Of random settings.
    pub untrained: Vec<f64>,
    /// Device time until an epoch's controls solve the task by the device's formula.
    pub durations: Vec<Duration>,
    /// Windows of all epochs up to there.
    pub windows: Vec<Duration>,
}

impl Trained {
    /// Whether this result solves the task.
    pub fn is_solved(&self, result: f64) -> bool {
        is_solved(self.measure, self.wanted, result)
    }

    /// Random settings that solve it.
    pub fn chance(&self) -> Chance {
        let hits = self.untrained.iter().filter(|&&result| self.is_solved(result)).count();
        Chance { hits, settings: self.untrained.len() }
    }
}

fn is_solved(measure: Measure, wanted: f64, result: f64) -> bool {
    match measure {
        Measure::RmsErrorNa => result <= wanted,
        Measure::Accuracy => result >= wanted,
    }
}

/// Trains every start of every example that has keys.
///
/// # Errors
/// There is no such example, or the instrument fails.
pub fn train_all(
    setup: &Setup,
    keys: &Keys,
    observer: &dyn ProgressObserver,
) -> Result<Vec<Trained>, ReproduceError> {
    if let Some(name) = keys.keys().find(|name| EXAMPLES.iter().all(|example| example.0 != *name)) {
        let reason = format!("there is no example {name}");
        return Err(ReproduceError::Keys { name: setup.name.clone(), reason });
    }
    let wanted = EXAMPLES.iter().filter_map(|&(name, text)| Some((name, text, *keys.get(name)?)));
    wanted
        .map(|(name, text, keys)| {
            observer.begin(name, keys.starts as u64);
            Example { setup, name, text, keys }.trained(observer)
        })
        .collect()
}

struct Example<'a> {
    setup: &'a Setup,
    name: &'static str,
    text: &'static str,
    keys: ExampleKeys,
}

/// Results by extracted and by exact slopes, device time and windows to a solution.
type Start = (f64, f64, [Duration; 2]);

impl Example<'_> {
    fn trained(&self, observer: &dyn ProgressObserver) -> Result<Trained, ReproduceError> {
        let starts = parallel::map(self.keys.starts, |start| {
            let found = self.start(self.setup.experiment.seed + STARTS + start as u64);
            observer.step();
            found
        })?;
        let job = self.job(self.setup.experiment.seed)?;
        let (measure, wanted) = requirement(&job);
        let mut random = ChaCha8Rng::seed_from_u64(self.setup.experiment.seed);
        random.set_stream(SETTINGS);
        let settings = (0..self.keys.settings).map(|_| {
            self.go_on()?;
            Ok(result(&job, &job.task.plan.draw_controls_v(&mut random)))
        });
        let untrained = settings.collect::<Result<_, ReproduceError>>()?;
        Ok(Trained {
            name: self.name,
            measure,
            wanted,
            controls: job.task.plan.configuration().controls.len(),
            outputs: job.task.data.train.targets.outputs,
            batch: job.task.data.batch,
            extracted: starts.iter().map(|start| start.0).collect(),
            exact: starts.iter().map(|start| start.1).collect(),
            untrained,
            durations: starts.iter().map(|start| start.2[0]).collect(),
            windows: starts.iter().map(|start| start.2[1]).collect(),
        })
    }

    fn go_on(&self) -> Result<(), ReproduceError> {
        match self.setup.cancel.is_cancelled() {
            true => Err(DriverError::Cancelled.into()),
            false => Ok(()),
        }
    }

    fn start(&self, seed: u64) -> Result<Start, ReproduceError> {
        self.go_on()?;
        let judge = self.job(seed)?;
        let (measure, wanted) = requirement(&judge);
        let rate_hz = judge.task.plan.grid().rate_hz;
        let mut spent = [0.0; 2].map(|time_s| Duration { time_s, solved: false });
        let mut start_v = Vec::new();
        let options = Options { cancel: self.setup.cancel.clone(), ..Options::default() };
        let outcome = train(self.job(seed)?, &options, &mut |epoch| {
            if epoch.epoch == 1 {
                start_v.clone_from(&epoch.controls_v);
            }
            if !spent[0].solved {
                let windows = judge.task.data.batch(1, epoch.epoch).len() as f64;
                let solved = is_solved(measure, wanted, result(&judge, &epoch.controls_v));
                spent = [epoch.samples as f64 / rate_hz, spent[1].time_s + windows]
                    .map(|time_s| Duration { time_s, solved });
            }
        })?;
        let exact_v = descended(&judge, start_v, self.keys.epochs);
        let exact_v = exact_v.ok_or_else(|| ReproduceError::Slopes {
            device: judge.task.experiment.device.clone(),
        })?;
        let extracted = outcome.rms_error_na.unwrap_or(outcome.accuracy);
        Ok((extracted, result(&judge, &exact_v), spent))
    }

    /// The example with this seed, its one start without end.
    fn job(&self, seed: u64) -> Result<Job, ReproduceError> {
        let (mut experiment, source) =
            Source::parse(&format!("{}.toml", self.name), self.text.into())?;
        (experiment.seed, experiment.engine) = (seed, self.setup.experiment.engine);
        experiment.restarts = 1;
        let host = &mut experiment.host;
        (host.epochs, host.patience_epochs) = (self.keys.epochs, self.keys.epochs);
        host.stop_loss = 0.0;
        match experiment.data.take() {
            None => Ok(Job::new(experiment, &source)?),
            Some(data) => of_patterns(experiment, &source, data.test_share),
        }
    }
}

/// The job of the patterns, whose file is part of the program.
fn of_patterns(
    mut experiment: Experiment,
    source: &Source,
    test_share: f64,
) -> Result<Job, ReproduceError> {
    let row = |line: &str| -> Option<CaseKeys> {
        let (volts, class) = line.rsplit_once(',')?;
        let inputs_v = volts.split(',').map(str::parse).collect::<Result<Vec<f64>, _>>().ok()?;
        let class = Some(class.parse().ok()?);
        Some(CaseKeys { inputs_v, class, high: None, target_na: None, weight: None })
    };
    let all: Vec<CaseKeys> = PATTERNS.lines().filter_map(row).collect();
    let electrodes = &experiment.electrodes;
    let volts = || {
        let controls_v = electrodes.control_low_v.iter().chain(&electrodes.control_high_v);
        all.iter().flat_map(|case| &case.inputs_v).chain(controls_v).copied()
    };
    experiment.guard.low_v = Some(volts().fold(0.0, f64::min));
    experiment.guard.high_v = Some(volts().fold(0.0, f64::max));
    let batch = experiment.instrument.cases as usize;
    experiment.cases = all.iter().take(batch).cloned().collect();
    let seed = experiment.seed;
    let mut job = Job::new(experiment, source)?;
    let mut cases = job.task.data.train;
    cases.cases_v = all.iter().map(|case| case.inputs_v.clone()).collect();
    let wanted = Wanted::Classes(all.iter().filter_map(|case| case.class).collect());
    cases.targets = Targets { wanted, ..cases.targets };
    job.task.data = Dataset::split(&cases, batch, 0.0, test_share, seed);
    Ok(job)
}

fn requirement(job: &Job) -> (Measure, f64) {
    match job.task.experiment.accuracy {
        Some(wanted) => (Measure::Accuracy, wanted),
        None => (Measure::RmsErrorNa, job.task.experiment.rms_error_na),
    }
}

/// The result of these controls by the device's formula, with the offsets of the cases that are trained on.
fn result(job: &Job, controls_v: &[f64]) -> f64 {
    let (train, judged) = (&job.task.data.train, job.task.data.judged());
    let of_train = outputs_na(job, train, controls_v);
    match requirement(job).0 {
        Measure::RmsErrorNa => train.targets.rms_error_na(&of_train),
        Measure::Accuracy => {
            let offsets_na = Some(train.targets.offsets(&of_train));
            let targets = Targets { offsets_na, ..judged.targets.clone() };
            targets.accuracy(&outputs_na(job, judged, controls_v))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(setup: &Setup, n: usize) -> Example<'_> {
        let (name, text) = EXAMPLES[n];
        Example { setup, name, text, keys: ExampleKeys { starts: 1, epochs: 8, settings: 1 } }
    }

    #[test]
    fn a_result_of_beams_is_what_their_current_lacks_and_other_examples_are_refused() {
        let mut setup = Setup::of(&super::super::STUDY, true).unwrap();
        let job = example(&setup, 0).job(1).unwrap();
        assert_eq!(requirement(&job), (Measure::RmsErrorNa, 4.8));
        let controls_v: Vec<f64> = (0..31).map(|k| 0.1 * f64::from(k) - 1.5).collect();
        let mut current_na = [0.0];
        job.device.currents_na(&[&[0.0], &controls_v[..]].concat(), &mut current_na);
        assert_eq!(result(&job, &controls_v), 96.0 - current_na[0]);
        let keys = ExampleKeys { starts: 1, epochs: 1, settings: 1 };
        let keys = Keys::from([("beam".to_owned(), keys)]);
        setup.name = "scale".into();
        let error = train_all(&setup, &keys, &crate::NoObserver).err().unwrap().to_string();
        assert!(error.contains("no example beam"), "{error}");
    }

    #[test]
    fn the_patterns_of_the_program_are_split_like_those_of_the_example() {
        let setup = Setup::of(&super::super::STUDY, true).unwrap();
        let found = example(&setup, 2).job(7).unwrap().task;
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
        let (mut experiment, source) = Source::load(&folder.join("patterns.toml")).unwrap();
        experiment.seed = 7;
        let example = Job::new(experiment, &source).unwrap().task;
        assert_eq!(found.data, example.data);
        let limits = found.plan.configuration().limits.iter();
        for (found, needed) in limits.zip(&example.plan.configuration().limits) {
            assert!(found.low_v <= needed.low_v && found.high_v >= needed.high_v);
        }
    }
}
