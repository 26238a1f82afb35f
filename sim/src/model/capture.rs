//! Reference model of the capture: ADC codes at a given decimation, in blocks.

use super::settings::Settings;
use hge_protocol::frame::{Block, BLOCK_SAMPLES};

/// A capture in progress, or none.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// Codes still to keep.
    left: u32,
    /// Samples to pass over first.
    phase: u32,
    block: Vec<i16>,
    /// ADC input.
    input: u8,
    time: u32,
}

impl Capture {
    /// A capture is in progress.
    pub fn active(&self) -> bool {
        self.left > 0
    }

    /// Begins one.
    pub fn start(&mut self, settings: &Settings) {
        self.left = settings.capture_samples;
        self.phase = 0;
        self.input = settings.capture_input as u8;
    }

    /// Ends it; what there is of a block.
    pub fn stop(&mut self, settings: &Settings) -> Option<Block> {
        self.left = 0;
        self.block(settings)
    }

    /// Samples until it ends.
    pub fn samples_left(&self, settings: &Settings) -> u64 {
        match self.left {
            0 => 0,
            left => {
                let decimation = u64::from(settings.capture_decimation.max(1));
                u64::from(self.phase) + u64::from(left - 1) * decimation + 1
            }
        }
    }

    /// Takes a sample's codes, of every input; a block that the captured one fills.
    pub fn take(&mut self, codes: &[i16], time: u32, settings: &Settings) -> Option<Block> {
        if self.left == 0 {
            return None;
        }
        if self.phase > 0 {
            self.phase -= 1;
            return None;
        }
        if self.block.is_empty() {
            self.time = time;
        }
        // As in the gateware, a number beyond the inputs is the first.
        let code = codes.get(usize::from(self.input)).or(codes.first());
        self.block.push(code.copied().unwrap_or(0));
        self.left -= 1;
        self.phase = settings.capture_decimation.max(1) - 1;
        if self.left == 0 || self.block.len() == BLOCK_SAMPLES {
            return self.block(settings);
        }
        None
    }

    fn block(&mut self, settings: &Settings) -> Option<Block> {
        let codes = std::mem::take(&mut self.block);
        let decimation = settings.capture_decimation as u16;
        (!codes.is_empty()).then_some(Block {
            input: self.input,
            time: self.time,
            decimation,
            codes,
        })
    }
}
