//! rust-hdl's simulation of the gateware says what the model says, byte for byte.

use hge_protocol::Parameters;
use hge_sim::engine::Engine;
use hge_sim::model::Model;
use hge_sim::rtl::RtlEngine;
use hge_tests::scenario::{random, Scenario};

fn agree(scenario: &Scenario) {
    let (model_bench, rtl_bench) = (scenario.bench(), scenario.bench());
    let (model_log, rtl_log) = (model_bench.log.clone(), rtl_bench.log.clone());
    let mut model: Box<dyn Engine> =
        Box::new(Model::new(scenario.parameters, Box::new(model_bench)));
    let mut rtl = RtlEngine::new(scenario.parameters, Box::new(rtl_bench)).unwrap();
    let from_model = scenario.play(model.as_mut()).unwrap();
    let from_rtl = scenario.play(&mut rtl).unwrap();
    let (model_log, rtl_log) = (model_log.lock().unwrap(), rtl_log.lock().unwrap());
    for (sample, (one, other)) in model_log.iter().zip(rtl_log.iter()).enumerate() {
        assert_eq!(one, other, "sample {sample} of {}", model_log.len());
    }
    assert_eq!(model_log.len(), rtl_log.len());
    let differs = from_model.iter().zip(&from_rtl).position(|(one, other)| one != other);
    assert_eq!(differs, None, "first byte that differs");
    assert_eq!(from_model.len(), from_rtl.len());
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
    for seed in 0..8 {
        agree(&random(seed, parameters, 2));
    }
}

#[test]
fn random_runs_agree_for_the_default_instrument() {
    for seed in 100..102 {
        agree(&random(seed, Parameters::default(), 2));
    }
}
