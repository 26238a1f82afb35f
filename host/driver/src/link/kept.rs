//! A link that outlives its driver: what one has left, the next takes up.

use super::{Ends, Link, LinkError, Received, Sink, Source};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// An open link, lent to one driver after the other. Dropping it lets the link end with the driver that has it.
pub struct Kept(Lent);

impl Kept {
    /// Keeps `link` open until this is dropped.
    ///
    /// # Errors
    /// The system has no more handles.
    pub fn new(link: Box<dyn Link>) -> Result<Self, LinkError> {
        let (name, reply_timeout, keep_alive) =
            (link.name(), link.reply_timeout(), link.keep_alive());
        let (source, sink) = link.split()?;
        let home = Home::default();
        *home.ends() = AtHome { source: Some(source), sink: Some(sink), is_kept: true };
        Ok(Kept(Lent { name, reply_timeout, keep_alive, home }))
    }

    /// The link for a driver. It is back when the driver has been dropped; until then a second one cannot use it.
    pub fn lend(&self) -> Box<dyn Link> {
        Box::new(self.0.clone())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        *self.0.home.ends() = AtHome::default();
    }
}

#[derive(Clone)]
struct Lent {
    name: String,
    reply_timeout: Duration,
    keep_alive: Option<Duration>,
    home: Home,
}

impl Link for Lent {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn reply_timeout(&self) -> Duration {
        self.reply_timeout
    }

    fn keep_alive(&self) -> Option<Duration> {
        self.keep_alive
    }

    fn split(self: Box<Self>) -> Result<Ends, LinkError> {
        let mut ends = self.home.ends();
        match (ends.source.take(), ends.sink.take()) {
            (Some(source), Some(sink)) => Ok((
                Box::new(LentSource { source: Some(source), home: self.home.clone() }),
                Box::new(LentSink { sink: Some(sink), home: self.home.clone() }),
            )),
            (source, sink) => {
                (ends.source, ends.sink) = (source, sink);
                Err(LinkError::Lent { name: self.name.clone() })
            }
        }
    }
}

/// Where the ends are while no driver has them.
#[derive(Clone, Default)]
struct Home(Arc<Mutex<AtHome>>);

#[derive(Default)]
struct AtHome {
    source: Option<Box<dyn Source>>,
    sink: Option<Box<dyn Sink>>,
    /// Whether ends that come back are kept.
    is_kept: bool,
}

impl Home {
    fn ends(&self) -> MutexGuard<'_, AtHome> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct LentSource {
    /// `None` only while it is dropped.
    source: Option<Box<dyn Source>>,
    home: Home,
}

impl Source for LentSource {
    fn receive(&mut self, into: &mut Vec<u8>, timeout: Duration) -> Result<Received, LinkError> {
        self.source.as_mut().map_or(Ok(Received::Closed), |source| source.receive(into, timeout))
    }
}

impl Drop for LentSource {
    fn drop(&mut self) {
        let mut ends = self.home.ends();
        if ends.is_kept {
            ends.source = self.source.take();
        }
    }
}

struct LentSink {
    /// `None` only while it is dropped.
    sink: Option<Box<dyn Sink>>,
    home: Home,
}

impl Sink for LentSink {
    fn send(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        self.sink.as_mut().map_or(Ok(()), |sink| sink.send(bytes))
    }
}

impl Drop for LentSink {
    fn drop(&mut self) {
        let mut ends = self.home.ends();
        if ends.is_kept {
            ends.sink = self.sink.take();
        }
    }
}
