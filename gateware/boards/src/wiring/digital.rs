//! The digital side: host, board with its table of pins, converter modules, interlock, oscilloscope.

use super::canvas::{Anchor, Canvas, Ink};
use super::{Module, Wire};
use crate::board_file::Board;

/// Right edges of the board and of the converters' modules.
const BOARD_RIGHT: i32 = 590;
const MODULE_RIGHT: i32 = 880;
/// Heights of the wires that go on.
const DAC_OUTPUT_Y: i32 = 205;
const OUTPUT_ENABLE_Y: i32 = 385;
const ADC_INPUT_Y: i32 = 805;

const BOARD_X: i32 = 240;
const MODULE_X: i32 = 700;
const HOST_WIDTH: i32 = 170;
/// Between wires.
const STEP: i32 = 30;
const DAC_FIRST_Y: i32 = 125;
const INTERLOCK_Y: i32 = 455;
const SCOPE_Y: i32 = 605;
const ADC_FIRST_Y: i32 = 715;
const LAMPS_Y: i32 = 910;

/// Upper and lower edge of the board.
const TOP: i32 = 25;
pub const BOTTOM: i32 = 1020;

/// Draws all of it.
pub fn draw(canvas: &mut Canvas, board: &Board, wires: &[Wire], dac: &Module, adc: &Module) {
    let file = &board.file;
    let width = BOARD_RIGHT - BOARD_X;
    let title = lines_of(&file.title, 28);
    let title: Vec<&str> = title.iter().map(String::as_str).collect();
    canvas.block((BOARD_X, TOP), (width, BOTTOM - TOP), &title, "port, header, package pin");
    host(canvas, board);
    let row = |canvas: &mut Canvas, y: i32, port: &str| {
        let first = format!("{port}_0");
        let found = wires.iter().find(|wire| wire.port == port || wire.port == first);
        let Some(wire) = found else { return false };
        row(canvas, y, &wire.port, &wire.place, &wire.site);
        true
    };
    for (module, first, ports) in [
        (dac, DAC_FIRST_Y, ["dac_sync_n", "dac_data", "dac_data_1", "dac_sclk"]),
        (adc, ADC_FIRST_Y, ["adc_cs_n", "adc_data", "adc_data_1", "adc_sclk"]),
    ] {
        let height = 6 * STEP + 70;
        canvas.block(
            (MODULE_X, first - 80),
            (MODULE_RIGHT - MODULE_X, height),
            &[module.title],
            module.below,
        );
        for ((number, pin), port) in
            (0..).zip(module.pins).zip(ports.into_iter().chain(["GND", "3.3 V"]))
        {
            let y = first + number * STEP;
            canvas.label(Anchor::Start, (MODULE_X + 12, y + 5), pin);
            let ink = match port {
                "GND" | "3.3 V" => {
                    supply(canvas, y, port);
                    Ink::Supply
                }
                _ => {
                    if !row(canvas, y, port) {
                        continue;
                    }
                    Ink::Logic
                }
            };
            canvas.line(ink, &[(BOARD_RIGHT, y), (MODULE_X, y)]);
        }
    }
    canvas.label(Anchor::End, (MODULE_RIGHT - 12, DAC_OUTPUT_Y + 5), dac.signal);
    canvas.label(Anchor::End, (MODULE_RIGHT - 12, ADC_INPUT_Y + 5), adc.signal);
    row(canvas, OUTPUT_ENABLE_Y, "output_enable");
    interlock(canvas);
    row(canvas, INTERLOCK_Y, "interlock");
    supply(canvas, INTERLOCK_Y + STEP, "GND");
    let trigger = row(canvas, SCOPE_Y, "trigger");
    let reference = row(canvas, SCOPE_Y + STEP, "reference");
    if trigger || reference {
        scope(canvas, trigger, reference);
    }
    let lamps = ["arm_button", "led_armed", "led_fault", "led_activity"];
    let lamps = lamps.into_iter().filter(|port| wires.iter().any(|wire| wire.port == *port));
    for (number, port) in (0..).zip(lamps) {
        row(canvas, LAMPS_Y + number * STEP, port);
    }
}

/// A row of the board's table.
fn row(canvas: &mut Canvas, y: i32, port: &str, place: &str, site: &str) {
    canvas.label(Anchor::Start, (BOARD_X + 14, y + 5), port);
    canvas.label(Anchor::Start, (BOARD_X + 160, y + 5), place);
    canvas.label(Anchor::End, (BOARD_RIGHT - 14, y + 5), site);
}

/// A row without a port.
fn supply(canvas: &mut Canvas, y: i32, name: &str) {
    canvas.label(Anchor::Start, (BOARD_X + 160, y + 5), name);
}

/// Words in lines of at most this number of characters, except for longer words.
fn lines_of(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn host(canvas: &mut Canvas, board: &Board) {
    let (x, y) = (20, 85);
    canvas.block((x, y), (HOST_WIDTH, 70), &["Computer"], "hge");
    canvas.line(Ink::Logic, &[(x + HOST_WIDTH, y + 35), (BOARD_X, y + 35)]);
    let bridge = board.bridge();
    let bridge = bridge.strip_prefix("none: ").unwrap_or(bridge);
    let rate = board.line().baud().map_or(String::new(), |baud| format!("; {baud} baud"));
    let words = format!("USB; {bridge}{rate}");
    // As wide as the block.
    let lines = lines_of(&words, 18);
    for (number, line) in (0..).zip(&lines) {
        canvas.label(Anchor::Start, (x, y + 95 + 20 * number), line);
    }
}

fn interlock(canvas: &mut Canvas) {
    let (x, top) = (20, INTERLOCK_Y - 66);
    canvas.block((x, top), (HOST_WIDTH, 124), &["Interlock"], "closed: may run");
    let right = x + HOST_WIDTH;
    let (upper, lower) = ((right - 60, INTERLOCK_Y), (right - 60, INTERLOCK_Y + STEP));
    canvas.line(Ink::Logic, &[(BOARD_X, upper.1), upper]);
    canvas.line(Ink::Supply, &[(BOARD_X, lower.1), lower]);
    canvas.line(Ink::Frame, &[lower, (lower.0 - 16, upper.1 + 2)]);
    canvas.ring(upper);
    canvas.ring(lower);
}

fn scope(canvas: &mut Canvas, trigger: bool, reference: bool) {
    let x = 20;
    canvas.block((x, SCOPE_Y - 66), (HOST_WIDTH, 124), &["Oscilloscope"], "to watch a run");
    for (there, y, name) in [(trigger, SCOPE_Y, "trigger"), (reference, SCOPE_Y + STEP, "channel")]
    {
        if there {
            canvas.line(Ink::Logic, &[(BOARD_X, y), (x + HOST_WIDTH, y)]);
            canvas.label(Anchor::End, (x + HOST_WIDTH - 12, y + 5), name);
        }
    }
}
