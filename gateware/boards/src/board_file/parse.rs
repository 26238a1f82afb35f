//! Parser of boards, which checks every value.

use super::pins;
use super::{Board, BoardError, BoardFile};
use crate::fpga::{pll, Fpga};
use hge_gateware::board::Converters;
use hge_gateware::converter::{AdcPart, DacPart};
use hge_gateware::leaf::{memories_are_late, UNHURRIED_HZ};
use hge_gateware::link::line::Line;
use hge_system::text::{is_plain_name, quoted, QUOTED_CHARS};

/// Reads `board.toml`.
pub fn file(place: &str, text: &str) -> Result<BoardFile, BoardError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
        let place = line.map_or(place.to_owned(), |line| format!("{place}, line {line}"));
        let problem = hge_system::wording::of_data(error.message(), "");
        BoardError::Toml { place, problem }
    })
}

fn unknown(file: &BoardFile, key: &'static str, value: &str, known: &[&str]) -> BoardError {
    let (board, known) = (file.name.clone(), known.join(", "));
    BoardError::Word { board, key, value: value.to_owned(), known }
}

/// The converters by name.
pub fn parts(file: &BoardFile) -> Result<Converters, BoardError> {
    let BoardFile { converters: named, .. } = file;
    let dac = DacPart::named(&named.dac).map_err(|_| {
        unknown(file, "converters.dac", &named.dac, &DacPart::ALL.map(DacPart::name))
    })?;
    let adc = AdcPart::named(&named.adc).map_err(|_| {
        unknown(file, "converters.adc", &named.adc, &AdcPart::ALL.map(AdcPart::name))
    })?;
    Ok(Converters { dac, adc })
}

/// The line, of which there must be one.
pub fn line(file: &BoardFile) -> Result<Line, BoardError> {
    match (&file.uart, &file.ft245) {
        (Some(uart), None) => Ok(Line::Uart { baud: uart.baud }),
        (None, Some(_)) => Ok(Line::Ft245),
        _ => Err(BoardError::Lines { board: file.name.clone() }),
    }
}

/// Checks the values beyond their types.
pub fn check(board: &Board) -> Result<(), BoardError> {
    let file = &board.file;
    let name = || file.name.clone();
    let in_words = |key, value: &str, known: &[&str]| {
        if known.contains(&value) {
            return Ok(());
        }
        Err(unknown(file, key, value, known))
    };
    match &file.fpga {
        Fpga::Ice40 { device, .. } => {
            in_words("fpga.device", device, &["up5k", "hx8k", "hx4k", "lp8k"])?
        }
        Fpga::Ecp5 { device, speed_grade, .. } => {
            in_words("fpga.device", device, &["12k", "25k", "45k", "85k"])?;
            in_words("fpga.speed_grade", &speed_grade.to_string(), &["6", "7", "8"])?;
        }
        Fpga::Gowin { variant, .. } => in_words("fpga.variant", variant, &pll::GOWIN_VARIANTS)?,
        Fpga::Xilinx { speed_grade, .. } => {
            in_words("fpga.speed_grade", &speed_grade.to_string(), &["1", "2", "3"])?;
        }
    }
    let system_hz = file.clock.system_hz;
    if matches!(file.fpga, Fpga::Ice40 { .. }) && memories_are_late(system_hz) {
        return Err(BoardError::Clock {
            board: name(),
            part: file.fpga.part(),
            system_mhz: f64::from(system_hz) / 1e6,
            most_mhz: f64::from(UNHURRIED_HZ) / 1e6,
        });
    }
    for (key, value) in [("name", &file.name), ("flash.openfpgaloader", &file.flash.openfpgaloader)]
    {
        if !is_plain_name(value) {
            let value = quoted(value, QUOTED_CHARS);
            return Err(BoardError::Name { board: quoted(&file.name, QUOTED_CHARS), key, value });
        }
    }
    let parameters = board.parameters();
    parameters.check().map_err(|source| BoardError::Parameter { board: name(), source })?;
    if let Some(analogue) = &file.analogue {
        let (outputs, inputs) = (parameters.outputs as usize, parameters.inputs as usize);
        let checked = analogue.check(outputs, inputs);
        checked.map_err(|source| BoardError::Analogue { board: name(), source })?;
    }
    let rate = board.line().check(parameters.clock_hz);
    rate.map_err(|source| BoardError::Rate { board: name(), source })?;
    pll::settings(&file.fpga, file.clock.pin_hz, file.clock.system_hz)
        .map_err(|source| BoardError::Pll { board: name(), source })?;
    pins::check(board)
}
