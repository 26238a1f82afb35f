//! rust-hdl's simulation of the gateware says what the model says, byte for byte.

use hge_protocol::Parameters;
use hge_sim::rtl::RtlEngine;
use hge_tests::scenario::{random, Scenario};

fn agree(scenario: &Scenario) {
    let bench = scenario.bench();
    let log = bench.log.clone();
    let mut rtl = RtlEngine::new(scenario.parameters, Box::new(bench)).unwrap();
    scenario.assert_equals_model(&mut rtl, &log);
}

const LITTLE: Parameters = Parameters {
    outputs: 3,
    slots: 5,
    cases: 4,
    starts: 2,
    clock_hz: 1_000_000,
    dac_bits: 16,
    adc_bits: 16,
    telemetry_words: 2048,
    converter_latency_samples: 0,
    converter_period_clocks: 0,
};

#[test]
fn random_runs_of_hasty_hosts_give_the_same_bytes_and_codes() {
    for seed in [0, 2] {
        agree(&random(seed, LITTLE, 1));
    }
}

#[test]
fn random_runs_of_patient_hosts_give_the_same_bytes_and_codes() {
    for seed in [1, 3] {
        agree(&random(seed, LITTLE, 1));
    }
}

#[test]
fn a_random_run_agrees_for_the_default_instrument() {
    agree(&random(100, Parameters::default(), 1));
}
