//! Errors of the bitstream flow.

use crate::board_file::BoardError;
use crate::fpga::pll::PllError;
use crate::package::PackageError;
use crate::tools::ToolError;
use std::path::PathBuf;
use thiserror::Error;

/// Why there is no bitstream.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FlowError {
    /// The board.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// The clock.
    #[error(transparent)]
    Pll(#[from] PllError),
    /// The gateware.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// A tool is missing or cannot be fetched.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// No open tools make a bitstream for it.
    #[error("board {board} is {part}, which only the vendor's tools place and route: write its sources with `hge gateware emit --board {board} -o DIR`")]
    VendorOnly {
        /// The board.
        board: String,
        /// The part.
        part: String,
    },
    /// A step failed.
    #[error("{step} failed: {message}; see {log}")]
    Step {
        /// Name of the step.
        step: &'static str,
        /// Message of the tool.
        message: String,
        /// Complete log of the tool.
        log: PathBuf,
    },
    /// The design does not fit.
    #[error("the design does not fit {part}: {counts} ({message}); build with fewer --slots or --outputs, or for a bigger board")]
    TooBig {
        /// The part.
        part: String,
        /// Resources that are exceeded.
        counts: String,
        /// Message of the tool.
        message: String,
    },
    /// The design misses its clock.
    #[error("the design reaches {reached_mhz:.2} MHz by {judge}; its clock of {asked_mhz:.2} MHz needs a margin of {margin_percent} %: lower clock.system_hz of the board, or build with fewer --slots or --outputs")]
    TooSlow {
        /// Reached.
        reached_mhz: f64,
        /// Asked for.
        asked_mhz: f64,
        /// Required margin.
        margin_percent: u32,
        /// Tool that reports it.
        judge: String,
    },
    /// A report of a tool is not as expected.
    #[error(
        "the report of {tool} cannot be read: {problem}; use the pinned tools with --tools wheels"
    )]
    Report {
        /// The tool.
        tool: String,
        /// The fault.
        problem: String,
    },
    /// A file.
    #[error("{path}: {source}; choose another folder with -o")]
    File {
        /// Path of the file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The target exists and is not a bundle.
    #[error("{path} exists and is not a bundle: choose another folder with -o, or remove it")]
    Occupied {
        /// Where.
        path: PathBuf,
    },
    /// A bundle was changed.
    #[error("{bundle} is not an intact bundle: {problem}; build it again")]
    Bundle {
        /// Folder of the bundle.
        bundle: PathBuf,
        /// The fault.
        problem: String,
    },
    /// A bundle for another register map.
    #[error("{bundle} has register map {theirs}, this program {ours}: build it again, or use the program that made it")]
    Map {
        /// Folder of the bundle.
        bundle: PathBuf,
        /// The bundle's.
        theirs: String,
        /// This program's.
        ours: String,
    },
}

impl FlowError {
    /// An error of a file.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> FlowError {
        let path = path.into();
        move |source| FlowError::File { path, source }
    }
}
