//! A whole board's top at its pins: what the host measures through the UART's bits and the converters' is what the model says.

use hge_core::experiment::{EngineKind, Experiment, Job, LoopMode, Source};
use hge_core::measure::gradient::{self, CaseSlopes, Effort};
use hge_core::train::Outcome;
use hge_gateware::board::Converters;
use hge_gateware::converter::{AdcPart, DacPart};
use hge_gateware::link::line::Line;
use hge_lab::{train, Options};
use hge_needs::needs;
use hge_protocol::recording::Recording;
use hge_protocol::registers::{self as map, command, protection};
use hge_protocol::Parameters;
use hge_sim::engine::{Engine, Time};
use hge_sim::verilog::{BoardEngine, Compiler};
use hge_tests::laboratory;
use hge_tests::scenario::{IntegerBench, Script};
use std::path::Path;

/// The board's experiment on this engine. There is no noise: a board's time goes on between runs, and its noise with it.
fn experiment(engine: EngineKind) -> (Experiment, Source) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/board.toml");
    let (mut experiment, source) = Source::load(&path).unwrap_or_else(|error| panic!("{error}"));
    experiment.engine = engine;
    (experiment, source)
}

fn job(engine: EngineKind, change: impl FnOnce(&mut Experiment)) -> Job {
    let (mut experiment, source) = experiment(engine);
    change(&mut experiment);
    Job::new(experiment, &source).unwrap_or_else(|error| panic!("{error}"))
}

fn slopes(engine: EngineKind, change: impl Fn(&mut Experiment)) -> Vec<CaseSlopes> {
    let plan = job(engine, &change).task.plan;
    let controls_v = plan.middle_controls_v();
    let mut session = laboratory::session(job(engine, change), plan, Default::default());
    session.read_all_inputs();
    let measured = gradient::measure(&mut session, &controls_v, Effort::windows(2));
    session.close().expect("a way home");
    measured.expect("a gradient").cases
}

fn outcome(engine: EngineKind, loop_mode: LoopMode) -> Outcome {
    let job = job(engine, |experiment| experiment.loop_mode = loop_mode);
    train(job, &Options::default(), &mut |_| ()).unwrap_or_else(|error| panic!("{error}"))
}

#[needs(compiler)]
#[test]
fn the_gradient_at_the_pins_equals_the_models() {
    let found = slopes(EngineKind::Board, |_| ());
    assert_eq!(found, slopes(EngineKind::Model, |_| ()));
}

#[needs(compiler)]
#[test]
fn the_gradient_of_two_inputs_and_of_outputs_on_two_dacs_at_the_pins_equals_the_models() {
    let wide = |experiment: &mut Experiment| {
        experiment.device =
            "linear:1,2,3,4,5,6,7,8,9,10,11,12;-1,3,-2,6,-3,9,-4,12,-5,15,-6,18".into();
        experiment.instrument.outputs = 12;
        experiment.instrument.inputs = 2;
        experiment.electrodes.controls = vec![0, 3, 4, 7, 11];
    };
    let found = slopes(EngineKind::Board, wide);
    assert_eq!(found, slopes(EngineKind::Model, wide));
    assert_eq!(found.len(), 8, "{found:?}");
}

#[needs(compiler)]
#[test]
fn the_gradient_of_sixteen_bit_converters_at_the_pins_equals_the_models_and_the_devices() {
    // What the linear device is, control by control.
    const SLOPES_NA_PER_V: [f64; 5] = [3.0, 1.5, -4.0, 2.5, 6.0];
    let sixteen = |experiment: &mut Experiment| {
        experiment.instrument.dac_bits = 16;
        experiment.instrument.adc_bits = 16;
    };
    let found = slopes(EngineKind::Board, sixteen);
    assert_eq!(found, slopes(EngineKind::Model, sixteen));
    for case in &found {
        for (slope, exact) in case.slopes.iter().zip(SLOPES_NA_PER_V) {
            // A step of the ADC is 3 pA, a tone 30 mV: a tenth of a nA/V. A sample of latency left over would turn the
            // fastest tone by a quarter and the slowest by 6 %.
            assert!((slope.slope_na_per_v - exact).abs() < 0.05, "{case:?}");
        }
    }
}

#[needs(compiler)]
#[test]
fn a_training_at_the_pins_equals_the_models() {
    for loop_mode in [LoopMode::Host, LoopMode::Standalone] {
        assert_eq!(outcome(EngineKind::Board, loop_mode), outcome(EngineKind::Model, loop_mode));
    }
}

#[needs(compiler)]
#[test]
fn the_switch_is_closed_while_armed_and_until_outputs_are_safe_and_they_rest_at_mid_scale() {
    let compiler = Compiler::locate().expect("a compiler");
    let parameters = Parameters::default();
    let converters = Converters { dac: DacPart::Ad5628, adc: AdcPart::Ad7476a };
    let bench = Box::new(IntegerBench::new(parameters.outputs, 1, 5));
    let (line, none) = (Line::Uart { baud: 3_000_000 }, Recording::default());
    let mut engine =
        BoardEngine::new(&compiler, &parameters, converters, line, &none, bench).expect("a board");
    let mut script = Script::new(77);
    script.write_all(&[(map::SAMPLE_PERIOD, 600), (map::STEP_LIMIT, 500), (map::SAFE_STEP, 160)]);
    // Low, high, safe: twenty steps from where the outputs are.
    script.write_all(&[(map::GUARD, -4000_i32 as u32), (map::GUARD + 1, 4000)]);
    script.write_all(&[(map::GUARD + 2, -3200_i32 as u32)]);
    script.write_all(&[(map::PROTECTION, protection::INTERLOCK), (map::WATCHDOG, 1_000_000)]);
    script.command(command::ARM_HOST);
    let mut received = Vec::new();
    let mut pass = |engine: &mut BoardEngine, samples| {
        let passed = engine.advance(Time::Real, samples, usize::MAX, &mut received);
        assert!(passed.expect("sound pins").samples > 0);
        engine.circuit().pins().expect("pins").output_enable
    };
    assert!(!pass(&mut engine, 3), "closed at power-up");
    assert!(engine.circuit().dacs()[0].reference());
    assert_eq!(engine.circuit().dacs()[0].codes(), [0; 8]);
    for line in &script.lines {
        engine.send(line).expect("an engine");
    }
    assert!(pass(&mut engine, 60), "open though armed");
    engine.set_interlock(false).expect("an engine");
    assert!(pass(&mut engine, 10), "opened on the way to the safe value");
    let on_the_way = engine.circuit().dacs()[0].codes()[0];
    assert!((-3100..=-800).contains(&on_the_way), "{on_the_way}");
    assert!(!pass(&mut engine, 30), "closed though tripped and safe");
    assert_eq!(engine.circuit().dacs()[0].codes()[0], -3200);
}
