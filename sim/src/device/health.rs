//! State of a device that can fail.

use std::sync::{Arc, OnceLock};

/// Shared by a device and the owner of its bench: holds the first error of the device.
/// ¦ [`Device::currents_na`](super::Device::currents_na) returns no error, since an engine calls it inside a sample. A
/// device that fails returns NaN from then on and stores the error here; the engine's owner checks it.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<OnceLock<String>>);

impl Health {
    /// Keeps `sentence` unless there is one: the first failure is the cause of all others.
    pub(super) fn fail(&self, sentence: String) {
        let _ = self.0.set(sentence);
    }

    /// Why the device answers no more: one sentence, with what to do.
    pub fn failure(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}
