//! A short run on a netlist, compared with the model.

use hge_protocol::Parameters;
use hge_tests::netlist::{synthesise, yosys, Family, Netlist};
use hge_tests::testbench::{compare, has_icarus, model_record, play, Pace, Scratch};
use hge_tests::testbench_scenario::{small, Size};

/// A small instrument: a netlist runs at a thousand clocks a second.
const LITTLE: Parameters = Parameters {
    outputs: 3,
    slots: 5,
    cases: 4,
    starts: 2,
    clock_hz: 1_000_000,
    dac_bits: 14,
    adc_bits: 16,
    telemetry_words: 256,
    converter_latency_samples: 0,
    converter_period_clocks: 0,
};

/// Plays two epochs to the netlist of `family`; nothing where a tool is missing.
pub fn agrees(family: Family) -> Option<Netlist> {
    let what = format!("the netlist of {family:?}");
    let yosys = yosys(&what)?;
    if !has_icarus(&what) {
        return None;
    }
    let size = Size { cases: 2, slots: 3, tones: 2, epochs: 2 };
    let scenario = small(11, LITTLE, size, true);
    let record = model_record(&scenario).unwrap();
    let scratch = Scratch::new("netlist").unwrap();
    let netlist = synthesise(&yosys, scratch.path(), family, &LITTLE).unwrap();
    let pace = Pace { most_clocks: 90_000, ..Pace::default() };
    let played = play(scratch.path(), &netlist.sources, &netlist.options, &record, pace).unwrap();
    println!(
        "{family:?}: {} bytes, {} samples, {} clocks; {:?}",
        played.said.len(),
        played.codes.len(),
        played.clocks,
        netlist.cells
    );
    assert_eq!(compare(&record, &played), Ok(()));
    Some(netlist)
}
