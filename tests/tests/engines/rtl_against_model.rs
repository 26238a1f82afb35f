//! rust-hdl's simulation of the gateware says what the model says, byte for byte.

use hge_gateware::engine::{Pass, Pipelined, Stepped};
use hge_protocol::{Parameters, Update};
use hge_sim::rtl::RtlEngine;
use hge_tests::nightly;
use hge_tests::scenario::{continuous, random, Scenario, LITTLE};

/// Controls are updated between two.
const EPOCHS: u32 = 2;

// By day the seeds are those of the shortest runs of both kinds of host, of 900 to 2600 samples; the mean is 7000.

fn agree<P: Pass>(scenario: &Scenario) {
    scenario.assert_equals_model(|bench| RtlEngine::<P>::new(scenario.parameters, bench)).unwrap();
}

#[test]
fn random_runs_of_hasty_hosts_give_the_same_bytes_and_codes() {
    for seed in nightly(&[0, 2, 34, 56][..], &[34]) {
        agree::<Pipelined>(&random(*seed, LITTLE, EPOCHS));
    }
}

/// By day the twins of the cores, and these hosts on the compiled Verilog.
#[test]
#[ignore = "at night: half a minute"]
fn at_night_random_runs_of_patient_hosts_give_the_same_bytes_and_codes() {
    for seed in [1, 3, 59] {
        agree::<Pipelined>(&random(seed, LITTLE, EPOCHS));
    }
}

/// By day the slot scan in steps and the compiled Verilog of the whole.
#[test]
#[ignore = "at night: a minute"]
fn at_night_random_runs_with_slots_in_steps_give_the_same_bytes_and_codes() {
    let parameters = LITTLE.in_steps();
    for seed in [4, 5, 34, 59] {
        agree::<Stepped>(&random(seed, parameters, EPOCHS));
    }
}

#[test]
fn a_random_run_with_the_update_in_hardware_gives_the_same_bytes_and_codes() {
    let parameters = Parameters { update: Update::Hardware, ..LITTLE };
    for seed in nightly(&[0, 1, 34, 59][..], &[34]) {
        agree::<Pipelined>(&random(*seed, parameters, EPOCHS));
    }
}

#[test]
fn a_random_run_in_continuous_mode_gives_the_same_bytes_and_codes() {
    let parameters = Parameters { update: Update::Hardware, ..LITTLE };
    for seed in nightly(&[0, 1, 34, 59][..], &[34]) {
        agree::<Pipelined>(&continuous(*seed, parameters, 4));
    }
}

#[test]
#[ignore = "at night: minutes"]
fn at_night_random_runs_with_lanes_give_the_same_bytes_and_codes() {
    for seed in [0, 1, 34, 59] {
        let parameters = Parameters { outputs: 6, slots: 8, lanes: 4, ..LITTLE };
        agree::<Pipelined>(&random(seed, parameters, EPOCHS));
    }
}

/// The compiled Verilog of the default instrument agrees at every change.
#[test]
#[ignore = "at night: minutes"]
fn at_night_a_random_run_agrees_for_the_default_instrument() {
    agree::<Pipelined>(&random(100, Parameters::default(), EPOCHS));
}

/// By day the post-processor has several inputs in rust-hdl, and all that the compiled Verilog has them.
#[test]
#[ignore = "at night: minutes"]
fn at_night_random_runs_of_several_inputs_give_the_same_bytes_and_codes() {
    for seed in [0, 1, 34, 59] {
        let parameters = Parameters { inputs: 3, ..LITTLE };
        agree::<Pipelined>(&random(seed, parameters, EPOCHS));
        agree::<Stepped>(&random(seed, Parameters { inputs: 2, ..LITTLE }.in_steps(), EPOCHS));
    }
}
