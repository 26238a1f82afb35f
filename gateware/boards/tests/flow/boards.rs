//! Board files: those that are built in, and the messages for wrong ones.

use crate::small::Folder;
use hge_boards::board_file::{Board, BoardError, Status};
use hge_boards::flow::sources;

fn changed(from: &str, to: &str) -> String {
    let board = Board::named("icebreaker").unwrap();
    assert!(board.text.contains(from) || board.pins.contains(from), "{from}");
    let toml = board.text.replace(from, to);
    let pins = board.pins.replace(from, to);
    let message = Board::parse("icebreaker", "it", &toml, &pins).unwrap_err().to_string();
    assert_eq!(message.lines().count(), 1, "{message}");
    message
}

#[test]
fn every_built_in_board_has_sources_and_those_of_the_vendor_have_a_script() {
    let boards = Board::all().unwrap();
    assert!(boards.len() >= 9);
    for board in boards {
        let files = sources(&board, 1, None).unwrap();
        let text = |name: &str| files.iter().find(|file| file.name == name).map(|file| &file.text);
        let top = text("top.v").unwrap();
        for (port, _) in board.located() {
            assert!(top.contains(&format!("wire {port}")), "{port} of {}", board.file.name);
        }
        assert!(text("hge_board.v").unwrap().contains("module hge_board "));
        let script = text("build.tcl");
        assert_eq!(script.is_some(), !board.file.fpga.is_buildable(), "{}", board.file.name);
        assert_eq!(board.file.status == Status::EmittedOnly, script.is_some());
        if let Some(script) = script {
            assert!(
                script.contains("Untested") && script.contains("read_xdc pins.xdc"),
                "{script}"
            );
        }
    }
}

#[test]
fn a_board_needs_no_rust() {
    let folder = Folder::new("mine");
    let mine = folder.0.join("mine");
    std::fs::create_dir(&mine).unwrap();
    let known = Board::named("icebreaker").unwrap();
    let toml = known
        .text
        .replace("name = \"icebreaker\"", "name = \"mine\"")
        .replace("slots = 24", "slots = 7");
    std::fs::write(mine.join("board.toml"), toml).unwrap();
    let message = Board::named(mine.to_str().unwrap()).unwrap_err().to_string();
    assert!(message.contains("pins.pcf cannot be read"), "{message}");
    std::fs::write(mine.join("pins.pcf"), &known.pins).unwrap();
    let board = Board::named(mine.to_str().unwrap()).unwrap();
    assert_eq!((board.file.name.as_str(), board.parameters().slots), ("mine", 7));
}

#[test]
fn an_unknown_board_is_refused_with_the_known_ones() {
    let error = Board::named("icebraker").unwrap_err();
    assert!(matches!(error, BoardError::Unknown { .. }));
    let message = error.to_string();
    assert!(
        message.starts_with("icebraker is not a board: choose one of arty-a7-35t, "),
        "{message}"
    );
}

#[test]
fn wrong_board_files_are_refused_with_place_and_reason() {
    for (from, to, wanted) in [
        ("slots = 24", "slots = 24\nslits = 3", "it, line 28: unknown key `slits`"),
        ("baud = 3_000_000", "", "the key `baud` is missing: add it"),
        (
            "[converters]",
            "[ft245]\nbridge = \"FT232H\"\n[converters]",
            "must have one line: give it either",
        ),
        ("family = \"ice40\"", "family = \"ice41\"", "unknown value `ice41`"),
        (
            "name = \"icebreaker\"",
            "name = \"other\"",
            "the name is other, but the folder is icebreaker",
        ),
        (
            "trigger = \"Pmod 2, 2\"",
            "trigger = \"Pmod 2, 1\"",
            "locates output_enable and trigger at the header's Pmod 2, 1",
        ),
        ("\"Pmod 2, 2\"", "\"second row of Pmod 2\"", "give 1 to 12 characters"),
        ("slots = 24", "slots = 300", "slots is 300, but must lie from 1 to 256"),
        ("baud = 3_000_000", "baud = 5_000_000", "5000000 baud from a clock of 24000000 Hz"),
        ("system_hz = 24_000_000", "system_hz = 24_100_000", "no setting of the SB_PLL40_PAD"),
        ("dac = \"ad5628\"", "dac = \"ad5629\"", "converters.dac is ad5629"),
        ("device = \"up5k\"", "device = \"up6k\"", "fpga.device is up6k"),
        (
            "system_hz = 24_000_000",
            "system_hz = 48_000_000",
            "clock.system_hz of 48 MHz is too high for iCE40",
        ),
        ("leds = \"low\"", "leds = \"dim\"", "unknown value `dim`"),
        ("set_io led_armed 37", "set_io led_armed 11", "puts led_fault and led_armed on 11"),
        ("set_io dac_sclk 45", "", "does not locate dac_sclk"),
        ("set_io dac_sclk 45", "set_io dac_clock 45", "locates dac_clock, which is no port"),
        ("set_io trigger 25", "set_io reference 25", "locates reference twice"),
        ("set_io trigger 25", "", "does not locate trigger, which stands under [header]"),
    ] {
        let message = changed(from, to);
        assert!(message.contains(wanted), "{message}");
    }
}
