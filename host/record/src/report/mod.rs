//! A training as one page: a file without network access, for screen and paper.
//!
//! | module | content |
//! |---|---|
//! | `builder` | builds a [`Report`] from a task and its result |
//! | `epochs` | epochs, thinned in one pass |
//! | `samples` | a waveform, a spectrum, thinned |
//! | `page` | the page: headings, tables, data, scripts |
//! | `tables` | its figures and tables |
//! | `markup` | text and numbers in HTML |
//!
//! Plots are drawn by the library in `assets` from the report as JSON; tables are in the page itself, readable without scripts.

mod builder;
mod columns;
mod epochs;
mod markup;
mod page;
mod samples;
mod tables;
#[cfg(test)]
mod tests;

pub use builder::Builder;
pub use epochs::{Epochs, Start, MOST_EPOCHS};
pub use page::html;
pub use samples::{DrawnSpectrum, DrawnWaveform, SpectrumLine, MOST_POINTS};

use hge_core::train::Outcome;
use serde::Serialize;
use thiserror::Error;

/// A report cannot be written.
#[derive(Debug, Error)]
#[error("the report of {name} cannot be written as JSON: {reason}; this is a fault of the program, keep the run's folder and report it")]
pub struct ReportError {
    /// Name.
    pub name: String,
    /// Message of the serialiser.
    pub reason: String,
}

/// Result of a run, as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The gate is solved.
    Solved,
    /// The gate is not solved, and the run is complete.
    NotSolved,
    /// The run is not complete.
    Incomplete,
    /// An error ended it.
    Failed,
}

/// A case in the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownCase {
    /// `01` of a gate, else its number; behind it the output, where there are several.
    pub name: String,
    /// Voltage of every input.
    pub inputs_v: Vec<f64>,
    /// Whether its output should be high; `None`: it has a target current.
    pub high: Option<bool>,
    /// Target current, if the loss has one.
    pub target_na: Option<f64>,
}

/// A control in the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownControl {
    /// Electrode.
    pub electrode: usize,
    /// Where it may be set, its tone left room for.
    pub range_v: (f64, f64),
    /// Frequency of the control's tone.
    pub frequency_hz: f64,
    /// Periods in a window.
    pub cycles: u32,
    /// Amplitude as it leaves the DAC.
    pub amplitude_v: f64,
}

/// Loss of the run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownLoss {
    /// Name, as in the experiment file.
    pub name: String,
    /// Unit; none for a pure number.
    pub unit: Option<&'static str>,
    /// A start may end below it.
    pub stop: Option<f64>,
}

/// A run, ready to be shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Gate, or how many cases.
    pub task: String,
    /// Device.
    pub device: String,
    /// Simulator of the gateware.
    pub engine: String,
    /// Who closed the loop.
    pub loop_mode: &'static str,
    /// How slopes were measured.
    pub method: &'static str,
    /// Seed of the random starts and the noise.
    pub seed: u64,
    /// The verdict.
    pub verdict: Verdict,
    /// Notes, a sentence each.
    pub notes: Vec<String>,
    /// Measured without perturbation, if it came that far.
    pub outcome: Option<Outcome>,
    /// Samples a second.
    pub rate_hz: f64,
    /// Samples of a window.
    pub window_samples: u32,
    /// Time that the samples took.
    pub measured_s: f64,
    /// Duration, if it is known.
    pub wall_s: Option<f64>,
    /// The loss.
    pub loss: ShownLoss,
    /// Distance of the outputs that solves.
    pub wanted_na: f64,
    /// Unit of the slopes.
    pub slope_unit: &'static str,
    /// The controls.
    pub cases: Vec<ShownCase>,
    /// By what.
    pub controls: Vec<ShownControl>,
    /// How it went.
    pub epochs: Epochs,
    /// The current over the cases, if it was recorded.
    pub waveform: Option<DrawnWaveform>,
    /// The spectrum, if it was measured.
    pub spectrum: Option<DrawnSpectrum>,
    /// The experiment with all its keys, as TOML.
    pub settings: String,
    /// Where it comes from: names and values.
    pub provenance: Vec<(String, String)>,
}

impl Report {
    /// Starts the report of a task and its result, if it is complete.
    pub fn of(task: &hge_core::experiment::Task, outcome: Option<&Outcome>) -> Builder {
        Builder::new(task, outcome)
    }
}
