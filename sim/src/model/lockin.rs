//! Reference model of an input's lock-in: I and Q sums of every slot, and the window statistics.

use super::nco::Wave;
use hge_protocol::frame::SlotSums;

/// Accumulators of one window and input.
#[derive(Clone, Debug)]
pub struct Lockin {
    /// I and Q of every slot, 48 bits: 2^16 samples of full scale need 47.
    pub sums: Vec<SlotSums>,
    /// Sum of the first half of the window.
    pub first: i32,
    /// Sum of the second half.
    pub second: i32,
    /// Least sample.
    pub min: i16,
    /// Greatest sample.
    pub max: i16,
}

impl Lockin {
    /// Accumulators for `slots` slots.
    pub fn new(slots: usize) -> Self {
        Lockin {
            sums: vec![SlotSums::default(); slots],
            first: 0,
            second: 0,
            min: i16::MAX,
            max: i16::MIN,
        }
    }

    /// Begins a window.
    pub fn clear(&mut self) {
        *self = Lockin::new(self.sums.len());
    }

    /// Adds one sample to the level sums; `second_half` says to which.
    pub fn level(&mut self, sample: i16, second_half: bool) {
        if second_half {
            self.second += i32::from(sample);
        } else {
            self.first += i32::from(sample);
        }
        self.min = self.min.min(sample);
        self.max = self.max.max(sample);
    }

    /// Adds one sample to the slots with these waves.
    pub fn accumulate(&mut self, sample: i16, waves: &[Wave]) {
        for (sums, wave) in self.sums.iter_mut().zip(waves) {
            sums.in_phase += i64::from(i32::from(sample) * i32::from(wave.sine));
            sums.quadrature += i64::from(i32::from(sample) * i32::from(wave.cosine));
        }
    }
}
