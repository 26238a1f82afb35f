//! The files of a run's folder: names, reading and replacement.

use super::RecordError;
use hge_system::file;
use serde::de::DeserializeOwned;
use serde::Serialize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(super) const EXPERIMENT: &str = "experiment.toml";
pub(super) const PROVENANCE: &str = "provenance.json";
pub(super) const CALIBRATION: &str = "calibration.json";
/// The file of cases, by its kind.
pub(super) const CASES: [&str; 2] = ["cases.csv", "cases.npz"];
pub(super) const OUTCOME: &str = "outcome.json";
pub(super) const LOG: &str = "log";

/// The files of one run.
#[derive(Clone, Debug)]
pub(super) struct Files {
    folder: PathBuf,
}

impl Files {
    pub(super) fn of(folder: &Path) -> Self {
        Files { folder: folder.into() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The folder of the log.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join(LOG)
    }

    /// The content of a file; `None`: it does not exist.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, RecordError> {
        let path = self.path(name);
        match file::read(&path, file::DATA_BYTES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(RecordError::read(&path)(error)),
        }
    }

    /// The object in a file of JSON; `None`: the file does not exist.
    ///
    /// # Errors
    /// The file cannot be read, or has other content.
    pub(super) fn read_json<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, RecordError> {
        let (path, bytes) = (self.path(name), self.read(name)?);
        let strange = RecordError::strange(&path);
        bytes.map(|bytes| serde_json::from_slice(&bytes).map_err(strange)).transpose()
    }

    /// The content that a file of JSON will have.
    ///
    /// # Errors
    /// The object cannot be written as JSON.
    pub(super) fn json(&self, name: &str, object: &impl Serialize) -> Result<Vec<u8>, RecordError> {
        let mut bytes =
            serde_json::to_vec_pretty(object).map_err(|error| self.cannot_write(name, &error))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Replaces a file atomically: whenever the program ends, the old or the new one is complete.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<(), RecordError> {
        file::write(&self.path(name), content).map_err(|error| self.cannot_write(name, &error))
    }

    /// Removes a file, if there is one.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(super) fn remove(&self, name: &str) -> Result<(), RecordError> {
        match std::fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(self.cannot_write(name, &error))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn cannot_write(&self, name: &str, error: &dyn std::fmt::Display) -> RecordError {
        RecordError::Write { path: self.path(name), what: error.to_string() }
    }
}
