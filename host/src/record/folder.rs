//! The folder of a run: its files, and who may write to it.

use super::log::Log;
use super::provenance::Provenance;
use super::reader::LogReader;
use super::RecordError;
use crate::calibration::Calibration;
use crate::experiment::{Experiment, Source};
use serde::de::DeserializeOwned;
use serde::Serialize;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const EXPERIMENT: &str = "experiment.toml";
const PROVENANCE: &str = "provenance.json";
const CALIBRATION: &str = "calibration.json";
const OUTCOME: &str = "outcome.json";
const LOG: &str = "log";

/// The folder of a run.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Held while this program writes to it.
    _lock: Option<File>,
}

impl Folder {
    /// A new folder, with the experiment and its calibration. `path` must not be there, or be empty, or hold no more than the first files of a run that was cut
    /// off before it began.
    ///
    /// # Errors
    /// It is there, or cannot be written.
    pub fn create(
        path: &Path,
        experiment: &Experiment,
        calibration: Option<&Calibration>,
        provenance: &Provenance,
    ) -> Result<Self, RecordError> {
        if path.exists() && !is_free(path) {
            return Err(RecordError::Exists { path: path.into() });
        }
        let write = |error: std::io::Error| RecordError::Write {
            path: path.into(),
            what: error.to_string(),
        };
        fs::create_dir_all(path.join(LOG)).map_err(write)?;
        let mut folder = Folder { path: path.into(), _lock: None };
        folder.lock()?;
        let text = toml::to_string_pretty(experiment)
            .map_err(|error| folder.cannot_write(EXPERIMENT, &error))?;
        folder.write(EXPERIMENT, text.as_bytes())?;
        if let Some(calibration) = calibration {
            folder.write_json(CALIBRATION, calibration)?;
        }
        folder.write_provenance(provenance)?;
        Ok(folder)
    }

    /// A new and empty folder for a run of this name in `runs`, which is made if need be: `NAME-DATE`, or `NAME-DATE-2` and so on where others begin in the
    /// same second.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn claim(runs: &Path, name: &str) -> Result<PathBuf, RecordError> {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        // Colons are for no file system's liking.
        let date = now.replace(':', "").replace('T', "-").replace('Z', "");
        let failed = |path: &Path, error: &std::io::Error| RecordError::Write {
            path: path.into(),
            what: error.to_string(),
        };
        fs::create_dir_all(runs).map_err(|error| failed(runs, &error))?;
        let mut path = runs.join(format!("{name}-{date}"));
        let mut number = 1;
        loop {
            match fs::create_dir(&path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    number += 1;
                    path = runs.join(format!("{name}-{date}-{number}"));
                }
                Err(error) => return Err(failed(&path, &error)),
            }
        }
    }

    /// The folder of a run that is there, to look at.
    ///
    /// # Errors
    /// It is no run.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        let folder = Folder { path: path.into(), _lock: None };
        folder.provenance()?;
        Ok(folder)
    }

    /// Nobody else writes to it from here on.
    ///
    /// # Errors
    /// Somebody does.
    pub fn lock(&mut self) -> Result<(), RecordError> {
        let path = self.path.join(LOG);
        let lock = File::create(path.join("lock"))
            .map_err(|error| self.cannot_write("log/lock", &error))?;
        match lock.try_lock() {
            Ok(()) => self._lock = Some(lock),
            Err(TryLockError::WouldBlock) => {
                return Err(RecordError::Locked { path: self.path.clone() });
            }
            // A file system without locks: nothing better is to be had.
            Err(TryLockError::Error(_)) => {}
        }
        Ok(())
    }

    /// Whether somebody writes to it.
    pub fn is_locked(&self) -> bool {
        let lock = File::open(self.path.join(LOG).join("lock"));
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The experiment, as it was resolved.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn experiment(&self) -> Result<(Experiment, Source), RecordError> {
        Ok(Source::load(&self.file(EXPERIMENT))?)
    }

    /// The calibration, if there is one.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn calibration(&self) -> Result<Option<Calibration>, RecordError> {
        self.read_json_if_there(CALIBRATION)
    }

    /// Where the run comes from.
    ///
    /// # Errors
    /// It cannot be read, or is of another version.
    pub fn provenance(&self) -> Result<Provenance, RecordError> {
        let path = self.file(PROVENANCE);
        let missing = || RecordError::Read { path: path.clone(), what: "it is not there".into() };
        self.read_json_if_there(PROVENANCE)?.ok_or_else(missing)
    }

    /// Puts it in place of what was there.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_provenance(&self, provenance: &Provenance) -> Result<(), RecordError> {
        self.write_json(PROVENANCE, provenance)
    }

    /// What the run came to, as an object; `None`: it is not complete.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn outcome<T: DeserializeOwned>(&self) -> Result<Option<T>, RecordError> {
        self.read_json_if_there(OUTCOME)
    }

    /// Whether the run came to its end.
    ///
    /// # Errors
    /// What it came to cannot be read.
    pub fn is_complete(&self) -> Result<bool, RecordError> {
        Ok(self.outcome::<serde_json::Value>()?.is_some())
    }

    /// Keeps what the run came to.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_outcome(&self, outcome: &impl Serialize) -> Result<(), RecordError> {
        self.write_json(OUTCOME, outcome)
    }

    /// A new log.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create_log(&self) -> Result<Log, RecordError> {
        Log::create(&self.path.join(LOG))
    }

    /// The log, from its begin.
    ///
    /// # Errors
    /// There is none, or it is of another version.
    pub fn read_log(&self) -> Result<LogReader, RecordError> {
        LogReader::open(&self.path.join(LOG))
    }

    /// Where the log is.
    pub(super) fn log_path(&self) -> PathBuf {
        self.path.join(LOG)
    }

    fn read_json_if_there<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, RecordError> {
        let path = self.file(name);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(RecordError::Read { path, what: error.to_string() }),
        };
        let value = serde_json::from_slice(&text);
        value.map(Some).map_err(|error| RecordError::Strange { path, what: error.to_string() })
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), RecordError> {
        let mut text =
            serde_json::to_vec_pretty(value).map_err(|error| self.cannot_write(name, &error))?;
        text.push(b'\n');
        self.write(name, &text)
    }

    /// Puts a file in place of what was there at once: whenever the program ends, one of the two is whole.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), RecordError> {
        let (path, draft) = (self.file(name), self.file(&format!("{name}.new")));
        let write = || {
            let mut file = File::create(&draft)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&draft, &path)
        };
        write().map_err(|error| self.cannot_write(name, &error))
    }

    fn cannot_write(&self, name: &str, error: &dyn std::fmt::Display) -> RecordError {
        RecordError::Write { path: self.file(name), what: error.to_string() }
    }
}

/// Whether a folder holds nothing, or no more than the first files of a run without its provenance.
fn is_free(path: &Path) -> bool {
    let first = [EXPERIMENT, CALIBRATION, LOG].map(|name| [name.to_owned(), format!("{name}.new")]);
    let draft = format!("{PROVENANCE}.new");
    let Ok(entries) = fs::read_dir(path) else { return false };
    entries.into_iter().all(|entry| {
        let name = entry.map(|entry| entry.file_name().to_string_lossy().into_owned());
        name.is_ok_and(|name| name == draft || first.iter().flatten().any(|known| *known == name))
    })
}
