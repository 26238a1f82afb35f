//! Trainings by the experiment's own loop, and its loss and optimiser for loops of the caller.

use crate::errors::Failure;
use crate::instrument::Instrument;
use hge_core::optimiser::{self, Local};
use hge_core::train::{learn, optimiser as rule, Progress};
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

#[pymethods]
impl Instrument {
    /// Trains as `hge train` does. The outcome as JSON; `progress` gets every epoch as JSON.
    #[pyo3(signature = (progress=None))]
    fn train(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<String> {
        let (raised, cancel) = self.raised();
        let mut hear = |epoch: &Progress| {
            let Some(progress) = &progress else { return };
            let told = serde_json::to_string(epoch).map_err(|error| Failure::other(error).into());
            let told: PyResult<()> =
                told.and_then(|text| Python::attach(|py| progress.call1(py, (text,)).map(|_| ())));
            if let Err(error) = told {
                raised.keep(error);
                cancel.cancel();
            }
        };
        let outcome = self.work(py, |bench| {
            bench.lend(|instrument, task| {
                let (session, outcome) = learn(instrument, task, None, &mut hear)?;
                Ok((session.close()?, outcome))
            })
        })?;
        Ok(serde_json::to_string(&outcome).map_err(Failure::other)?)
    }

    /// The experiment's loss of the outputs of every case, in order, and its slope with each of them.
    fn loss(&self, py: Python<'_>, outputs_na: Vec<f64>) -> PyResult<(f64, Vec<f64>)> {
        self.work(py, |bench| {
            let targets = &bench.task().data.train.targets;
            match targets.rows() {
                rows if rows == outputs_na.len() => {
                    Ok(bench.task().experiment.loss(targets).evaluate(&outputs_na, targets))
                }
                rows => Err(Failure::other(format!(
                    "{} outputs are given for {rows} of the task: give one for every case and output",
                    outputs_na.len()
                ))),
            }
        })
    }

    /// The experiment's optimiser, before its first step.
    fn optimiser(&self, py: Python<'_>) -> PyResult<Optimiser> {
        let ranges_v = self.work(py, |bench| match bench.task().experiment.host.optimiser {
            named if named.is_of_second_order() => Err(Failure::other(format!(
                "the optimiser {} needs second derivatives: train with `train`, or set another host.optimiser",
                named.name()
            ))),
            _ => Ok(bench.task().plan.control_ranges_v()),
        })?;
        let rule =
            self.work(py, |bench| Ok(rule(&bench.task().experiment.host, ranges_v.len())))?;
        Ok(Optimiser { rule: Mutex::new(rule), ranges_v })
    }
}

/// An optimiser of control voltages, with its state.
#[pyclass(frozen, module = "hge._native")]
pub struct Optimiser {
    rule: Mutex<optimiser::Optimiser>,
    ranges_v: Vec<(f64, f64)>,
}

#[pymethods]
impl Optimiser {
    /// The controls after a step down the gradient, inside of their ranges. `slopes` has a row for every case and output.
    fn step(
        &self,
        mut controls_v: Vec<f64>,
        gradient: Vec<f64>,
        slopes_na_per_v: Vec<Vec<f64>>,
    ) -> PyResult<Vec<f64>> {
        let controls = self.ranges_v.len();
        if controls_v.len() != controls || gradient.len() != controls {
            let sentence =
                format!("an optimiser of {controls} controls takes as many voltages and slopes");
            return Err(Failure::other(sentence).into());
        }
        let mut rule = self.rule.lock().unwrap_or_else(PoisonError::into_inner);
        let local = Local {
            loss: 0.0,
            gradient,
            slopes_na_per_v: &slopes_na_per_v[..],
            hessian: Vec::new(),
        };
        rule.step_with(&mut controls_v, &local, &self.ranges_v);
        Ok(controls_v)
    }
}
