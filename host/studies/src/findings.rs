//! Results of a study, and their files.

use super::ReproduceError;
use hge_record::figure::Figure;
use hge_record::numpy::Npz;
use hge_system::file;
use serde::Serialize;
use std::fs;
use std::io;
use std::path::Path;

/// Something that must hold, and whether it does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// The claim.
    pub claim: String,
    /// Measured value.
    pub found: f64,
    /// The most that is allowed, if there is one.
    pub most: Option<f64>,
    /// The least that is allowed, if there is one.
    pub least: Option<f64>,
    /// Whether the value is within these bounds.
    pub holds: bool,
}

impl Claim {
    /// Claim that `found` is at most `most`.
    pub fn at_most(claim: impl Into<String>, found: f64, most: f64) -> Self {
        Claim { claim: claim.into(), found, most: Some(most), least: None, holds: found <= most }
    }

    /// Claim that `found` is at least `least`.
    pub fn at_least(claim: impl Into<String>, found: f64, least: f64) -> Self {
        Claim { claim: claim.into(), found, most: None, least: Some(least), holds: found >= least }
    }

    /// As a sentence.
    pub fn text(&self) -> String {
        let verdict = if self.holds { "holds" } else { "DOES NOT HOLD" };
        let most = self.most.map(|most| format!(", at most {most}"));
        let least = self.least.map(|least| format!(", at least {least}"));
        let bound = most.or(least).unwrap_or_default();
        format!("{verdict}: {}: {:.4}{bound}", self.claim, self.found)
    }
}

/// A table for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Heading of every column.
    pub heads: Vec<String>,
    /// Rows of as many cells.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(heads: &[&str]) -> Self {
        Table { heads: heads.iter().map(|&head| head.to_owned()).collect(), rows: Vec::new() }
    }

    /// One row more.
    pub fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Columns aligned, one line a row.
    pub fn text(&self) -> String {
        let lines = || std::iter::once(&self.heads).chain(&self.rows);
        let width = |column: usize| {
            lines().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..self.heads.len()).map_while(width).collect();
        let line = |cells: &Vec<String>| {
            let padded = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
        lines().map(line).collect()
    }
}

/// An array with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Name in the file.
    pub name: String,
    /// Length along every index.
    pub shape: Vec<usize>,
    /// Content, the last index fastest.
    pub values: Vec<f64>,
}

/// Results of a study.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Data, for `data.npz`.
    pub arrays: Vec<Named>,
    /// Figures.
    pub figures: Vec<Figure>,
    /// Summary.
    pub table: Table,
    /// Summaries of further parts.
    pub further: Vec<Table>,
    /// Claims of the study.
    pub claims: Vec<Claim>,
    /// The summary for programs.
    pub json: serde_json::Map<String, serde_json::Value>,
}

impl Findings {
    /// One array more, the last index fastest.
    pub fn array(&mut self, name: &str, shape: &[usize], values: Vec<f64>) {
        self.arrays.push(Named { name: name.into(), shape: shape.to_vec(), values });
    }

    /// One key more of the summary for programs.
    pub fn add(&mut self, key: &str, value: impl Into<serde_json::Value>) {
        self.json.insert(key.into(), value.into());
    }

    /// Whether all claims hold.
    pub fn hold(&self) -> bool {
        self.claims.iter().all(|claim| claim.holds)
    }

    /// Writes data and figures into `folder`, which is made if it is not there, and returns the names of the files.
    ///
    /// # Errors
    /// A file cannot be written, a figure not drawn.
    pub fn write(&self, folder: &Path) -> Result<Vec<String>, ReproduceError> {
        let failed = |name: &str| {
            let path = folder.join(name);
            move |reason: String| ReproduceError::Write { path, reason }
        };
        fs::create_dir_all(folder).map_err(|error| failed("")(error.to_string()))?;
        let written = self.write_arrays(&folder.join("data.npz"));
        written.map_err(|error| failed("data.npz")(error.to_string()))?;
        let mut names = vec!["data.npz".to_owned()];
        for figure in &self.figures {
            let files = [("svg", figure.svg()?.into_bytes()), ("png", figure.png()?)];
            for (ending, bytes) in files {
                let name = format!("{}.{ending}", figure.name);
                let written = file::write(&folder.join(&name), bytes);
                written.map_err(|error| failed(&name)(error.to_string()))?;
                names.push(name);
            }
        }
        Ok(names)
    }

    fn write_arrays(&self, path: &Path) -> io::Result<()> {
        let mut npz = Npz::create(path)?;
        for Named { name, shape, values } in &self.arrays {
            npz.array(name, shape, values)?;
        }
        npz.finish()
    }
}
