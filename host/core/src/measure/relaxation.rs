//! Settling of the device's current after a step between cases: consecutive short windows without tones.

use super::probe::{Current, Probe};
use super::MeasureError;
use crate::calibration::relaxation::{fit, Point, Relaxation};
use crate::calibration::CalibrationError;
use crate::plan::{Plan, Timing};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Number of random controls at which the largest step is searched.
const PLACES: u32 = 8;

/// Shortest window of a trace, and the longest: 16 windows of it are 13 s at 5 kS/s.
const WINDOWS: (u32, u32) = (16, 4096);

/// A trace is long enough when it has this many time constants.
const LEAST_SPAN: f64 = 4.0;

/// Longest search: known devices relax with 1 to 30 ms.
const LOOKED_AT_S: f64 = 0.25;

/// Steps in both directions that are averaged.
pub const REPEATS: u32 = 8;

/// Requirements of the measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelaxationSpec {
    /// The smallest slope that must be within 2 %.
    pub slope_na_per_v: f64,
    /// Steps in both directions that are averaged.
    pub repeats: u32,
    /// Seed of the random controls.
    pub seed: u64,
}

/// Measures the largest step between cases at random controls, at one input after the other of those that the probe reads. `None`: no relaxation was found there.
///
/// # Errors
/// No steps to average, a slope of zero, currents that clip everywhere; or the instrument fails.
pub fn measure(
    probe: &mut Probe,
    plan: &Plan,
    wanted: RelaxationSpec,
) -> Result<Vec<Option<Relaxation>>, MeasureError> {
    if wanted.repeats == 0 {
        return Err(MeasureError::Nothing { what: "repetitions" });
    }
    (0..probe.inputs()).map(|input| at_input(probe, plan, wanted, input)).collect()
}

fn at_input(
    probe: &mut Probe,
    plan: &Plan,
    wanted: RelaxationSpec,
    input: usize,
) -> Result<Option<Relaxation>, MeasureError> {
    let rate_hz = plan.grid().rate_hz;
    let base = plan.configuration().timing.clone();
    probe.pace(Timing { settle_s: base.settle_s.max(LOOKED_AT_S), ..base.clone() })?;
    let (from_v, to_v, step_na) = largest_step(probe, plan, wanted.seed, input)?;
    // Tones are off: the lead-in is as short as it may be.
    let lead_in_s = f64::from(plan.parameters().loop_latency_samples()) / rate_hz;
    let mut window_samples = WINDOWS.0;
    let fitted = loop {
        probe.pace(Timing { window_samples, settle_s: 0.0, lead_in_s, ..base.clone() })?;
        let points = trace(probe, (&from_v, &to_v), wanted.repeats, input)?;
        let span = points.iter().map(|point| point.begin + point.samples).fold(0.0, f64::max);
        let Some(fitted) = fit(&points) else { return Ok(None) };
        let least_span =
            if fitted.seen { LEAST_SPAN * fitted.samples } else { LOOKED_AT_S * rate_hz };
        if span >= least_span || window_samples >= WINDOWS.1 {
            break fitted;
        }
        window_samples *= 2;
    };
    probe.pace(base)?;
    let found = Relaxation::of(plan, &fitted, step_na, wanted.slope_na_per_v);
    Ok(fitted.seen.then_some(found))
}

/// Voltages before and after the largest step between consecutive cases, and the step.
fn largest_step(
    probe: &mut Probe,
    plan: &Plan,
    seed: u64,
    input: usize,
) -> Result<(Vec<f64>, Vec<f64>, f64), MeasureError> {
    let configuration = plan.configuration();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut largest: Option<(Vec<f64>, Vec<f64>, f64)> = None;
    for _ in 0..PLACES {
        let controls_v = plan.draw_controls_v(&mut random);
        let mut rows_v = Vec::new();
        for inputs_v in &configuration.cases_v {
            let mut row_v = vec![0.0; probe.electrodes().len()];
            for (&input, &volts) in configuration.inputs.iter().zip(inputs_v) {
                row_v[probe.position(input)?] = volts;
            }
            for (control, &volts) in configuration.controls.iter().zip(&controls_v) {
                row_v[probe.position(control.output)?] = volts;
            }
            rows_v.push(row_v);
        }
        let currents = currents(probe, &rows_v, input)?;
        for (n, current) in currents.iter().enumerate() {
            let before = (n + currents.len() - 1) % currents.len();
            let step_na = current.current_na - currents[before].current_na;
            let larger = largest.as_ref().is_none_or(|(_, _, most)| step_na.abs() > most.abs());
            if larger && !current.clipped && !currents[before].clipped {
                largest = Some((rows_v[before].clone(), rows_v[n].clone(), step_na));
            }
        }
    }
    let clipped = CalibrationError::Clipped { clipped: PLACES, points: PLACES };
    largest.ok_or_else(|| clipped.of_output(input, probe.inputs()).into())
}

/// Currents of one input.
fn currents(
    probe: &mut Probe,
    rows_v: &[Vec<f64>],
    input: usize,
) -> Result<Vec<Current>, MeasureError> {
    let inputs = probe.inputs();
    Ok(probe.measure(rows_v)?.into_iter().skip(input).step_by(inputs).collect())
}

/// Half-windows after steps from one case to another (0) and back (1), mean of the repetitions.
fn trace(
    probe: &mut Probe,
    (from_v, to_v): (&[f64], &[f64]),
    repeats: u32,
    input: usize,
) -> Result<Vec<Point>, MeasureError> {
    let rows = probe.plan().parameters().cases as usize;
    let half = f64::from(probe.window_samples() / 2);
    let mut points: Vec<Point> = Vec::new();
    // The first way there begins anywhere.
    probe.measure(&vec![from_v.to_vec(); rows])?;
    for repeat in 0..repeats {
        for (step, row_v) in [to_v, from_v].into_iter().enumerate() {
            let currents = currents(probe, &vec![row_v.to_vec(); rows], input)?;
            let first = currents.first().map_or(0, |current| current.sample);
            for (n, current) in currents.iter().enumerate() {
                let begin = f64::from(current.sample.wrapping_sub(first));
                // Means of the first half and of the second.
                for (part, sign) in [(0, 0.5), (1, -0.5)] {
                    let current_na = current.current_na + sign * current.halves_na;
                    let begin = begin + f64::from(part) * half;
                    let place = (step * rows + n) * 2 + part as usize;
                    match points.get_mut(place) {
                        Some(point) => {
                            point.current_na +=
                                (current_na - point.current_na) / f64::from(repeat + 1);
                        }
                        None => points.push(Point { step, begin, samples: half, current_na }),
                    }
                }
            }
        }
    }
    Ok(points)
}
