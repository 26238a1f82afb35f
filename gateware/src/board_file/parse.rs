//! From text to a board whose every value has been checked.

use super::pins;
use super::{Board, BoardError, BoardFile, Fpga, ADC_BITS, DAC_BITS};
use crate::flow::pll;
use crate::link::uart_receiver;

/// Reads `board.toml`.
pub fn file(place: &str, text: &str) -> Result<BoardFile, BoardError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
        let place = line.map_or(place.to_owned(), |line| format!("{place}, line {line}"));
        // One sentence: some messages of the parser have several lines.
        let problem = error.message().lines().collect::<Vec<_>>().join(", ");
        BoardError::Toml { place, problem }
    })
}

/// Checks what the types do not.
pub fn check(board: &Board) -> Result<(), BoardError> {
    let file = &board.file;
    let name = || file.name.clone();
    let in_words = |key, value: &str, known: &[&str]| {
        if known.contains(&value) {
            return Ok(());
        }
        let known = known.join(", ");
        Err(BoardError::Word { board: name(), key, value: value.to_owned(), known })
    };
    in_words("converters.dac", &file.converters.dac, &DAC_BITS.map(|(part, _)| part))?;
    in_words("converters.adc", &file.converters.adc, &ADC_BITS.map(|(part, _)| part))?;
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
    let parameters = board.parameters();
    parameters.check().map_err(|source| BoardError::Parameter { board: name(), source })?;
    uart_receiver::bit_period(parameters.clock_hz, file.uart.baud)
        .map_err(|source| BoardError::Rate { board: name(), source })?;
    pll::settings(&file.fpga, file.clock.pin_hz, file.clock.system_hz)
        .map_err(|source| BoardError::Pll { board: name(), source })?;
    pins::check(board)
}
