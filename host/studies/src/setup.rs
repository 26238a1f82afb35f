//! Parser of a study's file.
//!
//! The file is an experiment file with two more tables: `[study]`, the keys of the analysis, and `[quick]`, those
//! with other values under `--quick`.

use super::{ReproduceError, Study};
use hge_core::experiment::{Experiment, Source};
use hge_driver::Cancel;
use serde::de::DeserializeOwned;
use toml::Table;

/// Keys of an analysis, read as a type of its own.
#[derive(Clone, Debug, Default)]
pub struct Keys(Table);

/// A study that can run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Name of the study.
    pub name: String,
    /// Instrument, bench and device.
    pub experiment: Experiment,
    /// Where its keys come from.
    pub source: Source,
    /// Keys of the analysis.
    pub keys: Keys,
    /// Ends it.
    pub cancel: Cancel,
}

impl Setup {
    /// Content of the study's own file.
    ///
    /// # Errors
    /// The file is wrong.
    pub fn of(study: &Study, quick: bool) -> Result<Self, ReproduceError> {
        let wrong = |reason: String| ReproduceError::Keys { name: study.name.into(), reason };
        let mut table: Table =
            study.file.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let mut keys = take(&mut table, "study").map_err(wrong)?;
        let others = take(&mut table, "quick").map_err(wrong)?;
        if quick {
            keys.extend(others);
        }
        let text = toml::to_string(&table).map_err(|error| wrong(error.to_string()))?;
        let (experiment, source) = Source::parse(&format!("{}.toml", study.name), text)?;
        let (name, keys) = (study.name.to_owned(), Keys(keys));
        Ok(Setup { name, experiment, source, keys, cancel: Cancel::default() })
    }

    /// Gives a key of the analysis another value than the file does.
    pub fn set(&mut self, key: &str, value: impl Into<toml::Value>) {
        self.keys.0.insert(key.into(), value.into());
    }

    /// The keys of the analysis.
    ///
    /// # Errors
    /// One is missing, unknown or of the wrong kind.
    pub fn keys<T: DeserializeOwned>(&self) -> Result<T, ReproduceError> {
        let Keys(table) = self.keys.clone();
        table.try_into().map_err(|error: toml::de::Error| ReproduceError::Keys {
            name: self.name.clone(),
            reason: error.message().trim().replace('\n', "; "),
        })
    }
}

fn take(table: &mut Table, key: &str) -> Result<Table, String> {
    match table.remove(key) {
        None => Ok(Table::new()),
        Some(toml::Value::Table(inner)) => Ok(inner),
        Some(_) => Err(format!("{key} is no table")),
    }
}
