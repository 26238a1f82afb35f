//! `hge gateware`: the gateware as Verilog.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the instrument, or one core with its FuseSoC file
    Emit(Emit),
}

/// What to write, and where.
#[derive(Args)]
pub struct Emit {
    /// DAC channels
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub outputs: u32,
    /// Demodulators
    #[arg(long, value_name = "N", default_value_t = 24)]
    pub slots: u32,
    /// Directory to write to
    #[arg(short = 'o', value_name = "DIR")]
    pub directory: PathBuf,
    /// One core alone
    #[arg(long)]
    pub core: Option<Core>,
}

/// A core that can be written alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Core {
    /// Phase accumulators with the quarter-wave table
    Nco,
    /// Multiply-accumulate lock-in
    Lockin,
    /// Loss, gradient and step
    Update,
    /// Limits of the outputs
    Guard,
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    match arguments.command {
        Command::Emit(emit) => emit_verilog(&emit),
    }
}

fn emit_verilog(emit: &Emit) -> Result<ExitCode, String> {
    let what = emit.core.map_or("the instrument".into(), |core| format!("{core:?}"));
    Err(format!(
        "{what} with {} outputs and {} slots cannot be written to {} yet: this build has no emitter",
        emit.outputs,
        emit.slots,
        emit.directory.display()
    ))
}
