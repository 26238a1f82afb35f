//! Device time to a solution, restarts included: descent with several methods, finite differences, SPSA and random search.
//!
//! All strategies are charged for windows, ramps, waits and lead-ins alike, and each has the best of equally many tunings, drawn from its
//! grid and compared on other starts than the reported ones. A setting whose measured outputs solve the task is confirmed by four passes,
//! then by the exact outputs of the device. Searches that reach the budget count as censored.

mod picture;
mod source;
mod spsa;
mod strategy;
mod tuning;

pub(crate) use spsa::{moved, signs};
pub use strategy::{Extraction, Strategy};

use super::chance::{chances, Chance};
use super::survival::{
    finite, median, quickest, ratio_interval, rows, shown, solved_text, Duration, Median,
};
use super::task::{Solved, Task};
use super::{
    parallel, sim_setup, Claim, Findings, ProgressObserver, ReproduceError, Setup, Study, Table,
};
use hge_core::method::Method;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use serde_json::json;
use source::{Measured, Modelled};
use strategy::Search;
use tuning::{draw, Tuning};

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "search",
    about: "device time to a solution: descent, differences, SPSA and random search",
    file: include_str!("../../experiments/search.toml"),
    run,
};

/// The seed's streams of the reported starts, of those by which tunings are compared, and of the tunings.
const STARTS: u64 = 6000;
const TUNING_STARTS: u64 = 7000;
const TUNINGS: u64 = 8000;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    tasks: Vec<String>,
    loss: f64,
    ring_accuracy: f64,
    sphere_accuracy: f64,
    settings: usize,
    starts: usize,
    budget_s: f64,
    tunings: usize,
    tuning_starts: usize,
    tuning_budget_s: f64,
    instrument_starts: usize,
}

/// Starts from which on a ratio is claimed.
const COUNTED_STARTS: usize = 64;

/// Tunings that are drawn at most, for each that is compared: windows too short for tones or codes are drawn again.
const DRAWS: usize = 10;

/// All searches of a task by a strategy.
struct Group {
    strategy: Strategy,
    tuning: Tuning,
    durations: Vec<Duration>,
    median: Median,
}

/// All of a task.
struct Compared {
    task: Task,
    by: Solved,
    chance: Chance,
    groups: Vec<Group>,
    /// By the instrument itself, along all tones.
    instrument: Vec<Duration>,
}

impl Compared {
    /// Device time of all tones; the reference.
    fn ours(&self) -> &Group {
        &self.groups[0]
    }
}

fn run(setup: &Setup, observer: &dyn ProgressObserver) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    let mut compared = Vec::new();
    for name in &keys.tasks {
        observer.begin(name, Strategy::ALL.len() as u64);
        compared.push(compare(setup, &keys, name, observer)?);
    }
    Ok(findings(&compared))
}

fn compare(
    setup: &Setup,
    keys: &Keys,
    name: &str,
    observer: &dyn ProgressObserver,
) -> Result<Compared, ReproduceError> {
    let task = Task::new(setup, name)?;
    let by = match name {
        "ring" => Solved::Accuracy(keys.ring_accuracy),
        "sphere" => Solved::Accuracy(keys.sphere_accuracy),
        _ => Solved::Loss(keys.loss),
    };
    let chance = chances(&task, &[by], keys.settings)?[0];
    let mut groups = Vec::new();
    for strategy in Strategy::ALL {
        let tuning = tune(&task, by, strategy, keys)?;
        let durations = parallel::map(keys.starts, |start| {
            one(&task, by, strategy, &tuning, (STARTS + start as u64, keys.budget_s))
        })?;
        let median = median(&durations);
        groups.push(Group { strategy, tuning, durations, median });
        observer.step();
    }
    let tuning = groups[0].tuning;
    let instrument = by_instrument(&task, by, &tuning, keys)?;
    Ok(Compared { task, by, chance, groups, instrument })
}

/// One search by the model, its start and noise drawn from a stream of the seed.
fn one(
    task: &Task,
    by: Solved,
    strategy: Strategy,
    tuning: &Tuning,
    (stream, budget_s): (u64, f64),
) -> Result<Duration, ReproduceError> {
    let mut random = ChaCha8Rng::seed_from_u64(task.setup.experiment.seed);
    random.set_stream(stream);
    let device = sim_setup::device(&task.setup)?;
    let search = Search { task, by, device: &*device, budget_s, cancel: &task.setup.cancel };
    let samples = tuning.window_samples;
    let mut source = Modelled::new(task, &*device, strategy.extraction(), samples, random.random());
    search.run(strategy, tuning, &mut source, &mut random)
}

/// The tuning of the least mean time, cut at the budget, over the starts for tuning.
fn tune(
    task: &Task,
    by: Solved,
    strategy: Strategy,
    keys: &Keys,
) -> Result<Tuning, ReproduceError> {
    let mut random = ChaCha8Rng::seed_from_u64(task.setup.experiment.seed);
    random.set_stream(TUNINGS);
    let drawn = (0..DRAWS * keys.tunings).map(|_| draw(strategy, &mut random));
    let possible = drawn.filter(|tuning| is_possible(task, strategy, tuning));
    let tunings: Vec<Tuning> = possible.take(keys.tunings).collect();
    let best = quickest(&tunings, keys.tuning_starts, |tuning, start| {
        let stream = TUNING_STARTS + start as u64;
        one(task, by, strategy, &tuning, (stream, keys.tuning_budget_s))
    })?;
    best.ok_or_else(|| ReproduceError::Keys {
        name: task.setup.name.clone(),
        reason: format!("no window holds what {} needs at this rate", strategy.name()),
    })
}

/// Whether the windows of a tuning have lines for the tones or codes of the strategy.
fn is_possible(task: &Task, strategy: Strategy, tuning: &Tuning) -> bool {
    let Strategy::Slopes(extraction) = strategy else { return true };
    let with_window = with_window(task, tuning.window_samples);
    with_window.is_ok_and(|task| source::plan(&task, extraction.method()).is_ok())
}

fn with_window(task: &Task, window_samples: u32) -> Result<Task, ReproduceError> {
    let mut setup = task.setup.clone();
    setup.experiment.timing.window_samples = window_samples;
    Task::new(&setup, &task.name)
}

/// Trains from the same starts along all tones, by the instrument in place of its model.
fn by_instrument(
    task: &Task,
    by: Solved,
    tuning: &Tuning,
    keys: &Keys,
) -> Result<Vec<Duration>, ReproduceError> {
    let task = &with_window(task, tuning.window_samples)?;
    let setup = &task.setup;
    parallel::map(keys.instrument_starts, |start| {
        let mut random = ChaCha8Rng::seed_from_u64(setup.experiment.seed);
        random.set_stream(STARTS + start as u64);
        let device = sim_setup::device(setup)?;
        let (budget_s, cancel) = (keys.budget_s, &setup.cancel);
        let search = Search { task, by, device: &*device, budget_s, cancel };
        let mut source = Measured::open(task, Method::Homodyne, random.random())?;
        search.run(Strategy::ALL[0], tuning, &mut source, &mut random)
    })
}

fn findings(compared: &[Compared]) -> Findings {
    let mut findings = Findings::default();
    let mut table = Table::new(&[
        "task", "chance, %", "search", "window, ms", "step, V", "width, V", "steps a start",
        "solved", "median device time, s", "to homodyne",
    ]);
    let mut searches = Vec::new();
    for one in compared {
        let name = &one.task.name;
        let rate_hz = one.task.plan.grid().rate_hz;
        let condition = one.by.text();
        for group in &one.groups {
            let (tuning, median) = (&group.tuning, &group.median);
            let window_s = f64::from(tuning.window_samples) / rate_hz;
            let ratio = median.time_s / one.ours().median.time_s;
            let ratio_ends = ratio_interval(&group.durations, &one.ours().durations);
            table.push([
                format!("{name}, {condition}"),
                one.chance.text(),
                group.strategy.name().to_owned(),
                format!("{:.1}", window_s * 1e3),
                format!("{}", tuning.step_v),
                format!("{}", tuning.width_v),
                tuning.steps.to_string(),
                solved_text(&group.durations),
                median_text(median),
                ratio_text(ratio, ratio_ends),
            ]);
            searches.push(json!({
                "task": name, "solved_by": condition, "chance": one.chance.share(), "hard": one.chance.is_hard(),
                "search": group.strategy.name(), "window_s": window_s, "step_v": tuning.step_v, "width_v": tuning.width_v,
                "steps": tuning.steps, "starts": group.durations.len(), "median_s": finite(median.time_s),
                "median_low_s": finite(median.low_s), "median_high_s": finite(median.high_s),
                "ratio": finite(ratio), "ratio_low": finite(ratio_ends.0), "ratio_high": finite(ratio_ends.1),
            }));
            let array_name = format!("{name}_{}", group.strategy.name().replace([' ', '-'], "_"));
            findings.array(&array_name, &[group.durations.len(), 2], rows(&group.durations));
        }
        if !one.instrument.is_empty() {
            let found = median(&one.instrument);
            let mut cells = vec![String::new(); 10];
            cells[0] = format!("{name}, {condition}");
            cells[2] = "homodyne, instrument".into();
            cells[7] = solved_text(&one.instrument);
            cells[8] = median_text(&found);
            let (low, high) = ratio_interval(&one.instrument, &one.ours().durations);
            let ratio = found.time_s / one.ours().median.time_s;
            cells[9] = ratio_text(ratio, (low, high));
            table.push(cells);
            searches.push(json!({
                "task": name, "search": "homodyne, instrument", "starts": one.instrument.len(), "median_s": finite(found.time_s),
                "median_low_s": finite(found.low_s), "median_high_s": finite(found.high_s), "ratio": finite(ratio),
                "ratio_low": finite(low), "ratio_high": finite(high),
            }));
        }
    }
    findings.table = table;
    findings.add("searches", searches);
    let hard: Vec<&Compared> = compared.iter().filter(|one| one.chance.is_hard()).collect();
    let counted = hard.iter().filter(|one| {
        one.ours().median.time_s.is_finite() && one.ours().durations.len() >= COUNTED_STARTS
    });
    let by_chance = counted.flat_map(|one| {
        let random = one.groups.iter().filter(|group| group.strategy == Strategy::Random);
        random.map(|random| ratio_interval(&random.durations, &one.ours().durations).0)
    });
    let least = by_chance.fold(f64::INFINITY, f64::min);
    if least.is_finite() {
        let claim = "hard tasks: least ratio of random search's median device time to homodyne's, lower end of its 95 % interval";
        findings.claims.push(Claim::at_least(claim, least, 1.0));
    }
    findings.figures = vec![picture::figure(compared)];
    findings
}

fn median_text(median: &Median) -> String {
    format!("{} ({} to {})", times(median.time_s), times(median.low_s), times(median.high_s))
}

/// A ratio with its interval; unknown where the reference has no median.
fn ratio_text(ratio: f64, (low, high): (f64, f64)) -> String {
    if ratio.is_nan() || ratio == 0.0 {
        return "unknown".into();
    }
    format!("{} ({} to {})", times(ratio), times(low), times(high))
}

/// A time or ratio, or that it is beyond the budget.
fn times(value: f64) -> String {
    shown(value, if value >= 100.0 { 0 } else { 2 })
}
