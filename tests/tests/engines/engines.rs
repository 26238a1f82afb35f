//! A whole training gives the same result on every engine.

use hge_core::experiment::{CaseKeys, EngineKind, Job, LoopMode, Source};
use hge_core::train::Outcome;
use hge_lab::{train, Options};
use hge_needs::needs;
use hge_tests::nightly;
use std::path::Path;

/// Epochs of a start at most on Rust-HDL, which takes seconds for each.
const FEW_EPOCHS: u32 = 2;

fn short(engine: EngineKind, loop_mode: LoopMode, most_epochs: u32) -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/short.toml");
    let (mut experiment, source) = Source::load(&path).unwrap_or_else(|error| panic!("{error}"));
    experiment.engine = engine;
    experiment.loop_mode = loop_mode;
    experiment.host.epochs = experiment.host.epochs.min(most_epochs);
    experiment.standalone.epochs = experiment.standalone.epochs.min(most_epochs);
    if most_epochs == FEW_EPOCHS {
        // Two of XOR's cases: half of the windows.
        experiment.gate = None;
        let case = |inputs_v: [f64; 2], high| CaseKeys { inputs_v: inputs_v.into(), high };
        // They are easily told apart: more is wanted than there can be, so that no epoch is the last.
        experiment.separation_na = 1000.0;
        experiment.standalone.stop_separation_na = 9.9;
        experiment.cases = vec![case([-1.2, -1.2], false), case([-1.2, 0.6], true)];
    }
    let job = Job::new(experiment, &source).unwrap_or_else(|error| panic!("{error}"));
    train(job, &Options::default(), &mut |_| ()).unwrap_or_else(|error| panic!("{error}"))
}

/// To the end, or so many epochs.
fn agree(engine: EngineKind, loop_mode: LoopMode, most_epochs: u32) {
    let outcome = short(engine, loop_mode, most_epochs);
    assert_eq!(outcome, short(EngineKind::Model, loop_mode, most_epochs));
    assert!(outcome.epochs >= 2);
    assert!(outcome.solved || outcome.epochs == most_epochs || most_epochs == FEW_EPOCHS);
}

#[test]
fn the_short_experiment_through_the_host_on_rust_hdl_equals_the_model() {
    agree(EngineKind::Rtl, LoopMode::Host, nightly(u32::MAX, FEW_EPOCHS));
}

#[test]
fn the_short_experiment_standalone_on_rust_hdl_equals_the_model() {
    agree(EngineKind::Rtl, LoopMode::Standalone, nightly(u32::MAX, FEW_EPOCHS));
}

#[needs(compiler)]
#[test]
fn the_short_experiment_on_the_compiled_verilog_equals_the_model() {
    agree(EngineKind::Verilog, LoopMode::Host, u32::MAX);
    agree(EngineKind::Verilog, LoopMode::Standalone, u32::MAX);
}
