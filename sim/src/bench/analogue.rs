//! DAC, device, I-V converter with its noise and clipping, ADC.

use super::Bench;
use crate::device::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// The analogue chain around a device. Electrode i of the device hangs on output i.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Chain {
    /// DAC full scale: code 32768 would be this voltage.
    pub dac_range_v: f64,
    /// ADC full scale: code 32768 would be this voltage.
    pub adc_range_v: f64,
    /// Significant bits of the ADC.
    pub adc_bits: u32,
    /// Gain of the I-V converter, negative when it inverts.
    pub iv_gain_v_per_na: f64,
    /// The I-V converter's output clips at plus and minus this voltage.
    pub iv_clip_v: f64,
    /// One-sided density of the white current noise at the device's output.
    pub noise_na2_per_hz: f64,
}

impl Default for Chain {
    /// A 10 MOhm inverting converter scaled to +-100 nA, +-2 V outputs, the noise of `hge.md`'s lab.
    fn default() -> Self {
        Chain {
            dac_range_v: 2.0,
            adc_range_v: 2.5,
            adc_bits: 16,
            iv_gain_v_per_na: -0.025,
            iv_clip_v: 2.5,
            noise_na2_per_hz: 2.5e-4,
        }
    }
}

impl Chain {
    /// Output voltage of a DAC code.
    pub fn volts(&self, code: f64) -> f64 {
        code / 32768.0 * self.dac_range_v
    }

    /// Device current of a (mean) ADC code, inverting the converter.
    pub fn current_na(&self, code: f64) -> f64 {
        code / 32768.0 * self.adc_range_v / self.iv_gain_v_per_na
    }

    /// ADC code, not yet rounded, of a device current.
    pub fn code(&self, current_na: f64) -> f64 {
        current_na * self.iv_gain_v_per_na / self.adc_range_v * 32768.0
    }
}

/// A bench around one device.
pub struct AnalogueBench {
    chain: Chain,
    device: Box<dyn Device>,
    outputs: usize,
    sigma_na: f64,
    noise: ChaCha8Rng,
    /// The noise before the last call, and how many samples it asked for.
    before: (ChaCha8Rng, usize),
    volts: Vec<f64>,
    currents: Vec<f64>,
    non_finite: Arc<AtomicBool>,
}

impl AnalogueBench {
    /// Wires `device` to an instrument with `outputs` outputs sampling at `rate_hz`. The noise is
    /// white up to half the rate and fixed by `seed`.
    pub fn new(
        chain: Chain,
        device: Box<dyn Device>,
        outputs: usize,
        rate_hz: f64,
        seed: u64,
    ) -> Self {
        let sigma_na = (chain.noise_na2_per_hz * rate_hz / 2.0).sqrt();
        AnalogueBench {
            chain,
            device,
            outputs,
            sigma_na,
            before: (ChaCha8Rng::seed_from_u64(seed), 0),
            noise: ChaCha8Rng::seed_from_u64(seed),
            volts: Vec::new(),
            currents: Vec::new(),
            non_finite: Arc::default(),
        }
    }

    /// Set as soon as the device's current is not finite: no engine can say so, a bench's owner can.
    pub fn non_finite(&self) -> Arc<AtomicBool> {
        self.non_finite.clone()
    }
}

impl Bench for AnalogueBench {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        self.before = (self.noise.clone(), adc.len());
        let electrodes = self.device.electrodes();
        self.volts.clear();
        for row in codes.chunks_exact(self.outputs) {
            for electrode in 0..electrodes {
                let code = row.get(electrode).copied().unwrap_or(0);
                self.volts.push(self.chain.volts(f64::from(code)));
            }
        }
        self.currents.resize(adc.len(), 0.0);
        self.device.currents_na(&self.volts, &mut self.currents);
        let step = f64::from(1 << (16 - self.chain.adc_bits));
        let top = (32768.0 - step) / step;
        for (code, &current_na) in adc.iter_mut().zip(&self.currents) {
            let noise: f64 = StandardNormal.sample(&mut self.noise);
            let volts = (current_na + self.sigma_na * noise) * self.chain.iv_gain_v_per_na;
            if !current_na.is_finite() {
                self.non_finite.store(true, Ordering::Relaxed);
            }
            // NaN counts as clipped: at the top of the converter's range, never as a current of zero.
            let volts = if volts.is_nan() { self.chain.iv_clip_v } else { volts };
            let volts = volts.clamp(-self.chain.iv_clip_v, self.chain.iv_clip_v);
            let steps = (volts / self.chain.adc_range_v * 32768.0 / step).round();
            *code = (steps.clamp(-32768.0 / step, top) * step) as i16;
        }
    }

    fn rewind(&mut self, samples: usize) {
        let (noise, asked) = &self.before;
        self.noise = noise.clone();
        for _ in 0..asked.saturating_sub(samples) {
            let _: f64 = StandardNormal.sample(&mut self.noise);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ohmic;

    impl Device for Ohmic {
        fn name(&self) -> String {
            "ohmic".into()
        }

        fn electrodes(&self) -> usize {
            1
        }

        fn currents_na(&self, volts: &[f64], current_na: &mut [f64]) {
            current_na.copy_from_slice(volts);
        }

        fn gradient_na_per_v(&self, _: &[f64]) -> Option<Vec<f64>> {
            None
        }
    }

    struct Broken;

    impl Device for Broken {
        fn name(&self) -> String {
            "broken".into()
        }

        fn electrodes(&self) -> usize {
            1
        }

        fn currents_na(&self, _: &[f64], current_na: &mut [f64]) {
            current_na.copy_from_slice(&[0.0, f64::NAN, f64::INFINITY]);
        }

        fn gradient_na_per_v(&self, _: &[f64]) -> Option<Vec<f64>> {
            None
        }
    }

    #[test]
    fn samples_taken_back_come_again() {
        let mut bench = AnalogueBench::new(Chain::default(), Box::new(Ohmic), 1, 1e4, 7);
        let (mut whole, mut again) = ([0; 5], [0; 2]);
        bench.samples(&[1000; 5], &mut whole);
        bench.rewind(2);
        bench.samples(&[1000; 2], &mut again);
        assert_eq!(again, whole[3..]);
        assert_ne!(whole[0], whole[1], "there is noise to repeat");
    }

    #[test]
    fn a_current_that_is_not_finite_reads_as_clipped_and_is_told() {
        let chain = Chain { noise_na2_per_hz: 0.0, ..Chain::default() };
        let mut bench = AnalogueBench::new(chain, Box::new(Broken), 1, 1e4, 1);
        let told = bench.non_finite();
        assert!(!told.load(Ordering::Relaxed));
        let mut adc = [1; 3];
        bench.samples(&[0; 3], &mut adc);
        assert_eq!(adc, [0, 32767, -32768]);
        assert!(told.load(Ordering::Relaxed));
    }
}
