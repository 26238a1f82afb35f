//! A simulated instrument in this process: the server's loop in a thread, bounded queues in between.

use super::{Bytes, Event, Server, ServerError, Settings, Stop, QUEUE};
use crossbeam::channel::{bounded, Receiver, RecvTimeoutError, Sender};
use hge_driver::link::{Ends, Link, LinkError, Received, Sink, Source};
use hge_sim::engine::Engine;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Time limit of a reply: a clock-level engine may be in the middle of a long advance, and the link loses no bytes.
const REPLY_TIMEOUT: Duration = Duration::from_secs(5);

/// Name of the instrument in messages.
const NAME: &str = "the simulated instrument";

/// A server in this process.
pub struct InProcess {
    server: Server,
}

impl InProcess {
    /// A link to `engine`, in virtual time.
    pub fn new(engine: Box<dyn Engine>) -> Self {
        InProcess { server: Server::with_engine(engine, Settings::default()) }
    }

    /// A link to a server of any settings.
    pub fn serve(server: Server) -> Self {
        InProcess { server }
    }
}

impl Link for InProcess {
    fn name(&self) -> String {
        NAME.into()
    }

    fn reply_timeout(&self) -> Duration {
        REPLY_TIMEOUT
    }

    fn split(self: Box<Self>) -> Result<Ends, LinkError> {
        let (events, requests) = bounded(QUEUE);
        let (sender, bytes) = bounded(QUEUE);
        let stop = Stop::default();
        let (server, seen) = (self.server, stop.clone());
        // The queue is empty: there is room for the first event.
        let _ = events.send(Event::Joined { client: sender, session: None });
        let thread = std::thread::spawn(move || server.run(&requests, &seen));
        let source = InProcessSource { bytes: Some(bytes), thread: Some(thread), stop };
        Ok((Box::new(source), Box::new(InProcessSink { events })))
    }
}

struct InProcessSource {
    /// `None` only while it is dropped.
    bytes: Option<Receiver<Bytes>>,
    thread: Option<JoinHandle<Result<(), ServerError>>>,
    stop: Stop,
}

impl InProcessSource {
    fn join(&mut self) -> Result<(), LinkError> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Err(ServerError::Engine(error)))) => Err(LinkError::Behind(Arc::new(error))),
            _ => Ok(()),
        }
    }
}

impl Source for InProcessSource {
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError> {
        let Some(bytes) = &self.bytes else { return Ok(Received::Closed) };
        match bytes.recv_timeout(timeout) {
            Ok(bytes) => {
                into.extend_from_slice(&bytes);
                Ok(Received::Bytes)
            }
            Err(RecvTimeoutError::Timeout) => Ok(Received::Nothing),
            Err(RecvTimeoutError::Disconnected) => self.join().map(|()| Received::Closed),
        }
    }
}

impl Drop for InProcessSource {
    fn drop(&mut self) {
        // A server that waits for room or for bytes is released first.
        self.stop.stop();
        self.bytes = None;
        let _ = self.join();
    }
}

struct InProcessSink {
    events: Sender<Event>,
}

impl Sink for InProcessSink {
    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        let closed = |_| LinkError::Closed { name: NAME.into() };
        self.events.send(Event::Bytes(bytes.to_vec())).map_err(closed)
    }
}
