//! Keeps everything that passes in a log.

use super::log::Log;
use super::RecordError;
use crate::driver::{Passing, Tap};
use std::sync::{Arc, Mutex, PoisonError};

/// A log that the tap of an instrument fills, and that is ended when the run is over.
#[derive(Clone)]
pub(super) struct Recorder(Arc<Mutex<Option<Log>>>);

impl Recorder {
    pub(super) fn new(log: Log) -> Self {
        Recorder(Arc::new(Mutex::new(Some(log))))
    }

    /// One whose log is not yet known.
    pub(super) fn waiting() -> Self {
        Recorder(Arc::default())
    }

    pub(super) fn put(&self, log: Log) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(log);
    }

    pub(super) fn append(&self, passing: Passing<'_>) -> Result<(), RecordError> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.as_mut().map_or(Ok(()), |log| log.append(passing))
    }

    /// Writes what waits.
    pub(super) fn flush(&self) -> Result<(), RecordError> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.as_mut().map_or(Ok(()), Log::flush)
    }

    /// Ends the log.
    pub(super) fn finish(&self) -> Result<(), RecordError> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        log.map_or(Ok(()), Log::finish)
    }
}

impl Tap for Recorder {
    fn hear(&mut self, passing: Passing<'_>) -> Result<(), String> {
        self.append(passing).map_err(|error| error.to_string())
    }
}
