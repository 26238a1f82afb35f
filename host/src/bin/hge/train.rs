//! `hge train`: from a gate or a file to a trained device.

use crate::report;
use clap::Args;
use hge_host::engine::EngineKind;
use hge_host::experiment::{Closing, Experiment, Job, Source};
use hge_host::gate::Gate;
use hge_host::train::{train, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Exit code when no solution was found.
const EXIT_UNSOLVED: u8 = 2;

#[derive(Args)]
pub struct Arguments {
    /// Gate (and, or, nand, nor, xor, xnor) or experiment file
    #[arg(value_name = "GATE|FILE.toml")]
    what: String,
    /// Device: builtin, hopping:SEED, onnx:PATH or linear:G0,G1,...
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// What executes the gateware
    #[arg(long)]
    engine: Option<EngineKind>,
    /// Who closes the loop
    #[arg(long = "loop")]
    closing: Option<Closing>,
    /// Fixes random starts and noise
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Random starts at most
    #[arg(long, value_name = "N")]
    restarts: Option<u32>,
    /// Epochs a start at most
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// Bits of the DAC
    #[arg(long, value_name = "N")]
    dac_bits: Option<u32>,
    /// Bits of the ADC
    #[arg(long, value_name = "N")]
    adc_bits: Option<u32>,
    /// Waveforms of every sample
    #[arg(long, value_name = "FILE.vcd|.fst")]
    trace: Option<PathBuf>,
    /// One JSON object on the last line, no progress
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let (experiment, source) = read(&arguments)?;
    let job = Job::new(experiment, &source).map_err(|error| error.to_string())?;
    let heading = report::Heading::of(&job);
    let bar = bar(&arguments, &job);
    let epochs = epochs(&job.experiment);
    let begun = Instant::now();
    let outcome = train(job, arguments.trace.as_deref(), &mut |progress: &Progress| {
        bar.set_length(u64::from(epochs));
        bar.set_position(u64::from(progress.epoch));
        bar.set_message(format!(
            "start {} loss {:.3} separation {:+.2} nA",
            progress.restart, progress.loss, progress.separation_na
        ));
    })
    .map_err(|error| error.to_string())?;
    bar.finish_and_clear();
    let wall_s = begun.elapsed().as_secs_f64();
    crate::print(&if arguments.json {
        format!("{}\n", report::json(&heading, &outcome, wall_s))
    } else {
        report::table(&heading, &outcome, wall_s)
    })?;
    Ok(ExitCode::from(if outcome.solved { 0 } else { EXIT_UNSOLVED }))
}

fn read(arguments: &Arguments) -> Result<(Experiment, Source), String> {
    let what = arguments.what.as_str();
    let path = Path::new(what);
    let (mut experiment, mut source) = if path.extension().is_some() || path.exists() {
        Source::load(path).map_err(|error| error.to_string())?
    } else {
        let gate: Gate =
            what.parse().map_err(|error| format!("{error}, or name a file that ends in .toml"))?;
        (Experiment { gate: Some(gate), ..Experiment::default() }, Source::default())
    };
    let overruled = [
        ("device", arguments.device.is_some()),
        ("engine", arguments.engine.is_some()),
        ("loop", arguments.closing.is_some()),
        ("seed", arguments.seed.is_some()),
        ("restarts", arguments.restarts.is_some()),
        ("host.epochs", arguments.epochs.is_some()),
        ("standalone.epochs", arguments.epochs.is_some()),
        ("instrument.dac_bits", arguments.dac_bits.is_some()),
        ("instrument.adc_bits", arguments.adc_bits.is_some()),
    ];
    for (key, _) in overruled.into_iter().filter(|(_, given)| *given) {
        source.overrule(key);
    }
    if let Some(device) = &arguments.device {
        experiment.device.clone_from(device);
    }
    experiment.engine = arguments.engine.unwrap_or(experiment.engine);
    experiment.closing = arguments.closing.unwrap_or(experiment.closing);
    experiment.seed = arguments.seed.unwrap_or(experiment.seed);
    experiment.restarts = arguments.restarts.unwrap_or(experiment.restarts);
    if let Some(epochs) = arguments.epochs {
        experiment.host.epochs = epochs;
        experiment.standalone.epochs = epochs;
    }
    let instrument = &mut experiment.instrument;
    instrument.dac_bits = arguments.dac_bits.unwrap_or(instrument.dac_bits);
    instrument.adc_bits = arguments.adc_bits.unwrap_or(instrument.adc_bits);
    Ok((experiment, source))
}

fn epochs(experiment: &Experiment) -> u32 {
    match experiment.closing {
        Closing::Host => experiment.host.epochs,
        Closing::Standalone => experiment.standalone.epochs,
    }
}

fn bar(arguments: &Arguments, job: &Job) -> ProgressBar {
    if arguments.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let length = u64::from(epochs(&job.experiment));
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:24} epoch {pos}/{len}  {msg}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
