//! The host loop: the instrument streams every case's gradient, the host applies the chain rule with
//! the loss of all outputs, steps, and writes the controls.

use super::presentation::{outputs, present};
use super::significance::{confirm, Test};
use super::step::{means, optimiser, take_step};
use super::{Outcome, Progress, TrainError};
use crate::dataset::{Cases, Dataset};
use crate::experiment::Experiment;
use crate::optimiser::Optimiser;
use crate::session::{Reading, Session};
use crate::settling::Counts;
use crate::targets::{Targets, Wanted};
use hge_driver::Topic;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Draws, before one is taken although its outputs clip.
const REDRAWS: u32 = 50;

/// A loss has fallen if it is below this share of the best before.
const FALLEN: f64 = 0.98;

/// State of a training between two epochs: everything the next one needs besides the instrument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostState {
    /// Draws the starts to come.
    starts: ChaCha8Rng,
    /// Draws the codes to come.
    codes: ChaCha8Rng,
    /// Epochs of all starts.
    pub epochs: u32,
    /// Starts tried, the present one with them.
    pub restarts: u32,
    unsettled: Counts,
    #[serde(default)]
    clipped_starts: u32,
    /// Samples of all runs.
    pub samples: u64,
    descent: Option<Descent>,
    best: Option<Outcome>,
}

/// One start's best point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Best {
    controls_v: Vec<f64>,
    loss: f64,
}

/// A start on its way down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Descent {
    /// Epochs done.
    epoch: u32,
    controls_v: Vec<f64>,
    optimiser: Optimiser,
    best: Option<Best>,
    /// Loss that the present one must fall below, and the epoch that reached it.
    mark: Option<f64>,
    marked: u32,
    /// Losses of the present pass over the cases.
    #[serde(default)]
    pass: Vec<f64>,
}

impl HostState {
    /// Before the first start, which `starts` draws.
    pub(super) fn new(starts: ChaCha8Rng, codes: ChaCha8Rng) -> Self {
        HostState {
            starts,
            codes,
            epochs: 0,
            restarts: 0,
            unsettled: Counts::default(),
            clipped_starts: 0,
            samples: 0,
            descent: None,
            best: None,
        }
    }

    /// Controls of the next epoch; none between two starts.
    pub fn controls_v(&self) -> Option<&[f64]> {
        self.descent.as_ref().map(|descent| &descent.controls_v[..])
    }

    fn test(&self, experiment: &Experiment, data: &Dataset) -> Test {
        Test::of(experiment, &data.judged().targets, self.epochs + self.restarts)
    }

    fn is_over(&self, experiment: &Experiment) -> bool {
        let solved = self.best.as_ref().is_some_and(|best| best.solved);
        self.descent.is_none() && (solved || self.restarts >= experiment.restarts)
    }
}

/// Goes on from `state` to the end.
pub(super) fn run(
    session: &mut Session,
    experiment: &Experiment,
    data: &Dataset,
    mut state: HostState,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Outcome, TrainError> {
    session.resume(state.codes.clone(), state.samples);
    session.flow();
    while !state.is_over(experiment) {
        step(session, experiment, data, &mut state, progress)?;
        state.codes = session.random().clone();
        state.samples = session.samples();
        session.note(Topic::State, &state)?;
    }
    let test = state.test(experiment, data);
    let HostState { epochs, restarts, unsettled, clipped_starts, best, .. } = state;
    let outcome = match best {
        Some(outcome) => outcome,
        None => {
            // Every start clipped at once: report the middle of the ranges.
            let middle_v = session.plan().middle_controls_v();
            let outcome = unperturbed(session, experiment, data, middle_v)?;
            Outcome { starts_clipped: true, ..outcome }
        }
    };
    // Picked for the separation that it happened to show, it is measured again.
    let outcome = match outcome.separation_error_na {
        Some(_) => outcome,
        None => confirmed(session, experiment, data, outcome, test)?,
    };
    let samples = session.samples();
    Ok(Outcome { epochs, restarts, unsettled, clipped_starts, samples, ..outcome })
}

/// A new start, or an epoch of the present one.
fn step(
    session: &mut Session,
    experiment: &Experiment,
    data: &Dataset,
    state: &mut HostState,
    progress: &mut dyn FnMut(&Progress),
) -> Result<(), TrainError> {
    let Some(mut descent) = state.descent.take() else {
        state.restarts += 1;
        let controls_v = unclipped(session, &mut state.starts)?;
        let optimiser = optimiser(&experiment.host, controls_v.len());
        state.descent = Some(Descent {
            epoch: 0,
            controls_v,
            optimiser,
            best: None,
            mark: None,
            marked: 0,
            pass: Vec::new(),
        });
        return Ok(());
    };
    let counts = &mut state.unsettled;
    let result = descend(session, experiment, data, state.restarts, &mut descent, counts)?;
    if let Some(mut report) = result.progress {
        state.epochs += 1;
        report.restart = state.restarts;
        session.note(Topic::Epoch, &report)?;
        progress(&report);
    }
    state.clipped_starts += u32::from(result.clipped);
    if !result.over {
        state.descent = Some(descent);
    } else if let Some(point) = descent.best {
        let mut outcome = unperturbed(session, experiment, data, point.controls_v)?;
        let test = state.test(experiment, data);
        if test.is_worthwhile(&outcome) {
            outcome = confirmed(session, experiment, data, outcome, test)?;
        }
        if outcome.beats(state.best.as_ref()) {
            state.best = Some(outcome);
        }
    }
    Ok(())
}

/// The solution, measured without tones.
fn unperturbed(
    session: &mut Session,
    experiment: &Experiment,
    data: &Dataset,
    controls_v: Vec<f64>,
) -> Result<Outcome, TrainError> {
    let mut targets = data.judged().targets.clone();
    if data.test.is_some() {
        // Thresholds are learnt where the controls are.
        let readings = outputs(session, &data.train, &controls_v)?;
        targets.offsets_na = Some(data.train.targets.offsets(&means(&readings)));
    }
    let readings = outputs(session, data.judged(), &controls_v)?;
    let (loss, _) = experiment.loss(&targets).evaluate(&means(&readings), &targets);
    Ok(Outcome::of(controls_v, &readings, loss, &targets))
}

/// The solution, measured until the test accepts or rejects it, with the offsets of the first reading where they are learnt.
fn confirmed(
    session: &mut Session,
    experiment: &Experiment,
    data: &Dataset,
    outcome: Outcome,
    test: Test,
) -> Result<Outcome, TrainError> {
    let Cases { cases_v, targets } = data.judged().clone();
    let is_learnt = data.test.is_some() || matches!(targets.wanted, Wanted::Classes(_));
    let offsets_na = is_learnt.then(|| outcome.offsets_na.clone());
    let cases = Cases { cases_v, targets: Targets { offsets_na, ..targets } };
    confirm(session, &cases, outcome, test, |outputs_na| {
        experiment.loss(&cases.targets).evaluate(outputs_na, &cases.targets).0
    })
}

/// A random start whose outputs do not clip, or the last one drawn.
fn unclipped(session: &mut Session, random: &mut ChaCha8Rng) -> Result<Vec<f64>, TrainError> {
    let mut start_v = session.plan().draw_controls_v(random);
    for _ in 0..REDRAWS {
        if !clipped(&session.measure(&start_v, true)?) {
            break;
        }
        start_v = session.plan().draw_controls_v(random);
    }
    Ok(start_v)
}

/// Result of an epoch.
struct EpochResult {
    progress: Option<Progress>,
    /// The start ends with it.
    over: bool,
    /// For outputs that clipped.
    clipped: bool,
}

/// One epoch of the descent. Clipped outputs give no slopes.
fn descend(
    session: &mut Session,
    experiment: &Experiment,
    data: &Dataset,
    start: u32,
    descent: &mut Descent,
    counts: &mut Counts,
) -> Result<EpochResult, TrainError> {
    let keys = &experiment.host;
    if descent.epoch >= keys.epochs {
        return Ok(EpochResult { progress: None, over: true, clipped: false });
    }
    let Descent { epoch, controls_v, optimiser, best, mark, marked, pass } = descent;
    *epoch += 1;
    let batch = data.batch(start, *epoch);
    present(session, &batch.cases_v)?;
    let readings = session.measure_settled(controls_v, keys.unsettled, counts)?;
    if clipped(&readings) {
        // The slopes of a clipped case are lost: what was best stands, and a new start follows.
        return Ok(EpochResult { progress: None, over: true, clipped: true });
    }
    let outputs_na = means(&readings);
    let (loss, _) = experiment.loss(&batch.targets).evaluate(&outputs_na, &batch.targets);
    let progress = Progress {
        epoch: *epoch,
        loss,
        separation_na: batch.targets.separation_na(&outputs_na),
        controls_v: controls_v.clone(),
        errors_na_per_v: session.slope_errors_na_per_v(),
        samples: session.samples(),
        ..Progress::of(&readings)
    };
    let mut step = |controls_v: &mut [f64], session: &Session| {
        take_step(optimiser, controls_v, experiment, session.plan(), &readings, &batch.targets);
    };
    pass.push(loss);
    let is_batch_of_all = data.epochs_per_pass() == 1 && data.validation.is_none();
    if !is_batch_of_all {
        step(controls_v, session);
    }
    let mut over = *epoch == keys.epochs;
    if over || pass.len() as u32 == data.epochs_per_pass() {
        let judged = match &data.validation {
            Some(validation) => judge(session, experiment, validation, controls_v)?,
            None => {
                let mean = pass.iter().sum::<f64>() / pass.len() as f64;
                (mean, experiment.is_met(&outputs_na, &batch.targets))
            }
        };
        pass.clear();
        let (loss, is_met) = judged;
        if best.as_ref().is_none_or(|best| loss < best.loss) {
            *best = Some(Best { controls_v: controls_v.clone(), loss });
        }
        if loss < FALLEN * mark.unwrap_or(f64::INFINITY) {
            (*mark, *marked) = (Some(loss), *epoch);
        }
        let stale = (*epoch - *marked) / data.epochs_per_pass() >= keys.patience_epochs;
        let ends = stale || (loss <= keys.stop_loss && is_met);
        over |= ends;
        if is_batch_of_all && !ends {
            step(controls_v, session);
        }
    }
    Ok(EpochResult { progress: Some(progress), over, clipped: false })
}

/// Loss of cases that are not trained on, and whether they meet the requirement.
fn judge(
    session: &mut Session,
    experiment: &Experiment,
    cases: &Cases,
    controls_v: &[f64],
) -> Result<(f64, bool), TrainError> {
    let outputs_na = means(&outputs(session, cases, controls_v)?);
    let (loss, _) = experiment.loss(&cases.targets).evaluate(&outputs_na, &cases.targets);
    Ok((loss, experiment.is_met(&outputs_na, &cases.targets)))
}

fn clipped(readings: &[Reading]) -> bool {
    readings.iter().any(|reading| reading.clipped)
}
