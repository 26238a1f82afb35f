//! Devices under training: voltages in, one or more currents out.
//!
//! | device | model | opened by | outputs |
//! |---|---|---|---|
//! | [`HoppingDevice`] | physics of a dopant network; `builtin` is one fixed specimen | `builtin`, `hopping:SEED[@KELVIN]` | 1 |
//! | [`MziDevice`] | a photonic mesh of interferometers; `mzi` is one fixed specimen | `mzi`, `mzi:SEED` | 1 to 4, usually 1 |
//! | [`PhotonicDevice`] | a mesh of N waveguides with all phase shifters driven | `mesh:N`, `mesh:N:SEED` | 1 to N, usually N |
//! | [`MatrixDevice`] | the same with a modulator at every input port | `matrix:N`, `matrix:N:SEED` | 1 to N, usually N |
//! | [`BeamsDevice`] | N laser beams on one photodiode, each with a phase modulator | `beams:N`, `beams:N:SEED` | 1 |
//! | [`CrossbarDevice`] | two crossbars of memristors; `crossbar` is one fixed specimen | `crossbar`, `crossbar:SEED` | 1 to 8, usually 1 |
//! | [`OnnxDevice`] | any surrogate network of a measured device | `onnx:PATH` | as in the file, 1 to 8 |
//! | [`ProcessDevice`] | another process | `process:COMMAND` | as it reports, 1 to 8 |
//! | [`LinearDevice`] | known slopes, for tests | `linear:G0,G1,...`, `linear:G0,G1,...;H0,H1,...` | a row of slopes each |
//! | [`Network`] | devices wired to each other | `network:JSON`, tables `[[device]]` | 1 to 8 |
//! | [`FunctionDevice`] | the caller's own function | [`FunctionDevice::new`] | as given |
//! | [`PolynomialDevice`] | known curvature up to third order, for tests | [`PolynomialDevice::new`] | as given |
//!
//! `/J` at the end of a form takes the first J outputs: `mzi:3/4`, `mesh:6:2/3`. Paths and commands take none.

mod beams;
mod crossbar;
mod error;
mod function;
mod health;
pub mod hopping;
mod linear;
pub mod network;
#[cfg(feature = "onnx")]
mod onnx;
mod photonic;
mod polynomial;
mod process;
mod spec;

pub use beams::BeamsDevice;
pub use crossbar::{CrossbarDevice, CROSSBAR_SEED};
pub use error::DeviceError;
pub use function::{Currents, FunctionDevice};
pub use health::Health;
pub use hopping::{HoppingDevice, HoppingParams};
pub use linear::LinearDevice;
pub use network::Network;
#[cfg(feature = "onnx")]
pub use onnx::OnnxDevice;
pub use photonic::{MatrixDevice, MziDevice, PhotonicDevice, MZI_SEED};
pub use polynomial::PolynomialDevice;
pub use process::ProcessDevice;
pub use spec::{beside, forms, label, open};

use spec::Kind;

/// Every kind of device that a specification can name.
static KINDS: [Kind; 11] = [
    hopping::BUILTIN,
    hopping::HOPPING,
    photonic::MZI,
    photonic::MESH,
    photonic::MATRIX,
    beams::BEAMS,
    crossbar::CROSSBAR,
    spec::ONNX,
    process::PROCESS,
    linear::LINEAR,
    network::NETWORK,
];

/// Most outputs of a device that are measured side by side.
pub const MOST_OUTPUTS: usize = 8;

/// A physical device with a fixed number of electrodes to drive and of output currents to measure.
///
/// But for [`Device::follow_na`], a device is a pure function: the currents of a row depend on the voltages of that row alone, to the
/// last bit, however many rows are evaluated at once. The engines rely on it to agree bit for bit,
/// since the model evaluates whole windows and the RTL engines one sample at a time.
pub trait Device: Send {
    /// Short name for records, e.g. `hopping` or `onnx:rnpu.onnx`.
    fn name(&self) -> String;

    /// Number of electrodes that are driven, the width of a row of voltages.
    fn electrodes(&self) -> usize;

    /// Number of output currents that are measured, the width of a row of currents; 1 or more.
    fn outputs(&self) -> usize {
        1
    }

    /// Output currents of every row. `voltages_v` is row-major `[rows, electrodes]` in volts, `current_na` row-major
    /// `[rows, outputs]` in nA. Panics never on values: a row that is not finite gives NaN for all of its outputs.
    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]);

    /// Exact Jacobian dI/dV in nA/V at one point, row-major `[outputs, electrodes]`, if the device provides it.
    fn jacobian_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>>;

    /// Exact Jacobians of every row of `[rows, electrodes]`, row-major `[rows, outputs, electrodes]`.
    fn jacobians_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        let rows = voltages_v.chunks_exact(self.electrodes().max(1));
        let slopes: Option<Vec<Vec<f64>>> = rows.map(|row| self.jacobian_na_per_v(row)).collect();
        Some(slopes?.concat())
    }

    /// Begins a series of samples at this rate, after these voltages have stood for long. Whether the currents of such a series depend on the samples before.
    fn rest(&mut self, _rate_hz: f64, _rest_v: &[f64]) -> bool {
        false
    }

    /// Currents of successive samples, as [`Device::currents_na`].
    fn follow_na(&mut self, voltages_v: &[f64], current_na: &mut [f64]) {
        self.currents_na(voltages_v, current_na);
    }

    /// Goes back to before the last [`Device::follow_na`].
    fn step_back(&mut self) {}

    /// Where a device that can cease to answer says so. `None`: it is a formula and cannot.
    fn health(&self) -> Option<Health> {
        None
    }
}

/// Evaluates `currents` row by row: the shared part of the devices that have a closed form.
///
/// `voltages_v` is `[rows, electrodes]` in volts, `current_na` `[rows, outputs]`. A row with a non-finite voltage
/// gives NaN, as do entries of `current_na` for which there is no complete row.
fn for_each_row(
    [electrodes, outputs]: [usize; 2],
    voltages_v: &[f64],
    current_na: &mut [f64],
    currents: impl Fn(&[f64], &mut [f64]),
) {
    let mut rows = voltages_v.chunks_exact(electrodes);
    let mut outs = current_na.chunks_exact_mut(outputs);
    for out in &mut outs {
        match rows.next() {
            Some(row) if is_finite(row) => currents(row, out),
            _ => out.fill(f64::NAN),
        }
    }
    outs.into_remainder().fill(f64::NAN);
}

/// Jacobian of a closed form `[outputs, electrodes]`: `None` if `voltages_v` is not one row, NaN where it is not finite.
fn of_one_row(
    device: &impl Device,
    voltages_v: &[f64],
    jacobian: impl FnOnce(&[f64]) -> Vec<f64>,
) -> Option<Vec<f64>> {
    let [electrodes, outputs] = [device.electrodes(), device.outputs()];
    (voltages_v.len() == electrodes).then(|| match is_finite(voltages_v) {
        true => jacobian(voltages_v),
        false => vec![f64::NAN; outputs * electrodes],
    })
}

/// Asserts that the Jacobian at a row is that of a fourth-order central difference with steps of `h_v`, within `most` of
/// 1 nA/V or the slope.
#[cfg(test)]
fn assert_jacobian_is_that_of_differences(device: &dyn Device, row: &[f64], h_v: f64, most: f64) {
    let [electrodes, outputs] = [device.electrodes(), device.outputs()];
    let jacobian = device.jacobian_na_per_v(row).expect("a row");
    assert_eq!(jacobian.len(), outputs * electrodes);
    for k in 0..electrodes {
        let at = |h: f64| {
            let (mut moved, mut out) = (row.to_vec(), vec![0.0; outputs]);
            moved[k] += h;
            device.currents_na(&moved, &mut out);
            out
        };
        let [up, down, far_up, far_down] = [at(h_v), at(-h_v), at(2.0 * h_v), at(-2.0 * h_v)];
        for j in 0..outputs {
            let steps = 8.0 * (up[j] - down[j]) - (far_up[j] - far_down[j]);
            let difference = steps / (12.0 * h_v);
            let error = (jacobian[j * electrodes + k] - difference).abs();
            let name = device.name();
            assert!(error < most * (1.0 + difference.abs()), "{name} {row:?} {j} {k}: {error:e}");
        }
    }
}

/// Whether every voltage of a row is a finite number.
fn is_finite(row: &[f64]) -> bool {
    row.iter().all(|v| v.is_finite())
}
