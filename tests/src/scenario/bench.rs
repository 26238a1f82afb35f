//! A bench of integers, fixed by a seed.

use hge_sim::bench::Bench;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::{Arc, Mutex};

/// DAC codes and ADC codes of every sample, shared with whoever compares them.
pub type Log = Arc<Mutex<Vec<(Vec<i16>, Vec<i16>)>>>;

/// A bench of integers alone, so that a test bench in Verilog could hold it: the sum of the codes with a weight an
/// output, a square, and noise, cut to 16 bits. Each further input has the weights of the next output.
pub struct IntegerBench {
    weights: Vec<i64>,
    inputs: usize,
    noise: ChaCha8Rng,
    /// The noise before the last call, and how many codes it asked for.
    before: (ChaCha8Rng, usize),
    /// Codes and ADC codes of every sample so far.
    pub log: Log,
}

impl IntegerBench {
    /// Weights and noise from `seed`, for `outputs` outputs and `inputs` inputs.
    pub fn new(outputs: u32, inputs: u32, seed: u64) -> Self {
        let mut noise = ChaCha8Rng::seed_from_u64(seed);
        let weights = (0..outputs).map(|_| noise.random_range(-300..=300)).collect();
        IntegerBench {
            weights,
            inputs: inputs as usize,
            before: (noise.clone(), 0),
            noise,
            log: Default::default(),
        }
    }
}

impl Bench for IntegerBench {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        self.before = (self.noise.clone(), adc.len());
        let mut log = self.log.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let rows = codes.chunks_exact(self.weights.len());
        for (row, samples) in rows.zip(adc.chunks_exact_mut(self.inputs)) {
            for (input, sample) in samples.iter_mut().enumerate() {
                let weights = self.weights.iter().cycle().skip(input);
                let linear: i64 =
                    row.iter().zip(weights).map(|(&code, &weight)| i64::from(code) * weight).sum();
                let square = i64::from(row[0]) * i64::from(row[1]) / 4096;
                let noise = self.noise.random_range(-200..=200_i64);
                *sample = (linear / 256 + square + noise).clamp(-32768, 32767) as i16;
            }
            log.push((row.to_vec(), samples.to_vec()));
        }
    }

    fn rewind(&mut self, samples: usize) {
        let (noise, asked) = &self.before;
        self.noise = noise.clone();
        for _ in 0..asked.saturating_sub(self.inputs * samples) {
            self.noise.random_range(-200..=200_i64);
        }
        let mut log = self.log.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let kept = log.len().saturating_sub(samples);
        log.truncate(kept);
    }
}
