//! Claims about the crossbars, each held by one test.

use super::*;
use crate::device::assert_jacobian_is_that_of_differences;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn random_row(limit_v: f64, rng: &mut ChaCha8Rng) -> [f64; ROWS] {
    array::from_fn(|_| rng.random_range(-limit_v..limit_v))
}

fn current_na(device: &CrossbarDevice, row: &[f64]) -> f64 {
    let mut out = [0.0];
    device.currents_na(row, &mut out);
    out[0]
}

#[test]
fn small_voltages_see_the_resistors_of_ohm_and_kirchhoff() {
    // I = -R sum_j g_j sum_i G_ij V_i; what is left out is of third order, 1e-6 of it at V of some 1e-4.
    let mut rng = rng(1);
    for seed in 0..20 {
        let device = CrossbarDevice::new(seed);
        let row = random_row(1e-4, &mut rng);
        let mut expected_na = 0.0;
        for (column_us, g_ns) in device.first_us.iter().zip(device.second_ns[0]) {
            let current_ua: f64 = column_us.iter().zip(row).map(|(g_us, v)| g_us * v).sum();
            expected_na -= g_ns * current_ua * 0.1;
        }
        let current = current_na(&device, &row);
        let size: f64 = device.second_ns[0].iter().map(|g| g.abs() * 1e-3).sum();
        assert!((current - expected_na).abs() < 1e-5 * size, "{seed}: {current} {expected_na}");
    }
}

#[test]
fn one_cell_on_one_column_is_its_closed_form() {
    let mut device = CrossbarDevice::new(1);
    device.first_us = [[0.0; ROWS]; HIDDEN];
    device.second_ns = vec![[0.0; HIDDEN]; 2];
    device.first_us[3][2] = 20.0;
    (device.second_ns[0][3], device.second_ns[1][3]) = (7.0, -2.0);
    for volts in [-1.2_f64, -0.1, 0.3, 0.6] {
        let mut row = [0.5; ROWS];
        row[2] = volts;
        // 20 uS and 100 kOhm are a gain of 2; both voltages in units of 1 V.
        let sinh = (2.0 * volts.sinh()).tanh().sinh();
        let mut out = [0.0; 2];
        device.currents_na(&row, &mut out);
        for (current, g_ns) in out.iter().zip([7.0, -2.0]) {
            assert!((current + g_ns * sinh).abs() < 1e-13, "{volts}: {out:?}");
        }
    }
}

#[test]
fn all_voltages_reversed_reverse_the_current() {
    let mut rng = rng(2);
    let device = CrossbarDevice::new(2);
    for _ in 0..100 {
        let row = random_row(1.2, &mut rng);
        assert_eq!(current_na(&device, &row), -current_na(&device, &row.map(|v| -v)));
    }
}

#[test]
fn saturated_amplifiers_bound_the_current() {
    let device = CrossbarDevice::new(3);
    let most_na: f64 = device.second_ns[0].iter().map(|g| g.abs() * 1.0_f64.sinh()).sum();
    let mut rng = rng(3);
    for _ in 0..1000 {
        let current = current_na(&device, &random_row(10.0, &mut rng));
        assert!(current.abs() <= most_na, "{current} {most_na}");
    }
}

#[test]
fn jacobian_equals_central_finite_differences() {
    let mut rng = rng(4);
    for (seed, outputs) in [(CROSSBAR_SEED, 1), (2, 3), (3, 8)] {
        let device = CrossbarDevice::with_outputs(seed, outputs).unwrap();
        for _ in 0..200 {
            let row = random_row(1.5, &mut rng);
            assert_jacobian_is_that_of_differences(&device, &row, 2e-4, 1e-6);
        }
    }
}

#[test]
fn conductances_lie_in_the_ranges_that_are_stated() {
    for seed in 0..50 {
        let device = CrossbarDevice::with_outputs(seed, 8).unwrap();
        assert!(device.first_us.as_flattened().iter().all(|g| g.abs() < 99.0));
        assert!(device.second_ns.as_flattened().iter().all(|g| g.abs() < 24.0));
    }
    assert_ne!(CrossbarDevice::new(1).first_us, CrossbarDevice::new(2).first_us);
}

#[test]
fn an_output_is_the_same_however_many_are_measured() {
    let mut rng = rng(6);
    let rows: Vec<f64> = (0..20).flat_map(|_| random_row(1.5, &mut rng)).collect();
    let all = CrossbarDevice::with_outputs(CROSSBAR_SEED, 8).unwrap();
    let mut all_na = [0.0; 20 * 8];
    all.currents_na(&rows, &mut all_na);
    let jacobians = all.jacobians_na_per_v(&rows).unwrap();
    for outputs in 1..=8 {
        let device = CrossbarDevice::with_outputs(CROSSBAR_SEED, outputs).unwrap();
        let mut out = vec![0.0; 20 * outputs];
        device.currents_na(&rows, &mut out);
        let of_few = device.jacobians_na_per_v(&rows).unwrap();
        for n in 0..20 {
            assert_eq!(out[n * outputs..][..outputs], all_na[n * 8..][..outputs]);
            let slopes = outputs * ROWS;
            assert_eq!(of_few[n * slopes..][..slopes], jacobians[n * 8 * ROWS..][..slopes]);
        }
    }
    let mut one_na = [0.0; 20];
    CrossbarDevice::new(CROSSBAR_SEED).currents_na(&rows, &mut one_na);
    assert!(one_na.iter().zip(all_na.chunks_exact(8)).all(|(one, all)| *one == all[0]));
    assert_eq!(CrossbarDevice::new(CROSSBAR_SEED).name(), "crossbar:54");
    assert_eq!(all.name(), "crossbar:54/8");
    let refused = CrossbarDevice::with_outputs(54, 9).unwrap_err().to_string();
    assert!(refused.contains("`crossbar:54/9`: it has 1 to 8 outputs"), "{refused}");
}

#[test]
fn rows_do_not_know_each_other_and_nan_stays_nan() {
    let device = CrossbarDevice::new(1);
    let mut rng = rng(5);
    let rows: Vec<[f64; ROWS]> = (0..9).map(|_| random_row(1.2, &mut rng)).collect();
    let mut volts = rows.as_flattened().to_vec();
    volts[4 * ROWS + 2] = f64::INFINITY;
    let mut out = [0.0; 10];
    device.currents_na(&volts, &mut out);
    for (n, (row, current)) in rows.iter().zip(out).enumerate() {
        assert!(if n == 4 { current.is_nan() } else { current == current_na(&device, row) }, "{n}");
    }
    assert!(out[9].is_nan());
    assert_eq!(device.jacobian_na_per_v(&volts), None);
    assert!(device.jacobian_na_per_v(&[f64::NAN; ROWS]).unwrap()[0].is_nan());
}
