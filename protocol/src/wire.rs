//! Conversion between words and bytes on the line.
//!
//! A frame is a body of 32-bit words, little-endian, and the CRC-32 of their bytes, stuffed by COBS and
//! ended by a zero byte. Whatever bytes precede it, the next zero ends a frame.

use crc::{Crc, Table, CRC_32_ISO_HDLC};
use memchr::memchr;
use zerocopy::little_endian::U32;
use zerocopy::FromBytes;

/// The CRC-32 of Ethernet and zip: polynomial 0x04c11db7 reflected, begun and ended with ones.
const CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// Least words of a body: header, nonce or number, place.
pub const LEAST_BODY_WORDS: usize = 3;

/// Most words of a request's body: three and 64 registers.
pub const MOST_REQUEST_WORDS: usize = 67;

/// Maximum words of a body from the instrument: a window of 256 slots, with a reserve.
pub const MOST_FRAME_WORDS: usize = 1024;

/// Most bytes on the line of a frame whose body has `words` words, delimiter included.
pub const fn most_frame_bytes(words: usize) -> usize {
    cobs::max_encoding_length(4 * words + 4) + 1
}

/// Appends the frame of `body` to `line`, delimiter included.
pub fn seal(body: &[u32], line: &mut Vec<u8>) {
    let mut bytes: Vec<u8> = Vec::with_capacity(4 * body.len() + 4);
    bytes.extend(body.iter().flat_map(|word| word.to_le_bytes()));
    bytes.extend(CRC.checksum(&bytes).to_le_bytes());
    let start = line.len();
    line.resize(start + cobs::max_encoding_length(bytes.len()), 0);
    let length = cobs::encode(&bytes, &mut line[start..]);
    line.truncate(start + length);
    line.push(0);
}

/// Cuts a stream of bytes into bodies, whatever pieces it arrives in. Its memory is bounded.
#[derive(Debug)]
pub struct Deframer {
    /// The frame so far, still stuffed.
    bytes: Vec<u8>,
    most_words: usize,
    most_bytes: usize,
    overlong: bool,
    damaged: u64,
}

impl Deframer {
    /// Takes bodies of [`LEAST_BODY_WORDS`] to `most_words` words.
    pub fn new(most_words: usize) -> Self {
        Deframer {
            bytes: Vec::new(),
            most_words,
            most_bytes: cobs::max_encoding_length(4 * most_words + 4),
            overlong: false,
            damaged: 0,
        }
    }

    /// Frames that were dropped: wrong checksum, length or stuffing.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Decodes bytes as they arrive and passes every complete body to `each`; `None` stands for a damaged frame.
    pub fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(Option<&[U32]>)) {
        while let Some(end) = memchr(0, bytes) {
            self.take(&bytes[..end]);
            bytes = &bytes[end + 1..];
            if self.bytes.is_empty() && !self.overlong {
                // Nothing between two delimiters: fill, as senders use it to resynchronise.
                continue;
            }
            let body = open(&mut self.bytes, self.most_words).filter(|_| !self.overlong);
            self.damaged += u64::from(body.is_none());
            each(body);
            self.bytes.clear();
            self.overlong = false;
        }
        self.take(bytes);
    }

    fn take(&mut self, bytes: &[u8]) {
        if self.overlong || self.bytes.len() + bytes.len() > self.most_bytes {
            self.overlong = true;
            self.bytes.clear();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }
}

/// The body in a stuffed frame without its delimiter.
fn open(stuffed: &mut [u8], most_words: usize) -> Option<&[U32]> {
    let length = cobs::decode_in_place(stuffed).ok()?;
    let (body, checksum) = stuffed[..length].split_at_checked(length.checked_sub(4)?)?;
    let fits = (4 * LEAST_BODY_WORDS..=4 * most_words).contains(&body.len());
    let sound = CRC.checksum(body).to_le_bytes() == checksum;
    // A body that is no whole number of words is refused here.
    <[U32]>::ref_from_bytes(body).ok().filter(|_| fits && sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(deframer: &mut Deframer, line: &[u8], piece: usize) -> Vec<Option<Vec<u32>>> {
        let mut found = Vec::new();
        for bytes in line.chunks(piece) {
            deframer.push(bytes, |body| {
                found.push(body.map(|words| words.iter().map(|word| word.get()).collect()));
            });
        }
        found
    }

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(CRC.checksum(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn every_body_comes_back_in_whatever_pieces() {
        let sent: Vec<Vec<u32>> = vec![
            vec![0, 0, 0],
            vec![0xffff_ffff; 3],
            (0..64).map(|i| i * 0x0101_0101).collect(),
            vec![0x0102_0304; 200],
        ];
        let mut line = vec![0, 0];
        sent.iter().for_each(|body| seal(body, &mut line));
        assert_eq!(line.iter().filter(|&&byte| byte == 0).count(), sent.len() + 2);
        for piece in [1, 3, 64, line.len()] {
            let mut deframer = Deframer::new(MOST_FRAME_WORDS);
            let found = bodies(&mut deframer, &line, piece);
            assert_eq!(found, sent.iter().cloned().map(Some).collect::<Vec<_>>());
            assert_eq!(deframer.damaged(), 0);
        }
    }

    #[test]
    fn a_damaged_frame_costs_itself_alone() {
        let body = [1, 2, 3];
        let mut clean = Vec::new();
        seal(&body, &mut clean);
        for place in 0..clean.len() - 1 {
            for bit in 0..8 {
                let mut line = clean.clone();
                line[place] ^= 1 << bit;
                let split = line[place] == 0;
                line.extend(&clean);
                let mut deframer = Deframer::new(MOST_FRAME_WORDS);
                let found = bodies(&mut deframer, &line, 7);
                assert_eq!(found.last(), Some(&Some(body.to_vec())));
                assert_eq!(found.iter().flatten().count(), 1, "byte {place} bit {bit}");
                assert!(deframer.damaged() >= 1 || split);
            }
        }
    }

    #[test]
    fn an_endless_frame_is_one_damaged_frame_and_little_memory() {
        let mut deframer = Deframer::new(MOST_REQUEST_WORDS);
        for _ in 0..1000 {
            deframer.push(&[0x55; 1000], |_| panic!("no delimiter came"));
            assert!(deframer.bytes.capacity() < 2000);
        }
        let mut line = vec![0];
        seal(&[7, 8, 9], &mut line);
        let found = bodies(&mut deframer, &line, 5);
        assert_eq!(found, [None, Some(vec![7, 8, 9])]);
    }
}
