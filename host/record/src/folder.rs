//! The folder of a run: its files, their seals, and the lock of the program that writes to it.

use super::files::{Files, CALIBRATION, CASES, EXPERIMENT, OUTCOME, PROVENANCE};
use super::format::{segment_path, Seal};
use super::log::Log;
use super::provenance::{Provenance, RunSegment};
use super::reader::{Cut, LogReader};
use super::recorder::Recorder;
use super::seal;
use super::RecordError;
use hge_core::calibration::Calibration;
use hge_core::experiment::{Experiment, Source};
use hge_system::file;
use serde::de::DeserializeOwned;
use serde::Serialize;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The folder of a run.
#[derive(Clone)]
pub struct Folder {
    files: Files,
    /// The log, while this program writes to it.
    recorder: Recorder,
    /// Held while this program writes to the folder.
    lock: Option<Arc<File>>,
    /// Where the log was cut off, if it was.
    cut: Option<Cut>,
    /// Damage ends the log without an error.
    until_damage: bool,
}

impl Folder {
    fn at(path: &Path) -> Self {
        let (files, recorder) = (Files::of(path), Recorder::default());
        Folder { files, recorder, lock: None, cut: None, until_damage: false }
    }

    /// A new folder, with the experiment, its calibration and a log that seals them. `path` must not exist, or be empty, or hold no more than the first files
    /// of a run that was cut off before it began.
    ///
    /// # Errors
    /// It is not empty, or cannot be written.
    pub fn create(
        path: &Path,
        experiment: &Experiment,
        calibration: Option<&Calibration>,
        provenance: &Provenance,
    ) -> Result<Self, RecordError> {
        if path.exists() && !is_free(path) {
            return Err(RecordError::Exists { path: path.into() });
        }
        let mut folder = Folder::at(path);
        let files = folder.files.clone();
        fs::create_dir_all(files.log()).map_err(RecordError::write(path))?;
        folder.take_lock()?;
        let (experiment, cases) = with_cases(experiment)?;
        let text = toml::to_string_pretty(&experiment)
            .map_err(|error| files.cannot_write(EXPERIMENT, &error))?;
        let calibration =
            calibration.map(|calibration| files.json(CALIBRATION, calibration)).transpose()?;
        let provenance = files.json(PROVENANCE, provenance)?;
        files.write(EXPERIMENT, text.as_bytes())?;
        match &calibration {
            Some(calibration) => files.write(CALIBRATION, calibration)?,
            None => files.remove(CALIBRATION)?,
        }
        remove_empty(&files.log())?;
        let mut seals = vec![
            Seal::of(EXPERIMENT, Some(text.as_bytes())),
            Seal::of(CALIBRATION, calibration.as_deref()),
            Seal::of(PROVENANCE, Some(&provenance)),
        ];
        if let Some((name, content)) = &cases {
            files.write(name, content)?;
            seals.push(Seal::of(name, Some(content)));
        }
        let mut log = Log::create(&files.log())?;
        log.seal(&seals)?;
        folder.recorder.put(log);
        files.write(PROVENANCE, &provenance)?;
        Ok(folder)
    }

    /// A new and empty folder for a run of this name in `runs`, which is made if need be: `NAME-DATE`, or `NAME-DATE-2` and so on where others begin in the
    /// same second.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn claim(runs: &Path, name: &str) -> Result<PathBuf, RecordError> {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        // Colons are for no file system's liking.
        let date = now.replace(':', "").replace('T', "-").replace('Z', "");
        fs::create_dir_all(runs).map_err(RecordError::write(runs))?;
        let mut path = runs.join(format!("{name}-{date}"));
        let mut number = 1;
        loop {
            match fs::create_dir(&path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    number += 1;
                    path = runs.join(format!("{name}-{date}-{number}"));
                }
                Err(error) => return Err(RecordError::write(&path)(error)),
            }
        }
    }

    /// The folder of a run, to look at: its files agree with their seals in the log.
    ///
    /// # Errors
    /// It is not a run or one of another version, the log is damaged, or a file does not agree with its seal.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        let mut folder = Folder::at(path);
        folder.cut = seal::check(&folder.files)?;
        Ok(folder)
    }

    /// As [`Self::open`], for a run whose log may be damaged: reads it up to the damage.
    ///
    /// # Errors
    /// It is not a run or one of another version, or the part before the damage does not seal the experiment and the calibration.
    pub fn open_until_damage(path: &Path) -> Result<Self, RecordError> {
        let mut folder = Folder::at(path);
        folder.until_damage = true;
        seal::check_begin(&folder.files)?;
        Ok(folder)
    }

    /// Keeps other programs from writing to the folder, and reads again what they may have written before.
    ///
    /// # Errors
    /// Another program holds the lock, or as [`Folder::open`].
    pub fn lock(&mut self) -> Result<(), RecordError> {
        self.take_lock()?;
        self.cut = seal::check(&self.files)?;
        Ok(())
    }

    fn take_lock(&mut self) -> Result<(), RecordError> {
        let lock = file::open_for_lock(&self.lock_path())
            .map_err(|error| self.files.cannot_write("log/lock", &error))?;
        match lock.try_lock() {
            Ok(()) => self.lock = Some(lock.into()),
            Err(TryLockError::WouldBlock) => {
                return Err(RecordError::Locked { path: self.path().into() });
            }
            // A file system without locks: nothing better is to be had.
            Err(TryLockError::Error(_)) => {}
        }
        Ok(())
    }

    /// Whether a program writes to it.
    pub fn is_locked(&self) -> bool {
        let lock = file::open(&self.lock_path());
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    fn lock_path(&self) -> PathBuf {
        self.files.log().join("lock")
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        self.files.folder()
    }

    /// Path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.files.path(name)
    }

    /// Where the log was cut off, if it was when the folder was opened.
    pub fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }

    /// The experiment, with every key resolved.
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
        self.files.read_json(CALIBRATION)
    }

    /// Where the run comes from.
    ///
    /// # Errors
    /// It cannot be read, or is of another version.
    pub fn provenance(&self) -> Result<Provenance, RecordError> {
        let missing =
            || RecordError::Read { path: self.file(PROVENANCE), what: "it does not exist".into() };
        self.files.read_json(PROVENANCE)?.ok_or_else(missing)
    }

    /// The outcome of the run, as an object; `None`: it is not complete.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn outcome<T: DeserializeOwned>(&self) -> Result<Option<T>, RecordError> {
        self.files.read_json(OUTCOME)
    }

    /// Whether the run is complete.
    ///
    /// # Errors
    /// Its outcome cannot be read.
    pub fn is_complete(&self) -> Result<bool, RecordError> {
        Ok(self.outcome::<serde_json::Value>()?.is_some())
    }

    /// The log, from its begin.
    ///
    /// # Errors
    /// There is none, or it is of another version.
    pub fn read_log(&self) -> Result<LogReader, RecordError> {
        match self.until_damage {
            true => LogReader::open_until_damage(&self.log_path()),
            false => LogReader::open(&self.log_path()),
        }
    }

    /// The folder of the log.
    pub(super) fn log_path(&self) -> PathBuf {
        self.files.log()
    }

    /// The log that this program writes.
    pub(super) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Continues a log in another segment; the computer's clock had been set back by `clock_back` meanwhile.
    ///
    /// # Errors
    /// The log or the provenance cannot be written.
    pub(super) fn go_on(
        &self,
        log: Log,
        segment: &RunSegment,
        clock_back: Option<Duration>,
    ) -> Result<(), RecordError> {
        self.recorder.put(log);
        let clock_back_s = clock_back.map_or(0.0, |back| back.as_secs_f64());
        let mut provenance = self.provenance()?;
        provenance.segments.push(RunSegment { clock_back_s, ..segment.clone() });
        let provenance = self.files.json(PROVENANCE, &provenance)?;
        self.recorder.seal(&[Seal::of(PROVENANCE, Some(&provenance))])?;
        self.files.write(PROVENANCE, &provenance)
    }

    /// Ends the log with the seals of the provenance and the outcome, and replaces the provenance. `complete` does the rest before the outcome is written, with
    /// which the run is complete.
    ///
    /// # Errors
    /// As `complete`, or a file cannot be written.
    pub(super) fn end(
        &self,
        provenance: &Provenance,
        outcome: Option<&impl Serialize>,
        complete: impl FnOnce() -> Result<(), RecordError>,
    ) -> Result<(), RecordError> {
        let provenance = self.files.json(PROVENANCE, provenance)?;
        let outcome = outcome.map(|outcome| self.files.json(OUTCOME, outcome)).transpose()?;
        let mut seals = vec![Seal::of(PROVENANCE, Some(&provenance))];
        seals.extend(outcome.as_ref().map(|outcome| Seal::of(OUTCOME, Some(outcome))));
        self.recorder.seal(&seals)?;
        self.recorder.finish()?;
        self.files.write(PROVENANCE, &provenance)?;
        complete()?;
        outcome.map_or(Ok(()), |outcome| self.files.write(OUTCOME, &outcome))
    }

    /// Replaces a file atomically: whenever the program ends, the old or the new one is complete.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), RecordError> {
        self.files.write(name, content)
    }
}

/// Name and content of a file of cases.
type CasesFile = (&'static str, Vec<u8>);

/// The experiment with its file of cases beside it, and the name and content of that file.
fn with_cases(experiment: &Experiment) -> Result<(Experiment, Option<CasesFile>), RecordError> {
    let mut experiment = experiment.clone();
    let Some(data) = &mut experiment.data else { return Ok((experiment, None)) };
    let path = PathBuf::from(&data.file);
    let content = file::read(&path, file::DATA_BYTES).map_err(RecordError::read(&path))?;
    let name = CASES.into_iter().find(|name| Path::new(name).extension() == path.extension());
    let name = name.unwrap_or(CASES[0]);
    data.file = name.into();
    Ok((experiment, Some((name, content))))
}

/// Whether a folder is empty, or contains only the first files of a run without its provenance.
fn is_free(path: &Path) -> bool {
    let Ok(entries) = fs::read_dir(path) else { return false };
    entries.into_iter().all(|entry| {
        let Ok(entry) = entry else { return false };
        let name = entry.file_name();
        let name = name.to_string_lossy();
        file::is_draft(&name)
            || [EXPERIMENT, CALIBRATION].contains(&&*name)
            || CASES.contains(&&*name)
            || name == super::files::LOG
    })
}

/// Removes a log without items: its program ended before the run began.
///
/// # Errors
/// It holds items or is damaged, so it belongs to a run; or it cannot be removed.
fn remove_empty(folder: &Path) -> Result<(), RecordError> {
    let path = segment_path(folder, 1);
    if !path.exists() {
        return Ok(());
    }
    if !matches!(LogReader::open(folder).and_then(|mut log| log.next_item()), Ok(None)) {
        return Err(RecordError::Exists { path: folder.into() });
    }
    fs::remove_file(&path).map_err(RecordError::write(&path))
}
