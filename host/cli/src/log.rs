//! `hge log`: the last run of a standalone board.

use crate::interrupt;
use crate::lab::{remote, LinkOptions};
use crate::output::{json_line, text};
use clap::Args;
use hge_boards::flow::bundle::experiment_tag;
use hge_core::experiment::{Source, Task};
use hge_core::measure::telemetry::reason;
use hge_core::train::{last_run, LastRun};
use hge_driver::link::LinkSpec;
use hge_driver::{Instrument, Settings, State};
use hge_protocol::registers as map;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// The experiment embedded in the board
    #[arg(value_name = "FILE.toml")]
    what: PathBuf,
    #[command(flatten)]
    link: LinkOptions,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Result of `--json`.
#[derive(Serialize)]
struct Log {
    link: String,
    built_in: bool,
    busy: bool,
    armed: bool,
    interlock_closed: bool,
    fault: Option<String>,
    frames_lost: u32,
    run: Option<Run>,
}

/// The last run.
#[derive(Serialize)]
struct Run {
    ended: &'static str,
    samples: u32,
    duration_s: f64,
    start: u8,
    #[serde(flatten)]
    learned: Option<Learned>,
}

/// The result of the run.
#[derive(Serialize)]
struct Learned {
    solved: bool,
    loss: f64,
    accuracy: f64,
    separation_na: f64,
    separation_error_na: Option<f64>,
    separation_above_na: Option<f64>,
    outputs_na: Vec<f64>,
    electrodes: Vec<usize>,
    controls_v: Vec<f64>,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let link = arguments.link.spec()?;
    if link == LinkSpec::Simulated {
        return Err("an instrument simulated in this process has no earlier run: give --link \
                    serial:PATH, ft245:PATH or tcp:HOST:PORT"
            .into());
    }
    let (experiment, source) = Source::load(&arguments.what).map_err(text)?;
    let settings = Settings { cancel: interrupt::cancel(), ..Settings::default() };
    let pipe = remote(&link, arguments.link.token()?.as_ref())?;
    let mut instrument = Instrument::connect_with(pipe, settings).map_err(text)?;
    let analogue = instrument.analogue().map_err(text)?;
    let task = Task::on(experiment, &source, instrument.parameters(), analogue.as_ref());
    let task = task.map_err(text)?;
    let tag = instrument.read(map::SCRATCH).map_err(text)?;
    let state = instrument.state().map_err(text)?;
    let last = match state.busy {
        true => None,
        false => last_run(&mut instrument, &task).map_err(text)?,
    };
    let State { busy, armed, interlock_closed, fault, frames_lost, .. } = state;
    let log = Log {
        link: link.to_string(),
        built_in: tag == experiment_tag(source.text()),
        busy,
        armed: armed.is_some(),
        interlock_closed,
        fault: fault.map(|causes| causes.to_string()),
        frames_lost,
        run: last.map(|last| run_of(last, &task)),
    };
    if arguments.json {
        json_line(&log)?;
    } else {
        crate::streams::print(&table(&log))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run_of(last: LastRun, task: &Task) -> Run {
    let LastRun { end, outcome } = last;
    let controls = &task.plan.configuration().controls;
    Run {
        ended: reason(end.reason),
        samples: end.sample_clock,
        duration_s: f64::from(end.sample_clock) / task.plan.grid().rate_hz,
        start: end.best_start,
        learned: outcome.map(|outcome| Learned {
            solved: outcome.solved,
            loss: outcome.loss,
            accuracy: outcome.accuracy,
            separation_na: outcome.separation_na,
            separation_error_na: outcome.separation_error_na,
            separation_above_na: outcome.separation_above_na,
            outputs_na: outcome.outputs_na,
            electrodes: controls.iter().map(|control| control.output).collect(),
            controls_v: outcome.controls_v,
        }),
    }
}

fn table(log: &Log) -> String {
    let built_in = if log.built_in {
        "this one is embedded"
    } else {
        "another experiment or none is embedded, or a host has written scratch"
    };
    let armed = if log.armed { "armed" } else { "disarmed" };
    let interlock = if log.interlock_closed { "closed" } else { "open" };
    let fault = log.fault.as_ref().map_or("none".into(), |what| format!("tripped: {what}"));
    let mut text = format!(
        "experiment    {built_in}\nstate         {armed}, interlock {interlock}\nfault         {fault}\n"
    );
    text += &match &log.run {
        None if log.busy => "run           in progress: `hge monitor` shows it\n".into(),
        None => "run           none yet, or overwritten since\n".into(),
        Some(Run { ended, duration_s, .. }) => {
            format!("run           {ended} after {duration_s:.1} s\n")
        }
    };
    let learned = log.run.as_ref().and_then(|run| run.learned.as_ref().map(|what| (run, what)));
    if let Some((run, learned)) = learned {
        text += &format!(
            "outcome       {}, loss {:.4} nA^2, separation {:.2} nA, accuracy {:.2}, from start {}\n",
            if learned.solved { "solved" } else { "not solved" },
            learned.loss,
            learned.separation_na,
            learned.accuracy,
            run.start
        );
        let outputs: Vec<String> =
            learned.outputs_na.iter().map(|output| format!("{output:+.3}")).collect();
        text += &format!("outputs (nA)  {}\n", outputs.join(" "));
        for (electrode, volts) in learned.electrodes.iter().zip(&learned.controls_v) {
            text += &format!("electrode {electrode:<3} {volts:+.4} V\n");
        }
    }
    text
}
