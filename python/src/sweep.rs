//! Currents at voltages of one's own, sweeps, and calibration.

use crate::errors::Failure;
use crate::instrument::Instrument;
use hge_core::calibration::{Calibration, OpenContacts};
use hge_core::measure::calibrate;
use hge_core::measure::iv::{self, Axis};
use hge_core::measure::probe::Probe;
use hge_core::measure::relaxation::{self, RelaxationSpec};
use hge_core::session::Session;
use numpy::ndarray::{Array2, ArrayD};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayDyn};
use pyo3::prelude::*;
use serde::de::DeserializeOwned;

/// An axis of a sweep: electrode, first and last voltage, points.
type AxisOf = (usize, f64, f64, usize);

#[pymethods]
impl Instrument {
    /// Mean currents at these voltages of all electrodes with a role, `[rows, electrodes]` to `[rows, outputs]`; the last are held.
    fn currents<'py>(
        &self,
        py: Python<'py>,
        rows_v: Vec<Vec<f64>>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (currents, outputs) = self.work(py, |bench| {
            let probe = bench.probe()?;
            let found = probe.measure(&rows_v)?;
            let currents: Vec<f64> = found.iter().map(|current| current.current_na).collect();
            Ok((currents, probe.inputs()))
        })?;
        let currents = Array2::from_shape_vec((currents.len() / outputs, outputs), currents);
        Ok(currents.map_err(Failure::other)?.into_pyarray(py))
    }

    /// Sweeps one electrode or more, the others at 0 V: currents in nA, `[outputs, points, ..]`, and the standard error of each output's.
    #[allow(clippy::type_complexity)]
    fn sweep<'py>(
        &self,
        py: Python<'py>,
        axes: Vec<AxisOf>,
    ) -> PyResult<(Bound<'py, PyArrayDyn<f64>>, Bound<'py, PyArray1<f64>>)> {
        let axes: Vec<Axis> = axes
            .into_iter()
            .map(|(electrode, low_v, high_v, points)| Axis {
                electrode,
                low_v,
                high_v,
                points,
                back: false,
            })
            .collect();
        let swept = self.work(py, |bench| {
            bench.lend(|instrument, task| {
                let mut probe = Probe::new(instrument, task.plan);
                probe.read_all_inputs();
                let swept = iv::sweep(&mut probe, &axes)?;
                Ok((probe.close()?, swept))
            })
        })?;
        let shape: Vec<usize> =
            std::iter::once(swept.len()).chain(axes.iter().map(|axis| axis.points)).collect();
        let currents = swept.iter().flat_map(|sweep| &sweep.currents);
        let currents: Vec<f64> = currents.map(|current| current.current_na).collect();
        let errors: Vec<f64> = swept.iter().map(|sweep| sweep.error_na).collect();
        let currents = ArrayD::from_shape_vec(shape, currents).map_err(Failure::other)?;
        Ok((currents.into_pyarray(py), errors.into_pyarray(py)))
    }

    /// Sweeps every electrode with a role and judges its contact, as `hge iv` does: JSON.
    #[pyo3(signature = (points=21))]
    fn contacts(&self, py: Python<'_>, points: usize) -> PyResult<String> {
        let judged = self.work(py, |bench| {
            bench.lend(|instrument, task| {
                let mut probe = Probe::new(instrument, task.plan);
                probe.read_all_inputs();
                let mut judged = Vec::new();
                for electrode in probe.electrodes().to_vec() {
                    let (low_v, high_v) = iv::range_v(&probe, electrode)?;
                    let axis = Axis { electrode, low_v, high_v, points, back: false };
                    judged.extend(iv::contact(&mut probe, &axis)?.0);
                }
                Ok((probe.close()?, judged))
            })
        })?;
        Ok(serde_json::to_string(&judged).map_err(Failure::other)?)
    }

    /// Calibrates in place, or with resistors of this resistance in place of the device, `open` being the response of the contacts without them: JSON.
    #[pyo3(signature = (points, windows, resistor_mohm=None, open=None))]
    fn calibrate(
        &self,
        py: Python<'_>,
        points: u32,
        windows: u32,
        resistor_mohm: Option<f64>,
        open: Option<&str>,
    ) -> PyResult<String> {
        let open: Option<OpenContacts> =
            open.map(|text| parsed(text, "open_contacts")).transpose()?;
        if resistor_mohm.is_some_and(|mohm| !(mohm > 0.0 && mohm.is_finite())) {
            return Err(Failure::other(
                "resistor_mohm is a resistance in megohms: give a number above zero",
            )
            .into());
        }
        let found = self.work(py, |bench| {
            bench.lend(|instrument, task| {
                let (keys, seed) = (&task.experiment.host, task.experiment.seed);
                let outputs = task.data.train.targets.outputs;
                let mut session = Session::open(instrument, task.plan, keys.estimator)?;
                session.read_inputs(outputs);
                let found = match resistor_mohm {
                    // A gigohm is a nanoampere a volt.
                    Some(mohm) => {
                        calibrate::with_resistor(&mut session, 1e3 / mohm, windows, open.as_ref())?
                    }
                    None => calibrate::in_place(&mut session, points, windows, seed)?,
                };
                Ok((session.close()?, found))
            })
        })?;
        Ok(serde_json::to_string(&found).map_err(Failure::other)?)
    }

    /// Measures the capacitance across the device with open contacts: JSON.
    fn open_contacts(&self, py: Python<'_>, windows: u32) -> PyResult<String> {
        let found = self.work(py, |bench| {
            bench.lend(|instrument, task| {
                let mut session =
                    Session::open(instrument, task.plan, task.experiment.host.estimator)?;
                session.read_inputs(task.data.train.targets.outputs);
                let found = calibrate::open_contacts(&mut session, windows)?;
                Ok::<_, Failure>((session.close()?, found))
            })
        })?;
        Ok(serde_json::to_string(&found).map_err(Failure::other)?)
    }

    /// Settling of the current after the largest step between cases, for slopes of this magnitude, and the waits it requires: JSON, an entry for every output.
    fn settling(&self, py: Python<'_>, slope_na_per_v: f64) -> PyResult<String> {
        if !(slope_na_per_v > 0.0 && slope_na_per_v.is_finite()) {
            return Err(Failure::other(
                "slope_na_per_v is the magnitude of a slope in nA/V: give a number above zero",
            )
            .into());
        }
        let found = self.work(py, |bench| {
            bench.lend(|instrument, task| {
                let wanted = RelaxationSpec {
                    slope_na_per_v,
                    repeats: relaxation::REPEATS,
                    seed: task.experiment.seed,
                };
                let mut probe = Probe::new(instrument, task.plan.clone());
                probe.read_inputs(task.data.train.targets.outputs);
                let found = relaxation::measure(&mut probe, &task.plan, wanted)?;
                Ok::<_, Failure>((probe.close()?, found))
            })
        })?;
        Ok(serde_json::to_string(&found).map_err(Failure::other)?)
    }

    /// Reads slopes by this calibration from now on, or by none: JSON.
    #[pyo3(signature = (calibration=None))]
    fn calibrated(&self, py: Python<'_>, calibration: Option<&str>) -> PyResult<()> {
        let calibration: Option<Calibration> =
            calibration.map(|text| parsed(text, "calibrate")).transpose()?;
        self.work(py, |bench| Ok(bench.calibrated(calibration)?))
    }
}

/// What a method of the package has returned.
fn parsed<T: DeserializeOwned>(text: &str, method: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| {
        Failure::other(format!("this is no result of {method} ({error}): give what it returned"))
    })
}
