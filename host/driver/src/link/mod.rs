//! The byte stream between driver and instrument: a serial port, a TCP connection or UDP datagrams; other crates add links of their
//! own, such as a simulated instrument in this process.
//!
//! A [`Link`] splits into a [`Source`], owned by the driver's reader thread, and a [`Sink`] for
//! requests. Dropping the sink closes the link.

mod error;
mod kept;
pub mod ports;
pub mod serial;
mod spec;
pub mod tcp;
mod token;
pub mod udp;

pub use error::LinkError;
pub use kept::Kept;
pub use serial::Serial;
pub use spec::{LinkSpec, DEFAULT_BAUD, SIMULATED};
pub use tcp::Tcp;
pub use token::{Token, TOKEN_BYTES};
pub use udp::Udp;

use std::time::Duration;

/// The two directions of a pipe.
pub type Ends = (Box<dyn Source>, Box<dyn Sink>);

/// A pipe of bytes, not yet in use.
pub trait Link: Send {
    /// Name of the other end, for messages.
    fn name(&self) -> String;

    /// Time without a reply after which the request is repeated.
    fn reply_timeout(&self) -> Duration;

    /// Longest interval between requests of a client in control; `None`: unlimited.
    fn keep_alive(&self) -> Option<Duration> {
        None
    }

    /// The two directions.
    ///
    /// # Errors
    /// The system has no more handles.
    fn split(self: Box<Self>) -> Result<Ends, LinkError>;
}

/// Result of a wait for bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Some have been appended.
    Bytes,
    /// None yet.
    Nothing,
    /// None, and none will come: the other side has ended the connection.
    Closed,
}

/// The direction from the instrument.
pub trait Source: Send {
    /// Appends what has arrived to `into`; waits for `timeout` at most.
    ///
    /// # Errors
    /// The pipe broke.
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError>;
}

/// The direction to the instrument.
pub trait Sink: Send {
    /// Hands over all of `bytes`.
    ///
    /// # Errors
    /// The pipe broke, or accepted no bytes for seconds.
    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError>;
}

/// Opens the link that `spec` names; a server is shown `token`.
///
/// # Errors
/// One sentence with the problem and the remedy; [`LinkError::Simulated`] for a simulated instrument, which no link reaches.
pub fn open(spec: &LinkSpec, token: Option<&Token>) -> Result<Box<dyn Link>, LinkError> {
    Ok(match spec {
        LinkSpec::Simulated => return Err(LinkError::Simulated),
        LinkSpec::Tcp { address } => Box::new(Tcp::open_with(address, token)?),
        LinkSpec::Udp { address } => Box::new(Udp::open(address)?),
        LinkSpec::Serial { path, baud } => Box::new(Serial::open(path, *baud)?),
        LinkSpec::Ft245 { path } => Box::new(Serial::open(path, DEFAULT_BAUD)?),
    })
}
