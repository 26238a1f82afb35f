//! Epochs of the standalone loop, assembled from its frames.

use super::Progress;
use crate::gradient::Estimator;
use crate::plan::Plan;
use crate::session::{reading, Reading, Session};
use crate::targets::Targets;
use hge_protocol::frame::{Epoch, Window};
use hge_protocol::ControlWord;

/// Results of the windows of the present epoch.
pub(crate) struct EpochResult {
    plan: Plan,
    estimator: Estimator,
    targets: Targets,
    now: Progress,
    /// Samples of all runs before this one.
    before: u64,
}

impl EpochResult {
    /// For a run that is about to begin.
    pub(crate) fn new(session: &Session, targets: &Targets) -> Self {
        let rows = targets.rows();
        let now = Progress {
            outputs_na: vec![0.0; rows],
            slopes_na_per_v: vec![Vec::new(); rows],
            errors_na_per_v: session.slope_errors_na_per_v(),
            ..Progress::default()
        };
        EpochResult {
            plan: session.plan().clone(),
            estimator: session.estimator(),
            targets: targets.clone(),
            now,
            before: session.samples(),
        }
    }

    /// Result of a completed window; none if the guard limited it, which its flags report.
    pub(crate) fn window(&mut self, window: &Window) -> Option<Reading> {
        let ended = u64::from(window.sample_clock) + u64::from(self.plan.grid().window_samples);
        self.now.samples = self.before + ended;
        let reading = reading(&self.plan, self.estimator, window).ok()?;
        let row = self.targets.row(window.case.into(), window.input.into());
        if let Some(output) = self.now.outputs_na.get_mut(row) {
            *output = reading.mean_na;
            self.now.slopes_na_per_v[row].clone_from(&reading.slopes_na_per_v);
        }
        self.now.clipped = reading.clipped || (self.now.clipped && row > 0);
        Some(reading)
    }

    /// An epoch has ended; starts count from 1.
    pub(crate) fn epoch(&self, epoch: &Epoch) -> Progress {
        let controls = self.plan.configuration().controls.iter();
        let volts = controls.map(|control| {
            let word = epoch.controls.get(control.output).copied().unwrap_or_default();
            self.plan.scale().output(control.output).control_volts(ControlWord(word))
        });
        Progress {
            restart: u32::from(epoch.start) + 1,
            epoch: u32::from(epoch.epoch) + 1,
            loss: self.plan.scale().loss_na2(epoch.loss),
            separation_na: self.targets.separation_na(&self.now.outputs_na),
            controls_v: volts.collect(),
            ..self.now.clone()
        }
    }
}
