//! The result of a training: a table, or one JSON object.

use hge_core::calibration::Calibration;
use hge_core::experiment::{LoopMode, Task};
use hge_core::plan::{LineLoad, Plan};
use hge_core::targets::Targets;
use hge_core::train::{Outcome, Warning};
use hge_driver::link::LinkSpec;
use hge_sim::device::label;
use serde_json::json;
use std::fmt::Write;

/// Facts known before the run and printed after it.
pub struct Heading {
    gate: String,
    device: String,
    engine: &'static str,
    loop_mode: LoopMode,
    loss: &'static str,
    seed: u64,
    rate_hz: f64,
    window_samples: u32,
    cases_v: Vec<Vec<f64>>,
    targets: Targets,
    electrodes: Vec<usize>,
    tones_hz: Vec<f64>,
    amplitudes_v: Vec<f64>,
    full_scale_na: f64,
    wanted_na: f64,
    wanted_gap_na: Option<f64>,
    /// Required share of right cases, in place of the gap.
    accuracy: Option<f64>,
    calibration: Option<Calibration>,
    line_load: Option<LineLoad>,
}

impl Heading {
    /// `link`: the link of the instrument, unless it is simulated in this process.
    pub fn of(task: &Task, link: Option<String>) -> Self {
        let configuration = task.plan.configuration();
        let loss = match task.experiment.loop_mode {
            LoopMode::Host => task.experiment.loss(&task.data.train.targets).name(),
            LoopMode::Standalone => "squared error, nA^2",
        };
        let line_load = link.as_ref().and_then(|link| overloaded(&task.plan, link));
        Heading {
            gate: task.experiment.gate.map_or("cases".into(), |gate| gate.name().into()),
            engine: link.as_ref().map_or(task.experiment.engine.name(), |_| "remote"),
            device: link.unwrap_or_else(|| label(&task.experiment.device)),
            loop_mode: task.experiment.loop_mode,
            loss,
            seed: task.experiment.seed,
            rate_hz: task.plan.grid().rate_hz,
            window_samples: task.plan.grid().window_samples,
            cases_v: task.data.judged().cases_v.clone(),
            targets: task.data.judged().targets.clone(),
            electrodes: configuration.controls.iter().map(|control| control.output).collect(),
            tones_hz: task.plan.tones_hz(),
            amplitudes_v: (0..configuration.controls.len())
                .map(|k| task.plan.amplitude_v(k))
                .collect(),
            wanted_na: task.experiment.wanted_na(&task.data.train.targets),
            wanted_gap_na: task.experiment.wanted_gap_na(&task.data.train.targets),
            accuracy: task.experiment.accuracy,
            full_scale_na: task.plan.scale().full_scale_na(),
            calibration: task.calibration.clone(),
            line_load,
        }
    }
}

impl Heading {
    fn warnings(&self, outcome: &Outcome) -> Vec<Warning> {
        let mut warnings = outcome.warnings(self.wanted_gap_na, self.full_scale_na);
        warnings.extend(self.line_load.map(Warning::Line));
        warnings
    }
}

/// What the plan's records ask of a link that carries fewer.
pub fn overloaded(plan: &Plan, link: &str) -> Option<LineLoad> {
    let link: LinkSpec = link.parse().ok()?;
    plan.line_load(&link).filter(LineLoad::is_too_much)
}

/// Maximum rows of outputs in the table.
const MOST_ROWS: usize = 64;

/// The object of `--json`, on one line.
pub fn json(heading: &Heading, outcome: &Outcome, wall_s: f64, run: &str) -> String {
    let simulated_s = outcome.samples as f64 / heading.rate_hz;
    json!({
        "gate": heading.gate,
        "solved": outcome.solved,
        "loss": outcome.loss,
        "accuracy": outcome.accuracy,
        "separation_na": outcome.separation_na,
        "separation_error_na": outcome.separation_error_na,
        "separation_above_na": outcome.separation_above_na,
        "wanted_separation_na": heading.wanted_na,
        "rms_error_na": outcome.rms_error_na,
        "offsets_na": outcome.offsets_na,
        "epochs": outcome.epochs,
        "restarts": outcome.restarts,
        "seed": heading.seed,
        "engine": heading.engine,
        "device": heading.device,
        "loop": heading.loop_mode.name(),
        "controls_v": outcome.controls_v,
        "outputs_na": outcome.outputs_na,
        "tones_hz": heading.tones_hz,
        "amplitudes_v": heading.amplitudes_v,
        "rate_hz": heading.rate_hz,
        "saturated": outcome.saturated,
        "clipped": outcome.clipped,
        "clipped_starts": outcome.clipped_starts,
        "starts_clipped": outcome.starts_clipped,
        "unsettled_windows": outcome.unsettled.unsettled,
        "repeated_windows": outcome.unsettled.repeated,
        "dropped_windows": outcome.unsettled.dropped,
        "warnings": heading.warnings(outcome),
        "wanted_accuracy": heading.accuracy,
        "calibration": heading.calibration,
        "samples": outcome.samples,
        "simulated_s": simulated_s,
        "wall_s": wall_s,
        "realtime_factor": simulated_s / wall_s,
        "run": run,
    })
    .to_string()
}

/// The cases and the device's settings.
pub fn table(heading: &Heading, outcome: &Outcome, wall_s: f64, run: &str) -> String {
    let mut text = String::new();
    let simulated_s = outcome.samples as f64 / heading.rate_hz;
    // Writing to a String cannot fail.
    let _ = write_table(&mut text, heading, outcome, wall_s, simulated_s);
    let _ = writeln!(text, "  full record in {run}, report in {run}/report.html");
    text
}

fn counted(count: u32, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn write_table(
    text: &mut String,
    heading: &Heading,
    outcome: &Outcome,
    wall_s: f64,
    simulated_s: f64,
) -> std::fmt::Result {
    writeln!(
        text,
        "{} on {}: {} after {} of {}",
        heading.gate,
        heading.device,
        if outcome.solved { "solved" } else { "not solved" },
        counted(outcome.epochs, "epoch"),
        counted(outcome.restarts, "start")
    )?;
    let error = outcome.separation_error_na.map_or(String::new(), |na| format!(" +- {na:.2}"));
    let score = match outcome.rms_error_na {
        Some(rms_na) => format!("RMS error {rms_na:.3}{error} nA"),
        None => format!(
            "accuracy {:.2}, separation {:.2}{error} nA",
            outcome.accuracy, outcome.separation_na
        ),
    };
    writeln!(text, "loss {:.4} ({}), {score} without perturbation", outcome.loss, heading.loss)?;
    for warning in heading.warnings(outcome) {
        writeln!(text, "{warning}")?;
    }
    let offsets = outcome.offsets_na.iter().map(|na| format!("{na:+.3}")).collect::<Vec<_>>();
    if heading.targets.outputs > 1 && !offsets.is_empty() {
        writeln!(text, "thresholds of the outputs: {} nA", offsets.join(", "))?;
    }
    writeln!(text)?;
    writeln!(text, "  inputs (V)       wanted  output (nA)")?;
    let outputs = heading.targets.outputs;
    for (row, output) in outcome.outputs_na.iter().enumerate().take(MOST_ROWS) {
        let volts: Vec<String> =
            heading.cases_v[row / outputs].iter().map(|volts| format!("{volts:+.2}")).collect();
        let wanted = match heading.targets.label(row) {
            Some(true) => "high".into(),
            Some(false) => "low".into(),
            None => format!("{:+.2}", heading.targets.target_na(row)),
        };
        let volts = if row % outputs == 0 { volts.join(" ") } else { String::new() };
        writeln!(text, "  {volts:<16} {wanted:<6}  {output:>+11.3}")?;
    }
    writeln!(text, "\n  electrode  control (V)  tone (Hz)  amplitude (mV)")?;
    for (k, volts) in outcome.controls_v.iter().enumerate() {
        writeln!(
            text,
            "  {:>9}  {volts:>+11.4}  {:>9.2}  {:>14.3}",
            heading.electrodes[k],
            heading.tones_hz[k],
            heading.amplitudes_v[k] * 1e3
        )?;
    }
    writeln!(
        text,
        "\n  {} engine, {} loop, seed {}, {} samples a window at {:.1} Hz: {simulated_s:.1} s of \
         measurement in {wall_s:.1} s",
        heading.engine,
        heading.loop_mode.name(),
        heading.seed,
        heading.window_samples,
        heading.rate_hz
    )
}
