//! `hge`: trains physical devices by homodyne gradient extraction.

mod gateware;
mod interrupt;
mod report;
mod train;

use clap::{Parser, Subcommand};
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// Exit code of an error.
const EXIT_ERROR: u8 = 1;

#[derive(Parser)]
#[command(name = "hge", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train a device to compute a Boolean gate, or what an experiment file says
    Train(train::Arguments),
    /// Write the gateware as Verilog
    Gateware(gateware::Arguments),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => {
            // Help and version are no errors.
            let code = if message.use_stderr() { EXIT_ERROR } else { 0 };
            let printed = stdout_done(message.print());
            return printed.map_or_else(failed, |()| ExitCode::from(code));
        }
    };
    let done = match arguments.command {
        Command::Train(arguments) => train::run(arguments),
        Command::Gateware(arguments) => gateware::run(arguments),
    };
    done.unwrap_or_else(failed)
}

/// Says what went wrong, where anybody listens.
fn failed(message: String) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {message}");
    ExitCode::from(EXIT_ERROR)
}

/// Writes to standard output. A reader that has left is no error.
fn print(text: &str) -> Result<(), String> {
    let mut stdout = io::stdout().lock();
    stdout_done(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

fn stdout_done(written: io::Result<()>) -> Result<(), String> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write to standard output: {error}; check where it leads"))
        }
        _ => Ok(()),
    }
}
