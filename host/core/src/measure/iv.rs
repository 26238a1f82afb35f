//! Current-voltage curves: sweeps of one electrode or two, and the check of a contact.

use super::probe::{Current, Probe};
use super::MeasureError;
use crate::linear::{dot, inverse};
use hge_driver::scale::Scale;
use serde::Serialize;

/// Minimum points of a sweep for a verdict: a parabola's and two more.
pub const LEAST_POINTS: usize = 5;

/// Maximum points of a sweep: most of a day with the default timing.
const MOST_POINTS: usize = 1_000_000;

/// Points next to zero for the parabola whose slope is the conductance: more would reduce the error
/// of an ohmic contact, and miss the gap of a few tenths of a volt of hopping devices.
const NEAR_POINTS: usize = 3;

/// Standard errors of a significant response: by chance it happens in one of 10 000 sweeps of 100 points.
const RESPONSE_ERRORS: f64 = 5.0;

/// A current at zero volts above this fraction of the full scale is a leak.
const LEAK_SHARE: f64 = 0.05;

/// A contact whose current clips at this fraction of all voltages except zero has a resistance in ohms, not megohms.
const SHORT_SHARE: f64 = 0.8;

/// Range of one electrode in a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Axis {
    /// Electrode.
    pub electrode: usize,
    /// First voltage.
    pub low_v: f64,
    /// Last voltage.
    pub high_v: f64,
    /// Number of voltages, ends included, equally spaced.
    pub points: usize,
    /// Back again over the same voltages afterwards.
    pub back: bool,
}

impl Axis {
    /// The voltages, in the order of the sweep.
    pub fn volts(&self) -> Vec<f64> {
        let last = self.points.saturating_sub(1).max(1) as f64;
        let at = |n: usize| {
            let share = n as f64 / last;
            self.low_v * (1.0 - share) + self.high_v * share
        };
        let back = if self.back { self.points } else { 0 };
        (0..self.points).chain((0..back).rev()).map(at).collect()
    }

    /// At least `least` points, at most `most`; upward or downward.
    fn check(&self, least: usize, most: usize) -> Result<(), MeasureError> {
        let Axis { electrode, low_v, high_v, points, .. } = *self;
        // Comparisons with NaN fail.
        if low_v.is_finite()
            && high_v.is_finite()
            && low_v != high_v
            && (least..=most).contains(&points)
        {
            return Ok(());
        }
        Err(MeasureError::Sweep { electrode, low_v, high_v, points, least })
    }
}

/// Currents of one output in a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// One for each point.
    pub currents: Vec<Current>,
    /// Standard error of every current, from all points.
    pub error_na: f64,
}

impl Sweep {
    /// Largest difference between the currents of the two directions at the same voltage, of one axis that goes back, and its standard error.
    pub fn hysteresis_na(&self) -> (f64, f64) {
        let (up, down) = self.currents.split_at(self.currents.len() / 2);
        let pairs = up.iter().zip(down.iter().rev());
        let largest = pairs.map(|(up, down)| (up.current_na - down.current_na).abs());
        (largest.fold(0.0, f64::max), 2.0_f64.sqrt() * self.error_na)
    }
}

/// Sweeps the axes, the last one fastest; every other electrode at 0 V. A sweep for each output that the probe reads.
///
/// # Errors
/// An axis is empty or occurs twice, its electrode has no role, a voltage lies beyond the limits; or the instrument
/// fails.
pub fn sweep(probe: &mut Probe, axes: &[Axis]) -> Result<Vec<Sweep>, MeasureError> {
    let mut rows_v = vec![vec![0.0; probe.electrodes().len()]];
    for (n, axis) in axes.iter().enumerate() {
        axis.check(2, MOST_POINTS / rows_v.len())?;
        if axes[..n].iter().any(|other| other.electrode == axis.electrode) {
            return Err(MeasureError::Twice { electrode: axis.electrode });
        }
        let position = probe.position(axis.electrode)?;
        let volts = axis.volts();
        rows_v = rows_v
            .iter()
            .flat_map(|row| {
                volts.iter().map(move |&volts| {
                    let mut row = row.clone();
                    row[position] = volts;
                    row
                })
            })
            .collect();
    }
    let (readings, outputs) = (probe.measure(&rows_v)?, probe.inputs());
    let of_output = |output: usize| {
        let currents: Vec<Current> =
            readings.iter().skip(output).step_by(outputs).copied().collect();
        let error_na = error_na(&currents, &probe.plan().scale().input(output));
        Sweep { currents, error_na }
    };
    Ok((0..outputs).map(of_output).collect())
}

/// Standard error of a window's mean, from the differences of the halves; at least that of the ADC's steps.
fn error_na(currents: &[Current], scale: &Scale) -> f64 {
    let squares: f64 = currents.iter().map(|current| (current.halves_na / 2.0).powi(2)).sum();
    let step_na = f64::from(1 << (16 - scale.adc_bits)) / scale.adc_codes_per_na().abs();
    (squares / currents.len().max(1) as f64).sqrt().max(step_na / 12_f64.sqrt())
}

/// Verdict on a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The current follows the voltage.
    Ok,
    /// The current does not depend on this electrode.
    Dead,
    /// The current leaves the range of the chain.
    Clips,
    /// The current clips at nearly every voltage except zero.
    Shorted,
    /// A large current flows with every electrode at zero.
    Leaks,
}

/// Result of the sweep of one electrode, the others at 0 V.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contact {
    /// Electrode.
    pub electrode: usize,
    /// Output of the device.
    pub output: usize,
    /// The sweep's first voltage.
    pub low_v: f64,
    /// The sweep's last voltage.
    pub high_v: f64,
    /// Verdict.
    pub verdict: Verdict,
    /// Slope of the current at 0 V.
    pub conductance_na_per_v: f64,
    /// Standard error of the conductance from noise, without curvature between two points.
    pub conductance_error_na_per_v: f64,
    /// Current at 0 V.
    pub offset_na: f64,
    /// Standard error of the offset.
    pub offset_error_na: f64,
    /// Root mean square deviation from the best straight line, as a fraction of the difference between the greatest
    /// and the least current: 0 is ohmic.
    pub nonlinearity: f64,
    /// Least current.
    pub least_na: f64,
    /// Greatest current.
    pub greatest_na: f64,
    /// Standard error of every current.
    pub error_na: f64,
}

/// Sweeps one electrode and gives a verdict on its contact, by each output that the probe reads.
///
/// # Errors
/// Fewer than [`LEAST_POINTS`] points; else as [`sweep`].
pub fn contact(probe: &mut Probe, axis: &Axis) -> Result<(Vec<Contact>, Vec<Sweep>), MeasureError> {
    axis.check(LEAST_POINTS, MOST_POINTS)?;
    let swept = sweep(probe, std::slice::from_ref(axis))?;
    let judged = swept.iter().enumerate().map(|(output, sweep)| {
        let full_scale_na = probe.plan().scale().input(output).full_scale_na();
        Contact { output, ..judge(axis, sweep, full_scale_na) }
    });
    Ok((judged.collect(), swept))
}

/// Whether a contact is sound by all of its outputs: one or more respond, and no other fault shows.
pub fn is_sound(contacts: &[Contact]) -> bool {
    let all = |verdict: Verdict| matches!(verdict, Verdict::Ok | Verdict::Dead);
    contacts.iter().all(|contact| all(contact.verdict))
        && contacts.iter().any(|contact| contact.verdict == Verdict::Ok)
}

/// The range of an electrode: that of the experiment, and zero.
///
/// # Errors
/// It has no role.
pub fn range_v(probe: &Probe, electrode: usize) -> Result<(f64, f64), MeasureError> {
    probe.position(electrode)?;
    let configuration = probe.plan().configuration();
    let (mut low_v, mut high_v) = (0_f64, 0_f64);
    let mut take = |volts: f64| (low_v, high_v) = (low_v.min(volts), high_v.max(volts));
    if let Some(position) = configuration.inputs.iter().position(|&input| input == electrode) {
        configuration.cases_v.iter().for_each(|volts| take(volts[position]));
    }
    for control in configuration.controls.iter().filter(|control| control.output == electrode) {
        [control.low_v, control.high_v].into_iter().for_each(&mut take);
    }
    Ok((low_v, high_v))
}

/// Verdict on a sweep of [`LEAST_POINTS`] points or more.
fn judge(axis: &Axis, swept: &Sweep, full_scale_na: f64) -> Contact {
    let volts = axis.volts();
    let currents: Vec<f64> = swept.currents.iter().map(|current| current.current_na).collect();
    let mut near: Vec<usize> = (0..volts.len()).collect();
    near.sort_by(|&a, &b| volts[a].abs().total_cmp(&volts[b].abs()));
    near.truncate(NEAR_POINTS);
    let (x, y): (Vec<f64>, Vec<f64>) = near.iter().map(|&n| (volts[n], currents[n])).unzip();
    let parabola = fit(3, &x, &y);
    let line = fit(2, &volts, &currents).values;
    let squares = volts.iter().zip(&currents).map(|(x, y)| (y - line[0] - line[1] * x).powi(2));
    let distance_na = (squares.sum::<f64>() / volts.len() as f64).sqrt();
    let least_na = currents.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest_na = currents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span_na = greatest_na - least_na;
    let error_na = swept.error_na;
    // A difference of two currents is wrong by the root of two of the error of one.
    let away = volts.iter().zip(&swept.currents).filter(|(volts, _)| **volts != 0.0);
    let (clipped, count) = away.fold((0, 0), |(clipped, count), (_, current)| {
        (clipped + usize::from(current.clipped), count + 1)
    });
    let verdict = if clipped as f64 >= SHORT_SHARE * count as f64 {
        Verdict::Shorted
    } else if swept.currents.iter().any(|current| current.clipped) {
        Verdict::Clips
    } else if span_na < RESPONSE_ERRORS * 2_f64.sqrt() * error_na {
        Verdict::Dead
    } else if parabola.values[0].abs() > LEAK_SHARE * full_scale_na {
        Verdict::Leaks
    } else {
        Verdict::Ok
    };
    Contact {
        electrode: axis.electrode,
        output: 0,
        low_v: axis.low_v,
        high_v: axis.high_v,
        verdict,
        conductance_na_per_v: parabola.values[1],
        conductance_error_na_per_v: parabola.spreads[1] * error_na,
        offset_na: parabola.values[0],
        offset_error_na: parabola.spreads[0] * error_na,
        nonlinearity: if span_na > 0.0 { distance_na / span_na } else { 0.0 },
        least_na,
        greatest_na,
        error_na,
    }
}

/// A polynomial by least squares.
struct Fit {
    /// Coefficients, constant first.
    values: Vec<f64>,
    /// Standard error of each, for values with a standard error of one.
    spreads: Vec<f64>,
}

/// Fits a polynomial of `terms` coefficients to at least as many points, at different places.
fn fit(terms: usize, x: &[f64], y: &[f64]) -> Fit {
    let powers = |power: usize| x.iter().map(|x| x.powi(power as i32)).collect::<Vec<f64>>();
    let powers: Vec<Vec<f64>> = (0..terms).map(powers).collect();
    let normal: Vec<Vec<f64>> =
        powers.iter().map(|row| powers.iter().map(|column| dot(row, column)).collect()).collect();
    let right: Vec<f64> = powers.iter().map(|row| dot(row, y)).collect();
    // Points at fewer places than terms tell nothing.
    let inverse =
        inverse(&normal, f64::MIN_POSITIVE).unwrap_or_else(|_| vec![vec![f64::NAN; terms]; terms]);
    Fit {
        values: inverse.iter().map(|row| dot(row, &right)).collect(),
        spreads: (0..terms).map(|term| inverse[term][term].sqrt()).collect(),
    }
}

#[cfg(test)]
mod tests;
