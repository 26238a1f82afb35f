//! The host loop: the instrument streams every case's gradient, the host applies the chain rule with
//! the loss of all outputs, steps, and writes the controls.

use super::significance::{confirm, Test};
use super::{Outcome, Progress, TrainError};
use crate::experiment::{Experiment, HostKeys};
use crate::loss::Targets;
use crate::optimiser::{chain_rule, Optimiser, Rule};
use crate::session::{Reading, Session};
use crate::settling::Counts;
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

    fn test(&self, experiment: &Experiment) -> Test {
        Test::of(experiment, self.epochs + self.restarts)
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
    targets: &Targets,
    mut state: HostState,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Outcome, TrainError> {
    session.resume(state.codes.clone(), state.samples);
    while !state.is_over(experiment) {
        step(session, experiment, targets, &mut state, progress)?;
        state.codes = session.random().clone();
        state.samples = session.samples();
        session.note(Topic::State, &state)?;
    }
    let test = state.test(experiment);
    let HostState { epochs, restarts, unsettled, clipped_starts, best, .. } = state;
    let outcome = match best {
        Some(outcome) => outcome,
        None => {
            // Every start clipped at once: report the middle of the ranges.
            let middle_v = session.plan().middle_controls_v();
            let outcome = unperturbed(session, experiment, targets, middle_v)?;
            Outcome { starts_clipped: true, ..outcome }
        }
    };
    // Picked for the separation that it happened to show, it is measured again.
    let outcome = match outcome.separation_error_na {
        Some(_) => outcome,
        None => confirmed(session, experiment, targets, outcome, test)?,
    };
    let samples = session.samples();
    Ok(Outcome { epochs, restarts, unsettled, clipped_starts, samples, ..outcome })
}

/// A new start, or an epoch of the present one.
fn step(
    session: &mut Session,
    experiment: &Experiment,
    targets: &Targets,
    state: &mut HostState,
    progress: &mut dyn FnMut(&Progress),
) -> Result<(), TrainError> {
    let Some(mut descent) = state.descent.take() else {
        state.restarts += 1;
        let controls_v = unclipped(session, &mut state.starts)?;
        let optimiser = optimiser(&experiment.host, controls_v.len());
        state.descent =
            Some(Descent { epoch: 0, controls_v, optimiser, best: None, mark: None, marked: 0 });
        return Ok(());
    };
    let counts = &mut state.unsettled;
    let heard = descend(session, experiment, targets, &mut descent, counts)?;
    if let Some(mut heard) = heard.said {
        state.epochs += 1;
        heard.restart = state.restarts;
        session.note(Topic::Epoch, &heard)?;
        progress(&heard);
    }
    state.clipped_starts += u32::from(heard.clipped);
    if !heard.over {
        state.descent = Some(descent);
    } else if let Some(point) = descent.best {
        let mut outcome = unperturbed(session, experiment, targets, point.controls_v)?;
        if outcome.is_promising(experiment.separation_na) {
            outcome = confirmed(session, experiment, targets, outcome, state.test(experiment))?;
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
    targets: &Targets,
    controls_v: Vec<f64>,
) -> Result<Outcome, TrainError> {
    let readings = session.measure(&controls_v, false)?;
    let (loss, _) = experiment.host.loss.evaluate(&means(&readings), targets);
    Ok(Outcome::of(controls_v, &readings, loss, targets))
}

/// The solution, measured until the test accepts or rejects it.
fn confirmed(
    session: &mut Session,
    experiment: &Experiment,
    targets: &Targets,
    outcome: Outcome,
    test: Test,
) -> Result<Outcome, TrainError> {
    confirm(session, targets, outcome, test, |outputs_na| {
        experiment.host.loss.evaluate(outputs_na, targets).0
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
    said: Option<Progress>,
    /// The start ends with it.
    over: bool,
    /// For outputs that clipped.
    clipped: bool,
}

/// One epoch of the descent. Clipped outputs give no slopes.
fn descend(
    session: &mut Session,
    experiment: &Experiment,
    targets: &Targets,
    descent: &mut Descent,
    counts: &mut Counts,
) -> Result<EpochResult, TrainError> {
    let keys = &experiment.host;
    if descent.epoch >= keys.epochs {
        return Ok(EpochResult { said: None, over: true, clipped: false });
    }
    let Descent { epoch, controls_v, optimiser, best, mark, marked } = descent;
    *epoch += 1;
    let readings = session.measure_settled(controls_v, keys.unsettled, counts)?;
    if clipped(&readings) {
        // The slopes of a clipped case are lost: what was best stands, and a new start follows.
        return Ok(EpochResult { said: None, over: true, clipped: true });
    }
    let outputs_na = means(&readings);
    let (loss, slope) = keys.loss.evaluate(&outputs_na, targets);
    let separation_na = targets.separation_na(&outputs_na);
    let said = Progress {
        epoch: *epoch,
        loss,
        separation_na,
        controls_v: controls_v.clone(),
        errors_na_per_v: session.slope_errors_na_per_v(),
        samples: session.samples(),
        ..Progress::of(&readings)
    };
    if best.as_ref().is_none_or(|best| loss < best.loss) {
        *best = Some(Best { controls_v: controls_v.clone(), loss });
    }
    if loss < FALLEN * mark.unwrap_or(f64::INFINITY) {
        (*mark, *marked) = (Some(loss), *epoch);
    }
    let reached = loss <= keys.stop_loss && separation_na >= experiment.separation_na;
    let over = reached || *epoch - *marked >= keys.patience_epochs;
    if !over {
        let ranges_v = session.plan().control_ranges_v();
        optimiser.step(controls_v, &loss_slopes(&readings, &slope), &ranges_v);
    }
    Ok(EpochResult { said: Some(said), over: over || *epoch == keys.epochs, clipped: false })
}

/// The rule that the experiment names, at its rate.
pub(crate) fn optimiser(keys: &HostKeys, controls: usize) -> Optimiser {
    let rate = match keys.optimiser {
        Rule::Adam => keys.adam_rate_v,
        Rule::Sgd | Rule::Momentum => keys.descent_rate_v2,
    };
    Optimiser::new(keys.optimiser, rate, keys.momentum, controls)
}

/// Slope of the loss with every control: by the chain rule, or where the cost was demodulated the mean over the cases of what that gave.
pub(crate) fn loss_slopes(readings: &[Reading], loss_slope: &[f64]) -> Vec<f64> {
    let of_cost = readings[0].cost_slopes_na2_per_v.len();
    if of_cost > 0 {
        let mean = |k: usize| {
            let slopes = readings.iter().map(|reading| reading.cost_slopes_na2_per_v[k]);
            slopes.sum::<f64>() / readings.len() as f64
        };
        return (0..of_cost).map(mean).collect();
    }
    let slopes: Vec<&[f64]> = readings.iter().map(|reading| &*reading.slopes_na_per_v).collect();
    chain_rule(&slopes, loss_slope)
}

/// Mean current of every case.
pub(crate) fn means(readings: &[Reading]) -> Vec<f64> {
    readings.iter().map(|reading| reading.mean_na).collect()
}

fn clipped(readings: &[Reading]) -> bool {
    readings.iter().any(|reading| reading.clipped)
}

#[cfg(test)]
mod tests;
