//! Classification of points by one threshold of the current: inputs are voltages, controls are trained.
//!
//! Training points are measured in batches, a run each; the loss of all outputs is chained with the slopes of all. Start and
//! threshold are chosen on the training points, without tones; test points are measured once without tones. The first method is
//! run twice, with extracted slopes and with exact ones; the others, variants that may perform
//! better, use exact slopes unless stated otherwise.

pub mod data;
pub mod loss;
mod picture;
mod training_config;

use super::{Claim, Findings, ProgressObserver, ReproduceError, Setup, Study, Table};
use data::{Points, Shape};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use serde_json::json;
use training_config::{Task, Trained, TrainingConfig};

/// The registry's entry of the sphere.
pub const SPHERE: Study = Study {
    name: "sphere",
    about: "points of three voltages inside and outside of a sphere",
    file: include_str!("../../experiments/sphere.toml"),
    run,
};

/// The registry's entry of the ring.
pub const RING: Study = Study {
    name: "ring",
    about: "points of two voltages inside and outside of a ring",
    file: include_str!("../../experiments/ring.toml"),
    run,
};

/// Greatest loss of accuracy by extracted slopes, where the best of this number of starts is chosen; with fewer starts, chance dominates.
const MOST_BEHIND: f64 = 0.02;
const CHOSEN_STARTS: usize = 24;

/// The seed's stream of the points.
const POINTS: u64 = 3000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    inside: f64,
    outside: [f64; 2],
    training: usize,
    test: usize,
    ways: Vec<TrainingConfig>,
}

/// Training and test points of a study, drawn with its seed.
///
/// # Errors
/// Its keys are wrong.
pub fn points(setup: &Setup) -> Result<(Points, Points), ReproduceError> {
    let keys: Keys = setup.keys()?;
    let dimensions = setup.experiment.electrodes.inputs.len();
    let shape = Shape { dimensions, inside: keys.inside, outside: keys.outside };
    let mut random = ChaCha8Rng::seed_from_u64(setup.experiment.seed);
    random.set_stream(POINTS);
    let training = shape.draw(keys.training, &mut random);
    Ok((training, shape.draw(keys.test, &mut random)))
}

fn run(setup: &Setup, observer: &dyn ProgressObserver) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    let (training, test) = points(setup)?;
    let task = |way| Task { setup, way, training: &training, test: &test };
    // What cannot be is refused before any is trained.
    for way in &keys.ways {
        task(way).plan()?;
    }
    let mut trained = Vec::new();
    for way in &keys.ways {
        if way.measured {
            trained.push(task(way).train(true, observer)?);
        }
        trained.push(task(way).train(false, observer)?);
    }
    Ok(findings(setup, &trained, [&training, &test]))
}

fn findings(setup: &Setup, trained: &[Trained], [training, test]: [&Points; 2]) -> Findings {
    let mut findings = Findings::default();
    let mut table = Table::new(&[
        "way", "slopes", "starts", "steps", "training accuracy", "test accuracy",
        "against the first",
    ]);
    let reference = trained.first().map_or(0.0, |first| first.test_accuracy);
    let mut entries = Vec::new();
    for found in trained {
        let slopes = if found.measured { "extracted" } else { "exact" };
        table.push([
            found.name.clone(),
            slopes.to_owned(),
            found.starts.to_string(),
            found.steps.to_string(),
            format!("{:.3}", found.training_accuracy),
            format!("{:.4}", found.test_accuracy),
            format!("{:+.4}", found.test_accuracy - reference),
        ]);
        entries.push(json!({
            "way": found.name, "slopes": slopes, "starts": found.starts, "steps": found.steps,
            "training_accuracy": found.training_accuracy, "test_accuracy": found.test_accuracy,
            "threshold_na": found.threshold.at_na, "inside_above": found.threshold.inside_above,
            "controls_v": found.controls_v, "input_centres_v": found.centres_v, "input_halves_v": found.halves_v,
        }));
    }
    findings.add("ways", entries);
    findings.table = table;
    if let [measured, exact, ..] = trained {
        if measured.measured && !exact.measured && measured.starts >= CHOSEN_STARTS {
            let claim =
                format!("{}: accuracy by exact slopes less that by extracted ones", setup.name);
            let behind = exact.test_accuracy - measured.test_accuracy;
            findings.claims.push(Claim::at_most(claim, behind, MOST_BEHIND));
        }
    }
    for (name, points) in [("training", training), ("test", test)] {
        let dimensions = points.at.first().map_or(0, Vec::len);
        let shape = [points.at.len(), dimensions];
        findings.array(&format!("inputs_{name}"), &shape, points.at.concat());
        let targets = points.inside.iter().map(|&inside| f64::from(u8::from(inside))).collect();
        findings.array(&format!("targets_{name}"), &[points.at.len()], targets);
    }
    for (n, found) in trained.iter().enumerate() {
        let name = |what: &str| format!("{what}_way{n}");
        findings.array(&name("outputs"), &[found.outputs_na.len()], found.outputs_na.clone());
        findings.array(&name("controls"), &[found.controls_v.len()], found.controls_v.clone());
        findings.array(&name("error"), &[found.losses.len()], found.losses.clone());
    }
    findings.figures = picture::figures(trained, test);
    findings
}
