//! Run folders: the complete record of a training and its result.
//!
//! | file | content |
//! |---|---|
//! | `experiment.toml` | the experiment with every key resolved |
//! | `cases.csv`, `cases.npz` | its file of cases, if it has one |
//! | `provenance.json` | program, instrument, seeds, tones, computer, begin and end: [`Provenance`] |
//! | `calibration.json` | the calibration, if there was one |
//! | `log/*.mcap` | every frame, write and epoch in order of arrival: [`log`], [`reader`] |
//! | `outcome.json` | the result of the training |
//! | `data.npz` | the record as arrays: [`arrays`] |
//! | `report.html` | the record as a report: [`crate::report`] |
//!
//! The log seals the first three and `outcome.json`: it holds their SHA-256, and a file that differs is refused. `data.npz` and `report.html` can be made again from
//! the others.

pub mod arrays;
mod clock;
pub mod figure;
mod files;
mod final_snapshot;
mod folder;
mod format;
mod item;
mod list;
pub mod log;
pub mod numpy;
pub mod page;
mod player;
mod provenance;
pub mod reader;
mod recorder;
mod replay;
pub mod report;
mod run;
mod seal;
pub mod table;
mod truncation;
mod verifier;

pub use folder::Folder;
pub use hge_driver::Topic;
pub use item::Item;
pub use list::{latest, list, Listed, RunStatus};
pub use provenance::{Program, Provenance, RunSegment};
pub use reader::Cut;
pub use replay::{replay, task, ReplayReport};
pub use run::{follow, resume, train, Resuming};

use hge_core::calibration::CalibrationError;
use hge_core::experiment::ExperimentError;
use hge_core::train::TrainError;
use hge_driver::text::shell_path;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Remedy for a file that cannot be written: free space helps only where there is none.
fn remedy(what: &str) -> &'static str {
    let what = what.to_lowercase();
    match ["no space", "no storage space", "quota"].iter().any(|cause| what.contains(cause)) {
        true => "free some space there or give",
        false => "name",
    }
}

/// A record cannot be kept, or not be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A file cannot be written.
    #[error("cannot write {}: {what}; complete data are kept: {} another folder with -o, and if the run had begun, `hge resume` continues it", path.display(), remedy(what))]
    Write {
        /// Path.
        path: PathBuf,
        /// Message of the system.
        what: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {what}; name the folder of a run, `hge runs` lists them", path.display())]
    Read {
        /// Path.
        path: PathBuf,
        /// Message of the system.
        what: String,
    },
    /// The folder is there already.
    #[error("{} exists already: give another folder with -o, or continue its run with `hge resume {}`", path.display(), shell_path(path))]
    Exists {
        /// Path.
        path: PathBuf,
    },
    /// Another program writes to it.
    #[error("another program is writing to {}: wait until it ends", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// A log that another version wrote.
    #[error("{} has version {found}, this program reads {}: use the program that provenance.json names", path.display(), format::PROFILE)]
    Version {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: String,
    },
    /// A file of the log was changed, not only cut off.
    #[error("{} is damaged ({what}): restore it from a copy; `hge export --until-damage` exports the part before the damage", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The fault.
        what: String,
    },
    /// A file of the folder has unexpected content.
    #[error("{} is not in the format of this program ({what}): restore it from a copy", path.display())]
    Strange {
        /// The file.
        path: PathBuf,
        /// The fault.
        what: String,
    },
    /// A file does not agree with its seal in the log.
    #[error("{} has changed since this run wrote it, its SHA-256 differs from the one in the log: restore it from a copy", path.display())]
    Altered {
        /// The file.
        path: PathBuf,
    },
    /// There is an outcome that the log does not seal.
    #[error("{} is the outcome of another run, or the log lost its end: {} ends at byte {bytes} without an outcome; restore the log from a copy, or remove the outcome and continue with `hge resume`", path.display(), log.display())]
    NoOutcome {
        /// The outcome.
        path: PathBuf,
        /// Last file of the log.
        log: PathBuf,
        /// Bytes of the file up to the cut.
        bytes: u64,
    },
    /// The run is at its end.
    #[error("the run in {} is complete and cannot be resumed: `hge report` and `hge replay` show it", path.display())]
    Complete {
        /// The folder.
        path: PathBuf,
    },
    /// The device was tracked.
    #[error("the run in {} tracked a drifting device and cannot be resumed: start a new one", path.display())]
    Followed {
        /// The folder.
        path: PathBuf,
    },
    /// The gateware that is there is not the one that was recorded.
    #[error("the instrument has other generics than the recorded one: connect that one, or start a new run")]
    Instrument,
    /// The experiment in the folder cannot be run.
    #[error(transparent)]
    Experiment(Box<ExperimentError>),
    /// The calibration in the folder is of another experiment.
    #[error(transparent)]
    Calibration(Box<CalibrationError>),
    /// The training failed.
    #[error(transparent)]
    Train(Box<TrainError>),
}

impl RecordError {
    /// A file that cannot be written.
    fn write<E: Display>(path: &Path) -> impl Fn(E) -> Self + Copy + '_ {
        |error| RecordError::Write { path: path.into(), what: error.to_string() }
    }

    /// A file that cannot be read.
    fn read<E: Display>(path: &Path) -> impl Fn(E) -> Self + Copy + '_ {
        |error| RecordError::Read { path: path.into(), what: error.to_string() }
    }

    /// A file with other content than it should have.
    fn strange<E: Display>(path: &Path) -> impl Fn(E) -> Self + Copy + '_ {
        |error| RecordError::Strange { path: path.into(), what: error.to_string() }
    }
}

impl From<ExperimentError> for RecordError {
    fn from(error: ExperimentError) -> Self {
        RecordError::Experiment(error.into())
    }
}

impl From<CalibrationError> for RecordError {
    fn from(error: CalibrationError) -> Self {
        RecordError::Calibration(error.into())
    }
}

impl From<TrainError> for RecordError {
    fn from(error: TrainError) -> Self {
        RecordError::Train(error.into())
    }
}
