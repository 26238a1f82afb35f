//! The emitted Verilog, compiled by Verilator and by CXXRTL, says what the model says, byte for byte.

use hge_needs::needs;
use hge_protocol::{Carriers, Parameters};
use hge_sim::engine::EngineError;
use hge_sim::verilog::{Compiler, VerilogEngine};
use hge_tests::scenario::{random, Scenario, LITTLE};

/// Compares one run; what could not be compiled is named, and is an error where all tools must be there.
fn agree(compiler: Result<Compiler, EngineError>, scenario: &Scenario) {
    let engine = scenario
        .assert_equals_model(|bench| VerilogEngine::with(compiler?, scenario.parameters, bench));
    engine.unwrap_or_else(|error| panic!("{error}"));
}

#[needs(compiler)]
#[test]
fn forty_random_runs_agree_in_verilator_or_what_stands_for_it() {
    for seed in 0..40 {
        agree(Compiler::locate(), &random(seed, LITTLE, 2));
    }
}

#[needs(compiler)]
#[test]
fn the_default_and_a_twelve_bit_instrument_agree() {
    for (seed, dac_bits) in [(200, 16), (201, 12), (202, 12), (203, 16)] {
        agree(
            Compiler::locate(),
            &random(seed, Parameters { dac_bits, ..Parameters::default() }, 2),
        );
    }
}

#[needs(compiler)]
#[test]
fn random_runs_agree_with_a_pipeline_of_sines_alone() {
    for seed in 500..508 {
        let parameters = Parameters { carriers: Carriers::Sines, ..LITTLE };
        agree(Compiler::locate(), &random(seed, parameters, 2));
    }
}

#[needs(compiler)]
#[test]
fn random_runs_agree_with_slots_in_steps() {
    for seed in 400..414 {
        agree(Compiler::locate(), &random(seed, LITTLE.in_steps(), 2));
    }
    let twelve_bits = Parameters { dac_bits: 12, ..Parameters::default() }.in_steps();
    agree(Compiler::locate(), &random(428, twelve_bits, 2));
}

#[needs(compiler)]
#[test]
fn instruments_for_a_clock_at_which_memories_come_late_agree() {
    let clock_hz = 90_000_000;
    for seed in 400..410 {
        agree(Compiler::locate(), &random(seed, Parameters { clock_hz, ..LITTLE }, 2));
    }
    let default = Parameters { clock_hz, ..Parameters::default() };
    agree(Compiler::locate(), &random(410, default, 2));
}

#[needs(wheels)]
#[test]
fn the_default_instrument_agrees_in_cxxrtl() {
    agree(Compiler::cxxrtl(), &random(300, Parameters::default(), 2));
}
