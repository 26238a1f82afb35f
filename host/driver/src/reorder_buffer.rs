//! Reorder buffer for frames of a run: late and repeated frames are sorted, each is returned once.

use hge_protocol::frame::Record;
use std::collections::BTreeMap;

/// Frames of a run, counted from its first.
#[derive(Debug)]
pub(super) struct ReorderBuffer {
    /// Number of the run's first frame.
    first: u32,
    /// The frame to hand over next.
    next: u32,
    /// Frames that came while an earlier one is missing.
    held: BTreeMap<u32, Record>,
    /// Frames up to the latest one received.
    highest: u32,
}

impl ReorderBuffer {
    pub(super) fn new(first: u32) -> Self {
        ReorderBuffer { first, next: 0, held: BTreeMap::new(), highest: 0 }
    }

    /// Place of a frame in the run; `None`: older than the run.
    pub(super) fn place(&self, number: u32) -> Option<u32> {
        Some(number.wrapping_sub(self.first)).filter(|&place| place < 1 << 31)
    }

    /// Takes a frame, unless it was handed over or is held already.
    pub(super) fn take(&mut self, place: u32, record: &Record) {
        self.highest = self.highest.max(place + 1);
        if place >= self.next {
            self.held.entry(place).or_insert_with(|| record.clone());
        }
    }

    /// The next frame, if it is there.
    pub(super) fn pop(&mut self) -> Option<Record> {
        let record = self.held.remove(&self.next)?;
        self.next += 1;
        Some(record)
    }

    /// Number of the frame that was handed over last.
    pub(super) fn last_number(&self) -> u32 {
        self.first.wrapping_add(self.next).wrapping_sub(1)
    }

    /// Frames handed over or given up.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// Frames up to the latest one received.
    pub(super) fn highest(&self) -> u32 {
        self.highest
    }

    /// A frame is missing before one that is there.
    pub(super) fn has_gap(&self) -> bool {
        self.held.first_key_value().is_some_and(|(&place, _)| place > self.next)
    }

    /// An epoch after that of the missing frame has begun: the instrument can no longer repeat it.
    pub(super) fn is_past(&self) -> bool {
        let mut begins = self.held.iter().map(|(&place, record)| {
            place > self.next && matches!(record, Record::Window(window) if window.begins_epoch())
        });
        begins.any(|begins| begins)
    }

    /// Gives up the frames missing before the first frame present, or else before frame `known`.
    pub(super) fn give_up(&mut self, known: u32) -> u32 {
        let to = self.held.first_key_value().map_or(known, |(&place, _)| place);
        let lost = to.saturating_sub(self.next);
        self.next += lost;
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_protocol::frame::Event;

    fn record(place: u32) -> Record {
        Record::Event(Event { cause: 0, time: place })
    }

    #[test]
    fn frames_come_in_order_and_once_across_the_end_of_the_numbers() {
        let first = u32::MAX - 1;
        let mut order = ReorderBuffer::new(first);
        for older in [1, 2, 3, 1000, 1 << 31] {
            assert_eq!(order.place(first.wrapping_sub(older)), None, "{older} before the first");
        }
        let (mut out, mut greatest) = (Vec::new(), 0);
        for place in [0, 2, 2, 4, 1, 0, 3, 4, 2] {
            assert_eq!(order.place(first.wrapping_add(place)), Some(place));
            order.take(place, &record(place));
            greatest = greatest.max(place);
            assert_eq!(order.highest(), greatest + 1, "frames up to the latest");
            out.extend(std::iter::from_fn(|| order.pop()));
        }
        assert_eq!(order.last_number(), first.wrapping_add(4));
        assert_eq!(out, (0..5).map(record).collect::<Vec<_>>());
        assert!(!order.has_gap());
    }

    #[test]
    fn what_is_given_up_is_counted_exactly() {
        let mut order = ReorderBuffer::new(7);
        order.take(3, &record(3));
        order.take(6, &record(6));
        assert!(order.has_gap() && order.pop().is_none());
        assert_eq!(order.give_up(9), 3);
        assert_eq!(order.pop(), Some(record(3)));
        assert_eq!(order.give_up(9), 2);
        assert_eq!(order.pop(), Some(record(6)));
        assert_eq!((order.give_up(9), order.next(), order.give_up(9)), (2, 9, 0));
    }
}
