//! A Python function as a simulated device.

use crate::callback::Callbacks;
use crate::errors::Failure;
use hge_sim::device::{DeviceError, FunctionDevice};
use numpy::ndarray::Array2;
use numpy::{IntoPyArray, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::prelude::*;
use std::sync::Arc;

/// The device whose currents `function` computes: `[rows, electrodes]` in V to `[rows]` or `[rows, outputs]` in nA.
pub fn of_function(
    function: Py<PyAny>,
    name: String,
    electrodes: usize,
    outputs: usize,
    callbacks: Callbacks,
) -> Result<FunctionDevice, DeviceError> {
    let currents = move |rows_v: &[f64]| {
        let answer = callbacks.call(|py| currents(py, &function, rows_v, electrodes, outputs));
        answer.map_err(|sentence| format!("the function of the device raised {sentence}"))
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
    let volts = volts.map_err(Failure::other)?.into_pyarray(py);
    let wanted = match outputs {
        1 => format!("[{rows}] or [{rows}, 1]"),
        _ => format!("[{rows}, {outputs}]"),
    };
    let refuse = |found: String| {
        PyErr::from(Failure::other(format!(
            "the device returned {found} for {rows} rows of voltages: return currents of shape {wanted}, in nA, or connect with instrument={{\"inputs\": N}} for N outputs"
        )))
    };
    let answer = function.bind(py).call1((volts,))?;
    // Integers and truth values are numbers; complex numbers, objects and text are not.
    let numpy = py.import("numpy")?;
    let array = numpy.call_method1("asarray", (&answer,))?;
    let kind: char = array.getattr("dtype")?.getattr("kind")?.extract()?;
    if !"fiub".contains(kind) {
        return Err(refuse(answer.get_type().name()?.to_string()));
    }
    let array = numpy.call_method1("asarray", (array, "float64"))?;
    let array = array.cast_into::<PyArrayDyn<f64>>()?;
    let shape = array.shape();
    if shape != [rows, outputs] && !(outputs == 1 && shape == [rows]) {
        return Err(refuse(format!("currents of shape {shape:?}")));
    }
    let currents_na: Vec<f64> = array.readonly().as_array().iter().copied().collect();
    match currents_na.iter().position(|current_na| !current_na.is_finite()) {
        None => Ok(currents_na),
        Some(place) => Err(Failure::other(format!(
            "the device returned {} nA at {:?} V: return a finite current for any voltages, those that all begin at, 0 V, too",
            currents_na[place],
            &rows_v[place / outputs * electrodes..][..electrodes],
        ))
        .into()),
    }
}
