//! A run over a line that may lose frames.
//!
//! Frames are returned in order. A gap is repaired at once: the instrument stores everything from the first window of the last epoch on
//! and repeats it on request. Frames of an older epoch are lost, which is reported.

use super::reader::{Feed, Item};
use super::reorder_buffer::ReorderBuffer;
use super::{DriverError, FaultFlags, Instrument, TraceEvent};
use crossbeam::channel::{Receiver, RecvTimeoutError};
use hge_protocol::frame::{End, EndReason, Epoch, Record, Status, Window};
use hge_protocol::registers::{self as map, command, status};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Frames that may wait for the caller: 16 epochs of a full table.
const WAITING_FRAMES: usize = 4096;

/// Repeats without a new frame before missing frames are given up: on a line that loses every third frame one in
/// 40 million is missing as often.
const MOST_REPEATS: u32 = 16;

/// Longest interval of checks of clock and cancellation.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// An event of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum RunEvent {
    /// A window has ended.
    Window(Window),
    /// An epoch of the standalone loop has ended.
    Epoch(Epoch),
    /// Frames before the next one that are lost for good.
    Gap {
        /// Their number.
        lost: u32,
    },
}

/// Frames that the instrument repeats.
#[derive(Debug)]
struct Repeat {
    /// Reply after which they come.
    after: u64,
    /// Frames of the run up to the one that ends them, known with the first of them.
    until: Option<u32>,
    /// A poll has found it under way: at the next it has come, or was lost.
    polled: bool,
}

/// End of the run, as polls find it. Blocks of a capture may follow it without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    No,
    /// The last frame may still be under way within the instrument.
    Found,
    /// The last frame is among this number of frames.
    Within(u32),
}

/// Action after a frame or a poll.
struct Run<'a> {
    instrument: &'a mut Instrument,
    items: Receiver<Arc<Item>>,
    order: ReorderBuffer,
    on_event: &'a mut dyn FnMut(RunEvent),
    repeat: Option<Repeat>,
    /// Repeats since the last new frame.
    asked: u32,
    /// Frames that the instrument has made.
    made: u32,
    /// The last poll found frames made that had not come, or the run over; and this was next then.
    doubt: Option<u32>,
    /// The instrument has ended the run.
    over: Over,
    causes: u32,
}

impl Instrument {
    /// Starts a run in `mode` (see [`hge_protocol::registers::mode`]) and passes on its frames until it ends.
    ///
    /// # Errors
    /// The link breaks, the instrument is silent or refuses, the guard trips, or the run is stopped.
    pub fn run(
        &mut self,
        mode: u32,
        mut on_event: impl FnMut(RunEvent),
    ) -> Result<End, DriverError> {
        let Feed { items, .. } = self.shared.feed(WAITING_FRAMES);
        let first = self.read(map::FRAMES)?;
        self.write_all(&[(map::MODE, mode), (map::COMMAND, command::RUN)])?;
        self.pass(TraceEvent::Runs { mode })?;
        let mut run = Run {
            instrument: self,
            items,
            order: ReorderBuffer::new(first),
            on_event: &mut on_event,
            repeat: None,
            asked: 0,
            made: 0,
            doubt: None,
            over: Over::No,
            causes: 0,
        };
        let end = run.follow()?;
        let causes = run.causes;
        self.samples += u64::from(end.sample_clock);
        match end.reason {
            EndReason::Complete | EndReason::LossReached => Ok(end),
            EndReason::Tripped => Err(self.tripped(causes)),
            reason => Err(DriverError::Ended { reason }),
        }
    }

    /// The error of a guard that has tripped.
    fn tripped(&self, reported: u32) -> DriverError {
        self.note_disarmed();
        // Where the instrument cannot be asked any more, the event frame has told why.
        let latched = self.read(map::FAULT).unwrap_or(0);
        let causes = latched | reported;
        self.settings.health.tripped(causes);
        DriverError::Tripped { causes: FaultFlags(causes) }
    }
}

impl Run<'_> {
    fn follow(&mut self) -> Result<End, DriverError> {
        let interval = self.instrument.settings.poll_interval;
        let mut quiet = Instant::now() + interval;
        loop {
            while let Some(record) = self.order.pop() {
                // A capture beside brings new frames for ever, with gaps for ever where the line is too slow for it.
                if !matches!(record, Record::Block(_)) {
                    self.asked = 0;
                }
                let number = self.order.last_number();
                self.instrument.pass(TraceEvent::RunEvent { number, record: &record })?;
                if let Some(end) = self.hand_over(record) {
                    return Ok(end);
                }
            }
            if self.order.has_gap() && self.repeat.is_none() {
                self.mend()?;
                continue;
            }
            self.instrument.check_cancel()?;
            match self.items.recv_timeout(interval.min(LOOK_INTERVAL)) {
                Ok(item) => {
                    self.take(&item);
                    if !matches!(item.record, Record::Block(_)) {
                        self.doubt = None;
                        quiet = Instant::now() + interval;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.instrument.link_end()),
            }
            if Instant::now() >= quiet {
                self.poll()?;
                // A frame that was on its way while the instrument answered needs no repeat: look again soon.
                let doubtful = self.doubt.is_some();
                quiet = Instant::now() + if doubtful { interval / 4 } else { interval };
            }
        }
    }

    fn hand_over(&mut self, record: Record) -> Option<End> {
        match record {
            Record::Window(window) => (self.on_event)(RunEvent::Window(window)),
            Record::Epoch(epoch) => (self.on_event)(RunEvent::Epoch(epoch)),
            Record::Event(event) => self.causes |= u32::from(event.cause),
            // Of a capture that goes on beside.
            Record::Block(_) => {}
            Record::End(end) => return Some(end),
        }
        None
    }

    fn take(&mut self, item: &Item) {
        let Some(place) = self.order.place(item.number) else { return };
        let mut over = false;
        if let Some(repeat) = self.repeat.as_mut().filter(|repeat| item.after >= repeat.after) {
            let until = *repeat.until.get_or_insert(self.order.highest().max(self.made));
            over = place + 1 >= until;
        }
        if over {
            self.repeat = None;
        }
        self.order.take(place, &item.record);
    }

    /// Requests the last epoch again, or gives up frames that it cannot contain.
    fn mend(&mut self) -> Result<(), DriverError> {
        if self.order.is_past() || self.asked >= MOST_REPEATS {
            return self.give_up();
        }
        self.asked += 1;
        match self.instrument.command_count(command::REPEAT) {
            Ok(after) => self.repeat = Some(Repeat { after, until: None, polled: false }),
            Err(DriverError::Refused { status: Status::Gone, .. }) => self.give_up()?,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn give_up(&mut self) -> Result<(), DriverError> {
        let lost = self.order.give_up(self.made);
        self.asked = 0;
        if lost > 0 {
            self.instrument.pass(TraceEvent::Lost { frames: lost })?;
            (self.on_event)(RunEvent::Gap { lost });
        }
        Ok(())
    }

    /// Nothing has come for a while: is there anything to come?
    fn poll(&mut self) -> Result<(), DriverError> {
        let words = self.instrument.read_many(map::STATUS, 4)?;
        let (busy, frames) = (words[0] & status::BUSY != 0, words[3]);
        let made = self.order.place(frames).unwrap_or(0);
        self.made = self.made.max(made);
        self.over = match self.over {
            _ if busy => Over::No,
            Over::No => Over::Found,
            Over::Found => Over::Within(made),
            Over::Within(frames) if self.order.next() < frames => self.over,
            Over::Within(_) => return Err(self.end_lost(words[1])),
        };
        // What came before the reply is not lost, however late this thread is.
        if !self.items.is_empty() {
            self.repeat.take_if(|repeat| std::mem::replace(&mut repeat.polled, true));
            self.doubt = None;
            return Ok(());
        }
        // Whatever was asked for has come by now, or was lost on the way.
        self.repeat = None;
        let next = self.order.next();
        if made <= next && busy {
            self.doubt = None;
        } else if self.doubt != Some(next) {
            self.doubt = Some(next);
        } else if made > next {
            self.mend()?;
        } else {
            return Err(self.end_lost(words[1]));
        }
        Ok(())
    }

    fn end_lost(&self, fault: u32) -> DriverError {
        if fault != 0 {
            return self.instrument.tripped(self.causes);
        }
        DriverError::EndLost
    }
}
