//! `hge gateware verify` and `flash`: check a bundle, program a board.

use super::build::table;
use crate::output::{json_line, text};
use clap::{Args, ValueHint};
use hge_boards::flow::{bundle, loader_arguments};
use hge_boards::tools::find;
use hge_system::process::Group;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// The programmer.
const LOADER: &str = "openFPGALoader";

#[derive(Args)]
pub struct Verify {
    /// Folder of the bundle
    #[arg(value_name = "BUNDLE", value_hint = ValueHint::DirPath)]
    bundle: PathBuf,
    /// Print one JSON object: the manifest
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Flash {
    /// Folder of the bundle
    #[arg(value_name = "BUNDLE", value_hint = ValueHint::DirPath)]
    bundle: PathBuf,
    /// Load the bitstream until power is lost, without writing the flash
    #[arg(long)]
    volatile: bool,
}

pub fn verify(verify: &Verify) -> Result<ExitCode, String> {
    let manifest = bundle::verify(&verify.bundle).map_err(text)?;
    if verify.json {
        json_line(&manifest)?;
    } else {
        let files = manifest.files.len();
        crate::streams::print(&format!(
            "{}intact        all {files} files are as they were built\n",
            table(&manifest)
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub fn flash(flash: &Flash) -> Result<ExitCode, String> {
    let manifest = bundle::verify(&flash.bundle).map_err(text)?;
    let arguments = loader_arguments(&flash.bundle, &manifest, !flash.volatile);
    let Some(loader) = find(LOADER) else {
        crate::streams::print(&format!(
            "{LOADER} is not installed; with it, this command programs the board:\n{LOADER} {}\n",
            command_line(&arguments)?
        ))?;
        return Ok(ExitCode::SUCCESS);
    };
    let started = Group::spawn(Command::new(loader).args(&arguments));
    let status = started
        .and_then(|mut group| group.wait())
        .map_err(|error| format!("{LOADER} could not be started: {error}; install it again"))?;
    if status.success() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(format!(
        "{LOADER} failed ({status}): check the board's cable and power, and the permissions of its port"
    ))
}

/// Arguments quoted for a shell.
fn command_line(arguments: &[String]) -> Result<String, String> {
    let arguments = arguments.iter().map(String::as_str);
    shlex::try_join(arguments).map_err(|_| {
        "the bundle's path contains NUL, which no shell accepts: move the bundle".into()
    })
}
