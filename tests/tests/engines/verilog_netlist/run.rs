//! A short run on a netlist, compared with the model.

use hge_boards::package;
use hge_protocol::Parameters;
use hge_tests::netlist::{synthesise, yosys_of, Family, Netlist};
use hge_tests::scenario;
use hge_tests::testbench::{compare, play, Pace, Scratch};
use hge_tests::testbench_scenario::{small, Size};

/// A small instrument: a netlist runs at a thousand clocks a second.
const LITTLE: Parameters = Parameters { dac_bits: 14, telemetry_words: 256, ..scenario::LITTLE };

/// Plays two epochs of two cases to the netlist of `family`.
pub fn agrees(family: Family) -> Netlist {
    let yosys = yosys_of(family);
    let size = Size { cases: 2, slots: 3, tones: 2, epochs: 2 };
    // As on the boards of the family.
    let parameters = if family == Family::Ice40 { LITTLE.in_steps() } else { LITTLE };
    let scenario = small(11, parameters, size, true);
    let record = scenario.model_record().unwrap();
    let scratch = Scratch::new("netlist").unwrap();
    let design = package::instrument(&parameters).unwrap();
    let netlist = synthesise(&yosys, scratch.path(), family, &design).unwrap();
    let pace = Pace { most_clocks: 200_000, ..Pace::default() };
    let played = play(scratch.path(), &netlist.sources, &netlist.options, &record, pace).unwrap();
    println!(
        "{family:?}: {} bytes, {} samples, {} clocks; {:?}",
        played.received.len(),
        played.codes.len(),
        played.clocks,
        netlist.cells
    );
    assert_eq!(compare(&record, &played), Ok(()));
    netlist
}
