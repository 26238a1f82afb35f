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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Deframer;

    #[test]
    fn a_recording_gives_its_requests_back_in_order_with_an_end_around_every_part() {
        let parts = [vec![vec![1, 2, 3], vec![0, 0, 0]], Vec::new(), vec![vec![u32::MAX, 4, 5]]];
        let recording = Recording::new(parts.each_ref().map(Vec::as_slice)).expect("it fits");
        let mut bodies: Vec<Vec<u32>> = Vec::new();
        let mut deframer = Deframer::new(3);
        deframer.push(recording.bytes(), |body| {
            bodies.push(body.expect("a whole frame").iter().map(|word| word.get()).collect());
        });
        assert_eq!(bodies, parts.concat());
        // A delimiter before and after each of three parts, and one behind each of three requests.
        assert_eq!(recording.bytes().iter().filter(|&&byte| byte == 0).count(), 9);
        assert_eq!(Recording::default().bytes(), [0; 0]);
    }

    #[test]
    fn a_recording_beyond_the_memory_is_refused_with_its_length() {
        let mut line = Vec::new();
        seal(&[7, 8, 9], &mut line);
        let most = (MOST_BYTES - 6) / line.len();
        let whole = vec![vec![7, 8, 9]; most];
        assert!(Recording::new([&whole, &[], &[]]).is_ok());
        let more = vec![vec![7, 8, 9]; most + 1];
        let bytes = (most + 1) * line.len() + 6;
        assert_eq!(Recording::new([&[], &more, &[]]), Err(TooLong { bytes }));
    }
}
