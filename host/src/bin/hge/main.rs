//! `hge`: trains physical devices by homodyne gradient extraction.

mod bar;
mod calibrate;
mod capture;
mod gateware;
mod gradient;
mod info;
mod interrupt;
mod iv;
mod lab;
mod list;
mod live;
mod log;
mod monitor;
mod output;
mod registers;
mod report;
mod reproduce;
mod serve;
mod tones;
mod track;
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
    /// Train a device, then follow it while its operating point moves
    Track(track::Arguments),
    /// Measure every derivative at given controls
    Gradient(gradient::Arguments),
    /// Check every contact, or sweep voltages
    Iv(iv::Arguments),
    /// Measure lag and feed-through of every tone, and how long the current takes to settle
    Calibrate(calibrate::Arguments),
    /// Make the paper's results again, on simulated devices
    Reproduce(reproduce::Arguments),
    /// Choose frequencies, or say what falls on those of an experiment
    Tones(tones::Arguments),
    /// Take ADC codes as they come
    Capture(capture::Arguments),
    /// Simulate an instrument for other programs
    Serve(serve::Arguments),
    /// List serial ports, and what can simulate
    List(list::Arguments),
    /// Show what the instrument is and what it is at
    Info(info::Arguments),
    /// Read registers
    Get(registers::Get),
    /// Write registers
    Set(registers::Set),
    /// Show the register map
    Regs(registers::Regs),
    /// Show what a board with an experiment built in has done by itself
    Log(log::Arguments),
    /// Print telemetry as it comes
    Monitor(monitor::Arguments),
    /// Boards, Verilog, bitstreams
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
        Command::Track(arguments) => track::run(arguments),
        Command::Gradient(arguments) => gradient::run(arguments),
        Command::Iv(arguments) => iv::run(arguments),
        Command::Calibrate(arguments) => calibrate::run(arguments),
        Command::Reproduce(arguments) => reproduce::run(arguments),
        Command::Tones(arguments) => tones::run(arguments),
        Command::Capture(arguments) => capture::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Log(arguments) => log::run(arguments),
        Command::Monitor(arguments) => monitor::run(arguments),
        Command::Info(arguments) => info::run(arguments),
        Command::Get(arguments) => registers::get(arguments),
        Command::Set(arguments) => registers::set(arguments),
        Command::Regs(arguments) => registers::regs(arguments),
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
