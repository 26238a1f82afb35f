//! Records all data of the tap in a log.

use super::format::Seal;
use super::log::Log;
use super::RecordError;
use hge_driver::{Tap, TraceEvent};
use std::sync::{Arc, Mutex, PoisonError};

/// The log that the tap of an instrument fills, once there is one, and that is ended when the run is over.
#[derive(Clone, Default)]
pub(super) struct Recorder(Arc<Mutex<Option<Log>>>);

impl Recorder {
    /// Whether there is a log.
    pub(super) fn is_open(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(super) fn put(&self, log: Log) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(log);
    }

    pub(super) fn append(&self, event: TraceEvent<'_>) -> Result<(), RecordError> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.as_mut().map_or(Ok(()), |log| log.append(event))
    }

    /// Adds seals and puts them onto the disk.
    pub(super) fn seal(&self, seals: &[Seal]) -> Result<(), RecordError> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.as_mut().map_or(Ok(()), |log| log.seal(seals))
    }

    /// Ends the log.
    pub(super) fn finish(&self) -> Result<(), RecordError> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        log.map_or(Ok(()), Log::finish)
    }
}

impl Tap for Recorder {
    fn take(&mut self, event: TraceEvent<'_>) -> Result<(), String> {
        self.append(event).map_err(|error| error.to_string())
    }
}
