//! Virtual time and a host that gives the controls of continuous mode: which window takes them depends on when they arrive, and that on the threads of the computer.
//! Virtual time therefore stops at the record of the first window with the controls that the host gave last, until it has chosen the row of the next, or commands
//! something: such a run, too, depends on its seed alone.

use super::request_filter::Order;
use hge_protocol::frame::{Frame, Record, Request};
use hge_protocol::registers::{self as map, command, gap, mode};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};

/// Whether time stands, by what passes between the host and the instrument.
#[derive(Debug)]
pub(super) struct Lockstep {
    deframer: Deframer,
    /// Inputs of the instrument: a window has a record of each.
    inputs: u32,
    gap: u32,
    mode: u32,
    /// Row of the controls that the host gave last.
    row: u32,
    /// A run takes its controls from the host.
    follows: bool,
    waits: bool,
    /// Requests without a reply.
    open: u32,
}

impl Lockstep {
    pub(super) fn new(inputs: u32) -> Self {
        let deframer = Deframer::new(MOST_FRAME_WORDS);
        Lockstep {
            deframer,
            inputs,
            gap: 0,
            mode: 0,
            row: 0,
            follows: false,
            waits: false,
            open: 0,
        }
    }

    /// Whether time stands until the next request: replies take time where the line is simulated.
    pub(super) fn stands(&self) -> bool {
        self.waits && self.open == 0
    }

    /// The host has disconnected.
    pub(super) fn leave(&mut self) {
        (self.follows, self.waits, self.open) = (false, false, 0);
    }

    /// The host sends a request.
    pub(super) fn sent(&mut self, order: &Order) {
        match order {
            // A delimiter alone, which parts a request from what came before, is not replied to.
            Order::Pass(bytes) => self.open += u32::from(bytes.len() > 1),
            Order::Write(request) => {
                self.open += 1;
                self.write(request);
            }
            Order::Answer(_) | Order::Restart { .. } => {}
        }
    }

    fn write(&mut self, request: &Request) {
        for (index, &value) in (0..).zip(&request.values) {
            match request.address.wrapping_add(index) {
                map::GAP => self.gap = value,
                map::MODE => self.mode = value,
                map::STARTS_USED => (self.row, self.waits) = (value.wrapping_sub(1), false),
                map::COMMAND => {
                    self.waits = false;
                    self.follows = match value & 15 {
                        command::RUN => {
                            self.gap & gap::CONTINUOUS != 0 && self.mode & mode::STANDALONE == 0
                        }
                        command::STOP | command::DISARM => false,
                        _ => self.follows,
                    };
                }
                _ => {}
            }
        }
    }

    /// The instrument sends whole frames.
    pub(super) fn frames(&mut self, bytes: &[u8]) {
        let Lockstep { deframer, inputs, row, follows, waits, open, .. } = self;
        deframer.push(bytes, |body| match body.map(Frame::from_words) {
            Some(Ok(Frame::Reply(_))) => *open = open.saturating_sub(1),
            Some(Ok(Frame::Telemetry(_, Record::Window(window)))) => {
                let is_awaited = u32::from(window.start) == *row;
                *waits |= *follows && is_awaited && u32::from(window.input) + 1 == *inputs;
            }
            _ => {}
        });
    }
}
