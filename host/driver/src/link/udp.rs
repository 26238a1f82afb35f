//! An instrument on a network of its own: the same bytes in UDP datagrams, from a served simulation.
//!
//! A datagram holds whole frames, or the first or a further part of one that is too long for it. One that begins a frame
//! begins with a delimiter, so that a lost datagram costs the frames in it alone: the driver finds their numbers missing and
//! asks again.

use super::{Ends, Link, LinkError, Received, Sink, Source};
use std::io::ErrorKind;
use std::net::{ToSocketAddrs, UdpSocket};
use std::time::Duration;

/// Port of an instrument unless another is named: "HG".
pub const DEFAULT_PORT: u16 = 0x4847;

/// Most bytes of a datagram: an Ethernet frame of 1500 bytes less the headers of IPv6 and UDP.
pub const DATAGRAM_BYTES: usize = 1452;

/// Bytes around a datagram on the line: preamble 8, Ethernet header 14, IPv4 20, UDP 8, checksum 4, gap 12.
pub const AROUND_BYTES: usize = 66;

/// Bits a second of the line.
pub const LINE_BITS_PER_S: u32 = 100_000_000;

/// Bytes of frames a second, in full datagrams.
pub const BYTES_PER_S: f64 = LINE_BITS_PER_S as f64 / 8.0 * (DATAGRAM_BYTES - 1) as f64
    / (DATAGRAM_BYTES + AROUND_BYTES) as f64;

/// Time limit of a reply: a line of 100 Mbit/s carries all that a telemetry memory holds in 21 ms, and the engine of a served
/// instrument may be in the middle of an advance.
const REPLY_TIMEOUT: Duration = Duration::from_millis(250);

/// Interval of requests that show a served instrument that its client is there.
const KEEP_ALIVE: Duration = Duration::from_millis(500);

/// Most bytes that may wait for the reader's thread, as far as the system allows: a third of a second of a full line.
#[cfg(unix)]
const BUFFER_BYTES: usize = 1 << 22;

/// A socket for one instrument.
pub struct Udp {
    socket: UdpSocket,
    name: String,
}

impl Udp {
    /// A socket for the instrument at `address`, host and port. Whether there is one shows the first reply.
    ///
    /// # Errors
    /// The host is unknown, or the system has no more sockets.
    pub fn open(address: &str) -> Result<Self, LinkError> {
        let unreachable = |what: String| LinkError::Unreachable { address: address.into(), what };
        let mut found =
            address.to_socket_addrs().map_err(|error| unreachable(error.to_string()))?;
        let peer = found.next().ok_or_else(|| unreachable("the name has no address".into()))?;
        let own = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(own).and_then(|socket| {
            socket.connect(peer)?;
            Ok(socket)
        });
        let socket = socket.map_err(|error| unreachable(error.to_string()))?;
        widen(&socket);
        Ok(Udp { socket, name: peer.to_string() })
    }
}

/// Enlarges the buffer for what arrives; a system that allows less gives what it allows.
#[cfg(unix)]
fn widen(socket: &UdpSocket) {
    let _ = rustix::net::sockopt::set_socket_recv_buffer_size(socket, BUFFER_BYTES);
}

#[cfg(not(unix))]
fn widen(_: &UdpSocket) {}

impl Link for Udp {
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
        let Udp { socket, name } = *self;
        let other = socket.try_clone().map_err(|error| LinkError::Unreachable {
            address: name.clone(),
            what: error.to_string(),
        })?;
        let source = UdpSource { socket: other, name: name.clone(), timeout: None };
        Ok((Box::new(source), Box::new(UdpSink { socket, name })))
    }
}

/// What the system says of a datagram that was not taken.
fn failed(name: &str, error: &std::io::Error) -> LinkError {
    match error.kind() {
        // The other computer has answered that no program has the port.
        ErrorKind::ConnectionRefused => LinkError::Refused { address: name.into() },
        _ => LinkError::Unreachable { address: name.into(), what: error.to_string() },
    }
}

struct UdpSource {
    socket: UdpSocket,
    name: String,
    /// As set in the socket.
    timeout: Option<Duration>,
}

impl Source for UdpSource {
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError> {
        // A timeout of zero would mean none.
        let timeout = timeout.max(Duration::from_millis(1));
        if self.timeout != Some(timeout) {
            let set = self.socket.set_read_timeout(Some(timeout));
            set.map_err(|error| failed(&self.name, &error))?;
            self.timeout = Some(timeout);
        }
        // More than a datagram may hold, so that a longer one is seen to be none of the instrument's.
        let mut bytes = [0; 2 * DATAGRAM_BYTES];
        match self.socket.recv(&mut bytes) {
            Ok(count) if count <= DATAGRAM_BYTES => {
                into.extend_from_slice(&bytes[..count]);
                Ok(Received::Bytes)
            }
            Ok(_) => Ok(Received::Nothing),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {
                    Ok(Received::Nothing)
                }
                _ => Err(failed(&self.name, &error)),
            },
        }
    }
}

struct UdpSink {
    socket: UdpSocket,
    name: String,
}

impl Sink for UdpSink {
    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        datagrams(bytes, |datagram| self.socket.send(datagram).map(|_| ()))
            .map_err(|error| failed(&self.name, &error))
    }
}

impl Drop for UdpSink {
    fn drop(&mut self) {
        // An empty datagram: this client is gone. One that is lost costs the next client two seconds.
        let _ = self.socket.send(&[]);
    }
}

/// Cuts whole frames, each with its delimiter, into datagrams for `send`: as many frames as fit, each datagram that begins a
/// frame with a delimiter before it.
///
/// # Errors
/// Those of `send`.
pub fn datagrams<E>(bytes: &[u8], mut send: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut datagram = Vec::with_capacity(DATAGRAM_BYTES);
    for frame in bytes.split_inclusive(|&byte| byte == 0).filter(|frame| frame != &[0]) {
        if !datagram.is_empty() && datagram.len() + frame.len() > DATAGRAM_BYTES {
            send(&datagram)?;
            datagram.clear();
        }
        let mut rest = frame;
        if datagram.is_empty() {
            datagram.push(0);
            while datagram.len() + rest.len() > DATAGRAM_BYTES {
                let (part, further) = rest.split_at(DATAGRAM_BYTES - datagram.len());
                datagram.extend_from_slice(part);
                send(&datagram)?;
                datagram.clear();
                rest = further;
            }
        }
        datagram.extend_from_slice(rest);
    }
    if datagram.is_empty() {
        Ok(())
    } else {
        send(&datagram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_protocol::frame::{Block, Frame, Record, SlotSums, Window};
    use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};

    fn window(slots: usize) -> Record {
        let sums = |k: usize| SlotSums { in_phase: k as i64 * 77_777_777, quadrature: -(k as i64) };
        Record::Window(Window {
            input: 0,
            epoch: 1,
            case: 0,
            start: 0,
            sample_clock: 9,
            flags: 0,
            sum_first: 5,
            sum_second: -6,
            min: -7,
            max: 8,
            slots: (0..slots).map(sums).collect(),
        })
    }

    fn frames() -> Vec<Vec<u8>> {
        let block =
            |time| Record::Block(Block { input: 0, time, decimation: 1, codes: vec![-1; 64] });
        let records = [window(256), block(0), block(64), window(3), window(130), block(128)];
        (0..).zip(records).map(|(n, record)| Frame::Telemetry(n, record).to_bytes()).collect()
    }

    fn numbers<'a>(datagrams: impl Iterator<Item = &'a Vec<u8>>) -> Vec<u32> {
        let (mut deframer, mut found) = (Deframer::new(MOST_FRAME_WORDS), Vec::new());
        for datagram in datagrams {
            deframer.push(datagram, |body| {
                if let Some(Ok(Frame::Telemetry(number, _))) = body.map(Frame::from_words) {
                    found.push(number);
                }
            });
        }
        found
    }

    #[test]
    fn datagrams_fit_an_ethernet_frame_and_bring_every_frame() {
        let mut sent: Vec<Vec<u8>> = Vec::new();
        let all: Result<(), ()> = datagrams(&frames().concat(), |datagram| {
            sent.push(datagram.to_vec());
            Ok(())
        });
        assert_eq!(all, Ok(()));
        assert!(sent.iter().all(|datagram| (1..=DATAGRAM_BYTES).contains(&datagram.len())));
        // 256 slots are 3 kB, in three datagrams; what follows shares the third and two more.
        assert_eq!(numbers(sent.iter()), [0, 1, 2, 3, 4, 5]);
        assert!(sent.len() <= 6, "{}", sent.len());
    }

    #[test]
    fn a_lost_datagram_costs_its_own_frames_alone() {
        let mut sent: Vec<(Vec<u8>, Vec<u32>)> = Vec::new();
        for (number, frame) in (0..).zip(frames()) {
            let cut: Result<(), ()> = datagrams(&frame, |datagram| {
                sent.push((datagram.to_vec(), vec![number]));
                Ok(())
            });
            assert_eq!(cut, Ok(()));
        }
        for lost in 0..sent.len() {
            let kept = sent.iter().enumerate().filter(|(n, _)| *n != lost).map(|(_, d)| &d.0);
            let wanted: Vec<u32> = (0..6).filter(|n| !sent[lost].1.contains(n)).collect();
            assert_eq!(numbers(kept), wanted, "datagram {lost}");
        }
    }

    #[test]
    fn an_instrument_that_is_not_there_is_named() {
        // A port that was free a moment ago.
        let free = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).unwrap();
        let link = Box::new(Udp::open(&free.to_string()).unwrap());
        let (mut source, mut sink) = link.split().unwrap();
        sink.send(&[1, 2, 0]).unwrap();
        let refused = source.receive(&mut Vec::new(), Duration::from_secs(5)).unwrap_err();
        assert!(refused.to_string().contains(&free.to_string()), "{refused}");
    }
}
