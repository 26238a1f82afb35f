//! ADC codes as they come, without any run.

use super::{DriverError, Heard, Instrument};
use hge_protocol::frame::{Block, Record, BLOCK_SAMPLES};
use hge_protocol::registers::{self as map, command, status};
use std::ops::Range;
use std::time::Instant;

/// Blocks that may wait for the caller.
const WAITING_FRAMES: usize = 4096;

/// Codes of a capture, put where they belong.
#[derive(Debug, Default)]
struct Codes {
    codes: Vec<i16>,
    /// Codes that came or are missing.
    reached: u32,
    missing: Vec<Range<u32>>,
    /// Time of code 0, once a block has come.
    begin: Option<u32>,
    /// Frames that were lost before any block.
    lost_before: u32,
}

impl Codes {
    fn take(&mut self, block: &Block) {
        let decimation = u32::from(block.decimation.max(1));
        // What was lost before the first block was taken for full blocks.
        let before = self.lost_before.wrapping_mul(BLOCK_SAMPLES as u32);
        let begin =
            *self.begin.get_or_insert(block.time.wrapping_sub(before.wrapping_mul(decimation)));
        let place = block.time.wrapping_sub(begin) / decimation;
        if place < self.reached {
            return;
        }
        self.skip(place);
        self.codes.extend(&block.codes);
        self.reached += block.codes.len() as u32;
    }

    /// What has not come before code `place` never will.
    fn skip(&mut self, place: u32) {
        if place > self.reached {
            self.missing.push(self.reached..place);
            self.reached = place;
        }
    }
}

impl Instrument {
    /// Captures `samples` ADC codes, every `decimation`-th one.
    ///
    /// # Errors
    /// The link breaks, the instrument refuses, or codes were lost.
    pub fn capture(&mut self, samples: u32, decimation: u16) -> Result<Vec<i16>, DriverError> {
        let mut telemetry = self.subscribe(WAITING_FRAMES);
        telemetry.begin_at(self.read(map::FRAMES)?);
        self.write_all(&[
            (map::CAPTURE_DECIMATION, u32::from(decimation.max(1))),
            (map::CAPTURE_SAMPLES, samples),
            (map::COMMAND, command::CAPTURE),
        ])?;
        self.capturing = true;
        let mut codes = Codes::default();
        let mut doubt = None;
        while codes.reached < samples {
            let interval = self.settings.poll_interval;
            match telemetry.recv_deadline(Instant::now() + interval)? {
                Some(Heard::Gap { lost }) if codes.begin.is_none() => codes.lost_before += lost,
                Some(Heard::Frame { record: Record::Block(block), .. }) => codes.take(&block),
                Some(_) => {}
                None => {
                    let words = self.read_many(map::STATUS, 4)?;
                    let next = telemetry.next_number();
                    let over = words[0] & status::CAPTURING == 0;
                    // Twice, as a frame may have been on its way while the instrument answered.
                    if over && doubt == Some(next) {
                        codes.skip(samples);
                    }
                    doubt = over.then_some(next);
                }
            }
        }
        self.capturing = false;
        if !codes.missing.is_empty() {
            return Err(DriverError::Capture { missing: codes.missing, wanted: samples });
        }
        codes.codes.truncate(samples as usize);
        Ok(codes.codes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(time: u32) -> Block {
        Block { time, decimation: 3, codes: vec![7; BLOCK_SAMPLES] }
    }

    #[test]
    fn codes_that_were_lost_are_named_wherever_they_are() {
        // Blocks follow one another at 192 samples; the clock overflows in between.
        let at = |n: u32| (u32::MAX - 300).wrapping_add(192 * n);
        let mut codes = Codes { lost_before: 2, ..Codes::default() };
        for n in [2, 3, 5, 3, 8] {
            codes.take(&block(at(n)));
        }
        codes.skip(600);
        assert_eq!(codes.missing, [0..128, 256..320, 384..512, 576..600]);
        assert_eq!(codes.codes.len(), 4 * BLOCK_SAMPLES);
    }
}
