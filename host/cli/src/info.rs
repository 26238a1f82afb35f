//! `hge info`: identity and current state of the instrument.

use crate::lab::LabOptions;
use crate::output::{json_line, text};
use clap::{Args, ValueHint};
use hge_boards::flow::bundle::{self, Manifest};
use hge_driver::scale::Scale;
use hge_driver::text::number;
use hge_driver::{ArmMode, State};
use hge_protocol::registers as map;
use hge_protocol::{Analogue, Parameters, PerOutput};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    lab: LabOptions,
    /// Compare the instrument with this bundle of `hge gateware build`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    bundle: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Result of `--json`.
#[derive(Serialize)]
struct Info {
    link: String,
    map_hash: String,
    build_hash: String,
    program_hash: String,
    simulated: bool,
    parameters: Parameters,
    rate_hz: f64,
    /// The scale stored in the instrument.
    analogue: Option<Analogue>,
    busy: bool,
    armed: Option<&'static str>,
    ramping_to_safe: bool,
    interlock_closed: bool,
    capturing: bool,
    fault: Option<String>,
    time_samples: u32,
    frames: u32,
    frames_lost: u32,
    damaged_requests: u32,
    damaged_frames: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<Compared>,
}

/// The instrument compared with a bundle.
#[derive(Serialize)]
struct Compared {
    board: String,
    same: bool,
    differences: Vec<String>,
}

/// The register maps are equal: connecting and verifying have checked them.
fn compared(
    manifest: Manifest,
    build_hash: &str,
    parameters: &Parameters,
    scratch: u32,
) -> Compared {
    let mut differences = Vec::new();
    if manifest.build_hash != build_hash {
        let theirs = manifest.build_hash;
        differences.push(format!("build {build_hash}, of the bundle {theirs}"));
    }
    if manifest.parameters != *parameters {
        differences
            .push(format!("parameters {parameters:?}, of the bundle {:?}", manifest.parameters));
    }
    if let Some(built_in) = manifest.experiment.filter(|built_in| built_in.tag() != scratch) {
        differences.push(format!(
            "scratch holds {scratch:08x} instead of the experiment tag {:08x}: another experiment is embedded, or a host has written scratch",
            built_in.tag()
        ));
    }
    Compared { board: manifest.board, same: differences.is_empty(), differences }
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let manifest = arguments.bundle.as_deref().map(bundle::verify).transpose().map_err(text)?;
    let lab = arguments.lab.open()?;
    let context = lab.present()?;
    let state = lab.instrument.state().map_err(text)?;
    let build = lab.instrument.build_hash();
    let scratch = lab.instrument.read(map::SCRATCH).map_err(text)?;
    let info = Info {
        link: lab.link.to_string(),
        // Connecting has compared it with this program's.
        map_hash: format!("{:08x}", map::map_hash()),
        build_hash: format!("{build:08x}"),
        program_hash: format!("{:08x}", crate::build_facts::commit()),
        simulated: build == 0,
        parameters: *lab.instrument.parameters(),
        rate_hz: context.clock_hz / context.period_clocks,
        analogue: lab.analogue.clone(),
        busy: state.busy,
        armed: state.armed.map(|mode| match mode {
            ArmMode::Host => "host",
            ArmMode::Standalone => "standalone",
        }),
        ramping_to_safe: state.ramping_to_safe,
        interlock_closed: state.interlock_closed,
        capturing: state.capturing,
        fault: state.fault.map(|causes| causes.to_string()),
        time_samples: state.time_samples,
        frames: state.frames,
        frames_lost: state.frames_lost,
        damaged_requests: state.link_faults,
        damaged_frames: lab.instrument.damaged_frames(),
        bundle: manifest.map(|manifest| {
            compared(manifest, &format!("{build:08x}"), lab.instrument.parameters(), scratch)
        }),
    };
    if arguments.json {
        json_line(&info)?;
    } else {
        crate::streams::print(&table(&info, &state))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(info: &Info, state: &State) -> String {
    let Parameters {
        outputs,
        slots,
        cases,
        starts,
        clock_hz,
        dac_bits,
        adc_bits,
        telemetry_words,
        converter_latency_samples,
        carriers,
        update,
        ..
    } = info.parameters;
    let update = update.name();
    let carriers = if carriers.has_codes() { "sines and codes" } else { "sines" };
    let most_hz = f64::from(clock_hz) / f64::from(info.parameters.least_sample_period_clocks());
    let build = match &info.build_hash {
        _ if info.simulated => "simulation".into(),
        hash if *hash == info.program_hash => format!("{hash} as this program"),
        hash => format!("{hash}, this program {}", info.program_hash),
    };
    let armed = match info.armed {
        None => "disarmed".into(),
        Some(mode) => format!("armed ({mode})"),
    };
    let activity = [
        (state.busy, "a run is in progress"),
        (state.ramping_to_safe, "ramping to the safe values"),
        (state.capturing, "capturing"),
    ];
    let mut now: Vec<&str> =
        activity.into_iter().filter(|(active, _)| *active).map(|(_, what)| what).collect();
    if now.is_empty() {
        now.push("idle");
    }
    let beside = info.bundle.as_ref().map_or(String::new(), |bundle| {
        let verdict = if bundle.same { "the same".into() } else { bundle.differences.join("; ") };
        format!("bundle        {}: {verdict}\n", bundle.board)
    });
    let interlock = if state.interlock_closed { "closed" } else { "open" };
    let fault = info.fault.as_ref().map_or("none".into(), |what| format!("tripped: {what}"));
    format!(
        "instrument    {}, register map {} as in this program, build {build}\n\
         gateware      {outputs} outputs, {slots} slots, {cases} cases, {starts} starts, \
         {carriers}, update by {update}, {telemetry_words} words of telemetry\n\
         converters    DAC {dac_bits} bits, ADC {adc_bits} bits, {converter_latency_samples} samples of latency, \
         at most {} samples a second\n\
         scale         {}\n\
         clock         {} Hz, {} samples a second now, {} samples since power-up\n\
         state         {}, {armed}, interlock {interlock}\n\
         fault         {fault}\n\
         telemetry     {} frames made, {} lost in the instrument, {} damaged on the line; {} damaged requests\n\
         {beside}",
        info.link,
        info.map_hash,
        number(most_hz.floor()),
        scale(info.analogue.as_ref(), &info.parameters),
        clock_hz,
        number(info.rate_hz),
        info.time_samples,
        now.join(", "),
        info.frames,
        info.frames_lost,
        info.damaged_frames,
        info.damaged_requests,
    )
}

/// The analogue scale in a line.
fn scale(analogue: Option<&Analogue>, parameters: &Parameters) -> String {
    let Some(analogue) = analogue else {
        return "none: `hge set analogue --experiment FILE.toml --link LINK` sets that of a section \
                [analogue]"
            .into();
    };
    let each = |values: &PerOutput| match values {
        PerOutput::All(value) => number(*value),
        PerOutput::Each(values) => {
            values.iter().map(|&value| number(value)).collect::<Vec<String>>().join(" ")
        }
    };
    let Analogue { dac_range_v, dac_offset_v, adc_range_v, iv_clip_v, .. } = analogue;
    let of_inputs = |is_list: bool, value: &dyn Fn(usize) -> f64| {
        let count = if is_list { parameters.inputs as usize } else { 1 };
        (0..count).map(|input| number(value(input))).collect::<Vec<String>>().join(" ")
    };
    let full_scale_na = Scale::new(analogue.clone(), parameters).full_scale_na();
    format!(
        "outputs +-{} V about {} V; ADC +-{} V, shifted by {} V; I-V converter {} V/nA, clips at +-{} V; \
         full scale +-{} nA",
        each(dac_range_v),
        each(dac_offset_v),
        number(*adc_range_v),
        of_inputs(analogue.level_shifts_v.is_some(), &|input| analogue.shift_v(input)),
        of_inputs(analogue.iv_gains_v_per_na.is_some(), &|input| analogue.gain_v_per_na(input)),
        number(*iv_clip_v),
        number(full_scale_na),
    )
}
