//! A whole training gives the same result on every engine.

use hge_core::experiment::{EngineKind, Job, LoopMode, Source};
use hge_core::train::Outcome;
use hge_lab::{train, Options};
use hge_needs::needs;
use std::path::Path;

fn short(engine: EngineKind, loop_mode: LoopMode) -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/short.toml");
    let (mut experiment, source) = Source::load(&path).unwrap_or_else(|error| panic!("{error}"));
    experiment.engine = engine;
    experiment.loop_mode = loop_mode;
    let job = Job::new(experiment, &source).unwrap_or_else(|error| panic!("{error}"));
    train(job, &Options::default(), &mut |_| ()).unwrap_or_else(|error| panic!("{error}"))
}

/// To the end.
fn agree(engine: EngineKind, loop_mode: LoopMode) {
    let outcome = short(engine, loop_mode);
    assert_eq!(outcome, short(EngineKind::Model, loop_mode));
    assert!(outcome.epochs >= 2 && outcome.solved);
}

// Rust-HDL takes seconds for each epoch; random runs of it are compared by day (`rtl_against_model.rs`).
#[test]
#[ignore = "at night: minutes"]
fn at_night_the_short_experiment_through_the_host_on_rust_hdl_equals_the_model() {
    agree(EngineKind::Rtl, LoopMode::Host);
}

#[test]
#[ignore = "at night: minutes"]
fn at_night_the_short_experiment_standalone_on_rust_hdl_equals_the_model() {
    agree(EngineKind::Rtl, LoopMode::Standalone);
}

#[needs(compiler)]
#[test]
fn the_short_experiment_on_the_compiled_verilog_equals_the_model() {
    agree(EngineKind::Verilog, LoopMode::Host);
    agree(EngineKind::Verilog, LoopMode::Standalone);
}
