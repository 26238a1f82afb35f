//! Provoked faults of an armed instrument, for the self-test: silence, and damaged frames.

use super::{DriverError, Instrument};

/// A frame that is too short to be a request.
const DAMAGED: [u8; 4] = [1, 2, 3, 0];

impl Instrument {
    /// Stops the watchdog feeder until the guard is armed or disarmed; every request still restarts the watchdog. A served
    /// instrument is not kept either: its requests would restart the watchdog, so the silence must end before the server
    /// gives the control to another.
    pub fn stop_winding(&self) {
        if let Some(watchdog_feeder) = &self.watchdog_feeder {
            watchdog_feeder.every(None);
        }
    }

    /// Sends `frames` damaged frames in a row, with no request between them. The instrument answers none of them.
    ///
    /// # Errors
    /// The link breaks.
    pub fn send_damaged(&self, frames: u32) -> Result<(), DriverError> {
        self.requests().send(&DAMAGED.repeat(frames as usize))
    }
}
