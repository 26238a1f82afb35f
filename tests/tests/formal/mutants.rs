//! Deliberate faults of the emitted Verilog: every property notices one, in a run from power-up.

use super::cores::Proofs;
use super::proof::file;
use hge_tests::nightly;
use serde::Deserialize;
use std::collections::BTreeSet;

/// A replacement of text, unique in the emitted Verilog.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// The proof whose first form it is put into.
    pub proof: String,
    /// What is wrong.
    pub fault: String,
    /// Text of the Verilog.
    pub find: String,
    /// The faulty text.
    pub replace: String,
    /// The assertions that fail, each alone.
    pub properties: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

/// The kept list.
pub fn mutants() -> Vec<Mutant> {
    let list: List = toml::from_str(&file("mutants.toml")).expect("a list of mutants");
    list.mutant
}

#[test]
fn every_property_has_a_mutant() {
    let all = Proofs::all();
    let stated: BTreeSet<(String, String)> = all
        .iter()
        .flat_map(|proof| proof.names().into_iter().map(|name| (proof.name.to_owned(), name)))
        .collect();
    let killing: BTreeSet<(String, String)> = mutants()
        .iter()
        .flat_map(|mutant| {
            mutant.properties.iter().map(|name| (mutant.proof.clone(), name.clone()))
        })
        .collect();
    let without: Vec<_> = stated.difference(&killing).collect();
    let unknown: Vec<_> = killing.difference(&stated).collect();
    assert!(without.is_empty(), "without a mutant: {without:?}");
    assert!(unknown.is_empty(), "no such property: {unknown:?}");
}

/// Fails unless every mutant of a proof, by day the first, breaks the properties named with it.
pub fn all_die(name: &str) {
    let proof = Proofs::named(name).swap_remove(0);
    let mut survivors = Vec::new();
    let tried = nightly(usize::MAX, 1);
    for mutant in mutants().iter().filter(|mutant| mutant.proof == name).take(tried) {
        for property in &mutant.properties {
            match proof.dies_of(&mutant.find, &mutant.replace, property) {
                Ok(()) => println!("{name}: {} breaks {property}", mutant.fault),
                Err(message) => survivors.push(message),
            }
        }
    }
    assert!(survivors.is_empty(), "{}", survivors.join("\n"));
}
