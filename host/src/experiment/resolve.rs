//! From an experiment to a checked job.

use super::{Experiment, ExperimentError, Source};
use crate::gate::Gate;
use crate::loss::Targets;
use crate::plan::{Configuration, Control, OutputLimits, Plan, PlanError, Timing};
use crate::scale::Scale;
use crate::tones::Grid;
use hge_protocol::Parameters;
use hge_sim::bench::Chain;
use hge_sim::device::{self, Device};

/// An experiment that has passed every check, with its device at hand.
pub struct Job {
    /// As read.
    pub experiment: Experiment,
    /// What the gateware is generated for.
    pub parameters: Parameters,
    /// What the instrument will be told.
    pub plan: Plan,
    /// Labels, and target currents of the host's loop.
    pub targets: Targets,
    /// Around the device.
    pub chain: Chain,
    /// What learns.
    pub device: Box<dyn Device>,
}

/// A wrong value: its key and what to change.
struct Wrong(&'static str, String);

fn require(sound: bool, key: &'static str, problem: impl FnOnce() -> String) -> Result<(), Wrong> {
    if sound {
        Ok(())
    } else {
        Err(Wrong(key, problem()))
    }
}

impl Job {
    /// Checks everything that can be checked before anything runs.
    ///
    /// # Errors
    /// The first thing that is wrong: one sentence with what to change, and where it stands in
    /// `source`.
    pub fn new(experiment: Experiment, source: &Source) -> Result<Self, ExperimentError> {
        let wrong =
            |Wrong(key, problem)| ExperimentError::Invalid { place: source.locate(key), problem };
        check_values(&experiment).map_err(wrong)?;
        let (cases_v, high) = cases(&experiment).map_err(wrong)?;
        let parameters = parameters(&experiment);
        let planned = configuration(&experiment, &parameters, cases_v)
            .and_then(|configuration| Plan::new(configuration, &parameters));
        let plan = planned.map_err(|problem| ExperimentError::Plan {
            place: source.locate(&key_of(&problem, &experiment)),
            problem,
        })?;
        let device = device::open(&experiment.device).map_err(|problem| {
            ExperimentError::Device { place: source.locate("device"), problem }
        })?;
        check_roles(&experiment, device.as_ref()).map_err(wrong)?;
        let chain = Chain {
            dac_range_v: experiment.bench.dac_range_v,
            adc_range_v: experiment.bench.adc_range_v,
            adc_bits: parameters.adc_bits,
            iv_gain_v_per_na: experiment.bench.iv_gain_v_per_na,
            iv_clip_v: experiment.bench.iv_clip_v,
            noise_na2_per_hz: experiment.bench.noise_na2_per_hz,
        };
        let Experiment { host, .. } = &experiment;
        let targets = Targets { high, high_na: host.high_na, low_na: host.low_na };
        Ok(Job { experiment, parameters, plan, targets, chain, device })
    }
}

fn check_values(experiment: &Experiment) -> Result<(), Wrong> {
    let Experiment { bench, electrodes, tones, host, standalone, .. } = experiment;
    let count = electrodes.controls.len();
    for (key, epochs) in [("host.epochs", host.epochs), ("standalone.epochs", standalone.epochs)] {
        require((1..=65535).contains(&epochs), key, || {
            format!("{epochs} epochs cannot be run: choose from 1 to 65535")
        })?;
    }
    require(experiment.restarts >= 1, "restarts", || {
        "0 restarts would try no start: choose 1 or more".into()
    })?;
    require(count >= 1, "electrodes.controls", || "no controls to learn: name one or more".into())?;
    let lists = [
        ("electrodes.control_low_v", Some(electrodes.control_low_v.len())),
        ("electrodes.control_high_v", Some(electrodes.control_high_v.len())),
        ("tones.amplitudes_v", tones.amplitudes_v.as_ref().map(Vec::len)),
        ("tones.frequencies_hz", tones.frequencies_hz.as_ref().map(Vec::len)),
    ];
    for (key, length) in lists {
        let length = length.unwrap_or(count);
        require(length == count, key, || {
            format!("{key} has {length} entries for {count} controls: give one for each")
        })?;
    }
    let positive = [
        ("bench.dac_range_v", bench.dac_range_v),
        ("bench.adc_range_v", bench.adc_range_v),
        ("bench.iv_clip_v", bench.iv_clip_v),
        ("host.adam_rate_v", host.adam_rate_v),
        ("host.descent_rate_v2", host.descent_rate_v2),
        ("timing.rate_hz", experiment.timing.rate_hz),
    ];
    let rates = standalone.targets.iter().map(|run| ("standalone.targets", run.rate_v2_per_na2));
    for (key, value) in positive.into_iter().chain(rates) {
        require(value > 0.0 && value.is_finite(), key, || {
            format!("{key} is {value}: choose a finite value above zero")
        })?;
    }
    require(!standalone.targets.is_empty(), "standalone.targets", || {
        "no targets to aim at: give one or more".into()
    })?;
    for run in &standalone.targets {
        let apart_na = run.high_na - run.low_na;
        require(apart_na > standalone.stop_separation_na, "standalone.targets", || {
            format!(
                "targets of {} and {} nA are not further apart than stop_separation_na, {} nA: \
                 move them apart or lower it",
                run.high_na, run.low_na, standalone.stop_separation_na
            )
        })?;
    }
    require(standalone.starts_per_run >= 1, "standalone.starts_per_run", || {
        "0 starts a run would try none: choose 1 or more".into()
    })?;
    let noise = bench.noise_na2_per_hz;
    require(noise >= 0.0 && noise.is_finite(), "bench.noise_na2_per_hz", || {
        format!("a noise density of {noise} nA^2/Hz cannot be: choose zero or more")
    })?;
    let gain = bench.iv_gain_v_per_na;
    require(gain != 0.0 && gain.is_finite(), "bench.iv_gain_v_per_na", || {
        format!("an I-V gain of {gain} V/nA shows nothing: choose another, negative if it inverts")
    })
}

fn check_roles(experiment: &Experiment, device: &dyn Device) -> Result<(), Wrong> {
    let electrodes = device.electrodes();
    let roles = [
        ("electrodes.inputs", &experiment.electrodes.inputs),
        ("electrodes.controls", &experiment.electrodes.controls),
    ];
    for (key, list) in roles {
        for &electrode in list {
            require(electrode < electrodes, key, || {
                format!(
                    "electrode {electrode} is not on the device {}, which has 0 to {}: change {key}",
                    device.name(),
                    electrodes.saturating_sub(1)
                )
            })?;
        }
    }
    let outputs = experiment.instrument.outputs as usize;
    require(electrodes <= outputs, "instrument.outputs", || {
        format!("the device has {electrodes} electrodes but the instrument {outputs} outputs: raise outputs")
    })
}

type Cases = (Vec<Vec<f64>>, Vec<bool>);

fn cases(experiment: &Experiment) -> Result<Cases, Wrong> {
    let electrodes = &experiment.electrodes;
    let inputs = electrodes.inputs.len();
    let cases: Cases = match (experiment.gate, experiment.cases.as_slice()) {
        (Some(gate), []) => {
            require(inputs == 2, "electrodes.inputs", || {
                format!("a gate has two inputs, but electrodes.inputs names {inputs}: name two")
            })?;
            let volts = |bit| if bit { electrodes.input_high_v } else { electrodes.input_low_v };
            Gate::CASES.iter().map(|&(a, b)| (vec![volts(a), volts(b)], gate.output(a, b))).unzip()
        }
        (None, []) => {
            return Err(Wrong(
                "gate",
                "nothing to learn: give gate = \"xor\" or case tables".into(),
            ))
        }
        (Some(_), _) => {
            return Err(Wrong("gate", "gate and case tables are both given: keep one".into()))
        }
        (None, cases) => cases.iter().map(|case| (case.inputs_v.clone(), case.high)).unzip(),
    };
    for (case, volts) in cases.0.iter().enumerate() {
        require(volts.len() == inputs, "case", || {
            format!(
                "case {case} has {} voltages for {inputs} inputs: give one for each",
                volts.len()
            )
        })?;
    }
    let both = cases.1.contains(&true) && cases.1.contains(&false);
    require(both, "case", || "all cases have the same label: add one of the other".into())?;
    Ok(cases)
}

fn parameters(experiment: &Experiment) -> Parameters {
    let keys = &experiment.instrument;
    Parameters {
        outputs: keys.outputs,
        slots: keys.slots,
        cases: keys.cases,
        starts: keys.starts,
        clock_hz: keys.clock_hz,
        dac_bits: keys.dac_bits,
        adc_bits: keys.adc_bits,
    }
}

fn configuration(
    experiment: &Experiment,
    parameters: &Parameters,
    cases_v: Vec<Vec<f64>>,
) -> Result<Configuration, PlanError> {
    parameters.check()?;
    let Experiment { timing, electrodes, tones, bench, guard, .. } = experiment;
    let timing = Timing {
        rate_hz: timing.rate_hz,
        window_samples: timing.window_samples,
        settle_s: timing.settle_s,
        lead_in_s: timing.lead_in_s,
        ramp_v_per_s: timing.ramp_v_per_s,
        gap_samples: timing.gap_samples,
    };
    let rate_hz = crate::plan::actual_rate_hz(timing.rate_hz, parameters)?;
    let window_samples = timing.window_samples;
    crate::plan::window(window_samples)?;
    let grid = Grid { rate_hz, window_samples };
    let multiples = match &tones.frequencies_hz {
        Some(list) => list.iter().map(|&hz| grid.multiple(hz)).collect::<Result<_, _>>()?,
        None => grid.plan(electrodes.controls.len(), tones.band_hz[0], tones.band_hz[1])?,
    };
    let controls: Vec<Control> = multiples
        .into_iter()
        .enumerate()
        .map(|(k, multiple)| Control {
            output: electrodes.controls[k],
            low_v: electrodes.control_low_v[k],
            high_v: electrodes.control_high_v[k],
            multiple,
            amplitude_v: tones.amplitudes_v.as_ref().map_or(tones.amplitude_v, |list| list[k]),
        })
        .collect();
    let limits = (0..parameters.outputs as usize).map(|output| {
        // Without a role: held at zero. With one: what the run needs.
        let mut range = (0.0, 0.0);
        if let Some(position) = electrodes.inputs.iter().position(|&input| input == output) {
            for volts in cases_v.iter().filter_map(|volts| volts.get(position)) {
                range = (volts.min(range.0), volts.max(range.1));
            }
        }
        if let Some(control) = controls.iter().find(|control| control.output == output) {
            range = (control.low_v.min(0.0), control.high_v.max(0.0));
        }
        OutputLimits {
            low_v: guard.low_v.unwrap_or(range.0),
            high_v: guard.high_v.unwrap_or(range.1),
            safe_v: 0.0,
        }
    });
    let limits = limits.collect();
    Ok(Configuration {
        scale: Scale {
            dac_range_v: bench.dac_range_v,
            dac_bits: parameters.dac_bits,
            adc_range_v: bench.adc_range_v,
            adc_bits: parameters.adc_bits,
            iv_gain_v_per_na: bench.iv_gain_v_per_na,
            iv_clip_v: bench.iv_clip_v,
        },
        timing,
        inputs: electrodes.inputs.clone(),
        cases_v,
        controls,
        limits,
        step_v: guard.step_v,
        shaping: tones.shaping,
    })
}

/// The key to point at.
fn key_of(problem: &PlanError, experiment: &Experiment) -> String {
    match problem {
        PlanError::Parameters(error) => format!("instrument.{}", error.name),
        PlanError::Tones(_) if experiment.tones.frequencies_hz.is_some() => {
            "tones.frequencies_hz".into()
        }
        PlanError::Tones(_) => "tones.band_hz".into(),
        PlanError::Rate { .. } => "timing.rate_hz".into(),
        PlanError::Window { .. } => "timing.window_samples".into(),
        PlanError::Time { name, .. } => format!("timing.{name}"),
        PlanError::Cases { .. } => "case".into(),
        PlanError::Slots { .. } | PlanError::Output { .. } => "electrodes.controls".into(),
        PlanError::Beyond { .. } => "electrodes".into(),
        PlanError::Amplitude { .. } if experiment.tones.amplitudes_v.is_some() => {
            "tones.amplitudes_v".into()
        }
        PlanError::Amplitude { .. } => "tones.amplitude_v".into(),
    }
}
