//! Recomputation of a run from its record.

use super::folder::Folder;
use super::player::Player;
use super::reader::Cut;
use super::run::check_registers;
use super::verifier::{Verdict, Verifier};
use super::RecordError;
use hge_core::experiment::Task;
use hge_core::train::{train_on, Progress};
use hge_driver::{Instrument, Tap, Topic, TraceEvent};
use hge_lab::server::InProcess;
use serde::Serialize;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// Whether the recomputed controls equal the recorded ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReplayReport {
    /// Every register at the begin of every run, every epoch's loss, controls and slopes, and the outcome are the same to the last bit.
    pub agrees: bool,
    /// The log holds the outcome; without it, a complete run is not proven.
    pub complete: bool,
    /// Epochs that agree.
    pub epochs: u64,
    /// Number of their windows.
    pub windows: u64,
    /// The first difference.
    pub difference: Option<String>,
    /// Where the log was cut off, if it was.
    pub cut: Option<Cut>,
}

/// Trains again on an instrument that replays the record, and compares. `progress` gets every epoch.
///
/// # Errors
/// The folder or its log cannot be read, or is of another register map.
pub fn replay(
    folder: &Folder,
    progress: &mut dyn FnMut(&Progress),
) -> Result<ReplayReport, RecordError> {
    check_registers(folder, &folder.provenance()?)?;
    let task = task(folder)?;
    let player = Player::new(task.parameters, folder.read_log()?);
    let ended = player.ended();
    let comparing = Comparing(Arc::new(Mutex::new(Compared {
        verifier: Verifier::new(folder.read_log()?),
        difference: None,
        complete: false,
    })));
    let connected = Instrument::connect(Box::new(InProcess::new(Box::new(player))));
    let mut instrument = connected.map_err(hge_core::train::TrainError::from)?;
    instrument.tap(Box::new(comparing.clone()));
    let done = train_on(instrument, task, progress);
    let compared = comparing.0.lock().unwrap_or_else(PoisonError::into_inner);
    let difference = compared.difference.clone();
    if let Err(error) = done {
        // The run was not at its end, or went another way than recorded.
        if difference.is_none() && !ended.load(Ordering::Relaxed) && !compared.complete {
            return Err(error.into());
        }
    }
    let verifier = &compared.verifier;
    Ok(ReplayReport {
        agrees: difference.is_none(),
        complete: compared.complete,
        epochs: verifier.epochs,
        windows: verifier.windows,
        difference,
        cut: folder.cut().cloned(),
    })
}

/// The task of the folder's run.
///
/// # Errors
/// Its experiment or calibration cannot be read, or cannot be run.
pub fn task(folder: &Folder) -> Result<Task, RecordError> {
    let (experiment, source) = folder.experiment()?;
    let parameters = experiment.instrument;
    let mut task = Task::on(experiment, &source, &parameters, None)?;
    task.calibrate(folder.calibration()?)?;
    Ok(task)
}

struct Compared {
    verifier: Verifier,
    difference: Option<String>,
    complete: bool,
}

/// Ends the training at the first difference.
#[derive(Clone)]
struct Comparing(Arc<Mutex<Compared>>);

impl Tap for Comparing {
    fn take(&mut self, event: TraceEvent<'_>) -> Result<(), String> {
        let mut compared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if compared.complete {
            return Ok(());
        }
        match compared.verifier.check(event) {
            Ok(verdict) => {
                let last = matches!(event, TraceEvent::Note { topic: Topic::Outcome, .. });
                compared.complete = last && verdict == Verdict::Recorded;
                Ok(())
            }
            Err(difference) => {
                compared.difference = Some(difference.clone());
                Err(difference)
            }
        }
    }
}
