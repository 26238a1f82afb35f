//! The model of the view: plain data, changed by events.

use super::events::{Event, Guard};
use super::Setting;
use hge_core::train::Progress;
use hge_driver::{ArmMode, FaultFlags, LinkStatistics};
use std::time::Duration;

/// Maximum points of a curve: beyond it every second point is dropped.
const MOST_POINTS: usize = 4096;

/// Maximum curves, the newest.
const MOST_CURVES: usize = 32;

/// Losses of one start: epoch and loss.
pub struct Curve {
    pub start: u32,
    pub points: Vec<(f64, f64)>,
}

/// Result of the work.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// Completed: the result, and whether it meets the requirement.
    Done { text: String, good: bool },
    /// Failed: the reason.
    Failed(String),
}

/// State of the work.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    Running,
    /// Pause requested: the epoch ends first.
    Pausing,
    Paused,
    /// End requested: the instrument is being disarmed.
    Stopping,
    Ended(Ending),
}

/// Content of the view.
pub struct Dashboard {
    pub setting: Setting,
    pub curves: Vec<Curve>,
    /// The newest epoch; unknown currents are NaN.
    pub now: Progress,
    /// The last loss, once there is one.
    pub loss: Option<f64>,
    pub signs: LinkStatistics,
    /// State of the guard, where this program does not arm it.
    pub guard: Option<Guard>,
    pub phase: Phase,
    pub elapsed: Duration,
    /// The help on keys is shown.
    pub help: bool,
    /// A note for the user.
    pub notice: Option<String>,
}

impl Dashboard {
    /// Before the first event.
    pub fn new(setting: Setting) -> Self {
        let outputs_na = vec![f64::NAN; setting.cases.len()];
        let now = Progress { outputs_na, ..Progress::default() };
        Dashboard {
            setting,
            curves: Vec::new(),
            now,
            loss: None,
            signs: LinkStatistics::default(),
            guard: None,
            phase: Phase::Running,
            elapsed: Duration::ZERO,
            help: false,
            notice: None,
        }
    }

    /// Applies an event of the worker.
    pub fn take(&mut self, event: Event) {
        match event {
            Event::Now(progress) => self.now = *progress,
            Event::Loss { start, epoch, loss } => self.point(start, epoch, loss),
            Event::Guard(guard) => self.guard = Some(guard),
            Event::Notice(text) => self.notice = Some(text),
        }
    }

    fn point(&mut self, start: u32, epoch: u32, loss: f64) {
        self.loss = Some(loss);
        if self.curves.last().is_none_or(|curve| curve.start != start) {
            if self.curves.len() == MOST_CURVES {
                self.curves.remove(0);
            }
            self.curves.push(Curve { start, points: Vec::new() });
        }
        let Some(curve) = self.curves.last_mut().filter(|_| loss.is_finite()) else { return };
        curve.points.push((f64::from(epoch), loss));
        if curve.points.len() > MOST_POINTS {
            let mut place = 0;
            curve.points.retain(|_| {
                place += 1;
                place % 2 == 1
            });
        }
    }

    /// Midway between the lowest output that should be high and the highest that should be low, once all are known.
    pub fn threshold_na(&self) -> Option<f64> {
        if self.setting.targets.outputs > 1 {
            return None;
        }
        let labels = || self.now.outputs_na.iter().zip(&self.setting.cases);
        if labels().any(|(output, _)| !output.is_finite()) {
            return None;
        }
        let of = |high: bool| labels().filter(move |(_, case)| case.high == Some(high));
        let least = of(true).map(|(&output, _)| output).reduce(f64::min)?;
        let greatest = of(false).map(|(&output, _)| output).reduce(f64::max)?;
        Some((least + greatest) / 2.0)
    }

    /// Whether the case is on its side of the threshold.
    pub fn is_right(&self, case: usize) -> Option<bool> {
        let threshold_na = self.threshold_na()?;
        Some((self.now.outputs_na[case] > threshold_na) == self.setting.cases[case].high?)
    }

    /// Lowest high output minus highest low output, and whether it meets the requirement.
    pub fn separation(&self) -> Option<(f64, bool)> {
        let (rows, outputs_na) = (self.setting.cases.len(), &self.now.outputs_na);
        if rows == 0 || outputs_na.len() != rows || outputs_na.iter().any(|na| !na.is_finite()) {
            return None;
        }
        let separation_na = self.setting.targets.separation_na(&self.now.outputs_na);
        Some((separation_na, separation_na >= self.setting.wanted_na && !self.now.clipped))
    }

    /// Cause of a trip, if there is one.
    pub fn fault(&self) -> Option<FaultFlags> {
        match self.guard {
            Some(Guard::RunEvent { fault, .. }) => fault,
            _ => self.signs.tripped,
        }
    }

    /// State of the guard in words.
    pub fn guard_text(&self) -> String {
        if let Some(causes) = self.fault() {
            return format!("TRIPPED: {causes}");
        }
        let armed = match self.guard {
            Some(Guard::Unknown) => return "known only to the client in control".into(),
            Some(Guard::RunEvent { armed, .. }) => armed,
            None => self.signs.armed,
        };
        match (armed, &self.phase) {
            (Some(ArmMode::Host), Phase::Ended(_)) => {
                "no reply to disarming: the watchdog disarms".into()
            }
            (Some(ArmMode::Host), _) => "armed, watched by a host".into(),
            (Some(ArmMode::Standalone), _) => "armed for a standalone run".into(),
            (None, Phase::Ended(_)) => "disarmed, outputs at their safe values".into(),
            (None, _) => "disarmed".into(),
        }
    }

    /// State of the work in words.
    pub fn standing(&self) -> String {
        match &self.phase {
            Phase::Running => "running".into(),
            Phase::Pausing => "pausing after this epoch".into(),
            Phase::Paused => "PAUSED".into(),
            Phase::Stopping => "disarming".into(),
            Phase::Ended(Ending::Done { text, .. }) => format!("ENDED: {text} (q quits)"),
            Phase::Ended(Ending::Failed(text)) => format!("ENDED: {text} (q quits)"),
        }
    }
}
