//! State of link and guard, for an observer in another thread.

use super::{ArmMode, FaultFlags};
use std::sync::{Arc, Mutex, PoisonError};

/// What is known of link and guard without asking the instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStatistics {
    /// Frames of telemetry heard, each once.
    pub frames: u64,
    /// Numbers that were left out when a later frame came; those of a run are asked for again.
    pub missing: u64,
    /// Frames that the line damaged.
    pub damaged: u64,
    /// How this driver has armed the guard, if it is.
    pub armed: Option<ArmMode>,
    /// What has tripped the guard since it was armed last, as far as frames and errors said.
    pub tripped: Option<FaultFlags>,
}

/// Follows the [`LinkStatistics`] of a driver that was given it. Copies are one.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<LinkStatistics>>);

impl Health {
    /// What is known now.
    pub fn signs(&self) -> LinkStatistics {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, change: impl FnOnce(&mut LinkStatistics)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The guard was armed or disarmed: what tripped it before is past once it is armed.
    pub(super) fn armed(&self, armed: Option<ArmMode>) {
        self.note(|signs| {
            signs.armed = armed;
            if armed.is_some() {
                signs.tripped = None;
            }
        });
    }

    /// The guard has tripped.
    pub(super) fn tripped(&self, causes: u32) {
        self.note(|signs| {
            signs.armed = None;
            let before = signs.tripped.map_or(0, |causes| causes.0);
            signs.tripped = Some(FaultFlags(before | causes));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trip_stands_until_the_guard_is_armed_again() {
        let health = Health::default();
        let seen = health.clone();
        health.armed(Some(ArmMode::Host));
        health.tripped(1);
        health.tripped(8);
        health.armed(None);
        assert_eq!(seen.signs().tripped, Some(FaultFlags(9)));
        assert_eq!(seen.signs().armed, None);
        health.armed(Some(ArmMode::Standalone));
        assert_eq!(seen.signs().tripped, None);
        assert_eq!(seen.signs().armed, Some(ArmMode::Standalone));
    }
}
