//! From an experiment to a checked task.

use super::bench;
use super::cases;
use super::problem_key::key_of;
use super::rule::{require, Wrong};
use super::values;
use super::{Experiment, ExperimentError, LoopMode, Source};
use crate::calibration::Calibration;
use crate::carrier::Carrier;
use crate::dataset::Dataset;
use crate::measure::curvature;
use crate::method::Method;
use crate::optimiser::Rule;
use crate::plan::Coefficients;
use crate::plan::{
    actual_rate_hz, Configuration, Control, OutputLimits, Plan, PlanError, Protection, Timing,
};
use crate::settling::Unsettled;
use crate::tones::{self, Grid, Order, ToneError, ToneSpec};
use hge_driver::quantity::Context;
use hge_driver::scale::Scale;
use hge_driver::text::number;
use hge_protocol::{Analogue, Parameters};
use hge_sim::bench::Chain;
use hge_sim::device::{self, Device, DeviceError};

/// Maximum samples of one run: half the range of the instrument's 32-bit sample counter.
const MOST_RUN_SAMPLES: f64 = (1_u32 << 31) as f64;

/// A checked task for an instrument with any device.
#[derive(Clone, Debug)]
pub struct Task {
    /// As read.
    pub experiment: Experiment,
    /// Sizes of the gateware.
    pub parameters: Parameters,
    /// Configuration for the instrument.
    pub plan: Plan,
    /// Cases and the requirements on their outputs.
    pub data: Dataset,
    /// Calibration of slopes in the host loop, if there is one.
    pub calibration: Option<Calibration>,
}

impl Task {
    /// Checks an experiment for a connected instrument: its parameters replace those of the file, and its analogue scale, if it
    /// has one, that of a file without.
    ///
    /// # Errors
    /// The first error: one message with the remedy, and its position in
    /// `source`.
    pub fn on(
        mut experiment: Experiment,
        source: &Source,
        parameters: &Parameters,
        analogue: Option<&Analogue>,
    ) -> Result<Self, ExperimentError> {
        experiment.instrument = *parameters;
        experiment.join_scale(source, analogue, parameters)?;
        if experiment.analogue.is_none() {
            return Err(ExperimentError::Scale { place: source.locate("analogue") });
        }
        Task::new(experiment, source)
    }

    /// Checks everything except the device.
    fn new(mut experiment: Experiment, source: &Source) -> Result<Self, ExperimentError> {
        let wrong = |wrong| invalid(source, wrong);
        experiment.analogue.get_or_insert_default();
        values::check(&experiment).map_err(wrong)?;
        let data = cases::dataset(&experiment).map_err(wrong)?;
        let parts = [Some(&data.train), data.validation.as_ref(), data.test.as_ref()];
        for part in parts.into_iter().flatten() {
            values::aims(&experiment, &part.targets).map_err(wrong)?;
        }
        let parameters = experiment.instrument;
        let rate_hz = experiment.timing.rate_hz;
        if parameters.check().is_ok() && actual_rate_hz(rate_hz, &parameters).is_ok() {
            values::band(&experiment).map_err(wrong)?;
        }
        let planned = configuration(&experiment, &parameters, &data)
            .and_then(|configuration| Plan::new(configuration, &parameters));
        let plan = planned.map_err(|problem| {
            let key = key_of(&problem, &experiment);
            ExperimentError::Plan { place: source.locate(&key), key, problem: problem.into() }
        })?;
        let plan = by_second_order(&experiment, plan, &data).map_err(wrong)?;
        check_run(&experiment, &plan).map_err(wrong)?;
        Ok(Task { experiment, parameters, plan, data, calibration: None })
    }
}

/// A task with its simulated device.
pub struct Job {
    /// The task.
    pub task: Task,
    /// The bench around the device.
    pub chain: Chain,
    /// The device.
    pub device: Box<dyn Device>,
}

impl Job {
    /// Checks everything possible before the run.
    ///
    /// # Errors
    /// The first error: one message with the remedy, and its position in
    /// `source`.
    pub fn new(experiment: Experiment, source: &Source) -> Result<Self, ExperimentError> {
        Job::opening(experiment, source, device::open)
    }

    /// [`Job::new`] with this device in place of the experiment's, as [`hge_sim::device::FunctionDevice`].
    ///
    /// # Errors
    /// As [`Job::new`].
    pub fn with_device(
        experiment: Experiment,
        source: &Source,
        device: Box<dyn Device>,
    ) -> Result<Self, ExperimentError> {
        Job::opening(experiment, source, |_| Ok(device))
    }

    fn opening(
        experiment: Experiment,
        source: &Source,
        open: impl FnOnce(&str) -> Result<Box<dyn Device>, DeviceError>,
    ) -> Result<Self, ExperimentError> {
        let task = Task::new(experiment, source)?;
        let experiment = &task.experiment;
        let device = open(&experiment.device).map_err(|problem| {
            let key = match &problem {
                DeviceError::Network { device, .. } => format!("device.{device}"),
                _ => "device".into(),
            };
            let key = if source.span(&key).is_some() { &key } else { "device" };
            ExperimentError::Device { place: source.locate(key), problem }
        })?;
        check_roles(experiment, &task.data, device.as_ref())
            .map_err(|wrong| invalid(source, wrong))?;
        let Parameters { dac_bits, adc_bits, .. } = task.parameters;
        let analogue = task.plan.scale().analogue.clone();
        let chain = Chain { analogue, dac_bits, adc_bits, ..experiment.bench.clone() };
        Ok(Job { task, chain, device })
    }
}

fn invalid(source: &Source, Wrong(key, problem): Wrong) -> ExperimentError {
    ExperimentError::Invalid { place: source.locate(&key), key, problem }
}

/// Timing of an experiment on an instrument, and its scale there; `analogue` is the scale stored in
/// the instrument.
///
/// # Errors
/// An invalid value of the experiment, or a rate that this instrument cannot make.
pub fn context(
    experiment: &Experiment,
    source: &Source,
    parameters: &Parameters,
    analogue: Option<&Analogue>,
) -> Result<Context, ExperimentError> {
    let mut experiment = experiment.clone();
    experiment.instrument = *parameters;
    experiment.join_scale(source, analogue, parameters)?;
    values::check(&experiment).map_err(|wrong| invalid(source, wrong))?;
    let rate_hz = actual_rate_hz(experiment.timing.rate_hz, parameters).map_err(|problem| {
        let key = "timing.rate_hz";
        ExperimentError::Plan {
            place: source.locate(key),
            key: key.into(),
            problem: problem.into(),
        }
    })?;
    let clock_hz = f64::from(parameters.clock_hz);
    let scale = experiment.analogue.map(|analogue| Scale::new(analogue, parameters));
    Ok(Context { clock_hz, period_clocks: (clock_hz / rate_hz).round(), scale })
}

/// The plan of steps of second order, which for Newton's has slots for the products of its tones.
fn by_second_order(experiment: &Experiment, plan: Plan, data: &Dataset) -> Result<Plan, Wrong> {
    let rule = experiment.host.optimiser;
    if experiment.loop_mode == LoopMode::Standalone || !rule.is_of_second_order() {
        return Ok(plan);
    }
    let (key, name) = ("host.optimiser", rule.name());
    require(data.epochs_per_pass() <= 1, key, || {
        format!("the optimiser {name} compares the losses of successive epochs, which must be of the same cases: raise instrument.cases and data.batch to {}, or take another optimiser", data.train.len())
    })?;
    match rule {
        Rule::Newton => {
            curvature::listening(&plan).map_err(|error| Wrong(key.into(), error.to_string()))
        }
        _ => Ok(plan),
    }
}

/// Checks that need the plan: rates that fit the update's registers, runs that end.
fn check_run(experiment: &Experiment, plan: &Plan) -> Result<(), Wrong> {
    let alone = experiment.loop_mode == LoopMode::Standalone;
    if !alone && experiment.timing.continuous {
        continuous_host(experiment)?;
    }
    for (n, run) in experiment.standalone.targets.iter().enumerate().filter(|_| alone) {
        Coefficients::of(plan, run.rate_v2_per_na2).map_err(|error| {
            Wrong(format!("standalone.targets.{n}.rate_v2_per_na2"), error.to_string())
        })?;
    }
    let samples = f64::from(run_epochs(experiment)) * plan.epoch_samples();
    require(samples <= MOST_RUN_SAMPLES, "timing", || {
        format!(
            "one run could take {} samples, more than the instrument's counter holds ({}): run \
             fewer epochs or starts, or shorten the window, settle_s or the ramps",
            number(samples),
            number(MOST_RUN_SAMPLES)
        )
    })
}

/// Continuous mode from the host: one set of slopes a window, from two rows of controls in turn, without a change of the wait.
fn continuous_host(experiment: &Experiment) -> Result<(), Wrong> {
    let method = experiment.host.method;
    let is_one_window = matches!(method, Method::Homodyne | Method::Walsh | Method::Cost);
    require(is_one_window, "host.method", || {
        format!("{} takes several windows or codes of its own for a set of slopes, and those of continuous mode follow each other: take homodyne, walsh or cost, or set timing.continuous to false", method.name())
    })?;
    require(experiment.host.unsettled != Unsettled::Repeat, "host.unsettled", || {
        "a window of continuous mode cannot be measured again with a longer wait: take flag or drop, or set timing.continuous to false".into()
    })?;
    require(experiment.instrument.starts >= 2, "instrument.starts", || {
        "the host writes the controls of continuous mode into two rows of starts in turn: set instrument.starts to 2 or more".into()
    })
}

/// Epochs of the longest run: at most 32 starts of 65535 each.
fn run_epochs(experiment: &Experiment) -> u32 {
    let keys = &experiment.standalone;
    match experiment.loop_mode {
        LoopMode::Host => 1,
        LoopMode::Standalone => experiment.instrument.starts.min(keys.starts_per_run) * keys.epochs,
    }
}

fn check_roles(experiment: &Experiment, data: &Dataset, device: &dyn Device) -> Result<(), Wrong> {
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
    })?;
    let (measured, inputs) = (device.outputs(), experiment.instrument.inputs as usize);
    require(measured <= inputs, "instrument.inputs", || {
        format!(
            "the device {} has {measured} outputs but the instrument {inputs} inputs: set instrument.inputs = {measured}",
            device.name()
        )
    })?;
    let wanted = data.train.targets.outputs;
    let key = if experiment.data.is_some() { "data" } else { "case" };
    require(wanted <= measured, key, || {
        format!("the cases have {wanted} outputs, but the device {} has {measured}: give one value for each of its outputs, or take another device", device.name())
    })?;
    bench::lists(&experiment.bench, electrodes, inputs)
}

fn configuration(
    experiment: &Experiment,
    parameters: &Parameters,
    data: &Dataset,
) -> Result<Configuration, PlanError> {
    parameters.check()?;
    let Experiment { timing, electrodes, tones, guard, .. } = experiment;
    let (compact_records, continuous) = (timing.compact_records, timing.continuous);
    let timing = Timing {
        rate_hz: timing.rate_hz,
        window_samples: timing.window_samples,
        settle_s: timing.settle_s,
        lead_in_s: timing.lead_in_s,
        ramp_v_per_s: timing.ramp_v_per_s,
        gap_samples: timing.gap_samples,
    };
    let (wanted, given) = tones_wanted(experiment, parameters)?;
    let cycles = match given {
        Some(cycles) => cycles,
        // Training needs no empty lines, and the best lines for the tones.
        None => tones::plan(&ToneSpec { empty_lines: 0, ..wanted })?.cycles(),
    };
    let controls: Vec<Control> = cycles
        .into_iter()
        .enumerate()
        .map(|(k, cycles)| Control {
            output: electrodes.controls[k],
            low_v: electrodes.control_low_v[k],
            high_v: electrodes.control_high_v[k],
            cycles,
            amplitude_v: tones.amplitudes_v.as_ref().map_or(tones.amplitude_v, |list| list[k]),
        })
        .collect();
    let limits = (0..parameters.outputs as usize).map(|output| {
        // Without a role: held at zero. With one: what the run needs.
        let mut range = (0.0, 0.0);
        if let Some(position) = electrodes.inputs.iter().position(|&input| input == output) {
            let parts = [Some(&data.train), data.validation.as_ref(), data.test.as_ref()];
            let cases_v = parts.into_iter().flatten().flat_map(|cases| &cases.cases_v);
            for volts in cases_v.filter_map(|volts| volts.get(position)) {
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
        scale: experiment.scale(parameters),
        timing,
        inputs: electrodes.inputs.clone(),
        cases_v: data.batch(1, 1).cases_v,
        controls,
        noise_slots: Vec::new(),
        limits,
        step_v: guard.step_v,
        carrier: Carrier::Sine,
        cost: None,
        shaping: tones.shaping,
        compact_records,
        continuous,
        protection: Protection {
            overcurrent_na: guard.overcurrent_na,
            run_epochs: run_epochs(experiment),
        },
    })
}

impl Experiment {
    /// Requirements of the tones, and the multiples of given tones.
    ///
    /// # Errors
    /// Rate or window are not possible; a tone is off the grid.
    pub fn tones_wanted(&self) -> Result<(ToneSpec, Option<Vec<u32>>), PlanError> {
        let parameters = self.instrument;
        parameters.check()?;
        tones_wanted(self, &parameters)
    }
}

fn tones_wanted(
    experiment: &Experiment,
    parameters: &Parameters,
) -> Result<(ToneSpec, Option<Vec<u32>>), PlanError> {
    let Experiment { timing, electrodes, tones: keys, .. } = experiment;
    let rate_hz = actual_rate_hz(timing.rate_hz, parameters)?;
    crate::plan::window(timing.window_samples)?;
    let grid = Grid { rate_hz, window_samples: timing.window_samples };
    let count = electrodes.controls.len();
    let wanted = ToneSpec {
        grid,
        count,
        band_hz: keys.band_hz,
        empty_lines: tones::empty_lines_in(parameters.slots, count),
        order: Order::BestFirst,
        noise_model: experiment.noise_model(),
    };
    let cycles =
        |&hz: &f64| grid.cycles(hz).map_err(|problem| at_rate(problem, timing.rate_hz, rate_hz));
    let given = keys.frequencies_hz.as_ref();
    let given = given.map(|list| list.iter().map(cycles).collect()).transpose()?;
    Ok((wanted, given))
}

/// A tone off the grid, with the rate of the grid where it differs from the requested one.
fn at_rate(problem: ToneError, asked_hz: f64, actual_hz: f64) -> PlanError {
    let off = matches!(problem, ToneError::OffGrid { .. });
    if off && (actual_hz / asked_hz - 1.0).abs() > 1e-9 {
        PlanError::TonesAtRate { problem, asked_hz, actual_hz }
    } else {
        problem.into()
    }
}
