//! Requests: each is executed once, however often it must be sent.

use super::reader::{Answer, Shared};
use super::round_trip::RoundTrip;
use super::{Cancel, DriverError, Settings};
use crate::link::Sink;
use crossbeam::channel::{Receiver, RecvTimeoutError};
use hge_protocol::frame::{Notice, Operation, Reply, Request, Status};
use hge_protocol::registers as map;
use hge_protocol::wire::seal;
use rand::rngs::{OsRng, SmallRng};
use rand::{RngCore, SeedableRng, TryRngCore};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Interval of checks of the cancellation.
const CANCEL_INTERVAL: Duration = Duration::from_millis(20);

/// Time limit of a reply.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryPolicy {
    /// Until the request is sent again, at most: as soon as replies are measured, they decide.
    pub(super) timeout: Duration,
    /// In all.
    pub(super) total: Duration,
}

/// State of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Track {
    /// No session yet, or a request whose fate is unknown: the next one begins a session.
    Lost,
    /// One more than the last sequence number is next.
    Known,
    /// Somebody else has begun one.
    Taken,
}

/// Draws nonces.
enum Nonces {
    System,
    Seeded(SmallRng),
}

impl Nonces {
    fn draw(&mut self) -> Result<u32, DriverError> {
        loop {
            let nonce = match self {
                Nonces::System => OsRng
                    .try_next_u32()
                    .map_err(|error| DriverError::Entropy { what: error.to_string() })?,
                Nonces::Seeded(random) => random.next_u32(),
            };
            // Zero is what memory holds at power-up.
            if nonce != 0 {
                return Ok(nonce);
            }
        }
    }
}

/// Content of a request, without its place in the session.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) operation: Operation,
    pub(super) address: u16,
    pub(super) count: u8,
    pub(super) values: Vec<u32>,
}

/// The way of requests: one at a time.
pub(super) struct Requests {
    /// `None` once the link is closed.
    sink: Option<Box<dyn Sink>>,
    answers: Receiver<Answer>,
    shared: Arc<Shared>,
    name: String,
    nonces: Nonces,
    nonce: u32,
    sequence: u16,
    track: Track,
    /// Message of a server that ended this client's control.
    ended: Option<String>,
    round_trip: RoundTrip,
    /// The last request was sent as long as there is patience, and not answered.
    pub(super) silent: bool,
    /// When the instrument last answered.
    pub(super) last_reply: Instant,
    pub(super) patience: RetryPolicy,
    cancel: Cancel,
}

impl Requests {
    pub(super) fn new(
        sink: Box<dyn Sink>,
        answers: Receiver<Answer>,
        shared: Arc<Shared>,
        name: String,
        timeout: Duration,
        settings: &Settings,
    ) -> Self {
        let timeout = settings.reply_timeout.unwrap_or(timeout);
        Requests {
            sink: Some(sink),
            answers,
            shared,
            name,
            nonces: settings
                .nonce_seed
                .map_or(Nonces::System, |seed| Nonces::Seeded(SmallRng::seed_from_u64(seed))),
            nonce: 0,
            sequence: 0,
            track: Track::Lost,
            ended: None,
            round_trip: RoundTrip::default(),
            silent: false,
            last_reply: Instant::now(),
            patience: RetryPolicy { timeout, total: timeout * settings.attempts.max(1) },
            cancel: settings.cancel.clone(),
        }
    }

    /// From here on requests are not cancelled: they bring the instrument to safety.
    pub(super) fn ignore_cancel(&mut self) {
        self.cancel = Cancel::default();
    }

    /// Another host has the instrument, or a server has ended this one's control.
    pub(super) fn is_taken(&self) -> bool {
        self.track == Track::Taken
    }

    /// Closes the link.
    pub(super) fn close(&mut self) {
        self.sink = None;
    }

    /// Sends a request until its reply comes. Returns the reply, and which one it is on this link.
    pub(super) fn ask(
        &mut self,
        ask: &Ask,
        patience: RetryPolicy,
    ) -> Result<(Reply, u64), DriverError> {
        match self.track {
            Track::Known => {}
            Track::Taken => {
                let sentence = self.ended.clone();
                return Err(sentence
                    .map_or(DriverError::Session, |sentence| DriverError::Server { sentence }));
            }
            Track::Lost => self.open_session(patience)?,
        }
        self.sequence = self.sequence.wrapping_add(1);
        if ask.operation == Operation::Restart {
            self.shared.expect_restart(self.nonce, self.sequence);
        }
        self.exchange(ask, patience)
    }

    fn open_session(&mut self, patience: RetryPolicy) -> Result<(), DriverError> {
        let drawn = self.nonces.draw()?;
        self.nonce = drawn;
        // The nonce tells sessions apart; where the numbers begin is of no matter.
        self.sequence = (drawn >> 16) as u16;
        let hello = Ask { operation: Operation::Hello, address: 0, count: 0, values: Vec::new() };
        let (reply, _) = self.exchange(&hello, patience)?;
        if reply.status != Status::Ok {
            return Err(refused(&hello, &reply));
        }
        Ok(())
    }

    fn exchange(&mut self, ask: &Ask, patience: RetryPolicy) -> Result<(Reply, u64), DriverError> {
        // Until the reply is there nobody knows whether it was carried out.
        self.track = Track::Lost;
        let Ask { operation, address, count, ref values } = *ask;
        let (nonce, sequence) = (self.nonce, self.sequence);
        let request =
            Request { operation, nonce, sequence, address, count, values: values.clone() };
        // A zero ends whatever damage may stand before a first or a repeated request.
        let mut line = vec![0];
        seal(&request.to_words(), &mut line);
        // Waits are counted, not the clock: a program that was stopped and goes on has not waited.
        let mut waited = Duration::ZERO;
        let mut attempts = 0;
        while attempts == 0 || waited < patience.total {
            let leading = usize::from(attempts == 0 && operation != Operation::Hello);
            attempts += 1;
            self.send(&line[leading..])?;
            let sent = Instant::now();
            let wait = self.round_trip.timeout(patience.timeout).min(patience.total - waited);
            if let Some((reply, which)) = self.await_reply(sent + wait)? {
                self.last_reply = Instant::now();
                self.silent = false;
                if attempts == 1 {
                    self.round_trip.measure(self.last_reply - sent);
                }
                if reply.status == Status::Session {
                    self.track = Track::Taken;
                    return Err(DriverError::Session);
                }
                self.track = Track::Known;
                return Ok((reply, which));
            }
            waited += wait;
            self.round_trip.back_off();
        }
        self.silent |= patience.total >= self.patience.total;
        if let Some(error) = self.shared.strange() {
            return Err(error.into());
        }
        Err(DriverError::Silent {
            name: self.name.clone(),
            attempts,
            seconds: patience.total.as_secs_f64(),
        })
    }

    /// Hands bytes to the link as they are.
    pub(super) fn send(&mut self, line: &[u8]) -> Result<(), DriverError> {
        let sent = match &mut self.sink {
            Some(sink) => sink.send(line),
            None => return Err(self.end()),
        };
        // Where both directions broke, the reader knows better why.
        sent.map_err(|error| self.shared.ended().unwrap_or(error).into())
    }

    /// The reply to the present request; late, repeated and foreign ones are discarded.
    fn await_reply(&mut self, deadline: Instant) -> Result<Option<(Reply, u64)>, DriverError> {
        loop {
            if self.cancel.is_cancelled() {
                return Err(DriverError::Cancelled);
            }
            let slice = deadline.min(Instant::now() + CANCEL_INTERVAL);
            match self.answers.recv_deadline(slice) {
                Ok(Answer::Reply(reply, which)) => {
                    if reply.nonce == self.nonce && reply.sequence == self.sequence {
                        return Ok(Some((reply, which)));
                    }
                }
                Ok(Answer::Notice(Notice::InUse, sentence)) => {
                    return Err(DriverError::InUse { sentence })
                }
                Ok(Answer::Notice(_, sentence)) => {
                    self.track = Track::Taken;
                    self.ended = Some(sentence.clone());
                    return Err(DriverError::Server { sentence });
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.end()),
            }
        }
    }

    fn end(&self) -> DriverError {
        let closed = crate::link::LinkError::Closed { name: self.name.clone() };
        self.shared.ended().unwrap_or(closed).into()
    }
}

/// The register of a request that was refused, and the reason.
pub(super) fn refused(ask: &Ask, reply: &Reply) -> DriverError {
    let done = match ask.operation {
        Operation::Read => reply.values.len() as u16,
        Operation::Write => reply.values.first().copied().unwrap_or(0) as u16,
        Operation::Hello | Operation::Restart | Operation::Authenticate => 0,
    };
    let address = ask.address.wrapping_add(done);
    let register = match map::find(address) {
        None => "?".into(),
        Some(register) if register.count == 1 => register.name.into(),
        Some(register) => format!("{}[{}]", register.name, address - register.address),
    };
    DriverError::Refused { operation: ask.operation, register, address, status: reply.status }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::LinkError;
    use crate::Health;
    use crossbeam::channel::{unbounded, Sender};
    use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};

    /// An instrument that sends a reply of another session before every one of this session.
    struct TwoSessions(Sender<Answer>);

    impl Sink for TwoSessions {
        fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
            Deframer::new(MOST_FRAME_WORDS).push(bytes, |body| {
                let body = body.expect("a whole frame");
                let (session, sequence) = (body[1].get(), (body[2].get() >> 16) as u16);
                for (nonce, value) in [(session ^ 1, 666), (session, 42)] {
                    let (status, values) = (Status::Ok, vec![value]);
                    let reply = Reply { nonce, sequence, status, address: 0, values };
                    self.0.send(Answer::Reply(reply, 0)).expect("a reader");
                }
            });
            Ok(())
        }
    }

    #[test]
    fn a_reply_of_another_session_is_not_taken_though_its_sequence_number_is_this_requests() {
        let (sender, answers) = unbounded();
        let shared = Arc::new(Shared::new(Health::default()));
        let settings = Settings { nonce_seed: Some(1), ..Settings::default() };
        let timeout = Duration::from_secs(10);
        let sink = Box::new(TwoSessions(sender));
        let mut requests = Requests::new(sink, answers, shared, "two".into(), timeout, &settings);
        let ask = Ask { operation: Operation::Read, address: 0, count: 1, values: Vec::new() };
        let (reply, _) = requests.ask(&ask, requests.patience).expect("a reply");
        assert_eq!(reply.values, [42]);
    }

    /// The first request exceeds all time limits, as when a program is stopped and continued, and is lost.
    struct Stopped(Sender<Answer>, u32);

    impl Sink for Stopped {
        fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
            self.1 += 1;
            if self.1 == 1 {
                std::thread::sleep(3 * PATIENCE);
                return Ok(());
            }
            TwoSessions(self.0.clone()).send(bytes)
        }
    }

    const PATIENCE: Duration = Duration::from_millis(40);

    #[test]
    fn a_program_that_was_stopped_has_not_waited() {
        let (sender, answers) = unbounded();
        let shared = Arc::new(Shared::new(Health::default()));
        let settings = Settings { nonce_seed: Some(1), attempts: 2, ..Settings::default() };
        let sink = Box::new(Stopped(sender, 0));
        let name = "stopped".into();
        let mut requests = Requests::new(sink, answers, shared, name, PATIENCE / 2, &settings);
        // The second request is a whole one: the session is begun by the repeated hello.
        let ask = Ask { operation: Operation::Read, address: 0, count: 1, values: Vec::new() };
        let (reply, _) = requests.ask(&ask, requests.patience).expect("a reply");
        assert_eq!(reply.values, [42]);
    }
}
