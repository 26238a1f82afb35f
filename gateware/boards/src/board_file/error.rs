//! Errors of boards.

use crate::fpga::pll::PllError;
use hge_gateware::converter::ConverterError;
use hge_gateware::link::uart_receiver::RateError;
use hge_protocol::analogue::AnalogueError;
use hge_protocol::ParameterError;
use std::path::PathBuf;
use thiserror::Error;

/// Why there is no such board.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BoardError {
    /// Neither a name nor a folder.
    #[error(
        "{name} is not a board: choose one of {known}, or the path of a folder with a board.toml"
    )]
    Unknown {
        /// Name that was given.
        name: String,
        /// Names, separated by commas.
        known: String,
    },
    /// A file cannot be read.
    #[error(
        "{path} cannot be read: {source}; a board is a folder with board.toml and its pin file"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `board.toml` is wrong.
    #[error("{place}: {problem}; correct it as in the boards of the folder constraints")]
    Toml {
        /// File and line.
        place: String,
        /// The fault.
        problem: String,
    },
    /// The converters cannot serve it.
    #[error("board {board}: {source}")]
    Converter {
        /// Name of the board.
        board: String,
        /// Why.
        source: ConverterError,
    },
    /// A name used in commands and file names.
    #[error("board {board}: {key} is `{value}`: write up to 64 letters, digits, `-`, `_`, `.` and `+`, a letter or digit first")]
    Name {
        /// The board.
        board: String,
        /// Table and key.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// A word that only certain values are known for.
    #[error("board {board}: {key} is {value}, which is not known: choose one of {known}")]
    Word {
        /// The board.
        board: String,
        /// Table and key.
        key: &'static str,
        /// The value.
        value: String,
        /// Valid values.
        known: String,
    },
    /// A clock beyond which the instrument needs memories that the part has not.
    #[error("board {board}: clock.system_hz of {system_mhz} MHz is too high for {part}, whose memories are fast enough up to {most_mhz} MHz: lower it, and build to see what the design reaches below that")]
    Clock {
        /// The board.
        board: String,
        /// The part.
        part: String,
        /// Asked for.
        system_mhz: f64,
        /// Greatest that can be made.
        most_mhz: f64,
    },
    /// The pin file and the top disagree.
    #[error("{file} of board {board} {problem}")]
    Pins {
        /// The board.
        board: String,
        /// The pin file.
        file: &'static str,
        /// The fault, and the remedy.
        problem: String,
    },
    /// A generic out of range.
    #[error("board {board}: {source}")]
    Parameter {
        /// The board.
        board: String,
        /// Reason.
        source: ParameterError,
    },
    /// The analogue scale cannot be.
    #[error("board {board}: {source}")]
    Analogue {
        /// The board.
        board: String,
        /// The value, and the reason.
        source: AnalogueError,
    },
    /// No line, or two.
    #[error("board {board} must have one line: give it either a table [uart], with baud and bridge, or a table [ft245], with bridge")]
    Lines {
        /// The board.
        board: String,
    },
    /// The line's rate.
    #[error("board {board}: {source}")]
    Rate {
        /// The board.
        board: String,
        /// Why.
        source: RateError,
    },
    /// The clock.
    #[error("board {board}: {source}")]
    Pll {
        /// The board.
        board: String,
        /// Why.
        source: PllError,
    },
}
