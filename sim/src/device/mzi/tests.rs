//! Claims about the photonic mesh, each held by one test.

use super::*;
use crate::device::assert_jacobian_is_that_of_differences;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn random_row(rng: &mut ChaCha8Rng) -> [f64; ELECTRODES] {
    array::from_fn(|_| rng.random_range(-1.5..1.5))
}

fn current_na(device: &MziDevice, row: &[f64]) -> f64 {
    let mut out = [0.0];
    device.currents_na(row, &mut out);
    out[0]
}

fn ideal() -> Mesh {
    Mesh { coupler_rad: [FRAC_PI_4; COUPLERS] }
}

fn one_port(port: usize) -> Amplitudes {
    let mut input = [Complex64::ZERO; MODES];
    input[port] = Complex64::ONE;
    input
}

#[test]
fn light_is_neither_lost_nor_made() {
    let mut rng = rng(1);
    for seed in 0..20 {
        let device = MziDevice::new(seed);
        for _ in 0..50 {
            let row = random_row(&mut rng);
            let currents = device.port_currents_na(&row).unwrap();
            assert!((currents.iter().sum::<f64>() - 96.0).abs() < 1e-11, "{currents:?}");
            assert_eq!(currents[PORT], current_na(&device, &row));
        }
    }
}

#[test]
fn the_mesh_is_unitary() {
    // Rows of a unitary are orthonormal: sum over inputs p of U_ap conj(U_bp) is 1 where a = b, else 0.
    let device = MziDevice::new(3);
    let phases_rad = device.phases_rad(&random_row(&mut rng(2)));
    let columns: [Amplitudes; MODES] =
        array::from_fn(|p| device.mesh.pass(&phases_rad, one_port(p)).out);
    for a in 0..MODES {
        for b in 0..MODES {
            let product: Complex64 =
                columns.iter().map(|column| column[a] * column[b].conj()).sum();
            let expected = if a == b { 1.0 } else { 0.0 };
            assert!((product - expected).norm() < 1e-14, "{a} {b}: {product}");
        }
    }
}

#[test]
fn one_interferometer_sends_cos_squared_of_half_its_phase_across() {
    // Light of port 0 meets the first interferometer; a phase of pi in all others keeps it on its mode.
    for phase_rad in [0.0, 0.4, 1.3, PI, 5.0] {
        let mut phases_rad = [PI; SHIFTERS];
        phases_rad[1] = phase_rad;
        let out = ideal().pass(&phases_rad, one_port(0)).out.map(|x| x.norm_sqr());
        let across = (phase_rad / 2.0).cos().powi(2);
        let expected = [1.0 - across, across, 0.0, 0.0];
        for (port, (found, expected)) in out.iter().zip(expected).enumerate() {
            assert!((found - expected).abs() < 1e-14, "{phase_rad} rad, port {port}: {found}");
        }
    }
}

#[test]
fn interferometers_without_phase_reverse_the_ports() {
    // Each crosses its two modes, and six crossings of neighbours in this order reverse four.
    for port in 0..MODES {
        let out = ideal().pass(&[0.0; SHIFTERS], one_port(port)).out;
        assert!((out[MODES - 1 - port].norm_sqr() - 1.0).abs() < 1e-14, "{port}: {out:?}");
    }
}

#[test]
fn a_heaters_power_that_turns_the_phase_once_changes_nothing() {
    // pi ((V + 1.5) / 2)^2 grows by 2 pi from V + 1.5 = x to sqrt(x^2 + 8).
    let device = MziDevice::new(1);
    let mut rng = rng(4);
    for electrode in 0..ELECTRODES {
        let row = random_row(&mut rng);
        let mut turned = row;
        turned[electrode] = ((row[electrode] + 1.5).powi(2) + 8.0).sqrt() - 1.5;
        let difference = current_na(&device, &turned) - current_na(&device, &row);
        assert!(difference.abs() < 1e-11, "electrode {electrode}: {difference}");
        turned[electrode] = ((row[electrode] + 1.5).powi(2) + 4.0).sqrt() - 1.5;
        let half = current_na(&device, &turned) - current_na(&device, &row);
        assert!(half.abs() > 1e-3, "electrode {electrode} does something: {half}");
    }
}

#[test]
fn jacobian_equals_central_finite_differences() {
    let mut rng = rng(5);
    for seed in [MZI_SEED, 2, 3] {
        let device = MziDevice::new(seed);
        for _ in 0..200 {
            let row = random_row(&mut rng);
            assert_jacobian_is_that_of_differences(&device, &row, 1e-3, 1e-7);
        }
    }
}

#[test]
fn rows_do_not_know_each_other_and_nan_stays_nan() {
    let device = MziDevice::new(1);
    let mut rng = rng(6);
    let rows: Vec<[f64; ELECTRODES]> = (0..9).map(|_| random_row(&mut rng)).collect();
    let mut volts = rows.as_flattened().to_vec();
    volts[4 * ELECTRODES + 2] = f64::NAN;
    let mut out = [0.0; 10];
    device.currents_na(&volts, &mut out);
    for (n, (row, current)) in rows.iter().zip(out).enumerate() {
        assert!(if n == 4 { current.is_nan() } else { current == current_na(&device, row) }, "{n}");
    }
    assert!(out[9].is_nan());
    assert_eq!(device.jacobian_na_per_v(&volts), None);
    assert!(device.jacobian_na_per_v(&[f64::NAN; ELECTRODES]).unwrap()[0].is_nan());
    assert_eq!(device.port_currents_na(&[f64::NAN; ELECTRODES]), None);
}
