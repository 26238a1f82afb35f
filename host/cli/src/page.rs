//! `hge report`: the page of a run.

use crate::output::{cut_line, json_line, show_page, text};
use crate::run_segment;
use clap::Args;
use hge_record::{latest, page, Folder};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Folder of the run [default: the latest in `runs`, or in the folder that HGE_RUNS names]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// Show it in the browser
    #[arg(long)]
    open: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let folder = match arguments.run {
        Some(run) => Folder::open(&run).map_err(text)?,
        None => newest()?,
    };
    page::write(&folder).map_err(text)?;
    let path = folder.file(page::FILE);
    if arguments.open {
        show_page(&path)?;
    }
    if arguments.json {
        json_line(&json!({ "report": path.display().to_string(), "cut": folder.cut() }))?;
    } else {
        crate::streams::print(&format!("{}\n{}", path.display(), cut_line(&folder)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn newest() -> Result<Folder, String> {
    let runs = run_segment::runs();
    let none =
        || format!("no runs in {}: `hge train xor` makes one, or name its folder", runs.display());
    if !runs.exists() {
        return Err(none());
    }
    latest(&runs).map_err(text)?.ok_or_else(none)
}
