//! Errors of a driver.

use super::fault_flags::FaultFlags;
use crate::link::LinkError;
use crate::quantity::QuantityError;
use hge_protocol::analogue::AnalogueError;
use hge_protocol::frame::{EndReason, FrameError, Operation, Status};
use hge_protocol::registers::command;
use hge_protocol::Parameters;
use std::ops::Range;
use thiserror::Error;

/// The instrument could not be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DriverError {
    /// The pipe broke.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Intact frames without a meaning.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// No answer came.
    #[error("{name} does not reply ({attempts} tries in {seconds} s): check that the instrument has power, that the link is the right one and that both ends use the same baud rate")]
    Silent {
        /// Where the link leads.
        name: String,
        /// Times the request was sent.
        attempts: u32,
        /// Time they took.
        seconds: f64,
    },
    /// Something else than an HGE instrument answers.
    #[error("identity word 0x{found:08x} instead of 0x{expected:08x}: this is not an HGE instrument, or one of another version: load matching gateware")]
    Identity {
        /// Value of the instrument.
        found: u32,
        /// Value of this program.
        expected: u32,
    },
    /// Another register map.
    #[error("the gateware's register map has hash 0x{found:08x}, this program's 0x{expected:08x}: build both from the same source")]
    MapHash {
        /// Hash of the gateware.
        found: u32,
        /// Hash of this program.
        expected: u32,
    },
    /// The gateware was generated for other parameters than the run was planned for.
    #[error("the gateware has {found:?}, but the run was planned for {planned:?}: plan it for this gateware")]
    Parameters {
        /// Parameters of the gateware.
        found: Box<Parameters>,
        /// Parameters of the plan.
        planned: Box<Parameters>,
    },
    /// A server refuses this client.
    #[error("{sentence}: wait until that client disconnects, or use only reading commands")]
    InUse {
        /// Message of the server.
        sentence: String,
    },
    /// A server has ended this client's control or its connection.
    #[error("{sentence}")]
    Server {
        /// Message of the server.
        sentence: String,
    },
    /// The session belongs to another host.
    #[error("the instrument does not know this session: another program has opened a session, or the instrument was powered up again; end that program and reconnect")]
    Session,
    /// A register access was refused.
    #[error("{} register {register} (0x{address:04x}) was refused: {}", verb(*operation), why(*status))]
    Refused {
        /// Read or write.
        operation: Operation,
        /// Name in the map.
        register: String,
        /// Address.
        address: u16,
        /// Why.
        status: Status,
    },
    /// A command was refused in the present state.
    #[error("command {command} ({}) was refused: {obstacle}", command_name(*command))]
    Command {
        /// Number of the command.
        command: u32,
        /// The conflicting state, and the remedy.
        obstacle: &'static str,
    },
    /// A plan for another analogue scale than the instrument's.
    #[error("the plan's {key} is {planned} but the instrument's {found}: plan with the instrument's scale, or replace it with `hge set analogue --experiment FILE.toml --link LINK`")]
    Scale {
        /// The value: a key of `[analogue]`.
        key: String,
        /// Value of the plan.
        planned: String,
        /// Value of the instrument.
        found: String,
    },
    /// An analogue scale that cannot be.
    #[error(transparent)]
    Analogue {
        /// The value, and the remedy.
        error: AnalogueError,
    },
    /// The words that the instrument keeps are no analogue scale.
    #[error("the analogue scale stored in the instrument is damaged ({error}): replace it with `hge set analogue --experiment FILE.toml --link LINK`")]
    Damaged {
        /// The value, and the reason.
        error: AnalogueError,
    },
    /// A name that is not in the map.
    #[error(transparent)]
    Name(#[from] QuantityError),
    /// A reply of the wrong length.
    #[error("a reply holds {found} values instead of {expected}: the gateware and this program speak different protocols, build both from the same source")]
    Length {
        /// Values in the reply.
        found: usize,
        /// Asked for.
        expected: usize,
    },
    /// The guard tripped.
    #[error("the guard tripped and sent every output to its safe value: {causes}")]
    Tripped {
        /// Causes of the trip.
        causes: FaultFlags,
    },
    /// A run ended early.
    #[error("the run was {} before its end: start it again", if *reason == EndReason::Disarmed { "disarmed" } else { "stopped" })]
    Ended {
        /// Reason of the instrument.
        reason: EndReason,
    },
    /// The frames of the end of a run are lost.
    #[error("the run is over but its last frames were lost for good: start it again, and if this happens often use a faster or shorter line")]
    EndLost,
    /// A capture has holes.
    #[error("of {wanted} codes of the capture {} were lost: raise its decimation, take fewer samples or use a faster line", stretches(missing))]
    Capture {
        /// Codes missing, in order.
        missing: Vec<Range<u32>>,
        /// Requested codes.
        wanted: u32,
    },
    /// There is no such input.
    #[error("the instrument has no ADC input {input}: choose 0 to {last}")]
    Input {
        /// Chosen input.
        input: u8,
        /// The last.
        last: u32,
    },
    /// Who keeps a record ended what went on.
    #[error("{sentence}")]
    Record {
        /// Message of the [`Tap`](super::Tap).
        sentence: String,
    },
    /// [`Cancel`](super::Cancel) was called.
    #[error("cancelled: the instrument is disarmed")]
    Cancelled,
    /// No random numbers.
    #[error("the system gives no random numbers ({what}): restart the computer")]
    Entropy {
        /// Message of the system.
        what: String,
    },
}

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The guard tripped: remove the cause and arm again.
    Tripped,
    /// The instrument, or data from it, is out of reach: mend the link and connect again.
    Lost,
    /// The instrument or its server says no: change the state or the request.
    Refused,
    /// Anything else: change what was asked for.
    Other,
}

impl DriverError {
    /// The class of this error.
    pub fn cause(&self) -> Cause {
        match self {
            DriverError::Tripped { .. } => Cause::Tripped,
            DriverError::Link(LinkError::Spec { .. } | LinkError::Simulated) => Cause::Other,
            DriverError::Link(LinkError::Server { .. } | LinkError::Lent { .. }) => Cause::Refused,
            DriverError::Link(_)
            | DriverError::Frame(_)
            | DriverError::Silent { .. }
            | DriverError::Session
            | DriverError::EndLost
            | DriverError::Capture { .. } => Cause::Lost,
            DriverError::Identity { .. }
            | DriverError::MapHash { .. }
            | DriverError::InUse { .. }
            | DriverError::Server { .. }
            | DriverError::Refused { .. }
            | DriverError::Command { .. }
            | DriverError::Parameters { .. }
            | DriverError::Scale { .. } => Cause::Refused,
            _ => Cause::Other,
        }
    }
}

fn command_name(number: u32) -> &'static str {
    match number {
        command::RUN => "run",
        command::STOP => "stop",
        command::ARM_HOST => "arm, host",
        command::DISARM => "disarm",
        command::ARM_STANDALONE => "arm, standalone",
        command::CAPTURE => "capture",
        command::REPEAT => "repeat",
        _ => "none",
    }
}

/// Most stretches that a message names.
const MOST_STRETCHES: usize = 8;

fn stretches(missing: &[Range<u32>]) -> String {
    let named = missing.iter().take(MOST_STRETCHES);
    let named: Vec<String> =
        named.map(|codes| format!("{} to {}", codes.start, codes.end.saturating_sub(1))).collect();
    match missing.len().saturating_sub(MOST_STRETCHES) {
        0 => named.join(", "),
        more => format!("{} and {more} more ranges", named.join(", ")),
    }
}

fn verb(operation: Operation) -> &'static str {
    match operation {
        Operation::Read => "reading",
        Operation::Write => "writing",
        Operation::Hello => "greeting at",
        Operation::Restart => "restarting at",
        Operation::Authenticate => "presenting the token to",
    }
}

fn why(status: Status) -> &'static str {
    match status {
        Status::Ok => "unexpected reply ok, report this",
        Status::BadAddress => "no such register in this direction, see docs/registers.md",
        Status::Busy => "not allowed during a run, while the guard is armed or while outputs ramp to the safe values; stop or disarm first",
        Status::BadRequest => "the instrument does not support the request, build gateware and program from the same source",
        Status::Unsafe => "a protection of the device is missing; close the interlock, set watchdog (host) or run_limit (standalone) and leave interlock and over-current enabled in protection",
        Status::Session => "another program has opened a session, end it and reconnect",
        Status::Gone => "the last epoch is no longer in the instrument's memory, run it again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_register_is_told_with_what_to_do() {
        let text = |operation, status| {
            DriverError::Refused { operation, register: "period".into(), address: 0x21, status }
                .to_string()
        };
        let reading = text(Operation::Read, Status::BadAddress);
        assert!(
            reading.starts_with("reading register period (0x0021) was refused: no such register")
        );
        let statuses = [
            (Status::Busy, "stop or disarm first"),
            (Status::BadRequest, "build gateware and program from the same source"),
            (Status::Unsafe, "close the interlock, set watchdog (host) or run_limit (standalone)"),
            (Status::Session, "end it and reconnect"),
            (Status::Gone, "run it again"),
        ];
        for (status, remedy) in statuses {
            let writing = text(Operation::Write, status);
            assert!(writing.starts_with("writing register period"), "{writing}");
            assert!(writing.contains(remedy), "{writing}");
        }
    }

    #[test]
    fn missing_codes_of_a_capture_are_named_up_to_eight_stretches() {
        let lost = |count: u32| {
            let missing = (0..count).map(|n| 10 * n..10 * n + 2).collect();
            DriverError::Capture { missing, wanted: 100 }.to_string()
        };
        assert!(lost(2).starts_with("of 100 codes of the capture 0 to 1, 10 to 11 were lost:"));
        assert!(lost(8).contains("70 to 71 were lost"), "{}", lost(8));
        assert!(lost(11).contains("70 to 71 and 3 more ranges were lost"), "{}", lost(11));
    }

    #[test]
    fn the_class_of_an_error_says_what_to_do() {
        let causes = FaultFlags(1);
        for (error, cause) in [
            (DriverError::Tripped { causes }, Cause::Tripped),
            (DriverError::Session, Cause::Lost),
            (DriverError::EndLost, Cause::Lost),
            (DriverError::Silent { name: "x".into(), attempts: 3, seconds: 1.0 }, Cause::Lost),
            (DriverError::Identity { found: 0, expected: 1 }, Cause::Refused),
            (DriverError::MapHash { found: 0, expected: 1 }, Cause::Refused),
            (DriverError::InUse { sentence: String::new() }, Cause::Refused),
            (DriverError::Link(LinkError::Simulated), Cause::Other),
            (DriverError::Cancelled, Cause::Other),
            (DriverError::Input { input: 8, last: 0 }, Cause::Other),
        ] {
            assert_eq!(error.cause(), cause, "{error}");
        }
        let disarmed = DriverError::Ended { reason: EndReason::Disarmed };
        assert_eq!(disarmed.to_string(), "the run was disarmed before its end: start it again");
    }

    #[test]
    fn a_refused_command_is_named() {
        for (number, name) in [
            (command::RUN, "run"),
            (command::STOP, "stop"),
            (command::ARM_HOST, "arm, host"),
            (command::DISARM, "disarm"),
            (command::ARM_STANDALONE, "arm, standalone"),
            (command::CAPTURE, "capture"),
            (command::REPEAT, "repeat"),
        ] {
            let text = DriverError::Command { command: number, obstacle: "a run" }.to_string();
            assert_eq!(text, format!("command {number} ({name}) was refused: a run"));
        }
    }
}
