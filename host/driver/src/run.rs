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
use std::collections::VecDeque;
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

/// A run in progress, whose events are taken one by one: [`Instrument::begin_run`].
#[derive(Debug)]
pub struct Run {
    items: Receiver<Arc<Item>>,
    order: ReorderBuffer,
    /// Not yet taken.
    events: VecDeque<RunEvent>,
    /// When the instrument is asked whether there is anything to come.
    quiet: Instant,
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
        let mut run = self.begin_run(mode)?;
        loop {
            match self.next_event(&mut run)? {
                Ok(event) => on_event(event),
                Err(end) => match end.reason {
                    EndReason::Complete | EndReason::LossReached => return Ok(end),
                    reason => return Err(DriverError::Ended { reason }),
                },
            }
        }
    }

    /// Starts a run in `mode`, whose events [`Instrument::next_event`] takes.
    ///
    /// # Errors
    /// The link breaks, the instrument is silent or refuses.
    pub fn begin_run(&mut self, mode: u32) -> Result<Run, DriverError> {
        let Feed { items, .. } = self.shared.feed(WAITING_FRAMES);
        let first = self.read(map::FRAMES)?;
        self.write_all(&[(map::MODE, mode), (map::COMMAND, command::RUN)])?;
        self.pass(TraceEvent::Runs { mode })?;
        Ok(Run {
            items,
            order: ReorderBuffer::new(first),
            events: VecDeque::new(),
            quiet: Instant::now() + self.settings.poll_interval,
            repeat: None,
            asked: 0,
            made: 0,
            doubt: None,
            over: Over::No,
            causes: 0,
        })
    }

    /// Waits for the next event of a run, or for its end, for whatever reason but a trip.
    ///
    /// # Errors
    /// The link breaks, the instrument is silent, or the guard trips.
    pub fn next_event(&mut self, run: &mut Run) -> Result<Result<RunEvent, End>, DriverError> {
        let event = run.next(self)?;
        if let Err(end) = &event {
            self.samples += u64::from(end.sample_clock);
            if end.reason == EndReason::Tripped {
                return Err(self.tripped(run.causes));
            }
        }
        Ok(event)
    }

    /// The error of a guard that has tripped.
    pub(crate) fn tripped(&self, reported: u32) -> DriverError {
        self.note_disarmed();
        // Where the instrument cannot be asked any more, the event frame has told why.
        let latched = self.read(map::FAULT).unwrap_or(0);
        let causes = latched | reported;
        self.settings.health.tripped(causes);
        DriverError::Tripped { causes: FaultFlags(causes) }
    }
}

impl Run {
    fn next(&mut self, instrument: &mut Instrument) -> Result<Result<RunEvent, End>, DriverError> {
        let interval = instrument.settings.poll_interval;
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Ok(event));
            }
            while let Some(record) = self.order.pop() {
                // A capture beside brings new frames for ever, with gaps for ever where the line is too slow for it.
                if !matches!(record, Record::Block(_)) {
                    self.asked = 0;
                }
                let number = self.order.last_number();
                instrument.pass(TraceEvent::RunEvent { number, record: &record })?;
                match record {
                    Record::Window(window) => return Ok(Ok(RunEvent::Window(window))),
                    Record::Epoch(epoch) => return Ok(Ok(RunEvent::Epoch(epoch))),
                    Record::Event(event) => self.causes |= u32::from(event.cause),
                    // Of a capture that goes on beside.
                    Record::Block(_) => {}
                    Record::End(end) => return Ok(Err(end)),
                }
            }
            if self.order.has_gap() && self.repeat.is_none() {
                self.mend(instrument)?;
                continue;
            }
            instrument.check_cancel()?;
            match self.items.recv_timeout(interval.min(LOOK_INTERVAL)) {
                Ok(item) => {
                    self.take(&item);
                    if !matches!(item.record, Record::Block(_)) {
                        self.doubt = None;
                        self.quiet = Instant::now() + interval;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(instrument.link_end()),
            }
            if Instant::now() >= self.quiet {
                self.poll(instrument)?;
                // A frame that was on its way while the instrument answered needs no repeat: look again soon.
                let doubtful = self.doubt.is_some();
                self.quiet = Instant::now() + if doubtful { interval / 4 } else { interval };
            }
        }
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
    fn mend(&mut self, instrument: &mut Instrument) -> Result<(), DriverError> {
        if self.order.is_past() || self.asked >= MOST_REPEATS {
            return self.give_up(instrument);
        }
        self.asked += 1;
        match instrument.command_count(command::REPEAT) {
            Ok(after) => self.repeat = Some(Repeat { after, until: None, polled: false }),
            Err(DriverError::Refused { status: Status::Gone, .. }) => self.give_up(instrument)?,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn give_up(&mut self, instrument: &mut Instrument) -> Result<(), DriverError> {
        let lost = self.order.give_up(self.made);
        self.asked = 0;
        if lost > 0 {
            instrument.pass(TraceEvent::Lost { frames: lost })?;
            self.events.push_back(RunEvent::Gap { lost });
        }
        Ok(())
    }

    /// Nothing has come for a while: is there anything to come?
    fn poll(&mut self, instrument: &mut Instrument) -> Result<(), DriverError> {
        let words = instrument.read_many(map::STATUS, 4)?;
        let (busy, frames) = (words[0] & status::BUSY != 0, words[3]);
        let made = self.order.place(frames).unwrap_or(0);
        self.made = self.made.max(made);
        self.over = match self.over {
            _ if busy => Over::No,
            Over::No => Over::Found,
            Over::Found => Over::Within(made),
            Over::Within(frames) if self.order.next() < frames => self.over,
            Over::Within(_) => return Err(self.end_lost(instrument, words[1])),
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
            self.mend(instrument)?;
        } else {
            return Err(self.end_lost(instrument, words[1]));
        }
        Ok(())
    }

    fn end_lost(&self, instrument: &Instrument, fault: u32) -> DriverError {
        if fault != 0 {
            return instrument.tripped(self.causes);
        }
        DriverError::EndLost
    }
}
