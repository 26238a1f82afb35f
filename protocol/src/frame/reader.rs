//! From a stream of bytes to frames.

use super::{Frame, FrameError};

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
