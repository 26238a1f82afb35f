//! Devices under training: voltages in, one current out.
//!
//! | device | model | opened by |
//! |---|---|---|
//! | [`HoppingDevice`] | physics of a dopant network; `builtin` is one fixed specimen | `builtin`, `hopping:SEED[@KELVIN]` |
//! | [`MziDevice`] | a photonic mesh of interferometers; `mzi` is one fixed specimen | `mzi`, `mzi:SEED` |
//! | [`CrossbarDevice`] | two crossbars of memristors; `crossbar` is one fixed specimen | `crossbar`, `crossbar:SEED` |
//! | [`OnnxDevice`] | any surrogate network of a measured device | `onnx:PATH` |
//! | [`ProcessDevice`] | another process | `process:COMMAND` |
//! | [`LinearDevice`] | known slopes, for tests | `linear:G0,G1,...` |
//! | [`PolynomialDevice`] | known curvature up to third order, for tests | [`PolynomialDevice::new`] |

mod crossbar;
mod error;
mod health;
pub mod hopping;
mod linear;
mod mzi;
#[cfg(feature = "onnx")]
mod onnx;
mod polynomial;
mod process;
mod spec;

pub use crossbar::{CrossbarDevice, CROSSBAR_SEED};
pub use error::DeviceError;
pub use health::Health;
pub use hopping::{HoppingDevice, HoppingParams};
pub use linear::LinearDevice;
pub use mzi::{MziDevice, MZI_SEED};
#[cfg(feature = "onnx")]
pub use onnx::OnnxDevice;
pub use polynomial::PolynomialDevice;
pub use process::ProcessDevice;
pub use spec::{beside, forms, open};

use spec::Kind;

/// Every kind of device that a specification can name.
static KINDS: [Kind; 7] = [
    hopping::BUILTIN,
    hopping::HOPPING,
    mzi::MZI,
    crossbar::CROSSBAR,
    spec::ONNX,
    process::PROCESS,
    linear::LINEAR,
];

/// A physical device with a fixed number of electrodes to drive and one output current.
///
/// A device is a pure function: the current of a row depends on the voltages of that row alone, to the
/// last bit, however many rows are evaluated at once. The engines rely on it to agree bit for bit,
/// since the model evaluates whole windows and the RTL engines one sample at a time.
pub trait Device: Send {
    /// Short name for records, e.g. `hopping` or `onnx:rnpu.onnx`.
    fn name(&self) -> String;

    /// Number of electrodes that are driven, the width of a row.
    fn electrodes(&self) -> usize;

    /// Output current of every row. `voltages_v` is row-major `[rows, electrodes]` in volts;
    /// `current_na` receives one nA value a row. Panics never on values: non-finite input gives NaN.
    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]);

    /// Exact gradient dI/dV in nA/V at one point, if the device provides it.
    fn gradient_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>>;

    /// Exact gradients of every row of `[rows, electrodes]`, row-major.
    fn gradients_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        let rows = voltages_v.chunks_exact(self.electrodes().max(1));
        let slopes: Option<Vec<Vec<f64>>> = rows.map(|row| self.gradient_na_per_v(row)).collect();
        Some(slopes?.concat())
    }

    /// Where a device that can cease to answer says so. `None`: it is a formula and cannot.
    fn health(&self) -> Option<Health> {
        None
    }
}

/// Evaluates `current` row by row: the shared part of the devices that have a closed form.
///
/// `voltages_v` is `[rows, electrodes]` in volts. A row with a non-finite voltage gives NaN, as does
/// an entry of `current_na` for which there is no complete row.
fn for_each_row(
    electrodes: usize,
    voltages_v: &[f64],
    current_na: &mut [f64],
    current: impl Fn(&[f64]) -> f64,
) {
    let mut rows = voltages_v.chunks_exact(electrodes);
    for out in current_na {
        *out = match rows.next() {
            Some(row) if is_finite(row) => current(row),
            _ => f64::NAN,
        };
    }
}

/// Slope at a row by a fourth-order central difference with steps of `h_v`.
#[cfg(test)]
fn central_difference_na_per_v(device: &dyn Device, row: &[f64], k: usize, h_v: f64) -> f64 {
    let at = |h: f64| {
        let mut moved = row.to_vec();
        moved[k] += h;
        let mut out = [0.0];
        device.currents_na(&moved, &mut out);
        out[0]
    };
    (8.0 * (at(h_v) - at(-h_v)) - (at(2.0 * h_v) - at(-2.0 * h_v))) / (12.0 * h_v)
}

/// Whether every voltage of a row is a finite number.
fn is_finite(row: &[f64]) -> bool {
    row.iter().all(|v| v.is_finite())
}
