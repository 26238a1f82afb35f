//! The documentation names what there is.

use hge_gateware::board_file::Board;
use hge_gateware::wiring;
use hge_host::experiment::Experiment;
use hge_protocol::registers;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/experiments.md");

#[test]
fn every_key_of_an_experiment_is_documented() {
    let keys = experiment_keys();
    assert!(keys.len() > 70, "{keys:?}");
    // What has no default stands in no text of the defaults.
    for optional in ["gate", "iv_pole_hz", "mains_hz", "overcurrent_na", "inputs_v", "jolt_s"] {
        assert!(keys.iter().any(|key| key == optional), "{optional}: {keys:?}");
    }
    for key in keys {
        let forms = [format!("`{key}`"), format!("[{key}]")];
        assert!(forms.iter().any(|form| PAGE.contains(form)), "{key}");
    }
}

/// Keys that an experiment file can have: fields of the structures that are read from one, by the sources.
fn experiment_keys() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources: Vec<_> = std::fs::read_dir(root.join("host/src/experiment"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    sources
        .extend(["sim/src/bench/chain.rs", "protocol/src/analogue.rs"].map(|path| root.join(path)));
    let mut keys = Vec::new();
    for source in sources {
        let text = std::fs::read_to_string(&source).expect("a source");
        for item in syn::parse_file(&text).expect("Rust").items {
            let syn::Item::Struct(item) = item else { continue };
            let serde = |attributes: &[syn::Attribute]| -> String {
                let lists =
                    attributes.iter().filter_map(|attribute| attribute.meta.require_list().ok());
                lists.map(|list| list.tokens.to_string() + " ").collect()
            };
            if !serde(&item.attrs).contains("deny_unknown_fields") {
                continue;
            }
            for field in item.fields {
                let attributes = serde(&field.attrs);
                let renamed =
                    attributes.split_once("rename = \"").and_then(|(_, rest)| rest.split_once('"'));
                let name = field.ident.expect("a name").to_string();
                if !attributes.contains("skip") {
                    keys.push(renamed.map_or(name, |(renamed, _)| renamed.to_owned()));
                }
            }
        }
    }
    keys
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
