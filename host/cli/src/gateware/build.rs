//! `hge gateware build`: bitstream of a board, as a bundle.

use super::embedded;
use crate::interrupt;
use crate::output::{json_line, text};
use crate::streams::{note, print};
use clap::{Args, ValueEnum, ValueHint};
use hge_boards::board_file::Board;
use hge_boards::flow::bundle::Manifest;
use hge_boards::flow::report::Count;
use hge_boards::flow::toolset::Choice;
use hge_boards::flow::{self, Progress};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

#[derive(Args)]
pub struct Build {
    #[command(flatten)]
    sized: Sized,
    /// Embed this experiment: the board trains without a host when its button is pressed
    #[arg(long, value_name = "FILE.toml")]
    experiment: Option<PathBuf>,
    /// Folder of the bundle; the default is build/BOARD
    #[arg(short = 'o', value_name = "DIR", value_hint = ValueHint::DirPath)]
    directory: Option<PathBuf>,
    /// Origin of the FPGA tools
    #[arg(long, value_name = "WHERE", default_value = "auto")]
    tools: Tools,
    /// Print one JSON object: the manifest
    #[arg(long)]
    json: bool,
}

/// A board, with changed sizes.
#[derive(Args)]
pub struct Sized {
    /// A name of `hge gateware list`, or the path of a folder with a board.toml
    #[arg(long, value_name = "BOARD")]
    board: String,
    /// Demodulators
    #[arg(long, value_name = "N")]
    slots: Option<u32>,
    #[command(flatten)]
    changes: Changes,
}

/// Sizes other than the board's.
#[derive(Args)]
pub struct Changes {
    /// Slot pipelines side by side: 1, 2, 4 or 8
    #[arg(long, value_name = "N")]
    lanes: Option<u32>,
    /// DAC channels
    #[arg(long, value_name = "N")]
    outputs: Option<u32>,
    /// Rows of the case table
    #[arg(long, value_name = "N")]
    cases: Option<u32>,
    /// Rows of the table of initial controls
    #[arg(long, value_name = "N")]
    starts: Option<u32>,
    /// Words of telemetry memory, a power of two
    #[arg(long, value_name = "N")]
    telemetry_words: Option<u32>,
}

impl Sized {
    fn board(&self) -> Result<Board, String> {
        self.changes.board(&self.board, self.slots)
    }
}

impl Changes {
    /// The board named, with these sizes and with `slots`, if any.
    pub fn board(&self, name: &str, slots: Option<u32>) -> Result<Board, String> {
        let board = Board::named(name).map_err(text)?;
        let mut sizes = board.file.gateware;
        let named = [
            (slots, &mut sizes.slots),
            (self.lanes, &mut sizes.lanes),
            (self.outputs, &mut sizes.outputs),
            (self.cases, &mut sizes.cases),
            (self.starts, &mut sizes.starts),
            (self.telemetry_words, &mut sizes.telemetry_words),
        ];
        for (value, size) in named {
            *size = value.unwrap_or(*size);
        }
        board.resized(sizes).map_err(text)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tools {
    /// The system's if all required tools are installed, else wheels
    Auto,
    /// The system's
    System,
    /// Pinned Python wheels, downloaded into the cache
    Wheels,
}

impl From<Tools> for Choice {
    fn from(tools: Tools) -> Choice {
        match tools {
            Tools::Auto => Choice::Auto,
            Tools::System => Choice::System,
            Tools::Wheels => Choice::Wheels,
        }
    }
}

pub fn run(build: &Build) -> Result<ExitCode, String> {
    let board = build.sized.board()?;
    let embedded = build.experiment.as_deref().map(|file| embedded(&board, file)).transpose()?;
    let target =
        build.directory.clone().unwrap_or_else(|| PathBuf::from("build").join(&board.file.name));
    let mut begun = Instant::now();
    let mut on_progress = |progress| match progress {
        Progress::Begins(what) => {
            begun = Instant::now();
            note(&format!("{what} ..."));
        }
        Progress::Done(what) => {
            note(&format!("{what}: {:.0} s", begun.elapsed().as_secs_f64()));
        }
    };
    // An interrupt ends the tool that runs, and with it the build.
    interrupt::on(|| {});
    let commit = crate::build_facts::commit();
    let manifest = flow::build(
        &board,
        commit,
        embedded.as_ref(),
        build.tools.into(),
        &target,
        &mut on_progress,
    )
    .map_err(text)?;
    if build.json {
        json_line(&manifest)?;
    } else {
        print(&format!("{}bundle        {}\n", table(&manifest), target.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A bundle as text.
pub fn table(manifest: &Manifest) -> String {
    let Manifest { title, part, clock_asked_mhz, clock_reached_mhz, margin_percent, .. } = manifest;
    let count = |Count { used, available }: Count| format!("{used} of {available}");
    let judges: Vec<String> =
        manifest.judges_mhz.iter().map(|(judge, mhz)| format!("{judge} {mhz:.1}")).collect();
    let usage = manifest.usage;
    let mut large = String::new();
    if usage.spram.available > 0 {
        large = format!(", {} large memories", count(usage.spram));
    }
    let sizes = manifest.parameters;
    let alone = manifest.experiment.as_ref().map_or(String::new(), |built_in| {
        format!(
            "experiment    {} bytes of requests, tag {:08x}; the button starts it\n",
            built_in.bytes,
            built_in.tag()
        )
    });
    let line = manifest.baud.map_or("an FT245 FIFO".into(), |baud| format!("{baud} baud"));
    format!(
        "board         {title}, {part}\n\
         clock         {clock_asked_mhz} MHz, reaches {clock_reached_mhz:.1} MHz, margin {margin_percent:.0} % ({})\n\
         used          {} LUT, {} FF, {} DSP, {} RAM{large}\n\
         gateware      {} outputs, {} slots, {} cases, {} starts, {} words of telemetry, {line}\n\
         build         {}, register map {}\n{alone}",
        judges.join(", "),
        count(usage.lut),
        count(usage.ff),
        count(usage.dsp),
        count(usage.ram),
        sizes.outputs,
        sizes.slots,
        sizes.cases,
        sizes.starts,
        sizes.telemetry_words,
        manifest.build_hash,
        manifest.map_hash,
    )
}
