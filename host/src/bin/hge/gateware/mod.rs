//! `hge gateware`: Verilog, boards, bitstreams.

mod build;
mod bundle;
mod emit;
mod list;
mod wiring;

use clap::{Args, Subcommand};
use std::path::Path;
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List boards, or show the pins of one
    List(list::List),
    /// Write a board's sources, the instrument, or one core with its FuseSoC file
    Emit(emit::Emit),
    /// Make a bitstream and the proof that it fits and meets its clock
    Build(build::Build),
    /// Check that a bundle is what was built, for this program's register map
    Verify(bundle::Verify),
    /// Program a board with a bundle, by openFPGALoader
    Flash(bundle::Flash),
    /// Draw what hangs on a board, as SVG
    Wiring(wiring::Wiring),
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    match arguments.command {
        Command::List(list) => list::run(&list),
        Command::Emit(emit) => emit::run(&emit),
        Command::Build(build) => build::run(&build),
        Command::Verify(verify) => bundle::verify(&verify),
        Command::Flash(flash) => bundle::flash(&flash),
        Command::Wiring(arguments) => wiring::run(&arguments),
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be written: {error}; choose another folder with -o", path.display())
}
