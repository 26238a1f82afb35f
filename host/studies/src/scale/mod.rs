//! Tasks beyond a single device: what many controls gain, trained by slopes that are extracted at once.

mod network;
mod picture;
mod report;

use super::{Findings, ProgressObserver, ReproduceError, Setup, Study};
use serde::Deserialize;

/// The registry's entry.
pub const STUDY: Study = Study {
    name: "scale",
    about: "a network of twelve devices, 60 controls at once, against the best single device",
    file: include_str!("../../experiments/scale.toml"),
    run,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    network: network::Keys,
}

fn run(setup: &Setup, observer: &dyn ProgressObserver) -> Result<Findings, ReproduceError> {
    let keys: Keys = setup.keys()?;
    let compared = network::compare(setup, &keys.network, observer)?;
    let mut findings = Findings::default();
    compared.report(&mut findings);
    findings.figures = vec![picture::of_network(&compared)];
    Ok(findings)
}
