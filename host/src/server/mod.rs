//! A simulated instrument that speaks the protocol to others: the loop between one controlling client and an
//! engine, behind [TCP](tcp), a [pseudo-terminal](pty) or a [queue](crate::link::in_process).
//!
//! In **virtual time** the instrument's time goes on only while something is active in it and its client takes
//! what it says; no client can be too late, so its watchdog stands still.
//! In **real time** the instrument goes by the wall clock whatever the client does: its watchdog trips when the
//! client is silent, and frames that the line or the client does not take are lost and counted in its memory.

mod inlet;
mod outlet;
mod pace;
#[cfg(unix)]
pub mod pty;
mod running;
pub mod tcp;

use crossbeam::channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, TryRecvError};
use hge_protocol::frame::{Frame, Operation, Reply, Request, Status};
use hge_protocol::wire::seal;
use hge_sim::engine::{Engine, EngineError, Time};
use inlet::{Inlet, Order};
use outlet::Outlet;
use pace::Pacer;
pub use running::Running;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Messages in a queue between threads: each holds a few kilobytes at most, so a client that does not read stops
/// virtual time after a megabyte.
pub(crate) const QUEUE: usize = 64;

/// Most bytes that one advance of virtual time may bring.
const ROOM_BYTES: usize = 16384;

/// How often a wait looks at the stop handle.
const STOP_INTERVAL: Duration = Duration::from_millis(20);

/// How the instrument's time goes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Pace {
    /// As fast as it can be worked out, and not at all while nothing is active.
    #[default]
    Virtual,
    /// By the wall clock.
    Real {
        /// Samples a second of the instrument, as its experiment sets them.
        rate_hz: f64,
        /// Seconds of the instrument in a second.
        factor: f64,
        /// Rate of the line it pretends to have; a byte takes ten bits.
        baud: u32,
    },
}

/// How a server runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How time goes.
    pub pace: Pace,
    /// Most samples between two looks at what clients say: 1024 suits the model, 64 an engine that simulates
    /// every clock.
    pub chunk_samples: u32,
    /// In virtual time, the next client gets the instrument as the last one left it, instead of freshly
    /// powered up. In real time it always does.
    pub keep: bool,
    /// Seed of the instrument that a client finds.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { pace: Pace::Virtual, chunk_samples: 1024, keep: false, seed: 1 }
    }
}

/// Ends a server, and whoever waits in it, soon.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks for the end.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the end has been asked for.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A server could not begin or go on.
#[derive(Debug, Error)]
pub enum ServerError {
    /// See [`EngineError`].
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The address is taken, or not this computer's.
    #[error(
        "cannot listen at {address} ({what}): choose another port or end the program that has it"
    )]
    Bind {
        /// Asked for.
        address: String,
        /// What the system says.
        what: String,
    },
    /// The system gives no pseudo-terminal.
    #[error("cannot make a pseudo-terminal ({what}): serve over TCP instead")]
    Pty {
        /// What the system says.
        what: String,
    },
}

/// Powers up an instrument whose noise has this seed.
pub type EngineFactory = Box<dyn FnMut(u64) -> Result<Box<dyn Engine>, EngineError> + Send>;

/// What happens to a server.
pub(crate) enum Event {
    /// A client takes control; what the instrument says goes here.
    Joined(Sender<Vec<u8>>),
    /// It says something.
    Bytes(Vec<u8>),
    /// It has gone.
    Left,
    /// Somebody wants to hear telemetry.
    Watches(Sender<Arc<[u8]>>),
    /// And no longer.
    Unwatches(Sender<Arc<[u8]>>),
}

/// A client that comes, takes control or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It can watch from here on.
    Connected(String),
    /// It has made a request, and is in control.
    Controls(String),
    /// It has gone.
    Left(String),
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Presence::Connected(name) => write!(f, "{name} has connected"),
            Presence::Controls(name) => write!(f, "{name} takes control"),
            Presence::Left(name) => write!(f, "{name} has left"),
        }
    }
}

/// Hears of clients.
#[derive(Clone, Default)]
struct Observer(Option<Arc<dyn Fn(Presence) + Send + Sync>>);

impl Observer {
    fn tell(&self, presence: impl FnOnce() -> Presence) {
        if let Some(observer) = &self.0 {
            observer(presence());
        }
    }
}

/// A simulated instrument and what is between it and its clients.
pub struct Server {
    engine: Box<dyn Engine>,
    factory: Option<EngineFactory>,
    settings: Settings,
    inlet: Inlet,
    outlet: Outlet,
    client: Option<Sender<Vec<u8>>>,
    watchers: Vec<Sender<Arc<[u8]>>>,
    observer: Observer,
    /// Nobody has controlled this instrument since it was powered up.
    fresh: bool,
    resting: bool,
    said: Vec<u8>,
}

impl Server {
    /// A server that powers instruments up by `factory`; the first one at once.
    ///
    /// # Errors
    /// The engine is not there or cannot be built.
    pub fn new(mut factory: EngineFactory, settings: Settings) -> Result<Self, EngineError> {
        let engine = factory(settings.seed)?;
        let mut server = Server::with_engine(engine, settings);
        server.factory = Some(factory);
        Ok(server)
    }

    /// A server for this one instrument: it cannot be powered up anew.
    pub fn with_engine(engine: Box<dyn Engine>, settings: Settings) -> Self {
        Server {
            engine,
            factory: None,
            settings,
            inlet: Inlet::default(),
            outlet: Outlet::default(),
            client: None,
            watchers: Vec::new(),
            observer: Observer::default(),
            fresh: true,
            resting: false,
            said: Vec::new(),
        }
    }

    /// The same server, and `observer` hears of clients that come and go.
    pub fn observed(mut self, observer: impl Fn(Presence) + Send + Sync + 'static) -> Self {
        self.observer = Observer(Some(Arc::new(observer)));
        self
    }

    /// Serves until `stop`, or until nobody is left who could send an event.
    pub(crate) fn run(mut self, events: &Receiver<Event>, stop: &Stop) -> Result<(), ServerError> {
        let mut pacer = Pacer::new(self.settings.pace);
        while !stop.is_stopped() {
            match self.next_event(events, &pacer) {
                Ok(event) => self.take(event)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            match self.settings.pace {
                Pace::Virtual => self.go_on(stop)?,
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
            Pace::Virtual if self.resting => STOP_INTERVAL,
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
            Event::Joined(client) => {
                let keep = self.settings.keep || self.settings.pace != Pace::Virtual;
                if !self.fresh && !keep {
                    self.power_up(self.settings.seed)?;
                }
                self.fresh = false;
                self.client = Some(client);
            }
            Event::Bytes(bytes) => {
                for order in self.inlet.push(&bytes, self.factory.is_some()) {
                    self.carry_out(order)?;
                }
                self.resting = false;
            }
            Event::Left => self.client = None,
            Event::Watches(watcher) => self.watchers.push(watcher),
            Event::Unwatches(gone) => {
                self.watchers.retain(|watcher| !watcher.same_channel(&gone));
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, order: Order) -> Result<(), ServerError> {
        match order {
            Order::Pass(bytes) => self.engine.send(&bytes)?,
            Order::Answer(reply) => self.outlet.say(&Frame::Reply(reply)),
            Order::Restart { nonce, sequence, address, seed } => {
                self.power_up(seed)?;
                // The session goes on in the new instrument, which hears of it by a hello.
                let hello = Request {
                    operation: Operation::Hello,
                    nonce,
                    sequence,
                    address,
                    count: 0,
                    values: Vec::new(),
                };
                let mut line = Vec::new();
                seal(&hello.to_words(), &mut line);
                self.engine.send(&line)?;
                self.outlet.withhold(nonce, sequence);
                let (status, values) = (Status::Ok, Vec::new());
                self.outlet.say(&Frame::Reply(Reply { nonce, sequence, status, address, values }));
            }
        }
        Ok(())
    }

    fn power_up(&mut self, seed: u64) -> Result<(), ServerError> {
        if let Some(factory) = &mut self.factory {
            self.engine = factory(seed)?;
            self.outlet.forget();
            self.resting = false;
        }
        Ok(())
    }

    /// Virtual time: some samples, if anything is active.
    fn go_on(&mut self, stop: &Stop) -> Result<(), ServerError> {
        if !self.resting {
            let chunk = self.settings.chunk_samples;
            let passed = self.engine.advance(Time::Virtual, chunk, ROOM_BYTES, &mut self.said)?;
            self.resting = passed.resting;
        }
        self.outlet.push(&self.said);
        self.said.clear();
        self.tell_watchers();
        let mut bytes = self.outlet.take();
        while let Some(client) = self.client.as_ref().filter(|_| !bytes.is_empty()) {
            match client.send_timeout(bytes, STOP_INTERVAL) {
                Ok(()) => break,
                Err(SendTimeoutError::Timeout(_)) if stop.is_stopped() => break,
                Err(SendTimeoutError::Timeout(back)) => bytes = back,
                Err(SendTimeoutError::Disconnected(_)) => {
                    self.client = None;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Real time: the samples that are due.
    fn keep_pace(&mut self, pacer: &mut Pacer) -> Result<(), ServerError> {
        let due = pacer.due();
        let full = self.client.as_ref().is_some_and(|client| client.is_full());
        let mut left = due.samples;
        while left > 0 {
            let room = if full { 0 } else { due.bytes.saturating_sub(self.said.len()) };
            let chunk = left.min(self.settings.chunk_samples);
            self.engine.advance(Time::Real, chunk, room, &mut self.said)?;
            left -= chunk;
        }
        pacer.sent(self.said.len());
        self.outlet.push(&self.said);
        self.said.clear();
        self.tell_watchers();
        let bytes = self.outlet.take();
        if let Some(client) = self.client.as_ref().filter(|_| !bytes.is_empty()) {
            // The engine was given no room if the queue was full, so this fails only when the client has gone.
            if client.try_send(bytes).is_err() {
                self.client = None;
            }
        }
        Ok(())
    }

    /// A watcher that does not read loses frames, and never holds up anybody.
    fn tell_watchers(&mut self) {
        let bytes = self.outlet.take_telemetry();
        if !bytes.is_empty() {
            let bytes: Arc<[u8]> = bytes.into();
            self.watchers.retain(|watcher| {
                !matches!(
                    watcher.try_send(bytes.clone()),
                    Err(crossbeam::channel::TrySendError::Disconnected(_))
                )
            });
        }
    }
}
