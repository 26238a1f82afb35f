//! What planned tones and noise shaping are worth, against closed forms.

use hge_core::carrier::Carrier;
use hge_core::tones::{plan, Grid, NoiseModel, Order, ToneSpec};
use hge_protocol::Parameters;
use hge_sim::bench::Chain;
use hge_sim::device::{LinearDevice, PolynomialDevice};
use hge_tests::laboratory::{Laboratory, RATE_HZ};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SLOPE_NA_PER_V: f64 = 10.0;

fn quiet() -> Laboratory {
    Laboratory {
        parameters: Parameters::default(),
        chain: Chain { noise_na2_per_hz: 0.0, ..Chain::default() },
        window_samples: 2048,
        amplitudes_v: vec![0.36; 5],
        cycles: Vec::new(),
        controls_v: vec![0.0; 5],
        carrier: Carrier::Sine,
        cost: None,
        shaping: true,
        seed: 1,
    }
}

/// Greatest error, as a part of the slope, on a device whose third order is all products of three distinct voltages. Such a
/// product of amplitude c A^3 / 4 beside an answer g A is 10 % of it here.
fn worst_error(cycles: Vec<u32>) -> f64 {
    let cubic = 4.0 * 0.1 * SLOPE_NA_PER_V / (0.36 * 0.36);
    let triples =
        (0..5).flat_map(|i| (i + 1..5).flat_map(move |j| (j + 1..5).map(move |k| [i, j, k])));
    let terms = triples.map(|triple| (triple, cubic)).collect();
    let device = PolynomialDevice::new(0.0, vec![SLOPE_NA_PER_V; 5], Vec::new(), terms).unwrap();
    let laboratory = Laboratory { cycles, ..quiet() };
    let (plan, windows) = laboratory.windows(Box::new(device), 1).unwrap();
    // At zero volts the third order has no slope.
    let slopes = laboratory.slopes_na_per_v(&plan, &windows[0]);
    slopes.iter().map(|slope| (slope / SLOPE_NA_PER_V - 1.0).abs()).fold(0.0, f64::max)
}

#[test]
fn planned_tones_miss_the_third_order_that_spoils_the_published_set() {
    let wanted = ToneSpec {
        grid: Grid { rate_hz: RATE_HZ, window_samples: 2048 },
        count: 5,
        band_hz: [20.0, 600.0],
        empty_lines: 2,
        order: Order::Compact,
        noise_model: NoiseModel::default(),
    };
    let planned = worst_error(plan(&wanted).unwrap().cycles());
    // 25 45 65 95 115 Hz are these multiples of 5 Hz.
    let published = worst_error(vec![5, 9, 13, 19, 23]);
    println!("third order: planned {:.3} %, published {:.1} %", planned * 1e2, published * 1e2);
    assert!(planned < 0.01, "{planned}");
    assert!(published > 0.05, "{published}");
}

/// 95th percentile of the error of a slope, as a part of it, at 200 random voltages; the tone is 0.3 steps of a DAC with 12 bits.
fn error_of_small_tones(shaping: bool) -> f64 {
    let slope_na_per_v = 300.0;
    let step_v = 4.0 / 4096.0;
    let mut random = ChaCha8Rng::seed_from_u64(12);
    let mut errors: Vec<f64> = (0..200)
        .map(|_| {
            let laboratory = Laboratory {
                parameters: Parameters { dac_bits: 12, ..Parameters::default() },
                window_samples: 4096,
                amplitudes_v: vec![0.3 * step_v],
                // 0.9 % of the sample rate.
                cycles: vec![37],
                controls_v: vec![random.random_range(-0.3..0.3)],
                shaping,
                ..quiet()
            };
            let device = LinearDevice::new(0.0, vec![slope_na_per_v]).unwrap();
            let (plan, windows) = laboratory.windows(Box::new(device), 1).unwrap();
            let slope = laboratory.slopes_na_per_v(&plan, &windows[0])[0];
            (slope / slope_na_per_v - 1.0).abs()
        })
        .collect();
    errors.sort_by(f64::total_cmp);
    errors[189]
}

#[test]
fn noise_shaping_makes_tones_below_a_step_of_the_dac_exact_to_two_percent() {
    let (with, without) = (error_of_small_tones(true), error_of_small_tones(false));
    println!("0.3 steps: {:.2} % with noise shaping, {:.0} % without", with * 1e2, without * 1e2);
    assert!(with <= 0.02, "{with}");
    // A tone that never crosses a threshold is not there at all, one that does is as large as the step.
    assert!(without > 0.5, "{without}");
}
