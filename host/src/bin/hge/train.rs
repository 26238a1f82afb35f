//! `hge train`: from a gate or a file to a trained device.

use crate::{interrupt, report};
use clap::Args;
use hge_host::driver::{Cancel, Instrument, Settings};
use hge_host::engine::EngineKind;
use hge_host::experiment::{Closing, Experiment, Job, Source, Task};
use hge_host::gate::Gate;
use hge_host::link::{self, LinkSpec};
use hge_host::train::{train, train_on, Options, Progress};
use hge_sim::engine::EngineError;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt::Display;
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
    /// Where the instrument is: sim, tcp:HOST:PORT or serial:PATH[@BAUD]
    #[arg(long, value_name = "LINK", default_value = "sim")]
    link: String,
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
    let link: LinkSpec = arguments.link.parse().map_err(text)?;
    let (experiment, source) = read(&arguments)?;
    let cancel = interrupt::cancel()?;
    let begun = Instant::now();
    let (heading, outcome) = if link == LinkSpec::Simulated {
        let job = Job::new(experiment, &source).map_err(text)?;
        let heading = report::Heading::of(&job.task, None);
        let bar = Bar::new(&arguments, &job.task.experiment);
        let options = Options { trace: arguments.trace.as_deref(), cancel };
        (heading, train(job, &options, &mut |progress| bar.show(progress)).map_err(text)?)
    } else {
        elsewhere(&arguments, &link)?;
        let instrument = connect(&link, cancel)?;
        let task = Task::on(experiment, &source, instrument.parameters()).map_err(text)?;
        let heading = report::Heading::of(&task, Some(&link));
        let bar = Bar::new(&arguments, &task.experiment);
        (heading, train_on(instrument, task, &mut |progress| bar.show(progress)).map_err(text)?)
    };
    let wall_s = begun.elapsed().as_secs_f64();
    crate::print(&if arguments.json {
        format!("{}\n", report::json(&heading, &outcome, wall_s))
    } else {
        report::table(&heading, &outcome, wall_s)
    })?;
    Ok(ExitCode::from(if outcome.solved { 0 } else { EXIT_UNSOLVED }))
}

fn text(error: impl Display) -> String {
    error.to_string()
}

/// Refuses what only the side of a simulated instrument can do.
fn elsewhere(arguments: &Arguments, link: &LinkSpec) -> Result<(), String> {
    let given = [
        ("--device", arguments.device.is_some()),
        ("--engine", arguments.engine.is_some()),
        ("--dac-bits", arguments.dac_bits.is_some()),
        ("--adc-bits", arguments.adc_bits.is_some()),
        ("--trace", arguments.trace.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(format!(
            "{option} is of no use over {link}: what is there decides it, give {option} to `hge serve` or leave it out"
        )),
        None => Ok(()),
    }
}

fn connect(link: &LinkSpec, cancel: Cancel) -> Result<Instrument, String> {
    let nothing = || Err(EngineError::Tool("there is nothing to simulate".into()));
    let link = link::open(link, nothing).map_err(text)?;
    let settings = Settings { cancel, ..Settings::default() };
    Instrument::connect_with(link, settings).map_err(text)
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

/// Progress, where somebody watches.
struct Bar {
    bar: ProgressBar,
    epochs: u64,
}

impl Bar {
    fn new(arguments: &Arguments, experiment: &Experiment) -> Self {
        let epochs = u64::from(epochs(experiment));
        if arguments.json || !std::io::stderr().is_terminal() {
            return Bar { bar: ProgressBar::hidden(), epochs };
        }
        let bar = ProgressBar::with_draw_target(Some(epochs), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:24} epoch {pos}/{len}  {msg}");
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Bar { bar, epochs }
    }

    fn show(&self, progress: &Progress) {
        self.bar.set_length(self.epochs);
        self.bar.set_position(u64::from(progress.epoch));
        self.bar.set_message(format!(
            "start {} loss {:.3} separation {:+.2} nA",
            progress.restart, progress.loss, progress.separation_na
        ));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
