//! The tables of `docs/verification.md`.

use super::cores::Proofs;
use super::mutants::mutants;
use std::collections::BTreeSet;
use std::path::Path;

/// Proofs with their bounds, then the mutants.
fn tables() -> String {
    let mut text = String::from(
        "| proof | claim | given | assertions | steps of induction |\n|---|---|---|---|---|\n",
    );
    let mut shown = BTreeSet::new();
    for proof in Proofs::all() {
        if shown.insert(proof.name) {
            let (name, claim, given, depth) = (proof.name, proof.claim, proof.given, proof.depth);
            let count = proof.names().len();
            text +=
                &format!("| `tests/formal/{name}.sv` | {claim} | {given} | {count} | {depth} |\n");
        }
    }
    text += "\n| proof | fault of the Verilog | breaks |\n|---|---|---|\n";
    for mutant in mutants() {
        let broken = mutant.properties.join(", ");
        text += &format!("| {} | {} | {broken} |\n", mutant.proof, mutant.fault);
    }
    text
}

#[test]
fn the_page_on_verification_lists_proofs_and_mutants() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/verification.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let tables = tables();
    assert!(
        page.contains(&tables),
        "the section Proofs of docs/verification.md is to hold\n\n{tables}"
    );
}
