//! Shares of starts that solve a gate: descent with exact and with extracted slopes, from the same starts.
//!
//! Both end with a measurement without tones at the point of least loss; below `solved_loss` the gate is solved. A pair
//! solved only with the exact slopes counts as lost, one solved only with the extracted ones as gained.

use super::descent::{descend, DescentConfig, Exact, GradientSource, Path};
use super::sim_setup::{self, SimSetup};
use super::statistics::{discordant, holm, mcnemar, McNemar};
use super::{parallel, Claim, Findings, ProgressObserver, ReproduceError, Setup, Study, Table};
use hge_core::gate::Gate;
use hge_core::optimiser::chain_rule;
use hge_core::targets::Targets;
use hge_record::figure::{Axis, Figure, Layer, Mark, Panel};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use serde_json::json;

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "shares",
    about: "starts that learn a gate, with exact and with extracted slopes",
    file: include_str!("../experiments/shares.toml"),
    run,
};

/// Level of the tests.
const LEVEL: f64 = 0.05;

/// Number of starts, and of those that may lose a gate; with fewer starts losses are not significant.
const COUNTED_STARTS: usize = 64;
const MOST_LOST: f64 = 5.0;

/// The seed's stream of a gate's first start; the ones below are those of other uses.
const STARTS: u64 = 2000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    starts: usize,
    solved_loss: f64,
}

/// One start, both ways.
struct Pair {
    /// With exact slopes, with extracted ones.
    paths: [Path; 2],
    /// Unperturbed loss at the best point of each.
    losses: [f64; 2],
}

/// All starts of a gate.
struct Group {
    gate: Gate,
    pairs: Vec<Pair>,
    solved_loss: f64,
}

impl Group {
    fn solved(&self, config: usize) -> usize {
        self.pairs.iter().filter(|pair| pair.losses[config] < self.solved_loss).count()
    }

    /// Lost, gained.
    fn discordant(&self) -> (u64, u64) {
        let solved = |pair: &Pair, config: usize| pair.losses[config] < self.solved_loss;
        discordant(self.pairs.iter().map(|pair| (solved(pair, 0), solved(pair, 1))))
    }
}

fn run(setup: &Setup, observer: &dyn ProgressObserver) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    observer.begin("starts", (keys.starts * Gate::ALL.len()) as u64);
    let pairs = parallel::map(keys.starts * Gate::ALL.len(), |n| {
        let (gate, start) = (Gate::ALL[n / keys.starts], n % keys.starts);
        let pair = pair(setup, gate, start as u64);
        observer.step();
        pair
    })?;
    let mut pairs = pairs.into_iter();
    let groups: Vec<Group> = Gate::ALL
        .into_iter()
        .map(|gate| {
            let pairs = pairs.by_ref().take(keys.starts).collect();
            Group { gate, pairs, solved_loss: keys.solved_loss }
        })
        .collect();
    Ok(findings(&groups))
}

fn pair(setup: &Setup, gate: Gate, start: u64) -> Result<Pair, ReproduceError> {
    let mut setup = setup.clone();
    setup.experiment.gate = Some(gate);
    let host = &setup.experiment.host;
    let (rate_v, steps) = (host.adam_rate_v, host.epochs);
    let (high_na, low_na, stop_loss) = (host.high_na, host.low_na, host.stop_loss);
    let device = sim_setup::device(&setup)?;
    let plan = sim_setup::plan(&setup, &[])?;
    let high = Gate::CASES.iter().map(|&(a, b)| gate.output(a, b)).collect();
    let targets = Targets::labels(high, high_na, low_na);
    let loss = setup.experiment.loss(&targets);
    let cost = |outputs_na: &[f64]| loss.evaluate(outputs_na, &targets);
    let ranges_v = plan.control_ranges_v();
    let cases_v = plan.configuration().cases_v.clone();
    let config =
        DescentConfig { ranges_v: &ranges_v, rate_v, steps, stop_loss, cancel: &setup.cancel };
    let down = |source: &mut dyn GradientSource, start_v: Vec<f64>| {
        descend(&config, start_v, &mut |controls_v| {
            let response = source.respond(&cases_v, controls_v)?;
            let (loss, slope) = cost(&response.outputs_na);
            Ok((loss, chain_rule(&response.slopes_na_per_v, &slope)))
        })
    };
    // Every gate has the same starts.
    let mut random = ChaCha8Rng::seed_from_u64(setup.experiment.seed);
    random.set_stream(STARTS + start);
    let start_v = plan.draw_controls_v(&mut random);
    let mut sim_setup = SimSetup::open(&setup, &plan, random.random())?;
    let mut exact = Exact { device: device.as_ref(), plan: &plan };
    let paths = [down(&mut exact, start_v.clone())?, down(&mut sim_setup, start_v)?];
    let mut losses = [0.0; 2];
    for (loss, path) in losses.iter_mut().zip(&paths) {
        let readings = sim_setup.readings(&cases_v, &path.best_v, false)?;
        let outputs_na: Vec<f64> = readings.iter().map(|reading| reading.mean_na).collect();
        *loss = cost(&outputs_na).0;
    }
    sim_setup.close()?;
    Ok(Pair { paths, losses })
}

fn findings(groups: &[Group]) -> Findings {
    let mut findings = Findings::default();
    let tests: Vec<McNemar> = groups
        .iter()
        .map(|group| {
            let (lost, gained) = group.discordant();
            mcnemar(lost, gained)
        })
        .collect();
    let corrected = holm(&tests.iter().map(|test| test.loss).collect::<Vec<_>>());
    let mut table = Table::new(&[
        "gate", "starts", "exact", "extracted", "lost", "gained", "p of a loss", "Holm",
        "two-sided",
    ]);
    let mut entries = Vec::new();
    for ((group, test), &holm) in groups.iter().zip(&tests).zip(&corrected) {
        let (lost, gained) = group.discordant();
        let (exact, extracted) = (group.solved(0), group.solved(1));
        table.push([
            group.gate.name().to_owned(),
            group.pairs.len().to_string(),
            exact.to_string(),
            extracted.to_string(),
            lost.to_string(),
            gained.to_string(),
            format!("{:.3}", test.loss),
            format!("{holm:.3}"),
            format!("{:.3}", test.two_sided),
        ]);
        entries.push(json!({
            "gate": group.gate.name(), "starts": group.pairs.len(), "exact": exact, "extracted": extracted,
            "lost": lost, "gained": gained, "p_loss": test.loss, "p_loss_holm": holm, "p_two_sided": test.two_sided,
        }));
        let losses = |config: usize| group.pairs.iter().map(|pair| pair.losses[config]).collect();
        let name = group.gate.name();
        findings.array(&format!("best_error_exact_{name}"), &[group.pairs.len()], losses(0));
        findings.array(&format!("best_error_{name}"), &[group.pairs.len()], losses(1));
    }
    findings.add("gates", entries);
    findings.table = table;
    let least = corrected.iter().copied().fold(1.0, f64::min);
    let claim = "least p-value of a loss over the gates, McNemar's test, Holm's correction";
    findings.claims.push(Claim::at_least(claim, least, LEVEL));
    if groups.iter().all(|group| group.pairs.len() >= COUNTED_STARTS) {
        let claim = format!("most starts of {COUNTED_STARTS} that lost a gate");
        let lost = groups.iter().map(|group| (group.discordant().0, group.pairs.len()));
        let shares = lost.map(|(lost, starts)| lost as f64 / starts as f64);
        let most = shares.fold(0.0, f64::max) * COUNTED_STARTS as f64;
        findings.claims.push(Claim::at_most(claim, most, MOST_LOST));
    }
    findings.figures = vec![shares_figure(groups), losses_figure(groups)];
    findings
}

fn shares_figure(groups: &[Group]) -> Figure {
    let bars = |config: usize, shift: f64| {
        groups.iter().enumerate().map(move |(n, group)| {
            let share = group.solved(config) as f64 / group.pairs.len() as f64;
            (n as f64 + shift, share)
        })
    };
    let names = groups.iter().map(|group| group.gate.name().to_owned());
    let panel = Panel {
        title: "starts that learn the gate".into(),
        x: Axis::of(names),
        y: Axis::linear("share").over(0.0, 1.0),
        layers: vec![
            Layer::new("exact slopes", 6, Mark::Bars(36), bars(0, -0.2)),
            Layer::new("extracted slopes", 0, Mark::Bars(36), bars(1, 0.2)),
        ],
    };
    Figure { name: "shares".into(), columns: 1, panels: vec![panel] }
}

/// Share of starts whose loss has come below the threshold, over epochs.
fn losses_figure(groups: &[Group]) -> Figure {
    let panel = |group: &Group| {
        let longest = group.pairs.iter().flat_map(|pair| &pair.paths).map(|path| path.losses.len());
        let epochs = longest.max().unwrap_or(1);
        let curve = |config: usize| {
            let reached = |epoch: usize| {
                let there = group.pairs.iter().filter(|pair| {
                    let losses = &pair.paths[config].losses;
                    losses.iter().take(epoch).any(|&loss| loss < group.solved_loss)
                });
                (epoch as f64, there.count() as f64 / group.pairs.len() as f64)
            };
            (1..=epochs).map(reached).collect::<Vec<_>>()
        };
        Panel {
            title: group.gate.name().to_owned(),
            x: Axis::linear("epoch"),
            y: Axis::linear("share of starts there").over(0.0, 1.05),
            layers: vec![
                Layer::new("exact", 6, Mark::Line, curve(0)),
                Layer::new("extracted", 0, Mark::Line, curve(1)),
            ],
        }
    };
    Figure { name: "epochs".into(), columns: 3, panels: groups.iter().map(panel).collect() }
}
