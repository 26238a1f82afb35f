//! The standalone loop: writes tables ([`Coefficients`]), starts a run, evaluates its frames.

use super::epoch_result::EpochResult;
use super::significance::{confirm, Test};
use super::state::StandaloneState;
use super::{Outcome, Progress, TrainError};
use crate::dataset::Cases;
use crate::experiment::{Cost, Experiment, StandaloneKeys, TargetKeys, Task};
use crate::gradient::Estimator;
use crate::plan::{Coefficients, Plan};
use crate::session::{reading, Reading, Session, SessionError};
use crate::targets::{Targets, Wanted};
use hge_driver::scale::Scale;
use hge_driver::{ArmMode, Instrument, RunEvent, Topic};
use hge_protocol::frame::{flag, End, EndReason, Window};
use hge_protocol::number::LOSS_UNIT_CODES2;
use hge_protocol::registers::{self as map, mode};
use hge_protocol::table::{CaseTarget, Side};
use hge_protocol::ControlWord;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

/// Goes on from `state` to the end.
pub(super) fn run(
    session: &mut Session,
    experiment: &Experiment,
    cases: &Cases,
    mut state: StandaloneState,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Outcome, TrainError> {
    let keys = &experiment.standalone;
    let rows = starts_a_run(experiment);
    session.instrument().count_from(state.samples);
    while !state.is_over(experiment) {
        let Some(aim) = keys.targets.iter().cycle().nth(state.runs) else { break };
        let targets = &aimed(&cases.targets, aim);
        let tables =
            tables(session.plan(), keys, experiment.rms_error_na, aim.rate_v2_per_na2, targets)?;
        // The limits of a run count from arming on.
        session.instrument().disarm()?;
        session.instrument().write_all(&tables)?;
        let starts = rows.min(experiment.restarts - state.restarts);
        let writes = start_writes(session.plan(), starts, &mut state.starts);
        session.instrument().write_all(&writes)?;
        session.instrument().arm(ArmMode::Standalone)?;
        let done = one_run(session, targets, keys.epochs, state.restarts, progress)?;
        state.runs += 1;
        state.epochs += done.epochs;
        state.restarts += done.starts;
        state.saturated |= done.saturated;
        state.clipped_starts += done.clipped_starts;
        state.samples = session.samples();
        let mut outcome = done.outcome;
        let test = state.test(experiment, &cases.targets);
        if test.is_worthwhile(&outcome) {
            outcome = confirmed(session, cases, outcome, test)?;
        }
        if outcome.beats(state.best.as_ref()) {
            state.best = Some(outcome);
        }
        session.note(Topic::State, &state)?;
    }
    let test = state.test(experiment, &cases.targets);
    let StandaloneState { epochs, restarts, saturated, clipped_starts, best, .. } = state;
    // At least one run was made: zero restarts are refused before.
    let outcome = best
        .unwrap_or_else(|| Outcome::of(Vec::new(), &[], f64::INFINITY, &cases.targets.select(&[])));
    // Picked for the separation that it happened to show, it is measured again.
    let outcome = match outcome.separation_error_na {
        Some(_) => outcome,
        None => confirmed(session, cases, outcome, test)?,
    };
    let samples = session.samples();
    Ok(Outcome { epochs, restarts, saturated, clipped_starts, samples, ..outcome })
}

/// The outcome measured until it is clear whether it is solved; its loss stays the gateware's.
fn confirmed(
    session: &mut Session,
    cases: &Cases,
    outcome: Outcome,
    test: Test,
) -> Result<Outcome, TrainError> {
    let loss = outcome.loss;
    session.reconfigure()?;
    let mut cases = cases.clone();
    if let Wanted::Classes(_) = cases.targets.wanted {
        cases.targets.offsets_na = Some(outcome.offsets_na.clone());
    }
    confirm(session, &cases, outcome, test, |_| loss)
}

/// Result of one run of the gateware.
struct Done {
    outcome: Outcome,
    epochs: u32,
    starts: u32,
    saturated: bool,
    clipped_starts: u32,
}

fn one_run(
    session: &mut Session,
    targets: &Targets,
    epochs_a_start: u32,
    before: u32,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Done, TrainError> {
    let (plan, outputs) = (session.plan().clone(), targets.outputs);
    let mut result = EpochResult::new(session, targets);
    let notes = session.instrument().notes();
    let mut noted = Ok(());
    let (mut epochs, mut starts, mut saturated) = (0, 0, false);
    let mut finals = Vec::new();
    let mut clipped_starts = BTreeSet::new();
    // By the frame's place in the run, not by how many were received: some may be lost.
    let reached = |start: u8, epoch: u16| {
        (u32::from(start) + 1, u32::from(start) * epochs_a_start + u32::from(epoch) + 1)
    };
    let end = session.instrument().run(run_mode(&plan), |event| match event {
        RunEvent::Window(window) if usize::from(window.input) < outputs => {
            let clipped = result.window(&window).is_some_and(|reading| reading.clipped);
            if clipped && window.flags & flag::FINAL == 0 {
                clipped_starts.insert(window.start);
            }
            saturated |= window.flags & flag::SATURATED != 0;
            if window.flags & flag::FINAL != 0 {
                finals.push(window);
            } else {
                (starts, epochs) = reached(window.start, window.epoch);
            }
        }
        RunEvent::Epoch(epoch) => {
            (starts, epochs) = reached(epoch.start, epoch.epoch);
            let report = Progress { restart: before + starts, ..result.epoch(&epoch) };
            if noted.is_ok() {
                noted = notes.note(Topic::Epoch, &report);
            }
            progress(&report);
        }
        // The result of the run is read from the instrument when it has ended.
        RunEvent::Window(_) | RunEvent::Gap { .. } => {}
    })?;
    noted?;
    debug_assert!(matches!(end.reason, EndReason::Complete | EndReason::LossReached));
    let estimator = session.estimator();
    let outcome = came_to(session.instrument(), &plan, estimator, targets, &finals, &end)?;
    let clipped_starts = clipped_starts.len() as u32;
    Ok(Done { outcome, epochs, starts, saturated, clipped_starts })
}

/// Result of a completed run, from its final pass and the instrument's memory.
pub(super) fn came_to(
    instrument: &Instrument,
    plan: &Plan,
    estimator: Estimator,
    targets: &Targets,
    finals: &[Window],
    end: &End,
) -> Result<Outcome, TrainError> {
    let readings = finals
        .iter()
        .map(|window| reading(plan, estimator, window))
        .collect::<Result<Vec<Reading>, _>>()?;
    let expected = plan.configuration().cases_v.len();
    if readings.len() != targets.rows() {
        let found = readings.len() / targets.outputs;
        return Err(SessionError::Windows { found, expected }.into());
    }
    let best = plan.table_address(plan.layout().best);
    let best = instrument.read_many(best, plan.parameters().outputs as usize)?;
    let controls_v = plan
        .configuration()
        .controls
        .iter()
        .map(|control| {
            let word = ControlWord(best[control.output] as i32);
            plan.scale().output(control.output).control_volts(word)
        })
        .collect();
    Ok(Outcome::of(controls_v, &readings, plan.scale().loss_na2(end.best_loss), targets))
}

/// The mode of a run.
pub(crate) fn run_mode(plan: &Plan) -> u32 {
    mode::PERTURB | mode::STANDALONE | plan.mode_bits()
}

/// Starts of one run at most.
pub(super) fn starts_a_run(experiment: &Experiment) -> u32 {
    experiment.instrument.starts.min(experiment.standalone.starts_per_run)
}

/// Targets of a run, with the labels of `targets`.
pub(super) fn aimed(targets: &Targets, aim: &TargetKeys) -> Targets {
    Targets { high_na: aim.high_na, low_na: aim.low_na, ..targets.clone() }
}

/// Registers of the first run, in addition to those of the plan, before arming.
pub(super) fn first_run(
    task: &Task,
    mut random: ChaCha8Rng,
) -> Result<Vec<(u16, u32)>, TrainError> {
    let Task { experiment, plan, data, .. } = task;
    let targets = &data.train.targets;
    let keys = &experiment.standalone;
    let mut writes = Vec::new();
    if let Some(aim) = keys.targets.first() {
        writes =
            tables(plan, keys, experiment.rms_error_na, aim.rate_v2_per_na2, &aimed(targets, aim))?;
    }
    let starts = starts_a_run(experiment).min(experiment.restarts);
    writes.extend(start_writes(plan, starts, &mut random));
    writes.push((map::MODE, run_mode(plan)));
    Ok(writes)
}

/// A run that holds every output at a current.
pub(crate) struct HoldConfig<'a> {
    /// Where it begins.
    pub controls_v: &'a [f64],
    /// Currents, row by row.
    pub outputs_na: &'a [f64],
    /// Rate of the descent.
    pub rate_v2_per_na2: f64,
    /// Duration.
    pub epochs: u32,
}

/// Registers of the holding phase, written while disarmed.
pub(crate) fn hold_writes(
    plan: &Plan,
    keys: &StandaloneKeys,
    targets: &Targets,
    hold: &HoldConfig<'_>,
) -> Result<Vec<(u16, u32)>, TrainError> {
    let &HoldConfig { controls_v, outputs_na, rate_v2_per_na2, epochs } = hold;
    let mut writes = tables(plan, keys, 0.0, rate_v2_per_na2, targets)?;
    for (row, &output_na) in outputs_na.iter().enumerate() {
        let (case, input) = targets.place(row);
        let target = plan.scale().input(input).adc_code(output_na).0;
        let weight = weight(plan.scale(), targets, row, false);
        let word = CaseTarget { target, weight, side: Side::Both };
        let index = plan.layout().case_target(case as u32, input as u32);
        writes.push((plan.table_address(index), word.to_word()));
    }
    writes.extend([(map::EPOCHS, epochs), (map::LOSS_STOP, 0), (map::STARTS_USED, 1)]);
    writes.push((map::RUN_LIMIT, plan.run_limit_samples(epochs)));
    writes.extend(plan.row_writes(0, controls_v));
    Ok(writes)
}

/// Writes for a run that measures without updates.
pub(crate) fn freeze_writes(plan: &Plan) -> Vec<(u16, u32)> {
    let (slots, inputs) = (plan.configuration().controls.len() as u32, plan.parameters().inputs);
    let words = (0..inputs).flat_map(|input| (0..slots).map(move |slot| (input, slot)));
    words
        .map(|(input, slot)| (plan.table_address(plan.layout().coefficient(input, slot)), 0))
        .collect()
}

/// Everything but the starts.
fn tables(
    plan: &Plan,
    keys: &StandaloneKeys,
    wanted_na: f64,
    rate_v2_per_na2: f64,
    targets: &Targets,
) -> Result<Vec<(u16, u32)>, TrainError> {
    let (scale, layout) = (plan.scale(), plan.layout());
    let coefficients = Coefficients::of(plan, rate_v2_per_na2)?;
    let mut writes = vec![
        (map::EPOCHS, keys.epochs),
        (map::GRADIENT_SHIFT, coefficients.gradient_shift),
        (map::STEP_SHIFT, coefficients.step_shift),
        (map::LOSS_STOP, stop_loss(plan, keys, targets, wanted_na)),
    ];
    writes.extend(plan.continuous_gap());
    // Inputs that are not read count for nothing: their errors have no weight.
    for input in 0..plan.parameters().inputs {
        for (slot, &word) in coefficients.words.iter().enumerate() {
            let index = layout.coefficient(input, slot as u32);
            writes.push((plan.table_address(index), word));
        }
    }
    for case in 0..targets.cases() {
        for input in 0..plan.parameters().inputs as usize {
            let word = if input < targets.outputs {
                let row = targets.row(case, input);
                let own = scale.input(input);
                let side = |high| side(keys.cost, high, own.adc_codes_per_na());
                CaseTarget {
                    target: own.adc_code(targets.target_na(row)).0,
                    weight: weight(scale, targets, row, keys.balance),
                    side: targets.label(row).map_or(Side::Both, side),
                }
            } else {
                CaseTarget { target: 0, weight: 0, side: Side::Both }
            };
            let index = layout.case_target(case as u32, input as u32);
            writes.push((plan.table_address(index), word.to_word()));
        }
    }
    for (k, control) in plan.configuration().controls.iter().enumerate() {
        let (low_v, high_v) = plan.control_range_v(k);
        // Inward, so that the tone stays inside.
        let (low, high) = plan.output_scale(k).codes_within(low_v, high_v);
        let word = u32::from(low as u16) | u32::from(high as u16) << 16;
        let index = layout.control_limits + control.output as u32;
        writes.push((plan.table_address(index), word));
    }
    Ok(writes)
}

fn start_writes(plan: &Plan, starts: u32, random: &mut ChaCha8Rng) -> Vec<(u16, u32)> {
    let mut writes = vec![(map::STARTS_USED, starts)];
    for start in 0..starts {
        writes.extend(plan.row_writes(start, &plan.draw_controls_v(random)));
    }
    writes
}

/// Weight of a row: its own, or such that both labels of its output weigh alike (up to the greatest, just below two).
fn balanced(targets: &Targets, row: usize, balance: bool) -> f64 {
    let label = targets.label(row).filter(|_| balance);
    let share = label.map_or(targets.weight(row), |label| {
        let of_output = targets.column(targets.place(row).1);
        let alike = of_output.filter(|&other| targets.label(other) == Some(label)).count();
        targets.cases() as f64 / (2.0 * alike as f64)
    });
    share.min(f64::from(CaseTarget::MOST_WEIGHT) / f64::from(CaseTarget::UNIT_WEIGHT))
}

/// [`balanced`] as a word. Errors of an input with more codes a nanoampere than that with the least count twice with the quotient: as loss, and as slope and error.
fn weight(scale: &Scale, targets: &Targets, row: usize, balance: bool) -> u16 {
    let own = scale.input(targets.place(row).1).adc_codes_per_na();
    let share = balanced(targets, row, balance) * (scale.least_adc_codes_per_na() / own).powi(2);
    (share * f64::from(CaseTarget::UNIT_WEIGHT)).round() as u16
}

/// The side with an error, in codes: an inverting converter turns a floor into a ceiling.
fn side(cost: Cost, high: bool, codes_per_na: f64) -> Side {
    match cost {
        Cost::Squared => Side::Both,
        Cost::Margin if high == (codes_per_na > 0.0) => Side::Floor,
        Cost::Margin => Side::Ceiling,
    }
}

/// The loss at which the outputs are surely `stop_separation_na` apart. The targets lie a distance T
/// apart; errors of total square L bring one high and one low output nearest when both err by
/// sqrt(L/2), which leaves T - sqrt(2 L). Hence L = (T - separation)^2 / 2, at the least weight. With target currents it is the loss of the wanted weighted RMS error.
fn stop_loss(plan: &Plan, keys: &StandaloneKeys, targets: &Targets, wanted_na: f64) -> u32 {
    let square_na2 = match targets.wanted {
        Wanted::Currents(_) => targets.total_weight() * wanted_na * wanted_na,
        Wanted::Labels(_) | Wanted::Classes(_) => {
            let room_na = (targets.high_na - targets.low_na - keys.stop_separation_na).max(0.0);
            let weights = (0..targets.rows()).map(|row| balanced(targets, row, keys.balance));
            let least = weights.fold(f64::INFINITY, f64::min);
            least * room_na * room_na / 2.0
        }
    };
    let codes2 = square_na2 * plan.scale().least_adc_codes_per_na().powi(2);
    (codes2 / LOSS_UNIT_CODES2).min(f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests;
