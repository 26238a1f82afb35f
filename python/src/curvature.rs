//! Second derivatives, and the choice of amplitudes.

use crate::errors::Failure;
use crate::instrument::Instrument;
use hge_core::measure::curvature::{self, CaseCurvature, Entry};
use hge_core::session::Session;
use numpy::ndarray::{Array2, Array4};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArray4};
use pyo3::prelude::*;

/// Second derivatives of every case and output.
#[pyclass(frozen, module = "hge._native", get_all)]
pub struct Curved {
    /// Mean currents, nA, `[cases, outputs]`.
    outputs_na: Py<PyArray2<f64>>,
    /// Second derivatives, nA/V², `[cases, outputs, controls, controls]`.
    hessian_na_per_v2: Py<PyArray4<f64>>,
    /// Their standard errors; NaN for a single window.
    errors_na_per_v2: Py<PyArray4<f64>>,
    /// ADC or I-V converter at an end of its range, `[cases, outputs]`.
    clipped: Py<PyArray2<bool>>,
}

#[pymethods]
impl Instrument {
    /// Every second derivative at these controls, from `windows` windows of every case, for each group of products that the slots hold.
    fn curvature(&self, py: Python<'_>, controls_v: Vec<f64>, windows: u32) -> PyResult<Curved> {
        let (cases, outputs) = self.work(py, |bench| {
            bench.lend(|instrument, task| {
                let plans = curvature::listening_in_groups(&task.plan)?;
                let estimator = task.experiment.host.estimator;
                let mut session = Session::open(instrument, plans[0].clone(), estimator)?;
                session.read_all_inputs();
                let cases = curvature::measure(&mut session, &plans, &controls_v, windows)?;
                let outputs = session.inputs();
                Ok::<_, Failure>((session.close()?, (cases, outputs)))
            })
        })?;
        let shape = (cases.len() / outputs, outputs);
        let row = |(case, output): (usize, usize)| &cases[case * outputs + output];
        let controls = controls_v.len();
        let square = |value: fn(&Entry) -> f64| {
            let shape = (shape.0, shape.1, controls, controls);
            let of = |(case, output, i, j): (usize, usize, usize, usize)| {
                value(&row((case, output)).entries[place(i.min(j), i.max(j), controls)])
            };
            Array4::from_shape_fn(shape, of).into_pyarray(py).unbind()
        };
        let means = Array2::from_shape_fn(shape, |place| row(place).current_na);
        let clipped = Array2::from_shape_fn(shape, |place| {
            let CaseCurvature { clipped, .. } = row(place);
            *clipped
        });
        Ok(Curved {
            outputs_na: means.into_pyarray(py).unbind(),
            hessian_na_per_v2: square(|entry| entry.curvature_na_per_v2),
            errors_na_per_v2: square(|entry| entry.error_na_per_v2.unwrap_or(f64::NAN)),
            clipped: clipped.into_pyarray(py).unbind(),
        })
    }

    /// Chooses the tones' amplitudes for slopes of `windows` windows, in force from now on: amplitudes in V, and bias and error of a slope at those before.
    #[allow(clippy::type_complexity)]
    fn choose_amplitudes<'py>(
        &self,
        py: Python<'py>,
        windows: u32,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>)>
    {
        let chosen = self.replan(py, |bench| Ok(bench.choose_amplitudes(windows)?))?;
        Ok((
            chosen.amplitudes_v.into_pyarray(py),
            chosen.bias_na_per_v.into_pyarray(py),
            chosen.error_na_per_v.into_pyarray(py),
        ))
    }
}

/// Place of an entry in the upper triangle, row by row.
fn place(i: usize, j: usize, controls: usize) -> usize {
    i * controls - i * (i + 1) / 2 + j
}
