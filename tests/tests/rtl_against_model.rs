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

#[test]
fn random_runs_give_the_same_bytes_and_codes() {
    let parameters = Parameters {
        outputs: 3,
        slots: 5,
        cases: 4,
        starts: 2,
        clock_hz: 1_000_000,
        ..Parameters::default()
    };
    for seed in 0..4 {
        agree(&random(seed, parameters, 1));
    }
}

#[test]
fn random_runs_agree_for_the_default_instrument() {
    for seed in 100..101 {
        agree(&random(seed, Parameters::default(), 1));
    }
}
