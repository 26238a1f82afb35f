//! A simulated instrument for other programs: the loop between one controlling client and an
//! engine, behind [TCP](tcp), [UDP](udp), a [pseudo-terminal](pty) or a [queue](InProcess).
//!
//! In **virtual time** the instrument's time advances only while it is active and its client accepts
//! its frames; since no client can be late, the watchdog is stopped.
//! In **real time** the instrument follows the wall clock: its watchdog trips when the
//! client is silent, and frames that the line or the client does not accept are lost and counted in its memory.
//!
//! | module | content |
//! |---|---|
//! | `instrument` | the loop: engine, controlling client, other clients |
//! | `request_filter`, `telemetry_splitter` | from a client's bytes to the engine, and back |
//! | `shadow` | confirmed sample period, watchdog and arming of the instrument |
//! | `pace` | real time |
//! | `control` | the client in control |
//! | `connection` | one client over TCP: its requests, with or without control |
//! | `token` | the required token |

mod connection;
mod control;
mod in_process;
mod instrument;
mod listening;
mod lockstep;
mod pace;
#[cfg(unix)]
pub mod pty;
mod request_filter;
mod running;
mod shadow;
pub mod tcp;
mod telemetry_splitter;
pub mod udp;

pub use in_process::InProcess;
pub use instrument::Server;
pub use listening::Listening;
pub use running::Running;

use crossbeam::channel::Sender;
use hge_driver::link::Token;
use hge_protocol::frame::Status;
use hge_protocol::Parameters;
use hge_sim::engine::{Engine, EngineError};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Messages in a queue between threads: each holds a few kilobytes at most, so a client that does not read stops
/// virtual time after a megabyte.
pub(crate) const QUEUE: usize = 64;

/// Interval of checks of the stop handle.
const STOP_INTERVAL: Duration = Duration::from_millis(20);

/// Time without a request after which control ends, and longest watchdog, unless another is set.
pub const DEFAULT_LIMIT: Duration = Duration::from_secs(10);

/// How the instrument's time goes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Pace {
    /// As fast as it can be computed, and stopped while idle.
    #[default]
    Virtual,
    /// By the wall clock, at the sample period that the instrument's register holds.
    Real {
        /// Seconds of the instrument in a second.
        factor: f64,
        /// Rate of the line it pretends to have; a byte takes ten bits.
        baud: u32,
    },
}

/// How a server runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Time of the instrument.
    pub pace: Pace,
    /// Clock and shortest sample period of the instrument.
    pub parameters: Parameters,
    /// Most samples between two reads of the clients' requests: 1024 suits the model, 64 an engine that simulates
    /// every clock.
    pub chunk_samples: u32,
    /// In virtual time, the host gives the controls of continuous mode, and time stops at a window with the last of them until it has.
    pub is_led_by_host: bool,
    /// In virtual time, the next client gets the instrument as the last one left it, instead of freshly
    /// powered up. In real time it always does.
    pub keep: bool,
    /// Seed of the instrument that a client finds.
    pub seed: u64,
    /// Over TCP, control ends after so long without a request.
    pub idle: Duration,
    /// A longer watchdog is cut to this, at the sample period that the instrument has.
    pub watchdog_limit: Duration,
    /// Over TCP, the token that a client must present first.
    pub token: Option<Token>,
}

impl Settings {
    /// Whether time stops until the host has given the next controls.
    fn is_in_lockstep(&self) -> bool {
        self.is_led_by_host && self.pace == Pace::Virtual
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            pace: Pace::Virtual,
            parameters: Parameters::default(),
            chunk_samples: 1024,
            is_led_by_host: false,
            keep: false,
            seed: 1,
            idle: DEFAULT_LIMIT,
            watchdog_limit: DEFAULT_LIMIT,
            token: None,
        }
    }
}

/// Ends a server, and all waits in it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks for the end.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the end has been requested.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A server could not begin or go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServerError {
    /// See [`EngineError`].
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The address is taken, or not this computer's.
    #[error(
        "cannot listen at {address} ({what}): choose an address of this computer and a free port up to 65535, or end the program that has it"
    )]
    Bind {
        /// Asked for.
        address: String,
        /// Message of the system.
        what: String,
    },
    /// Other machines could reach it, and no token protects it.
    #[error("{address} can be reached from other computers: give a --token-file, or serve on this computer only")]
    Open {
        /// Asked for.
        address: String,
    },
    /// Other machines could reach it, and datagrams carry no token.
    #[error("{address} can be reached from other computers, and datagrams carry no token: serve on this computer only, or with --tcp and a --token-file")]
    OpenDatagrams {
        /// Asked for.
        address: String,
    },
    /// The system gives no pseudo-terminal.
    #[error("cannot make a pseudo-terminal ({what}): serve over TCP instead")]
    Pty {
        /// Message of the system.
        what: String,
    },
}

/// Powers up an instrument whose noise has this seed.
pub type EngineFactory = Box<dyn FnMut(u64) -> Result<Box<dyn Engine>, EngineError> + Send>;

/// Bytes for clients.
pub(crate) type Bytes = Arc<[u8]>;

/// Registers that were read, up to the first that could not be; `None`: the engine reads only for its session.
type Values = Option<(Status, Vec<u32>)>;

/// Events of a server.
pub(crate) enum Event {
    /// A client takes control.
    Joined {
        /// Destination of the instrument's frames.
        client: Sender<Bytes>,
        /// Nonce and last sequence number of the session it has begun already.
        session: Option<(u32, u16)>,
    },
    /// The client sends bytes.
    Bytes(Vec<u8>),
    /// The client has disconnected, or its control has ended.
    Left,
    /// Another client reads registers.
    Read {
        /// Address of the first.
        address: u16,
        /// Number.
        count: u8,
        /// Where they go.
        values: Sender<Values>,
    },
    /// A client subscribes to telemetry.
    Watches(Sender<Bytes>),
    /// The client no longer receives telemetry.
    Unwatches(Sender<Bytes>),
}

/// A client that comes, takes control or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The client can receive and read from here on, after the token if one is required.
    Connected(String),
    /// The client has written, and is in control.
    Controls(String),
    /// The client sent no request for too long.
    Released(String),
    /// The client is refused, with the reason.
    Refused(String, &'static str),
    /// The client has disconnected.
    Left(String),
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Presence::Connected(name) => write!(f, "{name} has connected"),
            Presence::Controls(name) => write!(f, "{name} takes control"),
            Presence::Released(name) => write!(f, "{name} has lost control after no request"),
            Presence::Refused(name, why) => write!(f, "{name} is turned away: {why}"),
            Presence::Left(name) => write!(f, "{name} has disconnected"),
        }
    }
}

/// Hears of clients.
#[derive(Clone, Default)]
struct Observer(Option<Arc<dyn Fn(Presence) + Send + Sync>>);

impl Observer {
    fn send(&self, presence: impl FnOnce() -> Presence) {
        if let Some(observer) = &self.0 {
            observer(presence());
        }
    }
}
