//! What the experiment plans on the instrument.

use hge_core::apparatus::Apparatus;
use numpy::{IntoPyArray, PyArray1, PyArray2};
use pyo3::prelude::*;

/// The plan of an experiment on an instrument.
#[pyclass(frozen, module = "hge._native", get_all)]
pub struct Setup {
    /// Electrodes of the controls.
    controls: Vec<usize>,
    /// Electrodes of the inputs.
    inputs: Vec<usize>,
    /// Where every control may be set, V, `[controls, 2]`.
    ranges_v: Py<PyArray2<f64>>,
    /// The guard's limits of every output, V, `[outputs, 2]`.
    limits_v: Py<PyArray2<f64>>,
    /// Voltages of the inputs, `[cases, inputs]`.
    inputs_v: Py<PyArray2<f64>>,
    /// Frequency of every control's tone.
    tones_hz: Py<PyArray1<f64>>,
    /// Amplitude of every control's tone, as it leaves the DAC.
    amplitudes_v: Py<PyArray1<f64>>,
    /// Samples a second.
    rate_hz: f64,
    /// Samples of a window.
    window_samples: u32,
    /// Cases that the instrument holds at once.
    most_cases: usize,
    /// Outputs of the device that the task has requirements for.
    outputs: usize,
}

impl Setup {
    /// Of this bench.
    pub fn of(py: Python<'_>, bench: &Apparatus) -> PyResult<Self> {
        let (plan, grid) = (&bench.task().plan, bench.task().plan.grid());
        let configuration = plan.configuration();
        let ranges: Vec<Vec<f64>> = plan
            .control_ranges_v()
            .into_iter()
            .map(|(low_v, high_v)| vec![low_v, high_v])
            .collect();
        let amplitudes: Vec<f64> =
            (0..configuration.controls.len()).map(|k| plan.amplitude_v(k)).collect();
        let limits: Vec<Vec<f64>> =
            configuration.limits.iter().map(|limits| vec![limits.low_v, limits.high_v]).collect();
        Ok(Setup {
            limits_v: PyArray2::from_vec2(py, &limits)?.unbind(),
            controls: configuration.controls.iter().map(|control| control.output).collect(),
            inputs: configuration.inputs.clone(),
            ranges_v: PyArray2::from_vec2(py, &ranges)?.unbind(),
            inputs_v: PyArray2::from_vec2(py, &configuration.cases_v)?.unbind(),
            tones_hz: plan.tones_hz().into_pyarray(py).unbind(),
            amplitudes_v: amplitudes.into_pyarray(py).unbind(),
            rate_hz: grid.rate_hz,
            window_samples: grid.window_samples,
            most_cases: plan.parameters().cases as usize,
            outputs: bench.task().data.train.targets.outputs,
        })
    }
}
