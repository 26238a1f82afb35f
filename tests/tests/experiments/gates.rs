//! The main job: every gate, both loops, both devices, seeds 1 to 5, 16- and 12-bit converters; by day seed 1 with 16 bits and seed 2 with 12.

use hge_core::experiment::{Experiment, Job, LoopMode, Source};
use hge_core::gate::Gate;
use hge_core::train::Outcome;
use hge_lab::{train, Options};
use hge_needs::needs;
use hge_tests::nightly;

const GATES: [&str; 6] = ["and", "or", "nand", "nor", "xor", "xnor"];
const SURROGATE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/devices/rnpu_measured.onnx");

fn learn(gate: &str, device: &str, loop_mode: LoopMode, bits: u32, seed: u64) -> Outcome {
    let gate: Gate = gate.parse().expect("a gate");
    let mut experiment = Experiment {
        gate: Some(gate),
        device: device.to_owned(),
        loop_mode,
        seed,
        ..Experiment::default()
    };
    experiment.instrument.dac_bits = bits;
    experiment.instrument.adc_bits = bits;
    let job = Job::new(experiment, &Source::default()).unwrap_or_else(|error| panic!("{error}"));
    train(job, &Options::default(), &mut |_| ()).unwrap_or_else(|error| panic!("{error}"))
}

/// Learns every gate for every seed and prints restarts and least separation.
fn learn_all(name: &str, device: &str, loop_mode: LoopMode, bits: u32) {
    let seeds = nightly(1..=5, if bits == 16 { 1..=1 } else { 2..=2 });
    // By day each gate at one of the two widths.
    let (skipped, step) = nightly((0, 1), (usize::from(bits == 12), 2));
    for gate in GATES.into_iter().skip(skipped).step_by(step) {
        let outcomes: Vec<Outcome> =
            seeds.clone().map(|seed| learn(gate, device, loop_mode, bits, seed)).collect();
        let count = outcomes.len();
        let solved = outcomes.iter().filter(|outcome| outcome.solved).count();
        let restarts: Vec<u32> = outcomes.iter().map(|outcome| outcome.restarts).collect();
        let least = outcomes.iter().fold(f64::INFINITY, |least, o| least.min(o.separation_na));
        println!("{name}, {bits} bits, {gate}: {solved}/{count}, restarts {restarts:?}, separation {least:.1} nA or more");
        assert_eq!(solved, count, "{name}, {bits} bits, {gate}");
    }
}

fn surrogate() -> String {
    format!("onnx:{SURROGATE}")
}

#[test]
fn the_host_loop_teaches_the_builtin_device_every_gate() {
    for bits in [16, 12] {
        learn_all("host loop, builtin", "builtin", LoopMode::Host, bits);
    }
}

#[needs(surrogate)]
#[test]
fn the_host_loop_teaches_the_measured_surrogate_every_gate() {
    for bits in [16, 12] {
        learn_all("host loop, surrogate", &surrogate(), LoopMode::Host, bits);
    }
}

#[test]
fn the_gateware_alone_teaches_the_builtin_device_every_gate() {
    for bits in [16, 12] {
        learn_all("standalone, builtin", "builtin", LoopMode::Standalone, bits);
    }
}

#[needs(surrogate)]
#[test]
fn the_gateware_alone_teaches_the_measured_surrogate_every_gate() {
    for bits in [16, 12] {
        learn_all("standalone, surrogate", &surrogate(), LoopMode::Standalone, bits);
    }
}
