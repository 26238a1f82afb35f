//! Keys of an experiment for problems of its plan.

use super::Experiment;
use crate::plan::PlanError;

/// The key of an output's voltage.
fn key_of_voltage(output: usize, volts: f64, experiment: &Experiment) -> String {
    let Experiment { electrodes, guard, cases, .. } = experiment;
    for (key, limit) in [("guard.low_v", guard.low_v), ("guard.high_v", guard.high_v)] {
        if limit == Some(volts) {
            return key.into();
        }
    }
    if let Some(position) = electrodes.inputs.iter().position(|&input| input == output) {
        let case = cases.iter().position(|case| case.inputs_v.get(position) == Some(&volts));
        return match case {
            Some(case) => format!("case.{case}.inputs_v.{position}"),
            None if volts == electrodes.input_low_v => "electrodes.input_low_v".into(),
            None => "electrodes.input_high_v".into(),
        };
    }
    let control = electrodes.controls.iter().position(|&control| control == output);
    let control = control.unwrap_or_default();
    match electrodes.control_low_v.get(control) {
        Some(&low_v) if low_v == volts => format!("electrodes.control_low_v.{control}"),
        _ => format!("electrodes.control_high_v.{control}"),
    }
}

/// The key of the problem.
pub(super) fn key_of(problem: &PlanError, experiment: &Experiment) -> String {
    match problem {
        PlanError::Sines => "instrument.carriers".into(),
        PlanError::Continuous { .. } => "timing.continuous".into(),
        PlanError::Chips { .. } => "timing.window_samples".into(),
        PlanError::Cost { .. } => "case".into(),
        PlanError::Parameters(error) => format!("instrument.{}", error.name()),
        PlanError::Tones(_) if experiment.tones.frequencies_hz.is_some() => {
            "tones.frequencies_hz".into()
        }
        PlanError::TonesAtRate { .. } => "tones.frequencies_hz".into(),
        PlanError::Tones(_) => "tones.band_hz".into(),
        PlanError::Rate { .. } => "timing.rate_hz".into(),
        PlanError::Window { .. } => "timing.window_samples".into(),
        PlanError::Time { name, .. } => format!("timing.{name}"),
        PlanError::Cases { .. } | PlanError::Voltages { .. } => "case".into(),
        PlanError::Missing { output, .. } if experiment.electrodes.inputs.contains(output) => {
            "electrodes.inputs".into()
        }
        PlanError::Missing { .. } => "electrodes.controls".into(),
        PlanError::Step { .. } => "guard.step_v".into(),
        PlanError::Overcurrent(_) => "guard.overcurrent_na".into(),
        PlanError::Slots { .. } | PlanError::Codes { .. } | PlanError::Output { .. } => {
            "electrodes.controls".into()
        }
        PlanError::Beyond { output, volts, .. } => key_of_voltage(*output, *volts, experiment),
        PlanError::Amplitude { .. } if experiment.tones.amplitudes_v.is_some() => {
            "tones.amplitudes_v".into()
        }
        PlanError::Amplitude { .. } => "tones.amplitude_v".into(),
    }
}
