//! Claims about a device on its bench, each held by one test.

use super::*;
use crate::bench::response::tests::{assert_near, measured, N};
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

/// Of this many outputs, the last of which is broken.
struct Broken(usize);

impl Device for Broken {
    fn name(&self) -> String {
        "broken".into()
    }

    fn electrodes(&self) -> usize {
        1
    }

    fn outputs(&self) -> usize {
        self.0
    }

    fn currents_na(&self, _: &[f64], current_na: &mut [f64]) {
        for (row, broken) in current_na.chunks_exact_mut(self.0).zip([0.0, f64::NAN, f64::INFINITY])
        {
            row.fill(0.0);
            row[self.0 - 1] = broken;
        }
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
    AnalogueBench::new(chain, Box::new(device), 4, 1, 1e4, seed)
}

/// Offsets and slopes of three outputs; the first is that of [`three`].
fn rows() -> [(f64, Vec<f64>); 3] {
    [(3.0, vec![25.0, -10.0, 40.0]), (-7.0, vec![-8.0, 30.0, 5.0]), (11.0, vec![12.0, 0.0, -35.0])]
}

/// The first `measured` outputs of [`rows`] on an instrument with `inputs` inputs.
fn many(chain: Chain, measured: usize, inputs: usize, seed: u64) -> AnalogueBench {
    let device = LinearDevice::with_outputs(rows()[..measured].to_vec()).unwrap();
    AnalogueBench::new(chain, Box::new(device), 4, inputs, 1e4, seed)
}

/// Codes of `bench` while its outputs stand at mid-scale, one list for each input.
fn at_rest(mut bench: AnalogueBench, samples: usize) -> Vec<Vec<i16>> {
    let mut adc = vec![0; samples * bench.inputs()];
    bench.samples(&vec![0; 4 * samples], &mut adc);
    columns(&adc, bench.inputs())
}

fn columns(adc: &[i16], inputs: usize) -> Vec<Vec<i16>> {
    (0..inputs).map(|input| adc.iter().skip(input).step_by(inputs).copied().collect()).collect()
}

#[test]
fn with_every_effect_the_codes_do_not_depend_on_how_calls_are_cut_and_taken_back() {
    const N: usize = 3000;
    let mut dice = ChaCha8Rng::seed_from_u64(11);
    let step = |n: usize| (n / 400 * 700) as i16;
    let codes: Vec<i16> = (0..4 * N).map(|n| step(n) ^ dice.random_range(0..64)).collect();
    for (latency, measured, inputs) in [(0, 1, 1), (2, 1, 1), (0, 3, 3), (2, 3, 3), (1, 2, 4)] {
        let bench = || Delayed::new(Box::new(many(everything(), measured, inputs, 5)), 4, latency);
        let mut whole = vec![0; N * inputs];
        bench().samples(&codes, &mut whole);
        assert!(whole.iter().any(|&code| code.abs() > 19_000), "some clip");
        for _ in 0..20 {
            let (mut bench, mut adc) = (bench(), vec![0; N * inputs]);
            let (mut from, mut cuts) = (0, Vec::new());
            while from < N {
                let to = (from + dice.random_range(1..200)).min(N);
                bench.samples(&codes[4 * from..4 * to], &mut adc[inputs * from..inputs * to]);
                // Every other call is taken back, in part or whole.
                let back = dice.random_range(0..2) * dice.random_range(1..=to - from);
                bench.rewind(back);
                from = to - back;
                cuts.push(from);
            }
            assert!(adc == whole, "{measured} outputs, {inputs} inputs, cuts {cuts:?}");
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
fn every_input_has_the_closed_form_of_its_output() {
    let chain = Chain {
        noise_na2_per_hz: 0.0,
        iv_pole_hz: Some(1600.0),
        relaxation_share: 0.3,
        relaxation_s: 0.004,
        feed_through_pf: 5.0,
        ..Chain::default()
    };
    for input in [1, 2] {
        for cycles in [7, 400, 1300] {
            let mut bench = many(chain.clone(), 3, 3, 1);
            let found = measured(cycles, 2 * N, |tone| {
                let mut adc = [0; 3];
                bench.samples(&[(tone * 8192.0).round() as i16, 0, 0, 0], &mut adc);
                chain.current_na(f64::from(adc[input])) / chain.volts(0, 8192.0)
            });
            let f_hz = f64::from(cycles) * 1e4 / N as f64;
            // 4 and 6 nA are 1311 and 1966 codes: rounding of 4096 samples is far below a thousandth.
            let slope_na_per_v = rows()[input].1[0];
            assert_near(found, chain.response(slope_na_per_v, 0, f_hz, 1e4), 5e-4);
        }
    }
}

#[test]
fn input_0_is_the_same_however_many_there_are() {
    let mut dice = ChaCha8Rng::seed_from_u64(6);
    let codes: Vec<i16> = (0..4 * 500).map(|_| dice.random_range(-9000..9000)).collect();
    for chain in [Chain::default(), everything()] {
        let mut one = vec![0; 500];
        three(chain.clone(), 9).samples(&codes, &mut one);
        for (measured, inputs) in [(1, 3), (3, 1), (3, 3), (2, 8)] {
            let mut adc = vec![0; 500 * inputs];
            many(chain.clone(), measured, inputs, 9).samples(&codes, &mut adc);
            assert_eq!(columns(&adc, inputs)[0], one, "{measured} outputs, {inputs} inputs");
        }
    }
}

#[test]
fn noise_of_two_inputs_is_uncorrelated() {
    const SAMPLES: usize = 100_000;
    let codes = at_rest(many(Chain::default(), 3, 4, 2), SAMPLES);
    let mean = |list: &[f64]| list.iter().sum::<f64>() / SAMPLES as f64;
    let centred: Vec<Vec<f64>> = codes
        .iter()
        .map(|codes| {
            let codes: Vec<f64> = codes.iter().map(|&code| f64::from(code)).collect();
            let middle = mean(&codes);
            codes.iter().map(|code| code - middle).collect()
        })
        .collect();
    let product =
        |a: &[f64], b: &[f64]| mean(&a.iter().zip(b).map(|(a, b)| a * b).collect::<Vec<f64>>());
    // sqrt(S f_s / 2) is 1.118 nA.
    let wanted = 1.118_034 * Chain::default().code(1.0);
    for (a, one) in centred.iter().enumerate() {
        let sigma = product(one, one).sqrt();
        // The standard error of a standard deviation is 1 / sqrt(2 N) of it.
        let most = 4.5 / (2.0 * SAMPLES as f64).sqrt();
        assert!((sigma / wanted.abs() - 1.0).abs() < most, "input {a}: {sigma} {wanted}");
        for (b, other) in centred.iter().enumerate().skip(a + 1) {
            let correlation = product(one, other) / (sigma * product(other, other).sqrt());
            // Of independent lists it has the standard deviation 1 / sqrt(N).
            assert!(correlation.abs() < 4.5 / (SAMPLES as f64).sqrt(), "{a} {b}: {correlation}");
        }
    }
}

#[test]
fn flicker_is_drawn_anew_and_hum_and_drift_are_the_same_at_all_inputs() {
    let quiet = Chain { noise_na2_per_hz: 0.0, ..Chain::default() };
    let level = LinearDevice::with_outputs(vec![(3.0, vec![0.0; 3]); 3]).unwrap();
    let bench = |chain: Chain| {
        at_rest(AnalogueBench::new(chain, Box::new(level.clone()), 4, 3, 1e4, 3), 300)
    };
    let flicker = bench(Chain { flicker_na2_per_hz_at_1khz: 1e-2, ..quiet.clone() });
    assert!(flicker[0] != flicker[1] && flicker[1] != flicker[2] && flicker[0] != flicker[2]);
    let hum = Chain { hum_na: 5.0, hum_harmonics: vec![0.3], ..quiet };
    let same = bench(Chain { drift_na_per_s: 100.0, slow_drift_na: 3.0, ..hum });
    assert!(same[0] == same[1] && same[1] == same[2]);
    assert_ne!(same[0][0], same[0][50]);
}

#[test]
fn an_open_input_reads_no_current_but_noise_and_hum() {
    let quiet = Chain { noise_na2_per_hz: 0.0, ..Chain::default() };
    let moving = Chain { drift_na_per_s: 50.0, feed_through_pf: 20.0, step_v: 1.0, ..quiet };
    let mut bench = many(moving.clone(), 2, 3, 1);
    let codes: Vec<i16> = (0..4 * 200).map(|n| (n * 40) as i16).collect();
    let mut adc = vec![1; 3 * 200];
    bench.samples(&codes, &mut adc);
    assert_eq!(columns(&adc, 3)[2], [0; 200]);
    assert!(columns(&adc, 3)[..2].iter().all(|codes| codes[0] != codes[199]));
    let offset = Chain { adc_offset_v: 0.1, iv_pole_hz: Some(100.0), ..moving };
    assert_eq!(at_rest(many(offset, 1, 2, 1), 9)[1], [1311; 9], "0.1 V of 2.5 V");
    let open = at_rest(many(Chain::default(), 1, 2, 1), 200);
    let connected = at_rest(many(Chain::default(), 2, 2, 1), 200);
    // The noise of an input does not depend on what is connected: -7 nA are 2294 codes.
    let shift = |(open, connected): (&i16, &i16)| (connected - open - 2294).abs() <= 1;
    assert!(open[1].iter().zip(&connected[1]).all(shift), "{open:?} {connected:?}");
}

#[test]
fn a_bench_begins_at_rest() {
    let slow = Chain { noise_na2_per_hz: 0.0, dac_offset_v: 0.1, ..everything() };
    let slow = Chain { flicker_na2_per_hz_at_1khz: 0.0, hum_na: 0.0, ..slow };
    let slow = Chain { drift_na_per_s: 0.0, slow_drift_na: 0.0, drift_v: 0.0, ..slow };
    let codes = at_rest(many(slow, 3, 3, 1), 50);
    for (input, codes) in codes.iter().enumerate() {
        assert_eq!(codes, &[codes[0]; 50], "input {input}");
        assert_ne!(codes[0], 0, "the device gives a current at rest");
    }
    assert!(codes[0][0] != codes[1][0] && codes[1][0] != codes[2][0]);
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
    let mut bench = AnalogueBench::new(Chain::default(), Box::new(Ohmic), 1, 1, 1e4, 7);
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
    let mut bench = AnalogueBench::new(chain, Box::new(Broken(1)), 1, 1, 1e4, 1);
    let non_finite = bench.non_finite();
    assert!(!non_finite.load(Ordering::Relaxed));
    let mut adc = [1; 3];
    bench.samples(&[0; 3], &mut adc);
    assert_eq!(adc, [0, 32767, -32768]);
    assert!(non_finite.load(Ordering::Relaxed));
    // Also at an output that is not the first, and where no input measures it.
    let chain = Chain { noise_na2_per_hz: 0.0, ..Chain::default() };
    for (inputs, codes) in [(2, vec![0, 0, 0, 32767, 0, -32768]), (1, vec![0; 3])] {
        let mut bench = AnalogueBench::new(chain.clone(), Box::new(Broken(2)), 1, inputs, 1e4, 1);
        let (non_finite, mut adc) = (bench.non_finite(), vec![1; 3 * inputs]);
        bench.samples(&[0; 3], &mut adc);
        assert_eq!(adc, codes);
        assert!(non_finite.load(Ordering::Relaxed));
    }
}
