//! One segment of a run: opens the instrument, trains, and prints the result.

use crate::bar::Bar;
use crate::lab::remote;
use crate::live::{Ending, Leaving, Setting, Show};
use crate::outcome::{self, Heading};
use crate::output::{show_page, text};
use crate::streams::{note, print, print_json};
use hge_core::calibration::Calibration;
use hge_core::experiment::{Experiment, Job, LoopMode, Source, Task};
use hge_core::train::{Outcome, Progress};
use hge_driver::link::{LinkSpec, Token};
use hge_driver::{Cancel, Instrument, Settings};
use hge_lab::{simulate, Options, SimGuard};
use hge_record::{page, task, Folder, Provenance, RecordError};
use hge_sim::device::label;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Exit code without a solution.
const EXIT_UNSOLVED: u8 = 2;

/// Default folder of run folders; the environment overrides it.
const RUNS: &str = "runs";

/// The folder of run folders.
pub fn runs() -> PathBuf {
    std::env::var_os("HGE_RUNS").map_or_else(|| RUNS.into(), PathBuf::from)
}

/// Name of a run of a gate or a file.
pub fn name(what: &str) -> String {
    let stem = Path::new(what).file_stem().unwrap_or(OsStr::new("run"));
    stem.to_string_lossy().into_owned()
}

/// The folder of a new run: the given one, else one of this name and the date.
pub fn folder(given: Option<&Path>, name: &str) -> Result<PathBuf, String> {
    match given {
        Some(path) => Ok(path.into()),
        None => Folder::claim(&runs(), name).map_err(text),
    }
}

/// Form of the result.
#[derive(Clone, Copy)]
pub struct Manner {
    /// One object on standard output.
    pub json: bool,
    /// The live view.
    pub live: bool,
    /// Opens the report in the browser at the end.
    pub open: bool,
}

/// The experiment, and the instrument that it runs on.
pub struct RunSpec<'a> {
    pub experiment: Experiment,
    pub source: Source,
    pub calibration: Option<Calibration>,
    pub link: LinkSpec,
    pub token: Option<Token>,
    pub trace: Option<&'a Path>,
    pub cancel: Cancel,
}

/// An instrument and its task.
pub struct Opened {
    pub instrument: Instrument,
    pub task: Task,
    pub link: LinkSpec,
    sim_guard: Option<SimGuard>,
}

impl Opened {
    /// Simulates the instrument in this process, or connects to it.
    pub fn open(wanted: RunSpec<'_>) -> Result<Self, String> {
        let RunSpec { experiment, source, calibration, link, token, trace, cancel } = wanted;
        if link == LinkSpec::Simulated {
            let mut job = Job::new(experiment, &source).map_err(text)?;
            job.task.calibrate(calibration).map_err(text)?;
            let (instrument, task, sim_guard) =
                simulate(job, &Options { trace, cancel }).map_err(text)?;
            return Ok(Opened { instrument, task, link, sim_guard: Some(sim_guard) });
        }
        let settings = Settings { cancel, ..Settings::default() };
        let pipe = remote(&link, token.as_ref())?;
        let instrument = Instrument::connect_with(pipe, settings).map_err(text)?;
        // Before a folder is made for what another client keeps from running.
        instrument.take_control().map_err(text)?;
        let analogue = instrument.analogue().map_err(text)?;
        let parameters = instrument.parameters();
        let mut task =
            Task::on(experiment, &source, parameters, analogue.as_ref()).map_err(text)?;
        task.calibrate(calibration).map_err(text)?;
        if let Some(load) = outcome::overloaded(&task.plan, &link.to_string()) {
            note(&format!("warning: {load}"));
        }
        Ok(Opened { instrument, task, link, sim_guard: None })
    }

    /// The link, unless the instrument is simulated in this process.
    pub fn remote(&self) -> Option<String> {
        (self.link != LinkSpec::Simulated).then(|| self.link.to_string())
    }

    /// Provenance of a new run.
    pub fn provenance(&self, name: &str) -> Provenance {
        let (task, build) = (&self.task, self.instrument.build_hash());
        let program = crate::build_facts::program();
        Provenance::of(name, task, self.remote().as_deref(), build, program)
    }

    /// Trains into the run's folder with `work`, and prints the result.
    pub fn work(
        self,
        folder: &Folder,
        manner: Manner,
        work: impl FnOnce(Instrument, Task, &mut dyn FnMut(&Progress)) -> Result<Outcome, RecordError>
            + Send,
    ) -> Result<ExitCode, String> {
        let heading = Heading::of(&self.task, self.remote());
        let begun = Instant::now();
        let Manner { json, live, open } = manner;
        let (place, epochs) = (self.remote(), u64::from(epochs(&self.task.experiment)));
        let (instrument, task) = (self.instrument, self.task);
        let outcome = if live {
            let place = place.unwrap_or_else(|| label(&task.experiment.device));
            let leaving = if json { Leaving::AtOnce } else { Leaving::Asked };
            let setting = Setting::of(&task, "train", &place);
            Show::new(setting, instrument.cancel(), instrument.health(), leaving).watch(
                |events| {
                    work(instrument, task, &mut |progress| events.epoch(progress)).map_err(text)
                },
                |outcome| Ending::Done {
                    text: if outcome.solved { "solved" } else { "not solved" }.into(),
                    good: outcome.solved,
                },
            )?
        } else {
            let bar = Bar::new(json, epochs);
            work(instrument, task, &mut |progress| bar.show(progress)).map_err(text)?
        };
        if let Some(sim_guard) = self.sim_guard {
            sim_guard.finish().map_err(text)?;
        }
        let code = print_outcome(&heading, &outcome, begun.elapsed().as_secs_f64(), folder, json)?;
        if open {
            show_page(&folder.file(page::FILE))?;
        }
        Ok(code)
    }
}

/// Prints the result of a complete run.
pub fn show(folder: &Folder, json: bool) -> Result<ExitCode, String> {
    let task = task(folder).map_err(text)?;
    let provenance = folder.provenance().map_err(text)?;
    let outcome: Option<Outcome> = folder.outcome().map_err(text)?;
    let outcome =
        outcome.ok_or_else(|| format!("the run in {} is not complete", folder.path().display()))?;
    let link = provenance.instrument.link;
    let remote = (link != LinkSpec::Simulated.to_string()).then_some(link);
    let wall_s = provenance.segments.iter().filter_map(|segment| segment.wall_s).sum();
    print_outcome(&Heading::of(&task, remote), &outcome, wall_s, folder, json)
}

fn print_outcome(
    heading: &Heading,
    outcome: &Outcome,
    wall_s: f64,
    folder: &Folder,
    json: bool,
) -> Result<ExitCode, String> {
    let path = folder.path().display().to_string();
    if json {
        print_json(&format!("{}\n", outcome::json(heading, outcome, wall_s, &path)))?;
    } else {
        print(&outcome::table(heading, outcome, wall_s, &path))?;
    }
    Ok(ExitCode::from(if outcome.solved { 0 } else { EXIT_UNSOLVED }))
}

fn epochs(experiment: &Experiment) -> u32 {
    match experiment.loop_mode {
        LoopMode::Host => experiment.host.epochs,
        LoopMode::Standalone => experiment.standalone.epochs,
    }
}
