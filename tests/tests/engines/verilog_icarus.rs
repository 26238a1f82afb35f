//! The emitted Verilog in Icarus says what the model says, byte for byte, with the same DAC codes at every sample.

use hge_boards::package;
use hge_needs::needs;
use hge_protocol::Parameters;
use hge_tests::nightly;
use hge_tests::scenario::{self, random, Scenario};
use hge_tests::testbench::{compare, play, put, Pace, Scratch};
use hge_tests::testbench_scenario::{small, Size};

const LITTLE: Parameters = Parameters { telemetry_words: 256, ..scenario::LITTLE };

/// Plays `scenario` to the emitted Verilog, changed by `change`; the result of `compare`.
fn verdict(
    scenario: &Scenario,
    pace: Pace,
    change: impl Fn(String) -> String,
) -> Result<(), String> {
    let record = scenario.model_record().unwrap();
    let text = change(package::instrument(&scenario.parameters).unwrap().text);
    let scratch = Scratch::new("icarus").unwrap();
    let source = put(scratch.path(), "instrument.v", &text).unwrap();
    let played = play(scratch.path(), &[source], &[], &record, pace).unwrap();
    println!(
        "{} bytes, {} samples, {} clocks",
        played.received.len(),
        played.codes.len(),
        played.clocks
    );
    compare(&record, &played)
}

fn agree(scenario: &Scenario, pace: Pace) {
    assert_eq!(verdict(scenario, pace, |text| text), Ok(()));
}

#[needs(icarus)]
#[test]
fn random_runs_of_two_epochs_give_the_same_bytes_and_codes() {
    for &seed in nightly(&[1, 2][..], &[1]) {
        agree(&random(seed, LITTLE, 2), Pace::default());
    }
}

#[needs(icarus)]
#[test]
fn short_runs_with_shaping_and_narrow_converters_agree() {
    let all = [(0, 16, 1), (1, 14, 2), (2, 8, 2), (3, 12, 1)];
    for &(seed, dac_bits, tones) in nightly(&all[..], &all[1..2]) {
        let parameters = Parameters { dac_bits, ..LITTLE };
        let size = Size { cases: 2, slots: 3, tones, epochs: 3 };
        agree(&small(seed, parameters, size, dac_bits < 16), Pace::default());
    }
}

#[needs(icarus)]
#[test]
fn the_default_instrument_agrees() {
    let size = Size { cases: nightly(3, 1), slots: 24, tones: 7, epochs: 2 };
    agree(&small(7, Parameters::default(), size, false), Pace::default());
}

#[needs(icarus)]
#[test]
fn a_reader_that_often_is_not_ready_gets_the_same_bytes() {
    let size = Size { cases: 2, slots: 3, tones: 2, epochs: 2 };
    let scenario = small(4, LITTLE, size, false);
    for &stutter in nightly(&[1, 0x5eed_1234][..], &[0x5eed_1234]) {
        agree(&scenario, Pace { stutter, ..Pace::default() });
    }
}

#[needs(icarus)]
#[test]
fn a_product_that_is_one_too_large_is_noticed() {
    let size = Size { cases: 1, slots: 2, tones: 1, epochs: 2 };
    let wrong = |text: String| {
        let changed = text.replace("<= a_reg * b_reg;", "<= a_reg * b_reg + 32'sd1;");
        assert_ne!(changed, text);
        changed
    };
    let verdict = verdict(&small(5, LITTLE, size, false), Pace::default(), wrong);
    assert!(verdict.is_err());
}
