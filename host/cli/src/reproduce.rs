//! `hge reproduce`: the paper's results on simulated devices.

use crate::bar::drawn;
use crate::interrupt;
use crate::lab::Simulation;
use crate::output::{json_line, text};
use crate::streams::{is_closed, print};
use clap::{Args, ValueHint};
use hge_driver::Cancel;
use hge_studies::{parallel, studies, Findings, ProgressObserver, Setup, Study, Table};
use indicatif::ProgressBar;
use serde_json::{json, Value};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Exit code when a claim does not hold.
const EXIT_DOES_NOT_HOLD: u8 = 2;

#[derive(Args)]
pub struct Arguments {
    /// Name of the result, or all
    #[arg(value_name = "NAME|all")]
    name: String,
    /// Fewer points: minutes instead of an hour
    #[arg(long)]
    quick: bool,
    /// Folder for data and figures; with all, a subfolder for each
    #[arg(short = 'o', long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    output: Option<PathBuf>,
    /// One JSON object on the last line, no progress
    #[arg(long)]
    json: bool,
    /// Threads for starts and points, with the same results for any number [default: one for each core]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,
    #[command(flatten)]
    simulation: Simulation,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let chosen = studies(&arguments.name).map_err(text)?;
    parallel::limit(arguments.threads);
    let cancel = interrupt::cancel();
    let all = arguments.name == "all";
    let mut objects = serde_json::Map::new();
    let mut hold = true;
    for study in chosen {
        let folder = match &arguments.output {
            Some(folder) if all => folder.join(study.name),
            Some(folder) => folder.clone(),
            None => Path::new("reproduce").join(study.name),
        };
        let (findings, object) = run_one(study, &arguments, &folder, &cancel)?;
        hold &= findings.hold();
        if !arguments.json {
            print(&report(study, &findings, &object))?;
        }
        objects.insert(study.name.into(), object);
        if is_closed() {
            break;
        }
    }
    if arguments.json {
        let one = (!all).then(|| objects.values().next().cloned()).flatten();
        json_line(&one.unwrap_or(Value::Object(objects)))?;
    }
    Ok(ExitCode::from(if hold { 0 } else { EXIT_DOES_NOT_HOLD }))
}

fn run_one(
    study: &Study,
    arguments: &Arguments,
    folder: &Path,
    cancel: &Cancel,
) -> Result<(Findings, Value), String> {
    let begun = Instant::now();
    let mut setup = Setup::of(study, arguments.quick).map_err(text)?;
    arguments.simulation.overrule(&mut setup.experiment, &mut setup.source);
    setup.cancel = cancel.clone();
    // Before anything is measured for it.
    std::fs::create_dir_all(folder).map_err(|error| {
        format!("{} cannot be made: {error}; choose another folder with -o", folder.display())
    })?;
    let bar = Bar::new(study.name, arguments.json);
    let findings = (study.run)(&setup, &bar).map_err(text)?;
    drop(bar);
    let files = findings.write(folder).map_err(text)?;
    let mut object = findings.json.clone();
    let common = [
        ("study", json!(study.name)),
        ("device", json!(setup.experiment.device)),
        ("seed", json!(setup.experiment.seed)),
        ("quick", json!(arguments.quick)),
        ("hold", json!(findings.hold())),
        ("claims", serde_json::to_value(&findings.claims).map_err(text)?),
        ("folder", json!(folder.display().to_string())),
        ("files", json!(files)),
        ("wall_s", json!(begun.elapsed().as_secs_f64())),
    ];
    // A study that needs a device of its own says so.
    for (key, value) in common {
        object.entry(key).or_insert(value);
    }
    Ok((findings, Value::Object(object)))
}

fn report(study: &Study, findings: &Findings, object: &Value) -> String {
    let tables = std::iter::once(&findings.table).chain(&findings.further).map(Table::text);
    let mut lines = format!(
        "{}: {}, device {}, {:.0} s, in {}\n\n{}",
        study.name,
        study.about,
        object["device"].as_str().unwrap_or_default(),
        object["wall_s"].as_f64().unwrap_or_default(),
        object["folder"].as_str().unwrap_or_default(),
        tables.collect::<Vec<_>>().join("\n")
    );
    if !findings.claims.is_empty() {
        lines.push('\n');
    }
    for claim in &findings.claims {
        lines += &claim.text();
        lines.push('\n');
    }
    lines + "\n"
}

/// Progress bar, on a terminal.
struct Bar {
    bar: ProgressBar,
    study: &'static str,
}

impl Bar {
    fn new(study: &'static str, hidden: bool) -> Self {
        Bar { bar: drawn(hidden, "{bar:24} {pos}/{len} {eta}  {msg}"), study }
    }
}

impl ProgressObserver for Bar {
    fn begin(&self, part: &str, steps: u64) {
        self.bar.reset();
        self.bar.set_length(steps);
        self.bar.set_message(format!("{}: {part}", self.study));
    }

    fn step(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
