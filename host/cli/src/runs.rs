//! `hge runs`: list of runs.

use crate::output::{json_line, text};
use crate::run_segment;
use clap::Args;
use hge_record::{list, Listed, RunStatus};
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Folder of run folders [default: `runs`, or the one that HGE_RUNS names]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Result of `--json`.
#[derive(Serialize)]
struct Runs {
    runs: Vec<Listed>,
    /// Why other runs cannot be read.
    unreadable: Vec<String>,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let folder = arguments.folder.unwrap_or_else(run_segment::runs);
    let (runs, strange) = if folder.exists() {
        list(&folder).map_err(text)?
    } else {
        // Nobody has run anything here.
        Default::default()
    };
    let unreadable: Vec<String> = strange.iter().map(ToString::to_string).collect();
    if arguments.json {
        json_line(&Runs { runs, unreadable })?;
    } else {
        crate::streams::print(&table(&runs, &unreadable, &folder.display().to_string()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(runs: &[Listed], unreadable: &[String], folder: &str) -> String {
    if runs.is_empty() && unreadable.is_empty() {
        return format!("no runs in {folder}: `hge train xor` makes one\n");
    }
    let widest = runs.iter().map(|run| run.run.display().to_string().len()).max().unwrap_or(0);
    let mut lines =
        format!("{:<widest$}  outcome        loss  apart (nA)  epochs  seconds  device\n", "run");
    for run in runs {
        let standing = match run.standing {
            RunStatus::Running => "running",
            RunStatus::Solved => "solved",
            RunStatus::NotSolved => "not solved",
            RunStatus::CutOff => "cut off",
        };
        let figure = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.3}"));
        // Writing to a String cannot fail.
        let _ = writeln!(
            lines,
            "{:<widest$}  {standing:<10} {:>8}  {:>10}  {:>6}  {:>7.1}  {}",
            run.run.display(),
            figure(run.loss),
            figure(run.separation_na),
            run.epochs.map_or("-".into(), |epochs| epochs.to_string()),
            run.wall_s,
            run.device
        );
        if let Some(failure) = &run.failure {
            let _ = writeln!(lines, "{:<widest$}  {failure}", "");
        }
    }
    for sentence in unreadable {
        let _ = writeln!(lines, "{sentence}");
    }
    lines
}
