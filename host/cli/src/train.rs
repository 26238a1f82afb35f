//! `hge train`: trains a device on a gate or an experiment file.

use crate::lab::{LinkOptions, Simulation};
use crate::output::text;
use crate::run_segment::{self, Manner, Opened, RunSpec};
use crate::{amplitudes, calibrate, interrupt};
use clap::{Args, ValueHint};
use hge_core::calibration::Calibration;
use hge_core::experiment::{Experiment, LoopMode, Source};
use hge_core::loss::Loss;
use hge_core::method::Method;
use hge_driver::link::LinkSpec;
use hge_record::{train, Folder};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Gate (and, or, nand, nor, xor, xnor) or experiment file
    #[arg(value_name = "GATE|FILE.toml", value_hint = ValueHint::FilePath)]
    what: String,
    #[command(flatten)]
    link: LinkOptions,
    #[command(flatten)]
    simulation: Simulation,
    /// Where the loop is closed
    #[arg(long = "loop")]
    loop_mode: Option<LoopMode>,
    /// Method of measuring slopes, in the host loop
    #[arg(long)]
    method: Option<Method>,
    /// Loss function, in the host loop
    #[arg(long)]
    loss: Option<Loss>,
    /// Maximum number of random starts
    #[arg(long, value_name = "N")]
    restarts: Option<u32>,
    /// Maximum epochs a start
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// Correct lag, feed-through and relaxation with this result of `hge calibrate -o`, in the host loop
    #[arg(long, value_name = "FILE.json")]
    calibration: Option<PathBuf>,
    /// Folder for the run, new or empty [default: NAME-DATE in `runs`, or in the folder that HGE_RUNS names]
    #[arg(short = 'o', value_name = "DIR", value_hint = ValueHint::DirPath)]
    output: Option<PathBuf>,
    /// Write waveforms of every sample
    #[arg(long, value_name = "FILE.vcd|.fst")]
    trace: Option<PathBuf>,
    /// Draw losses, outputs, controls, slopes, link and guard; status lines without a terminal
    #[arg(long)]
    live: bool,
    /// Open the report in the browser at the end
    #[arg(long)]
    open: bool,
    /// One JSON object on the last line, no progress
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let link = arguments.link.spec()?;
    let (mut experiment, source) = read(&arguments)?;
    let calibration = calibration(&arguments, &mut experiment)?;
    if link != LinkSpec::Simulated {
        arguments.simulation.check_link(&link, true)?;
        if arguments.trace.is_some() {
            return Err(format!(
                "--trace has no effect over {link}, which does not transmit samples: simulate in this process or leave it out"
            ));
        }
    }
    let (trace, cancel) = (arguments.trace.as_deref(), interrupt::cancel());
    let token = arguments.link.token()?;
    if experiment.tones.amplitude.is_some() {
        // On an instrument of its own: the run then begins as one with these amplitudes in its file does.
        let opened = Opened::open(RunSpec {
            experiment: experiment.clone(),
            source: source.clone(),
            calibration: calibration.clone(),
            link: link.clone(),
            token: token.clone(),
            trace: None,
            cancel: cancel.clone(),
        })?;
        // A step follows every window.
        let (amplitudes_v, _) = amplitudes::choose(opened.instrument, &opened.task, 1)?;
        experiment.tones.take(amplitudes_v);
    }
    let opened =
        Opened::open(RunSpec { experiment, source, calibration, link, token, trace, cancel })?;
    let folder = folder(&arguments, &opened)?;
    let manner = Manner { json: arguments.json, live: arguments.live, open: arguments.open };
    opened.work(&folder, manner, |instrument, task, progress| {
        train(instrument, task, &folder, progress)
    })
}

/// The run's folder, new.
fn folder(arguments: &Arguments, opened: &Opened) -> Result<Folder, String> {
    let name = run_segment::name(&arguments.what);
    let path = run_segment::folder(arguments.output.as_deref(), &name)?;
    let (task, provenance) = (&opened.task, opened.provenance(&name));
    Folder::create(&path, &task.experiment, task.calibration.as_ref(), &provenance).map_err(text)
}

/// The calibration of the option; the experiment then waits at least the time of the calibration.
fn calibration(
    arguments: &Arguments,
    experiment: &mut Experiment,
) -> Result<Option<Calibration>, String> {
    let Some(path) = &arguments.calibration else { return Ok(None) };
    if experiment.loop_mode == LoopMode::Standalone {
        return Err("--calibration has no effect where the gateware closes the loop with in-phase responses: leave it out or train with --loop host".into());
    }
    let calibration = calibrate::read(path)?;
    experiment.wait_for(calibration.relaxations());
    Ok(Some(calibration))
}

fn read(arguments: &Arguments) -> Result<(Experiment, Source), String> {
    let (mut experiment, mut source) = arguments.simulation.read(&arguments.what)?;
    let overruled = [
        ("loop", arguments.loop_mode.is_some()),
        ("host.method", arguments.method.is_some()),
        ("host.loss", arguments.loss.is_some()),
        ("restarts", arguments.restarts.is_some()),
        ("host.epochs", arguments.epochs.is_some()),
        ("standalone.epochs", arguments.epochs.is_some()),
    ];
    for (key, _) in overruled.into_iter().filter(|(_, given)| *given) {
        source.overrule(key);
    }
    experiment.loop_mode = arguments.loop_mode.unwrap_or(experiment.loop_mode);
    experiment.host.loss = arguments.loss.or(experiment.host.loss);
    experiment.host.method = arguments.method.unwrap_or(experiment.host.method);
    experiment.restarts = arguments.restarts.unwrap_or(experiment.restarts);
    if let Some(epochs) = arguments.epochs {
        experiment.host.epochs = epochs;
        experiment.standalone.epochs = epochs;
    }
    Ok((experiment, source))
}
