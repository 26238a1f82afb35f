//! The list of deliberate faults follows the sources, and the documentation follows the list.

use hge_tests::fault_list;
use std::path::Path;

#[test]
fn every_listed_fault_is_in_the_sources_once_and_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let faults = fault_list::load(&root).unwrap_or_else(|error| panic!("{error}"));
    assert!(faults.len() >= 60, "{} faults", faults.len());
}

#[test]
fn the_page_on_verification_has_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let faults = fault_list::load(&root).unwrap_or_else(|error| panic!("{error}"));
    let page = std::fs::read_to_string(root.join("docs/verification.md")).unwrap();
    assert!(
        page.ends_with(&fault_list::markdown(&faults)),
        "replace the table at the end of docs/verification.md by what this prints: cargo run --release -p hge-tests --bin faults -- --markdown"
    );
}
