//! A run as arrays, under the names that the method's authors use where there is one.
//!
//! | array | shape | content |
//! |---|---|---|
//! | `controls` | epoch, control | control voltages of the epoch |
//! | `outputs` | epoch, row | mean current, tones on, nA |
//! | `IVgradients` | epoch, row, control | slope of the current, nA/V |
//! | `sign` | epoch, row, control | its sign |
//! | `EIgradients` | epoch, row | slope of the loss with the current, 1/nA (host loop) |
//! | `EVgradients` | epoch, control | slope of the loss with the control, 1/V (host loop) |
//! | `error` | epoch | loss |
//! | `separation` | epoch | lowest high output minus highest low output, nA; of classes the least lead of the class's output, of target currents the RMS error, negated |
//! | `restart`, `epoch` | epoch | start from 1, epoch of the start from 1 |
//! | `time_s` | epoch | measuring time of the instrument, s |
//! | `inputs` | case, input | volts |
//! | `targets` | row | target current, nA; for losses without targets 1 for high and 0 for low |
//! | `frequencies_hz`, `amplitudes_v` | control | the tones |
//! | `limits_v` | control, 2 | ends of the control's range |
//! | `IVgradient_errors` | epoch, control | standard error of a slope from one window, nA/V |
//! | `best_controls`, `best_outputs`, `best_error` | control; row; 1 | the solution, measured without modulation |
//! | `best_inputs` | case, output | voltage of every output at the solution: inputs and controls |
//! | `waveform_na`, `waveform_rate_hz` | sample; 1 | the current during a pass over all cases at the best controls, without tones |
//! | `ramp_mask` | sample | 1 within the windows of that pass, 0 while the voltages ramp and the device settles |
//! | `input_waveforms` | input, sample | voltage of every input during that pass, ramps included |
//! | `waveform_windows` | window, 3 | case, begin and end of every window, s |
//! | `spectrum_na`, `spectrum_rate_hz` | sample; 1 | the current in the first case at the best controls, tones on |
//! | `tones_hz`, `mains_hz` | control; 1 | known lines of the spectrum |
//! | `configs`, `path` | bytes | the experiment, and the folder of the run, UTF-8 |
//!
//! A row is one output in one case, ordered by case, then by output: with one output, a case. Epochs of batches of different sizes are filled up with NaN.
//! `inputs`, `targets` and `best_outputs` are of the cases that the result was measured on.
//!
//! Each array reads the log once, one epoch at a time: memory does not grow with the run.

use super::folder::Folder;
use super::item::Item;
use super::numpy::Npz;
use super::{replay, RecordError};
use hge_core::experiment::{LoopMode, Task};
use hge_core::measure::waveform::Waveform;
use hge_core::optimiser::chain_rule;
use hge_core::train::{Outcome, Progress};
use hge_driver::Topic;
use serde::de::DeserializeOwned;
use std::io;

/// Name of the file.
pub const FILE: &str = "data.npz";

/// Values of an epoch for an array.
type Row = fn(&Task, &Progress) -> Vec<f64>;

/// Arrays with a row for every epoch.
const ROWS: [(&str, Row); 12] = [
    ("controls", |_, epoch| epoch.controls_v.clone()),
    ("outputs", |_, epoch| epoch.outputs_na.clone()),
    ("IVgradients", |_, epoch| epoch.slopes_na_per_v.concat()),
    ("sign", |_, epoch| epoch.slopes_na_per_v.concat().iter().map(|slope| sign(*slope)).collect()),
    ("EIgradients", |task, epoch| loss_slopes(task, epoch)),
    ("EVgradients", |task, epoch| control_slopes(task, epoch)),
    ("error", |_, epoch| vec![epoch.loss]),
    ("separation", |_, epoch| vec![epoch.separation_na]),
    ("restart", |_, epoch| vec![f64::from(epoch.restart)]),
    ("epoch", |_, epoch| vec![f64::from(epoch.epoch)]),
    ("time_s", |task, epoch| vec![epoch.samples as f64 / task.plan.grid().rate_hz]),
    ("IVgradient_errors", |_, epoch| epoch.errors_na_per_v.clone()),
];

fn sign(slope: f64) -> f64 {
    if slope < 0.0 {
        -1.0
    } else {
        1.0
    }
}

fn loss_slopes(task: &Task, epoch: &Progress) -> Vec<f64> {
    match task.experiment.loop_mode {
        LoopMode::Host => {
            // Epochs of tracking, of start 0, have the cases of the first.
            let cases = task.data.batch(epoch.restart.max(1), epoch.epoch.max(1));
            task.experiment.loss(&cases.targets).evaluate(&epoch.outputs_na, &cases.targets).1
        }
        LoopMode::Standalone => Vec::new(),
    }
}

fn control_slopes(task: &Task, epoch: &Progress) -> Vec<f64> {
    let of_loss = loss_slopes(task, epoch);
    if of_loss.is_empty() {
        return Vec::new();
    }
    let mut slopes = chain_rule(&epoch.slopes_na_per_v, &of_loss);
    slopes.resize(epoch.controls_v.len(), 0.0);
    slopes
}

/// Every epoch of a run, one at a time.
pub struct Epochs {
    reader: super::reader::LogReader,
    log: std::path::PathBuf,
}

impl Epochs {
    /// From the first.
    ///
    /// # Errors
    /// There is no log, or it is of another version.
    pub fn of(folder: &Folder) -> Result<Self, RecordError> {
        Ok(Epochs { reader: folder.read_log()?, log: folder.log_path() })
    }

    /// The next one.
    ///
    /// # Errors
    /// The log is damaged.
    pub fn next_epoch(&mut self) -> Result<Option<Progress>, RecordError> {
        while let Some(item) = self.reader.next_item()? {
            if let Item::Note { topic: Topic::Epoch, text } = item {
                let epoch = serde_json::from_str(&text);
                return epoch.map(Some).map_err(RecordError::strange(&self.log));
            }
        }
        Ok(None)
    }
}

/// Writes the arrays of a run, complete or not, into its folder.
///
/// # Errors
/// The log cannot be read, or the file not be written.
pub fn write(folder: &Folder) -> Result<(), RecordError> {
    write_to(folder, &folder.file(FILE))
}

/// Writes the arrays of a run to a file.
///
/// # Errors
/// As [`fn@write`].
pub fn write_to(folder: &Folder, path: &std::path::Path) -> Result<(), RecordError> {
    let failed = RecordError::write(path);
    let task = replay::task(folder)?;
    let mut count = 0;
    let mut epochs = Epochs::of(folder)?;
    let mut last = None;
    while let Some(epoch) = epochs.next_epoch()? {
        count += 1;
        let rows = |epoch: &Progress| epoch.outputs_na.len();
        if last.as_ref().is_none_or(|last| rows(last) <= rows(&epoch)) {
            last = Some(epoch);
        }
    }
    let mut npz = Npz::create(path).map_err(failed)?;
    for (name, row) in ROWS {
        // An epoch tells the shape of all.
        let width = last.as_ref().map_or(0, |last| row(&task, last).len());
        let shape = match (name, &last) {
            ("IVgradients" | "sign", Some(last)) => {
                let cases = last.slopes_na_per_v.len();
                vec![count, cases, width / cases.max(1)]
            }
            ("error" | "separation" | "restart" | "epoch" | "time_s", _) => vec![count],
            _ => vec![count, width],
        };
        npz.begin::<f64>(name, &shape).map_err(failed)?;
        let mut epochs = Epochs::of(folder)?;
        while let Some(epoch) = epochs.next_epoch()? {
            let mut values = row(&task, &epoch);
            // Where a window was lost its slopes are missing.
            values.resize(width, f64::NAN);
            npz.values(&values).map_err(failed)?;
        }
    }
    facts(folder, &task, &mut npz, &failed)?;
    npz.finish().map_err(failed)
}

/// Arrays that do not grow with the epochs.
fn facts(
    folder: &Folder,
    task: &Task,
    npz: &mut Npz,
    failed: &dyn Fn(io::Error) -> RecordError,
) -> Result<(), RecordError> {
    let (configuration, judged) = (task.plan.configuration(), task.data.judged());
    let (cases, rows) = (judged.len(), judged.targets.rows());
    let of_currents = task.experiment.loss(&judged.targets).has_targets();
    let target = |row: usize| match of_currents {
        true => judged.targets.target_na(row),
        false => judged.targets.level(row),
    };
    let controls = configuration.controls.len();
    let amplitudes_v: Vec<f64> = (0..controls).map(|k| task.plan.amplitude_v(k)).collect();
    let limits = configuration.controls.iter().flat_map(|control| [control.low_v, control.high_v]);
    let mut arrays = vec![
        ("inputs", vec![cases, configuration.inputs.len()], judged.cases_v.concat()),
        ("targets", vec![rows], (0..rows).map(target).collect()),
        ("frequencies_hz", vec![controls], task.plan.tones_hz()),
        ("amplitudes_v", vec![controls], amplitudes_v),
        ("limits_v", vec![controls, 2], limits.collect()),
    ];
    if let Some(outcome) = last_note::<Outcome>(folder, Topic::Outcome)? {
        let of_case = |inputs_v: &Vec<f64>| task.plan.outputs_v(inputs_v, &outcome.controls_v);
        let at_best: Vec<f64> = judged.cases_v.iter().flat_map(of_case).collect();
        arrays.push(("best_inputs", vec![cases, at_best.len() / cases.max(1)], at_best));
        arrays.push(("best_controls", vec![outcome.controls_v.len()], outcome.controls_v));
        arrays.push(("best_outputs", vec![outcome.outputs_na.len()], outcome.outputs_na));
        arrays.push(("best_error", vec![1], vec![outcome.loss]));
    }
    if let Some(waveform) = last_note::<Waveform>(folder, Topic::Waveform)? {
        let windows = waveform.windows.iter();
        let flat = windows.flat_map(|span| [span.case as f64, span.begin_s, span.end_s]).collect();
        let count = waveform.currents_na.len();
        arrays.push(("waveform_windows", vec![waveform.windows.len(), 3], flat));
        arrays.push(("waveform_rate_hz", vec![1], vec![waveform.rate_hz]));
        arrays.push(("ramp_mask", vec![count], mask(&waveform)));
        let inputs = configuration.inputs.len();
        arrays.push(("input_waveforms", vec![inputs, count], input_waveforms(task, &waveform)));
        arrays.push(("waveform_na", vec![count], waveform.currents_na));
    }
    if let Some(held) = last_note::<Waveform>(folder, Topic::Spectrum)? {
        let currents_na = held.pieces_na().concat();
        arrays.push(("spectrum_na", vec![currents_na.len()], currents_na));
        arrays.push(("spectrum_rate_hz", vec![1], vec![held.rate_hz]));
        arrays.push(("tones_hz", vec![controls], task.plan.tones_hz()));
        if let Some(mains_hz) = task.experiment.noise_model().mains_hz {
            arrays.push(("mains_hz", vec![1], vec![mains_hz]));
        }
    }
    for (name, shape, values) in arrays {
        npz.array(name, &shape, &values).map_err(failed)?;
    }
    let (_, source) = folder.experiment()?;
    let path = folder.path().display().to_string();
    for (name, text) in [("configs", source.text()), ("path", &path)] {
        npz.array(name, &[text.len()], text.as_bytes()).map_err(failed)?;
    }
    Ok(())
}

/// Inputs during a pass, input by input: from case to case by the ramp that ends when settling begins.
fn input_waveforms(task: &Task, waveform: &Waveform) -> Vec<f64> {
    let configuration = task.plan.configuration();
    let timing = &configuration.timing;
    let before_window_s = timing.settle_s + timing.lead_in_s;
    let of_input = |input: usize| {
        let output = configuration.inputs[input];
        let safe_v = configuration.limits.get(output).map_or(0.0, |limits| limits.safe_v);
        let case_v = |case: usize| configuration.cases_v.get(case).map_or(safe_v, |v| v[input]);
        let at = move |sample: usize| {
            let time_s = (sample as f64 + 0.5) / waveform.rate_hz;
            let next = waveform.windows.iter().position(|span| time_s < span.end_s);
            let place = next.unwrap_or(waveform.windows.len().saturating_sub(1));
            let Some(span) = waveform.windows.get(place) else { return safe_v };
            let target_v = case_v(span.case);
            let before = place.checked_sub(1).and_then(|place| waveform.windows.get(place));
            let from_v = before.map_or(safe_v, |span| case_v(span.case));
            let left_s = (span.begin_s - before_window_s - time_s).max(0.0);
            let left_v = timing.ramp_v_per_s * left_s;
            target_v + (from_v - target_v).clamp(-left_v, left_v)
        };
        (0..waveform.currents_na.len()).map(at).collect::<Vec<f64>>()
    };
    (0..configuration.inputs.len()).flat_map(of_input).collect()
}

/// One for every sample within a window.
fn mask(waveform: &Waveform) -> Vec<f64> {
    let time_s = |sample: usize| (sample as f64 + 0.5) / waveform.rate_hz;
    let within = |sample: usize| {
        let mut windows = waveform.windows.iter();
        windows.any(|span| (span.begin_s..span.end_s).contains(&time_s(sample)))
    };
    (0..waveform.currents_na.len()).map(|sample| f64::from(u8::from(within(sample)))).collect()
}

/// Last item of a topic in the log.
///
/// # Errors
/// The log cannot be read.
pub fn last_note<T: DeserializeOwned>(
    folder: &Folder,
    topic: Topic,
) -> Result<Option<T>, RecordError> {
    let mut reader = folder.read_log()?;
    let mut found = None;
    while let Some(item) = reader.next_item()? {
        match item {
            Item::Note { topic: of, text } if of == topic => found = Some(text),
            _ => {}
        }
    }
    let path = folder.log_path();
    let strange = RecordError::strange(&path);
    found.map(|text| serde_json::from_str(&text).map_err(strange)).transpose()
}
