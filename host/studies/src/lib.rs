//! Reproduction of the paper's results with this instrument on simulated devices: an experiment file and its analysis each.
//!
//! | module | content |
//! |---|---|
//! | [`setup`] | a study's file: experiment, and keys of the analysis |
//! | [`sim_setup`] | an instrument that measures given points |
//! | [`parallel`] | work on all cores, with results independent of their number |
//! | [`findings`] | results of a study, and their files |
//! | [`survival`] | median times, some of them censored |
//! | [`task`] | tasks and their criteria |
//! | [`statistics`], [`leakage`] | closed forms and tests for the analyses |
//! | [`low_pass`] | the filters of a lock-in |
//! | [`fisher`] | the bound of an amplitude in coloured noise |
//! | [`bootstrap`] | 95 % intervals of ratios and regressions |
//! | [`by_formula`] | trainings by the formula of a device |
//! | [`descent`] | training from one start, with exact or extracted slopes |
//! | [`fig3`] | all tones at once against one at a time |
//! | [`gates`] | the six gates |
//! | [`chance`] | shares of random settings that solve a task |
//! | [`search`] | device time to a solution, by descent, differences, SPSA and random search |
//! | [`shares`] | starts that solve a gate |
//! | [`newton`] | steps from second derivatives |
//! | [`scale`] | a network of devices against single ones; beams and meshes against exact slopes |
//! | [`beams`] | coherent combination of beams by tones, Walsh functions and SPGD |
//! | [`classify`] | sphere and ring: classification of points by a threshold |
//! | [`noise`] | errors over measuring time |
//! | [`methods`] | other methods of measuring slopes |
//! | [`mod@track`] | a drifting device |

pub mod beams;
pub mod bootstrap;
pub mod by_formula;
pub mod chance;
pub mod classify;
pub mod descent;
pub mod fig3;
pub mod findings;
pub mod fisher;
pub mod gates;
mod keeping;
pub mod leakage;
pub mod low_pass;
pub mod methods;
pub mod newton;
pub mod noise;
pub mod parallel;
pub mod scale;
pub mod search;
pub mod setup;
pub mod shares;
pub mod sim_setup;
pub mod statistics;
pub mod survival;
pub mod task;
pub mod track;

pub use findings::{Claim, Findings, Table};
pub use setup::{Keys, Setup};

use hge_core::experiment::ExperimentError;
use hge_core::measure::MeasureError;
use hge_core::plan::PlanError;
use hge_core::session::SessionError;
use hge_core::train::TrainError;
use hge_driver::DriverError;
use hge_lab::SimulateError;
use hge_record::figure::FigureError;
use hge_sim::engine::EngineError;
use std::path::PathBuf;
use thiserror::Error;

/// A study failed.
#[derive(Debug, Error)]
#[allow(missing_docs)]
#[non_exhaustive]
pub enum ReproduceError {
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Measure(#[from] MeasureError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Train(#[from] TrainError),
    /// See [`SimulateError`].
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// The study's own keys are wrong.
    #[error("the keys of the study {name} are wrong: {reason}; correct its file in experiments/reproduce")]
    Keys { name: String, reason: String },
    /// Nobody knows it.
    #[error("there is no study {name}: choose {known} or all")]
    Unknown { name: String, known: String },
    /// Exact slopes are needed.
    #[error("the device {device} does not provide exact slopes, which the study needs: choose another with --device")]
    Slopes { device: String },
    /// The results cannot be written.
    #[error("{} cannot be written: {reason}; choose another folder with -o", path.display())]
    Write { path: PathBuf, reason: String },
}

impl From<DriverError> for ReproduceError {
    fn from(error: DriverError) -> Self {
        ReproduceError::Session(error.into())
    }
}

/// Hears how far a study is, from any thread.
pub trait ProgressObserver: Sync {
    /// A part with this number of steps begins.
    fn begin(&self, part: &str, steps: u64);
    /// A step of it is done.
    fn step(&self);
}

/// Nobody listens.
pub struct NoObserver;

impl ProgressObserver for NoObserver {
    fn begin(&self, _: &str, _: u64) {}
    fn step(&self) {}
}

/// A result of the paper that can be made again.
pub struct Study {
    /// Name, as in `hge reproduce NAME`.
    pub name: &'static str,
    /// Result of the study.
    pub about: &'static str,
    /// Experiment file in `host/studies/experiments`.
    pub file: &'static str,
    /// Measures and analyses.
    pub run: fn(&Setup, &dyn ProgressObserver) -> Result<Findings, ReproduceError>,
}

/// All studies, in the order in which `all` runs them.
pub const STUDIES: &[Study] = &[
    fig3::STUDY,
    gates::STUDY,
    chance::STUDY,
    search::STUDY,
    newton::STUDY,
    classify::SPHERE,
    classify::RING,
    shares::STUDY,
    noise::STUDY,
    methods::STUDY,
    track::STUDY,
    scale::STUDY,
    beams::STUDY,
];

/// The studies that `name` means: one, or all.
///
/// # Errors
/// There is none of this name.
pub fn studies(name: &str) -> Result<Vec<&'static Study>, ReproduceError> {
    let chosen: Vec<&Study> =
        STUDIES.iter().filter(|study| name == "all" || name == study.name).collect();
    if chosen.is_empty() {
        let known: Vec<&str> = STUDIES.iter().map(|study| study.name).collect();
        return Err(ReproduceError::Unknown { name: name.into(), known: known.join(", ") });
    }
    Ok(chosen)
}
