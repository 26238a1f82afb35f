//! Tasks beyond a single device or output: what many controls gain, trained by slopes that are extracted at once.

mod network;
mod phases;
mod picture;
mod report;
mod report_phases;

use super::{Findings, ProgressObserver, ReproduceError, Setup, Study};
use serde::Deserialize;

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "scale",
    about: "tens of controls at once: a network of twelve devices against the best single one, beams and meshes against exact slopes",
    file: include_str!("../../experiments/scale.toml"),
    run,
};

/// Starts from which on claims are made.
const COUNTED_STARTS: usize = 32;

/// Level of McNemar's test.
const LEVEL: f64 = 0.05;

/// Parts without keys are left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    network: Option<network::Keys>,
    phases: Option<phases::Keys>,
}

fn run(setup: &Setup, observer: &dyn ProgressObserver) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    let mut findings = Findings::default();
    if let Some(keys) = &keys.network {
        let compared = network::compare(setup, keys, observer)?;
        compared.report(&mut findings);
        findings.figures.push(picture::of_network(&compared));
    }
    if let Some(keys) = &keys.phases {
        let trained = phases::train_all(setup, keys, observer)?;
        report_phases::report(&trained, &mut findings);
        findings.figures.push(picture::of_phases(&trained));
    }
    Ok(findings)
}
