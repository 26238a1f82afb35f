//! `hge replay`: recomputes a run from its record.

use crate::bar::Bar;
use crate::output::{cut_line, json_line, text};
use crate::streams::print;
use clap::{Args, ValueHint};
use hge_driver::text::shell_path;
use hge_record::{replay, Folder};
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit code if a frame differs or the run has no recorded outcome.
const EXIT_DIFFERS: u8 = 2;

#[derive(Args)]
pub struct Arguments {
    /// Folder of the run
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    run: PathBuf,
    /// One JSON object on the last line, no progress
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let folder = Folder::open(&arguments.run).map_err(text)?;
    let bar = Bar::new(arguments.json, 0);
    let agreement = replay(&folder, &mut |progress| bar.show(progress)).map_err(text)?;
    drop(bar);
    if arguments.json {
        json_line(&agreement)?;
    } else {
        let epochs = agreement.epochs;
        let mut lines = match &agreement.difference {
            None => format!(
                "{epochs} epochs from {} windows agree to the last bit\n",
                agreement.windows
            ),
            Some(difference) => format!("{epochs} epochs agree, then they differ: {difference}\n"),
        };
        lines += &cut_line(&folder);
        if !agreement.complete && agreement.agrees {
            lines += &format!(
                "the run has no recorded outcome, so the replay does not pass: `hge resume {}` continues it\n",
                shell_path(&arguments.run)
            );
        }
        print(&lines)?;
    }
    Ok(ExitCode::from(if agreement.agrees && agreement.complete { 0 } else { EXIT_DIFFERS }))
}
