//! Errors of links.

use std::sync::Arc;
use thiserror::Error;

/// The pipe could not be opened, or broke.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// No link is named so.
    #[error("`{spec}` is not a link: {change}")]
    Spec {
        /// As given.
        spec: String,
        /// The remedy.
        change: &'static str,
    },
    /// No such serial port.
    #[error("there is no serial port {path}: {}", there_are(ports))]
    NoPort {
        /// Asked for.
        path: String,
        /// Ports that exist.
        ports: Vec<String>,
    },
    /// The port belongs to others.
    #[error("no permission to open {path}: {}", join(group.as_deref()))]
    Permission {
        /// Asked for.
        path: String,
        /// Group that may open it.
        group: Option<String>,
    },
    /// Another program has the port.
    #[error("{path} is in use by another program: end that program, only one can control the instrument")]
    Busy {
        /// Asked for.
        path: String,
    },
    /// Anything else the system has against the port.
    #[error("{path} cannot be opened as a serial port at {baud} baud ({what}): name the instrument's port and a baud rate that it supports")]
    NotSerial {
        /// Asked for.
        path: String,
        /// Asked for.
        baud: u32,
        /// Message of the system.
        what: String,
    },
    /// Nobody listens.
    #[error("nothing listens at {address}: start `hge serve` there, or correct host and port")]
    Refused {
        /// Host and port.
        address: String,
    },
    /// The host is not found or does not answer.
    #[error("{address} cannot be reached ({what}): check host, port and network")]
    Unreachable {
        /// Host and port.
        address: String,
        /// Message of the system.
        what: String,
    },
    /// The port has disappeared.
    #[error("the port {name} has disappeared: plug the instrument in again and restart")]
    Gone {
        /// The link.
        name: String,
    },
    /// The other side has ended the connection.
    #[error("{name} has closed the connection: find the reason there, and connect again")]
    Closed {
        /// The link.
        name: String,
    },
    /// A driver has a link that is lent to one at a time.
    #[error("another driver in this program uses {name}: end that one first")]
    Lent {
        /// The link.
        name: String,
    },
    /// A server wants another token, or has no room.
    #[error("{sentence}")]
    Server {
        /// Message of the server.
        sentence: String,
    },
    /// Bytes are not taken.
    #[error("{name} accepts no bytes: check that the other side is running")]
    Stuck {
        /// The link.
        name: String,
    },
    /// A link of another crate failed.
    #[error("{0}")]
    Behind(Arc<dyn std::error::Error + Send + Sync>),
    /// `sim` where an instrument has to be there already.
    #[error("sim is an instrument simulated in this program, and this command needs a running one: give tcp:HOST:PORT, udp:HOST, serial:PATH or ft245:PATH")]
    Simulated,
}

fn there_are(ports: &[String]) -> String {
    if ports.is_empty() {
        "there are no serial ports, plug the instrument in".into()
    } else {
        format!("choose {}, or plug the instrument in", ports.join(", "))
    }
}

fn join(group: Option<&str>) -> String {
    match group {
        Some(group) => format!(
            "add yourself to group {group} (`sudo usermod -aG {group} $USER`) and log in again"
        ),
        None => "ask the administrator of this computer for it".into(),
    }
}
