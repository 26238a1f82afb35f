//! Requests and frames as bytes, little-endian.
//!
//! The plain beginning of the link: a lossless pipe of bytes. A request is eight bytes. Everything
//! the instrument says is a frame of 32-bit words: one header word (kind, number of words that
//! follow, sequence number) and the payload.

use thiserror::Error;

/// Bytes of a request.
pub const REQUEST_BYTES: usize = 8;

/// What a request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Read one register.
    Read,
    /// Write one register.
    Write,
}

impl Operation {
    /// First byte of the request.
    pub fn code(self) -> u8 {
        match self {
            Operation::Read => 0x52,
            Operation::Write => 0x57,
        }
    }
}

/// One register access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Read or write.
    pub operation: Operation,
    /// Returned in the reply.
    pub sequence: u8,
    /// Register address.
    pub address: u16,
    /// Data to write; ignored by a read.
    pub data: u32,
}

impl Request {
    /// Operation, sequence, address (2 bytes), data (4 bytes).
    pub fn to_bytes(self) -> [u8; REQUEST_BYTES] {
        let address = self.address.to_le_bytes();
        let data = self.data.to_le_bytes();
        [
            self.operation.code(),
            self.sequence,
            address[0],
            address[1],
            data[0],
            data[1],
            data[2],
            data[3],
        ]
    }
}

/// Kind of a frame, bits 7..0 of its header word.
pub mod kind {
    /// One window: see [`super::Window`].
    pub const WINDOW: u8 = 0x01;
    /// One epoch of the standalone loop: see [`super::Epoch`].
    pub const EPOCH: u8 = 0x02;
    /// A run has ended: see [`super::End`].
    pub const END: u8 = 0x03;
    /// Answer to a request: see [`super::Reply`].
    pub const REPLY: u8 = 0x80;
}

/// Flags of a window record.
pub mod flag {
    /// The guard clamped an output to its limits.
    pub const CLAMPED: u16 = 1 << 0;
    /// The guard limited a step.
    pub const LIMITED: u16 = 1 << 1;
    /// Taken without perturbation.
    pub const UNPERTURBED: u16 = 1 << 2;
    /// Part of the final pass of a standalone run.
    pub const FINAL: u16 = 1 << 3;
    /// The gap before this case was longer than asked for: the link or the update was late.
    pub const LATE: u16 = 1 << 4;
    /// The update saturated somewhere since the run began.
    pub const SATURATED: u16 = 1 << 5;
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// All epochs and starts were done.
    Complete,
    /// The loss fell to the stop threshold.
    LossReached,
    /// The host asked for it.
    Stopped,
    /// The guard was disarmed during the run.
    Disarmed,
}

impl EndReason {
    /// Code in the end frame.
    pub fn code(self) -> u8 {
        match self {
            EndReason::Complete => 0,
            EndReason::LossReached => 1,
            EndReason::Stopped => 2,
            EndReason::Disarmed => 3,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [EndReason::Complete, EndReason::LossReached, EndReason::Stopped, EndReason::Disarmed]
            .into_iter()
            .find(|reason| reason.code() == code)
    }
}

/// In-phase and quadrature sums of one slot over a window, in ADC codes times Q1.15.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotSums {
    /// Sum of sample times sine, 48 bits signed.
    pub in_phase: i64,
    /// Sum of sample times cosine, 48 bits signed.
    pub quadrature: i64,
}

/// One window of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Epoch within the start, from 0.
    pub epoch: u16,
    /// Case, from 0.
    pub case: u8,
    /// Start (row of the table of initial controls), from 0.
    pub start: u8,
    /// Sample number of the window's first sample, counted from the start of the run.
    pub sample_clock: u32,
    /// See [`flag`].
    pub flags: u16,
    /// Sum of the ADC codes over the first half of the window.
    pub sum_first: i32,
    /// Sum of the ADC codes over the second half.
    pub sum_second: i32,
    /// Least ADC code.
    pub min: i16,
    /// Greatest ADC code.
    pub max: i16,
    /// Sums of the slots in use.
    pub slots: Vec<SlotSums>,
}

/// One epoch of the standalone loop, sent after its last case and before the update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Epoch within the start, from 0.
    pub epoch: u16,
    /// Start, from 0.
    pub start: u8,
    /// Loss of this epoch, in 32 squared ADC codes times weight.
    pub loss: u32,
    /// Least loss of the run so far.
    pub best_loss: u32,
    /// Control words of all outputs during the epoch, Q16.16.
    pub controls: Vec<i32>,
}

/// End of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Why.
    pub reason: EndReason,
    /// Start at which the best loss was found.
    pub best_start: u8,
    /// Least loss of the run.
    pub best_loss: u32,
    /// Samples since the start of the run.
    pub sample_clock: u32,
}

/// Whether a request was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok,
    /// No register there, or not in that direction.
    BadAddress,
    /// Not while a run is going on, or not while armed.
    Busy,
    /// First byte is no operation.
    BadOperation,
}

impl Status {
    /// Code in the reply.
    pub fn code(self) -> u8 {
        match self {
            Status::Ok => 0,
            Status::BadAddress => 1,
            Status::Busy => 2,
            Status::BadOperation => 3,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Status::Ok, Status::BadAddress, Status::Busy, Status::BadOperation]
            .into_iter()
            .find(|status| status.code() == code)
    }
}

/// Answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Sequence number of the request.
    pub sequence: u8,
    /// Whether it was carried out.
    pub status: Status,
    /// Address of the request.
    pub address: u16,
    /// Data read, or written.
    pub data: u32,
}

/// Anything the instrument says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// One window.
    Window(Window),
    /// One epoch of the standalone loop.
    Epoch(Epoch),
    /// End of a run.
    End(End),
    /// Answer to a request.
    Reply(Reply),
}

/// Bytes that are no frame.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FrameError {
    /// The header names no known kind.
    #[error("a frame of unknown kind 0x{0:02x}: the gateware and this program speak different protocols")]
    UnknownKind(u8),
    /// The payload does not have the length or the values its kind demands.
    #[error("a frame of kind 0x{kind:02x} with {words} words is malformed: bytes were lost or the gateware is another")]
    Malformed {
        /// Kind in the header.
        kind: u8,
        /// Words in the header.
        words: usize,
    },
}

fn header(kind: u8, words: usize, sequence: u8) -> u32 {
    u32::from(kind) | ((words as u32 & 0xffff) << 8) | (u32::from(sequence) << 24)
}

fn sign_extend_48(value: u64) -> i64 {
    ((value << 16) as i64) >> 16
}

impl Frame {
    /// The frame as words, header first, as the gateware sends it.
    pub fn to_words(&self, sequence: u8) -> Vec<u32> {
        let mut words = vec![0];
        let kind = match self {
            Frame::Window(window) => {
                words.push(
                    u32::from(window.epoch)
                        | (u32::from(window.case) << 16)
                        | (u32::from(window.start) << 24),
                );
                words.push(window.sample_clock);
                words.push(u32::from(window.flags) | ((window.slots.len() as u32) << 16));
                words.push(window.sum_first as u32);
                words.push(window.sum_second as u32);
                words.push(u32::from(window.min as u16) | (u32::from(window.max as u16) << 16));
                for slot in &window.slots {
                    let in_phase = slot.in_phase as u64;
                    let quadrature = slot.quadrature as u64;
                    words.push(in_phase as u32);
                    words.push(((in_phase >> 32) as u32 & 0xffff) | ((quadrature as u32) << 16));
                    words.push((quadrature >> 16) as u32);
                }
                kind::WINDOW
            }
            Frame::Epoch(epoch) => {
                words.push(u32::from(epoch.epoch) | (u32::from(epoch.start) << 24));
                words.push(epoch.loss);
                words.push(epoch.best_loss);
                words.extend(epoch.controls.iter().map(|&control| control as u32));
                kind::EPOCH
            }
            Frame::End(end) => {
                words.push(u32::from(end.reason.code()) | (u32::from(end.best_start) << 24));
                words.push(end.best_loss);
                words.push(end.sample_clock);
                kind::END
            }
            Frame::Reply(reply) => {
                words.push(
                    u32::from(reply.address)
                        | (u32::from(reply.sequence) << 16)
                        | (u32::from(reply.status.code()) << 24),
                );
                words.push(reply.data);
                kind::REPLY
            }
        };
        words[0] = header(kind, words.len() - 1, sequence);
        words
    }

    /// The frame as bytes.
    pub fn to_bytes(&self, sequence: u8) -> Vec<u8> {
        self.to_words(sequence).iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Parses header and payload.
    ///
    /// # Errors
    /// The kind is unknown, or the payload does not fit it.
    pub fn from_words(words: &[u32]) -> Result<Frame, FrameError> {
        let kind = words.first().map_or(0, |&word| word as u8);
        let body = words.get(1..).unwrap_or(&[]);
        let malformed = FrameError::Malformed { kind, words: body.len() };
        match (kind, body) {
            (kind::WINDOW, &[place, sample_clock, flags, first, second, range, ref sums @ ..])
                if sums.len() == 3 * (flags >> 16) as usize =>
            {
                Ok(Frame::Window(Window {
                    epoch: place as u16,
                    case: (place >> 16) as u8,
                    start: (place >> 24) as u8,
                    sample_clock,
                    flags: flags as u16,
                    sum_first: first as i32,
                    sum_second: second as i32,
                    min: range as u16 as i16,
                    max: (range >> 16) as u16 as i16,
                    slots: sums
                        .chunks_exact(3)
                        .map(|sum| SlotSums {
                            in_phase: sign_extend_48(
                                u64::from(sum[0]) | (u64::from(sum[1] & 0xffff) << 32),
                            ),
                            quadrature: sign_extend_48(
                                u64::from(sum[1] >> 16) | (u64::from(sum[2]) << 16),
                            ),
                        })
                        .collect(),
                }))
            }
            (kind::EPOCH, &[place, loss, best_loss, ref controls @ ..]) => {
                Ok(Frame::Epoch(Epoch {
                    epoch: place as u16,
                    start: (place >> 24) as u8,
                    loss,
                    best_loss,
                    controls: controls.iter().map(|&word| word as i32).collect(),
                }))
            }
            (kind::END, &[place, best_loss, sample_clock]) => Ok(Frame::End(End {
                reason: EndReason::from_code(place as u8).ok_or(malformed)?,
                best_start: (place >> 24) as u8,
                best_loss,
                sample_clock,
            })),
            (kind::REPLY, &[place, data]) => Ok(Frame::Reply(Reply {
                sequence: (place >> 16) as u8,
                status: Status::from_code((place >> 24) as u8).ok_or(malformed)?,
                address: place as u16,
                data,
            })),
            (kind::WINDOW | kind::EPOCH | kind::END | kind::REPLY, _) => Err(malformed),
            _ => Err(FrameError::UnknownKind(kind)),
        }
    }
}

/// Cuts a stream of bytes into frames, whatever pieces it arrives in.
#[derive(Debug, Default)]
pub struct FrameReader {
    bytes: Vec<u8>,
}

impl FrameReader {
    /// Takes bytes as they come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame, or `None` until more bytes come.
    ///
    /// # Errors
    /// As [`Frame::from_words`]; the bytes of the bad frame are dropped.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        if self.bytes.len() < 4 {
            return Ok(None);
        }
        let length = 4 + 4 * usize::from(u16::from_le_bytes([self.bytes[1], self.bytes[2]]));
        if self.bytes.len() < length {
            return Ok(None);
        }
        let words: Vec<u32> = self
            .bytes
            .drain(..length)
            .as_slice()
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            .collect();
        Frame::from_words(&words).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_survives_its_own_bytes() {
        let frames = [
            Frame::Window(Window {
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
            Frame::Epoch(Epoch {
                epoch: 7,
                start: 2,
                loss: 1,
                best_loss: u32::MAX,
                controls: vec![i32::MIN, -1, 0, i32::MAX],
            }),
            Frame::End(End {
                reason: EndReason::LossReached,
                best_start: 4,
                best_loss: 99,
                sample_clock: 1,
            }),
            Frame::Reply(Reply { sequence: 255, status: Status::Busy, address: 0x1fff, data: 5 }),
        ];
        let mut reader = FrameReader::default();
        for (sequence, frame) in frames.iter().enumerate() {
            for byte in frame.to_bytes(sequence as u8) {
                assert_eq!(reader.next_frame(), Ok(None));
                reader.push(&[byte]);
            }
            assert_eq!(reader.next_frame(), Ok(Some(frame.clone())));
        }
    }
}
