//! Telemetry for subscribers: every frame once and in order, or a gap with the number of missing frames.

use super::reader::{Feed, Item, Shared};
use super::{Cancel, DriverError};
use crate::link::LinkError;
use crossbeam::channel::{Receiver, RecvTimeoutError};
use hge_protocol::frame::Record;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Interval of checks of the cancellation.
const CANCEL_INTERVAL: Duration = Duration::from_millis(20);

/// An item of a subscription.
#[derive(Clone, Debug, PartialEq)]
pub enum TelemetryItem {
    /// Frames before the next one that are missing: the line lost them, the instrument had no memory for them, or
    /// the subscriber was too slow. Each is counted once.
    Gap {
        /// Their number.
        lost: u32,
    },
    /// A frame.
    Frame {
        /// Number of the frame since power-up.
        number: u32,
        /// Content of the frame.
        record: Record,
    },
}

/// A bounded queue of telemetry.
pub struct Subscription {
    items: Receiver<Arc<Item>>,
    shared: Arc<Shared>,
    cancel: Cancel,
    generation: u32,
    /// Number of the next frame, once known.
    next: Option<u32>,
    /// Follows the gap that was just reported.
    ready: Option<Arc<Item>>,
}

impl Subscription {
    pub(super) fn new(shared: &Arc<Shared>, capacity: usize, cancel: Cancel) -> Self {
        let Feed { items, generation, next } = shared.feed(capacity.max(1));
        Subscription { items, shared: shared.clone(), cancel, generation, next, ready: None }
    }

    /// The next frame, or the gap before it. `None`: no frame until `deadline`.
    ///
    /// # Errors
    /// The link has ended and all earlier frames were received, or the wait was cancelled.
    pub fn recv_deadline(
        &mut self,
        deadline: Instant,
    ) -> Result<Option<TelemetryItem>, DriverError> {
        if let Some(item) = self.ready.take() {
            return Ok(Some(frame(&item)));
        }
        loop {
            if self.cancel.is_cancelled() {
                return Err(DriverError::Cancelled);
            }
            let slice = deadline.min(Instant::now() + CANCEL_INTERVAL);
            match self.items.recv_deadline(slice) {
                Ok(item) => {
                    if let Some(item) = self.take(item) {
                        return Ok(Some(item));
                    }
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let closed = LinkError::Closed { name: "the link".into() };
                    return Err(self.shared.ended().unwrap_or(closed).into());
                }
            }
        }
    }

    /// The same, with a time from now on.
    ///
    /// # Errors
    /// As [`Subscription::recv_deadline`].
    pub fn recv_timeout(
        &mut self,
        timeout: Duration,
    ) -> Result<Option<TelemetryItem>, DriverError> {
        self.recv_deadline(Instant::now() + timeout)
    }

    /// Number of the next frame, after the first.
    pub fn next_number(&self) -> Option<u32> {
        self.next
    }

    /// A frame in the queue.
    pub(super) fn is_waiting(&self) -> bool {
        self.ready.is_some() || !self.items.is_empty()
    }

    /// Earlier frames are discarded.
    pub(super) fn begin_at(&mut self, number: u32) {
        self.next = Some(number);
    }

    /// `None`: a repeated frame.
    fn take(&mut self, item: Arc<Item>) -> Option<TelemetryItem> {
        if item.generation != self.generation {
            self.generation = item.generation;
            self.next = Some(0);
        }
        let lost = self.next.map_or(0, |next| item.number.wrapping_sub(next));
        if lost >= 1 << 31 {
            return None;
        }
        self.next = Some(item.number.wrapping_add(1));
        if lost == 0 {
            return Some(frame(&item));
        }
        self.ready = Some(item);
        Some(TelemetryItem::Gap { lost })
    }
}

fn frame(item: &Item) -> TelemetryItem {
    TelemetryItem::Frame { number: item.number, record: item.record.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_protocol::frame::{Event, Frame, Reply, Status};

    #[test]
    fn frames_that_are_lost_after_a_restart_are_counted_from_its_first() {
        let shared = Arc::new(Shared::default());
        let mut subscription = Subscription::new(&shared, 16, Cancel::default());
        let (answers, _replies) = crossbeam::channel::bounded(4);
        let event =
            |number| Frame::Telemetry(number, Record::Event(Event { cause: 1, time: number }));
        let mut next = || subscription.recv_timeout(Duration::ZERO).unwrap();
        shared.route(event(40), &answers);
        assert!(matches!(next(), Some(TelemetryItem::Frame { number: 40, .. })));
        shared.expect_restart(7, 3);
        let (nonce, sequence, status, address) = (7, 3, Status::Ok, 0);
        let reply = Reply { nonce, sequence, status, address, values: Vec::new() };
        shared.route(Frame::Reply(reply), &answers);
        // Frames 0 to 2 of the new instrument never came.
        shared.route(event(3), &answers);
        assert_eq!(next(), Some(TelemetryItem::Gap { lost: 3 }));
        assert!(matches!(next(), Some(TelemetryItem::Frame { number: 3, .. })));
        assert_eq!(next(), None);
    }
}
