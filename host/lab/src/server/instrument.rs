//! The loop of a server: engine, controlling client, other clients.

use super::lockstep::Lockstep;
use super::pace::Pacer;
use super::request_filter::{Order, RequestFilter};
use super::shadow::Shadow;
use super::telemetry_splitter::TelemetrySplitter;
use super::{
    Bytes, EngineFactory, Event, Observer, Pace, Presence, ServerError, Settings, Stop, Values,
    STOP_INTERVAL,
};
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, TrySendError};
use hge_protocol::frame::{Frame, Operation, Reply, Request, Status};
use hge_protocol::registers::{self as map, command};
use hge_protocol::wire::seal;
use hge_sim::engine::{Engine, EngineError, Time};
use std::time::Duration;

/// Most bytes that one advance of virtual time may bring.
const ROOM_BYTES: usize = 16384;

/// How often a client that does not read is tried again: its queue then holds up to a megabyte, which no client
/// reads in a shorter time.
const FULL_INTERVAL: Duration = Duration::from_millis(1);

/// Nonces of the server's own sessions: "HGE2", then incremented.
const FIRST_NONCE: u32 = 0x4847_4532;

/// A simulated instrument and the part between it and its clients.
pub struct Server {
    engine: Box<dyn Engine>,
    factory: Option<EngineFactory>,
    pub(super) settings: Settings,
    request_filter: RequestFilter,
    telemetry_splitter: TelemetrySplitter,
    shadow: Shadow,
    lockstep: Option<Lockstep>,
    client: Option<Sender<Bytes>>,
    /// Frames that did not fit into the client's queue.
    unsent: Option<Bytes>,
    watchers: Vec<Sender<Bytes>>,
    pub(super) observer: Observer,
    /// Nonce of the latest session of the server's own.
    own_nonce: u32,
    /// A client has controlled this instrument since it was powered up.
    used: bool,
    resting: bool,
    /// Time stands until the client's next request.
    stands: bool,
    output: Vec<u8>,
}

impl Server {
    /// A server that powers up instruments by `factory`; the first one immediately.
    ///
    /// # Errors
    /// The engine is not there or cannot be built.
    pub fn new(mut factory: EngineFactory, settings: Settings) -> Result<Self, EngineError> {
        let engine = factory(settings.seed)?;
        let mut server = Server::with_engine(engine, settings);
        server.factory = Some(factory);
        Ok(server)
    }

    /// A server for this one instrument, which cannot be powered up again.
    pub fn with_engine(engine: Box<dyn Engine>, settings: Settings) -> Self {
        Server {
            engine,
            factory: None,
            shadow: Shadow::new(&settings),
            lockstep: settings.is_in_lockstep().then(|| Lockstep::new(settings.parameters.inputs)),
            settings,
            request_filter: RequestFilter::default(),
            telemetry_splitter: TelemetrySplitter::default(),
            client: None,
            unsent: None,
            watchers: Vec::new(),
            observer: Observer::default(),
            own_nonce: FIRST_NONCE,
            used: false,
            resting: false,
            stands: false,
            output: Vec::new(),
        }
    }

    /// This server with an `observer` of connecting and disconnecting clients.
    pub fn observed(mut self, observer: impl Fn(Presence) + Send + Sync + 'static) -> Self {
        self.observer = Observer(Some(std::sync::Arc::new(observer)));
        self
    }

    /// This server with other client settings: idle time, longest watchdog, token.
    pub fn limited(
        mut self,
        idle: Duration,
        watchdog: Duration,
        token: Option<hge_driver::link::Token>,
    ) -> Self {
        (self.settings.idle, self.settings.watchdog_limit) = (idle, watchdog);
        self.settings.token = token;
        self.shadow = Shadow::new(&self.settings);
        self
    }

    /// Serves until `stop`, or until there is no more source of events.
    pub(crate) fn run(mut self, events: &Receiver<Event>, stop: &Stop) -> Result<(), ServerError> {
        let mut pacer = Pacer::new(self.settings.pace);
        while !stop.is_stopped() {
            match self.next_event(events, &pacer) {
                Ok(event) => self.take(event)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            match self.settings.pace {
                Pace::Virtual => self.go_on()?,
                Pace::Real { .. } => self.keep_pace(&mut pacer)?,
            }
        }
        Ok(())
    }

    fn next_event(
        &self,
        events: &Receiver<Event>,
        pacer: &Pacer,
    ) -> Result<Event, RecvTimeoutError> {
        let wait = match self.settings.pace {
            Pace::Virtual if self.unsent.is_some() => FULL_INTERVAL,
            Pace::Virtual if self.resting || self.stands => STOP_INTERVAL,
            Pace::Virtual => Duration::ZERO,
            Pace::Real { .. } => pacer.until_next(),
        };
        if wait.is_zero() {
            return events.try_recv().map_err(|error| match error {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            });
        }
        events.recv_timeout(wait)
    }

    fn take(&mut self, event: Event) -> Result<(), ServerError> {
        match event {
            Event::Joined { client, session } => {
                self.request_filter.begin(session);
                if let Some((nonce, sequence)) = session {
                    self.begin_own_session()?;
                    self.introduce(nonce, sequence)?;
                }
                self.used = true;
                self.client = Some(client);
            }
            Event::Bytes(bytes) => {
                for order in self.request_filter.push(&bytes, self.factory.is_some()) {
                    self.carry_out(order)?;
                }
                (self.resting, self.stands) = (false, false);
            }
            Event::Left => {
                self.lockstep.iter_mut().for_each(Lockstep::leave);
                (self.client, self.unsent, self.stands) = (None, None, false);
                self.make_safe()?;
            }
            Event::Read { address, count, values } => {
                // Whoever has asked may have gone.
                let _ = values.try_send(self.peek(address, count));
            }
            Event::Watches(watcher) => self.watchers.push(watcher),
            Event::Unwatches(gone) => {
                self.watchers.retain(|watcher| !watcher.same_channel(&gone));
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, order: Order) -> Result<(), ServerError> {
        self.lockstep.iter_mut().for_each(|lockstep| lockstep.sent(&order));
        match order {
            Order::Pass(bytes) => self.engine.send(&bytes)?,
            Order::Write(mut request) => {
                if let Some(watchdog_samples) = self.shadow.send(&mut request) {
                    self.write(&[(map::WATCHDOG, watchdog_samples)])?;
                    self.introduce(request.nonce, request.sequence.wrapping_sub(1))?;
                }
                self.send(&request)?;
            }
            Order::Answer(reply) => self.telemetry_splitter.send(&Frame::Reply(reply)),
            Order::Restart { nonce, sequence, address, seed } => {
                self.power_up(seed)?;
                self.used = true;
                // The session goes on in the new instrument.
                self.introduce(nonce, sequence)?;
                let (status, values) = (Status::Ok, Vec::new());
                self.telemetry_splitter.send(&Frame::Reply(Reply {
                    nonce,
                    sequence,
                    status,
                    address,
                    values,
                }));
            }
        }
        Ok(())
    }

    fn power_up(&mut self, seed: u64) -> Result<(), ServerError> {
        if let Some(factory) = &mut self.factory {
            self.engine = factory(seed)?;
            self.telemetry_splitter.forget();
            self.shadow = Shadow::new(&self.settings);
            (self.used, self.resting) = (false, false);
        }
        Ok(())
    }

    /// No client is in control any more: powers the instrument up again, or ends activities that need a host.
    fn make_safe(&mut self) -> Result<(), ServerError> {
        let keep = self.settings.keep || self.settings.pace != Pace::Virtual;
        if !keep && self.used && self.factory.is_some() {
            return self.power_up(self.settings.seed);
        }
        // A standalone run has a limit of its own, and needs no host.
        match self.shadow.armed() {
            Some(command::ARM_STANDALONE) => {}
            Some(_) => {
                self.write(&[(map::COMMAND, command::DISARM), (map::COMMAND, command::STOP)])?;
            }
            None => self.write(&[(map::COMMAND, command::STOP)])?,
        }
        self.resting = false;
        Ok(())
    }

    /// Registers as a request would find them, past the link.
    fn peek(&mut self, address: u16, count: u8) -> Values {
        let mut values = Vec::with_capacity(usize::from(count));
        for index in 0..u16::from(count) {
            match self.engine.peek(address.wrapping_add(index))? {
                Ok(value) => values.push(value),
                Err(status) => return Some((status, values)),
            }
        }
        Some((Status::Ok, values))
    }

    fn send(&mut self, request: &Request) -> Result<(), EngineError> {
        let mut line = Vec::new();
        seal(&request.to_words(), &mut line);
        self.engine.send(&line)
    }

    /// The instrument has this session from here on, and replies to its last request only when that is repeated.
    fn introduce(&mut self, nonce: u32, sequence: u16) -> Result<(), EngineError> {
        let operation = Operation::Hello;
        let (address, count, values) = (0, 0, Vec::new());
        self.telemetry_splitter.withhold(nonce, sequence);
        self.send(&Request { operation, nonce, sequence, address, count, values })
    }

    /// Begins a session of the server itself: a hello with the nonce of the present session would have no effect.
    fn begin_own_session(&mut self) -> Result<(), EngineError> {
        self.own_nonce = self.own_nonce.wrapping_add(1);
        self.introduce(self.own_nonce, 0)
    }

    /// Writes registers in a session of the server's own.
    fn write(&mut self, writes: &[(u16, u32)]) -> Result<(), EngineError> {
        self.begin_own_session()?;
        let nonce = self.own_nonce;
        for (sequence, &(address, value)) in (1..).zip(writes) {
            let (operation, count, values) = (Operation::Write, 1, vec![value]);
            let mut request = Request { operation, nonce, sequence, address, count, values };
            self.shadow.send(&mut request);
            self.telemetry_splitter.withhold(nonce, sequence);
            self.send(&request)?;
        }
        Ok(())
    }

    /// Virtual time: some samples, if anything is active.
    fn go_on(&mut self) -> Result<(), ServerError> {
        if !self.resting && !self.stands && self.unsent.is_none() {
            let chunk = self.settings.chunk_samples;
            let room = if self.lockstep.is_some() { 1 } else { ROOM_BYTES };
            let passed = self.engine.advance(Time::Virtual, chunk, room, &mut self.output)?;
            self.resting = passed.resting;
            if let Some(lockstep) = &mut self.lockstep {
                lockstep.frames(&self.output);
                self.stands = lockstep.stands();
            }
        }
        self.hand_on();
        Ok(())
    }

    /// Real time: the samples that are due.
    fn keep_pace(&mut self, pacer: &mut Pacer) -> Result<(), ServerError> {
        let due = pacer.due(self.shadow.rate_hz());
        let full = self.client.as_ref().is_some_and(Sender::is_full) || self.unsent.is_some();
        let mut left = due.samples;
        // Also where no sample is due: replies do not wait for one.
        loop {
            let room = if full { 0 } else { due.bytes.saturating_sub(self.output.len()) };
            let chunk = left.min(self.settings.chunk_samples);
            self.engine.advance(Time::Real, chunk, room, &mut self.output)?;
            left -= chunk;
            if left == 0 {
                break;
            }
        }
        pacer.sent(self.output.len());
        self.hand_on();
        Ok(())
    }

    /// Passes frames of the instrument to its client and to the others.
    fn hand_on(&mut self) {
        self.telemetry_splitter.push(&self.output);
        self.output.clear();
        for reply in self.telemetry_splitter.replies() {
            self.shadow.confirm(&reply);
        }
        self.tell_watchers();
        let Some(client) = &self.client else {
            self.telemetry_splitter.take();
            return;
        };
        while let Some(bytes) = self.unsent.take().or_else(|| {
            let bytes = self.telemetry_splitter.take();
            (!bytes.is_empty()).then(|| bytes.into())
        }) {
            match client.try_send(bytes) {
                Ok(()) => {}
                Err(TrySendError::Full(bytes)) => {
                    self.unsent = Some(bytes);
                    return;
                }
                Err(TrySendError::Disconnected(_)) => {
                    self.client = None;
                    return;
                }
            }
        }
    }

    /// A watcher that does not read loses frames, and never holds up anybody.
    fn tell_watchers(&mut self) {
        let bytes = self.telemetry_splitter.take_telemetry();
        if !bytes.is_empty() {
            let bytes: Bytes = bytes.into();
            self.watchers.retain(|watcher| {
                !matches!(watcher.try_send(bytes.clone()), Err(TrySendError::Disconnected(_)))
            });
        }
    }
}
