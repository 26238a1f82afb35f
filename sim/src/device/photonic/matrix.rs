//! A mesh of 2 to 8 waveguides with a modulator at every input port: a programmable matrix times a vector of voltages.
//!
//! Each input port has the laser's light through a Mach-Zehnder modulator in push-pull, biased at its null. It leaves the phase alone
//! and sets the amplitude:
//!
//! ```text
//! amplitude = sqrt(120 nW / N) sin(pi V / (2 V_pi))       V_pi = 1 V
//! ```
//!
//! That is the field behind an ideal modulator, whose power is sin^2 (Li and Yu, J. Lightwave Technol. 21, 2010 (2003)): dark at 0 V,
//! all of a port's light at +-1 V, of opposite sign at -1 V. The mesh behind is that of `mesh:N:SEED`.

use super::rectangular::MESH_SEED;
use super::{by_heater, port_amplitude, Passage, PhotonicDevice, RESPONSIVITY_A_PER_W, SIZES};
use crate::device::spec::{check_outputs, measured_name, Kind, Spec};
use crate::device::{for_each_row, of_one_row, Device, DeviceError};
use num_complex::Complex64;
use std::array;
use std::f64::consts::FRAC_PI_2;

/// Voltage at a modulator from dark to all of the light.
const MODULATOR_PI_V: f64 = 1.0;

pub(in crate::device) const MATRIX: Kind =
    Kind { name: "matrix", forms: &["`matrix:N[:SEED][/J]`"], open };

fn open(spec: &Spec) -> Result<Box<dyn Device>, DeviceError> {
    let (modes, seed) = spec.count_and_seed("waveguides", SIZES, MESH_SEED)?;
    of_size!(modes, specimen)(spec, seed)
}

fn specimen<const MODES: usize, const SHIFTERS: usize>(
    spec: &Spec,
    seed: u64,
) -> Result<Box<dyn Device>, DeviceError> {
    let outputs = spec.outputs_or(MODES)?;
    Ok(Box::new(MatrixDevice::<MODES, SHIFTERS>::new(seed, outputs)?))
}

/// One specimen: electrodes 0 to `SHIFTERS` - 1 heat the shifters of its mesh, the `MODES` ones behind drive the modulators of the
/// input ports in order.
#[derive(Clone, Debug)]
pub struct MatrixDevice<const MODES: usize, const SHIFTERS: usize> {
    name: String,
    behind: PhotonicDevice<MODES, SHIFTERS>,
}

impl<const MODES: usize, const SHIFTERS: usize> MatrixDevice<MODES, SHIFTERS> {
    /// The specimen with the mesh that `seed` draws, and photodiodes at the ports 0 to `outputs` - 1.
    ///
    /// # Errors
    /// [`DeviceError::BadSpec`] if `outputs` is not 1 to `MODES`.
    pub fn new(seed: u64, outputs: usize) -> Result<Self, DeviceError> {
        let name = format!("matrix:{MODES}:{seed}");
        check_outputs(&name, outputs, MODES)?;
        let behind = PhotonicDevice::rectangular(seed, outputs)?;
        Ok(Self { name: measured_name(name, outputs, MODES), behind })
    }

    /// The modulators' light through the mesh; amplitudes are in roots of a nanowatt.
    fn passage(&self, row: &[f64]) -> Passage<MODES, SHIFTERS> {
        let (heaters_v, modulators_v) = row.split_at(SHIFTERS);
        let input = array::from_fn(|port| {
            let angle_rad = FRAC_PI_2 * modulators_v[port] / MODULATOR_PI_V;
            Complex64::from(port_amplitude(MODES) * angle_rad.sin())
        });
        self.behind.mesh.pass(&self.behind.phases_rad(heaters_v), input)
    }
}

impl<const MODES: usize, const SHIFTERS: usize> Device for MatrixDevice<MODES, SHIFTERS> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn electrodes(&self) -> usize {
        SHIFTERS + MODES
    }

    fn outputs(&self) -> usize {
        self.behind.outputs()
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        for_each_row([self.electrodes(), self.outputs()], voltages_v, current_na, |row, out| {
            self.behind.detect(&self.passage(row), out);
        });
    }

    /// Exact: the derivative of a product of unitaries, and of a modulator by the row of the matrix; `None` if `voltages_v` is not
    /// one row.
    fn jacobian_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        of_one_row(self, voltages_v, |row| {
            let passage = self.passage(row);
            let (heaters_v, modulators_v) = row.split_at(SHIFTERS);
            let mut jacobian = Vec::with_capacity(self.outputs() * self.electrodes());
            for &port in &self.behind.ports {
                let (by_phase, of_inputs) = self.behind.mesh.slopes(&passage, port);
                let heaters = by_phase.iter().zip(heaters_v);
                jacobian.extend(heaters.map(|(&by_phase, &volts)| by_heater(by_phase, volts)));
                jacobian.extend(of_inputs.iter().zip(modulators_v).map(|(of_input, volts)| {
                    let by_volt_rad = FRAC_PI_2 / MODULATOR_PI_V;
                    let amplitude_by_volt =
                        port_amplitude(MODES) * by_volt_rad * (volts * by_volt_rad).cos();
                    let by_amplitude = 2.0 * (passage.out[port].conj() * of_input).re;
                    RESPONSIVITY_A_PER_W * by_amplitude * amplitude_by_volt
                }));
            }
            jacobian
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{assert_jacobian_is_that_of_differences, open};
    use rand::Rng;
    use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};

    fn currents_na(device: &dyn Device, row: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; device.outputs()];
        device.currents_na(row, &mut out);
        out
    }

    fn random_row(electrodes: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
        (0..electrodes).map(|_| rng.random_range(-1.5..1.5)).collect()
    }

    #[test]
    fn the_modulators_alone_decide_how_much_light_there_is() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for modes in 2..=8 {
            let device = open(&format!("matrix:{modes}:3")).unwrap();
            let electrodes = modes * modes;
            assert_eq!((device.electrodes(), device.outputs()), (electrodes, modes));
            for _ in 0..20 {
                let row = random_row(electrodes, &mut rng);
                let lit = row[electrodes - modes..].iter();
                let lit: f64 = lit.map(|volts| (FRAC_PI_2 * volts).sin().powi(2)).sum();
                let total: f64 = currents_na(device.as_ref(), &row).iter().sum();
                assert!((total - 96.0 * lit / modes as f64).abs() < 1e-11, "{modes}: {total}");
            }
        }
    }

    #[test]
    fn with_all_modulators_open_it_is_the_mesh_of_the_same_seed() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let [mesh, matrix] = ["mesh:8:5", "matrix:8:5"].map(|spec| open(spec).unwrap());
        let row = random_row(56, &mut rng);
        let open_row = [row.clone(), vec![1.0; 8]].concat();
        let (of_mesh, of_matrix) =
            (currents_na(mesh.as_ref(), &row), currents_na(matrix.as_ref(), &open_row));
        for (one, other) in of_mesh.iter().zip(of_matrix) {
            assert!((one - other).abs() < 1e-11, "{one} {other}");
        }
    }

    #[test]
    fn currents_are_those_of_the_product_of_unitaries_times_the_inputs() {
        // Every shifter with its coupler as a matrix of its own, written out and multiplied, without the sparse passage.
        let device = MatrixDevice::<4, 12>::new(7, 4).unwrap();
        let couplers = device.behind.mesh.couplers_rad();
        let upper = [0, 0, 2, 2, 1, 1, 0, 0, 2, 2, 1, 1];
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for _ in 0..20 {
            let row = random_row(16, &mut rng);
            let phases_rad = device.behind.phases_rad(&row[..12]);
            let mut product: [[Complex64; 4]; 4] = array::from_fn(|a| {
                array::from_fn(|b| if a == b { Complex64::ONE } else { Complex64::ZERO })
            });
            for s in 0..12 {
                let (m, turn) = (upper[s], Complex64::cis(phases_rad[s]));
                let (along, across) =
                    (couplers[s].cos().into(), Complex64::new(0.0, couplers[s].sin()));
                let element = |a: usize, b: usize| match (a, b) {
                    (a, b) if (a, b) == (m, m) => along * turn,
                    (a, b) if (a, b) == (m, m + 1) => across,
                    (a, b) if (a, b) == (m + 1, m) => across * turn,
                    (a, b) if (a, b) == (m + 1, m + 1) => along,
                    (a, b) if a == b => Complex64::ONE,
                    _ => Complex64::ZERO,
                };
                let before = product;
                product = array::from_fn(|a| {
                    array::from_fn(|b| (0..4).map(|c| element(a, c) * before[c][b]).sum())
                });
            }
            let currents = currents_na(&device, &row);
            for (port, current) in currents.iter().enumerate() {
                let amplitude: Complex64 = (0..4)
                    .map(|k| product[port][k] * (FRAC_PI_2 * row[12 + k]).sin() * 30_f64.sqrt())
                    .sum();
                let expected = 0.8 * amplitude.norm_sqr();
                assert!((current - expected).abs() < 1e-11, "{port}: {current} {expected}");
            }
        }
    }

    #[test]
    fn light_of_one_input_of_two_modes_is_its_closed_form() {
        // 48 nA sin^2(pi V / 2) of input 1, sin^2 and cos^2 of half the inner phase, in the limit of ideal couplers.
        let mut device = MatrixDevice::<2, 2>::new(4, 2).unwrap();
        device.behind.mesh = super::super::Mesh::new([std::f64::consts::FRAC_PI_4; 2]);
        for volts in [-1.0, -0.3, 0.0, 0.25, 1.0, 1.4] {
            let row = [0.4, -0.2, 0.0, volts];
            let inner = device.behind.phases_rad(&row[..2])[1];
            let light = 48.0 * (FRAC_PI_2 * volts).sin().powi(2);
            let [up, down] = currents_na(&device, &row)[..] else { panic!("two currents") };
            assert!((up - light * (inner / 2.0).cos().powi(2)).abs() < 1e-12, "{volts}: {up}");
            assert!((down - light * (inner / 2.0).sin().powi(2)).abs() < 1e-12, "{volts}: {down}");
        }
    }

    #[test]
    fn slopes_equal_central_differences() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for modes in 2..=8 {
            for spec in [format!("matrix:{modes}"), format!("matrix:{modes}:9/2")] {
                let device = open(&spec).unwrap();
                for _ in 0..10 {
                    let row = random_row(modes * modes, &mut rng);
                    assert_jacobian_is_that_of_differences(device.as_ref(), &row, 1e-3, 1e-7);
                }
            }
        }
    }

    #[test]
    fn outputs_are_counted_and_what_is_wrong_is_told() {
        let row = random_row(16, &mut ChaCha8Rng::seed_from_u64(6));
        let [all, two] = ["matrix:4:5", "matrix:4:5/2"].map(|spec| open(spec).unwrap());
        assert_eq!(currents_na(two.as_ref(), &row), currents_na(all.as_ref(), &row)[..2]);
        assert_eq!((all.name(), two.name()), ("matrix:4:5".into(), "matrix:4:5/2".into()));
        assert_eq!(open("matrix:8").unwrap().name(), "matrix:8:1");
        for (spec, what) in [
            ("matrix:9", "`9` is not a number of waveguides; write 2 to 8"),
            ("matrix:4/5", "in device `matrix:4:1/5`: it has 1 to 4 outputs"),
            ("matrix:4:-1", "`-1` is not a seed"),
            ("matrix", "`matrix` is not a device"),
        ] {
            let message = open(spec).err().expect("no device").to_string();
            assert!(message.contains(what), "{message}");
        }
    }
}
