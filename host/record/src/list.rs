//! List of runs.

use super::files::{Files, PROVENANCE};
use super::folder::Folder;
use super::provenance::Provenance;
use super::RecordError;
use hge_core::train::Outcome;
use hge_driver::text::serialize_path;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// State of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// A program is at work on it.
    Running,
    /// Complete with a solution.
    Solved,
    /// Complete without a solution.
    NotSolved,
    /// Cut off, or ended with an error: `hge resume` continues it.
    CutOff,
}

/// A run, in one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    /// Folder of the run; bytes that are not UTF-8 are replaced in JSON.
    #[serde(serialize_with = "serialize_path")]
    pub run: PathBuf,
    /// Status of the run.
    pub standing: RunStatus,
    /// Name of the task.
    pub name: String,
    /// When it began, as RFC 3339 writes it, in UTC.
    pub began: String,
    /// Seconds of all completed segments.
    pub wall_s: f64,
    /// Device, or link.
    pub device: String,
    /// Loss of the solution; none before the end.
    pub loss: Option<f64>,
    /// Separation of the solution; none before the end.
    pub separation_na: Option<f64>,
    /// Epochs of all starts; none before the end.
    pub epochs: Option<u32>,
    /// Error of the last segment, if it failed.
    pub failure: Option<String>,
}

/// All runs in a folder, oldest first. Other folders are skipped; unreadable runs are listed with the reason.
///
/// # Errors
/// The folder cannot be read.
pub fn list(runs: &Path) -> Result<(Vec<Listed>, Vec<RecordError>), RecordError> {
    let (mut listed, mut strange) = (Vec::new(), Vec::new());
    for path in folders(runs)? {
        match of(&path) {
            Ok(run) => listed.push(run),
            Err(error) => strange.push(error),
        }
    }
    listed.sort_by_cached_key(|run| (time(&run.began), run.run.clone()));
    Ok((listed, strange))
}

/// The run in a folder that began last; none where there is none.
///
/// # Errors
/// The folder cannot be read, or as [`Folder::open`].
pub fn latest(runs: &Path) -> Result<Option<Folder>, RecordError> {
    let began = |path: &PathBuf| {
        let provenance: Option<Provenance> = Files::of(path).read_json(PROVENANCE).ok()?;
        Some((time(&provenance?.segments.first()?.began), path.clone()))
    };
    let last = folders(runs)?.iter().filter_map(began).max();
    last.map(|(_, path)| Folder::open(&path)).transpose()
}

fn folders(runs: &Path) -> Result<Vec<PathBuf>, RecordError> {
    let failed = RecordError::read(runs);
    let entries = std::fs::read_dir(runs).map_err(failed)?;
    let paths = entries.map(|entry| Ok(entry.map_err(failed)?.path()));
    let mut paths = paths.collect::<Result<Vec<PathBuf>, RecordError>>()?;
    paths.retain(|path| path.join(PROVENANCE).exists());
    Ok(paths)
}

/// Versions before wrote whole seconds, so the digits cannot be compared as text.
fn time(began: &str) -> SystemTime {
    humantime::parse_rfc3339(began).unwrap_or(UNIX_EPOCH)
}

fn of(path: &Path) -> Result<Listed, RecordError> {
    let folder = Folder::open(path)?;
    let provenance = folder.provenance()?;
    let outcome: Option<Outcome> = folder.outcome()?;
    let standing = match &outcome {
        _ if folder.is_locked() => RunStatus::Running,
        Some(outcome) if outcome.solved => RunStatus::Solved,
        Some(_) => RunStatus::NotSolved,
        None => RunStatus::CutOff,
    };
    let segments = &provenance.segments;
    let instrument = provenance.instrument;
    Ok(Listed {
        run: path.into(),
        standing,
        name: provenance.name,
        began: segments.first().map_or(String::new(), |segment| segment.began.clone()),
        // A sum of nothing would be a negative zero.
        wall_s: segments.iter().filter_map(|segment| segment.wall_s).fold(0.0, std::ops::Add::add),
        device: if instrument.is_simulated() { instrument.device } else { instrument.link },
        loss: outcome.as_ref().map(|outcome| outcome.loss),
        separation_na: outcome.as_ref().map(|outcome| outcome.separation_na),
        epochs: outcome.as_ref().map(|outcome| outcome.epochs),
        failure: segments.last().and_then(|segment| segment.failure.clone()),
    })
}
