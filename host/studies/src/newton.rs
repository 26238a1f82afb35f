//! Steps from second derivatives against Adam and the natural gradient: device time until the controls meet the task's requirement, restarts included.
//!
//! The device's formula, without noise or tones, decides whether controls meet it, for all optimisers alike. Each has the best of equally many settings,
//! compared on other starts than the reported ones: a rate or damping, an amplitude of the tones, and the epochs without progress after which a start ends.
//! Searches that reach the budget of device time count as censored.

use super::by_formula::outputs_na;
use super::statistics::{discordant, mcnemar, wilson};
use super::survival::{finite, median, median_s, quickest, ratio_interval, rows, spread, Duration};
use super::{parallel, Findings, ProgressObserver, ReproduceError, Setup, Study, Table};
use hge_core::experiment::{Experiment, Job, Source};
use hge_core::optimiser::Rule;
use hge_core::train::TrainError;
use hge_driver::{Cancel, DriverError};
use hge_lab::{train, Options, SimulateError};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "newton",
    about: "steps from measured second derivatives against Adam and the natural gradient",
    file: include_str!("../experiments/newton.toml"),
    run,
};

/// Tasks besides the study's own experiment.
const TASKS: [(&str, &str); 2] = [
    ("sine", include_str!("../experiments/newton/sine.toml")),
    ("unitary", include_str!("../experiments/newton/unitary.toml")),
];

/// The seeds of the reported searches, and of those by which settings are compared.
const SEARCHES: u64 = 20_000;
const TUNING_SEARCHES: u64 = 30_000;

/// Factors of the experiment's amplitude.
const AMPLITUDES: [f64; 3] = [1.0, 2.0, 4.0];

/// Epochs without progress after which a start ends.
const PATIENCES: [u32; 2] = [5, 20];

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    searches: usize,
    tuning_searches: usize,
    tuning_share: f64,
    /// Of every task.
    budget_s: BTreeMap<String, f64>,
}

/// A setting of an optimiser.
#[derive(Clone, Copy, Debug)]
struct Setting {
    rule: Rule,
    /// Adam's rate in V, the natural gradient's in nA², or the first damping.
    value: f64,
    /// Of the experiment's amplitude.
    amplitude: f64,
    patience_epochs: u32,
}

/// A search, and the starts that it took.
type Search = (Duration, u32);

/// All searches of an optimiser on a task.
struct Group {
    setting: Setting,
    window_s: f64,
    amplitude_v: f64,
    durations: Vec<Duration>,
    /// Starts of all searches.
    starts: usize,
}

/// Rates or dampings of an optimiser that are compared.
fn values(rule: Rule) -> [f64; 4] {
    match rule {
        Rule::Natural => [0.2, 0.5, 1.0, 2.0],
        Rule::LevenbergMarquardt | Rule::Newton => [1e-3, 1e-2, 0.1, 1.0],
        _ => [0.02, 0.05, 0.1, 0.2],
    }
}

/// Optimisers of a task: without a sum of squares neither Levenberg and Marquardt's nor the natural gradient, whose full step is one of least squares.
fn rules(is_of_squares: bool) -> &'static [Rule] {
    match is_of_squares {
        true => &[Rule::Adam, Rule::Natural, Rule::LevenbergMarquardt, Rule::Newton],
        false => &[Rule::Adam, Rule::Newton],
    }
}

fn run(setup: &Setup, observer: &dyn ProgressObserver) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    let mut findings = Findings {
        table: Table::new(&[
            "task", "optimiser", "setting", "amplitude, mV", "window, ms", "patience", "solved",
            "starts", "starts solved, %", "median device time, s", "to adam",
        ]),
        ..Findings::default()
    };
    let mut rows = Vec::new();
    for (name, &budget_s) in &keys.budget_s {
        let (experiment, source) = task(setup, name)?;
        let targets = Job::new(experiment.clone(), &source)?.task.data.train.targets;
        let rules = rules(experiment.loss(&targets).has_targets());
        observer.begin(name, rules.len() as u64);
        let mut groups: Vec<Group> = Vec::new();
        for &rule in rules {
            groups.push(group(setup, &keys, (&experiment, &source, budget_s), rule)?);
            observer.step();
        }
        for group in &groups {
            rows.push(report(name, group, &groups[0], &mut findings));
        }
    }
    findings.add("ways", rows);
    Ok(findings)
}

/// The experiment of a task with the study's seed.
fn task(setup: &Setup, name: &str) -> Result<(Experiment, Source), ReproduceError> {
    let Some((_, text)) = TASKS.iter().find(|task| task.0 == name) else {
        return Ok((setup.experiment.clone(), setup.source.clone()));
    };
    let (mut experiment, source) = Source::parse(&format!("{name}.toml"), (*text).into())?;
    (experiment.seed, experiment.engine) = (setup.experiment.seed, setup.experiment.engine);
    Ok((experiment, source))
}

/// The setting of the least mean time, cut at the budget, over the searches for it, and with it all reported searches.
fn group(
    setup: &Setup,
    keys: &Keys,
    (experiment, source, budget_s): (&Experiment, &Source, f64),
    rule: Rule,
) -> Result<Group, ReproduceError> {
    let settings = values(rule).into_iter().flat_map(|value| {
        let patient = move |amplitude| {
            PATIENCES.map(|patience_epochs| Setting { rule, value, amplitude, patience_epochs })
        };
        AMPLITUDES.into_iter().flat_map(patient)
    });
    let (settings, searches): (Vec<Setting>, _) = (settings.collect(), keys.tuning_searches.max(1));
    let best = quickest(&settings, searches, |setting, search| {
        let (seed, budget_s) = (TUNING_SEARCHES + search as u64, keys.tuning_share * budget_s);
        Ok(one(setup, (experiment, source), setting, seed, budget_s)?.0)
    })?;
    let setting = best.unwrap_or(settings[0]);
    let found = parallel::map(keys.searches, |search| {
        one(setup, (experiment, source), setting, SEARCHES + search as u64, budget_s)
    })?;
    let plan = Job::new(of(experiment, setting), source)?.task.plan;
    let window_s = plan.grid().window_samples as f64 / plan.grid().rate_hz;
    let starts = found.iter().map(|search| search.1 as usize).sum();
    let durations = found.into_iter().map(|search| search.0).collect();
    Ok(Group { setting, window_s, amplitude_v: plan.amplitude_v(0), durations, starts })
}

/// The experiment of a search without end.
fn of(experiment: &Experiment, setting: Setting) -> Experiment {
    let mut experiment = Experiment { restarts: u32::MAX, ..experiment.clone() };
    experiment.tones.amplitude_v *= setting.amplitude;
    let host = &mut experiment.host;
    (host.epochs, host.patience_epochs, host.stop_loss) = (65535, setting.patience_epochs, 0.0);
    host.optimiser = setting.rule;
    match setting.rule {
        Rule::Natural => host.natural_rate_na2 = setting.value,
        Rule::LevenbergMarquardt | Rule::Newton => host.damping = setting.value,
        _ => host.adam_rate_v = setting.value,
    }
    experiment
}

/// Device time of a search until its controls meet the requirement.
fn one(
    setup: &Setup,
    (experiment, source): (&Experiment, &Source),
    setting: Setting,
    seed: u64,
    budget_s: f64,
) -> Result<Search, ReproduceError> {
    if setup.cancel.is_cancelled() {
        return Err(DriverError::Cancelled.into());
    }
    let mut experiment = of(experiment, setting);
    experiment.seed = experiment.seed.wrapping_add(seed);
    let judge = Job::new(experiment.clone(), source)?;
    let job = Job::new(experiment.clone(), source)?;
    let (train_cases, rate_hz) = (&judge.task.data.train, judge.task.plan.grid().rate_hz);
    let wanted_na = experiment.wanted_na(&train_cases.targets);
    let cancel = Cancel::default();
    let options = Options { cancel: cancel.clone(), ..Options::default() };
    let mut found = (Duration { time_s: budget_s, solved: false }, 0);
    let ended = train(job, &options, &mut |epoch| {
        let time_s = epoch.samples as f64 / rate_hz;
        if cancel.is_cancelled() || time_s > budget_s || setup.cancel.is_cancelled() {
            return cancel.cancel();
        }
        found.1 = epoch.restart;
        let outputs_na = outputs_na(&judge, train_cases, &epoch.controls_v);
        if train_cases.targets.separation_na(&outputs_na) >= wanted_na {
            found.0 = Duration { time_s, solved: true };
            cancel.cancel();
        }
    });
    match ended {
        Ok(_) => Ok(found),
        Err(error) if is_cancel(&error) => Ok(found),
        Err(error) => Err(error.into()),
    }
}

fn is_cancel(error: &SimulateError) -> bool {
    use hge_core::session::SessionError::Driver;
    matches!(
        error,
        SimulateError::Driver(DriverError::Cancelled)
            | SimulateError::Train(TrainError::Session(Driver(DriverError::Cancelled)))
    )
}

/// Adds an optimiser's row, and returns what programs read.
fn report(name: &str, group: &Group, adam: &Group, findings: &mut Findings) -> serde_json::Value {
    let Group { setting, window_s, amplitude_v, durations, starts } = group;
    let (rule, searches, starts) = (setting.rule.name(), durations.len(), *starts);
    let solved = durations.iter().filter(|duration| duration.solved).count();
    let (share_low, share_high) = wilson(solved, starts);
    let median = median(durations);
    let ratio = median.time_s / median_s(&adam.durations);
    let (ratio_low, ratio_high) = ratio_interval(durations, &adam.durations);
    let pairs = adam.durations.iter().zip(durations);
    let (lost, gained) = discordant(pairs.map(|(adam, own)| (adam.solved, own.solved)));
    findings.table.push([
        name.to_owned(),
        rule.to_owned(),
        setting.value.to_string(),
        format!("{:.0}", amplitude_v * 1e3),
        format!("{:.1}", window_s * 1e3),
        setting.patience_epochs.to_string(),
        format!("{solved} of {searches}"),
        starts.to_string(),
        format!("{:.0} to {:.0}", 100.0 * share_low, 100.0 * share_high),
        spread(median.time_s, median.low_s, median.high_s, 2),
        spread(ratio, ratio_low, ratio_high, 2),
    ]);
    let array = format!("{name}_{}", rule.replace('-', "_"));
    findings.array(&array, &[searches, 2], rows(durations));
    json!({
        "task": name, "optimiser": rule, "setting": setting.value, "amplitude_v": amplitude_v, "patience_epochs": setting.patience_epochs, "window_s": window_s,
        "searches": searches, "starts": starts,
        "solved": solved, "share_low": share_low, "share_high": share_high, "median_s": finite(median.time_s),
        "median_low_s": finite(median.low_s), "median_high_s": finite(median.high_s), "ratio": finite(ratio),
        "ratio_low": finite(ratio_low), "ratio_high": finite(ratio_high), "lost": lost, "gained": gained,
        "p_two_sided": mcnemar(lost, gained).two_sided,
    })
}
