//! The spectrum of a current.

use crate::errors::Failure;
use hge_core::spectrum::{Known, Spectrum as Found};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

/// The density of a current at every frequency, and what is known of its lines.
#[pyclass(frozen, module = "hge._native", get_all)]
pub struct Spectrum {
    /// From zero to half the rate.
    frequencies_hz: Py<PyArray1<f64>>,
    /// One-sided density at these.
    density_a_per_rt_hz: Py<PyArray1<f64>>,
    /// The noise under the lines at these.
    noise_a_per_rt_hz: Py<PyArray1<f64>>,
    /// Everything else: JSON.
    summary: String,
}

/// The spectrum of a current in nA.
#[pyfunction]
#[pyo3(signature = (current_na, rate_hz, segment_samples=None, tones_hz=vec![], mains_hz=None))]
pub fn spectrum(
    py: Python<'_>,
    current_na: PyReadonlyArray1<'_, f64>,
    rate_hz: f64,
    segment_samples: Option<usize>,
    tones_hz: Vec<f64>,
    mains_hz: Option<f64>,
) -> PyResult<Spectrum> {
    let current_na = current_na.as_slice()?;
    let known = Known { tones_hz, mains_hz };
    let found = py.detach(|| Found::of(current_na, rate_hz, segment_samples, &known));
    let mut found = found.map_err(Failure::other)?;
    let array = |values: &mut Vec<f64>| std::mem::take(values).into_pyarray(py).unbind();
    Ok(Spectrum {
        frequencies_hz: array(&mut found.frequencies_hz),
        density_a_per_rt_hz: array(&mut found.density_a_per_rt_hz),
        noise_a_per_rt_hz: array(&mut found.noise_a_per_rt_hz),
        summary: serde_json::to_string(&found).map_err(Failure::other)?,
    })
}
