//! A tap on the data between host and instrument that affect the result, for recorders.

use super::{DriverError, Instrument, Topic};
use hge_protocol::frame::Record;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};

/// An item of the tap, in the order of the host's actions and receptions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TraceEvent<'a> {
    /// Registers were written: addresses and values.
    Wrote(&'a [(u16, u32)]),
    /// Registers of the parameter table, or of the info block, were read.
    Read {
        /// The first one's address.
        address: u16,
        /// Their values.
        values: &'a [u32],
    },
    /// A run begins.
    Runs {
        /// See [`hge_protocol::registers::mode`].
        mode: u32,
    },
    /// A frame of the run.
    RunEvent {
        /// Number of the frame since power-up.
        number: u32,
        /// Content of the frame.
        record: &'a Record,
    },
    /// Frames of the run that are lost for good.
    Lost {
        /// Their number.
        frames: u32,
    },
    /// A result of the host.
    Note {
        /// Content of the result.
        topic: Topic,
        /// JSON.
        text: &'a str,
    },
}

/// Records an item. An error, a message with the remedy, ends the activity.
pub trait Tap: Send {
    /// Hears of everything that passes.
    ///
    /// # Errors
    /// The record cannot be kept, or an item differs from the expected one.
    fn take(&mut self, event: TraceEvent<'_>) -> Result<(), String>;
}

/// A tap with several writers.
type SharedTap = Arc<Mutex<Box<dyn Tap>>>;

/// Records a result of the host, if there is a recorder.
#[derive(Clone, Default)]
pub struct Notes(Option<SharedTap>);

impl Notes {
    /// Tells the tap.
    ///
    /// # Errors
    /// The tap ends the activity.
    pub fn note(&self, topic: Topic, what: &impl Serialize) -> Result<(), DriverError> {
        if self.0.is_none() {
            return Ok(());
        }
        let text = serde_json::to_string(what)
            .map_err(|error| DriverError::Record { sentence: error.to_string() })?;
        self.pass(TraceEvent::Note { topic, text: &text })
    }

    fn pass(&self, event: TraceEvent<'_>) -> Result<(), DriverError> {
        let Some(tap) = &self.0 else { return Ok(()) };
        let mut tap = tap.lock().unwrap_or_else(PoisonError::into_inner);
        tap.take(event).map_err(|sentence| DriverError::Record { sentence })
    }
}

impl Instrument {
    /// Lets `tap` take everything from here on.
    pub fn tap(&mut self, tap: Box<dyn Tap>) {
        self.notes = Notes(Some(Arc::new(Mutex::new(tap))));
    }

    /// Records results that the host computes.
    pub fn notes(&self) -> Notes {
        self.notes.clone()
    }

    pub(super) fn pass(&self, event: TraceEvent<'_>) -> Result<(), DriverError> {
        self.notes.pass(event)
    }
}
