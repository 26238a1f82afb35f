//! Claims about the hopping device, each held by one test.

use super::network::{Network, DRIVEN, ELECTRODES, OUTPUT};
use super::*;
use crate::device::assert_jacobian_is_that_of_differences;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn random_row(limit_v: f64, rng: &mut ChaCha8Rng) -> [f64; DRIVEN] {
    std::array::from_fn(|_| rng.random_range(-limit_v..limit_v))
}

fn output_na(device: &HoppingDevice, row: &[f64]) -> f64 {
    let mut out = [0.0];
    device.currents_na(row, &mut out);
    out[0]
}

#[test]
fn jacobian_equals_central_finite_differences() {
    let mut rng = rng(1);
    for seed in [BUILTIN_SEED, 1, 2] {
        let device = HoppingDevice::new(seed);
        for _ in 0..200 {
            let row = random_row(1.5, &mut rng);
            assert_jacobian_is_that_of_differences(&device, &row, 2e-4, 1e-5);
        }
    }
}

#[test]
fn electrode_currents_add_to_zero() {
    let mut rng = rng(2);
    let device = HoppingDevice::builtin();
    for _ in 0..1000 {
        let row = random_row(1.5, &mut rng);
        let currents = device.electrode_currents_na(&row).unwrap();
        let size: f64 = currents.iter().map(|i| i.abs()).sum();
        assert!(currents.iter().sum::<f64>().abs() < 1e-11 * size, "{row:?} {currents:?}");
        assert_eq!(currents[OUTPUT], output_na(&device, &row));
    }
}

#[test]
fn no_bias_gives_no_current() {
    for seed in 0..5 {
        let currents = HoppingDevice::new(seed).electrode_currents_na(&[0.0; DRIVEN]).unwrap();
        assert!(currents.iter().all(|i| i.abs() < 1e-9), "{seed} {currents:?}");
    }
}

#[test]
fn a_row_has_the_same_bits_in_every_batch() {
    let mut rng = rng(3);
    let device = HoppingDevice::builtin();
    let volts: Vec<f64> = (0..101).flat_map(|_| random_row(1.5, &mut rng)).collect();
    let alone: Vec<u64> =
        volts.chunks_exact(DRIVEN).map(|row| output_na(&device, row).to_bits()).collect();
    for batch in [2, 3, 4, 5, 7, 64, 101] {
        let mut out = vec![0.0; 101];
        for (rows, out) in volts.chunks(batch * DRIVEN).zip(out.chunks_mut(batch)) {
            device.currents_na(rows, out);
        }
        let bits: Vec<u64> = out.iter().map(|i| i.to_bits()).collect();
        assert_eq!(bits, alone, "batch of {batch}");
    }
}

#[test]
fn the_steady_state_is_found_at_extreme_voltages() {
    let mut rng = rng(4);
    for (seed, thermal_energy_ev) in [(BUILTIN_SEED, 0.012), (5, 0.005), (6, 0.0066), (7, 0.2)] {
        let params = HoppingParams { thermal_energy_ev, ..HoppingParams::default() };
        let network: Network<SITES> = geometry::place(&params, seed);
        for n in 0..1000 {
            let row = match n % 2 {
                0 => random_row(1.5, &mut rng),
                _ => random_row(1.5, &mut rng).map(|v| v.signum() * 1.5),
            };
            let state = network.solve(&row.map(|v| [v]));
            assert!(state.steps <= 12, "{} steps at {row:?}", state.steps);
            assert!(network.imbalance(&state) < 1e-14, "{row:?}");
        }
    }
}

#[test]
fn voltages_far_beyond_the_range_stay_finite_and_nan_stays_nan() {
    let device = HoppingDevice::builtin();
    assert!(output_na(&device, &[1e6, -1e6, 3.0, 1e300, -40.0, 7.0, 0.0]).is_finite());
    let mut volts = [0.3; 3 * DRIVEN];
    volts[DRIVEN] = f64::NAN;
    let mut out = [0.0; 4];
    device.currents_na(&volts, &mut out);
    assert!(out[0] == out[2] && out[0].is_finite() && out[1].is_nan() && out[3].is_nan());
    assert!(device.jacobian_na_per_v(&volts[DRIVEN..2 * DRIVEN]).unwrap()[0].is_nan());
    assert_eq!(device.jacobian_na_per_v(&volts), None);
    assert_eq!(device.electrode_currents_na(&volts[DRIVEN..2 * DRIVEN]), None);
}

/// `N` sites in a row between electrode 0 and the output.
fn chain<const N: usize>(disorder_ev: [f64; N], levers: [f64; N]) -> Network<N> {
    let mut contact = [[0.0; ELECTRODES]; N];
    contact[0][0] = 0.7;
    contact[N - 1][OUTPUT] = 0.2;
    let next = |i: usize, j: usize| if i.abs_diff(j) == 1 { 0.4 } else { 0.0 };
    Network {
        lever: levers.map(|lever| std::array::from_fn(|k| if k == 0 { lever } else { 0.0 })),
        disorder_ev,
        hop: std::array::from_fn(|i| std::array::from_fn(|j| next(i, j))),
        contact,
        inverse_kt: 1.0 / 0.025,
    }
}

fn fermi(energy_ev: f64) -> f64 {
    1.0 / (1.0 + (energy_ev / 0.025).exp())
}

#[test]
fn one_site_carries_the_current_of_two_barriers_in_series() {
    // I = C_a C_b / (C_a + C_b) * (f_a - f_b)
    for v in [-0.3, -0.02, 0.01, 0.2] {
        let network = chain([0.03], [0.5]);
        let mut volts = [[0.0]; DRIVEN];
        volts[0] = [v];
        let energy = 0.03 + 0.5 * v;
        let expected = 0.7 * 0.2 / 0.9 * (fermi(energy - v) - fermi(energy));
        let [current] = network.current_into(&network.solve(&volts), OUTPUT);
        assert!((current - expected).abs() < 1e-15, "{v}: {current} {expected}");
    }
}

#[test]
fn two_sites_carry_the_current_of_the_quadratic() {
    // I = C_a (f_a - p_1) = w_21 p_1 (1 - p_2) - w_12 p_2 (1 - p_1) = C_b (p_2 - f_b); eliminate the
    // p: a quadratic in I.
    for v in [-0.3, -0.05, 0.1, 0.4] {
        let network = chain([0.02, -0.01], [0.7, 0.3]);
        let mut volts = [[0.0]; DRIVEN];
        volts[0] = [v];
        let (e1, e2) = (0.02 + 0.7 * v, -0.01 + 0.3 * v);
        let (fa, fb) = (fermi(e1 - v), fermi(e2));
        let (w21, w12) = (0.4 * fermi(e2 - e1), 0.4 * fermi(e1 - e2));
        let (ra, rb, bias) = (1.0 / 0.7, 1.0 / 0.2, w21 - w12);
        let a = bias * ra * rb;
        let b = -1.0 - w21 * ra - w12 * rb + bias * (fb * ra - fa * rb);
        let c = w21 * fa - w12 * fb - bias * fa * fb;
        // The root that stays finite as the bias vanishes.
        let expected = -2.0 * c / (b - (b * b - 4.0 * a * c).sqrt());
        let [current] = network.current_into(&network.solve(&volts), OUTPUT);
        assert!((current - expected).abs() < 1e-14, "{v}: {current} {expected}");
    }
}

#[test]
fn outputs_and_slopes_resemble_measured_silicon() {
    let device = HoppingDevice::builtin();
    let mut rng = rng(5);
    let rows: Vec<[f64; DRIVEN]> = (0..2000)
        .map(|_| ELECTRODE_RANGE_V.map(|[low, high]| rng.random_range(low..high)))
        .collect();
    let mut outputs: Vec<f64> = rows.iter().map(|row| output_na(&device, row)).collect();
    outputs.sort_by(f64::total_cmp);
    assert!((-90.0..-60.0).contains(&outputs[20]), "{}", outputs[20]);
    assert!((30.0..90.0).contains(&outputs[1979]), "{}", outputs[1979]);
    let slopes: Vec<Vec<f64>> =
        rows.iter().map(|row| device.jacobian_na_per_v(row).unwrap()).collect();
    for k in 0..DRIVEN {
        let mut sizes: Vec<f64> = slopes.iter().map(|s| s[k].abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let negative = slopes.iter().filter(|s| s[k] < 0.0).count() as f64 / 2000.0;
        assert!((1.5..20.0).contains(&sizes[1000]), "electrode {k}: {} nA/V", sizes[1000]);
        assert!((0.2..0.5).contains(&negative), "electrode {k}: {negative} negative");
    }
}

#[test]
fn parameters_outside_their_range_are_refused_by_name() {
    let params = HoppingParams { thermal_energy_ev: 0.0, ..HoppingParams::default() };
    let error = HoppingDevice::with_params(1, params).unwrap_err().to_string();
    assert!(error.contains("`thermal_energy_ev` is 0"), "{error}");
    let params = HoppingParams { localisation: f64::NAN, ..HoppingParams::default() };
    assert!(HoppingDevice::with_params(1, params).is_err());
}
