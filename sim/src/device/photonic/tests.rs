//! Claims about photonic meshes, each held by one test.

use super::*;
use crate::device::{assert_jacobian_is_that_of_differences, open};

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn random_row(electrodes: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..electrodes).map(|_| rng.random_range(-1.5..1.5)).collect()
}

fn currents_na(device: &dyn Device, row: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; device.outputs()];
    device.currents_na(row, &mut out);
    out
}

fn current_na(device: &MziDevice, row: &[f64]) -> f64 {
    currents_na(device, row)[0]
}

fn ideal<const MODES: usize, const SHIFTERS: usize>() -> Mesh<MODES, SHIFTERS> {
    Mesh::new([FRAC_PI_4; SHIFTERS])
}

fn one_port<const MODES: usize>(port: usize) -> [Complex64; MODES] {
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
            let row = random_row(7, &mut rng);
            let currents = device.port_currents_na(&row).unwrap();
            assert!((currents.iter().sum::<f64>() - 96.0).abs() < 1e-11, "{currents:?}");
            assert_eq!(currents[1], current_na(&device, &row));
        }
        for modes in 2..=8 {
            let device = open(&format!("mesh:{modes}:{seed}")).unwrap();
            assert_eq!((device.electrodes(), device.outputs()), (modes * (modes - 1), modes));
            let currents = currents_na(device.as_ref(), &random_row(device.electrodes(), &mut rng));
            assert!((currents.iter().sum::<f64>() - 96.0).abs() < 1e-11, "{currents:?}");
            assert!(currents.iter().all(|current| *current >= 0.0), "{currents:?}");
        }
    }
}

fn assert_unitary<const MODES: usize, const SHIFTERS: usize>() {
    // Rows of a unitary are orthonormal: sum over inputs p of U_ap conj(U_bp) is 1 where a = b, else 0.
    let device = PhotonicDevice::<MODES, SHIFTERS>::rectangular(3, MODES).unwrap();
    let phases_rad = device.phases_rad(&random_row(SHIFTERS, &mut rng(2)));
    let columns: [[Complex64; MODES]; MODES] =
        array::from_fn(|p| device.mesh.pass(&phases_rad, one_port(p)).out);
    for a in 0..MODES {
        for b in 0..MODES {
            let product: Complex64 =
                columns.iter().map(|column| column[a] * column[b].conj()).sum();
            let expected = if a == b { 1.0 } else { 0.0 };
            assert!((product - expected).norm() < 1e-14, "{MODES}: {a} {b}: {product}");
        }
    }
}

#[test]
fn the_mesh_is_unitary() {
    assert_unitary::<2, 2>();
    assert_unitary::<3, 6>();
    assert_unitary::<4, 12>();
    assert_unitary::<5, 20>();
    assert_unitary::<6, 30>();
    assert_unitary::<7, 42>();
    assert_unitary::<8, 56>();
}

#[test]
fn a_cell_of_two_modes_is_its_known_matrix() {
    // i exp(i inner/2) ((exp(i outer) sin, cos), (exp(i outer) cos, -sin)) of inner/2, Clements' with ideal couplers.
    for (outer, inner) in [(0.0, 0.0), (0.7, 1.9), (-2.0, 4.0), (3.1, -0.4)] {
        let (sin, cos) = (inner / 2.0_f64).sin_cos();
        let common = Complex64::I * Complex64::cis(inner / 2.0);
        let turn = Complex64::cis(outer);
        let columns = [[turn * sin, turn * cos], [Complex64::from(cos), Complex64::from(-sin)]];
        for (port, column) in columns.iter().enumerate() {
            let out = ideal::<2, 2>().pass(&[outer, inner], one_port(port)).out;
            for (found, expected) in out.iter().zip(column) {
                assert!((found - common * expected).norm() < 1e-15, "{outer} {inner} {port}");
            }
        }
    }
}

#[test]
fn the_currents_of_two_modes_are_their_closed_form() {
    // Both inputs at 60 nW: 48 nA (1 +- sin(inner) cos(outer)).
    let mut device = PhotonicDevice::<2, 2>::rectangular(7, 2).unwrap();
    device.mesh = ideal();
    let mut rng = rng(8);
    for _ in 0..50 {
        let row = random_row(2, &mut rng);
        let phase = |s: usize| device.offset_rad[s] + PI * ((row[s] + 1.5) / 2.0).powi(2);
        let part = 48.0 * phase(1).sin() * phase(0).cos();
        let [up, down] = currents_na(&device, &row)[..] else { panic!("two currents") };
        assert!((up - 48.0 - part).abs() < 1e-12 && (down - 48.0 + part).abs() < 1e-12, "{row:?}");
    }
}

#[test]
fn one_interferometer_sends_cos_squared_of_half_its_phase_across() {
    // Light of port 0 meets the first interferometer; a phase of pi in all others keeps it on its mode.
    for phase_rad in [0.0, 0.4, 1.3, PI, 5.0] {
        let mut phases_rad = [PI; 12];
        phases_rad[1] = phase_rad;
        let out = ideal().pass(&phases_rad, one_port::<4>(0)).out.map(|x| x.norm_sqr());
        let across = (phase_rad / 2.0).cos().powi(2);
        let expected = [1.0 - across, across, 0.0, 0.0];
        for (port, (found, expected)) in out.iter().zip(expected).enumerate() {
            assert!((found - expected).abs() < 1e-14, "{phase_rad} rad, port {port}: {found}");
        }
    }
}

fn assert_reversing<const MODES: usize, const SHIFTERS: usize>() {
    for port in 0..MODES {
        let out = ideal().pass(&[0.0; SHIFTERS], one_port::<MODES>(port)).out;
        assert!((out[MODES - 1 - port].norm_sqr() - 1.0).abs() < 1e-14, "{port}: {out:?}");
    }
}

#[test]
fn interferometers_without_phase_reverse_the_ports() {
    // Each crosses its two modes, and as many columns of crossings of neighbours as there are modes reverse them.
    assert_reversing::<2, 2>();
    assert_reversing::<3, 6>();
    assert_reversing::<4, 12>();
    assert_reversing::<7, 42>();
    assert_reversing::<8, 56>();
}

#[test]
fn a_heaters_power_that_turns_the_phase_once_changes_nothing() {
    // pi ((V + 1.5) / 2)^2 grows by 2 pi from V + 1.5 = x to sqrt(x^2 + 8).
    let device = MziDevice::new(1);
    let mut rng = rng(4);
    for electrode in 0..7 {
        let row = random_row(7, &mut rng);
        let mut turned = row.clone();
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
    for spec in ["mzi", "mzi:2", "mzi:3/4"] {
        let device = open(spec).unwrap();
        for _ in 0..200 {
            let row = random_row(7, &mut rng);
            assert_jacobian_is_that_of_differences(device.as_ref(), &row, 1e-3, 1e-7);
        }
    }
    for modes in 2..=8 {
        for spec in [format!("mesh:{modes}"), format!("mesh:{modes}:9/2")] {
            let device = open(&spec).unwrap();
            for _ in 0..20 {
                let row = random_row(device.electrodes(), &mut rng);
                assert_jacobian_is_that_of_differences(device.as_ref(), &row, 1e-3, 1e-7);
            }
        }
    }
}

#[test]
fn outputs_are_the_photodiodes_at_ports_1_0_2_3_of_the_mzi_and_in_order_of_a_mesh() {
    let mut rng = rng(7);
    let row = random_row(7, &mut rng);
    let one = MziDevice::new(5);
    let [a, b, c, d] = one.port_currents_na(&row).unwrap();
    for outputs in 1..=4 {
        let device = MziDevice::with_outputs(5, outputs).unwrap();
        assert_eq!(currents_na(&device, &row), [b, a, c, d][..outputs]);
        let slopes = one.jacobian_na_per_v(&row).unwrap();
        assert_eq!(device.jacobian_na_per_v(&row).unwrap()[..7], slopes);
    }
    let all = open("mesh:4:5").unwrap();
    let row = random_row(12, &mut rng);
    let two = open("mesh:4:5/2").unwrap();
    assert_eq!(currents_na(two.as_ref(), &row), currents_na(all.as_ref(), &row)[..2]);
    for (spec, name) in [
        ("mzi", "mzi:1"),
        ("mzi:5/1", "mzi:5"),
        ("mzi/3", "mzi:1/3"),
        ("mesh:4", "mesh:4:1"),
        ("mesh:4:5/4", "mesh:4:5"),
        ("mesh:6/2", "mesh:6:1/2"),
    ] {
        assert_eq!(open(spec).unwrap().name(), name, "{spec}");
    }
    for (spec, what) in [
        ("mzi:1/5", "in device `mzi:1/5`: it has 1 to 4 outputs; write `/1` to `/4` at its end"),
        ("mesh:3/4", "in device `mesh:3:1/4`: it has 1 to 3 outputs"),
        ("mesh:1", "`1` is not a number of waveguides; write 2 to 8"),
        ("mesh:9:1", "`9` is not a number of waveguides"),
        (
            "mesh:4:x",
            "`x` is not a seed; write a whole number from 0 to 2^64 - 1, e.g. `mesh:4:12`",
        ),
        ("mesh", "`mesh` is not a device"),
    ] {
        let message = open(spec).err().expect("no device").to_string();
        assert!(message.contains(what), "{message}");
    }
}

#[test]
fn rows_do_not_know_each_other_and_nan_stays_nan() {
    let device = MziDevice::new(1);
    let mut rng = rng(6);
    let rows: Vec<Vec<f64>> = (0..9).map(|_| random_row(7, &mut rng)).collect();
    let mut volts = rows.concat();
    volts[4 * 7 + 2] = f64::NAN;
    let mut out = [0.0; 10];
    device.currents_na(&volts, &mut out);
    for (n, (row, current)) in rows.iter().zip(out).enumerate() {
        assert!(if n == 4 { current.is_nan() } else { current == current_na(&device, row) }, "{n}");
    }
    assert!(out[9].is_nan());
    let four = MziDevice::with_outputs(1, 4).unwrap();
    let mut out = [0.0; 4 * 9];
    four.currents_na(&volts, &mut out);
    assert!(out.chunks_exact(4).enumerate().all(|(n, row)| (n == 4) == row[0].is_nan()));
    assert!(out[4 * 4..][..4].iter().all(|current| current.is_nan()), "{out:?}");
    assert_eq!(device.jacobian_na_per_v(&volts), None);
    assert!(four.jacobian_na_per_v(&[f64::NAN; 7]).unwrap()[27].is_nan());
    assert_eq!(device.port_currents_na(&[f64::NAN; 7]), None);
}
