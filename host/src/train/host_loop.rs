//! The loop through the host: the instrument streams every case's gradient, the host chains it with
//! the loss of all outputs, steps, and writes the controls.

use super::{Outcome, Progress, TrainError, SOLVED_NA};
use crate::experiment::{Experiment, HostKeys};
use crate::loss::Targets;
use crate::optimiser::{Optimiser, Rule};
use crate::session::{Reading, Session};
use crate::settling::{self, Counts};
use ndarray::{Array2, ArrayView1};
use rand_chacha::ChaCha8Rng;

/// Draws, before one is taken although its outputs clip.
const REDRAWS: u32 = 50;

/// A loss has fallen if it is below this share of the best before.
const FALLEN: f64 = 0.98;

/// One start's best point.
struct Best {
    controls_v: Vec<f64>,
    loss: f64,
}

pub(super) fn run(
    session: &mut Session,
    experiment: &Experiment,
    targets: &Targets,
    mut random: ChaCha8Rng,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Outcome, TrainError> {
    let loss = experiment.host.loss;
    let mut unsettled = Counts::default();
    let mut best: Option<Outcome> = None;
    let (mut epochs, mut restarts) = (0, 0);
    while restarts < experiment.restarts && !best.as_ref().is_some_and(|best| best.solved) {
        restarts += 1;
        let start_v = unclipped(session, &mut random)?;
        let mut heard = |epoch, loss, separation_na| {
            epochs += 1;
            progress(&Progress { restart: restarts, epoch, loss, separation_na });
        };
        let counts = &mut unsettled;
        let Some(point) = descend(session, experiment, targets, start_v, counts, &mut heard)?
        else {
            continue;
        };
        let readings = session.measure(&point.controls_v, false)?;
        let (value, _) = loss.evaluate(&means(&readings), targets);
        let outcome = Outcome::of(point.controls_v, &readings, value, targets);
        if outcome.beats(best.as_ref()) {
            best = Some(outcome);
        }
    }
    let mut outcome = match best {
        Some(outcome) => outcome,
        None => {
            // Every start clipped at once: report the middle of the ranges.
            let middle_v = session.plan().middle_controls_v();
            let readings = session.measure(&middle_v, false)?;
            let (value, _) = loss.evaluate(&means(&readings), targets);
            let outcome = Outcome::of(middle_v, &readings, value, targets);
            Outcome { starts_clipped: true, ..outcome }
        }
    };
    outcome.epochs = epochs;
    outcome.restarts = restarts;
    outcome.unsettled = unsettled;
    outcome.samples = session.samples();
    Ok(outcome)
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

/// Descends from one start. `None`: the outputs clipped in the first epoch.
fn descend(
    session: &mut Session,
    experiment: &Experiment,
    targets: &Targets,
    mut controls_v: Vec<f64>,
    counts: &mut Counts,
    heard: &mut dyn FnMut(u32, f64, f64),
) -> Result<Option<Best>, TrainError> {
    let keys = &experiment.host;
    let ranges_v = session.plan().control_ranges_v();
    let mut optimiser = optimiser(keys, controls_v.len());
    let mut best: Option<Best> = None;
    let (mut mark, mut marked) = (f64::INFINITY, 0);
    for epoch in 1..=keys.epochs {
        let readings = settling::measure(session, &controls_v, keys.unsettled, counts)?;
        if clipped(&readings) {
            // The slopes of a clipped case are lost: what was best stands, and a new start follows.
            break;
        }
        let outputs_na = means(&readings);
        let (loss, slope) = keys.loss.evaluate(&outputs_na, targets);
        let separation_na = targets.separation_na(&outputs_na);
        heard(epoch, loss, separation_na);
        if best.as_ref().is_none_or(|best| loss < best.loss) {
            best = Some(Best { controls_v: controls_v.clone(), loss });
        }
        if loss < FALLEN * mark {
            (mark, marked) = (loss, epoch);
        }
        let reached = loss <= keys.stop_loss && separation_na >= SOLVED_NA;
        if reached || epoch - marked >= keys.patience_epochs {
            break;
        }
        optimiser.step(&mut controls_v, &chain_rule(&readings, &slope), &ranges_v);
    }
    Ok(best)
}

/// The rule that the experiment names, at its rate.
pub(crate) fn optimiser(keys: &HostKeys, controls: usize) -> Optimiser {
    let rate = match keys.optimiser {
        Rule::Adam => keys.adam_rate_v,
        Rule::Sgd | Rule::Momentum => keys.descent_rate_v2,
    };
    Optimiser::new(keys.optimiser, rate, keys.momentum, controls)
}

/// dE/dV_k = sum over the cases of dE/dI_s times dI_s/dV_k; or where the cost was demodulated the mean over the cases of what that gave.
pub(crate) fn chain_rule(readings: &[Reading], loss_slope: &[f64]) -> Vec<f64> {
    let of_cost = readings[0].cost_slopes_na2_per_v.len();
    if of_cost > 0 {
        let mean = |k: usize| {
            let slopes = readings.iter().map(|reading| reading.cost_slopes_na2_per_v[k]);
            slopes.sum::<f64>() / readings.len() as f64
        };
        return (0..of_cost).map(mean).collect();
    }
    let shape = (readings.len(), readings[0].slopes_na_per_v.len());
    let slopes = Array2::from_shape_fn(shape, |(case, k)| readings[case].slopes_na_per_v[k]);
    slopes.t().dot(&ArrayView1::from(loss_slope)).to_vec()
}

/// Mean current of every case.
pub(crate) fn means(readings: &[Reading]) -> Vec<f64> {
    readings.iter().map(|reading| reading.mean_na).collect()
}

fn clipped(readings: &[Reading]) -> bool {
    readings.iter().any(|reading| reading.clipped)
}
