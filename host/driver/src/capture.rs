//! Raw ADC codes, outside or during a run.

use super::{DriverError, Instrument, RunEvent, Subscription, TelemetryItem};
use hge_protocol::frame::{Block, End, Record, BLOCK_SAMPLES};
use hge_protocol::registers::{self as map, command, status};
use std::ops::Range;
use std::time::Instant;

/// Blocks that may wait for the caller.
const WAITING_FRAMES: usize = 4096;

/// Queue of blocks of a capture during a run: four million codes.
const RUN_FRAMES: usize = 1 << 16;

/// Maximum codes of a capture during a run, so that none is lost while simulated time advances before and after it.
pub const RUN_CODES: u32 = 1 << 21;

/// ADC codes captured during a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// From before the run's first sample to after its last; 0 where one is missing.
    pub codes: Vec<i16>,
    /// Indices of missing codes, in order.
    pub missing: Vec<Range<usize>>,
    /// Samples from one code to the next.
    pub decimation: u16,
}

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

    /// All codes in order, without the first `older`, after `lost` missing ones.
    fn beside(&self, decimation: u16, older: u32, lost: u32) -> Beside {
        let mut codes = vec![0; lost as usize];
        let mut missing = Vec::new();
        if lost > 0 {
            missing.push(0..codes.len());
        }
        let (mut taken, mut place) = (0, 0);
        let end = Range { start: self.reached, end: self.reached };
        for stretch in self.missing.iter().chain(std::iter::once(&end)) {
            let came = (stretch.start - place) as usize;
            codes.extend(&self.codes[taken..taken + came]);
            let begin = codes.len();
            codes.resize(begin + stretch.len(), 0);
            missing.push(begin..codes.len());
            (taken, place) = (taken + came, stretch.end);
        }
        let older = (older as usize).min(codes.len());
        let codes = codes.split_off(older);
        let moved = missing
            .into_iter()
            .map(|stretch| stretch.start.saturating_sub(older)..stretch.end.saturating_sub(older))
            .filter(|stretch| !stretch.is_empty());
        Beside { codes, missing: moved.collect(), decimation }
    }

    /// Codes before `place` that have not arrived are lost.
    fn skip(&mut self, place: u32) {
        if place > self.reached {
            self.missing.push(self.reached..place);
            self.reached = place;
        }
    }
}

impl Instrument {
    /// Input that captures read.
    pub fn capture_input(&self) -> u8 {
        self.capture_input
    }

    /// Chooses the ADC input of later captures, 0 at first.
    ///
    /// # Errors
    /// The instrument has no such input.
    pub fn set_capture_input(&mut self, input: u8) -> Result<(), DriverError> {
        let inputs = self.parameters.inputs;
        if u32::from(input) >= inputs {
            return Err(DriverError::Input { input, last: inputs - 1 });
        }
        self.capture_input = input;
        Ok(())
    }

    /// Captures `samples` ADC codes, every `decimation`-th one.
    ///
    /// # Errors
    /// The link breaks, the instrument refuses, or codes were lost.
    pub fn capture(&mut self, samples: u32, decimation: u16) -> Result<Vec<i16>, DriverError> {
        let mut telemetry = self.subscribe(WAITING_FRAMES);
        telemetry.begin_at(self.read(map::FRAMES)?);
        self.write_all(&[
            (map::CAPTURE_INPUT, u32::from(self.capture_input)),
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
                Some(TelemetryItem::Gap { lost }) if codes.begin.is_none() => {
                    codes.lost_before += lost
                }
                Some(TelemetryItem::Frame { record: Record::Block(block), .. }) => {
                    codes.take(&block)
                }
                Some(_) => {}
                None => {
                    let next = telemetry.next_number();
                    let over = self.is_capture_over(&telemetry)?;
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

    /// [`Instrument::run`], with every `decimation`-th ADC code from before its beginning to after its end.
    ///
    /// # Errors
    /// Those of [`Instrument::run`]; no code came at all.
    pub fn run_captured(
        &mut self,
        mode: u32,
        decimation: u16,
        on_event: impl FnMut(RunEvent),
    ) -> Result<(End, Beside), DriverError> {
        let decimation = decimation.max(1);
        let mut telemetry = self.subscribe(RUN_FRAMES);
        telemetry.begin_at(self.read(map::FRAMES)?);
        // It is ended by hand, however long the run takes.
        self.write_all(&[
            (map::CAPTURE_INPUT, u32::from(self.capture_input)),
            (map::CAPTURE_DECIMATION, u32::from(decimation)),
            (map::CAPTURE_SAMPLES, u32::MAX),
            (map::COMMAND, command::CAPTURE),
        ])?;
        self.capturing = true;
        let before = self.read(map::TIME);
        let ended = self.run(mode, on_event);
        let after = self.read(map::TIME);
        let stopped = self.write(map::COMMAND, command::STOP);
        let (end, before, after) = (ended?, before?, after?);
        stopped?;
        let mut codes = Codes::default();
        self.collect(&mut telemetry, &mut codes, after)?;
        let wanted = after.wrapping_sub(before) / u32::from(decimation) + 1;
        let Some(begin) = codes.begin else {
            let missing = std::iter::once(0..wanted).collect();
            return Err(DriverError::Capture { missing, wanted });
        };
        let (older, lost) = outside(before, begin, u32::from(decimation));
        Ok((end, codes.beside(decimation, older, lost.min(wanted))))
    }

    /// The capture has ended, and no earlier frame is still in the queue.
    fn is_capture_over(&self, telemetry: &Subscription) -> Result<bool, DriverError> {
        let capturing = self.read(map::STATUS)? & status::CAPTURING != 0;
        Ok(!capturing && !telemetry.is_waiting())
    }

    /// Reads blocks until they reach `after`, or a capture that was ended sends no more.
    fn collect(
        &mut self,
        telemetry: &mut Subscription,
        codes: &mut Codes,
        after: u32,
    ) -> Result<(), DriverError> {
        let mut doubt = None;
        let mut decimation = 1;
        loop {
            let reached = codes.reached.wrapping_mul(decimation);
            let behind = codes.begin.map(|begin| after.wrapping_sub(begin.wrapping_add(reached)));
            if behind.is_some_and(|behind| behind >= 1 << 31) {
                break;
            }
            match telemetry.recv_deadline(Instant::now() + self.settings.poll_interval)? {
                Some(TelemetryItem::Frame { record: Record::Block(block), .. }) => {
                    decimation = u32::from(block.decimation.max(1));
                    codes.take(&block);
                }
                Some(_) => {}
                None => {
                    let next = telemetry.next_number();
                    let over = self.is_capture_over(telemetry)?;
                    if over && doubt == Some(next) {
                        let last = behind.map_or(1, |behind| codes.reached + behind / decimation);
                        codes.skip(last);
                        break;
                    }
                    doubt = over.then_some(next);
                }
            }
        }
        while self.read(map::STATUS)? & status::CAPTURING != 0 {
            self.check_cancel()?;
        }
        self.capturing = false;
        Ok(())
    }
}

/// Number of codes, one every `every` samples from `begin` on, that are older than `since` and not needed; and number of missing codes from `since` to
/// `begin`.
fn outside(since: u32, begin: u32, every: u32) -> (u32, u32) {
    let early = since.wrapping_sub(begin);
    if early < 1 << 31 {
        (early.div_ceil(every), 0)
    } else {
        (0, early.wrapping_neg().div_ceil(every))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_code_of_a_run_is_the_first_that_is_not_older_than_it() {
        // The sample clock overflows in between.
        for since in [1000, 3, u32::MAX - 2] {
            for every in [1, 3, 7] {
                for offset in 0..40 {
                    // Codes at begin, begin + every, ...: those before `since` are counted one by one.
                    let older = (0..40).filter(|n| n * every < offset).count() as u32;
                    let begin = since.wrapping_sub(offset);
                    assert_eq!(outside(since, begin, every), (older, 0), "{offset} {every}");
                    // Codes at begin - every, begin - 2 every, ... back to `since`, or to one sample before the next.
                    let begin = since.wrapping_add(offset);
                    let lost = (0..40).filter(|n| n * every < offset).count() as u32;
                    assert_eq!(outside(since, begin, every), (0, lost), "{offset} {every}");
                }
            }
        }
    }

    fn block(time: u32) -> Block {
        Block { input: 0, time, decimation: 3, codes: vec![7; BLOCK_SAMPLES] }
    }

    #[test]
    fn codes_that_were_lost_are_named_wherever_they_are() {
        // Blocks follow one another at 192 samples; the clock overflows in between.
        let at = |n: u32| (u32::MAX - 300).wrapping_add(192 * n);
        let mut codes = Codes { lost_before: 2, ..Codes::default() };
        for n in [2, 3, 5, 3, 8] {
            codes.take(&block(at(n)));
        }
        let beside = codes.beside(1, 140, 0);
        assert_eq!(beside.codes.len() + 140, 576);
        assert_eq!(beside.missing, [116..180, 244..372]);
        let late = codes.beside(1, 0, 10);
        assert_eq!(late.missing, [0..10, 10..138, 266..330, 394..522]);
        let held = beside.missing.iter().flat_map(|stretch| &beside.codes[stretch.clone()]);
        assert!(held.into_iter().all(|&code| code == 0));
        codes.skip(600);
        assert_eq!(codes.missing, [0..128, 256..320, 384..512, 576..600]);
        assert_eq!(codes.codes.len(), 4 * BLOCK_SAMPLES);
    }
}
