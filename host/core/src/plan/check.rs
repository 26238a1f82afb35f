//! Checks of a plan before it is written.

use crate::carrier::MOST_CODES;
use crate::plan::{Configuration, Plan, PlanError};
use hge_protocol::table::CHIPS;

/// Checks a plan before its registers are computed.
pub(crate) fn check(plan: &Plan) -> Result<(), PlanError> {
    window(plan.configuration().timing.window_samples)?;
    times(plan)?;
    roles(plan)?;
    tones(plan)?;
    voltages(plan)
}

pub(crate) fn window(window_samples: u32) -> Result<(), PlanError> {
    if !window_samples.is_power_of_two() || !(16..=65536).contains(&window_samples) {
        return Err(PlanError::Window { window_samples });
    }
    Ok(())
}

fn times(plan: &Plan) -> Result<(), PlanError> {
    let timing = &plan.configuration().timing;
    let rate_hz = plan.grid().rate_hz;
    let within = |name, value: f64, lowest: f64, highest: f64| {
        if (lowest..=highest).contains(&value) {
            Ok(())
        } else {
            Err(PlanError::Time { name, value, lowest, highest })
        }
    };
    within("ramp_v_per_s", timing.ramp_v_per_s, 0.01, 0.5 * rate_hz)?;
    within("gap_samples", f64::from(timing.gap_samples), 1.0, 65535.0)?;
    // Tones start at phase zero, at once; their answer arrives some samples later.
    let latency_s = f64::from(plan.parameters().loop_latency_samples()) / rate_hz;
    within("lead_in_s", timing.lead_in_s, latency_s, 10.0)?;
    within("settle_s", timing.settle_s, 0.0, 100.0)
}

fn roles(plan: &Plan) -> Result<(), PlanError> {
    let (configuration, parameters) = (plan.configuration(), plan.parameters());
    let rows = parameters.cases;
    let asked = configuration.cases_v.len();
    if asked > rows as usize {
        return Err(PlanError::Cases { asked, rows });
    }
    let inputs = &configuration.inputs;
    if let Some(volts) = configuration.cases_v.iter().find(|volts| volts.len() != inputs.len()) {
        return Err(PlanError::Voltages { found: volts.len(), electrodes: inputs.clone() });
    }
    let update = parameters.update.name();
    if configuration.continuous && (asked != 1 || !parameters.update.is_hardware()) {
        return Err(PlanError::Continuous { cases: asked, update });
    }
    let asked = plan.slots_wanted();
    if asked > parameters.slots as usize {
        return Err(PlanError::Slots { asked, slots: parameters.slots });
    }
    let used: Vec<usize> = configuration
        .inputs
        .iter()
        .copied()
        .chain(configuration.controls.iter().map(|control| control.output))
        .collect();
    for &output in &used {
        let times = used.iter().filter(|&&other| other == output).count();
        if output >= parameters.outputs as usize {
            return Err(PlanError::Missing { output, last: parameters.outputs - 1 });
        }
        if times > 1 {
            return Err(PlanError::Output { output, times });
        }
    }
    Ok(())
}

fn tones(plan: &Plan) -> Result<(), PlanError> {
    let Configuration { carrier, controls, cost, .. } = plan.configuration();
    if (carrier.is_code() || cost.is_some()) && !plan.parameters().carriers.has_codes() {
        return Err(PlanError::Sines);
    }
    if let Some(cost) = cost {
        let (targets, cases) = (cost.targets.len(), plan.configuration().cases_v.len());
        if targets != cases || cost.shift > 31 {
            return Err(PlanError::Cost { targets, cases, shift: cost.shift });
        }
    }
    if carrier.is_code() {
        return codes(plan);
    }
    let cycles: Vec<u32> = controls.iter().map(|control| control.cycles).collect();
    Ok(plan.grid().check(&cycles)?)
}

/// At most as many controls as codes, and chips of equal length.
fn codes(plan: &Plan) -> Result<(), PlanError> {
    let controls = &plan.configuration().controls;
    let window_samples = plan.grid().window_samples;
    if controls.len() > MOST_CODES {
        return Err(PlanError::Codes { asked: controls.len(), most: MOST_CODES });
    }
    for control in controls {
        let cycles = control.cycles;
        // A window is a power of two; what both share shortens what is visited of it.
        let shared = 1_u32 << cycles.trailing_zeros().min(window_samples.trailing_zeros());
        if cycles == 0 || cycles >= window_samples || window_samples / shared < CHIPS as u32 {
            return Err(PlanError::Chips { cycles, window_samples });
        }
    }
    Ok(())
}

fn voltages(plan: &Plan) -> Result<(), PlanError> {
    let configuration = plan.configuration();
    let (scale, limits) = (plan.scale(), &configuration.limits);
    for (output, limit) in limits.iter().enumerate() {
        let dac = scale.output(output).ends_v();
        for volts in [limit.low_v, limit.high_v] {
            inside(output, volts, dac, 0.0, "the DAC's")?;
        }
        inside(output, limit.safe_v, (limit.low_v, limit.high_v), 0.0, "the guard's")?;
    }
    // The guard's codes are rounded outward, the inputs' to the nearest.
    let slack_v = |output: usize| scale.output(output).step_v();
    for volts in &configuration.cases_v {
        for (&output, &volts) in configuration.inputs.iter().zip(volts) {
            let limit = limits[output];
            inside(output, volts, (limit.low_v, limit.high_v), slack_v(output), "the guard's")?;
        }
    }
    for (k, control) in configuration.controls.iter().enumerate() {
        let limit = limits[control.output];
        for volts in [control.low_v, control.high_v] {
            let guard = (limit.low_v, limit.high_v);
            inside(control.output, volts, guard, slack_v(control.output), "the guard's")?;
        }
        let beyond = |why: String| PlanError::Amplitude {
            output: control.output,
            amplitude_v: control.amplitude_v,
            why,
        };
        let least_v = least_amplitude_v(configuration, control.output);
        if control.amplitude_v.is_nan() || control.amplitude_v < least_v {
            let with_shaping = if configuration.shaping { "" } else { ", or switch shaping on" };
            return Err(beyond(format!("choose at least {least_v:.6} V{with_shaping}")));
        }
        let (low_v, high_v) = plan.control_range_v(k);
        if low_v >= high_v {
            return Err(beyond(format!(
                "it does not fit into the range of {} to {} V, choose less than {:.4} V",
                control.low_v,
                control.high_v,
                (control.high_v - control.low_v) / 2.0 - scale.output(control.output).step_v()
            )));
        }
        if let Some(step_v) = configuration.step_v {
            let needed_v = plan.needed_step_v();
            if needed_v > step_v {
                let (mover, lower) = if configuration.continuous {
                    (
                        "ramp with the steepest tone on it",
                        "ramp_v_per_s, its amplitude or frequency",
                    )
                } else if plan.ramp_is_steepest() {
                    ("ramp", "ramp_v_per_s")
                } else {
                    ("steepest tone", "its amplitude or frequency")
                };
                return Err(PlanError::Step { mover, lower, needed_v, step_v });
            }
        }
    }
    Ok(())
}

/// A step of the DAC; with noise shaping a quarter of one, below which first-order shaping of 12 bits is off by percents at usual windows, or
/// one code.
fn least_amplitude_v(configuration: &Configuration, output: usize) -> f64 {
    let output = configuration.scale.output(output);
    if configuration.shaping {
        (output.step_v() / 4.0).max(1.0 / output.codes_per_v())
    } else {
        output.step_v()
    }
}

fn inside(
    output: usize,
    volts: f64,
    (low_v, high_v): (f64, f64),
    slack_v: f64,
    whose: &'static str,
) -> Result<(), PlanError> {
    if (low_v - slack_v..=high_v + slack_v).contains(&volts) {
        Ok(())
    } else {
        Err(PlanError::Beyond { output, volts, whose, low_v, high_v })
    }
}
