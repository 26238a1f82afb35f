//! A connection to a server.

use super::{Ends, Link, LinkError, Received, Sink, Source};
use crate::link::Token;
use crate::text::quoted;
use hge_protocol::frame::Frame;
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// Time limit for a host to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Time limit of a write: requests are small, so it matters only for a stuck peer.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// Time limit of a reply: the engine behind a server may be slow, and the connection loses no bytes.
const REPLY_TIMEOUT: Duration = Duration::from_millis(625);

/// Interval of requests that keep control of a server: a small fraction of the shortest time after which control ends.
const KEEP_ALIVE: Duration = Duration::from_millis(500);

/// Time limit for a server to check a token.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(5);

/// Most characters of a server's sentence.
const MOST_CHARS: usize = 400;

/// A TCP connection.
pub struct Tcp {
    stream: TcpStream,
    name: String,
    /// Bytes after the reply to the token.
    read: Vec<u8>,
}

impl Tcp {
    /// Connects to `address`, host and port.
    ///
    /// # Errors
    /// The host is unknown, does not reply, or has no server at the port.
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

    /// Connects, and shows the server a token.
    ///
    /// # Errors
    /// As [`Tcp::open`]; or the server rejects the token.
    pub fn open_with(address: &str, token: Option<&Token>) -> Result<Self, LinkError> {
        let mut link = Tcp::open(address)?;
        if let Some(token) = token {
            link.show(token)?;
        }
        Ok(link)
    }

    fn show(&mut self, token: &Token) -> Result<(), LinkError> {
        // Another nonce than that of a session, which replies that come between have; it tells apart nothing else.
        let nonce = u32::MAX;
        let closed = |_| LinkError::Closed { name: self.name.clone() };
        self.stream.write_all(&token.request(nonce)).map_err(closed)?;
        let deadline = Instant::now() + TOKEN_TIMEOUT;
        let mut deframer = Deframer::new(MOST_FRAME_WORDS);
        let mut bytes = [0; 4096];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(LinkError::Stuck { name: self.name.clone() });
            }
            self.stream.set_read_timeout(Some(left)).map_err(closed)?;
            let count = match self.stream.read(&mut bytes) {
                Ok(0) => return Err(LinkError::Closed { name: self.name.clone() }),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return Err(LinkError::Stuck { name: self.name.clone() }),
            };
            self.read.extend_from_slice(&bytes[..count]);
            let mut answer = None;
            deframer.push(&bytes[..count], |body| match body.map(Frame::from_words) {
                Some(Ok(Frame::Reply(reply))) if reply.nonce == nonce => answer = Some(Ok(())),
                Some(Ok(Frame::Notice(_, sentence))) => answer = Some(Err(sentence)),
                _ => {}
            });
            match answer {
                Some(Ok(())) => return Ok(()),
                Some(Err(sentence)) => {
                    return Err(LinkError::Server { sentence: quoted(&sentence, MOST_CHARS) })
                }
                None => {}
            }
        }
    }

    /// A link over an open connection.
    ///
    /// # Errors
    /// The connection has failed.
    pub fn from_stream(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(SEND_TIMEOUT))?;
        let name = stream.peer_addr()?.to_string();
        Ok(Tcp { stream, name, read: Vec::new() })
    }
}

impl Link for Tcp {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn reply_timeout(&self) -> Duration {
        REPLY_TIMEOUT
    }

    fn keep_alive(&self) -> Option<Duration> {
        Some(KEEP_ALIVE)
    }

    fn split(self: Box<Self>) -> Result<Ends, LinkError> {
        let Tcp { stream, name, read } = *self;
        let other = stream.try_clone().map_err(|error| LinkError::Unreachable {
            address: name.clone(),
            what: error.to_string(),
        })?;
        let source = TcpSource { stream: other, name: name.clone(), read, timeout: None };
        Ok((Box::new(source), Box::new(TcpSink { stream, name })))
    }
}

struct TcpSource {
    stream: TcpStream,
    name: String,
    /// Came before the source was asked.
    read: Vec<u8>,
    /// As set in the socket.
    timeout: Option<Duration>,
}

impl Source for TcpSource {
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError> {
        if !self.read.is_empty() {
            into.append(&mut self.read);
            return Ok(Received::Bytes);
        }
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
