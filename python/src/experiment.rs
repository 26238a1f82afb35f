//! Experiments by name, from files and from Python's dictionaries.

use crate::errors::Failure;
use hge_core::experiment::{self, ExperimentError, Source};
use pyo3::prelude::*;
use toml::{Table, Value};

/// An experiment: what is trained, on which device, how.
#[pyclass(frozen, module = "hge._native")]
pub struct Experiment {
    pub keys: experiment::Experiment,
    pub source: Source,
}

#[pymethods]
impl Experiment {
    /// A gate or the path of an experiment file, with the keys of the JSON object `changes` replaced.
    #[new]
    #[pyo3(signature = (what=None, changes=None))]
    fn new(what: Option<&str>, changes: Option<&str>) -> PyResult<Self> {
        Ok(Experiment::read(what, changes)?)
    }

    /// Its keys as TOML, with the defaults.
    fn toml(&self) -> PyResult<String> {
        Ok(toml::to_string(&self.keys).map_err(Failure::other)?)
    }

    /// Electrodes with a role: one more than the last.
    #[getter]
    pub fn electrodes(&self) -> usize {
        let roles = &self.keys.electrodes;
        roles.inputs.iter().chain(&roles.controls).max().map_or(1, |last| last + 1)
    }

    /// Length of a window at the rate that is asked for.
    #[getter]
    fn window_s(&self) -> f64 {
        f64::from(self.keys.timing.window_samples) / self.keys.timing.rate_hz
    }

    /// Inputs of the instrument: outputs of the device.
    #[getter]
    pub fn outputs(&self) -> usize {
        self.keys.instrument.inputs as usize
    }
}

impl Experiment {
    fn read(what: Option<&str>, changes: Option<&str>) -> Result<Self, Failure> {
        let named = what.map(|what| Source::named(what).map_err(Failure::other)).transpose()?;
        let Some(changes) = changes else {
            let (keys, source) = named.unwrap_or_default();
            return Ok(Experiment { keys, source });
        };
        let changes: Value = serde_json::from_str(changes).map_err(Failure::other)?;
        let mut table = match named {
            Some((keys, _)) => Table::try_from(&keys).map_err(Failure::other)?,
            None => Table::new(),
        };
        if let Value::Table(changes) = changes {
            merge(&mut table, changes);
        }
        let text = toml::to_string(&table).map_err(Failure::other)?;
        // The user has not seen this text: its lines are no places.
        let (keys, _) = Source::parse("", text).map_err(|error| match error {
            ExperimentError::Parse { message, .. } => Failure::other(message),
            error => error.into(),
        })?;
        Ok(Experiment { keys, source: Source::default() })
    }
}

/// Replaces keys, and inside of sections theirs.
fn merge(into: &mut Table, changes: Table) {
    for (key, value) in changes {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(section)), Value::Table(changes)) => merge(section, changes),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}
