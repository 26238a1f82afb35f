//! Requests embedded in a board that runs without a host.

use crate::wire::seal;
use thiserror::Error;

/// Bytes of the longest recording.
pub const MOST_BYTES: usize = 4096;

/// A recording does not fit.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the requests of this experiment are {bytes} bytes, and at most {MOST_BYTES} can be embedded: use fewer cases, starts or controls")]
pub struct TooLong {
    /// Bytes of the three parts together.
    pub bytes: usize,
}

/// Requests in three parts, as they are kept; or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording(Vec<u8>);

impl Recording {
    /// A recording from the bodies of requests: those after power-up, those that arm and start, those after the run.
    ///
    /// # Errors
    /// They are too long.
    pub fn new(parts: [&[Vec<u32>]; 3]) -> Result<Self, TooLong> {
        let mut bytes = Vec::new();
        for part in parts {
            // Ends what a host may have begun.
            bytes.push(0);
            part.iter().for_each(|body| seal(body, &mut bytes));
            bytes.push(0);
        }
        if bytes.len() > MOST_BYTES {
            return Err(TooLong { bytes: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// The stored bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}
