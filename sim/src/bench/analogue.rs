//! A device on its bench.

use super::stages::Rest;
use super::{Bench, Chain, Converter, ElectrodeDrift, Stages};
use crate::device::Device;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// A bench around one device: DAC, drift of the electrodes, device, and the [`Stages`] from its current to the ADC code.
pub struct AnalogueBench {
    /// One for each electrode.
    dacs: Vec<Converter>,
    drift: Option<ElectrodeDrift>,
    device: Box<dyn Device>,
    outputs: usize,
    stages: Stages,
    /// The stages before the last call.
    before: Stages,
    /// Voltages and currents of the last call, to take samples back.
    volts: Vec<f64>,
    felt_v: Vec<f64>,
    device_na: Vec<f64>,
    current_na: Vec<f64>,
    non_finite: Arc<AtomicBool>,
}

impl AnalogueBench {
    /// Wires `device` to an instrument with `outputs` outputs sampling at `rate_hz`. Before the first sample
    /// the outputs have long stood at mid-scale. The noise is white up to half the rate and, with the hum's phase, fixed by `seed`.
    pub fn new(
        chain: Chain,
        device: Box<dyn Device>,
        outputs: usize,
        rate_hz: f64,
        seed: u64,
    ) -> Self {
        let dacs: Vec<Converter> =
            (0..device.electrodes()).map(|output| Converter::dac(&chain, output)).collect();
        let mut rest =
            Rest { volts: dacs.iter().map(|dac| dac.volts(0)).collect(), current_na: 0.0 };
        if chain.remembers() {
            let mut at_rest = [0.0];
            device.currents_na(&rest.volts, &mut at_rest);
            rest.current_na = if at_rest[0].is_finite() { at_rest[0] } else { 0.0 };
        }
        let stages = Stages::new(&chain, rate_hz, &rest, seed);
        AnalogueBench {
            dacs,
            drift: ElectrodeDrift::of(&chain, device.electrodes(), rate_hz),
            device,
            outputs,
            before: stages.clone(),
            stages,
            volts: Vec::new(),
            felt_v: Vec::new(),
            device_na: Vec::new(),
            current_na: Vec::new(),
            non_finite: Arc::default(),
        }
    }

    /// Set as soon as the device's current is not finite: no engine can say so, a bench's owner can.
    pub fn non_finite(&self) -> Arc<AtomicBool> {
        self.non_finite.clone()
    }

    /// Passes the device's currents through the stages.
    fn pass(&mut self, adc: &mut [i16]) {
        self.before.clone_from(&self.stages);
        self.current_na.clone_from(&self.device_na);
        self.stages.pass(&self.volts, &mut self.current_na, adc);
    }
}

impl Bench for AnalogueBench {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        self.volts.clear();
        for row in codes.chunks_exact(self.outputs) {
            for (electrode, dac) in self.dacs.iter().enumerate() {
                self.volts.push(dac.volts(row.get(electrode).copied().unwrap_or(0)));
            }
        }
        self.device_na.resize(adc.len(), 0.0);
        match &mut self.drift {
            Some(drift) => {
                self.felt_v.clone_from(&self.volts);
                drift.pass(&mut self.felt_v);
                self.device.currents_na(&self.felt_v, &mut self.device_na);
            }
            None => self.device.currents_na(&self.volts, &mut self.device_na),
        }
        if !self.device_na.iter().all(|current_na| current_na.is_finite()) {
            self.non_finite.store(true, Ordering::Relaxed);
        }
        self.pass(adc);
    }

    fn rewind(&mut self, samples: usize) {
        let kept = self.device_na.len().saturating_sub(samples);
        self.stages.clone_from(&self.before);
        if let Some(drift) = &mut self.drift {
            drift.rewind(samples.min(self.device_na.len()));
        }
        self.device_na.truncate(kept);
        self.volts.truncate(kept * self.device.electrodes());
        self.pass(&mut vec![0; kept]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::response::tests::{assert_near, measured, N};
    use super::*;
    use crate::bench::Delayed;
    use crate::device::LinearDevice;
    use hge_protocol::Analogue;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

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

        fn jacobian_na_per_v(&self, _: &[f64]) -> Option<Vec<f64>> {
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

        fn jacobian_na_per_v(&self, _: &[f64]) -> Option<Vec<f64>> {
            None
        }
    }

    /// All effects together.
    fn everything() -> Chain {
        Chain {
            dac_offset_v: 0.002,
            dac_gain_error: 0.01,
            dac_inl_bow_lsb: 2.0,
            dac_inl_s_lsb: 1.0,
            adc_bits: 12,
            adc_offset_v: -0.001,
            adc_gain_error: -0.02,
            adc_inl_bow_lsb: 0.5,
            adc_inl_s_lsb: -0.5,
            iv_pole_hz: Some(700.0),
            analogue: Analogue { iv_clip_v: 1.5, ..Analogue::default() },
            feed_throughs_pf: Some(vec![1.0, 0.0, 2.5]),
            relaxation_share: 0.3,
            relaxation_play_na: 1.0,
            flicker_na2_per_hz_at_1khz: 1e-4,
            hum_na: 1.0,
            hum_harmonics: vec![0.0, 0.2],
            drift_na_per_s: 3.0,
            slow_drift_na: 2.0,
            slow_drift_period_s: 0.05,
            drift_v: 0.1,
            drift_period_s: 0.2,
            step_v: 0.2,
            step_at_s: 0.1,
            ..Chain::default()
        }
    }

    fn three(chain: Chain, seed: u64) -> AnalogueBench {
        let device = LinearDevice::new(3.0, vec![25.0, -10.0, 40.0]).unwrap();
        AnalogueBench::new(chain, Box::new(device), 4, 1e4, seed)
    }

    #[test]
    fn with_every_effect_the_codes_do_not_depend_on_how_calls_are_cut_and_taken_back() {
        const N: usize = 3000;
        let mut dice = ChaCha8Rng::seed_from_u64(11);
        let step = |n: usize| (n / 400 * 700) as i16;
        let codes: Vec<i16> = (0..4 * N).map(|n| step(n) ^ dice.random_range(0..64)).collect();
        for latency in [0, 2] {
            let bench = || Delayed::new(Box::new(three(everything(), 5)), 4, latency);
            let mut whole = vec![0; N];
            bench().samples(&codes, &mut whole);
            assert!(whole.iter().any(|&code| code.abs() > 19_000), "some clip");
            for _ in 0..20 {
                let (mut bench, mut adc) = (bench(), vec![0; N]);
                let (mut from, mut cuts) = (0, Vec::new());
                while from < N {
                    let to = (from + dice.random_range(1..200)).min(N);
                    bench.samples(&codes[4 * from..4 * to], &mut adc[from..to]);
                    // Every other call is taken back, in part or whole.
                    let back = dice.random_range(0..2) * dice.random_range(1..=to - from);
                    bench.rewind(back);
                    from = to - back;
                    cuts.push(from);
                }
                assert!(adc == whole, "cuts {cuts:?}");
            }
        }
    }

    #[test]
    fn the_defaults_are_an_ideal_chain_with_white_noise_bit_for_bit() {
        let mut dice = ChaCha8Rng::seed_from_u64(3);
        let codes: Vec<i16> = (0..4 * 500).map(|_| dice.random()).collect();
        let chain = Chain { adc_bits: 14, ..Chain::default() };
        let mut adc = vec![0; 500];
        three(chain, 9).samples(&codes, &mut adc);
        let mut noise = ChaCha8Rng::seed_from_u64(9);
        let sigma_na = (2.5e-4 * 1e4 / 2.0_f64).sqrt();
        for (row, code) in codes.chunks_exact(4).zip(adc) {
            let volts: Vec<f64> = row.iter().map(|&code| f64::from(code) / 32768.0 * 2.0).collect();
            let mut current_na = [0.0];
            LinearDevice::new(3.0, vec![25.0, -10.0, 40.0])
                .unwrap()
                .currents_na(&volts[..3], &mut current_na);
            let drawn: f64 = StandardNormal.sample(&mut noise);
            let volts = ((current_na[0] + sigma_na * drawn) * -0.025).clamp(-2.5, 2.5);
            let steps = (volts / 2.5 * 32768.0 / 4.0).round();
            assert_eq!(f64::from(code), (steps.clamp(-8192.0, 8191.0) * 4.0));
        }
    }

    #[test]
    fn a_tone_comes_back_with_the_gain_and_phase_of_the_chain_s_closed_form() {
        let quiet = Chain { noise_na2_per_hz: 0.0, ..Chain::default() };
        let slow = Chain {
            iv_pole_hz: Some(1600.0),
            relaxation_share: 0.3,
            relaxation_s: 0.004,
            feed_through_pf: 5.0,
            dac_gain_error: 0.03,
            adc_gain_error: -0.01,
            ..quiet.clone()
        };
        let played = Chain { relaxation_play_na: 60.0, ..slow.clone() };
        for chain in [quiet, slow, played] {
            for cycles in [7, 40, 400, 1300] {
                let mut bench = three(chain.clone(), 1);
                let found = measured(cycles, 2 * N, |tone| {
                    let mut adc = [0];
                    bench.samples(&[0, 0, (tone * 8192.0).round() as i16, 0], &mut adc);
                    chain.current_na(f64::from(adc[0])) / chain.volts(2, 8192.0)
                });
                let f_hz = f64::from(cycles) * 1e4 / N as f64;
                // 20 nA are 6554 codes: rounding of 4096 samples is far below a thousandth.
                assert_near(found, chain.response(40.0, 2, f_hz, 1e4), 1e-4);
            }
        }
    }

    #[test]
    fn a_bench_begins_at_rest() {
        let slow = Chain { noise_na2_per_hz: 0.0, dac_offset_v: 0.1, ..everything() };
        let slow = Chain { flicker_na2_per_hz_at_1khz: 0.0, hum_na: 0.0, ..slow };
        let slow = Chain { drift_na_per_s: 0.0, slow_drift_na: 0.0, drift_v: 0.0, ..slow };
        let mut adc = [1; 50];
        three(slow, 1).samples(&[0; 200], &mut adc);
        assert_eq!(adc, [adc[0]; 50]);
        assert_ne!(adc[0], 0, "the device gives a current at rest");
    }

    #[test]
    fn each_effect_draws_from_its_own_random_numbers() {
        let bench = |chain: Chain| {
            let mut adc = [0; 100];
            three(chain, 4).samples(&[0; 400], &mut adc);
            adc
        };
        let white = bench(Chain::default());
        let (hum, drift) = (1e-9, 1e-9);
        let more = Chain { hum_na: hum, drift_na_per_s: drift, ..Chain::default() };
        let more = Chain { flicker_na2_per_hz_at_1khz: 1e-18, ..more };
        assert_eq!(bench(more), white);
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
