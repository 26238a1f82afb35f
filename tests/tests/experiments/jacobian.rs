//! The Jacobian of eight outputs by thirty controls, measured in one window, against the device's own in closed form.

use hge_core::carrier::Carrier;
use hge_core::tones::{plan, Grid, NoiseModel, Order, ToneSpec};
use hge_protocol::frame::{flag, Window};
use hge_protocol::Parameters;
use hge_sim::bench::Chain;
use hge_sim::device::{Device, LinearDevice, PolynomialDevice};
use hge_tests::laboratory::{Laboratory, RATE_HZ};
use hge_tests::nightly;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const INPUTS: usize = 8;
const CONTROLS: usize = 30;
const AMPLITUDE_V: f64 = 0.05;

fn laboratory(window_samples: u32, noise_na2_per_hz: f64) -> Laboratory {
    let wanted = ToneSpec {
        grid: Grid { rate_hz: RATE_HZ, window_samples },
        count: CONTROLS,
        band_hz: [100.0, 4000.0],
        empty_lines: 0,
        order: Order::Compact,
        noise_model: NoiseModel::default(),
    };
    Laboratory {
        parameters: Parameters {
            outputs: 32,
            inputs: INPUTS as u32,
            slots: 32,
            starts: 1,
            cases: 1,
            ..Parameters::default()
        },
        chain: Chain { noise_na2_per_hz, ..Chain::default() },
        window_samples,
        amplitudes_v: vec![AMPLITUDE_V; CONTROLS],
        cycles: plan(&wanted).unwrap().cycles(),
        controls_v: (0..CONTROLS).map(|k| 0.02 * k as f64 - 0.3).collect(),
        carrier: Carrier::Sine,
        cost: None,
        shaping: true,
        seed: 5,
    }
}

/// Slopes from -40 to 40 nA/V; the offset leaves the tones the ADC's range to themselves.
fn linear(laboratory: &Laboratory, dice: &mut ChaCha8Rng) -> (f64, Vec<f64>) {
    let slopes: Vec<f64> = (0..CONTROLS).map(|_| dice.random_range(-40.0..40.0)).collect();
    let at_rest: f64 = slopes.iter().zip(&laboratory.controls_v).map(|(g, v)| g * v).sum();
    (-at_rest, slopes)
}

/// Slopes of every window and input, beside those of the device.
fn measured(
    laboratory: &Laboratory,
    device: impl Device + 'static,
    windows: u32,
) -> Vec<(Vec<f64>, Vec<f64>)> {
    let exact = device.jacobian_na_per_v(&laboratory.controls_v).expect("a row of voltages");
    let (plan, windows) = laboratory.windows(Box::new(device), windows).unwrap();
    let row = |window: &Window| {
        assert_eq!(window.flags & (flag::CLAMPED | flag::LIMITED), 0);
        let of_input = exact[usize::from(window.input) * CONTROLS..][..CONTROLS].to_vec();
        (laboratory.slopes_na_per_v(&plan, window), of_input)
    };
    windows.iter().map(row).collect()
}

/// Greatest error of an entry, as a part of the greatest entry.
fn worst_error(rows: &[(Vec<f64>, Vec<f64>)]) -> f64 {
    let entries = rows.iter().flat_map(|(found, exact)| found.iter().zip(exact));
    let (worst, largest) = entries.fold((0.0_f64, 0.0_f64), |(worst, largest), (found, exact)| {
        (worst.max((found - exact).abs()), largest.max(exact.abs()))
    });
    worst / largest
}

#[test]
fn every_entry_of_a_linear_device_is_within_a_thousandth_of_the_largest() {
    let laboratory = laboratory(8192, 0.0);
    let mut dice = ChaCha8Rng::seed_from_u64(11);
    let rows = (0..INPUTS).map(|_| linear(&laboratory, &mut dice)).collect();
    let rows = measured(&laboratory, LinearDevice::with_outputs(rows).unwrap(), 1);
    assert_eq!(rows.len(), INPUTS);
    let error = worst_error(&rows);
    println!("linear, 8 by 30: {error:.2e} of the largest");
    assert!(error <= 1e-3, "{error}");
}

#[test]
fn every_entry_of_a_quadratic_device_is_within_a_thousandth_of_the_largest() {
    let laboratory = laboratory(8192, 0.0);
    let mut dice = ChaCha8Rng::seed_from_u64(12);
    let outputs = (0..INPUTS).map(|_| {
        let (offset_na, slopes) = linear(&laboratory, &mut dice);
        let square = |_| {
            let pair = [dice.random_range(0..CONTROLS), dice.random_range(0..CONTROLS)];
            (pair, dice.random_range(-20.0..20.0))
        };
        let squares = (0..20).map(square).collect();
        PolynomialDevice::new(offset_na, slopes, squares, Vec::new()).unwrap()
    });
    let device = PolynomialDevice::with_outputs(outputs.collect()).unwrap();
    let error = worst_error(&measured(&laboratory, device, 1));
    println!("quadratic, 8 by 30: {error:.2e} of the largest");
    assert!(error <= 1e-3, "{error}");
}

#[test]
fn the_variance_of_an_entry_is_at_the_bound() {
    const DENSITY_NA2_PER_HZ: f64 = 2.5e-4;
    let laboratory = laboratory(4096, DENSITY_NA2_PER_HZ);
    let mut dice = ChaCha8Rng::seed_from_u64(13);
    let rows = (0..INPUTS).map(|_| linear(&laboratory, &mut dice)).collect();
    let device = LinearDevice::with_outputs(rows).unwrap();
    let windows = nightly(200, 40);
    let rows = measured(&laboratory, device, windows);
    let entries: Vec<f64> = rows
        .iter()
        .flat_map(|(found, exact)| found.iter().zip(exact))
        .map(|(found, exact)| (found - exact).powi(2))
        .collect();
    assert_eq!(entries.len(), INPUTS * CONTROLS * windows as usize);
    let variance = entries.iter().sum::<f64>() / entries.len() as f64;
    // Cramér-Rao: 2 sigma^2 / (N A^2) with sigma^2 = density x half the rate.
    let bound = DENSITY_NA2_PER_HZ * RATE_HZ / (4096.0 * AMPLITUDE_V.powi(2));
    let ratio = variance / bound;
    // The mean of n squares of normal deviates has a standard deviation of the square root of 2 / n.
    let spread = (2.0 / entries.len() as f64).sqrt();
    println!("variance of an entry over the bound: {ratio:.3} +- {spread:.3}");
    assert!((ratio - 1.0).abs() < 0.05, "{ratio}");
}
