//! `hge man`: a manual page for every command.

use clap::{Args, Command, CommandFactory, ValueHint};
use clap_mangen::roff::{roman, Roff};
use clap_mangen::Man;
use hge_system::file;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// Folder of the pages, created if missing
    #[arg(short = 'o', value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let folder = &arguments.folder;
    let mut command = crate::Arguments::command().disable_help_subcommand(true);
    command.build();
    let pages = std::fs::create_dir_all(folder).and_then(|()| write(&command, folder));
    let pages = pages.map_err(|error| {
        format!("{} cannot be written: {error}; choose another folder with -o", folder.display())
    })?;
    crate::streams::print(&format!("{pages} pages in {}\n", folder.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the page of a command and those of its subcommands; returns how many.
fn write(command: &Command, folder: &Path) -> io::Result<usize> {
    let page = Man::new(command.clone());
    file::write(&folder.join(page.get_filename()), text(command, &page)?)?;
    let mut pages = 1;
    for subcommand in command.get_subcommands() {
        pages += write(subcommand, folder)?;
    }
    Ok(pages)
}

fn text(command: &Command, page: &Man) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    if let Some(examples) = command.get_after_help() {
        let mut section = Roff::new();
        section.control("SH", ["EXAMPLES"]);
        section.control("nf", []);
        for line in examples.to_string().lines() {
            section.text([roman(line)]);
        }
        section.control("fi", []);
        section.to_writer(&mut text)?;
    }
    Ok(text)
}
