//! Splits the engine's output into complete frames for the clients, so that no frame is interrupted.

use hge_protocol::frame::{kind, Frame, Reply};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use memchr::memchr;
use std::collections::VecDeque;

/// The way out.
#[derive(Debug, Default)]
pub(super) struct TelemetrySplitter {
    frame: Vec<u8>,
    /// For the client in control: everything.
    all: Vec<u8>,
    /// For the other clients.
    telemetry: Vec<u8>,
    /// Nonces and sequence numbers of replies that no client has requested, in order.
    withheld: VecDeque<(u32, u16)>,
    /// Replies that were not checked yet, withheld ones included.
    replies: Vec<Reply>,
}

impl TelemetrySplitter {
    /// Takes the engine's bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr(0, bytes) {
            self.frame.extend_from_slice(&bytes[..=end]);
            bytes = &bytes[end + 1..];
            let frame = std::mem::take(&mut self.frame);
            // The first byte of a stuffed frame is its first code, the second the kind, which is never zero.
            if frame.get(1) != Some(&kind::REPLY) {
                self.telemetry.extend_from_slice(&frame);
            } else if let Some(reply) = reply_of(&frame) {
                let place = (reply.nonce, reply.sequence);
                self.replies.push(reply);
                if let Some(found) = self.withheld.iter().position(|&withheld| withheld == place) {
                    self.withheld.drain(..=found);
                    continue;
                }
            }
            self.all.extend_from_slice(&frame);
        }
        self.frame.extend_from_slice(bytes);
    }

    /// Sends a frame of the server's own.
    pub(super) fn send(&mut self, frame: &Frame) {
        self.all.extend(frame.to_bytes());
    }

    /// The next reply with these is not for the client.
    pub(super) fn withhold(&mut self, nonce: u32, sequence: u16) {
        self.withheld.push_back((nonce, sequence));
    }

    /// Replies of the instrument since the last call, those withheld too.
    pub(super) fn replies(&mut self) -> Vec<Reply> {
        std::mem::take(&mut self.replies)
    }

    /// Another engine sends from here on.
    pub(super) fn forget(&mut self) {
        *self = TelemetrySplitter::default();
    }

    /// Bytes for the client in control.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.all)
    }

    /// Bytes for the other clients.
    pub(super) fn take_telemetry(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.telemetry)
    }
}

/// A frame's reply.
fn reply_of(frame: &[u8]) -> Option<Reply> {
    let mut found = None;
    Deframer::new(MOST_FRAME_WORDS).push(frame, |body| {
        if let Some(Ok(Frame::Reply(reply))) = body.map(Frame::from_words) {
            found = Some(reply);
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_protocol::frame::{Event, Record, Status};

    #[test]
    fn replies_are_for_the_client_alone_and_a_withheld_one_for_nobody() {
        let reply = |sequence| {
            let (status, values) = (Status::Ok, vec![1]);
            Frame::Reply(Reply { nonce: 5, sequence, status, address: 0, values }).to_bytes()
        };
        let event = Frame::Telemetry(0, Record::Event(Event { cause: 1, time: 2 })).to_bytes();
        let stream = [reply(1), event.clone(), reply(2), reply(1), reply(2)].concat();
        for piece in [1, 7, stream.len()] {
            let mut splitter = TelemetrySplitter::default();
            splitter.withhold(5, 2);
            for bytes in stream.chunks(piece) {
                splitter.push(bytes);
            }
            assert_eq!(splitter.take(), [reply(1), event.clone(), reply(1), reply(2)].concat());
            assert_eq!(splitter.take_telemetry(), event);
        }
    }
}
