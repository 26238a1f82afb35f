//! The thread that owns the source: splits bytes into frames and passes each to its receiver.

use super::Health;
use crate::link::{LinkError, Received, Source};
use crate::text::quoted;
use crossbeam::channel::{bounded, Receiver, Sender};
use hge_protocol::frame::{Frame, FrameError, Notice, Record, Reply};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Interval of checks whether the thread is still needed.
const STOP_INTERVAL: Duration = Duration::from_millis(50);

/// Replies that may wait: one, and stragglers.
const ANSWERS: usize = 16;

/// Most characters of a server's sentence.
const MOST_NOTICE_CHARS: usize = 400;

/// Messages of the thread to its receivers.
#[derive(Debug)]
pub(super) enum Answer {
    /// A reply, and which one it is since the link was opened.
    Reply(Reply, u64),
    /// A sentence from a server.
    Notice(Notice, String),
}

/// One frame of telemetry on its way to subscribers.
#[derive(Debug)]
pub(super) struct Item {
    /// Counts restarts of a simulated instrument: frame numbers restart.
    pub(super) generation: u32,
    /// Replies that came before it.
    pub(super) after: u64,
    pub(super) number: u32,
    pub(super) record: Record,
}

/// Where telemetry goes.
#[derive(Default)]
struct Routes {
    subscribers: Vec<Sender<Arc<Item>>>,
    generation: u32,
    /// Number of the next frame, once known.
    next: Option<u32>,
    replies: u64,
    /// A restart that is under way: its reply begins a new generation.
    restart: Option<(u32, u16)>,
    strange: Option<FrameError>,
    damaged: u64,
    ended: Option<LinkError>,
}

/// State shared between the reader and the rest of the driver.
#[derive(Default)]
pub(super) struct Shared {
    routes: Mutex<Routes>,
    stop: AtomicBool,
    health: Health,
}

/// A subscriber's end, and where it begins.
pub(super) struct Feed {
    pub(super) items: Receiver<Arc<Item>>,
    pub(super) generation: u32,
    pub(super) next: Option<u32>,
}

impl Shared {
    pub(super) fn new(health: Health) -> Self {
        Shared { health, ..Shared::default() }
    }

    fn routes(&self) -> MutexGuard<'_, Routes> {
        // What it guards is whole between any two statements that could panic.
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Telemetry from here on, `capacity` frames at most waiting.
    pub(super) fn feed(&self, capacity: usize) -> Feed {
        let (sender, items) = bounded(capacity);
        let mut routes = self.routes();
        if routes.ended.is_none() {
            routes.subscribers.push(sender);
        }
        Feed { items, generation: routes.generation, next: routes.next }
    }

    /// The next frame has at least this number: earlier ones are discarded.
    pub(super) fn expect(&self, next: u32) {
        self.routes().next.get_or_insert(next);
    }

    /// The reply to this request begins a new generation.
    pub(super) fn expect_restart(&self, nonce: u32, sequence: u16) {
        self.routes().restart = Some((nonce, sequence));
    }

    /// A valid frame of unknown content, if one arrived.
    pub(super) fn strange(&self) -> Option<FrameError> {
        self.routes().strange.take()
    }

    /// Frames with a wrong checksum or length.
    pub(super) fn damaged(&self) -> u64 {
        self.routes().damaged
    }

    /// Why no more bytes arrive.
    pub(super) fn ended(&self) -> Option<LinkError> {
        self.routes().ended.clone()
    }

    /// Asks the thread to end.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) fn route(&self, frame: Frame, answers: &Sender<Answer>) {
        let mut routes = self.routes();
        match frame {
            Frame::Reply(reply) => {
                routes.replies += 1;
                if routes.restart == Some((reply.nonce, reply.sequence)) {
                    routes.restart = None;
                    if reply.status == hge_protocol::frame::Status::Ok {
                        routes.generation = routes.generation.wrapping_add(1);
                        routes.next = Some(0);
                    }
                }
                let answer = Answer::Reply(reply, routes.replies);
                drop(routes);
                // Full: nobody asks. A request whose reply is lost here is sent again.
                let _ = answers.try_send(answer);
            }
            Frame::Notice(reason, text) => {
                drop(routes);
                let text = quoted(&text, MOST_NOTICE_CHARS);
                let _ = answers.try_send(Answer::Notice(reason, text));
            }
            Frame::Telemetry(number, record) => {
                // Repeated frames have older numbers.
                let ahead = routes.next.map_or(0, |next| number.wrapping_sub(next));
                if ahead < 1 << 31 {
                    routes.next = Some(number.wrapping_add(1));
                    self.health.note(|signs| {
                        signs.frames += 1;
                        signs.missing += u64::from(ahead);
                    });
                    if let Record::Event(event) = &record {
                        self.health.tripped(u32::from(event.cause));
                    }
                }
                let (generation, after) = (routes.generation, routes.replies);
                let item = Arc::new(Item { generation, after, number, record });
                // Full: the subscriber finds the number missing.
                routes.subscribers.retain(|subscriber| {
                    !matches!(
                        subscriber.try_send(item.clone()),
                        Err(crossbeam::channel::TrySendError::Disconnected(_))
                    )
                });
            }
        }
    }

    fn end(&self, why: LinkError) {
        let mut routes = self.routes();
        routes.ended.get_or_insert(why);
        routes.subscribers.clear();
    }
}

/// Begins to read.
pub(super) fn spawn(
    mut source: Box<dyn Source>,
    name: String,
    shared: Arc<Shared>,
) -> (Receiver<Answer>, JoinHandle<()>) {
    let (sender, answers) = bounded(ANSWERS);
    let thread = std::thread::spawn(move || {
        let why = read(source.as_mut(), &shared, &sender);
        shared.end(why.unwrap_or(LinkError::Closed { name }));
    });
    (answers, thread)
}

/// Reads until the link ends, or the reader is dropped.
fn read(source: &mut dyn Source, shared: &Shared, answers: &Sender<Answer>) -> Option<LinkError> {
    let mut deframer = Deframer::new(MOST_FRAME_WORDS);
    let mut bytes = Vec::new();
    while !shared.stop.load(Ordering::Relaxed) {
        match source.receive(&mut bytes, STOP_INTERVAL) {
            Ok(Received::Bytes) => {}
            Ok(Received::Nothing) => continue,
            Ok(Received::Closed) => return None,
            Err(error) => return Some(error),
        }
        deframer.push(&bytes, |body| match body.map(Frame::from_words) {
            Some(Ok(frame)) => shared.route(frame, answers),
            Some(Err(error)) => shared.routes().strange = Some(error),
            None => {
                shared.routes().damaged += 1;
                shared.health.note(|signs| signs.damaged += 1);
            }
        });
        bytes.clear();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_protocol::frame::{End, EndReason, Event};

    #[test]
    fn health_counts_each_frame_once_and_what_was_left_out_and_tells_of_a_trip() {
        let health = Health::default();
        let shared = Shared::new(health.clone());
        shared.expect(10);
        let (answers, _heard) = bounded(1);
        let end = || {
            let (reason, best_start, best_loss, sample_clock) = (EndReason::Complete, 0, 0, 0);
            Record::End(End { reason, best_start, best_loss, sample_clock })
        };
        // Two are left out before 12 and one before 15; 11 and 12 come once more.
        for number in [12, 13, 11, 12, 15] {
            shared.route(Frame::Telemetry(number, end()), &answers);
        }
        let signs = health.signs();
        assert_eq!((signs.frames, signs.missing), (3, 3));
        assert_eq!(signs.tripped, None);
        let event = Record::Event(Event { cause: 8, time: 0 });
        shared.route(Frame::Telemetry(16, event), &answers);
        assert_eq!(health.signs().tripped.map(|causes| causes.0), Some(8));
    }

    #[test]
    fn health_counts_what_the_line_damaged() {
        struct Garbage(bool);
        impl Source for Garbage {
            fn receive(&mut self, into: &mut Vec<u8>, _: Duration) -> Result<Received, LinkError> {
                if std::mem::replace(&mut self.0, true) {
                    return Ok(Received::Closed);
                }
                into.extend([1, 2, 3, 0, 4, 5, 6, 0]);
                Ok(Received::Bytes)
            }
        }
        let health = Health::default();
        let shared = Shared::new(health.clone());
        let (answers, _heard) = bounded(1);
        assert!(read(&mut Garbage(false), &shared, &answers).is_none());
        assert_eq!(health.signs().damaged, shared.damaged());
        assert_eq!(health.signs().damaged, 2);
    }
}
