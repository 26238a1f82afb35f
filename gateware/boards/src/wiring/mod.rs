//! Wiring of a board: a drawing and a table, generated from the board's files.
//!
//! The drawing shows one channel of eight, and of several converters the first two data lines, but not the pins of the line; the table has all. Its analogue values are those of `docs/hardware.md`.

mod canvas;
mod digital;

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

/// The analogue side, the same for all boards: level shift, switch, device, I-V converter and the stage before the ADC. Signals run to the right above and back
/// to the left below.
const ANALOGUE: &str = include_str!("analogue.svg");

/// Pixels of the drawing.
const SIZE: (i32, i32) = (1720, digital::BOTTOM + 20);

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
            "two AD7476A",
            ["1 CS", "2 D0", "3 D1", "4 SCLK", "5 GND", "6 VCC"],
            "input",
        ),
        AdcPart::Ad7686 => {
            ("AD7686", "3-wire, SDI high", ["CNV", "SDO", "", "SCK", "GND", "VIO"], "IN+")
        }
    };
    Module { title, below, pins, signal }
}

/// The drawing, as SVG.
pub fn svg(board: &Board) -> String {
    let mut canvas = Canvas::new(SIZE);
    let parts = board.converters();
    digital::draw(&mut canvas, board, &wires(board), &dac(parts.dac), &adc(parts.adc));
    canvas.elements(ANALOGUE);
    canvas.svg(&format!("Wiring of hge with {}", board.file.title))
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

    /// Value of an attribute of an element that fills its line.
    fn attribute<'a>(line: &'a str, name: &str) -> &'a str {
        let (_, value) = line.split_once(&format!(" {name}=\"")).unwrap();
        value.split('"').next().unwrap()
    }

    fn number(line: &str, name: &str) -> i32 {
        attribute(line, name).parse().unwrap()
    }

    /// Left, top, right and bottom of a text, as wide as it is with the widest of the fonts.
    fn edges(line: &str) -> [i32; 4] {
        let px = if line.contains("class=\"t\"") { 19 } else { 15 };
        let text = line.split_once('>').unwrap().1.strip_suffix("</text>").unwrap();
        let text = text.replace("&lt;", "<").replace("&amp;", "&");
        let width = text.chars().count() as i32 * px * 62 / 100;
        let (x, y) = (number(line, "x"), number(line, "y"));
        let left = match attribute(line, "text-anchor") {
            "start" => x,
            "middle" => x - width / 2,
            _ => x - width,
        };
        [left, y - px * 3 / 4, left + width, y + 3]
    }

    /// Texts that run over the edge, over each other or over a side of a block.
    fn collisions(svg: &str) -> Vec<String> {
        let texts: Vec<&str> = svg.lines().filter(|line| line.starts_with("<text")).collect();
        let blocks: Vec<&str> = svg.lines().filter(|line| line.contains("\"f b\"")).collect();
        assert!(texts.len() > 50 && blocks.len() > 5);
        let mut found = Vec::new();
        for (n, text) in texts.iter().enumerate() {
            let [left, top, right, bottom] = edges(text);
            if left < 0 || top < 0 || right > SIZE.0 || bottom > SIZE.1 {
                found.push(format!("{text} runs over the edge"));
            }
            for block in &blocks {
                let [l, t] = ["x", "y"].map(|name| number(block, name));
                let [r, b] = [l + number(block, "width"), t + number(block, "height")];
                let crosses = |side: i32| left < side && side < right;
                if top < b && t < bottom && (crosses(l) || crosses(r)) {
                    found.push(format!("{text} runs over a side of a block"));
                }
            }
            for other in &texts[..n] {
                let [l, t, r, b] = edges(other);
                if left < r && l < right && top < b && t < bottom {
                    found.push(format!("{text} runs over {other}"));
                }
            }
        }
        found
    }

    #[test]
    fn no_text_of_any_boards_drawing_runs_over_another() {
        for board in Board::all().unwrap() {
            let collisions = collisions(&svg(&board));
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
                if port.starts_with("uart") || port.starts_with("fifo") {
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
