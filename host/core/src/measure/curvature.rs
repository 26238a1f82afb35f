//! Second derivatives of the current, from the products of the tones in the same window.
//!
//! A term H_ij V_i V_j of the current (half of it for i = j), with V_k = A_k sin(w_k t), is
//!
//! ```text
//! i != j   H_ij A_i A_j / 2 (cos (w_i - w_j) t - cos (w_i + w_j) t)
//! i == j   H_ii A_i^2 / 4 (1 - cos 2 w_i t)
//! ```
//!
//! so that the quadrature amplitude of one line, of a sum or a difference that no other product and no tone has, gives the entry. A slot without an output
//! demodulates it: M tones need M slots and M (M + 1) / 2 more; with fewer slots, groups of products are measured one after the other. Terms of third order fall on lines of their own or on the tones; those of fourth order add to
//! the entries with the square of the amplitude.

use super::confidence::Confidence;
use super::gradient::check;
use super::MeasureError;
use crate::plan::{Configuration, NoiseSlot, Plan};
use crate::reading::Reading;
use crate::session::Session;
use hge_sim::device::Device;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Default number of windows of a case.
pub const WINDOWS: u32 = 16;

/// Longest window.
const MOST_WINDOW_SAMPLES: u32 = 1 << 16;

/// Step of the exact curvature's difference, in volts.
const STEP_V: f64 = 1e-4;

/// One entry of the Hessian.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The two electrodes, the same for a diagonal entry.
    pub electrodes: [usize; 2],
    /// Frequency of the product that was demodulated.
    pub line_hz: f64,
    /// Second derivative of the current.
    pub curvature_na_per_v2: f64,
    /// Standard error; `None` for a single window.
    pub error_na_per_v2: Option<f64>,
    /// Ends of the 95 % interval.
    pub interval_na_per_v2: Option<[f64; 2]>,
}

/// The Hessian of one case at one output of the device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseCurvature {
    /// Voltages of the inputs.
    pub inputs_v: Vec<f64>,
    /// Output of the device, from 0.
    pub output: usize,
    /// Mean current over the windows, tones on.
    pub current_na: f64,
    /// ADC or I-V converter was at an end of its range in some window: the entries are not valid.
    pub clipped: bool,
    /// Entries of the upper triangle, row by row.
    pub entries: Vec<Entry>,
}

/// Place of an entry's product.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    /// Controls.
    pair: [usize; 2],
    cycles: u32,
    /// Quadrature amplitude for an entry of 1 and amplitudes of 1.
    share: f64,
}

/// A plan with tones whose products have lines of their own, and slots that demodulate these: that of `plan` if it will do, else with other
/// tones, lowest first from the lowest of `plan`, and the shortest window from that of `plan` on in which there are such.
///
/// # Errors
/// The gateware has too few slots, or there are too many controls for the longest window.
pub fn listening(plan: &Plan) -> Result<Plan, MeasureError> {
    let (configuration, lines) = separate(plan)?;
    demodulating(configuration, &lines, plan)
}

/// Plans with the tones of [`listening`], each with slots for as many products as the gateware has besides the tones: together they demodulate all.
///
/// # Errors
/// The gateware has no slot besides the tones, or there are too many controls for the longest window.
pub fn listening_in_groups(plan: &Plan) -> Result<Vec<Plan>, MeasureError> {
    let (configuration, lines) = separate(plan)?;
    let free = (plan.parameters().slots as usize).saturating_sub(configuration.controls.len());
    let group = |lines: &[Line]| demodulating(configuration.clone(), lines, plan);
    lines.chunks(free.max(1)).map(group).collect()
}

/// The configuration of `plan` with tones whose products have lines of their own, and these lines.
fn separate(plan: &Plan) -> Result<(Configuration, Vec<Line>), MeasureError> {
    let configuration = plan.configuration();
    let cycles: Vec<u32> = configuration.controls.iter().map(|control| control.cycles).collect();
    let mut window_samples = configuration.timing.window_samples;
    let mut tones = lines(&cycles, window_samples).map(|_| cycles.clone());
    while tones.is_none() && window_samples <= MOST_WINDOW_SAMPLES {
        let from = cycles
            .iter()
            .min()
            .map_or(1, |least| least * (window_samples / configuration.timing.window_samples));
        tones = separate_tones(cycles.len(), from, window_samples);
        if tones.is_none() {
            window_samples *= 2;
        }
    }
    let Some(tones) = tones else {
        return Err(MeasureError::Products { controls: cycles.len() });
    };
    let lines = lines(&tones, window_samples).unwrap_or_default();
    let mut configuration = Configuration { cost: None, ..configuration.clone() };
    configuration.timing.window_samples = window_samples;
    for (control, cycles) in configuration.controls.iter_mut().zip(tones) {
        control.cycles = cycles;
    }
    Ok((configuration, lines))
}

/// The plan of `configuration` with a slot for every line.
fn demodulating(
    mut configuration: Configuration,
    lines: &[Line],
    plan: &Plan,
) -> Result<Plan, MeasureError> {
    let slot = |line: &Line| NoiseSlot { cycles: line.cycles, control: line.pair[0] };
    configuration.noise_slots = lines.iter().map(slot).collect();
    Ok(Plan::new(configuration, plan.parameters())?)
}

/// Measures every case's second derivatives at `controls_v`, with `windows` windows of every case by each of `plans`, those of [`listening_in_groups`].
///
/// # Errors
/// Wrong number of controls, one out of its range, no windows; or the instrument fails.
pub fn measure(
    session: &mut Session,
    plans: &[Plan],
    controls_v: &[f64],
    windows: u32,
) -> Result<Vec<CaseCurvature>, MeasureError> {
    if windows == 0 {
        return Err(MeasureError::Nothing { what: "windows" });
    }
    let mut cases: Vec<CaseCurvature> = Vec::new();
    for plan in plans {
        check(plan, controls_v)?;
        session.switch_to(plan)?;
        let mut passes: Vec<Vec<Reading>> = Vec::new();
        for _ in 0..windows {
            passes.push(session.measure(controls_v, true)?);
        }
        if cases.is_empty() {
            let case = |(inputs_v, output): (&[f64], usize)| CaseCurvature {
                inputs_v: inputs_v.to_vec(),
                output,
                current_na: 0.0,
                clipped: false,
                entries: Vec::new(),
            };
            cases = session.rows().map(case).collect();
        }
        let lines = lines_of(plan);
        let share = f64::from(windows) * plans.len() as f64;
        for (row, case) in cases.iter_mut().enumerate() {
            let readings: Vec<&Reading> = passes.iter().map(|pass| &pass[row]).collect();
            let sum_na: f64 = readings.iter().map(|reading| reading.mean_na).sum();
            case.current_na += sum_na / share;
            case.clipped |= readings.iter().any(|reading| reading.clipped);
            let entries = lines.iter().enumerate();
            case.entries.extend(entries.map(|(slot, line)| entry(plan, line, slot, &readings)));
        }
    }
    Ok(cases)
}

/// The Hessian of every reading's current, nA/V²: the upper triangle row by row. The plan must be one that is [`listening`].
pub(crate) fn triangles_na_per_v2(plan: &Plan, readings: &[Reading]) -> Vec<Vec<f64>> {
    let lines = lines_of(plan);
    let triangle = |reading: &Reading| {
        let entries = lines.iter().zip(&reading.empty_na);
        entries.map(|(line, [_, quadrature_na])| quadrature_na / line.scale_v2(plan)).collect()
    };
    readings.iter().map(triangle).collect()
}

/// The line of every slot without an output, of a plan that is [`listening`].
fn lines_of(plan: &Plan) -> Vec<Line> {
    let Configuration { controls, noise_slots, .. } = plan.configuration();
    let cycles: Vec<u32> = controls.iter().map(|control| control.cycles).collect();
    let all = lines(&cycles, plan.grid().window_samples).unwrap_or_default();
    let of_slot = |slot: &NoiseSlot| all.iter().find(|line| line.cycles == slot.cycles).copied();
    noise_slots.iter().filter_map(of_slot).collect()
}

impl Line {
    /// Quadrature amplitude for an entry of 1.
    fn scale_v2(&self, plan: &Plan) -> f64 {
        let [i, j] = self.pair;
        self.share * plan.amplitude_v(i) * plan.amplitude_v(j)
    }
}

fn entry(plan: &Plan, line: &Line, slot: usize, readings: &[&Reading]) -> Entry {
    let scale = line.scale_v2(plan);
    let values: Vec<f64> =
        readings.iter().map(|reading| reading.empty_na[slot][1] / scale).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let known = Confidence::of_spread(&values);
    let controls = &plan.configuration().controls;
    Entry {
        electrodes: line.pair.map(|k| controls[k].output),
        line_hz: plan.grid().frequency_hz(line.cycles),
        curvature_na_per_v2: mean,
        error_na_per_v2: known.map(|known| known.error),
        interval_na_per_v2: known.map(|known| known.interval(mean)),
    }
}

/// A line for every pair of tones, row by row of the upper triangle; `None`: some product shares all of its lines.
fn lines(cycles: &[u32], window_samples: u32) -> Option<Vec<Line>> {
    let mut uses: BTreeMap<u32, u32> = cycles.iter().map(|&cycles| (cycles, 2)).collect();
    let pairs = || (0..cycles.len()).flat_map(|i| (i..cycles.len()).map(move |j| [i, j]));
    for pair in pairs() {
        for line in candidates(cycles, pair) {
            *uses.entry(line.cycles).or_default() += 1;
        }
    }
    let is_alone = |line: &Line| {
        uses[&line.cycles] == 1 && line.cycles > 0 && line.cycles < window_samples / 2
    };
    pairs().map(|pair| candidates(cycles, pair).into_iter().find(is_alone)).collect()
}

/// Products of two tones: sum, and difference if they are not the same.
fn candidates(cycles: &[u32], pair: [usize; 2]) -> Vec<Line> {
    let [i, j] = pair;
    if i == j {
        return vec![Line { pair, cycles: 2 * cycles[i], share: -0.25 }];
    }
    vec![
        Line { pair, cycles: cycles[i] + cycles[j], share: -0.5 },
        Line { pair, cycles: cycles[i].abs_diff(cycles[j]), share: 0.5 },
    ]
}

/// The lowest `count` tones from `from` on whose sums, differences and doubles are different from each other and from the tones; `None`: the
/// window is too short.
fn separate_tones(count: usize, from: u32, window_samples: u32) -> Option<Vec<u32>> {
    let mut tones: Vec<u32> = Vec::new();
    let mut taken = BTreeSet::from([0]);
    // The double of a tone is below half the rate.
    for candidate in from..window_samples / 4 {
        if tones.len() == count {
            break;
        }
        let of_pairs = tones.iter().flat_map(|tone| [candidate + tone, candidate - tone]);
        let new: Vec<u32> = of_pairs.chain([candidate, 2 * candidate]).collect();
        let apart: BTreeSet<u32> = new.iter().copied().collect();
        if apart.len() == new.len() && apart.is_disjoint(&taken) {
            taken.extend(apart);
            tones.push(candidate);
        }
    }
    (tones.len() == count).then_some(tones)
}

/// The device's own second derivatives, as differences of its exact Jacobian: for every case, and in it for every input of the instrument, the upper
/// triangle row by row. `None`: the device does not provide its Jacobian.
pub fn exact(device: &dyn Device, plan: &Plan, controls_v: &[f64]) -> Option<Vec<Vec<f64>>> {
    let moved = |k: usize, step_v: f64| {
        let mut moved_v = controls_v.to_vec();
        moved_v[k] += step_v;
        super::gradient::exact(device, plan, &moved_v)
    };
    let count = controls_v.len();
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for i in 0..count {
        let (above, below) = (moved(i, STEP_V)?, moved(i, -STEP_V)?);
        rows.resize(above.len(), Vec::new());
        for (row, (above, below)) in rows.iter_mut().zip(above.iter().zip(&below)) {
            row.extend((i..count).map(|j| (above[j] - below[j]) / (2.0 * STEP_V)));
        }
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separate_tones_have_a_line_for_every_pair() {
        for (count, from, window_samples) in
            [(1, 1, 16), (5, 8, 512), (9, 30, 2048), (21, 50, 16384)]
        {
            let tones = separate_tones(count, from, window_samples).expect("tones");
            let lines = lines(&tones, window_samples).expect("lines");
            assert_eq!(lines.len(), count * (count + 1) / 2);
            let places: BTreeSet<u32> =
                lines.iter().map(|line| line.cycles).chain(tones.iter().copied()).collect();
            assert_eq!(places.len(), lines.len() + count, "{tones:?}");
        }
    }

    #[test]
    fn tones_whose_products_coincide_have_no_lines() {
        // 10 + 30 is twice 20, and the difference of 30 and 10 is a tone.
        assert_eq!(lines(&[10, 20, 30], 1024), None);
        // 11 + 21 is 14 + 18: their differences, 10 and 4, are alone.
        let found = lines(&[11, 14, 18, 21], 128).expect("lines");
        let of = |pair| found.iter().find(|line| line.pair == pair).map(|l| (l.cycles, l.share));
        assert_eq!((of([0, 3]), of([1, 2])), (Some((10, 0.5)), Some((4, 0.5))));
        assert_eq!((of([0, 1]), of([3, 3])), (Some((25, -0.5)), Some((42, -0.25))));
        // Twice 21 is beyond half of 64.
        assert_eq!(lines(&[11, 21], 64), None);
        assert_eq!(separate_tones(20, 1, 64), None);
    }
}
