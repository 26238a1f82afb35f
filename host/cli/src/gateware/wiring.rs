//! `hge gateware wiring`: wiring diagram of a board.

use crate::output::text;
use clap::Args;
use hge_boards::board_file::Board;
use hge_boards::wiring;
use hge_system::file;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
pub struct Wiring {
    /// A name of `hge gateware list`, or the path of a folder with a board.toml
    #[arg(long, value_name = "BOARD")]
    board: String,
    /// Output file; the default is standard output
    #[arg(short = 'o', value_name = "FILE")]
    file: Option<PathBuf>,
    /// Print a table of wires in Markdown instead of the drawing
    #[arg(long)]
    markdown: bool,
}

pub fn run(arguments: &Wiring) -> Result<ExitCode, String> {
    let board = Board::named(&arguments.board).map_err(text)?;
    let page = if arguments.markdown { wiring::table(&board) } else { wiring::svg(&board) };
    match &arguments.file {
        None => crate::streams::print(&page)?,
        Some(file) => file::write(file, page).map_err(|error| {
            format!("{} cannot be written: {error}; choose another file with -o", file.display())
        })?,
    }
    Ok(ExitCode::SUCCESS)
}
