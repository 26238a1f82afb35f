//! A Python function as a simulated device.

use hge_sim::device::{DeviceError, FunctionDevice};
use numpy::ndarray::Array2;
use numpy::{IntoPyArray, PyArrayLike1, PyArrayLike2};
use pyo3::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// The exception that a callback raised, until the operation that called it returns.
#[derive(Clone, Default)]
pub struct Raised(Arc<Mutex<Option<PyErr>>>);

impl Raised {
    /// Keeps the first exception, and says so in a sentence.
    pub fn keep(&self, error: PyErr) -> String {
        let sentence = format!("the function of the device raised {error}");
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        sentence
    }

    /// The exception, if there was one.
    pub fn take(&self) -> Option<PyErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The device whose currents `function` computes: `[rows, electrodes]` in V to `[rows]` or `[rows, outputs]` in nA.
pub fn of_function(
    function: Py<PyAny>,
    name: String,
    electrodes: usize,
    outputs: usize,
    raised: Raised,
) -> Result<FunctionDevice, DeviceError> {
    let currents = move |rows_v: &[f64]| {
        let said = Python::try_attach(|py| currents(py, &function, rows_v, electrodes, outputs));
        match said {
            Some(Ok(current_na)) => Ok(current_na),
            Some(Err(error)) => Err(raised.keep(error)),
            None => Err("Python has ended: close the instrument before".into()),
        }
    };
    FunctionDevice::new(name, electrodes, outputs, Arc::new(currents))
}

fn currents(
    py: Python<'_>,
    function: &Py<PyAny>,
    rows_v: &[f64],
    electrodes: usize,
    outputs: usize,
) -> PyResult<Vec<f64>> {
    let rows = rows_v.len() / electrodes;
    let volts = Array2::from_shape_vec((rows, electrodes), rows_v.to_vec());
    let volts = volts.map_err(crate::errors::Failure::other)?.into_pyarray(py);
    let said = function.bind(py).call1((volts,))?;
    let shape_error = |found: &[usize]| {
        let wanted = match outputs {
            1 => format!("[{rows}] or [{rows}, 1]"),
            _ => format!("[{rows}, {outputs}]"),
        };
        PyErr::from(crate::errors::Failure::other(format!(
            "the device returned currents of shape {found:?} for {rows} rows of voltages: return {wanted}, in nA"
        )))
    };
    if let Ok(flat) = said.extract::<PyArrayLike1<'_, f64, numpy::AllowTypeChange>>() {
        return match flat.as_array().len() {
            found if found == rows && outputs == 1 => Ok(flat.as_array().to_vec()),
            found => Err(shape_error(&[found])),
        };
    }
    let table = said.extract::<PyArrayLike2<'_, f64, numpy::AllowTypeChange>>()?;
    let table = table.as_array();
    match table.shape() {
        found if found == [rows, outputs] => Ok(table.iter().copied().collect()),
        found => Err(shape_error(found)),
    }
}
