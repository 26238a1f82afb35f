//! Builds a report from a task and its result.

use super::epochs::{Thinner, MOST_EPOCHS};
use super::{DrawnSpectrum, DrawnWaveform, Report, ShownCase, ShownControl, ShownLoss, Verdict};
use hge_core::experiment::{LoopMode, Task};
use hge_core::gate::Gate;
use hge_core::measure::waveform::Waveform;
use hge_core::method::Method;
use hge_core::train::{Outcome, Progress};
use hge_sim::device::label;

/// Gathers the content of a report. Epochs are thinned as they arrive, so that a long run takes no more memory than a short one.
pub struct Builder {
    report: Report,
    thinner: Thinner,
    samples: u64,
    full_scale_na: f64,
    wanted_gap_na: Option<f64>,
    /// Rows that are the same in all epochs.
    rows: usize,
    failure: Option<String>,
}

impl Builder {
    pub(super) fn new(task: &Task, outcome: Option<&Outcome>) -> Self {
        let experiment = &task.experiment;
        let settings = toml::to_string(experiment)
            .unwrap_or_else(|error| format!("# the experiment cannot be written: {error}\n"));
        let report = Report {
            task: experiment
                .gate
                .map_or_else(|| format!("{} cases", task.data.judged().len()), name_of),
            device: label(&experiment.device),
            engine: experiment.engine.name().into(),
            loop_mode: experiment.loop_mode.name(),
            method: experiment.host.method.name(),
            seed: experiment.seed,
            verdict: Verdict::Incomplete,
            notes: Vec::new(),
            outcome: outcome.cloned(),
            rate_hz: task.plan.grid().rate_hz,
            window_samples: task.plan.grid().window_samples,
            measured_s: 0.0,
            wall_s: None,
            loss: loss(task),
            wanted_na: experiment.wanted_na(&task.data.train.targets),
            slope_unit: slope_unit(task),
            cases: cases(task),
            controls: controls(task),
            epochs: super::Epochs::default(),
            waveform: None,
            spectrum: None,
            settings,
            provenance: Vec::new(),
        };
        let wanted_v = outcome.map(|outcome| outcome.controls_v.clone());
        let thinner = Thinner::new(MOST_EPOCHS, wanted_v);
        let full_scale_na = task.plan.scale().full_scale_na();
        let is_whole = task.data.epochs_per_pass() == 1 && task.data.test.is_none();
        let rows = if is_whole { report.cases.len() } else { 0 };
        let wanted_gap_na = experiment.wanted_gap_na(&task.data.train.targets);
        let (samples, failure) = (0, None);
        Builder { report, thinner, samples, full_scale_na, wanted_gap_na, rows, failure }
    }

    /// Device and engine, where the experiment does not name them: behind a link.
    pub fn on(mut self, device: impl Into<String>, engine: impl Into<String>) -> Self {
        self.report.device = device.into();
        self.report.engine = engine.into();
        self
    }

    /// Why the run ended before its end.
    pub fn failed(mut self, reason: impl Into<String>) -> Self {
        self.failure = Some(reason.into());
        self
    }

    /// Time that passed, in seconds.
    pub fn wall_s(mut self, wall_s: f64) -> Self {
        self.report.wall_s = Some(wall_s);
        self
    }

    /// The next epochs.
    pub fn epochs(mut self, epochs: impl IntoIterator<Item = Progress>) -> Self {
        epochs.into_iter().for_each(|progress| self.push(progress));
        self
    }

    /// The next epoch.
    pub fn push(&mut self, progress: Progress) {
        self.samples = self.samples.max(progress.samples);
        self.thinner.push(progress);
    }

    /// The current of a pass over the cases at the best controls.
    pub fn waveform(mut self, waveform: Waveform) -> Self {
        self.report.waveform = Some(DrawnWaveform::of(waveform));
        self
    }

    /// The current's noise and lines.
    pub fn spectrum(mut self, spectrum: DrawnSpectrum) -> Self {
        self.report.spectrum = Some(spectrum.thinned());
        self
    }

    /// One more fact of the provenance, after the earlier ones.
    pub fn provenance(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.report.provenance.push((name.into(), value.into()));
        self
    }

    /// The report.
    pub fn build(self) -> Report {
        let Builder { mut report, thinner, samples, full_scale_na, wanted_gap_na, rows, failure } =
            self;
        report.epochs = thinner.finish(rows, report.controls.len());
        let samples = report.outcome.as_ref().map_or(samples, |outcome| outcome.samples);
        report.measured_s = samples as f64 / report.rate_hz;
        report.verdict = match (&report.outcome, &failure) {
            (Some(outcome), _) if outcome.solved => Verdict::Solved,
            (Some(_), _) => Verdict::NotSolved,
            (None, Some(_)) => Verdict::Failed,
            (None, None) => Verdict::Incomplete,
        };
        report.notes = notes(&report, failure);
        if let Some(outcome) = &report.outcome {
            let warnings = outcome.warnings(wanted_gap_na, full_scale_na);
            report.notes.extend(warnings.iter().map(|warning| sentence(&warning.to_string())));
        }
        report
    }
}

fn name_of(gate: Gate) -> String {
    gate.name().to_uppercase()
}

fn loss(task: &Task) -> ShownLoss {
    let host = &task.experiment.host;
    if task.experiment.loop_mode == LoopMode::Standalone {
        return ShownLoss { name: "squared error".into(), unit: Some("nA²"), stop: None };
    }
    let loss = task.experiment.loss(&task.data.train.targets);
    ShownLoss { name: loss.name().into(), unit: loss.unit(), stop: Some(host.stop_loss) }
}

fn slope_unit(task: &Task) -> &'static str {
    if task.experiment.host.method == Method::Cost && task.experiment.loop_mode == LoopMode::Host {
        "nA²/V"
    } else {
        "nA/V"
    }
}

fn cases(task: &Task) -> Vec<ShownCase> {
    let experiment = &task.experiment;
    let (cases, targets) = (task.data.judged(), &task.data.judged().targets);
    let aims = experiment.loop_mode == LoopMode::Host && experiment.loss(targets).has_targets();
    let aims = aims || targets.label(0).is_none();
    let shown = (0..targets.rows()).map(|row| {
        let (s, output) = targets.place(row);
        let of_gate = experiment.gate.and_then(|_| Gate::CASES.get(s));
        let name = of_gate.map_or_else(
            || (s + 1).to_string(),
            |&(a, b)| format!("{}{}", u8::from(a), u8::from(b)),
        );
        let name = if targets.outputs > 1 { format!("{name}·{output}") } else { name };
        let target_na = aims.then(|| targets.target_na(row));
        ShownCase { name, inputs_v: cases.cases_v[s].clone(), high: targets.label(row), target_na }
    });
    shown.collect()
}

fn controls(task: &Task) -> Vec<ShownControl> {
    let (plan, tones_hz) = (&task.plan, task.plan.tones_hz());
    let controls = plan.configuration().controls.iter().zip(tones_hz).enumerate();
    let shown = controls.map(|(k, (control, frequency_hz))| ShownControl {
        electrode: control.output,
        range_v: plan.control_range_v(k),
        frequency_hz,
        cycles: control.cycles,
        amplitude_v: plan.amplitude_v(k),
    });
    shown.collect()
}

/// A text with a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    format!("{}{rest}.", first.to_uppercase())
}

/// Notes on the verdict.
fn notes(report: &Report, failure: Option<String>) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(failure) = failure {
        notes.push(format!("The run was ended by an error: {failure}"));
    } else if report.outcome.is_none() {
        notes.push("The run is not complete: nothing was measured without perturbation.".into());
    }
    if report.epochs.not_finite > 0 {
        notes.push(format!(
            "The loss of {} of {} epochs is not finite: these epochs are gaps in the plots.",
            report.epochs.not_finite, report.epochs.total
        ));
    }
    notes
}
