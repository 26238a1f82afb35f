//! `hge completions`: shell completions.

use clap::{Args, CommandFactory};
use clap_complete::{generate, Shell};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Shell
    shell: Shell,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut crate::Arguments::command(), "hge", &mut script);
    crate::streams::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
