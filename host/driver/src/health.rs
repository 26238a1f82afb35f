//! State of link and guard, for an observer in another thread.

use super::{ArmMode, FaultFlags};
use std::sync::{Arc, Mutex, PoisonError};

/// State of link and guard without a request to the instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStatistics {
    /// Telemetry frames received, each counted once.
    pub frames: u64,
    /// Missing frames, found by the number of a later one; those of a run are requested again.
    pub missing: u64,
    /// Frames that the line damaged.
    pub damaged: u64,
    /// How this driver has armed the guard, if it is.
    pub armed: Option<ArmMode>,
    /// Causes of trips since the last arming, as far as frames and errors contained them.
    pub tripped: Option<FaultFlags>,
}

/// Follows the [`LinkStatistics`] of a driver that was given it. Copies are one.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<LinkStatistics>>);

impl Health {
    /// The present state.
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
