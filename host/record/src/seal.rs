//! Seals: the log holds the SHA-256 of the files next to it, and a file is valid only if it agrees.
//!
//! A seal is written to disk before its file. A program that ends between the two leaves a file that agrees with an earlier seal, which
//! is accepted as long as the run is not complete; in a complete run only the last seal of each file is accepted.

use super::files::{Files, CALIBRATION, CASES, EXPERIMENT, OUTCOME, PROVENANCE};
use super::format::{Seal, PROFILE};
use super::reader::{Cut, LogReader};
use super::RecordError;

/// Reads the complete log and compares the folder's files with their seals. Returns the position of the cut, if it was cut off.
///
/// # Errors
/// The run is of another version, a file does not agree with its seal, the log is damaged, or it ends before the outcome of an existing `outcome.json`.
pub(super) fn check(files: &Files) -> Result<Option<Cut>, RecordError> {
    let Contents { contents, is_complete } = Contents::read(files)?;
    let mut reader = LogReader::open(&files.log())?;
    while reader.next_item()?.is_some() {}
    for (name, content) in &contents {
        let latest_only = is_complete || *name != PROVENANCE;
        compare(files, &reader, &Seal::of(name, content.as_deref()), latest_only)?;
    }
    // A file that was cut off before another segment went on lost nothing that counts.
    let cut = reader.cut().filter(|_| reader.is_cut_at_the_end()).cloned();
    match cut {
        Some(cut) if is_complete => Err(RecordError::Damaged {
            path: cut.file.clone(),
            what: format!("it ends at byte {} within the end of a run that is complete", cut.bytes),
        }),
        cut => Ok(cut),
    }
}

/// As [`check`], for the part of a damaged log before the damage: the experiment and the calibration, with which every log begins.
///
/// # Errors
/// As [`check`].
pub(super) fn check_begin(files: &Files) -> Result<(), RecordError> {
    let Contents { contents, .. } = Contents::read(files)?;
    let mut reader = LogReader::open_until_damage(&files.log())?;
    while reader.next_item()?.is_some() {}
    let first = contents.iter().filter(|(name, _)| [EXPERIMENT, CALIBRATION].contains(name));
    first.into_iter().try_for_each(|(name, content)| {
        compare(files, &reader, &Seal::of(name, content.as_deref()), true)
    })
}

/// The sealed files of a folder. They are read before the log: what another program writes meanwhile is sealed first.
struct Contents {
    contents: Vec<(&'static str, Option<Vec<u8>>)>,
    is_complete: bool,
}

impl Contents {
    fn read(files: &Files) -> Result<Self, RecordError> {
        let outcome = files.read(OUTCOME)?;
        let provenance = files.read(PROVENANCE)?.ok_or_else(|| RecordError::Read {
            path: files.path(PROVENANCE),
            what: "it does not exist".into(),
        })?;
        check_version(files, &provenance)?;
        let mut contents = vec![
            (EXPERIMENT, files.read(EXPERIMENT)?),
            (CALIBRATION, files.read(CALIBRATION)?),
            (PROVENANCE, Some(provenance)),
        ];
        for name in CASES {
            if let Some(cases) = files.read(name)? {
                contents.push((name, Some(cases)));
            }
        }
        let is_complete = outcome.is_some();
        if is_complete {
            contents.push((OUTCOME, outcome));
        }
        Ok(Contents { contents, is_complete })
    }
}

/// A record of another version may hold other keys: its version is read first.
fn check_version(files: &Files, provenance: &[u8]) -> Result<(), RecordError> {
    let object: Option<serde_json::Value> = serde_json::from_slice(provenance).ok();
    match object.as_ref().and_then(|object| object.get("format")?.as_str()) {
        Some(found) if found != PROFILE => {
            Err(RecordError::Version { path: files.folder().into(), found: found.into() })
        }
        // What is no provenance at all does not agree with its seal.
        _ => Ok(()),
    }
}

fn compare(
    files: &Files,
    reader: &LogReader,
    present: &Seal,
    latest_only: bool,
) -> Result<(), RecordError> {
    let mut seals = reader.seals().iter().rev().filter(|seal| seal.file == present.file).peekable();
    let path = files.path(&present.file);
    if seals.peek().is_none() {
        let end = reader.end();
        let (log, bytes) = end.map_or((files.log(), 0), |Cut { file, bytes }| (file, bytes));
        return Err(match present.file == OUTCOME {
            true => RecordError::NoOutcome { path, log, bytes },
            false => RecordError::Damaged {
                path: log,
                what: format!("it is empty, or was cut off before the seal of {}", present.file),
            },
        });
    }
    let agrees = seals.take(if latest_only { 1 } else { usize::MAX }).any(|seal| seal == present);
    if agrees {
        Ok(())
    } else {
        Err(RecordError::Altered { path })
    }
}
