//! Reference model of an input's lock-in: I and Q sums of every slot, and the window statistics.
//!
//! The sums are exact, so samples may be added in any number at once. A sample is split into its upper and lower byte: sums of
//! [`PIECE`] products of either fit into 32 bits, which a processor adds eight at a time.

use hge_protocol::frame::SlotSums;

/// Samples whose products with the lower byte, 255 x 32768 each, fit into 31 bits.
const PIECE: usize = 256;

/// Consecutive samples, divided.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// Bits 15 to 8, signed.
    high: Vec<i16>,
    /// Bits 7 to 0.
    low: Vec<i16>,
}

impl Samples {
    /// These samples in place of the former.
    pub fn set(&mut self, samples: impl Iterator<Item = i16> + Clone) {
        self.high.clear();
        self.high.extend(samples.clone().map(|sample| sample >> 8));
        self.low.clear();
        self.low.extend(samples.map(|sample| sample & 255));
    }

    /// Sum of the products with a wave of as many samples.
    fn times(&self, wave: &[i16]) -> i64 {
        let pieces = self.high.chunks(PIECE).zip(self.low.chunks(PIECE)).zip(wave.chunks(PIECE));
        pieces
            .map(|((high, low), wave)| 256 * i64::from(dot(high, wave)) + i64::from(dot(low, wave)))
            .sum()
    }
}

fn dot(one: &[i16], other: &[i16]) -> i32 {
    one.iter().zip(other).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

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

    /// Adds samples to the level sums, the first `first` of them to the first half's.
    pub fn level(&mut self, samples: impl Iterator<Item = i16>, first: usize) {
        for (n, sample) in samples.enumerate() {
            let half = if n < first { &mut self.first } else { &mut self.second };
            *half += i32::from(sample);
            self.min = self.min.min(sample);
            self.max = self.max.max(sample);
        }
    }

    /// Adds samples to the sums of slot `slot`, whose wave this is.
    pub fn accumulate(&mut self, slot: usize, samples: &Samples, sines: &[i16], cosines: &[i16]) {
        if let Some(sums) = self.sums.get_mut(slot) {
            sums.in_phase += samples.times(sines);
            sums.quadrature += samples.times(cosines);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_pieces_are_exact_at_full_scale() {
        let turn = |n: i64| (n * 40_503 % 65_536 - 32_768) as i16;
        let drawn: Vec<i16> = (0..5000).map(turn).collect();
        let low = vec![i16::MIN + 255; 5000];
        for (signal, wave) in [
            (&drawn, drawn.iter().rev().map(|&w| w.max(-32767)).collect::<Vec<_>>()),
            (&vec![i16::MIN; 5000], vec![-32767; 5000]),
            (&vec![i16::MAX; 5000], vec![32767; 5000]),
            (&low, vec![32767; 5000]),
        ] {
            let mut samples = Samples::default();
            samples.set(signal.iter().copied());
            let mut lockin = Lockin::new(2);
            lockin.accumulate(1, &samples, &wave, &wave);
            let sum: i64 =
                signal.iter().zip(&wave).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum();
            assert_eq!(
                lockin.sums,
                [SlotSums::default(), SlotSums { in_phase: sum, quadrature: sum }]
            );
        }
    }
}
