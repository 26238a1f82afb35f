//! Requests, replies and telemetry as words. [`crate::wire`] converts them to bytes.
//!
//! The first word of every body holds its kind (bits 7..0) and the number of words that follow (23..8).

mod compact;
mod notice;
mod record;
mod request;

pub use notice::Notice;
pub use record::{
    flag, kind, window_words, Block, End, EndReason, Epoch, Event, SlotSums, Window, BLOCK_SAMPLES,
};
pub use request::{Operation, Reply, Request, Status, MOST_REGISTERS};

use crate::wire::seal;
use thiserror::Error;
use zerocopy::little_endian::U32;

/// Anything the instrument says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Telemetry, with its number since power-up: numbers that are missing were lost.
    Telemetry(u32, Record),
    /// Answer to a request.
    Reply(Reply),
    /// A sentence from the server of a simulated instrument.
    Notice(Notice, String),
}

/// Telemetry: frames that the instrument sends unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// One window.
    Window(Window),
    /// One epoch of the standalone loop.
    Epoch(Epoch),
    /// End of a run.
    End(End),
    /// The guard tripped.
    Event(Event),
    /// ADC codes of a capture.
    Block(Block),
}

/// A valid frame of unknown content.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The header names no known kind.
    #[error("a frame of unknown kind 0x{0:02x}: the gateware and this program speak different protocols, build both from the same source")]
    UnknownKind(u8),
    /// The payload does not have the length or the values its kind demands.
    #[error("a frame of kind 0x{kind:02x} with {words} words is malformed: the gateware and this program speak different protocols, build both from the same source")]
    Malformed {
        /// Kind in the header.
        kind: u8,
        /// Words after the header.
        words: usize,
    },
}

/// The input of a window record, above the number of slots.
const INPUT_BIT: u32 = 25;

fn header(kind: u8, words: usize, high: u8) -> u32 {
    u32::from(kind) | ((words as u32 & 0xffff) << 8) | (u32::from(high) << 24)
}

fn sign_extend_48(value: u64) -> i64 {
    ((value << 16) as i64) >> 16
}

/// The sums of a window's record with these flags and number of slots, from the words behind its statistics.
fn slots_of(flags: u32, words: &[U32]) -> Option<Vec<SlotSums>> {
    let count = (flags >> 16 & 0x1ff) as usize;
    if flags as u16 & flag::COMPACT != 0 {
        let (exponent, words) = words.split_first()?;
        let sums = words.iter().map(|&word| compact::sums(word, exponent.get()));
        return sums.collect::<Option<Vec<_>>>().filter(|_| words.len() == count);
    }
    if words.len() != 3 * count {
        return None;
    }
    let slots = words.chunks_exact(3).map(|sum| {
        let (low, middle, high) = (sum[0].get(), sum[1].get(), sum[2].get());
        SlotSums {
            in_phase: sign_extend_48(u64::from(low) | (u64::from(middle & 0xffff) << 32)),
            quadrature: sign_extend_48(u64::from(middle >> 16) | (u64::from(high) << 16)),
        }
    });
    Some(slots.collect())
}

impl Record {
    fn kind(&self) -> u8 {
        match self {
            Record::Window(_) => kind::WINDOW,
            Record::Epoch(_) => kind::EPOCH,
            Record::End(_) => kind::END,
            Record::Event(_) => kind::EVENT,
            Record::Block(_) => kind::BLOCK,
        }
    }

    /// The body of telemetry frame `number`.
    pub fn to_words(&self, number: u32) -> Vec<u32> {
        let mut words = vec![0, number];
        match self {
            Record::Window(window) => {
                words.push(
                    u32::from(window.epoch)
                        | (u32::from(window.case) << 16)
                        | (u32::from(window.start) << 24),
                );
                words.push(window.sample_clock);
                words.push(
                    u32::from(window.flags)
                        | ((window.slots.len() as u32) << 16)
                        | (u32::from(window.input & 7) << INPUT_BIT),
                );
                words.push(window.sum_first as u32);
                words.push(window.sum_second as u32);
                words.push(u32::from(window.min as u16) | (u32::from(window.max as u16) << 16));
                if window.flags & flag::COMPACT != 0 {
                    let exponent = compact::exponent(&window.slots);
                    words.push(exponent);
                    words.extend(window.slots.iter().map(|slot| compact::word(slot, exponent)));
                } else {
                    for slot in &window.slots {
                        let in_phase = slot.in_phase as u64;
                        let quadrature = slot.quadrature as u64;
                        let middle = (in_phase >> 32) as u32 & 0xffff | (quadrature as u32) << 16;
                        words.extend([in_phase as u32, middle, (quadrature >> 16) as u32]);
                    }
                }
            }
            Record::Epoch(epoch) => {
                words.push(u32::from(epoch.epoch) | (u32::from(epoch.start) << 24));
                words.push(epoch.loss);
                words.push(epoch.best_loss);
                words.extend(epoch.controls.iter().map(|&control| control as u32));
            }
            Record::End(end) => {
                words.push(u32::from(end.reason.code()) | (u32::from(end.best_start) << 24));
                words.push(end.best_loss);
                words.push(end.sample_clock);
            }
            Record::Event(event) => words.extend([u32::from(event.cause), event.time]),
            Record::Block(block) => {
                words.push(block.time);
                words.push(
                    block.codes.len() as u32
                        | (u32::from(block.input) << 8)
                        | (u32::from(block.decimation) << 16),
                );
                words.extend(block.codes.chunks(2).map(|pair| {
                    let second = pair.get(1).copied().unwrap_or(0);
                    u32::from(pair[0] as u16) | (u32::from(second as u16) << 16)
                }));
            }
        }
        words[0] = header(self.kind(), words.len() - 1, 0);
        words
    }

    fn from_words(kind: u8, body: &[U32]) -> Option<Record> {
        let word = |index: usize| body.get(index).map(|word| word.get());
        let (first, second) = (word(0)?, word(1)?);
        Some(match kind {
            kind::WINDOW => {
                let (flags, range) = (word(2)?, word(5)?);
                let slots = slots_of(flags, &body[6..])?;
                Record::Window(Window {
                    input: (flags >> INPUT_BIT & 7) as u8,
                    epoch: first as u16,
                    case: (first >> 16) as u8,
                    start: (first >> 24) as u8,
                    sample_clock: second,
                    flags: flags as u16,
                    sum_first: word(3)? as i32,
                    sum_second: word(4)? as i32,
                    min: range as u16 as i16,
                    max: (range >> 16) as u16 as i16,
                    slots,
                })
            }
            kind::EPOCH => Record::Epoch(Epoch {
                epoch: first as u16,
                start: (first >> 24) as u8,
                loss: second,
                best_loss: word(2)?,
                controls: body[3..].iter().map(|word| word.get() as i32).collect(),
            }),
            kind::END if body.len() == 3 => Record::End(End {
                reason: EndReason::from_code(first as u8)?,
                best_start: (first >> 24) as u8,
                best_loss: second,
                sample_clock: word(2)?,
            }),
            kind::EVENT if body.len() == 2 => {
                Record::Event(Event { cause: first as u8, time: second })
            }
            kind::BLOCK => {
                let count = (second & 0xff) as usize;
                if count == 0 || body.len() != 2 + count.div_ceil(2) {
                    return None;
                }
                let halves = body[2..].iter().flat_map(|word| {
                    let word = word.get();
                    [word as u16 as i16, (word >> 16) as u16 as i16]
                });
                Record::Block(Block {
                    input: (second >> 8) as u8,
                    time: first,
                    decimation: (second >> 16) as u16,
                    codes: halves.take(count).collect(),
                })
            }
            _ => return None,
        })
    }
}

impl Frame {
    /// The body of the frame, as the gateware sends it.
    pub fn to_words(&self) -> Vec<u32> {
        match self {
            Frame::Telemetry(number, record) => record.to_words(*number),
            Frame::Reply(reply) => {
                let mut words = vec![
                    header(kind::REPLY, 2 + reply.values.len(), reply.status.code()),
                    reply.nonce,
                    u32::from(reply.address) | (u32::from(reply.sequence) << 16),
                ];
                words.extend(&reply.values);
                words
            }
            Frame::Notice(reason, text) => reason.to_words(text),
        }
    }

    /// The frame as bytes on the line, delimiter included.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut line = Vec::new();
        seal(&self.to_words(), &mut line);
        line
    }

    /// Reads a body.
    ///
    /// # Errors
    /// The kind is unknown, or the payload does not fit it.
    pub fn from_words(words: &[U32]) -> Result<Frame, FrameError> {
        let first = words.first().map_or(0, |word| word.get());
        let (kind, body) = (first as u8, words.get(1..).unwrap_or(&[]));
        let malformed = FrameError::Malformed { kind, words: body.len() };
        if (first >> 8) & 0xffff != body.len() as u32 || body.len() < 2 {
            return Err(malformed);
        }
        match kind {
            kind::REPLY => Ok(Frame::Reply(Reply {
                nonce: body[0].get(),
                sequence: (body[1].get() >> 16) as u16,
                status: Status::from_code((first >> 24) as u8).ok_or(malformed)?,
                address: body[1].get() as u16,
                values: body[2..].iter().map(|word| word.get()).collect(),
            })),
            kind::NOTICE => {
                let reason = Notice::from_code((first >> 24) as u8).ok_or(malformed)?;
                Ok(Frame::Notice(reason, Notice::text(body)))
            }
            kind::WINDOW | kind::EPOCH | kind::END | kind::EVENT | kind::BLOCK => {
                let record = Record::from_words(kind, &body[1..]).ok_or(malformed)?;
                Ok(Frame::Telemetry(body[0].get(), record))
            }
            _ => Err(FrameError::UnknownKind(kind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Deframer, MOST_FRAME_WORDS};

    #[test]
    fn every_frame_survives_its_own_bytes() {
        let records = [
            Record::Window(Window {
                input: 5,
                epoch: 513,
                case: 3,
                start: 19,
                sample_clock: 0xdead_beef,
                flags: flag::CLAMPED | flag::FINAL,
                sum_first: -5,
                sum_second: i32::MIN,
                min: i16::MIN,
                max: 7,
                slots: vec![
                    SlotSums { in_phase: -(1 << 47), quadrature: (1 << 47) - 1 },
                    SlotSums { in_phase: 0x1234_5678_9abc, quadrature: -0x0fed_cba9_8765 },
                ],
            }),
            Record::Window(Window {
                input: 0,
                epoch: 1,
                case: 2,
                start: 3,
                sample_clock: 4,
                flags: flag::COMPACT,
                sum_first: 5,
                sum_second: 6,
                min: 7,
                max: 8,
                // As they are read: odd multiples of the half of their last bit.
                slots: vec![SlotSums { in_phase: (-21_000 << 9) + 256, quadrature: 256 }; 2],
            }),
            Record::Epoch(Epoch {
                epoch: 7,
                start: 2,
                loss: 1,
                best_loss: u32::MAX,
                controls: vec![i32::MIN, -1, 0, i32::MAX],
            }),
            Record::End(End {
                reason: EndReason::Tripped,
                best_start: 4,
                best_loss: 99,
                sample_clock: 1,
            }),
            Record::Event(Event { cause: 8, time: 77 }),
            Record::Block(Block {
                input: 3,
                time: 5,
                decimation: 3,
                codes: vec![-1, i16::MIN, 12],
            }),
        ];
        let mut frames: Vec<Frame> = records
            .into_iter()
            .zip([0, 8, 1, u32::MAX, 5, 9])
            .map(|(record, number)| Frame::Telemetry(number, record))
            .collect();
        frames.push(Frame::Reply(Reply {
            nonce: 0,
            sequence: 65535,
            status: Status::Gone,
            address: 0x1fff,
            values: vec![5, 0],
        }));
        frames.extend(Notice::ALL.map(|reason| Frame::Notice(reason, "busy".into())));
        let line: Vec<u8> = frames.iter().flat_map(Frame::to_bytes).collect();
        let mut found = Vec::new();
        Deframer::new(MOST_FRAME_WORDS).push(&line, |body| {
            found.push(Frame::from_words(body.expect("nothing was damaged")));
        });
        assert_eq!(found, frames.into_iter().map(Ok).collect::<Vec<_>>());
    }

    #[test]
    fn bodies_of_any_length_and_kind_are_read_or_refused() {
        for kind in 0..=255_u32 {
            for words in 0..12_usize {
                for fill in [0, 0x0001_0001, u32::MAX] {
                    let mut body = vec![U32::new(kind | ((words as u32) << 8)); 1];
                    body.resize(1 + words, U32::new(fill));
                    let _ = Frame::from_words(&body);
                }
            }
        }
        assert_eq!(Frame::from_words(&[]), Err(FrameError::Malformed { kind: 0, words: 0 }));
        // Too short for any kind, with the right length.
        let short = [U32::new(u32::from(kind::REPLY) | 1 << 8), U32::new(7)];
        let malformed = FrameError::Malformed { kind: kind::REPLY, words: 1 };
        assert_eq!(Frame::from_words(&short), Err(malformed));
    }
}
