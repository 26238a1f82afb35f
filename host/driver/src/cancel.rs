//! Cancellation of all waits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// Ends every wait of a driver that was given it; the driver disarms when it is dropped. Copies are one.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks for the end.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Takes the request back: what begins from here on waits again.
    pub fn reset(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether the end has been requested.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
