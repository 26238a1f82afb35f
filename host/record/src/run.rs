//! A recorded training, and its resumption.

use super::final_snapshot::FinalSnapshot;
use super::folder::Folder;
use super::format::PROFILE;
use super::item::Item;
use super::log::Log;
use super::provenance::{now, Provenance, RunSegment};
use super::verifier::{Verdict, Verifier};
use super::{arrays, page, RecordError};
use hge_core::experiment::{LoopMode, Task};
use hge_core::session::{Session, SessionError};
use hge_core::track::{track, Track, TrackSpec};
use hge_core::train::{learn, noise_seed, Outcome, Progress, State, TrainError};
use hge_driver::{DriverError, Instrument, Tap, Topic, TraceEvent};
use hge_protocol::registers::map_hash;
use std::time::Instant;

/// Method of resuming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resuming {
    /// The simulated instrument repeats the record to reach the same state, and every frame is compared.
    Again,
    /// The instrument keeps its state: the training continues from the state after the last complete epoch.
    FromState,
}

/// Trains as [`hge_core::train::train_on`] does, and keeps what passes in a new folder.
///
/// # Errors
/// The instrument fails, or the record cannot be kept.
pub fn train(
    mut instrument: Instrument,
    task: Task,
    folder: &Folder,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Outcome, RecordError> {
    instrument.tap(Box::new(folder.recorder().clone()));
    let snapshot = FinalSnapshot::of(&task, folder)?;
    conclude(folder, || finish(&snapshot, learn(instrument, task, None, progress)))
}

/// Trains and follows as [`hge_core::track::track`] does, and keeps what passes in a new folder. Such a run cannot be resumed: the device has moved on.
///
/// # Errors
/// The instrument fails, or the record cannot be kept.
pub fn follow(
    mut instrument: Instrument,
    task: Task,
    folder: &Folder,
    wanted: TrackSpec,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Track, RecordError> {
    instrument.tap(Box::new(folder.recorder().clone()));
    let wanted_separation_na = task.experiment.separation_na;
    let mut followed = None;
    let outcome = conclude(folder, || {
        let (_, track) = track(instrument, task, wanted, progress)?;
        let outcome = followed.insert(track).trained.clone();
        Ok((outcome, None))
    })?;
    let nothing =
        || Track { trained: outcome, began_s: 0.0, moments: Vec::new(), wanted_separation_na };
    Ok(followed.unwrap_or_else(nothing))
}

/// Whether the run was recorded with the register map of this program.
///
/// # Errors
/// It was not: this program would write other registers.
pub(crate) fn check_registers(folder: &Folder, provenance: &Provenance) -> Result<(), RecordError> {
    let (recorded, present) = (&provenance.instrument.map_hash, format!("{:08x}", map_hash()));
    if *recorded == present {
        return Ok(());
    }
    let found = format!("{PROFILE} with the register map {recorded}");
    Err(RecordError::Version { path: folder.path().into(), found })
}

/// Resumes an incomplete training. By default the instrument decides the way: one that can be powered up again repeats the record,
/// any other continues in its present state.
///
/// # Errors
/// The run is complete, the folder is of another version, the instrument fails or does not repeat the record, or the record cannot be kept.
pub fn resume(
    mut instrument: Instrument,
    task: Task,
    folder: &Folder,
    how: Option<Resuming>,
    progress: &mut dyn FnMut(&Progress),
) -> Result<(Outcome, Resuming), RecordError> {
    if folder.is_complete()? {
        return Err(RecordError::Complete { path: folder.path().into() });
    }
    let provenance = folder.provenance()?;
    if provenance.followed {
        return Err(RecordError::Followed { path: folder.path().into() });
    }
    check_registers(folder, &provenance)?;
    if *instrument.parameters() != task.parameters {
        return Err(RecordError::Instrument);
    }
    let segment = RunSegment::begin();
    let seed = noise_seed(&task.experiment);
    let how = match how {
        Some(how) => how,
        None if instrument.restart(seed).map_err(TrainError::from)? => Resuming::Again,
        None => Resuming::FromState,
    };
    let snapshot = FinalSnapshot::of(&task, folder)?;
    let state = match how {
        Resuming::Again => {
            let verifier = Some(Verifier::new(folder.read_log()?));
            let folder = folder.clone();
            instrument.tap(Box::new(Rejoining { verifier, folder, segment }));
            None
        }
        Resuming::FromState => {
            let ResumePoint { state, items, files, last_ns } =
                resume_point(folder, task.experiment.loop_mode)?;
            let (log, back) = Log::resume(&folder.log_path(), files, items, last_ns)?;
            folder.go_on(log, &segment, back)?;
            instrument.tap(Box::new(folder.recorder().clone()));
            state
        }
    };
    let outcome = conclude(folder, || finish(&snapshot, learn(instrument, task, state, progress)))?;
    Ok((outcome, how))
}

/// The result, and a failure afterwards.
type Learnt = (Outcome, Option<String>);

/// Takes the final snapshot of the trained device, and closes it.
fn finish(
    snapshot: &FinalSnapshot,
    learnt: Result<(Session, Outcome), TrainError>,
) -> Result<Learnt, TrainError> {
    let (mut session, outcome) = learnt?;
    let taken = snapshot.take(&mut session, &outcome);
    let after = taken.and_then(|()| Ok(session.close()?)).err();
    match after {
        // The record is not whole.
        Some(TrainError::Session(SessionError::Driver(error @ DriverError::Record { .. }))) => {
            Err(error.into())
        }
        // What has been learnt stands, whatever became of the instrument afterwards.
        after => Ok((outcome, after.map(|error| format!("after the training: {error}")))),
    }
}

/// Runs it, and completes the folder. A failure before anything was added to the log leaves the folder unchanged.
fn conclude(
    folder: &Folder,
    learn: impl FnOnce() -> Result<Learnt, TrainError>,
) -> Result<Outcome, RecordError> {
    let began = Instant::now();
    let done = learn();
    let ended = |failure: Option<String>| {
        let mut provenance = folder.provenance()?;
        if let Some(last) = provenance.segments.last_mut() {
            (last.ended, last.failure) = (Some(now()), failure);
            last.wall_s = Some(began.elapsed().as_secs_f64());
        }
        Ok::<_, RecordError>(provenance)
    };
    match done {
        Ok((outcome, after)) => {
            folder.end(&ended(after)?, Some(&outcome), || {
                arrays::write(folder)?;
                page::write(folder)
            })?;
            Ok(outcome)
        }
        Err(error) => {
            if folder.recorder().is_open() {
                // Where the record is what failed, this fails as well, and the first error says more.
                let _ = ended(Some(error.to_string()))
                    .and_then(|provenance| folder.end(&provenance, None::<&Outcome>, || Ok(())));
            }
            Err(error.into())
        }
    }
}

/// End of the valid record.
struct ResumePoint {
    state: Option<State>,
    /// Items up to that state.
    items: u64,
    files: u32,
    last_ns: u64,
}

fn resume_point(folder: &Folder, loop_mode: LoopMode) -> Result<ResumePoint, RecordError> {
    let mut reader = folder.read_log()?;
    let (mut last, mut items) = (None, 0);
    while let Some(item) = reader.next_item()? {
        if let Item::Note { topic: Topic::State, text } = item {
            (last, items) = (Some(text), reader.items());
        }
    }
    let path = folder.log_path();
    let strange = RecordError::strange(&path);
    let state = match (last, loop_mode) {
        (None, _) => None,
        (Some(text), LoopMode::Host) => {
            Some(State::Host(serde_json::from_str(&text).map_err(strange)?))
        }
        (Some(text), LoopMode::Standalone) => {
            Some(State::Standalone(serde_json::from_str(&text).map_err(strange)?))
        }
    };
    Ok(ResumePoint { state, items, files: reader.files(), last_ns: reader.last_ns() })
}

/// Compares with the record up to its end, and keeps what comes then.
struct Rejoining {
    verifier: Option<Verifier>,
    folder: Folder,
    segment: RunSegment,
}

impl Rejoining {
    fn rejoin(&mut self, verifier: &Verifier) -> Result<(), RecordError> {
        let reader = verifier.reader();
        let (items, last_ns) = (reader.items(), reader.last_ns());
        let (log, back) = Log::resume(&self.folder.log_path(), reader.files(), items, last_ns)?;
        self.folder.go_on(log, &self.segment, back)?;
        self.folder.recorder().append(TraceEvent::Wrote(&verifier.unrecorded()))
    }
}

impl Tap for Rejoining {
    fn take(&mut self, event: TraceEvent<'_>) -> Result<(), String> {
        if let Some(mut verifier) = self.verifier.take() {
            let verdict = verifier.check(event).map_err(|difference| {
                format!("{difference}: the device, the program or a file that it reads differs from the recorded one, so the run cannot be resumed exactly; start a new one, or resume this one from its last complete epoch with --as-it-is")
            })?;
            // The snapshot after the outcome is taken again.
            let last = matches!(event, TraceEvent::Note { topic: Topic::Outcome, .. });
            if verdict == Verdict::Recorded && !last {
                self.verifier = Some(verifier);
                return Ok(());
            }
            self.rejoin(&verifier).map_err(|error| error.to_string())?;
            if verdict == Verdict::Recorded || matches!(event, TraceEvent::Wrote(_)) {
                // It is among those that were not in the record.
                return Ok(());
            }
        }
        self.folder.recorder().clone().take(event)
    }
}
