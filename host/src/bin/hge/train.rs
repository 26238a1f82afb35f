//! `hge train`: from a gate or a file to a trained device.

use crate::bar::Bar;
use crate::lab::{remote, LinkOptions, Simulation};
use crate::live::{Ending, Leaving, Setting, Show};
use crate::output::text;
use crate::{calibrate, interrupt, report};
use clap::{Args, ValueHint};
use hge_host::calibration::Calibration;
use hge_host::driver::{Cancel, Health, Instrument, Settings};
use hge_host::experiment::{Closing, Experiment, Job, Source, Task};
use hge_host::link::LinkSpec;
use hge_host::loss::Loss;
use hge_host::method::Method;
use hge_host::train::{train, train_on, Options, Outcome, Progress};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Exit code when no solution was found.
const EXIT_UNSOLVED: u8 = 2;

#[derive(Args)]
pub struct Arguments {
    /// Gate (and, or, nand, nor, xor, xnor) or experiment file
    #[arg(value_name = "GATE|FILE.toml", value_hint = ValueHint::FilePath)]
    what: String,
    #[command(flatten)]
    link: LinkOptions,
    #[command(flatten)]
    simulation: Simulation,
    /// Who closes the loop
    #[arg(long = "loop")]
    closing: Option<Closing>,
    /// How slopes are measured, in the loop through the host
    #[arg(long)]
    method: Option<Method>,
    /// What is minimised, in the loop through the host
    #[arg(long)]
    loss: Option<Loss>,
    /// Random starts at most
    #[arg(long, value_name = "N")]
    restarts: Option<u32>,
    /// Epochs a start at most
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// Undo lag, feed-through and relaxation that `hge calibrate -o` has measured, in the loop through the host
    #[arg(long, value_name = "FILE.json")]
    calibration: Option<PathBuf>,
    /// Waveforms of every sample
    #[arg(long, value_name = "FILE.vcd|.fst")]
    trace: Option<PathBuf>,
    /// Show losses, outputs, controls, slopes, link and guard as they come; lines where there is no terminal
    #[arg(long)]
    live: bool,
    /// One JSON object on the last line, no progress
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let link = arguments.link.spec()?;
    let (mut experiment, source) = read(&arguments)?;
    let calibration = calibration(&arguments, &mut experiment)?;
    let cancel = interrupt::cancel()?;
    let begun = Instant::now();
    let (heading, outcome) = if link == LinkSpec::Simulated {
        let mut job = Job::new(experiment, &source).map_err(text)?;
        job.task.calibrate(calibration).map_err(text)?;
        let heading = report::Heading::of(&job.task, None);
        let watch = Watch::of(&job.task, &arguments, &cancel);
        let health = watch.health.clone();
        let options = Options { trace: arguments.trace.as_deref(), cancel, health };
        (heading, watch.over(move |progress| train(job, &options, progress).map_err(text))?)
    } else {
        arguments.simulation.check_link(&link, true)?;
        if arguments.trace.is_some() {
            return Err(format!(
                "--trace is of no use over {link}: samples do not come over it; simulate here or leave it out"
            ));
        }
        let health = Health::default();
        let settings =
            Settings { cancel: cancel.clone(), health: health.clone(), ..Settings::default() };
        let instrument = Instrument::connect_with(remote(&link)?, settings).map_err(text)?;
        let mut task = Task::on(experiment, &source, instrument.parameters()).map_err(text)?;
        task.calibrate(calibration).map_err(text)?;
        let heading = report::Heading::of(&task, Some(&link));
        let watch = Watch { health, ..Watch::of(&task, &arguments, &cancel) };
        (heading, watch.over(move |progress| train_on(instrument, task, progress).map_err(text))?)
    };
    let wall_s = begun.elapsed().as_secs_f64();
    crate::print(&if arguments.json {
        format!("{}\n", report::json(&heading, &outcome, wall_s))
    } else {
        report::table(&heading, &outcome, wall_s)
    })?;
    Ok(ExitCode::from(if outcome.solved { 0 } else { EXIT_UNSOLVED }))
}

/// The calibration that is asked for; the experiment then waits as long as it says.
fn calibration(
    arguments: &Arguments,
    experiment: &mut Experiment,
) -> Result<Option<Calibration>, String> {
    let Some(path) = &arguments.calibration else { return Ok(None) };
    if experiment.closing == Closing::Standalone {
        return Err("--calibration is of no use where the gateware closes the loop: it reads answers in phase; leave it out or train with --loop host".into());
    }
    let calibration = calibrate::read(path)?;
    if let Some(relaxation) = &calibration.relaxation {
        experiment.wait_for(relaxation);
    }
    Ok(Some(calibration))
}

fn read(arguments: &Arguments) -> Result<(Experiment, Source), String> {
    let (mut experiment, mut source) = arguments.simulation.read(&arguments.what)?;
    let overruled = [
        ("loop", arguments.closing.is_some()),
        ("host.method", arguments.method.is_some()),
        ("host.loss", arguments.loss.is_some()),
        ("restarts", arguments.restarts.is_some()),
        ("host.epochs", arguments.epochs.is_some()),
        ("standalone.epochs", arguments.epochs.is_some()),
    ];
    for (key, _) in overruled.into_iter().filter(|(_, given)| *given) {
        source.overrule(key);
    }
    experiment.closing = arguments.closing.unwrap_or(experiment.closing);
    experiment.host.loss = arguments.loss.unwrap_or(experiment.host.loss);
    experiment.host.method = arguments.method.unwrap_or(experiment.host.method);
    experiment.restarts = arguments.restarts.unwrap_or(experiment.restarts);
    if let Some(epochs) = arguments.epochs {
        experiment.host.epochs = epochs;
        experiment.standalone.epochs = epochs;
    }
    Ok((experiment, source))
}

/// How a training is watched.
struct Watch {
    /// Of the driver that trains.
    health: Health,
    cancel: Cancel,
    /// `None`: a bar.
    live: Option<Setting>,
    epochs: u32,
    json: bool,
}

impl Watch {
    fn of(task: &Task, arguments: &Arguments, cancel: &Cancel) -> Self {
        let place = match &arguments.link.spec() {
            Ok(link) if *link != LinkSpec::Simulated => link.to_string(),
            _ => task.experiment.device.clone(),
        };
        Watch {
            health: Health::default(),
            cancel: cancel.clone(),
            live: arguments.live.then(|| Setting::of(task, "train", &place)),
            epochs: epochs(&task.experiment),
            json: arguments.json,
        }
    }

    /// Trains, and shows how it goes.
    fn over(
        self,
        train: impl FnOnce(&mut dyn FnMut(&Progress)) -> Result<Outcome, String> + Send,
    ) -> Result<Outcome, String> {
        let Some(setting) = self.live else {
            let bar = Bar::new(self.json, u64::from(self.epochs));
            return train(&mut |progress| bar.show(progress));
        };
        let leaving = if self.json { Leaving::AtOnce } else { Leaving::Asked };
        Show::new(setting, self.cancel, self.health, leaving).watch(
            |teller| train(&mut |progress| teller.epoch(progress)),
            |outcome| Ending::Done {
                text: if outcome.solved { "solved" } else { "not solved" }.into(),
                good: outcome.solved,
            },
        )
    }
}

fn epochs(experiment: &Experiment) -> u32 {
    match experiment.closing {
        Closing::Host => experiment.host.epochs,
        Closing::Standalone => experiment.standalone.epochs,
    }
}
