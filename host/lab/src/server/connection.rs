//! One client over TCP.
//!
//! The connection ends unless its first byte is that of a request: no request of a
//! browser and no greeting of another protocol begins so. If the server requires a token, it must come next.
//! While another client is in control, a client has its own session here, and its reads bypass the link: the gateware has one session,
//! that of the client in control, whose watchdog only that client restarts. The first write takes control.

use super::control::Control;
use super::request_filter::MOST_BYTES;
use super::running::{is_wait, send};
use super::{Bytes, Event, Observer, Presence, Stop, Values, STOP_INTERVAL};
use crossbeam::channel::{bounded, RecvTimeoutError, Sender};
use hge_driver::link::Token;
use hge_protocol::frame::{Frame, Notice, Operation, Status};
use hge_protocol::wire::{Deframer, MOST_REQUEST_WORDS};
use hge_sim::model::session::{reply, Session, Verdict, Work};
use memchr::memchr;
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use zerocopy::little_endian::U32;

/// Every request begins with it. A request's body begins with its operation, the words that follow (67 at most, so that
/// the upper byte is zero), and the stuffing begins with the distance to the first zero.
const FIRST_BYTE: u8 = 3;

/// Damaged frames before the first valid one after which the connection ends.
const MOST_DAMAGED: u32 = 8;

/// Time limit for a client's token.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a connection ends.
const NO_REQUEST: &str = "it sent something other than a request";
const NO_TOKEN: &str = "it presented no token, or a wrong one";

/// The end of a connection.
enum End {
    /// The client has disconnected, or the server ends.
    Gone,
    /// The connection is refused.
    Refused(&'static str),
}

/// Role of the client.
enum Role {
    /// The client reads and receives telemetry.
    Beside(Session),
    /// The client is in control, in this session with this last sequence number.
    Controls { nonce: u32, last: u16 },
}

/// One client and what its reader knows.
pub(super) struct Connection {
    from: SocketAddr,
    control: Control,
    observer: Observer,
    events: Sender<Event>,
    stop: Stop,
    /// Outgoing messages.
    queue: Sender<Bytes>,
    /// Credentials that it must still present.
    token: Option<Token>,
    role: Role,
    /// A valid frame has arrived.
    known: bool,
    damaged: u32,
    /// The frame so far.
    frame: Vec<u8>,
    /// The frame has grown too long: the rest of it passes, or is dropped, as it comes.
    overlong: bool,
    /// A notice for which there was no room.
    owed: Option<Bytes>,
}

/// State shared by all connections of a server.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) control: Control,
    pub(super) observer: Observer,
    pub(super) events: Sender<Event>,
    pub(super) stop: Stop,
    pub(super) token: Option<Token>,
}

impl Connection {
    pub(super) fn new(from: SocketAddr, shared: Shared, queue: Sender<Bytes>) -> Self {
        let Shared { control, observer, events, stop, token } = shared;
        Connection {
            from,
            control,
            observer,
            events,
            stop,
            queue,
            token,
            role: Role::Beside(Session::default()),
            known: false,
            damaged: 0,
            frame: Vec::new(),
            overlong: false,
            owed: None,
        }
    }

    /// Reads until the client leaves or is turned away.
    pub(super) fn serve(mut self, stream: &mut TcpStream) {
        if self.token.is_none() {
            self.report(Event::Watches(self.queue.clone()));
        }
        if let End::Refused(why) = self.read(stream) {
            self.observer.send(|| Presence::Refused(self.from.to_string(), why));
        }
        self.report(match self.role {
            Role::Beside(_) => Event::Unwatches(self.queue.clone()),
            Role::Controls { .. } => Event::Left,
        });
        if matches!(self.role, Role::Controls { .. }) {
            // First the server, then the next who wants control.
            self.control.leave();
        }
        self.observer.send(|| Presence::Left(self.from.to_string()));
    }

    fn read(&mut self, stream: &mut TcpStream) -> End {
        let begun = Instant::now();
        let mut bytes = [0; 4096];
        while !self.stop.is_stopped() {
            let count = match stream.read(&mut bytes) {
                Ok(0) => return End::Gone,
                Ok(count) => count,
                Err(error) if is_wait(&error) => 0,
                Err(_) => return End::Gone,
            };
            if let Err(end) = self.take(&bytes[..count]) {
                return end;
            }
            if self.token.is_some() && begun.elapsed() >= TOKEN_TIMEOUT {
                return End::Refused(NO_TOKEN);
            }
            if matches!(self.role, Role::Controls { .. }) {
                if let Some(sentence) = self.control.overdue() {
                    self.release(sentence);
                }
            }
            if let Some(notice) = self.owed.take() {
                self.owe(notice);
            }
        }
        End::Gone
    }

    /// Takes bytes as they come.
    fn take(&mut self, mut bytes: &[u8]) -> Result<(), End> {
        while !bytes.is_empty() {
            if !self.known && self.frame.is_empty() {
                let Some(first) = bytes.iter().position(|&byte| byte != 0) else { return Ok(()) };
                bytes = &bytes[first..];
                if bytes[0] != FIRST_BYTE {
                    return Err(End::Refused(NO_REQUEST));
                }
            }
            let end = memchr(0, bytes);
            let (piece, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            bytes = rest;
            self.frame.extend_from_slice(piece);
            if self.overlong || self.frame.len() > MOST_BYTES {
                if !self.known {
                    return Err(End::Refused(NO_REQUEST));
                }
                self.overlong = end.is_none();
                let frame = std::mem::take(&mut self.frame);
                self.pass(frame)?;
            } else if end.is_some() {
                let frame = std::mem::take(&mut self.frame);
                self.take_frame(frame)?;
            }
        }
        Ok(())
    }

    fn take_frame(&mut self, frame: Vec<u8>) -> Result<(), End> {
        let mut sound: Option<Vec<U32>> = None;
        let mut deframer = Deframer::new(MOST_REQUEST_WORDS);
        deframer.push(&frame, |body| sound = body.map(<[U32]>::to_vec));
        let Some(body) = sound else {
            self.damaged += u32::from(deframer.damaged() > 0 && !self.known);
            if self.damaged > MOST_DAMAGED {
                return Err(End::Refused(NO_REQUEST));
            }
            return self.pass(frame);
        };
        self.known = true;
        if body[0].get() as u8 == Operation::Authenticate.code() {
            return self.authenticate(&body);
        }
        if self.token.is_some() {
            return Err(self.no_token("requires a token"));
        }
        match self.role {
            Role::Beside(_) => self.beside(&body, frame),
            Role::Controls { .. } => self.control(&body, frame),
        }
    }

    /// Bytes that are not a request: passed to the instrument if this client is in control, else discarded.
    fn pass(&mut self, bytes: Vec<u8>) -> Result<(), End> {
        match self.role {
            Role::Controls { .. } => self.report_or_end(Event::Bytes(bytes)),
            Role::Beside(_) => Ok(()),
        }
    }

    fn authenticate(&mut self, body: &[U32]) -> Result<(), End> {
        if let Some(token) = &self.token {
            let shown: Vec<u8> =
                body[3..].iter().flat_map(|word| word.get().to_le_bytes()).collect();
            let length = (body[0].get() >> 24) as usize;
            if !shown.get(..length).is_some_and(|shown| token.is(shown)) {
                return Err(self.no_token("rejects this token"));
            }
            self.token = None;
            self.report(Event::Watches(self.queue.clone()));
        }
        self.answer(body, Status::Ok, &[]);
        Ok(())
    }

    fn no_token(&mut self, what: &str) -> End {
        self.notice(
            Notice::Token,
            format!("the server {what}: give the file with the token as --token-file, or in HGE_TOKEN_FILE"),
        );
        End::Refused(NO_TOKEN)
    }

    /// A request of a client that is not in control.
    fn beside(&mut self, body: &[U32], frame: Vec<u8>) -> Result<(), End> {
        let Role::Beside(session) = &mut self.role else { return Ok(()) };
        let (nonce, sequence) = place(body);
        let before = session.clone();
        if body[0].get() as u8 == Operation::Restart.code() && session.is_next(nonce, sequence) {
            return self.take_control(nonce, sequence, frame);
        }
        let (status, values) = match session.judge(body).0 {
            Verdict::Ignore => return Ok(()),
            Verdict::Answer(words) => {
                self.send(&words);
                return Ok(());
            }
            Verdict::Execute(Work::Greet) => {
                self.control.settle(&self.stop);
                (Status::Ok, Vec::new())
            }
            Verdict::Execute(Work::Refuse) => (Status::BadRequest, Vec::new()),
            Verdict::Execute(Work::Read(address, count)) => match self.peek(address, count)? {
                Some(values) => values,
                None => {
                    self.role = Role::Beside(before);
                    return self.take_control(nonce, sequence, frame);
                }
            },
            Verdict::Execute(Work::Write(..)) => {
                self.role = Role::Beside(before);
                return self.take_control(nonce, sequence, frame);
            }
        };
        self.answer(body, status, &values);
        Ok(())
    }

    fn peek(&self, address: u16, count: u8) -> Result<Values, End> {
        let (values, found) = bounded(1);
        self.report_or_end(Event::Read { address, count, values })?;
        loop {
            match found.recv_timeout(STOP_INTERVAL) {
                Ok(values) => return Ok(values),
                Err(RecvTimeoutError::Timeout) if !self.stop.is_stopped() => {}
                Err(_) => return Err(End::Gone),
            }
        }
    }

    /// Takes control for a request, unless another client has it.
    fn take_control(&mut self, nonce: u32, sequence: u16, frame: Vec<u8>) -> Result<(), End> {
        if let Err(sentence) = self.control.take(self.from, &self.stop) {
            self.notice(Notice::InUse, sentence);
            return Ok(());
        }
        self.role = Role::Controls { nonce, last: sequence };
        self.observer.send(|| Presence::Controls(self.from.to_string()));
        self.report_or_end(Event::Unwatches(self.queue.clone()))?;
        let session = Some((nonce, sequence.wrapping_sub(1)));
        self.report_or_end(Event::Joined { client: self.queue.clone(), session })?;
        self.report_or_end(Event::Bytes(frame))
    }

    /// A request of the client in control: the instrument's to judge.
    fn control(&mut self, body: &[U32], frame: Vec<u8>) -> Result<(), End> {
        let Role::Controls { nonce, last } = &mut self.role else { return Ok(()) };
        let (of, sequence) = place(body);
        let hello = body[0].get() as u8 == Operation::Hello.code();
        if of == *nonce {
            self.control.note_request();
            if sequence == last.wrapping_add(1) {
                *last = sequence;
            }
        } else if hello {
            self.control.note_request();
            (*nonce, *last) = (of, sequence);
        }
        self.report_or_end(Event::Bytes(frame))
    }

    /// Control ends; the client stays, and may regain it if it is free.
    fn release(&mut self, sentence: String) {
        let Role::Controls { nonce, last } = self.role else { return };
        self.role = Role::Beside(Session::at(nonce, last));
        self.report(Event::Left);
        self.control.leave();
        self.notice(Notice::Released, sentence);
        self.report(Event::Watches(self.queue.clone()));
        self.observer.send(|| Presence::Released(self.from.to_string()));
    }

    fn answer(&mut self, body: &[U32], status: Status, values: &[u32]) {
        let words = reply(body, status, values);
        if let Role::Beside(session) = &mut self.role {
            session.keep(&words);
        }
        self.send(&words);
    }

    fn send(&self, words: &[u32]) {
        let mut line = Vec::new();
        hge_protocol::wire::seal(words, &mut line);
        // Full: it does not read. A request whose reply is lost here is sent again.
        let _ = self.queue.try_send(line.into());
    }

    fn notice(&mut self, reason: Notice, sentence: String) {
        self.owe(Frame::Notice(reason, sentence).to_bytes().into());
    }

    fn owe(&mut self, notice: Bytes) {
        if let Err(full) = self.queue.try_send(notice) {
            self.owed = Some(full.into_inner());
        }
    }

    fn report(&self, event: Event) -> bool {
        send(&self.events, event, &self.stop)
    }

    fn report_or_end(&self, event: Event) -> Result<(), End> {
        if self.report(event) {
            Ok(())
        } else {
            Err(End::Gone)
        }
    }
}

/// Nonce and sequence number of a request.
fn place(body: &[U32]) -> (u32, u16) {
    (body[1].get(), (body[2].get() >> 16) as u16)
}
