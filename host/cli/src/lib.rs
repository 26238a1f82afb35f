//! The command `hge`: trains physical devices by homodyne gradient extraction.
//!
//! A library, so that the Python package brings the command along; its one entry is [`run`].

mod amplitudes;
mod bar;
mod bench;
mod build_facts;
mod calibrate;
mod capture;
mod completions;
mod curvature;
mod export;
mod gateware;
mod gradient;
mod info;
mod interrupt;
mod iv;
mod lab;
mod list;
mod live;
mod log;
mod man;
mod monitor;
mod outcome;
mod output;
mod page;
mod refusal;
mod registers;
mod replay;
mod reproduce;
mod resume;
mod run_segment;
mod runs;
mod selftest;
mod serve;
mod spectrum;
mod streams;
mod tones;
mod track;
mod train;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "hge",
    version,
    about,
    arg_required_else_help = true,
    after_help = "Example:\n  hge train xor"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train a device to compute a Boolean gate or the task of an experiment file
    #[command(
        after_help = "Examples:\n  hge train xor --live\n  hge train xor -o runs/xor-1 --seed 2\n  hge train or --link tcp:127.0.0.1:4000"
    )]
    Train(train::Arguments),
    /// Resume an interrupted training
    #[command(after_help = "Example, for an interrupted run:\n  hge resume runs/xor")]
    Resume(resume::Arguments),
    /// Recompute a training from its record and compare
    #[command(after_help = "Example, for an existing run:\n  hge replay runs/xor")]
    Replay(replay::Arguments),
    /// Write the report of a training, and open it
    #[command(after_help = "Example, for the latest run:\n  hge report")]
    Report(page::Arguments),
    /// List trainings and their results
    #[command(after_help = "Example:\n  hge runs")]
    Runs(runs::Arguments),
    /// Export a training as arrays or a table
    #[command(after_help = "Example, for an existing run:\n  hge export runs/xor --format csv")]
    Export(export::Arguments),
    /// Train a device, then track it while it drifts
    #[command(after_help = "Example:\n  hge track xor --epochs 40")]
    Track(track::Arguments),
    /// Measure every derivative at given controls
    #[command(
        after_help = "Example:\n  hge gradient --controls=-0.2,0.1,0,-0.3,-0.1 --windows 32"
    )]
    Gradient(gradient::Arguments),
    /// Measure every second derivative at given controls
    #[command(after_help = "Example:\n  hge curvature --windows 32 --exact")]
    Curvature(curvature::Arguments),
    /// Check every contact, or sweep voltages
    #[command(after_help = "Example:\n  hge iv --sweep 3:-1:0.5:31 -o curve.npy")]
    Iv(iv::Arguments),
    /// Measure lag and feed-through of every tone, and the settling time of the current
    #[command(after_help = "Example:\n  hge calibrate -o calibration.json")]
    Calibrate(calibrate::Arguments),
    /// Reproduce the paper's results on simulated devices
    #[command(after_help = "Example:\n  hge reproduce gates --quick -o gates")]
    Reproduce(reproduce::Arguments),
    /// Measure dead time, updates a second, and the speed of engines, links and devices
    #[command(after_help = "Example:\n  hge bench --only pace,decoder")]
    Bench(bench::Arguments),
    /// Choose tone frequencies, or check those of an experiment
    #[command(after_help = "Example:\n  hge tones plan --parameters 7 --window 0.1 --mains 50")]
    Tones(tones::Arguments),
    /// Record raw ADC codes
    #[command(after_help = "Example:\n  hge capture --samples 2000 -o codes.npz")]
    Capture(capture::Arguments),
    /// Show the spectrum of the current: noise and lines
    #[command(
        after_help = "Examples, the second for an existing run:\n  hge spectrum --tones\n  hge spectrum runs/xor"
    )]
    Spectrum(spectrum::Arguments),
    /// Test chain, outputs and guard with a resistor or a wire in place of a device
    #[command(
        after_help = "Examples, the second in simulation:\n  hge selftest experiments/resistor.toml --outputs 0,1 --link serial:/dev/ttyUSB1\n  hge selftest"
    )]
    Selftest(selftest::Arguments),
    /// Simulate an instrument for other programs
    #[command(after_help = "Example:\n  hge serve --tcp 4000 --keep")]
    Serve(serve::Arguments),
    /// List serial ports and available simulators
    #[command(after_help = "Example:\n  hge list")]
    List(list::Arguments),
    /// Show identity and current state of the instrument
    #[command(after_help = "Example:\n  hge info --link tcp:127.0.0.1:4000")]
    Info(info::Arguments),
    /// Read registers
    #[command(after_help = "Example:\n  hge get settle guard[2].high --link tcp:127.0.0.1:4000")]
    Get(registers::Get),
    /// Write registers
    #[command(
        after_help = "Example:\n  hge set settle=10ms guard[2].high=0.5V --link tcp:127.0.0.1:4000"
    )]
    Set(registers::Set),
    /// Show the register map
    #[command(after_help = "Example:\n  hge regs --markdown")]
    Regs(registers::Regs),
    /// Show the last run of a board with an embedded experiment
    #[command(
        after_help = "Example:\n  hge log experiments/standalone.toml --link serial:/dev/ttyUSB1"
    )]
    Log(log::Arguments),
    /// Print telemetry as it arrives
    #[command(
        after_help = "Example:\n  hge monitor --watch --experiment experiments/xor.toml --lines 10 --link tcp:127.0.0.1:4000"
    )]
    Monitor(monitor::Arguments),
    /// Boards, Verilog, bitstreams
    #[command(after_help = "Example:\n  hge gateware list")]
    Gateware(gateware::Arguments),
    /// Write shell completions
    #[command(after_help = "Example:\n  hge completions bash > hge.bash")]
    Completions(completions::Arguments),
    /// Write a manual page for every command
    #[command(after_help = "Example:\n  hge man -o man")]
    Man(man::Arguments),
}

/// Carries out a command line, the program's name first, and returns its exit code. Takes over the signals of the process.
pub fn run(words: Vec<OsString>) -> ExitCode {
    let command = refusal::with_negative_numbers(Arguments::command());
    let parsed = command.try_get_matches_from(&words);
    build_facts::started_with(words);
    let parsed = parsed.and_then(|found| Arguments::from_arg_matches(&found));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(message) => return streams::arguments_refused(&message),
    };
    if let Err(message) = interrupt::listen() {
        return streams::failed(&message);
    }
    let done = match arguments.command {
        Command::Train(arguments) => train::run(arguments),
        Command::Resume(arguments) => resume::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Report(arguments) => page::run(arguments),
        Command::Runs(arguments) => runs::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Track(arguments) => track::run(arguments),
        Command::Gradient(arguments) => gradient::run(arguments),
        Command::Curvature(arguments) => curvature::run(arguments),
        Command::Iv(arguments) => iv::run(arguments),
        Command::Calibrate(arguments) => calibrate::run(arguments),
        Command::Reproduce(arguments) => reproduce::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Tones(arguments) => tones::run(arguments),
        Command::Capture(arguments) => capture::run(arguments),
        Command::Spectrum(arguments) => spectrum::run(arguments),
        Command::Selftest(arguments) => selftest::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Log(arguments) => log::run(arguments),
        Command::Monitor(arguments) => monitor::run(arguments),
        Command::Info(arguments) => info::run(arguments),
        Command::Get(arguments) => registers::get(arguments),
        Command::Set(arguments) => registers::set(arguments),
        Command::Regs(arguments) => registers::regs(arguments),
        Command::Gateware(arguments) => gateware::run(arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    };
    done.unwrap_or_else(|message| streams::failed(&message))
}
