//! A receiver of telemetry that sends no requests.

use super::{DriverError, Instrument, Settings, Subscription};
use crate::link::Link;

/// Result of connecting.
pub enum Connected {
    /// Registers can be read; written too, unless another client is in control.
    Asks(Box<Instrument>),
    /// Another client is in control, and the engine serves only that client: telemetry is received, requests are refused.
    Watches(Box<Watcher>),
}

/// Hears the telemetry of an instrument that another client controls.
pub struct Watcher {
    instrument: Instrument,
    sentence: String,
}

impl Watcher {
    /// Connects; where another client is in control, to listen.
    ///
    /// # Errors
    /// As [`Instrument::connect`], except for an instrument in use.
    pub fn connect(link: Box<dyn Link>, settings: Settings) -> Result<Connected, DriverError> {
        let mut instrument = Instrument::open(link, settings)?;
        match instrument.introduce() {
            Ok(()) => Ok(Connected::Asks(Box::new(instrument))),
            Err(DriverError::InUse { sentence }) => {
                Ok(Connected::Watches(Box::new(Watcher { instrument, sentence })))
            }
            Err(error) => Err(error),
        }
    }

    /// Only listens, without a word, so that it never is in control itself.
    ///
    /// # Errors
    /// The link breaks.
    pub fn listen(link: Box<dyn Link>, settings: Settings) -> Result<Self, DriverError> {
        Ok(Watcher { instrument: Instrument::open(link, settings)?, sentence: String::new() })
    }

    /// Message of the server on the client in control; empty if it did not refuse.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// All telemetry from here on, as [`Instrument::subscribe`].
    pub fn subscribe(&self, capacity: usize) -> Subscription {
        self.instrument.subscribe(capacity)
    }
}
