//! The emitted Verilog, compiled by Verilator and by CXXRTL, says what the model says, byte for byte.

use hge_needs::needs;
use hge_protocol::{Carriers, Parameters, Update};
use hge_sim::engine::EngineError;
use hge_sim::verilog::{Compiler, VerilogEngine};
use hge_tests::nightly;
use hge_tests::scenario::{continuous, random, Scenario, LITTLE};
use std::ops::Range;

/// Seeds of short runs, of 900 to 2000 samples where the mean is 7000; of every kind of host.
const SHORT: [u64; 10] = [34, 1, 59, 18, 23, 53, 47, 55, 7, 41];

/// All seeds at night, and these by day.
fn seeds(all: Range<u64>, by_day: &[u64]) -> Vec<u64> {
    nightly(all.collect(), by_day.to_vec())
}

/// Compares one run; what could not be compiled is named, and is an error where all tools must be there.
fn agree(compiler: Result<Compiler, EngineError>, scenario: &Scenario) {
    let engine = scenario
        .assert_equals_model(|bench| VerilogEngine::with(compiler?, scenario.parameters, bench));
    engine.unwrap_or_else(|error| panic!("{error}"));
}

#[needs(compiler)]
#[test]
fn random_runs_agree_in_verilator_or_what_stands_for_it() {
    for seed in seeds(0..40, &SHORT[..4]) {
        agree(Compiler::locate(), &random(seed, LITTLE, 2));
    }
}

#[needs(compiler)]
#[test]
fn the_default_and_a_twelve_bit_instrument_agree() {
    let runs = nightly(&[(200, 16), (201, 12), (202, 12), (203, 16)][..], &[(34, 12)]);
    for &(seed, dac_bits) in runs {
        agree(
            Compiler::locate(),
            &random(seed, Parameters { dac_bits, ..Parameters::default() }, 2),
        );
    }
}

#[needs(compiler)]
#[test]
fn random_runs_agree_with_a_pipeline_of_sines_alone() {
    for seed in seeds(500..508, &SHORT[..2]) {
        let parameters = Parameters { carriers: Carriers::Sines, ..LITTLE };
        agree(Compiler::locate(), &random(seed, parameters, 2));
    }
}

#[needs(compiler)]
#[test]
fn random_runs_agree_with_slots_in_steps() {
    for seed in seeds(400..414, &SHORT[..2]) {
        agree(Compiler::locate(), &random(seed, LITTLE.in_steps(), 2));
    }
    let twelve_bits = Parameters { dac_bits: 12, ..Parameters::default() }.in_steps();
    agree(Compiler::locate(), &random(nightly(428, 34), twelve_bits, 2));
}

#[needs(compiler)]
#[test]
fn random_runs_agree_with_any_number_of_inputs() {
    let parallel = nightly(&[2, 3, 4, 5, 6, 7, 8][..], &[3, 8]);
    let stepped = nightly(&[2, 3, 4, 5, 6, 7, 8][..], &[2]);
    for seed in seeds(600..606, &SHORT[..1]) {
        for &inputs in parallel {
            agree(Compiler::locate(), &random(seed, Parameters { inputs, ..LITTLE }, 2));
        }
        for &inputs in stepped {
            let parameters = Parameters { inputs, ..LITTLE }.in_steps();
            agree(Compiler::locate(), &random(seed, parameters, 2));
        }
    }
    let late = Parameters { clock_hz: 90_000_000, inputs: 3, ..LITTLE };
    agree(Compiler::locate(), &random(nightly(610, 1), late, 2));
}

#[needs(compiler)]
#[test]
fn random_runs_agree_with_up_to_64_outputs() {
    let sizes = nightly(&[(33, 40, 1), (48, 64, 2), (63, 200, 8)][..], &[(40, 48, 2)]);
    for (seed, &(outputs, slots, inputs)) in (620..).zip(sizes) {
        let parameters = Parameters { outputs, slots, inputs, ..LITTLE };
        agree(Compiler::locate(), &random(seed, parameters, 2));
    }
    let most = Parameters { outputs: 64, slots: 64, clock_hz: 90_000_000, ..LITTLE };
    agree(Compiler::locate(), &random(nightly(630, 2), most, 2));
}

#[needs(compiler)]
#[test]
fn random_runs_agree_with_lanes_side_by_side() {
    let lanes = Parameters { outputs: 12, slots: 16, lanes: 4, ..LITTLE };
    let late = Parameters { clock_hz: 90_000_000, inputs: 2, ..lanes };
    for seed in seeds(640..646, &SHORT[..1]) {
        agree(Compiler::locate(), &random(seed, late, 2));
    }
    let hardware = Parameters { update: Update::Hardware, ..lanes };
    for seed in seeds(650..656, &SHORT[..1]) {
        agree(Compiler::locate(), &random(seed, hardware, 2));
    }
    let most = Parameters { outputs: 64, slots: 256, telemetry_words: 4096, ..lanes };
    for &seed in nightly(&[660, 661][..], &[]) {
        agree(Compiler::locate(), &random(seed, most, 2));
        agree(Compiler::locate(), &random(seed, Parameters { lanes: 8, ..most }, 2));
    }
}

#[needs(compiler)]
#[test]
fn instruments_for_a_clock_at_which_memories_come_late_agree() {
    let clock_hz = 90_000_000;
    for seed in seeds(400..410, &SHORT[..2]) {
        agree(Compiler::locate(), &random(seed, Parameters { clock_hz, ..LITTLE }, 2));
    }
    for &seed in nightly(&[410][..], &[]) {
        let default = Parameters { clock_hz, ..Parameters::default() };
        agree(Compiler::locate(), &random(seed, default, 2));
    }
}

#[needs(compiler)]
#[test]
fn random_runs_agree_with_the_update_in_hardware() {
    let hardware = Parameters { update: Update::Hardware, ..LITTLE };
    for seed in seeds(700..712, &SHORT[..2]) {
        agree(Compiler::locate(), &random(seed, hardware, 2));
    }
    let late = Parameters { clock_hz: 90_000_000, inputs: 3, ..hardware };
    for seed in seeds(720..724, &SHORT[..2]) {
        agree(Compiler::locate(), &random(seed, late, 2));
    }
    let most = Parameters { outputs: 40, slots: 128, inputs: 2, ..hardware };
    agree(Compiler::locate(), &random(nightly(730, 2), most, 2));
}

#[needs(compiler)]
#[test]
fn random_runs_agree_in_continuous_mode() {
    let hardware = Parameters { update: Update::Hardware, ..LITTLE };
    let late = Parameters { clock_hz: 90_000_000, inputs: 3, ..hardware };
    let is_standalone = |seed: &u64| seed % 4 != 3;
    for seed in seeds(740..760, &SHORT[..3]).into_iter().filter(is_standalone) {
        agree(Compiler::locate(), &continuous(seed, hardware, 5));
    }
    for seed in seeds(760..764, &SHORT[..2]).into_iter().filter(is_standalone) {
        agree(Compiler::locate(), &continuous(seed, late, 4));
    }
    // Hosts that change the controls of a run. A line takes clocks here and none in the model: seeds whose lines do not meet the end of a window.
    for seed in nightly(&[703, 707, 711, 715, 719, 735, 739, 743, 747, 755, 759][..], &[743]) {
        agree(Compiler::locate(), &continuous(*seed, hardware, 5));
    }
    for seed in nightly(&[703, 707][..], &[707]) {
        agree(Compiler::locate(), &continuous(*seed, late, 4));
    }
}

#[test]
#[ignore = "at night: fetches and compiles wheels"]
fn an_instrument_agrees_in_cxxrtl() {
    agree(Compiler::cxxrtl(), &random(300, Parameters::default(), 2));
}
