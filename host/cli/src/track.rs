//! `hge track`: trains a device, then tracks it while it drifts.

use crate::bar::Bar;
use crate::interrupt;
use crate::lab::{LinkOptions, Simulation};
use crate::output::{json_line, text};
use crate::run_segment::{self, Opened, RunSpec};
use crate::streams::print;
use clap::{Args, ValueHint};
use hge_core::experiment::{Experiment, LoopMode, Source};
use hge_core::track::{track, Moment, Track, TrackSpec, FOLLOWED};
use hge_core::train::Progress;
use hge_driver::link::LinkSpec;
use hge_driver::text::number;
use hge_record::{follow, Folder, Provenance};
use hge_sim::device::label;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit code when tracking failed.
const EXIT_LOST: u8 = 2;

/// Default drift in simulation: all electrodes by 0.3 V up and down in four minutes, and a step of 0.2 V.
const SWAY_V: f64 = 0.3;
const SWAY_S: f64 = 240.0;
const JOLT_V: f64 = 0.2;
const JOLT_S: f64 = 100.0;

#[derive(Args)]
pub struct Arguments {
    /// Gate or experiment file
    #[arg(value_name = "GATE|FILE.toml", value_hint = ValueHint::FilePath, default_value = "xor")]
    what: String,
    #[command(flatten)]
    link: LinkOptions,
    #[command(flatten)]
    simulation: Simulation,
    /// Where the loop is closed
    #[arg(long = "loop")]
    loop_mode: Option<LoopMode>,
    /// Number of epochs after the training
    #[arg(long, value_name = "N", default_value_t = 600)]
    epochs: u32,
    /// Amplitude of the simulated drift of the electrode voltages, instead of the experiment's
    #[arg(long, value_name = "V")]
    drift: Option<f64>,
    /// Period of the electrode drift
    #[arg(long, value_name = "S")]
    period: Option<f64>,
    /// Folder for the run, new or empty [default: track-NAME-DATE in `runs`, or in the folder that HGE_RUNS names]
    #[arg(short = 'o', value_name = "DIR", value_hint = ValueHint::DirPath)]
    output: Option<PathBuf>,
    /// One JSON object on the last line, no progress
    #[arg(long)]
    json: bool,
}

/// Result of `--json`.
#[derive(Serialize)]
struct Report {
    link: String,
    device: String,
    #[serde(rename = "loop")]
    loop_mode: &'static str,
    seed: u64,
    trained: bool,
    epochs: u32,
    epoch_s: f64,
    /// Null over a link, where the drift is unknown.
    drift_v: Option<f64>,
    pace_v_per_s: Option<f64>,
    /// The bound of Adam's steps; null for other optimisers and the standalone loop.
    bound_v_per_s: Option<f64>,
    followed: bool,
    wanted_separation_na: f64,
    right_share: f64,
    least_separation_na: f64,
    /// Null over a link: a device cannot be measured twice at the same time.
    frozen_right_share: Option<f64>,
    frozen_least_separation_na: Option<f64>,
    tracking: Vec<Moment>,
    frozen: Option<Vec<Moment>>,
    /// Folder of the record of the tracked device.
    run: String,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    if arguments.epochs == 0 {
        return Err("0 epochs track nothing: choose 1 or more".into());
    }
    let link = arguments.link.spec()?;
    arguments.simulation.check_link(&link, true)?;
    let (mut experiment, mut source) = arguments.simulation.read(&arguments.what)?;
    if arguments.loop_mode.is_some() {
        source.overrule("loop");
    }
    experiment.loop_mode = arguments.loop_mode.unwrap_or(experiment.loop_mode);
    let simulated = link == LinkSpec::Simulated;
    if simulated {
        drift(&arguments, &mut experiment, &mut source);
    } else if arguments.drift.is_some() || arguments.period.is_some() {
        return Err(format!("--drift and --period apply to a device simulated in this process, not to one at {link}: leave them out"));
    }
    let cancel = interrupt::cancel();
    let bar = Bar::new(arguments.json, u64::from(arguments.epochs));
    let name = format!("track-{}", run_segment::name(&arguments.what));
    let path = run_segment::folder(arguments.output.as_deref(), &name)?;
    let once = |frozen| {
        let wanted = TrackSpec { epochs: arguments.epochs, frozen };
        let opened = Opened::open(RunSpec {
            experiment: experiment.clone(),
            source: source.clone(),
            calibration: None,
            link: link.clone(),
            token: arguments.link.token()?,
            trace: None,
            cancel: cancel.clone(),
        })?;
        let progress = &mut |progress: &Progress| bar.show(progress);
        if frozen {
            let (_, track) =
                track(opened.instrument, opened.task, wanted, progress).map_err(text)?;
            return Ok(track);
        }
        let provenance = Provenance { followed: true, ..opened.provenance(&name) };
        let Opened { instrument, task, .. } = opened;
        let folder = Folder::create(&path, &task.experiment, None, &provenance).map_err(text)?;
        follow(instrument, task, &folder, wanted, progress).map_err(text)
    };
    let tracking = once(false)?;
    let frozen = if simulated { Some(once(true)?) } else { None };
    drop(bar);
    let run = path.display().to_string();
    let report = report(&link, &experiment, simulated, tracking, frozen, run);
    if arguments.json {
        json_line(&report)?;
    } else {
        print(&table(&report))?;
    }
    Ok(ExitCode::from(if report.followed { 0 } else { EXIT_LOST }))
}

/// The drift of a simulation.
fn drift(arguments: &Arguments, experiment: &mut Experiment, source: &mut Source) {
    let bench = &mut experiment.bench;
    let still = bench.drift_v == 0.0 && bench.electrode_drifts_v.is_none() && bench.step_v == 0.0;
    if still {
        (bench.drift_v, bench.drift_period_s) = (SWAY_V, SWAY_S);
        (bench.step_v, bench.step_at_s) = (JOLT_V, JOLT_S);
        bench.step_electrode = experiment.electrodes.controls.first().copied().unwrap_or(0);
    }
    if let Some(volts) = arguments.drift {
        source.overrule("bench.drift_v");
        (bench.drift_v, bench.electrode_drifts_v) = (volts, None);
    }
    if let Some(seconds) = arguments.period {
        source.overrule("bench.drift_period_s");
        bench.drift_period_s = seconds;
    }
}

fn report(
    link: &LinkSpec,
    experiment: &Experiment,
    simulated: bool,
    tracking: Track,
    frozen: Option<Track>,
    run: String,
) -> Report {
    let bench = &experiment.bench;
    let most_v = bench
        .electrode_drifts_v
        .iter()
        .flatten()
        .fold(bench.drift_v.abs(), |most, v| most.max(v.abs()));
    let epoch_s = tracking.epoch_s();
    let right_share = tracking.right_share();
    Report {
        link: link.to_string(),
        device: if simulated { label(&experiment.device) } else { link.to_string() },
        loop_mode: experiment.loop_mode.name(),
        seed: experiment.seed,
        trained: tracking.trained.solved,
        epochs: tracking.moments.len() as u32,
        epoch_s,
        drift_v: simulated.then_some(most_v),
        pace_v_per_s: simulated.then_some(4.0 * most_v / bench.drift_period_s),
        bound_v_per_s: hge_core::track::bound_v_per_s(experiment, epoch_s),
        followed: tracking.trained.solved && right_share >= FOLLOWED,
        wanted_separation_na: tracking.wanted_separation_na,
        right_share,
        least_separation_na: least(&tracking.moments),
        frozen_right_share: frozen.as_ref().map(Track::right_share),
        frozen_least_separation_na: frozen.as_ref().map(|frozen| least(&frozen.moments)),
        tracking: tracking.moments,
        frozen: frozen.map(|frozen| frozen.moments),
        run,
    }
}

fn least(moments: &[Moment]) -> f64 {
    moments.iter().map(|moment| moment.separation_na).fold(f64::INFINITY, f64::min)
}

fn table(report: &Report) -> String {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let volts = |value: Option<f64>| value.map_or("?".into(), number);
    let mut text = format!(
        "{} on {}, {} loop: {} epochs of {:.3} s after the training\n",
        if report.followed { "followed" } else { "lost" },
        report.device,
        report.loop_mode,
        report.epochs,
        report.epoch_s
    );
    if report.drift_v.is_some() {
        text += &format!(
            "every voltage drifts by {} V at {} V/s",
            volts(report.drift_v),
            volts(report.pace_v_per_s)
        );
        text += &match report.bound_v_per_s {
            Some(bound) => format!("; a control can track up to {bound:.4} V/s\n"),
            None => "\n".into(),
        };
    }
    if !report.trained {
        text += "the training found no solution: tracking has little meaning\n";
    }
    text += &format!(
        "\nepochs are right at {} nA and more\n          epochs right  least separation (nA)\n",
        number(report.wanted_separation_na)
    );
    text += &format!(
        "tracking  {:>12}  {:>21.2}\n",
        percent(report.right_share),
        report.least_separation_na
    );
    if let (Some(share), Some(separation)) =
        (report.frozen_right_share, report.frozen_least_separation_na)
    {
        text += &format!("frozen    {:>12}  {separation:>21.2}\n", percent(share));
    }
    text += &format!("\nfull record in {}\n", report.run);
    text
}
