//! `hge gateware emit`: the gateware as Verilog.

use super::{embedded, unwritable};
use crate::output::json_line;
use clap::{ArgGroup, Args, ValueEnum, ValueHint};
use hge_boards::board_file::Board;
use hge_boards::flow;
use hge_boards::package::{self, File};
use hge_gateware::board::Converters;
use hge_gateware::build::Build;
use hge_gateware::converter::{AdcPart, DacPart};
use hge_gateware::link::line::Line;
use hge_protocol::recording::Recording;
use hge_protocol::{Carriers, Parameters, Update};
use hge_system::file;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

macro_rules! options {
    ($($register:ident $field:ident = $default:literal, $text:literal $(, $least:literal to $most:literal)?;)*) => {
        /// The generics that are numbers.
        #[derive(Args)]
        pub struct Generics {
            $(#[doc = $text] #[arg(long, value_name = "N", default_value_t = $default, conflicts_with = "board")] $field: u32,)*
        }

        impl Generics {
            fn parameters(&self, carriers: Carriers, update: Update) -> Parameters {
                Parameters { $($field: self.$field,)* carriers, update }
            }
        }
    };
}

hge_protocol::with_generics!(options);

/// Design and destination.
#[derive(Args)]
#[command(group = ArgGroup::new("line").args(["baud", "ft245"]))]
pub struct Emit {
    /// Sources of a board with the sizes of the board: a name of `hge gateware list`, or the path of its folder
    #[arg(
        long,
        value_name = "BOARD",
        conflicts_with_all = ["carriers", "update", "line", "core"]
    )]
    pub board: Option<String>,
    /// Embed this experiment: the board trains without a host when its button is pressed
    #[arg(long, value_name = "FILE.toml", requires = "board")]
    pub experiment: Option<PathBuf>,
    #[command(flatten)]
    pub generics: Generics,
    /// Carriers of a slot: only sines, or sines and codes [default: those that --slot-clocks allows]
    #[arg(long, value_name = "sines|codes", value_parser = carriers_named)]
    pub carriers: Option<Carriers>,
    /// The standalone update: in the post-processor's program, or a core of its own
    #[arg(long, value_name = "microcode|hardware", default_value = "microcode", value_parser = update_named)]
    pub update: Update,
    /// Output directory
    #[arg(short = 'o', value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub directory: PathBuf,
    /// With a UART at this baud rate, as a board instantiates it
    #[arg(long, value_name = "BAUD", conflicts_with = "core")]
    pub baud: Option<u32>,
    /// Behind the FT245 FIFO of an FTDI bridge, as a board instantiates it
    #[arg(long, conflicts_with = "core")]
    pub ft245: bool,
    /// With this SPI DAC and an ADC: ad5628, ad5648, ad5668 or dac8568; sets widths, latency and minimum period
    #[arg(long, value_name = "PART", requires = "adc", requires = "line")]
    pub dac: Option<String>,
    /// The ADC: ad7476a or ad7686
    #[arg(long, value_name = "PART", requires = "dac", requires = "line")]
    pub adc: Option<String>,
    /// A single core
    #[arg(long)]
    pub core: Option<Core>,
    /// Every core and the instrument, each with stimulus and expected words as a table and a bench for cocotb
    #[arg(long, conflicts_with_all = ["board", "line", "core"])]
    pub vectors: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// A core that can be emitted separately.
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
    /// Interface to an FT245 FIFO
    Ft245,
}

impl From<Core> for package::Core {
    fn from(core: Core) -> Self {
        match core {
            Core::Nco => package::Core::Nco,
            Core::Lockin => package::Core::Lockin,
            Core::Update => package::Core::Update,
            Core::Guard => package::Core::Guard,
            Core::Ft245 => package::Core::Ft245,
        }
    }
}

/// Result of `--json`.
#[derive(Serialize)]
struct Written {
    files: Vec<PathBuf>,
    modules: usize,
    lines: usize,
}

fn carriers_named(name: &str) -> Result<Carriers, String> {
    match name {
        "sines" => Ok(Carriers::Sines),
        "codes" => Ok(Carriers::Codes),
        _ => Err("choose sines or codes".into()),
    }
}

fn update_named(name: &str) -> Result<Update, String> {
    match name {
        "microcode" => Ok(Update::Microcode),
        "hardware" => Ok(Update::Hardware),
        _ => Err("choose microcode or hardware".into()),
    }
}

fn converters(emit: &Emit) -> Result<Converters, String> {
    let name = |part: &Option<String>| part.clone().unwrap_or_default();
    let dac = DacPart::named(&name(&emit.dac)).map_err(|error| error.to_string())?;
    let adc = AdcPart::named(&name(&emit.adc)).map_err(|error| error.to_string())?;
    Ok(Converters { dac, adc })
}

pub fn run(emit: &Emit) -> Result<ExitCode, String> {
    let files = match &emit.board {
        Some(name) => board_files(name, emit.experiment.as_deref())?,
        None => instrument_files(emit)?,
    };
    std::fs::create_dir_all(&emit.directory)
        .map_err(|error| unwritable(&emit.directory, &error))?;
    let mut written = Written { files: Vec::new(), modules: 0, lines: 0 };
    for file in files {
        let path = emit.directory.join(&file.name);
        file::write(&path, &file.text).map_err(|error| unwritable(&path, &error))?;
        // Of what is synthesised; a testbench is not.
        if file.name.ends_with(".v") && !file.name.ends_with("_tb.v") {
            let modules = file.text.lines().filter(|line| line.starts_with("module "));
            written.modules += modules.count();
            written.lines += file.text.lines().count();
        }
        written.files.push(path);
    }
    if emit.json {
        json_line(&written)?;
    } else {
        let mut text = String::new();
        for path in &written.files {
            text += &format!("{}\n", path.display());
        }
        text += &format!("{} modules, {} lines\n", written.modules, written.lines);
        crate::streams::print(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn board_files(name: &str, experiment: Option<&Path>) -> Result<Vec<File>, String> {
    let board = Board::named(name).map_err(|error| error.to_string())?;
    let embedded = experiment.map(|file| embedded(&board, file)).transpose()?;
    flow::sources(&board, crate::build_facts::commit(), embedded.as_ref())
        .map_err(|error| error.to_string())
}

fn instrument_files(emit: &Emit) -> Result<Vec<File>, String> {
    let carriers = emit.carriers.unwrap_or(Carriers::most(emit.generics.slot_clocks));
    let parameters = emit.generics.parameters(carriers, emit.update);
    let build = Build::of_commit(crate::build_facts::commit());
    let uart = emit.baud.map(|baud| Line::Uart { baud });
    let line = uart.or(emit.ft245.then_some(Line::Ft245));
    match (emit.core, line) {
        _ if emit.vectors => package::vectors(&parameters, &build),
        (None, Some(line)) if emit.dac.is_some() => package::board_of_build(
            &parameters,
            converters(emit)?,
            line,
            &build,
            &Recording::default(),
        ),
        (None, None) => package::instrument_of_build(&parameters, &build),
        (None, Some(line)) => package::instrument_on_line(&parameters, line, &build),
        (Some(core), _) => package::core(core.into(), &parameters),
    }
    .map_err(|error| error.to_string())
}
