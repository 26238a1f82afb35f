//! Current state of the instrument.

use super::{DriverError, FaultFlags, Instrument};
use hge_protocol::registers::{self as map, command, status};

/// Who watches over an armed guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArmMode {
    /// The host: the watchdog trips the guard when it is silent.
    Host,
    /// Nobody: the guard trips after `RUN_LIMIT` samples.
    Standalone,
}

/// State of the instrument, read in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// A run is in progress.
    pub busy: bool,
    /// The guard follows the modulator.
    pub armed: Option<ArmMode>,
    /// Outputs ramp to the safe values.
    pub ramping_to_safe: bool,
    /// The interlock is closed.
    pub interlock_closed: bool,
    /// A capture is in progress.
    pub capturing: bool,
    /// Causes of trips since the last arming, if any.
    pub fault: Option<FaultFlags>,
    /// Samples since power-up, modulo 2^32.
    pub time_samples: u32,
    /// Telemetry frames made since power-up, modulo 2^32.
    pub frames: u32,
    /// Telemetry frames dropped in the instrument.
    pub frames_lost: u32,
    /// Damaged frames from hosts.
    pub link_faults: u32,
}

/// The part of this state that conflicts with a command refused as busy, and the remedy.
pub(super) fn obstacle(command: u32, state: &State) -> &'static str {
    let State { busy, armed, ramping_to_safe, .. } = *state;
    match command {
        command::CAPTURE => "a capture is in progress; wait for its end, or stop it first",
        _ if busy => "a run is in progress; wait for its end, or stop it first",
        command::RUN if armed.is_none() => "the guard is not armed; arm first",
        _ if ramping_to_safe => "outputs ramp to the safe values; try again in a moment",
        _ if armed.is_some() => "the guard is armed already; disarm first",
        _ => "the conflicting action has just ended; try again",
    }
}

impl Instrument {
    /// Current state of the instrument.
    ///
    /// # Errors
    /// The link breaks.
    pub fn state(&self) -> Result<State, DriverError> {
        Ok(State::of(&self.read_many(map::STATUS, 6)?))
    }
}

impl State {
    /// From the six registers starting at `STATUS`.
    fn of(words: &[u32]) -> Self {
        let bit = |bit: u32| words[0] & bit != 0;
        let mode = if bit(status::STANDALONE) { ArmMode::Standalone } else { ArmMode::Host };
        State {
            busy: bit(status::BUSY),
            armed: bit(status::ARMED).then_some(mode),
            ramping_to_safe: bit(status::RAMPING_TO_SAFE),
            interlock_closed: bit(status::INTERLOCK),
            capturing: bit(status::CAPTURING),
            fault: bit(status::TRIPPED).then_some(FaultFlags(words[1])),
            time_samples: words[2],
            frames: words[3],
            frames_lost: words[4],
            link_faults: words[5],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESTING: State = State {
        busy: false,
        armed: None,
        ramping_to_safe: false,
        interlock_closed: false,
        capturing: false,
        fault: None,
        time_samples: 12,
        frames: 13,
        frames_lost: 14,
        link_faults: 15,
    };

    #[test]
    fn every_bit_and_word_of_the_status_is_read_into_its_own_field() {
        // The bits of docs/protocol.md, each alone.
        for (bits, expected) in [
            (0, RESTING),
            (1, State { busy: true, ..RESTING }),
            (2, State { armed: Some(ArmMode::Host), ..RESTING }),
            (4, State { ramping_to_safe: true, ..RESTING }),
            // Without a guard that is armed it means nothing.
            (8, RESTING),
            (2 | 8, State { armed: Some(ArmMode::Standalone), ..RESTING }),
            (16, State { interlock_closed: true, ..RESTING }),
            (32, State { fault: Some(FaultFlags(11)), ..RESTING }),
            (64, State { capturing: true, ..RESTING }),
        ] {
            assert_eq!(State::of(&[bits, 11, 12, 13, 14, 15]), expected, "{bits:#x}");
        }
    }

    #[test]
    fn a_refused_command_names_what_stands_in_its_way() {
        let busy = State { busy: true, ..RESTING };
        let ramping_to_safe = State { ramping_to_safe: true, ..RESTING };
        let armed = State { armed: Some(ArmMode::Host), ..RESTING };
        for (command, state, named) in [
            (command::CAPTURE, busy, "a capture is in progress"),
            (command::RUN, State { armed: armed.armed, ..busy }, "a run is in progress"),
            (command::ARM_HOST, busy, "a run is in progress"),
            (command::RUN, RESTING, "the guard is not armed"),
            (command::RUN, ramping_to_safe, "the guard is not armed"),
            (command::ARM_STANDALONE, ramping_to_safe, "outputs ramp to the safe values"),
            (command::ARM_HOST, armed, "the guard is armed already"),
            (command::ARM_HOST, RESTING, "has just ended"),
        ] {
            let found = obstacle(command, &state);
            assert!(found.contains(named), "{command} {state:?}: {found}");
        }
    }
}
