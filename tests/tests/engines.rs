//! A whole training gives the same result on every engine.

use hge_host::engine::EngineKind;
use hge_host::experiment::{Closing, Job, Source};
use hge_host::train::{train, Options, Outcome};
use hge_sim::verilog::Compiler;
use hge_tests::absent;
use std::path::Path;

fn short(engine: EngineKind, closing: Closing) -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/short.toml");
    let (mut experiment, source) = Source::load(&path).unwrap_or_else(|error| panic!("{error}"));
    experiment.engine = engine;
    experiment.closing = closing;
    let job = Job::new(experiment, &source).unwrap_or_else(|error| panic!("{error}"));
    train(job, &Options::default(), &mut |_| ()).unwrap_or_else(|error| panic!("{error}"))
}

fn agree(engine: EngineKind, closing: Closing) {
    let outcome = short(engine, closing);
    assert_eq!(outcome, short(EngineKind::Model, closing));
    assert!(outcome.solved && outcome.epochs >= 2);
}

#[test]
fn the_short_experiment_through_the_host_on_rust_hdl_equals_the_model() {
    agree(EngineKind::Rtl, Closing::Host);
}

#[test]
fn the_short_experiment_standalone_on_rust_hdl_equals_the_model() {
    agree(EngineKind::Rtl, Closing::Standalone);
}

#[test]
fn the_short_experiment_on_the_compiled_verilog_equals_the_model() {
    if absent::unless(Compiler::locate(), "the short experiment on the compiled Verilog").is_some()
    {
        agree(EngineKind::Verilog, Closing::Host);
        agree(EngineKind::Verilog, Closing::Standalone);
    }
}
