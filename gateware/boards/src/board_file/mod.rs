//! Boards: the facts that the gateware needs about each, as files.
//!
//! A board is a folder with `board.toml` and a pin file (`pins.pcf`, `.lpf`, `.cst` or `.xdc`, in the format of the family's tools). Those in
//! `constraints` are part of the program; any other folder of that form also works, so adding a board needs no Rust.
//!
//! The pin file locates ports of the top by these names: `clk` (`clk_p` and `clk_n` for a differential clock); `uart_rx`, `uart_tx`, or with `[ft245]`
//! `fifo_data_0` to `fifo_data_7`, `fifo_rxf_n`, `fifo_txe_n`, `fifo_rd_n`, `fifo_wr_n`;
//! `dac_sclk`, `dac_sync_n`, `dac_data`, `adc_sclk`, `adc_cs_n`, `adc_data`, `interlock`, `output_enable`, required on every board
//! (`dac_data_0`, `dac_data_1`, ... with more than eight outputs, `adc_data_0`, `adc_data_1`, ... with several inputs);
//! `arm_button`, `trigger`, `reference`, `led_armed`, `led_fault`, `led_activity`, which are optional; and those under `[held]`.

mod builtin;
mod error;
mod parse;
mod pins;

pub use error::BoardError;
pub use pins::{ports, Direction, Port};

use crate::fpga::Fpga;
use crate::package::{board_of_build, PackageError};
use hge_gateware::board;
use hge_gateware::build::Build;
use hge_gateware::converter::chips;
use hge_gateware::link::line::Line;
use hge_protocol::recording::Recording;
use hge_protocol::{Analogue, Carriers, Parameters, Update};
use hge_system::file;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// A board with its pin file.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// `board.toml`.
    pub file: BoardFile,
    /// Text of the file.
    pub text: String,
    /// The pin file.
    pub pins: String,
    parts: board::Converters,
    line: Line,
    parameters: Parameters,
}

/// Content of `board.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoardFile {
    /// Name, that of its folder.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// How far it has been tested.
    pub status: Status,
    /// Where the facts come from.
    pub url: String,
    /// The FPGA.
    pub fpga: Fpga,
    /// Clocks.
    pub clock: Clock,
    /// The serial line, if that is its line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uart: Option<Uart>,
    /// The FIFO of an FTDI bridge, if that is its line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ft245: Option<Fifo>,
    /// The converters it is wired for.
    pub converters: Converters,
    /// Sizes of the instrument.
    pub gateware: Sizes,
    /// The analogue scale of the connected circuit, with which the instrument powers up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analogue: Option<Analogue>,
    /// Active-low ports.
    #[serde(default)]
    pub polarity: Polarity,
    /// Outputs of the top that are held at a level, by the pin file's names.
    #[serde(default)]
    pub held: BTreeMap<String, Level>,
    /// Where ports are connected, as printed on the board: `Pmod 1A, 1`. Those that are not named stay on the board.
    #[serde(default)]
    pub header: BTreeMap<String, String>,
    /// How it is programmed.
    pub flash: Flash,
}

/// State of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Bitstreams are made and checked for timing.
    #[serde(rename = "placed and routed")]
    PlacedAndRouted,
    /// Described, but the complete instrument has not been placed and routed on it.
    #[serde(rename = "no bitstream yet")]
    NoBitstream,
    /// Sources for the vendor's tools, untested.
    #[serde(rename = "emitted only, never run")]
    EmittedOnly,
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Status::PlacedAndRouted => "placed and routed",
            Status::NoBitstream => "no bitstream yet",
            Status::EmittedOnly => "emitted only, never run",
        })
    }
}

/// Clocks. Where both are equal there is no PLL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Clock at the pin.
    pub pin_hz: u32,
    /// Clock of the instrument.
    pub system_hz: u32,
    /// The pin is a pair.
    #[serde(default)]
    pub differential: bool,
    /// Timing margin for variations of part, supply and temperature.
    #[serde(default = "usual_margin_percent")]
    pub margin_percent: u32,
}

fn usual_margin_percent() -> u32 {
    10
}

impl Clock {
    /// The least clock that a bitstream must reach, in MHz.
    pub fn needed_mhz(&self) -> f64 {
        f64::from(self.system_hz) / 1e6 * (1.0 + f64::from(self.margin_percent) / 100.0)
    }
}

/// The serial line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uart {
    /// A rate that the bridge is known to support.
    pub baud: u32,
    /// The bridge, or what takes its place.
    pub bridge: String,
}

/// The FIFO of an FTDI bridge in its asynchronous 245 mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fifo {
    /// The bridge.
    pub bridge: String,
}

/// Converters, by part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Converters {
    /// DAC.
    pub dac: String,
    /// ADC.
    pub adc: String,
}

/// Sizes of the instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// DAC channels.
    pub outputs: u32,
    /// ADC inputs, each with an ADC of its own.
    #[serde(default = "one")]
    pub inputs: u32,
    /// Demodulators.
    pub slots: u32,
    /// Rows of the case table.
    pub cases: u32,
    /// Rows of the table of initial controls.
    pub starts: u32,
    /// Words of telemetry's memory.
    pub telemetry_words: u32,
    /// Clocks of a slot: default 1, 16 to save memory and logic.
    #[serde(default = "one")]
    pub slot_clocks: u32,
    /// Slot pipelines side by side.
    #[serde(default = "one")]
    pub lanes: u32,
    /// Carriers of slots; by default those that slots with this number of clocks support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carriers: Option<Carriers>,
    /// The standalone update.
    #[serde(default, skip_serializing_if = "is_default")]
    pub update: Update,
}

fn one() -> u32 {
    1
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Level of a pin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Ground.
    Low,
    /// The supply.
    #[default]
    High,
}

/// The level at which each is active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Polarity {
    /// LEDs that are lit.
    pub leds: Level,
    /// The button, pressed.
    pub button: Level,
    /// The interlock, closed.
    pub interlock: Level,
    /// The output switch, closed.
    pub output_enable: Level,
}

/// How the board is programmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flash {
    /// openFPGALoader's name of the board.
    pub openfpgaloader: String,
}

impl Board {
    /// Those that are part of the program, by name.
    ///
    /// # Errors
    /// A file among them is wrong.
    pub fn all() -> Result<Vec<Board>, BoardError> {
        builtin::FILES
            .iter()
            .map(|(name, toml, pins)| Board::parse(name, name, toml, pins))
            .collect()
    }

    /// A board by its name or by the path of its folder.
    ///
    /// # Errors
    /// There is none, or a file of it is wrong.
    pub fn named(name: &str) -> Result<Board, BoardError> {
        if let Some((name, toml, pins)) = builtin::FILES.iter().find(|(known, ..)| *known == name) {
            return Board::parse(name, name, toml, pins);
        }
        let folder = Path::new(name);
        if folder.is_dir() {
            return Board::read(folder);
        }
        let known: Vec<&str> = builtin::FILES.iter().map(|(name, ..)| *name).collect();
        Err(BoardError::Unknown { name: name.to_owned(), known: known.join(", ") })
    }

    /// The board in a folder.
    ///
    /// # Errors
    /// A file of it cannot be read or is wrong.
    pub fn read(folder: &Path) -> Result<Board, BoardError> {
        let text = |name: &str| {
            let path = folder.join(name);
            file::read_text(&path, file::TEXT_BYTES)
                .map_err(|source| BoardError::File { path, source })
        };
        let toml = text("board.toml")?;
        let place = folder.join("board.toml").display().to_string();
        let pin_file = parse::file(&place, &toml)?.fpga.pin_file();
        let named = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let name = named.file_name().map(|name| name.to_string_lossy().into_owned());
        Board::parse(&name.unwrap_or_default(), &place, &toml, &text(pin_file)?)
    }

    /// A board from its files; `name` is that of its folder, `place` the location for errors.
    ///
    /// # Errors
    /// Something in them is wrong.
    pub fn parse(name: &str, place: &str, toml: &str, pins: &str) -> Result<Board, BoardError> {
        let file = parse::file(place, toml)?;
        if file.name != name {
            let problem = format!("the name is {}, but the folder is {name}", file.name);
            return Err(BoardError::Toml { place: place.to_owned(), problem });
        }
        Board::of(file, toml.to_owned(), pins.to_owned())
    }

    /// The board of a file whose every value is checked here.
    fn of(file: BoardFile, text: String, pins: String) -> Result<Board, BoardError> {
        let parts = parse::parts(&file)?;
        let line = parse::line(&file)?;
        let sizes = file.gateware;
        let wanted = Parameters {
            outputs: sizes.outputs,
            inputs: sizes.inputs,
            slots: sizes.slots,
            cases: sizes.cases,
            starts: sizes.starts,
            clock_hz: file.clock.system_hz,
            telemetry_words: sizes.telemetry_words,
            slot_clocks: sizes.slot_clocks,
            lanes: sizes.lanes,
            carriers: sizes.carriers.unwrap_or(Carriers::most(sizes.slot_clocks)),
            update: sizes.update,
            ..Parameters::default()
        };
        let parameters = parts
            .parameters(&wanted)
            .map_err(|source| BoardError::Converter { board: file.name.clone(), source })?;
        let board = Board { file, text, pins, parts, line, parameters };
        parse::check(&board)?;
        Ok(board)
    }

    /// Generics of the instrument.
    pub fn parameters(&self) -> Parameters {
        self.parameters
    }

    /// DAC chips for its outputs.
    pub fn dac_chips(&self) -> u32 {
        chips(self.parameters.outputs)
    }

    /// The converters it is wired for.
    pub fn converters(&self) -> board::Converters {
        self.parts
    }

    /// Its line.
    pub fn line(&self) -> Line {
        self.line
    }

    /// What stands between its line and the host.
    pub fn bridge(&self) -> &str {
        let BoardFile { uart, ft245, .. } = &self.file;
        let of_uart = uart.as_ref().map(|uart| &uart.bridge);
        of_uart.or(ft245.as_ref().map(|fifo| &fifo.bridge)).map_or("", String::as_str)
    }

    /// Verilog of `hge_board` and all modules below it, with the experiments built in and the recording played after power-up.
    ///
    /// # Errors
    /// A block that the emitter refuses.
    pub fn verilog(&self, build: &Build, recording: &Recording) -> Result<String, PackageError> {
        board_of_build(&self.parameters, self.parts, self.line, build, recording)
            .map(|mut files| files.swap_remove(0).text)
    }

    /// Ports and their sites, in the order of the pin file.
    pub fn located(&self) -> Vec<(String, String)> {
        pins::located(&self.file.fpga, &self.pins)
    }

    /// Whether the pin file locates the port `name`.
    pub fn locates(&self, name: &str) -> bool {
        self.located().iter().any(|(port, _)| port == name)
    }

    /// The board with other sizes.
    ///
    /// # Errors
    /// They are out of range.
    pub fn resized(self, sizes: Sizes) -> Result<Board, BoardError> {
        Board::of(BoardFile { gateware: sizes, ..self.file }, self.text, self.pins)
    }
}
