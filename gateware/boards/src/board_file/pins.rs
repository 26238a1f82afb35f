//! Ports of the top and their locations in the pin file.

use super::{Board, BoardError};
use crate::fpga::Fpga;
use hge_gateware::link::line::Line;
use std::collections::BTreeMap;

/// Of a port of the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into the FPGA.
    In,
    /// Out of it.
    Out,
    /// Both, with a pad that can be turned off.
    Both,
}

/// A port that the top of a board can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Name, in the top and in the pin file.
    pub name: String,
    /// Direction.
    pub direction: Direction,
    /// Every board must have it.
    pub needed: bool,
}

/// Most characters of a place on a header, as wide as a drawing has room for.
const MOST_PLACE: usize = 12;

/// Ports of a line.
const UART: &[(&str, Direction, bool)] =
    &[("uart_rx", Direction::In, true), ("uart_tx", Direction::Out, true)];
const FIFO: &[(&str, Direction, bool)] = &[
    ("fifo_data", Direction::Both, true),
    ("fifo_rxf_n", Direction::In, true),
    ("fifo_txe_n", Direction::In, true),
    ("fifo_rd_n", Direction::Out, true),
    ("fifo_wr_n", Direction::Out, true),
];

/// Ports after the clock and the line; `dac_data` and `adc_data` once for each chip, numbered if there are several.
const PORTS: [(&str, Direction, bool); 14] = [
    ("interlock", Direction::In, true),
    ("arm_button", Direction::In, false),
    ("dac_sclk", Direction::Out, true),
    ("dac_sync_n", Direction::Out, true),
    ("dac_data", Direction::Out, true),
    ("adc_sclk", Direction::Out, true),
    ("adc_cs_n", Direction::Out, true),
    ("adc_data", Direction::In, true),
    ("output_enable", Direction::Out, true),
    ("trigger", Direction::Out, false),
    ("reference", Direction::Out, false),
    ("led_armed", Direction::Out, false),
    ("led_fault", Direction::Out, false),
    ("led_activity", Direction::Out, false),
];

/// Every port that this board's top can have.
pub fn ports(board: &Board) -> Vec<Port> {
    let clock: &[&str] = if board.file.clock.differential { &["clk_p", "clk_n"] } else { &["clk"] };
    let clock = clock.iter().map(|name| (*name, Direction::In, true));
    let line = if board.line() == Line::Ft245 { FIFO } else { UART };
    clock
        .chain(line.iter().copied())
        .chain(PORTS)
        .flat_map(|(name, direction, needed)| {
            let count = match name {
                "dac_data" => board.dac_chips(),
                "adc_data" => board.parameters().inputs,
                "fifo_data" => 8,
                _ => 1,
            };
            let numbered = move |number| match count {
                1 => name.to_owned(),
                _ => format!("{name}_{number}"),
            };
            (0..count).map(move |number| Port { name: numbered(number), direction, needed })
        })
        .collect()
}

/// Ports and sites in the order of the pin file.
pub fn located(fpga: &Fpga, text: &str) -> Vec<(String, String)> {
    let unquoted = |word: &str| word.trim_matches(['"', ';', '{', '}', ']']).to_owned();
    let of_line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match fpga {
            Fpga::Ice40 { .. } if words.first() == Some(&"set_io") => {
                let [.., port, site] = words[..] else { return None };
                Some((port.to_owned(), site.to_owned()))
            }
            Fpga::Ecp5 { .. } => match words[..] {
                ["LOCATE", "COMP", port, "SITE", site] => Some((unquoted(port), unquoted(site))),
                _ => None,
            },
            Fpga::Gowin { .. } => match words[..] {
                ["IO_LOC", port, site] => Some((unquoted(port), unquoted(site))),
                _ => None,
            },
            Fpga::Xilinx { .. } => {
                let after = |key: &str| {
                    let at = words.iter().position(|word| *word == key)?;
                    words.get(at + 1).map(|word| unquoted(word))
                };
                Some((after("[get_ports")?, after("PACKAGE_PIN")?))
            }
            Fpga::Ice40 { .. } => None,
        }
    };
    text.lines().filter_map(of_line).collect()
}

/// Checks that every required port has a site of its own, and that no other port has one.
pub fn check(board: &Board) -> Result<(), BoardError> {
    let refuse = |problem: String| {
        let (file, board) = (board.file.fpga.pin_file(), board.file.name.clone());
        Err(BoardError::Pins { board, file, problem })
    };
    let ports = ports(board);
    let mut sites = BTreeMap::new();
    let mut names = BTreeMap::new();
    for (port, site) in located(&board.file.fpga, &board.pins) {
        let held = board.file.held.contains_key(&port);
        if !held && !ports.iter().any(|known| known.name == port) {
            return refuse(format!(
                "locates {port}, which is no port: name it under [held] or take it out"
            ));
        }
        if let Some(other) = sites.insert(site.clone(), port.clone()) {
            return refuse(format!("puts {other} and {port} on {site}: give each its own pin"));
        }
        if names.insert(port.clone(), site).is_some() {
            return refuse(format!("locates {port} twice: keep one"));
        }
    }
    let mut places = BTreeMap::new();
    for (port, place) in &board.file.header {
        if !names.contains_key(port) {
            return refuse(format!("does not locate {port}, which stands under [header]"));
        }
        if place.is_empty() || place.chars().count() > MOST_PLACE {
            return refuse(format!(
                "locates {port} at the header's \"{place}\": give 1 to {MOST_PLACE} characters"
            ));
        }
        if let Some(other) = places.insert(place, port) {
            return refuse(format!(
                "locates {other} and {port} at the header's {place}: give each its own pin"
            ));
        }
    }
    let needed = ports.iter().filter(|port| port.needed).map(|port| port.name.as_str());
    let held = board.file.held.keys().map(String::as_str);
    match needed.chain(held).find(|name| !names.contains_key(*name)) {
        Some(name) => refuse(format!("does not locate {name}: add a line for it")),
        None => Ok(()),
    }
}
