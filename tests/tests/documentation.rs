//! The documentation names what there is.

use hge_gateware::board_file::Board;
use hge_gateware::wiring;
use hge_host::experiment::Experiment;
use hge_protocol::{registers, Analogue};
use std::path::Path;

const PAGE: &str = include_str!("../../docs/experiments.md");

#[test]
fn every_key_of_an_experiment_is_documented() {
    let experiment = Experiment { analogue: Some(Analogue::default()), ..Experiment::default() };
    let defaults = toml::to_string(&experiment).expect("the defaults are TOML");
    let keys: Vec<&str> = defaults
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, _)| key.trim())
        .filter(|key| key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .collect();
    assert!(keys.len() > 40, "{keys:?}");
    for key in keys.into_iter().chain([
        "gate",
        "iv_pole_hz",
        "feed_throughs_pf",
        "amplitudes_v",
        "frequencies_hz",
        "step_v",
        "low_v",
        "overcurrent_na",
    ]) {
        let forms = [format!("`{key}`"), format!("[[{key}]]")];
        assert!(forms.iter().any(|form| PAGE.contains(form)), "{key}");
    }
}

#[test]
fn the_documented_cases_are_read() {
    let start = PAGE.find("```toml").expect("an example") + "```toml".len();
    let length = PAGE[start..].find("```").expect("its end");
    let experiment: Experiment = toml::from_str(&PAGE[start..start + length]).expect("valid");
    assert_eq!(experiment.cases.len(), 2);
    assert!(experiment.cases[0].high && !experiment.cases[1].high);
}

#[test]
fn the_page_of_registers_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/registers.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert_eq!(
        page,
        registers::markdown(),
        "make it again: hge regs --markdown > docs/registers.md"
    );
}

#[test]
fn the_wiring_diagram_and_its_table_are_current() {
    let board = Board::named("icebreaker").unwrap();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let read = |name: &str| std::fs::read_to_string(docs.join(name)).unwrap();
    assert_eq!(
        read("wiring-icebreaker.svg"),
        wiring::svg(&board),
        "make it again: hge gateware wiring --board icebreaker -o docs/wiring-icebreaker.svg"
    );
    assert!(
        read("hardware.md").contains(&wiring::table(&board)),
        "make its table again: hge gateware wiring --board icebreaker --markdown"
    );
}

#[test]
fn the_page_on_hardware_names_every_board_with_its_line() {
    let page = include_str!("../../docs/hardware.md");
    for board in Board::all().unwrap() {
        let file = &board.file;
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", file.name)));
        let row = row.unwrap_or_else(|| panic!("{} is not in the table of boards", file.name));
        for fact in [file.uart.baud.to_string(), board.located()[0].1.clone()] {
            assert!(row.contains(&fact), "{fact}: {row}");
        }
    }
}
