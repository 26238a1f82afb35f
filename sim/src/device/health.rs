//! State of a device that can fail.

use std::sync::{Arc, OnceLock};

/// Shared by a device and whoever gave it to a bench: says once, and for good, why it answers no more.
///
/// [`Device::currents_na`](super::Device::currents_na) has no error, since it is called from inside an engine's
/// sample. A device that can fail gives NaN from then on and says here why; the engine's owner looks.
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
