//! The list of deliberate faults follows the sources, and the documentation follows the list.

use hge_tests::fault_list;
use std::path::Path;

#[test]
fn every_listed_fault_is_in_the_sources_once_and_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let faults = fault_list::load(&root).unwrap_or_else(|error| panic!("{error}"));
    assert!(faults.len() >= 60, "{} faults", faults.len());
}
