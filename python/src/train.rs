//! Trainings by the experiment's own loop, and its loss and optimiser for loops of the caller.

use crate::errors::Failure;
use crate::instrument::Instrument;
use hge_core::optimiser::{self, Local};
use hge_core::track::{track, TrackSpec};
use hge_core::train::{learn, optimiser as rule, Progress};
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

#[pymethods]
impl Instrument {
    /// Trains as `hge train` does. The outcome as JSON; `progress` gets every epoch as JSON.
    #[pyo3(signature = (progress=None))]
    fn train(&self, py: Python<'_>, progress: Option<Py<PyAny>>) -> PyResult<String> {
        let mut progress = self.hearer(progress);
        let outcome = self.replan(py, |bench| {
            bench.resolve_amplitudes()?;
            bench.lend(|instrument, task| {
                let (session, outcome) = learn(instrument, task, None, &mut progress)?;
                Ok::<_, Failure>((session.close()?, outcome))
            })
        })?;
        Ok(serde_json::to_string(&outcome).map_err(Failure::other)?)
    }

    /// Trains, then goes on for `epochs` epochs while the device drifts, or only measures them. The result as JSON; `progress` gets every epoch as JSON.
    #[pyo3(signature = (epochs, frozen=false, progress=None))]
    fn track(
        &self,
        py: Python<'_>,
        epochs: u32,
        frozen: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<String> {
        let mut progress = self.hearer(progress);
        let found = self.replan(py, |bench| {
            bench.resolve_amplitudes()?;
            bench.lend(|instrument, task| {
                Ok::<_, Failure>(track(instrument, task, TrackSpec { epochs, frozen }, &mut progress)?)
            })
        })?;
        let record = serde_json::json!({
            "trained": found.trained,
            "wanted_separation_na": found.wanted_separation_na,
            "right_share": found.right_share(),
            "moments": found.moments,
        });
        Ok(record.to_string())
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
        self.work(py, |bench| {
            let (keys, ranges_v) =
                (&bench.task().experiment.host, bench.task().plan.control_ranges_v());
            if keys.optimiser.is_of_second_order() {
                return Err(Failure::other(format!(
                    "the optimiser {} needs second derivatives: train with `train`, or set another host.optimiser",
                    keys.optimiser.name()
                )));
            }
            Ok(Optimiser { rule: Mutex::new(rule(keys, ranges_v.len())), ranges_v })
        })
    }
}

impl Instrument {
    /// Passes every epoch to `progress` as JSON; its exception ends the training.
    fn hearer(&self, progress: Option<Py<PyAny>>) -> impl FnMut(&Progress) {
        let (callbacks, cancel) = self.callbacks();
        move |epoch: &Progress| {
            let Some(progress) = &progress else { return };
            let answer = callbacks.call(|py| {
                let text = serde_json::to_string(epoch).map_err(Failure::other)?;
                progress.call1(py, (text,)).map(|_| ())
            });
            if answer.is_err() {
                cancel.cancel();
            }
        }
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
