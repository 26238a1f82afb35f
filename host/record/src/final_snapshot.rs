//! Final snapshot of the trained device: its current over a pass, and its spectrum.

use super::folder::Folder;
use super::RecordError;
use hge_core::experiment::{EngineKind, LoopMode, Task};
use hge_core::measure::waveform::{of_cases, of_tones};
use hge_core::measure::MeasureError;
use hge_core::plan::Plan;
use hge_core::session::{Session, SessionError};
use hge_core::train::{Outcome, TrainError};
use hge_driver::{DriverError, Topic};

/// Samples of the spectrum: 3.3 s at 5 kHz, eight segments of 0.8 s.
const SPECTRUM_SAMPLES: u32 = 16_384;

/// The waveform or the spectrum.
pub(super) struct FinalSnapshot {
    plan: Plan,
    /// Skipped with engines that simulate every clock, which take minutes; and after a run of the standalone loop behind a link, whose result stays for `hge log`.
    wanted: bool,
}

impl FinalSnapshot {
    pub(super) fn of(task: &Task, folder: &Folder) -> Result<Self, RecordError> {
        let remote = !folder.provenance()?.instrument.is_simulated();
        let wanted = match remote {
            true => task.experiment.loop_mode == LoopMode::Host,
            false => task.experiment.engine == EngineKind::Model,
        };
        Ok(FinalSnapshot { plan: task.plan.clone(), wanted })
    }

    /// Measures the device at the best controls, and records it. If a line or a gateware loses codes, only the snapshot is missing.
    pub(super) fn take(&self, session: &mut Session, outcome: &Outcome) -> Result<(), TrainError> {
        if !self.wanted || outcome.controls_v.len() != self.plan.configuration().controls.len() {
            return Ok(());
        }
        session.change(self.plan.clone())?;
        if let Some(waveform) = seen(of_cases(session, &outcome.controls_v, false))? {
            session.note(Topic::Waveform, &waveform)?;
        }
        if let Some(held) = seen(of_tones(session, &outcome.controls_v, 0, SPECTRUM_SAMPLES))? {
            session.note(Topic::Spectrum, &held)?;
        }
        Ok(())
    }
}

/// The result, if the measurement is possible here; other failures are errors.
fn seen<T>(looked: Result<T, MeasureError>) -> Result<Option<T>, TrainError> {
    match looked {
        Ok(seen) => Ok(Some(seen)),
        Err(MeasureError::Session(SessionError::Driver(error))) if ends(&error) => {
            Err(error.into())
        }
        Err(_) => Ok(None),
    }
}

/// The link, the guard, the record or the user ends it.
fn ends(error: &DriverError) -> bool {
    !matches!(error, DriverError::Capture { .. } | DriverError::Refused { .. })
}
