//! Requests and frames as bytes, little-endian.
//!
//! The plain beginning of the link: a lossless pipe of bytes. A request is eight bytes. Everything
//! the instrument says is a frame of 32-bit words: one header word (kind, number of words that
//! follow, sequence number) and the payload.

mod reader;
mod record;
mod request;

pub use reader::FrameReader;
pub use record::{flag, kind, End, EndReason, Epoch, SlotSums, Window};
pub use request::{Operation, Reply, Request, Status, REQUEST_BYTES};

use thiserror::Error;

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
