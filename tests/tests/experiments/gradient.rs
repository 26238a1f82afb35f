//! The gradient that comes out of the instrument against the device's own, in closed form.

use hge_core::carrier::Carrier;
use hge_core::tones::{plan, Grid, NoiseModel, Order, ToneSpec};
use hge_protocol::frame::flag;
use hge_protocol::Parameters;
use hge_sim::bench::Chain;
use hge_sim::device::{Device, LinearDevice, PolynomialDevice};
use hge_tests::laboratory::{Laboratory, RATE_HZ};

fn quiet() -> Chain {
    Chain { noise_na2_per_hz: 0.0, ..Chain::default() }
}

/// Five tones of 0.36 V: their sum is 90 % of the DAC's +-2 V; slopes that sum to 250 nA/V let them fill 90 % of
/// the ADC's +-100 nA.
fn wide(window_samples: u32) -> Laboratory {
    let wanted = ToneSpec {
        grid: Grid { rate_hz: RATE_HZ, window_samples },
        count: 5,
        band_hz: [100.0, 1500.0],
        empty_lines: 0,
        order: Order::Compact,
        noise_model: NoiseModel::default(),
    };
    Laboratory {
        parameters: Parameters::default(),
        chain: quiet(),
        window_samples,
        amplitudes_v: vec![0.36; 5],
        cycles: plan(&wanted).unwrap().cycles(),
        controls_v: vec![0.11, -0.23, 0.0, 0.37, -0.41],
        carrier: Carrier::Sine,
        cost: None,
        shaping: true,
        seed: 1,
    }
}

/// Greatest error of a slope, as a part of the greatest slope.
fn worst_error(laboratory: &Laboratory, device: impl Device + 'static) -> f64 {
    let exact = device.jacobian_na_per_v(&full(laboratory, device.electrodes())).unwrap();
    let (plan, windows) = laboratory.windows(Box::new(device), 1).unwrap();
    assert_eq!(windows[0].flags & (flag::CLAMPED | flag::LIMITED), 0);
    let largest = exact.iter().fold(0.0_f64, |largest, slope| largest.max(slope.abs()));
    let slopes = laboratory.slopes_na_per_v(&plan, &windows[0]);
    slopes
        .iter()
        .zip(&exact)
        .fold(0.0_f64, |worst, (slope, exact)| worst.max((slope - exact).abs()))
        / largest
}

fn full(laboratory: &Laboratory, electrodes: usize) -> Vec<f64> {
    let mut volts = laboratory.controls_v.clone();
    volts.resize(electrodes, 0.0);
    volts
}

#[test]
fn every_derivative_of_a_linear_device_is_within_a_thousandth_of_the_largest() {
    for window_samples in [4096, 16384] {
        // The working point draws 65 nA without the offset; with it the tones have the range to themselves.
        let device = LinearDevice::new(-62.0, vec![80.0, -55.0, 15.0, 2.0, -98.0]).unwrap();
        let error = worst_error(&wide(window_samples), device);
        println!("linear, {window_samples} samples: {error:.2e} of the largest");
        assert!(error <= 1e-3, "{error}");
    }
}

#[test]
fn every_derivative_of_a_quadratic_device_is_within_a_thousandth_of_the_largest() {
    for window_samples in [4096, 16384] {
        let squares = vec![([0, 0], 18.0), ([1, 3], -25.0), ([2, 4], 12.0), ([4, 4], -9.0)];
        let linear = vec![40.0, -30.0, 15.0, 2.0, -60.0];
        let device = PolynomialDevice::new(3.0, linear, squares, Vec::new()).unwrap();
        let error = worst_error(&wide(window_samples), device);
        println!("quadratic, {window_samples} samples: {error:.2e} of the largest");
        assert!(error <= 1e-3, "{error}");
    }
}

#[test]
fn a_tone_leaks_into_its_neighbours_below_minus_ninety_decibels() {
    // One tone after the other fills 90 % of the ADC's range; all seven slots listen, some a line apart.
    let cycles = vec![37, 38, 39, 41, 46, 64, 255];
    let mut worst = f64::NEG_INFINITY;
    for driven in 0..cycles.len() {
        let mut slopes = vec![0.0; 7];
        slopes[driven] = 900.0;
        let laboratory = Laboratory {
            amplitudes_v: vec![0.1; 7],
            cycles: cycles.clone(),
            controls_v: vec![0.0; 7],
            ..wide(4096)
        };
        let device = LinearDevice::new(0.0, slopes).unwrap();
        let (plan, windows) = laboratory.windows(Box::new(device), 1).unwrap();
        let found = laboratory.slopes_na_per_v(&plan, &windows[0]);
        for (other, slope) in found.iter().enumerate().filter(|&(other, _)| other != driven) {
            let leak_db = 20.0 * (slope.abs() / found[driven].abs()).log10();
            assert!(leak_db < -90.0, "{leak_db:.1} dB from {driven} into {other}");
            worst = worst.max(leak_db);
        }
    }
    println!("worst leakage {worst:.1} dB");
}

#[test]
fn the_variance_is_within_five_percent_of_the_cramer_rao_bound_over_ten_thousand_windows() {
    // Density 2.5e-4 nA^2/Hz at 10 kS/s: sigma^2 = 1.25 nA^2 a sample, var(slope) >= 2 sigma^2 / (N A^2).
    let amplitude_v = 0.03;
    let laboratory = Laboratory {
        chain: Chain::default(),
        window_samples: 256,
        amplitudes_v: vec![amplitude_v; 5],
        cycles: vec![9, 13, 17, 23, 29],
        ..wide(256)
    };
    let device = LinearDevice::new(1.0, vec![10.0, -4.0, 2.0, 0.0, 7.0]).unwrap();
    let (plan, windows) = laboratory.windows(Box::new(device), 10_000).unwrap();
    assert_eq!(windows.len(), 10_000);
    let sigma2 = 2.5e-4 * RATE_HZ / 2.0;
    let mut ratios = Vec::new();
    for (k, truth) in [10.0, -4.0, 2.0, 0.0, 7.0].into_iter().enumerate() {
        let slopes: Vec<f64> =
            windows.iter().map(|window| laboratory.slopes_na_per_v(&plan, window)[k]).collect();
        let mean = slopes.iter().sum::<f64>() / slopes.len() as f64;
        let variance = slopes.iter().map(|slope| (slope - mean).powi(2)).sum::<f64>()
            / (slopes.len() - 1) as f64;
        let bound = 2.0 * sigma2 / (256.0 * plan.amplitude_v(k).powi(2));
        assert!(
            (mean - truth).abs() < 4.0 * (variance / 1e4).sqrt() + 1e-3 * 10.0,
            "{mean} {truth}"
        );
        ratios.push(variance / bound);
    }
    println!("variance over bound: {ratios:.3?}");
    for ratio in ratios {
        assert!((0.95..=1.05).contains(&ratio), "{ratio}");
    }
}
