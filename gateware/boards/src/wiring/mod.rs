//! Wiring of a board: a drawing and a table, generated from the board's files.
//!
//! The drawing shows one channel of eight; its analogue values are those of `docs/hardware.md`.

mod analogue;
mod canvas;
mod digital;
mod symbols;

use crate::board_file::Board;
use canvas::Canvas;
use hge_gateware::converter::{AdcPart, DacPart};

/// A port, where its wire is connected, and the pin of the package.
struct Wire {
    port: String,
    /// As printed on the board's header.
    place: String,
    site: String,
}

/// A converter's module: title, description, six pins and signal.
struct Module {
    title: &'static str,
    below: &'static str,
    pins: [&'static str; 6],
    signal: &'static str,
}

/// Ports that stay on the board.
const ON_BOARD: &str = "on board";

fn wires(board: &Board) -> Vec<Wire> {
    let places = &board.file.header;
    let wire = |(port, site): (String, String)| {
        let place = places.get(&port).map_or(ON_BOARD, String::as_str).to_owned();
        Wire { port, place, site }
    };
    board.located().into_iter().map(wire).collect()
}

fn dac(part: DacPart) -> Module {
    let pins = ["1 SYNC", "2 DIN", "3 –", "4 SCLK", "5 GND", "6 VCC"];
    let bare = ["SYNC", "DIN", "", "SCLK", "GND", "VDD"];
    let (title, below, pins) = match part {
        DacPart::Ad5628 => ("Pmod DA4", "AD5628, 2.5 V", pins),
        DacPart::Ad5648 => ("AD5648-1", "2.5 V", bare),
        DacPart::Ad5668 => ("AD5668-1", "2.5 V", bare),
        DacPart::Dac8568 => ("DAC8568", "grade B, 2.5 V", bare),
    };
    Module { title, below, pins, signal: "A … H" }
}

fn adc(part: AdcPart) -> Module {
    let (title, below, pins, signal) = match part {
        AdcPart::Ad7476a => (
            "Pmod AD1",
            "first AD7476A",
            ["1 CS", "2 D0", "3 D1 unused", "4 SCLK", "5 GND", "6 VCC"],
            "input",
        ),
        AdcPart::Ad7686 => {
            ("AD7686", "3-wire, SDI high", ["CNV", "SDO", "", "SCK", "GND", "VIO"], "IN+")
        }
    };
    Module { title, below, pins, signal }
}

fn canvas(board: &Board) -> Canvas {
    let mut canvas = Canvas::new((1720, digital::BOTTOM + 20));
    let parts = board.converters();
    digital::draw(&mut canvas, board, &wires(board), &dac(parts.dac), &adc(parts.adc));
    analogue::draw(&mut canvas);
    canvas
}

/// The drawing, as SVG.
pub fn svg(board: &Board) -> String {
    canvas(board).svg(&format!("Wiring of hge with {}", board.file.title))
}

/// The wires as a table in Markdown.
pub fn table(board: &Board) -> String {
    let mut page = String::from("| port | header | package pin |\n|---|---|---|\n");
    for Wire { port, place, site } in wires(board) {
        page += &format!("| `{port}` | {place} | {site} |\n");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_any_boards_drawing_runs_over_another() {
        for board in Board::all().unwrap() {
            let collisions = canvas(&board).collisions();
            assert!(collisions.is_empty(), "{}: {collisions:#?}", board.file.name);
        }
    }

    #[test]
    fn every_header_pin_and_package_pin_is_in_the_drawing_and_in_the_table() {
        for board in Board::all().unwrap() {
            let (svg, table) = (svg(&board), table(&board));
            for (port, place) in &board.file.header {
                let (_, site) =
                    board.located().into_iter().find(|(known, _)| known == port).unwrap();
                assert!(table.contains(&format!("| `{port}` | {place} | {site} |\n")), "{table}");
                if port.starts_with("uart") {
                    continue;
                }
                for text in [port, place, &site] {
                    assert!(
                        svg.contains(&format!(">{text}</text>")),
                        "{}: {text}",
                        board.file.name
                    );
                }
            }
        }
    }
}
