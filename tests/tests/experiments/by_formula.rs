//! Trainings beside the same descents by the slopes that devices tell.

use hge_core::dataset::Cases;
use hge_core::experiment::{ExperimentError, Job, Source};
use hge_core::train::{Outcome, Progress};
use hge_lab::{train, Options};
use hge_studies::by_formula;
use std::path::PathBuf;

/// The job in the text of an experiment file.
pub fn job(text: &str) -> Result<Job, ExperimentError> {
    let (experiment, source) = Source::parse("t.toml", text.into())?;
    Job::new(experiment, &source)
}

/// The result of a training, and its epochs.
///
/// # Panics
/// The experiment is wrong, or the instrument fails.
pub fn trained(text: &str) -> (Outcome, Vec<Progress>) {
    let mut epochs = Vec::new();
    let job = job(text).unwrap_or_else(|error| panic!("{error}"));
    let outcome = train(job, &Options::default(), &mut |epoch| epochs.push(epoch.clone()));
    (outcome.unwrap_or_else(|error| panic!("{error}")), epochs)
}

/// The text of an experiment in `experiments`, whose file of cases is found from here.
pub fn of_folder(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../experiments");
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    text.replace("file = \"", &format!("file = \"{}/", folder.display()))
}

/// Outputs and slopes of every row of these cases by the device's formula.
pub fn exact(job: &Job, cases: &Cases, controls_v: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    by_formula::exact(job, cases, controls_v).expect("a formula")
}

/// See [`by_formula::descended`].
pub fn descended(job: &Job, controls_v: Vec<f64>, epochs: u32) -> Vec<f64> {
    by_formula::descended(job, controls_v, epochs).expect("a formula")
}
