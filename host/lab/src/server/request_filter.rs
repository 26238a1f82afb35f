//! Filter of a client's bytes on their way to the engine.
//!
//! Frames pass unchanged, damaged ones included, except [`Operation::Restart`]. To identify its sender, the filter tracks the
//! session: its nonce and its last sequence number.

use hge_protocol::frame::{Operation, Reply, Request, Status};
use hge_protocol::wire::{Deframer, MOST_REQUEST_WORDS};
use memchr::memchr;
use zerocopy::little_endian::U32;

/// Most bytes of a frame that is held back until its end: the longest request, stuffed, and its delimiter. What is
/// longer is no request and passes as it comes.
pub(super) const MOST_BYTES: usize = 4 * MOST_REQUEST_WORDS + 4 + 2 + 1;

/// Action of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Hand these bytes to the engine.
    Pass(Vec<u8>),
    /// Hand this request, the session's next, to the engine.
    Write(Request),
    /// Power up a new engine and go on with the session in it.
    Restart { nonce: u32, sequence: u16, address: u16, seed: u64 },
    /// Say this.
    Answer(Reply),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Session {
    nonce: u32,
    last: u16,
    /// The last request was a restart.
    restarted: bool,
}

/// The way in.
#[derive(Debug)]
pub(super) struct RequestFilter {
    frame: Vec<u8>,
    /// The frame has grown too long: it passes as it comes.
    is_overlong: bool,
    deframer: Deframer,
    session: Option<Session>,
}

impl Default for RequestFilter {
    fn default() -> Self {
        RequestFilter {
            frame: Vec::new(),
            is_overlong: false,
            deframer: Deframer::new(MOST_REQUEST_WORDS),
            session: None,
        }
    }
}

impl RequestFilter {
    /// Another client sends from here on: in this session, or in one that it opens.
    pub(super) fn begin(&mut self, session: Option<(u32, u16)>) {
        let session = session.map(|(nonce, last)| Session { nonce, last, restarted: false });
        *self = RequestFilter { session, ..RequestFilter::default() };
    }

    /// Takes bytes; `restarts`: a restart is possible, else it passes like any other request.
    pub(super) fn push(&mut self, mut bytes: &[u8], restarts: bool) -> Vec<Order> {
        let mut orders = Vec::new();
        while let Some(end) = memchr(0, bytes) {
            self.frame.extend_from_slice(&bytes[..=end]);
            bytes = &bytes[end + 1..];
            let frame = std::mem::take(&mut self.frame);
            if std::mem::take(&mut self.is_overlong) || frame.len() > MOST_BYTES {
                orders.push(Order::Pass(frame));
                continue;
            }
            let mut request = None;
            self.deframer.push(&frame, |body| request = body.and_then(parse));
            orders.extend(match request {
                Some(request) => self.follow(request, frame, restarts),
                None => Some(Order::Pass(frame)),
            });
        }
        self.frame.extend_from_slice(bytes);
        if self.frame.len() > MOST_BYTES {
            self.is_overlong = true;
            orders.push(Order::Pass(std::mem::take(&mut self.frame)));
        }
        orders
    }

    /// The request's place in its session.
    fn follow(&mut self, request: Seen, frame: Vec<u8>, restarts: bool) -> Option<Order> {
        let Seen { kind, nonce, sequence, address, count: request_count, values } = request;
        let ours = self.session.filter(|session| session.nonce == nonce);
        let next = ours.is_some_and(|session| sequence == session.last.wrapping_add(1));
        let restart = kind == Operation::Restart.code() && values.len() == 2 && restarts;
        if !restart {
            if next || (kind == Operation::Hello.code() && ours.is_none()) {
                self.session = Some(Session { nonce, last: sequence, restarted: false });
            }
            let Ok(count) = u8::try_from(values.len()) else { return Some(Order::Pass(frame)) };
            let whole = kind == Operation::Write.code() && request_count == count && count > 0;
            return Some(match next && whole {
                true => {
                    let operation = Operation::Write;
                    Order::Write(Request { operation, nonce, sequence, address, count, values })
                }
                false => Order::Pass(frame),
            });
        }
        let reply = |status| Reply { nonce, sequence, status, address, values: Vec::new() };
        match ours {
            // As the instrument would: another host's session stands.
            None => Some(Order::Answer(reply(Status::Session))),
            Some(_) if next => {
                self.session = Some(Session { nonce, last: sequence, restarted: true });
                let seed = u64::from(values[0]) | u64::from(values[1]) << 32;
                Some(Order::Restart { nonce, sequence, address, seed })
            }
            // The same request once more: its reply was lost.
            Some(session) if session.restarted && session.last == sequence => {
                Some(Order::Answer(reply(Status::Ok)))
            }
            Some(_) => None,
        }
    }
}

/// A request on its way through.
struct Seen {
    kind: u8,
    nonce: u32,
    sequence: u16,
    address: u16,
    /// As in the header.
    count: u8,
    values: Vec<u32>,
}

/// Reads a body; lengths are the instrument's to judge.
fn parse(body: &[U32]) -> Option<Seen> {
    let word = |index: usize| body.get(index).map(|word| word.get());
    let (header, place) = (word(0)?, word(2)?);
    Some(Seen {
        kind: header as u8,
        nonce: word(1)?,
        sequence: (place >> 16) as u16,
        address: place as u16,
        count: (header >> 24) as u8,
        values: body[3..].iter().map(|word| word.get()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_protocol::frame::Request;
    use hge_protocol::wire::seal;

    fn line(operation: Operation, nonce: u32, sequence: u16, values: &[u32]) -> Vec<u8> {
        let (address, count) = (9, values.len() as u8);
        let request =
            Request { operation, nonce, sequence, address, count, values: values.to_vec() };
        let mut line = Vec::new();
        seal(&request.to_words(), &mut line);
        line
    }

    #[test]
    fn every_byte_passes_in_order_whatever_it_is() {
        let mut stream = vec![0, 0, 1, 2, 3, 0];
        stream.extend(line(Operation::Hello, 7, 3, &[]));
        stream.extend([0x55; 2 * MOST_BYTES]);
        stream.push(0);
        stream.extend(line(Operation::Write, 7, 4, &[9]));
        for piece in [1, 5, 100, stream.len()] {
            let mut filter = RequestFilter::default();
            let mut passed = Vec::new();
            for bytes in stream.chunks(piece) {
                for order in filter.push(bytes, true) {
                    match order {
                        Order::Pass(bytes) => passed.extend(bytes),
                        Order::Write(request) => seal(&request.to_words(), &mut passed),
                        other => panic!("{other:?}"),
                    }
                }
            }
            assert_eq!(passed, stream);
            assert_eq!(filter.session, Some(Session { nonce: 7, last: 4, restarted: false }));
        }
    }

    #[test]
    fn a_restart_is_carried_out_once_in_its_session_alone() {
        let mut filter = RequestFilter::default();
        filter.push(&line(Operation::Hello, 7, 65535, &[]), true);
        let restart = |sequence| line(Operation::Restart, 7, sequence, &[5, 1]);
        let done = filter.push(&restart(0), true);
        let seed = 5 | 1 << 32;
        assert_eq!(done, [Order::Restart { nonce: 7, sequence: 0, address: 9, seed }]);
        match filter.push(&restart(0), true).as_slice() {
            [Order::Answer(reply)] => assert_eq!(reply.status, Status::Ok),
            other => panic!("{other:?}"),
        }
        assert_eq!(filter.push(&restart(7), true), []);
        match filter.push(&line(Operation::Restart, 8, 1, &[5, 1]), true).as_slice() {
            [Order::Answer(reply)] => assert_eq!(reply.status, Status::Session),
            other => panic!("{other:?}"),
        }
        // Where nothing can be powered up, the instrument itself answers.
        assert_eq!(filter.push(&restart(1), false), [Order::Pass(restart(1))]);
    }
}
