//! The six gates: outputs over time without the transitions between cases, and loss over epochs; for comparison the share of random settings that
//! also solve the gate.

use super::chance::{chances, Chance};
use super::sim_setup::{power_up, row_v};
use super::task::{Solved, Task};
use super::{parallel, Claim, Findings, ProgressObserver, ReproduceError, Setup, Study, Table};
use hge_core::experiment::Job;
use hge_core::gate::Gate;
use hge_core::measure::capture::codes_at;
use hge_core::measure::probe::Probe;
use hge_core::train::Outcome;
use hge_lab::{train, Options};
use hge_record::figure::{Axis, Figure, Layer, Mark, Panel};
use serde::Deserialize;
use serde_json::json;

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "gates",
    about: "all six gates: outputs over time, loss over epochs",
    file: include_str!("../experiments/gates.toml"),
    run,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    capture_s: f64,
    passes: usize,
    rate_divisor: u16,
    settings: usize,
}

/// One gate.
struct Learnt {
    gate: Gate,
    outcome: Outcome,
    /// Device time of all starts.
    device_s: f64,
    /// Random settings whose outputs have the required gap.
    chance: Chance,
    /// Start and loss of every epoch.
    losses: Vec<(u32, f64)>,
    /// Captured currents, case by case.
    traces_na: Vec<Vec<f64>>,
    /// Time between two of them.
    step_s: f64,
}

fn run(setup: &Setup, observer: &dyn ProgressObserver) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    observer.begin("gates", Gate::ALL.len() as u64);
    let learnt = parallel::map(Gate::ALL.len(), |n| {
        let learnt = learn(setup, &keys, Gate::ALL[n]);
        observer.step();
        learnt
    })?;
    Ok(findings(&learnt))
}

fn learn(setup: &Setup, keys: &Keys, gate: Gate) -> Result<Learnt, ReproduceError> {
    let mut experiment = setup.experiment.clone();
    experiment.gate = Some(gate);
    let job = || Job::new(experiment.clone(), &setup.source);
    let mut losses = Vec::new();
    let options = Options { cancel: setup.cancel.clone(), ..Options::default() };
    let outcome =
        train(job()?, &options, &mut |progress| losses.push((progress.restart, progress.loss)))?;
    let job = job()?;
    let plan = job.task.plan.clone();
    let electrodes = job.device.electrodes();
    let mut probe = Probe::new(power_up(setup, job)?, plan.clone());
    let shown: Vec<usize> = probe.electrodes().to_vec();
    let rate_hz = plan.grid().rate_hz / f64::from(keys.rate_divisor.max(1));
    let samples = (keys.capture_s * rate_hz).round().max(1.0) as u32;
    let mut traces_na = Vec::new();
    for case in 0..keys.passes * plan.configuration().cases_v.len() {
        let cases_v = &plan.configuration().cases_v;
        let row = row_v(&plan, electrodes, &cases_v[case % cases_v.len()], &outcome.controls_v);
        let volts: Vec<f64> = shown.iter().map(|&electrode| row[electrode]).collect();
        let codes = codes_at(&mut probe, &volts, samples, keys.rate_divisor)?;
        let current_na = |&code: &i16| plan.scale().current_na(f64::from(code));
        traces_na.push(codes.iter().map(current_na).collect());
    }
    probe.close()?;
    let task = Task::new(setup, gate.name())?;
    let chance = chances(&task, &[Solved::Gap(experiment.separation_na)], keys.settings)?[0];
    let device_s = outcome.samples as f64 / plan.grid().rate_hz;
    Ok(Learnt { gate, outcome, device_s, chance, losses, traces_na, step_s: 1.0 / rate_hz })
}

fn findings(learnt: &[Learnt]) -> Findings {
    let mut findings = Findings::default();
    let mut table = Table::new(&[
        "gate", "learnt", "chance level, %", "device time, s", "starts", "epochs", "loss",
        "separation, nA", "outputs, nA",
    ]);
    let mut entries = Vec::new();
    for one in learnt {
        let (name, outcome) = (one.gate.name(), &one.outcome);
        let outputs: Vec<String> =
            outcome.outputs_na.iter().map(|output_na| format!("{output_na:.1}")).collect();
        table.push([
            name.to_owned(),
            if outcome.solved { "yes" } else { "no" }.to_owned(),
            one.chance.text(),
            format!("{:.1}", one.device_s),
            outcome.restarts.to_string(),
            outcome.epochs.to_string(),
            format!("{:.3}", outcome.loss),
            format!("{:.2}", outcome.separation_na),
            outputs.join(" "),
        ]);
        entries.push(json!({
            "gate": name, "solved": outcome.solved, "restarts": outcome.restarts, "epochs": outcome.epochs,
            "loss": outcome.loss, "separation_na": outcome.separation_na, "outputs_na": outcome.outputs_na,
            "controls_v": outcome.controls_v, "device_s": one.device_s, "chance": one.chance.share(),
            "chance_low": one.chance.interval().0, "chance_high": one.chance.interval().1,
        }));
        let (cases, samples) = (one.traces_na.len(), one.traces_na.first().map_or(0, Vec::len));
        findings.array(&format!("outputs_{name}"), &[cases, samples], one.traces_na.concat());
        let errors: Vec<f64> = one.losses.iter().map(|(_, loss)| *loss).collect();
        findings.array(&format!("error_{name}"), &[errors.len()], errors);
        let controls_v = outcome.controls_v.clone();
        findings.array(&format!("controls_{name}"), &[controls_v.len()], controls_v);
    }
    findings.add("gates", entries);
    findings.table = table;
    let solved = learnt.iter().filter(|one| one.outcome.solved).count();
    findings.claims.push(Claim::at_least("gates learnt", solved as f64, learnt.len() as f64));
    findings.figures = vec![
        Figure { name: "outputs".into(), columns: 3, panels: learnt.iter().map(outputs).collect() },
        Figure { name: "loss".into(), columns: 3, panels: learnt.iter().map(losses).collect() },
    ];
    findings
}

fn outputs(one: &Learnt) -> Panel {
    let layer = |high: bool| {
        let cases = one.traces_na.iter().enumerate().filter(move |(case, _)| {
            let (a, b) = Gate::CASES[case % Gate::CASES.len()];
            one.gate.output(a, b) == high
        });
        let points = cases.flat_map(|(case, trace_na)| {
            let begun_s = (case * trace_na.len()) as f64 * one.step_s;
            let at = move |(n, &current_na): (usize, &f64)| {
                (begun_s + n as f64 * one.step_s, current_na)
            };
            // A line is interrupted where the ramps were.
            let cut = std::iter::once((begun_s, f64::NAN));
            trace_na.iter().enumerate().map(at).chain(cut).collect::<Vec<_>>()
        });
        points.collect::<Vec<_>>()
    };
    Panel {
        title: format!("{}: 00, 01, 10, 11", one.gate.name()),
        x: Axis::linear("time, ramps cut, s"),
        y: Axis::linear("current, nA"),
        layers: vec![
            Layer::new("1 wanted", 1, Mark::Line, layer(true)),
            Layer::new("0 wanted", 0, Mark::Line, layer(false)),
        ],
    }
}

fn losses(one: &Learnt) -> Panel {
    let starts = one.losses.last().map_or(0, |last| last.0);
    let layer = |start: u32| {
        let epochs = one.losses.iter().filter(move |(of, _)| *of == start);
        let points = epochs.enumerate().map(|(epoch, (_, loss))| ((epoch + 1) as f64, *loss));
        let name = format!("start {start}");
        Layer::new(name, start as usize - 1, Mark::Line, points)
    };
    Panel {
        title: one.gate.name().to_owned(),
        x: Axis::linear("epoch"),
        y: Axis::linear("loss"),
        layers: (1..=starts).map(layer).collect(),
    }
}
