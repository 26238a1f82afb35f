//! Windows and codes as they come.

use crate::errors::Failure;
use crate::instrument::Instrument;
use hge_core::measure::{capture, gradient};
use hge_protocol::registers as map;
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

/// One window of one case at one output of the device.
#[pyclass(frozen, module = "hge._native", get_all)]
pub struct Window {
    /// Case, from 0.
    case: usize,
    /// Output of the device, from 0.
    output: usize,
    /// Mean current.
    mean_na: f64,
    /// Mean of its second half less that of the first.
    step_na: f64,
    /// Response of every tone in phase, nA/V.
    in_phase_na_per_v: Py<PyArray1<f64>>,
    /// Response of every tone in quadrature, nA/V.
    quadrature_na_per_v: Py<PyArray1<f64>>,
    /// ADC or I-V converter at an end of its range.
    clipped: bool,
}

#[pymethods]
impl Instrument {
    /// One window of every case at these controls, in order, each with every output of the device.
    #[pyo3(signature = (controls_v, inputs_v=None, tones=true))]
    fn windows(
        &self,
        py: Python<'_>,
        controls_v: Vec<f64>,
        inputs_v: Option<Vec<Vec<f64>>>,
        tones: bool,
    ) -> PyResult<Vec<Window>> {
        let (readings, outputs) = self.work(py, |bench| {
            let session = bench.presenting(inputs_v)?;
            gradient::check(session.plan(), &controls_v)?;
            let outputs = session.plan().parameters().inputs as usize;
            Ok((session.measure(&controls_v, tones)?, outputs))
        })?;
        let window = |(row, reading): (usize, hge_core::session::Reading)| {
            let axis = |axis: usize| {
                let answers = reading.answers_na_per_v.iter().map(|answer| answer[axis]);
                answers.collect::<Vec<f64>>().into_pyarray(py).unbind()
            };
            Window {
                case: row / outputs,
                output: row % outputs,
                mean_na: reading.mean_na,
                step_na: reading.step_na,
                in_phase_na_per_v: axis(0),
                quadrature_na_per_v: axis(1),
                clipped: reading.clipped,
            }
        };
        Ok(readings.into_iter().enumerate().map(window).collect())
    }

    /// ADC codes in the instrument's present state, their currents in nA, and their rate in Hz.
    #[pyo3(signature = (samples, decimation=1, input=0))]
    #[allow(clippy::type_complexity)]
    fn capture<'py>(
        &self,
        py: Python<'py>,
        samples: u32,
        decimation: u16,
        input: u8,
    ) -> PyResult<(Bound<'py, PyArray1<i16>>, Bound<'py, PyArray1<f64>>, f64)> {
        let (codes, currents, rate_hz) = self.work(py, |bench| {
            let plan = bench.task().plan.clone();
            let instrument = bench.instrument()?;
            let clock_hz = f64::from(instrument.parameters().clock_hz);
            if !instrument.state()?.busy {
                let period = (clock_hz / plan.grid().rate_hz).round() as u32;
                instrument.write(map::SAMPLE_PERIOD, period).or_else(|error| {
                    // An armed instrument has its pace.
                    if instrument.is_armed() {
                        Ok(())
                    } else {
                        Err(error)
                    }
                })?;
            }
            instrument.set_capture_input(input)?;
            let codes = capture::codes(instrument, samples, decimation)?;
            let period = instrument.read(map::SAMPLE_PERIOD)?.max(1);
            let rate_hz = clock_hz / f64::from(period) / f64::from(decimation);
            let scale = plan.scale().input(input.into());
            let currents: Vec<f64> =
                codes.iter().map(|&code| scale.current_na(f64::from(code))).collect();
            Ok::<_, Failure>((codes, currents, rate_hz))
        })?;
        Ok((codes.into_pyarray(py), currents.into_pyarray(py), rate_hz))
    }
}
