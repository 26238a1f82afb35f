//! Tracking with the standalone loop: a run from the trained controls, with the output of every case after training as its target.
//!
//! A run ends when its loss is zero, which noise nearly excludes; then another run follows from its last controls.

use super::{Moment, TrackSpec};
use crate::experiment::Experiment;
use crate::session::{Reading, Session};
use crate::targets::Targets;
use crate::train::{
    freeze_writes, hold_writes, run_mode, EpochResult, HoldConfig, Outcome, Progress, TrainError,
};
use hge_driver::{ArmMode, RunEvent, Topic};
use hge_protocol::frame::flag;

/// Share of the steepest descent that is stable: with J the slopes of all cases and controls, rate J^T J must stay below 2, and is at most
/// rate times the sum of the squared slopes. The slopes may thus grow by a factor of 1.4; half the rate follows the step too slowly.
const STABLE: f64 = 1.0;

/// The same in continuous mode, where an update acts one window late: rate J^T J must stay below 1.
const STABLE_LATE: f64 = 0.5;

pub(super) fn run(
    session: &mut Session,
    experiment: &Experiment,
    targets: &Targets,
    trained: &Outcome,
    wanted: TrackSpec,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Vec<Moment>, TrainError> {
    let keys = &experiment.standalone;
    let mut hold = HoldConfig {
        controls_v: &trained.controls_v,
        outputs_na: &trained.outputs_na,
        rate_v2_per_na2: keys.targets.first().map_or(1e-4, |aim| aim.rate_v2_per_na2),
        epochs: 1,
    };
    // One epoch that changes nothing shows the slopes.
    let mut squares = 0.0;
    let mut look = |reading: &Reading| {
        squares += reading.slopes_na_per_v.iter().map(|slope| slope * slope).sum::<f64>();
    };
    let writes = hold_writes(session.plan(), keys, targets, &hold)?;
    one_run(session, writes, true, targets, &mut Vec::new(), &mut |_| (), &mut look)?;
    let is_late = session.plan().configuration().continuous;
    hold.rate_v2_per_na2 = if is_late { STABLE_LATE } else { STABLE } / squares;
    let mut moments: Vec<Moment> = Vec::new();
    let mut controls_v = trained.controls_v.clone();
    while let Some(left) = wanted.epochs.checked_sub(moments.len() as u32).filter(|&left| left > 0)
    {
        let hold = HoldConfig { controls_v: &controls_v, epochs: left.min(MOST_EPOCHS), ..hold };
        let writes = hold_writes(session.plan(), keys, targets, &hold)?;
        let before = moments.len();
        one_run(session, writes, wanted.frozen, targets, &mut moments, progress, &mut |_| ())?;
        match moments.last() {
            Some(moment) if moments.len() > before => controls_v.clone_from(&moment.controls_v),
            // Not one epoch was received: nothing more will be.
            _ => break,
        }
    }
    Ok(moments)
}

/// Maximum of the register of epochs.
const MOST_EPOCHS: u32 = 65535;

fn one_run(
    session: &mut Session,
    mut writes: Vec<(u16, u32)>,
    frozen: bool,
    targets: &Targets,
    moments: &mut Vec<Moment>,
    progress: &mut dyn FnMut(&Progress),
    look: &mut dyn FnMut(&Reading),
) -> Result<(), TrainError> {
    let plan = session.plan().clone();
    if frozen {
        writes.extend(freeze_writes(&plan));
    }
    session.instrument().disarm()?;
    session.instrument().write_all(&writes)?;
    session.instrument().arm(ArmMode::Standalone)?;
    let rate_hz = plan.grid().rate_hz;
    let mut result = EpochResult::new(session, targets);
    let notes = session.instrument().notes();
    let mut noted = Ok(());
    session.instrument().run(run_mode(&plan), |event| match event {
        RunEvent::Window(window) if usize::from(window.input) < targets.outputs => {
            let reading = result.window(&window);
            if window.flags & flag::UNPERTURBED == 0 {
                reading.iter().for_each(&mut *look);
            }
        }
        RunEvent::Epoch(epoch) => {
            let report = result.epoch(&epoch);
            let time_s = report.samples as f64 / rate_hz;
            let moment = Moment::of(time_s, &report.outputs_na, targets, report.controls_v.clone());
            let report = Progress { restart: 0, epoch: moments.len() as u32 + 1, ..report };
            if noted.is_ok() {
                noted = notes.note(Topic::Epoch, &report);
            }
            progress(&report);
            moments.push(moment);
        }
        // Epochs that were lost on the way are missing among the moments.
        RunEvent::Window(_) | RunEvent::Gap { .. } => {}
    })?;
    Ok(noted?)
}
