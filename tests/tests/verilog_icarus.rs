//! The emitted Verilog in Icarus says what the model says, byte for byte, with the same DAC codes at every sample.

use hge_gateware::package;
use hge_protocol::Parameters;
use hge_tests::scenario::{random, Scenario};
use hge_tests::testbench::{compare, has_icarus, model_record, play, put, Pace, Scratch};
use hge_tests::testbench_scenario::{small, Size};

const LITTLE: Parameters = Parameters {
    outputs: 3,
    slots: 5,
    cases: 4,
    starts: 2,
    clock_hz: 1_000_000,
    dac_bits: 16,
    adc_bits: 16,
};

/// Plays `scenario` to the emitted Verilog, changed by `change`; what `compare` said.
fn verdict(
    scenario: &Scenario,
    pace: Pace,
    change: impl Fn(String) -> String,
) -> Result<(), String> {
    let record = model_record(scenario).unwrap();
    let text = change(package::instrument(&scenario.parameters).unwrap().text);
    let scratch = Scratch::new("icarus").unwrap();
    let source = put(scratch.path(), "instrument.v", &text).unwrap();
    let played = play(scratch.path(), &[source], &[], &record, pace).unwrap();
    println!(
        "{} bytes, {} samples, {} clocks",
        played.said.len(),
        played.codes.len(),
        played.clocks
    );
    compare(&record, &played)
}

fn agree(scenario: &Scenario, pace: Pace) {
    assert_eq!(verdict(scenario, pace, |text| text), Ok(()));
}

#[test]
fn random_runs_of_two_epochs_give_the_same_bytes_and_codes() {
    if !has_icarus("random runs on the emitted Verilog") {
        return;
    }
    for seed in 0..4 {
        agree(&random(seed, LITTLE, 2), Pace::default());
    }
}

#[test]
fn small_runs_agree() {
    if !has_icarus("random runs on the emitted Verilog") {
        return;
    }
    for seed in 0..4 {
        agree(
            &small(seed, LITTLE, Size { cases: 2, slots: 3, tones: 2, epochs: 2 }, false),
            Pace::default(),
        );
    }
}
