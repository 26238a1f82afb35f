//! Provoked faults of an armed instrument, for the self-test: silence, and damaged frames.

use super::{DriverError, Instrument};

/// A frame that is too short to be a request.
const DAMAGED: [u8; 4] = [1, 2, 3, 0];

impl Instrument {
    /// Stops the watchdog feeder until the guard is armed again; every request still restarts the watchdog.
    pub fn stop_winding(&self) {
        self.keep(None);
    }

    /// Sends `frames` damaged frames in a row, with no request between them. The instrument answers none of them.
    ///
    /// # Errors
    /// The link breaks.
    pub fn send_damaged(&self, frames: u32) -> Result<(), DriverError> {
        self.requests().send(&DAMAGED.repeat(frames as usize))
    }
}
