//! One set of derivatives: every case's slopes at given controls, with standard errors from repeated windows.

use super::{mean_and_error, MeasureError};
use crate::plan::Plan;
use crate::session::{Reading, Session};
use hge_sim::device::Device;
use serde::Serialize;

/// Windows from which a standard error is worth its name: with fewer it is itself known to 50 % at best.
pub const WINDOWS: u32 = 8;

/// One derivative.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slope {
    /// Electrode with whose voltage the current was derived.
    pub electrode: usize,
    /// Frequency of its tone.
    pub tone_hz: f64,
    /// Amplitude of its tone, as it leaves the DAC.
    pub amplitude_v: f64,
    /// Mean over the windows.
    pub slope_na_per_v: f64,
    /// Standard error of this mean; `None` of a single window.
    pub error_na_per_v: Option<f64>,
}

/// What one case showed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseSlopes {
    /// Voltages of the inputs.
    pub inputs_v: Vec<f64>,
    /// Mean current over the windows, tones on.
    pub current_na: f64,
    /// Standard error of this mean; `None` of a single window.
    pub current_error_na: Option<f64>,
    /// ADC or I-V converter was at an end of its range in some window: the slopes are lost.
    pub clipped: bool,
    /// One for each control.
    pub slopes: Vec<Slope>,
}

/// The middle of what every control can be set to.
pub fn middle_v(plan: &Plan) -> Vec<f64> {
    let controls = 0..plan.configuration().controls.len();
    controls
        .map(|k| {
            let (low_v, high_v) = plan.control_range_v(k);
            (low_v + high_v) / 2.0
        })
        .collect()
}

/// Measures `windows` windows of every case at `controls_v`.
///
/// # Errors
/// Too few or too many controls, one that is out of its range, no windows; or the instrument fails.
pub fn measure(
    session: &mut Session,
    controls_v: &[f64],
    windows: u32,
) -> Result<Vec<CaseSlopes>, MeasureError> {
    check(session.plan(), controls_v)?;
    if windows == 0 {
        return Err(MeasureError::Nothing { what: "windows" });
    }
    let passes = (0..windows)
        .map(|_| session.measure(controls_v, true))
        .collect::<Result<Vec<Vec<Reading>>, _>>()?;
    let plan = session.plan();
    let cases = plan.configuration().cases_v.iter().enumerate();
    Ok(cases
        .map(|(case, inputs_v)| {
            let readings: Vec<&Reading> = passes.iter().map(|pass| &pass[case]).collect();
            summary(plan, inputs_v, &readings)
        })
        .collect())
}

fn summary(plan: &Plan, inputs_v: &[f64], readings: &[&Reading]) -> CaseSlopes {
    let of = |value: &dyn Fn(&Reading) -> f64| {
        mean_and_error(&readings.iter().map(|reading| value(reading)).collect::<Vec<f64>>())
    };
    let (current_na, current_error_na) = of(&|reading| reading.mean_na);
    let controls = plan.configuration().controls.iter().zip(plan.tones_hz()).enumerate();
    let slopes = controls.map(|(k, (control, tone_hz))| {
        let (slope_na_per_v, error_na_per_v) = of(&|reading| reading.slopes_na_per_v[k]);
        let (electrode, amplitude_v) = (control.output, plan.amplitude_v(k));
        Slope { electrode, tone_hz, amplitude_v, slope_na_per_v, error_na_per_v }
    });
    CaseSlopes {
        inputs_v: inputs_v.to_vec(),
        current_na,
        current_error_na,
        clipped: readings.iter().any(|reading| reading.clipped),
        slopes: slopes.collect(),
    }
}

fn check(plan: &Plan, controls_v: &[f64]) -> Result<(), MeasureError> {
    let controls = &plan.configuration().controls;
    if controls_v.len() != controls.len() {
        let electrodes = controls.iter().map(|control| control.output).collect();
        return Err(MeasureError::Voltages { found: controls_v.len(), electrodes });
    }
    for (k, (control, &volts)) in controls.iter().zip(controls_v).enumerate() {
        let (low_v, high_v) = plan.control_range_v(k);
        // A voltage that is an end but for the last bits of its decimals is inside.
        let slack_v = plan.scale().dac_step_v() / 2.0;
        if !(low_v - slack_v..=high_v + slack_v).contains(&volts) {
            let electrode = control.output;
            return Err(MeasureError::Beyond { electrode, volts, low_v, high_v });
        }
    }
    Ok(())
}

/// What a device says of itself: the slope of every case with every control, without tones. `None`: it cannot tell.
pub fn exact(device: &dyn Device, plan: &Plan, controls_v: &[f64]) -> Option<Vec<Vec<f64>>> {
    let configuration = plan.configuration();
    let mut volts = vec![0.0; device.electrodes()];
    for (electrode, limits) in configuration.limits.iter().enumerate().take(volts.len()) {
        volts[electrode] = limits.safe_v;
    }
    for (control, &controlled) in configuration.controls.iter().zip(controls_v) {
        *volts.get_mut(control.output)? = controlled;
    }
    let cases = configuration.cases_v.iter();
    cases
        .map(|inputs_v| {
            for (&input, &given) in configuration.inputs.iter().zip(inputs_v) {
                *volts.get_mut(input)? = given;
            }
            let slopes = device.gradient_na_per_v(&volts)?;
            Some(configuration.controls.iter().map(|control| slopes[control.output]).collect())
        })
        .collect()
}
