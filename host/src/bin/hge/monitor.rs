//! `hge monitor`: telemetry as it comes.

use crate::interrupt;
use crate::lab::{remote, ExperimentOption, LinkOptions, Simulation};
use crate::output::{json_line, text};
use clap::Args;
use hge_host::driver::{
    Connected, DriverError, Heard, Instrument, Settings, Subscription, Watcher,
};
use hge_host::experiment::{context, Experiment, Source};
use hge_host::link::LinkSpec;
use hge_host::measure::telemetry::{Line, Meaning};
use hge_host::quantity::Context;
use hge_protocol::registers as map;
use hge_protocol::Parameters;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

/// Frames that may wait to be printed: 16 epochs of a full table.
const WAITING_FRAMES: usize = 4096;

/// Longest wait between two looks at the interrupt.
const WAIT: Duration = Duration::from_secs(1);

#[derive(Args)]
pub struct Arguments {
    /// Never take control: whoever comes later can
    #[arg(long)]
    watch: bool,
    /// End after so many lines
    #[arg(long, value_name = "N")]
    lines: Option<u64>,
    #[command(flatten)]
    link: LinkOptions,
    #[command(flatten)]
    experiment: ExperimentOption,
    #[command(flatten)]
    simulation: Simulation,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// Who listens.
enum Listener {
    Controls(Box<Instrument>),
    Watches(Box<Watcher>),
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let link = arguments.link.spec()?;
    if link == LinkSpec::Simulated {
        return Err("an instrument simulated in this process has nobody else to listen to: name \
                    --link tcp:HOST:PORT or serial:PATH"
            .into());
    }
    arguments.simulation.check_link(&link, false)?;
    let (experiment, source) = arguments.simulation.read(&arguments.experiment.what)?;
    let cancel = interrupt::cancel()?;
    let settings = Settings { cancel: cancel.clone(), ..Settings::default() };
    let pipe = remote(&link)?;
    let listener = if arguments.watch {
        Listener::Watches(Box::new(Watcher::listen(pipe, settings).map_err(text)?))
    } else {
        match Watcher::connect(pipe, settings).map_err(text)? {
            Connected::Controls(instrument) => Listener::Controls(instrument),
            Connected::Watches(watcher) => {
                let _ = writeln!(io::stderr(), "watching: {}", watcher.sentence());
                Listener::Watches(watcher)
            }
        }
    };
    let (meaning, mut telemetry) = match &listener {
        Listener::Controls(instrument) => {
            (present(instrument, &experiment, &source)?, instrument.subscribe(WAITING_FRAMES))
        }
        Listener::Watches(watcher) => {
            (supposed(&experiment, &source)?, watcher.subscribe(WAITING_FRAMES))
        }
    };
    match print(&mut telemetry, &meaning, &arguments) {
        // To interrupt it is how it ends.
        Err(DriverError::Cancelled) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(text(error)),
        Ok(Err(error)) => Err(error),
        Ok(Ok(())) => Ok(ExitCode::SUCCESS),
    }
}

/// What codes mean on an instrument that can be asked.
fn present(
    instrument: &Instrument,
    experiment: &Experiment,
    source: &Source,
) -> Result<Meaning, String> {
    let planned = context(experiment, source, instrument.parameters()).map_err(text)?;
    let read = |address| instrument.read(address).map_err(text);
    let period_clocks = f64::from(read(map::SAMPLE_PERIOD)?.max(1));
    let window_samples = 1 << read(map::WINDOW_LOG2)?.clamp(4, 16);
    Ok(Meaning { context: Context { period_clocks, ..planned }, window_samples })
}

/// What they mean on one that cannot, if it is run by this experiment.
fn supposed(experiment: &Experiment, source: &Source) -> Result<Meaning, String> {
    let parameters = Parameters::from(&experiment.instrument);
    let context = context(experiment, source, &parameters).map_err(text)?;
    Ok(Meaning { context, window_samples: experiment.timing.window_samples })
}

/// Prints until the link ends, an interrupt comes or enough was said; the inner error is that of printing.
fn print(
    telemetry: &mut Subscription,
    meaning: &Meaning,
    arguments: &Arguments,
) -> Result<Result<(), String>, DriverError> {
    let mut left = arguments.lines.unwrap_or(u64::MAX);
    while left > 0 {
        let line = match telemetry.recv_timeout(WAIT)? {
            None => continue,
            Some(Heard::Gap { lost }) => Line::Gap { lost },
            Some(Heard::Frame { number, record }) => meaning.line(number, &record),
        };
        left -= 1;
        let printed = match arguments.json {
            true => json_line(&line),
            false => crate::print(&format!("{line}\n")),
        };
        if printed.is_err() {
            return Ok(printed);
        }
    }
    Ok(Ok(()))
}
