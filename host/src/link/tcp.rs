//! A connection to a server.

use super::{Ends, Link, LinkError, Received, Sink, Source};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long a host may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a write may take: requests are small, so only a stuck peer needs it.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a reply may take: the engine behind a server may be slow, and nothing is lost on the way.
const REPLY_TIMEOUT: Duration = Duration::from_secs(1);

/// A TCP connection.
pub struct Tcp {
    stream: TcpStream,
    name: String,
}

impl Tcp {
    /// Connects to `address`, host and port.
    ///
    /// # Errors
    /// The host is unknown, does not answer, or nobody listens there.
    pub fn open(address: &str) -> Result<Self, LinkError> {
        let unreachable = |what: String| LinkError::Unreachable { address: address.into(), what };
        let found = address.to_socket_addrs().map_err(|error| unreachable(error.to_string()))?;
        let mut last = unreachable("the name has no address".into());
        for candidate in found {
            match TcpStream::connect_timeout(&candidate, CONNECT_TIMEOUT) {
                Ok(stream) => {
                    return Tcp::from_stream(stream).map_err(|e| unreachable(e.to_string()))
                }
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                    last = LinkError::Refused { address: address.into() };
                }
                Err(error) => last = unreachable(error.to_string()),
            }
        }
        Err(last)
    }

    /// A link over a connection that stands.
    ///
    /// # Errors
    /// The connection does not stand.
    pub fn from_stream(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(SEND_TIMEOUT))?;
        let name = stream.peer_addr()?.to_string();
        Ok(Tcp { stream, name })
    }
}

impl Link for Tcp {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn reply_timeout(&self) -> Duration {
        REPLY_TIMEOUT
    }

    fn split(self: Box<Self>) -> Result<Ends, LinkError> {
        let Tcp { stream, name } = *self;
        let other = stream.try_clone().map_err(|error| LinkError::Unreachable {
            address: name.clone(),
            what: error.to_string(),
        })?;
        let source = TcpSource { stream: other, name: name.clone(), timeout: None };
        Ok((Box::new(source), Box::new(TcpSink { stream, name })))
    }
}

struct TcpSource {
    stream: TcpStream,
    name: String,
    /// As set in the socket.
    timeout: Option<Duration>,
}

impl Source for TcpSource {
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError> {
        // A timeout of zero would mean none.
        let timeout = timeout.max(Duration::from_millis(1));
        let closed = || LinkError::Closed { name: self.name.clone() };
        if self.timeout != Some(timeout) {
            self.stream.set_read_timeout(Some(timeout)).map_err(|_| closed())?;
            self.timeout = Some(timeout);
        }
        let mut bytes = [0; 16384];
        match self.stream.read(&mut bytes) {
            Ok(0) => Ok(Received::Closed),
            Ok(count) => {
                into.extend_from_slice(&bytes[..count]);
                Ok(Received::Bytes)
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {
                    Ok(Received::Nothing)
                }
                _ => Err(closed()),
            },
        }
    }
}

struct TcpSink {
    stream: TcpStream,
    name: String,
}

impl Sink for TcpSink {
    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        self.stream.write_all(bytes).map_err(|error| match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                LinkError::Stuck { name: self.name.clone() }
            }
            _ => LinkError::Closed { name: self.name.clone() },
        })
    }
}

impl Drop for TcpSink {
    fn drop(&mut self) {
        // Wakes the source. A connection that has already ended is as good.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
