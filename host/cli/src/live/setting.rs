//! Facts that the view knows before the first epoch.

use hge_core::experiment::{LoopMode, Task};
use hge_core::targets::Targets;

/// An output in a case, and its label.
pub struct Case {
    /// Input voltages.
    pub inputs: String,
    /// `None`: it has a target current.
    pub high: Option<bool>,
}

/// A control and its limits.
pub struct Control {
    pub electrode: usize,
    pub low_v: f64,
    pub high_v: f64,
}

/// Task, place and limits of the training.
pub struct Setting {
    /// Task and place, as the title.
    pub title: String,
    pub cases: Vec<Case>,
    pub controls: Vec<Control>,
    pub targets: Targets,
    /// Required separation.
    pub wanted_na: f64,
    /// Whether the loss has target currents.
    pub aimed: bool,
    /// Maximum epochs a start, and maximum starts.
    pub epochs: u32,
    pub starts: u32,
    pub rate_hz: f64,
    /// Unit of a slope.
    pub slope_unit: &'static str,
    /// Whether the work can pause after an epoch: the loop runs in this program.
    pub pausable: bool,
    /// Whether the worker accepts commands: it only receives, and continues after them.
    pub commanded: bool,
}

impl Setting {
    /// Of a task; `verb` names the action of this program, `place` the instrument.
    pub fn of(task: &Task, verb: &str, place: &str) -> Self {
        let (experiment, plan) = (&task.experiment, &task.plan);
        let gate = experiment.gate.map_or("cases", |gate| gate.name());
        let loop_mode = experiment.loop_mode;
        let standalone = &experiment.standalone;
        let data = &task.data;
        let mut targets = data.train.targets.clone();
        if let (LoopMode::Standalone, Some(aim)) = (loop_mode, standalone.targets.first()) {
            (targets.high_na, targets.low_na) = (aim.high_na, aim.low_na);
        }
        let inputs = |volts: &Vec<f64>| {
            let volts: Vec<String> = volts.iter().map(|volts| format!("{volts:+.2}")).collect();
            volts.join(" ")
        };
        // Batches change from epoch to epoch.
        let rows = if data.epochs_per_pass() == 1 { targets.rows() } else { 0 };
        let cases = (0..rows).map(|row| {
            let (case, output) = targets.place(row);
            let volts = inputs(&data.train.cases_v[case]);
            let output = if targets.outputs > 1 { format!(" ·{output}") } else { String::new() };
            Case { inputs: volts + &output, high: targets.label(row) }
        });
        let cases = cases.collect();
        let controls = plan.configuration().controls.iter().zip(plan.control_ranges_v());
        let controls = controls.map(|(control, (low_v, high_v))| Control {
            electrode: control.output,
            low_v,
            high_v,
        });
        Setting {
            wanted_na: experiment.wanted_na(&targets),
            title: format!("{verb} {gate} · {place} · {} loop", loop_mode.name()),
            cases,
            controls: controls.collect(),
            aimed: match loop_mode {
                LoopMode::Host => experiment.loss(&targets).has_targets(),
                // Every run has its own targets.
                LoopMode::Standalone => standalone.targets.len() == 1,
            },
            epochs: match loop_mode {
                LoopMode::Host => experiment.host.epochs,
                LoopMode::Standalone => standalone.epochs,
            },
            targets,
            starts: experiment.restarts,
            rate_hz: plan.grid().rate_hz,
            slope_unit: if plan.configuration().cost.is_some() { "nA²/V" } else { "nA/V" },
            pausable: loop_mode == LoopMode::Host,
            commanded: false,
        }
    }
}
