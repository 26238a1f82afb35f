//! `hge`: see [`hge_cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    hge_cli::run(std::env::args_os().collect())
}
