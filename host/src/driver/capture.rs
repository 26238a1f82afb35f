//! ADC codes as they come, without any run.

use super::{DriverError, Heard, Instrument};
use hge_protocol::frame::Record;
use hge_protocol::registers::{self as map, command, status};
use std::time::Instant;

/// Blocks that may wait for the caller.
const WAITING_FRAMES: usize = 4096;

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
        let (mut codes, mut lost) = (Vec::new(), 0);
        let mut doubt = None;
        while codes.len() < samples as usize {
            let interval = self.settings.poll_interval;
            match telemetry.recv_deadline(Instant::now() + interval)? {
                Some(Heard::Gap { lost: more }) => lost += more,
                Some(Heard::Frame { record: Record::Block(block), .. }) => {
                    codes.extend(block.codes)
                }
                Some(Heard::Frame { .. }) => {}
                None => {
                    let words = self.read_many(map::STATUS, 4)?;
                    let next = telemetry.next_number();
                    let over = words[0] & status::CAPTURING == 0;
                    // Twice, as a frame may have been on its way while the instrument answered.
                    if over && doubt == Some(next) {
                        lost += next.map_or(0, |next| words[3].wrapping_sub(next));
                        break;
                    }
                    doubt = over.then_some(next);
                }
            }
        }
        if lost > 0 || codes.len() < samples as usize {
            return Err(DriverError::Capture { lost, got: codes.len(), wanted: samples });
        }
        codes.truncate(samples as usize);
        Ok(codes)
    }
}
