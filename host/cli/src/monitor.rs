//! `hge monitor`: telemetry as it arrives.

use crate::interrupt;
use crate::lab::{known, remote, LabOptions};
use crate::live::{Command, Ending, Event, EventSender, Guard, Leaving, RemoteRun, Setting, Show};
use crate::output::{json_line, text};
use crate::streams::{self, note};
use clap::Args;
use hge_core::experiment::{context, Experiment, Source, Task};
use hge_core::measure::telemetry::{Line, Meaning};
use hge_driver::link::LinkSpec;
use hge_driver::{
    Connected, DriverError, Health, Instrument, Settings, State, Subscription, TelemetryItem,
    Watcher,
};
use hge_protocol::registers as map;
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Size of the queue of frames: 16 epochs of a full table.
const WAITING_FRAMES: usize = 4096;

/// Longest interval between two checks of the interrupt.
const WAIT: Duration = Duration::from_secs(1);

/// Longest interval between two checks while the view may send commands.
const ORDER_WAIT: Duration = Duration::from_millis(100);

#[derive(Args)]
pub struct Arguments {
    /// Send no requests: only receive telemetry
    #[arg(long)]
    watch: bool,
    /// Draw outputs, controls, slopes, link and guard; status lines without a terminal
    #[arg(long)]
    live: bool,
    /// End after this number of frames
    #[arg(long, value_name = "N")]
    lines: Option<u64>,
    #[command(flatten)]
    lab: LabOptions,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// The source of telemetry.
enum Listener {
    Asks(Box<Instrument>),
    Watches(Box<Watcher>),
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let link = arguments.lab.link.spec()?;
    if link == LinkSpec::Simulated {
        return Err(
            "an instrument simulated in this process has no other client to monitor: give \
                    --link tcp:HOST:PORT, udp:HOST, serial:PATH or ft245:PATH"
                .into(),
        );
    }
    arguments.lab.simulation.check_link(&link, false)?;
    let (experiment, source) = arguments.lab.read()?;
    if arguments.live && arguments.json && io::stdout().is_terminal() {
        return Err("--live draws where --json would print: redirect standard output to a file, \
                    or leave one of them out"
            .into());
    }
    let cancel = interrupt::cancel();
    interrupt::end_with_reader();
    let health = Health::default();
    let settings =
        Settings { cancel: cancel.clone(), health: health.clone(), ..Settings::default() };
    let pipe = remote(&link, arguments.lab.link.token()?.as_ref())?;
    let listener = if arguments.watch {
        Listener::Watches(Box::new(Watcher::listen(pipe, settings).map_err(text)?))
    } else {
        match Watcher::connect(pipe, settings).map_err(text)? {
            Connected::Asks(instrument) => Listener::Asks(instrument),
            Connected::Watches(watcher) => {
                note(&format!("watching: {}", watcher.sentence()));
                Listener::Watches(watcher)
            }
        }
    };
    let (parameters, meaning, telemetry) = match &listener {
        Listener::Asks(instrument) => (
            *instrument.parameters(),
            present(instrument, &experiment, &source)?,
            instrument.subscribe(WAITING_FRAMES),
        ),
        Listener::Watches(watcher) => (
            experiment.instrument,
            supposed(&experiment, &source)?,
            watcher.subscribe(WAITING_FRAMES),
        ),
    };
    let left = arguments.lines.unwrap_or(u64::MAX);
    let prints = arguments.json || !arguments.live;
    let mut stream = Stream { telemetry, meaning, left, prints, json: arguments.json };
    if !arguments.live {
        let mut is_idle = false;
        while let ControlFlow::Continue(item) = stream.next(WAIT)? {
            if item.is_none() && !is_idle {
                note("no telemetry: the instrument sends frames during a run; Ctrl-C ends");
            }
            is_idle = item.is_none();
        }
        return Ok(ExitCode::SUCCESS);
    }
    let analogue = &stream.meaning.scale.analogue;
    let task = Task::on(experiment, &source, &parameters, Some(analogue)).map_err(text)?;
    let mut setting = Setting::of(&task, "monitor", &link.to_string());
    (setting.pausable, setting.commanded) = (false, true);
    let remote_run = RemoteRun::new(task, stream.meaning.clone());
    let over = |(): &()| Ending::Done { text: "all requested lines received".into(), good: true };
    let show = Show::new(setting, cancel, health, Leaving::AtOnce);
    show.watch(|events| look_on(listener, stream, remote_run, &events), over)?;
    Ok(ExitCode::SUCCESS)
}

/// Passes frames to the view, and the state of the guard where it is readable.
fn look_on(
    mut listener: Listener,
    mut stream: Stream,
    mut remote_run: RemoteRun,
    events: &EventSender,
) -> Result<(), String> {
    let mut asked: Option<Instant> = None;
    loop {
        let commanded = events.command() == Some(Command::Disarm);
        let due = commanded || asked.is_none_or(|asked| asked.elapsed() >= WAIT);
        if due {
            match listener.guard(commanded) {
                Ok((guard, notice)) => {
                    events.send(Event::Guard(guard));
                    notice.into_iter().for_each(|text| events.send(Event::Notice(text)));
                }
                Err(DriverError::Cancelled) => return Ok(()),
                Err(error) => return Err(text(error)),
            }
            asked = Some(Instant::now());
        }
        match stream.next(ORDER_WAIT)? {
            ControlFlow::Break(()) => return Ok(()),
            ControlFlow::Continue(Some(TelemetryItem::Frame { number, record })) => {
                remote_run.frame(number, &record).into_iter().for_each(|event| events.send(event));
            }
            ControlFlow::Continue(_) => {}
        }
    }
}

impl Listener {
    /// State of the guard, disarmed first if requested and possible; and the result of the request.
    fn guard(&mut self, disarm: bool) -> Result<(Guard, Option<String>), DriverError> {
        let (guard, came) = match self {
            Listener::Asks(instrument) => {
                let disarmed = match disarm.then(|| instrument.disarm()) {
                    Some(Err(DriverError::InUse { sentence })) => sentence,
                    Some(Err(error)) => return Err(error),
                    _ => "disarmed: the outputs are at their safe values".into(),
                };
                let State { armed, fault, .. } = instrument.state()?;
                (Guard::RunEvent { armed, fault }, disarmed)
            }
            Listener::Watches(_) => {
                (Guard::Unknown, "only the client in control can disarm".to_owned())
            }
        };
        Ok((guard, disarm.then_some(came)))
    }
}

/// Telemetry, printed on request.
struct Stream {
    telemetry: Subscription,
    meaning: Meaning,
    /// Frames and gaps still to print.
    left: u64,
    prints: bool,
    json: bool,
}

impl Stream {
    /// The next frame within `wait`, if any; ends at an interrupt, after enough lines, or when the reader has closed.
    fn next(&mut self, wait: Duration) -> Result<ControlFlow<(), Option<TelemetryItem>>, String> {
        if self.left == 0 || streams::is_closed() {
            return Ok(ControlFlow::Break(()));
        }
        let item = match self.telemetry.recv_timeout(wait) {
            Ok(Some(item)) => item,
            Ok(None) => return Ok(ControlFlow::Continue(None)),
            // To interrupt it is how it ends.
            Err(DriverError::Cancelled) => return Ok(ControlFlow::Break(())),
            Err(error) => return Err(text(error)),
        };
        self.left -= 1;
        if self.prints {
            let line = match &item {
                TelemetryItem::Gap { lost } => Line::Gap { lost: *lost },
                TelemetryItem::Frame { number, record } => self.meaning.line(*number, record),
            };
            match self.json {
                true => json_line(&line),
                false => streams::print(&format!("{line}\n")),
            }?;
        }
        Ok(ControlFlow::Continue(Some(item)))
    }
}

/// Scale of the codes of an instrument that answers requests.
fn present(
    instrument: &Instrument,
    experiment: &Experiment,
    source: &Source,
) -> Result<Meaning, String> {
    let analogue = instrument.analogue().map_err(text)?;
    let parameters = instrument.parameters();
    let planned = context(experiment, source, parameters, analogue.as_ref()).map_err(text)?;
    let window_log2 = instrument.read(map::WINDOW_LOG2).map_err(text)?;
    Ok(Meaning { scale: known(planned.scale)?, window_samples: 1 << window_log2.clamp(4, 16) })
}

/// Scale of the codes of one that does not, if this experiment runs on it.
fn supposed(experiment: &Experiment, source: &Source) -> Result<Meaning, String> {
    let parameters = experiment.instrument;
    let planned = context(experiment, source, &parameters, None).map_err(text)?;
    let scale = planned.scale.ok_or(
        "--watch does not read the instrument's analogue scale: give a file with a section [analogue] \
         as --experiment",
    )?;
    Ok(Meaning { scale, window_samples: experiment.timing.window_samples })
}
