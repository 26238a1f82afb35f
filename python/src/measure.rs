//! Measurements, as arrays.

use crate::errors::Failure;
use crate::instrument::Instrument;
use hge_core::measure::gradient::{self, CaseSlopes, Effort, Slope};
use hge_core::measure::zero_amplitude;
use numpy::ndarray::{Array2, Array3, Array4};
use numpy::{IntoPyArray, PyArray2, PyArray3, PyArray4};
use pyo3::prelude::*;

/// Bits of a row's flags.
const CLIPPED: u8 = 1;
const UNSETTLED: u8 = 2;
const UNCALIBRATED: u8 = 4;

/// Currents and slopes of every case and output.
#[pyclass(frozen, module = "hge._native", get_all)]
pub struct Measured {
    /// Mean currents, nA, `[cases, outputs]`.
    outputs_na: Py<PyArray2<f64>>,
    /// Their standard errors; NaN for a single window.
    output_errors_na: Py<PyArray2<f64>>,
    /// Slopes, nA/V, `[cases, outputs, controls]`.
    jacobian_na_per_v: Py<PyArray3<f64>>,
    /// Their standard errors; NaN where they are not known.
    errors_na_per_v: Py<PyArray3<f64>>,
    /// Ends of their 95 % intervals, `[cases, outputs, controls, 2]`.
    intervals_na_per_v: Py<PyArray4<f64>>,
    /// Quadrature responses, nA/V, `[cases, outputs, controls]`.
    quadratures_na_per_v: Py<PyArray3<f64>>,
    /// Bits of every case and output.
    flags: Py<PyArray2<u8>>,
    /// Windows of every case.
    windows: u32,
}

#[pymethods]
impl Instrument {
    /// Currents and slopes at these controls, from `windows` windows of every case.
    #[pyo3(signature = (controls_v, inputs_v=None, windows=1, of_slope=false))]
    fn measure(
        &self,
        py: Python<'_>,
        controls_v: Vec<f64>,
        inputs_v: Option<Vec<Vec<f64>>>,
        windows: u32,
        of_slope: bool,
    ) -> PyResult<Measured> {
        let measured = self.work(py, |bench| {
            let session = bench.presenting(inputs_v)?;
            let measure = if of_slope { zero_amplitude::measure } else { gradient::measure };
            Ok(measure(session, &controls_v, Effort::windows(windows))?)
        })?;
        Ok(arrays(py, &measured))
    }

    /// Mean currents at these controls without tones, nA, `[cases, outputs]`, from a window of every case.
    #[pyo3(signature = (controls_v, inputs_v=None))]
    fn outputs<'py>(
        &self,
        py: Python<'py>,
        controls_v: Vec<f64>,
        inputs_v: Option<Vec<Vec<f64>>>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (means, outputs) = self.work(py, |bench| {
            let session = bench.presenting(inputs_v)?;
            gradient::check(session.plan(), &controls_v)?;
            let readings = session.measure(&controls_v, false)?;
            let means: Vec<f64> = readings.iter().map(|reading| reading.mean_na).collect();
            Ok((means, session.plan().parameters().inputs as usize))
        })?;
        let means = Array2::from_shape_vec((means.len() / outputs, outputs), means);
        Ok(means.map_err(Failure::other)?.into_pyarray(py))
    }
}

fn arrays(py: Python<'_>, measured: &gradient::Measured) -> Measured {
    let rows = &measured.cases;
    let outputs = 1 + rows.iter().map(|row| row.output).max().unwrap_or(0);
    let controls = rows.first().map_or(0, |row| row.slopes.len());
    let shape = (rows.len() / outputs, outputs);
    let row = |(case, output): (usize, usize)| &rows[case * outputs + output];
    let of_row = |value: fn(&CaseSlopes) -> f64| {
        Array2::from_shape_fn(shape, |place| value(row(place))).into_pyarray(py).unbind()
    };
    let of_slope = |value: fn(&Slope) -> f64| {
        let shape = (shape.0, shape.1, controls);
        let slopes =
            Array3::from_shape_fn(shape, |(case, output, k)| value(&row((case, output)).slopes[k]));
        slopes.into_pyarray(py).unbind()
    };
    let intervals =
        Array4::from_shape_fn((shape.0, shape.1, controls, 2), |(case, output, k, end)| {
            row((case, output)).slopes[k].interval_na_per_v.map_or(f64::NAN, |ends| ends[end])
        });
    let flags = Array2::from_shape_fn(shape, |place| {
        let CaseSlopes { clipped, settled, uncalibrated, .. } = *row(place);
        let bit = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
        bit(clipped, CLIPPED) | bit(!settled, UNSETTLED) | bit(uncalibrated, UNCALIBRATED)
    });
    Measured {
        outputs_na: of_row(|row| row.current_na),
        output_errors_na: of_row(|row| row.current_error_na.unwrap_or(f64::NAN)),
        jacobian_na_per_v: of_slope(|slope| slope.slope_na_per_v),
        errors_na_per_v: of_slope(|slope| slope.error_na_per_v.unwrap_or(f64::NAN)),
        intervals_na_per_v: intervals.into_pyarray(py).unbind(),
        quadratures_na_per_v: of_slope(|slope| slope.quadrature_na_per_v),
        flags: flags.into_pyarray(py).unbind(),
        windows: measured.windows,
    }
}
