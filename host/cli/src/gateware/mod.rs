//! `hge gateware`: Verilog, boards, bitstreams.

mod bench;
mod build;
mod bundle;
mod emit;
mod list;
mod wiring;

use crate::output::text;
use clap::{Args, Subcommand};
use hge_boards::board_file::Board;
use hge_boards::flow::bundle::experiment_tag;
use hge_boards::flow::Embedded;
use hge_core::experiment::{Source, Task};
use hge_core::train::recording;
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
    #[command(after_help = "Example:\n  hge gateware list --board icebreaker")]
    List(list::List),
    /// Write a board's sources, the instrument, or one core with its FuseSoC file
    #[command(after_help = "Example:\n  hge gateware emit --board icebreaker -o build/icebreaker")]
    Emit(emit::Emit),
    /// Build a bitstream and check that it fits and meets its clock
    #[command(
        after_help = "Example:\n  hge gateware build --board icebreaker\n\nA board that trains without a host:\n  hge gateware build --board ulx3s-85f --experiment experiments/standalone.toml -o build/standalone"
    )]
    Build(build::Build),
    /// Measure size and clock of designs over boards and slots, with several seeds
    #[command(after_help = "Example:\n  hge gateware bench --boards icebreaker --seeds 3")]
    Bench(bench::Bench),
    /// Check that a bundle is intact and has this program's register map
    #[command(
        after_help = "Example, for a bundle of `hge gateware build`:\n  hge gateware verify build/icebreaker"
    )]
    Verify(bundle::Verify),
    /// Program a board with a bundle, using openFPGALoader
    #[command(
        after_help = "Example, for a bundle of `hge gateware build`:\n  hge gateware flash build/icebreaker"
    )]
    Flash(bundle::Flash),
    /// Draw the wiring of a board as SVG
    #[command(after_help = "Example:\n  hge gateware wiring --board icebreaker -o wiring.svg")]
    Wiring(wiring::Wiring),
}

pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    match arguments.command {
        Command::List(list) => list::run(&list),
        Command::Emit(emit) => emit::run(&emit),
        Command::Build(build) => build::run(&build),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Verify(verify) => bundle::verify(&verify),
        Command::Flash(flash) => bundle::flash(&flash),
        Command::Wiring(arguments) => wiring::run(&arguments),
    }
}

/// Requests of the embedded experiment in `file`, for the sizes and converters of this board.
fn embedded(board: &Board, file: &Path) -> Result<Embedded, String> {
    let (experiment, source) = Source::load(file).map_err(text)?;
    crate::tones::warn_of_crosstalk(&experiment);
    let analogue = board.file.analogue.as_ref();
    let task = Task::on(experiment, &source, &board.parameters(), analogue).map_err(text)?;
    let recording = recording(&task, experiment_tag(source.text()))
        .map_err(|error| format!("{}: {error}", file.display()))?;
    if !board.locates("arm_button") {
        let name = &board.file.name;
        return Err(format!(
            "board {name} has no arm_button to start the experiment: assign its pin in {}",
            board.file.fpga.pin_file()
        ));
    }
    let analogue = task.plan.scale().analogue.clone();
    Ok(Embedded { text: source.text().to_owned(), recording, analogue })
}

fn unwritable(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be written: {error}; choose another folder with -o", path.display())
}
