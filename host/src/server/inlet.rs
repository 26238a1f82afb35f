//! From a client's bytes to what the engine is told.
//!
//! Frames pass unchanged, damaged ones too, but for [`Operation::Restart`]. On the way the session is followed:
//! its nonce, its last sequence number, and the watchdog it has set.

use hge_protocol::frame::{Operation, Reply, Request, Status};
use hge_protocol::registers as map;
use hge_protocol::wire::{seal, Deframer, MOST_REQUEST_WORDS};
use memchr::memchr;
use zerocopy::little_endian::U32;

/// Most bytes of a frame that is held back until its end: the longest request, stuffed, and its delimiter. What is
/// longer is no request and passes as it comes.
const MOST_BYTES: usize = 4 * MOST_REQUEST_WORDS + 4 + 2 + 1;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Hand these bytes to the engine.
    Pass(Vec<u8>),
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
pub(super) struct Inlet {
    frame: Vec<u8>,
    /// The frame has grown too long: it passes as it comes.
    passing: bool,
    deframer: Deframer,
    session: Option<Session>,
    /// Least watchdog written since power-up, 0: none.
    watchdog: u32,
    /// Samples since the session was heard.
    silent_samples: u64,
}

impl Default for Inlet {
    fn default() -> Self {
        Inlet {
            frame: Vec::new(),
            passing: false,
            deframer: Deframer::new(MOST_REQUEST_WORDS),
            session: None,
            watchdog: 0,
            silent_samples: 0,
        }
    }
}

impl Inlet {
    /// Takes bytes; `restarts`: a restart is possible, else it passes like any other request.
    pub(super) fn push(&mut self, mut bytes: &[u8], restarts: bool) -> Vec<Order> {
        let mut orders = Vec::new();
        while let Some(end) = memchr(0, bytes) {
            self.frame.extend_from_slice(&bytes[..=end]);
            bytes = &bytes[end + 1..];
            let frame = std::mem::take(&mut self.frame);
            if std::mem::take(&mut self.passing) || frame.len() > MOST_BYTES {
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
            self.passing = true;
            orders.push(Order::Pass(std::mem::take(&mut self.frame)));
        }
        orders
    }

    /// The request's place in its session.
    fn follow(&mut self, request: Seen, frame: Vec<u8>, restarts: bool) -> Option<Order> {
        let Seen { kind, nonce, sequence, address, values } = request;
        let ours = self.session.filter(|session| session.nonce == nonce);
        let next = ours.is_some_and(|session| sequence == session.last.wrapping_add(1));
        if ours.is_some() {
            self.silent_samples = 0;
        }
        let restart = kind == Operation::Restart.code() && values.len() == 2 && restarts;
        if !restart {
            if next || (kind == Operation::Hello.code() && ours.is_none()) {
                self.session = Some(Session { nonce, last: sequence, restarted: false });
            }
            if next && kind == Operation::Write.code() {
                self.watch(address, &values);
            }
            return Some(Order::Pass(frame));
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

    fn watch(&mut self, address: u16, values: &[u32]) {
        let place = usize::from(map::WATCHDOG.wrapping_sub(address));
        if let Some(&watchdog) = values.get(place).filter(|&&watchdog| watchdog > 0) {
            self.watchdog = if self.watchdog == 0 { watchdog } else { watchdog.min(self.watchdog) };
        }
    }

    /// The instrument has been powered up anew; the session, if any, goes on.
    pub(super) fn forget_watchdog(&mut self) {
        self.watchdog = 0;
        self.silent_samples = 0;
    }

    /// Samples that may pass until the watchdog has to be wound again.
    pub(super) fn most_samples(&self) -> u32 {
        if self.watchdog == 0 {
            u32::MAX
        } else {
            (self.watchdog / 4).max(1)
        }
    }

    /// Samples have passed.
    pub(super) fn pass(&mut self, samples: u32) {
        self.silent_samples += u64::from(samples);
    }

    /// What winds the watchdog, when that is due: a straggler of the session, which the instrument does not answer.
    pub(super) fn wind(&mut self) -> Option<Vec<u8>> {
        let session = self.session?;
        if self.watchdog == 0 || self.silent_samples < u64::from(self.watchdog / 4) {
            return None;
        }
        self.silent_samples = 0;
        let straggler = Request {
            operation: Operation::Read,
            nonce: session.nonce,
            sequence: session.last.wrapping_add(0x8000),
            address: map::STATUS,
            count: 1,
            values: Vec::new(),
        };
        let mut line = Vec::new();
        seal(&straggler.to_words(), &mut line);
        Some(line)
    }
}

/// A request on its way through.
struct Seen {
    kind: u8,
    nonce: u32,
    sequence: u16,
    address: u16,
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
        values: body[3..].iter().map(|word| word.get()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(operation: Operation, nonce: u32, sequence: u16, values: &[u32]) -> Vec<u8> {
        let (address, count) = (map::WATCHDOG, values.len() as u8);
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
            let mut inlet = Inlet::default();
            let mut passed = Vec::new();
            for bytes in stream.chunks(piece) {
                for order in inlet.push(bytes, true) {
                    match order {
                        Order::Pass(bytes) => passed.extend(bytes),
                        other => panic!("{other:?}"),
                    }
                }
            }
            assert_eq!(passed, stream);
            assert_eq!((inlet.most_samples(), inlet.session.unwrap().last), (2, 4));
        }
    }

    #[test]
    fn a_restart_is_carried_out_once_in_its_session_alone() {
        let mut inlet = Inlet::default();
        inlet.push(&line(Operation::Hello, 7, 65535, &[]), true);
        let restart = |sequence| line(Operation::Restart, 7, sequence, &[5, 1]);
        let done = inlet.push(&restart(0), true);
        let seed = 5 | 1 << 32;
        assert_eq!(
            done,
            [Order::Restart { nonce: 7, sequence: 0, address: map::WATCHDOG, seed }]
        );
        match inlet.push(&restart(0), true).as_slice() {
            [Order::Answer(reply)] => assert_eq!(reply.status, Status::Ok),
            other => panic!("{other:?}"),
        }
        assert_eq!(inlet.push(&restart(7), true), []);
        match inlet.push(&line(Operation::Restart, 8, 1, &[5, 1]), true).as_slice() {
            [Order::Answer(reply)] => assert_eq!(reply.status, Status::Session),
            other => panic!("{other:?}"),
        }
        // Where nothing can be powered up, the instrument itself answers.
        assert_eq!(inlet.push(&restart(1), false), [Order::Pass(restart(1))]);
    }

    #[test]
    fn the_watchdog_is_wound_at_a_quarter_of_its_time_and_only_of_a_session_that_set_it() {
        let mut inlet = Inlet::default();
        inlet.pass(1 << 30);
        assert_eq!(inlet.wind(), None);
        inlet.push(&line(Operation::Hello, 7, 1, &[]), true);
        inlet.push(&line(Operation::Write, 7, 2, &[1000]), true);
        inlet.pass(249);
        assert_eq!(inlet.wind(), None);
        inlet.pass(1);
        let wound = inlet.wind().expect("a straggler");
        let mut seen = None;
        Deframer::new(MOST_REQUEST_WORDS).push(&wound, |body| seen = body.and_then(parse));
        let seen = seen.expect("a request");
        assert_eq!((seen.nonce, seen.sequence), (7, 0x8002));
        assert_eq!(inlet.wind(), None);
    }
}
