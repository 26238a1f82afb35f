//! Every core of the compiled Verilog for many samples: random runs of whole instruments, whose bytes, DAC codes and ADC codes are the model's.

use hge_needs::needs;
use hge_protocol::{Parameters, Update};
use hge_sim::verilog::{Compiler, VerilogEngine};
use hge_tests::nightly;
use hge_tests::scenario::{continuous, random, Scenario, LITTLE};

/// Runs drawn from seeds from `first` on until `samples` samples have agreed; their number.
fn agree(samples: usize, first: u64, draw: impl Fn(u64) -> Scenario) -> usize {
    let mut agreed = 0;
    for seed in first.. {
        let scenario = draw(seed);
        let open = |bench| VerilogEngine::with(Compiler::locate()?, scenario.parameters, bench);
        scenario.assert_equals_model(open).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        agreed += scenario.model_record().expect("the model has no errors").samples.len();
        if agreed >= samples {
            break;
        }
    }
    agreed
}

#[needs(compiler)]
#[test]
fn at_night_ten_million_samples_of_random_runs_agree_and_by_day_a_hundred_thousand() {
    let samples = nightly(10_000_000, 100_000);
    let late = Parameters { clock_hz: 90_000_000, inputs: 2, ..LITTLE };
    let hardware = Parameters { update: Update::Hardware, ..LITTLE };
    let lanes = Parameters { outputs: 12, slots: 16, lanes: 4, ..late };
    let epochs = nightly(6, 2);
    let agreed = [
        agree(samples * 3 / 10, 10_000, |seed| random(seed, LITTLE, epochs)),
        agree(samples / 10, 20_000, |seed| random(seed, LITTLE.in_steps(), epochs)),
        agree(samples / 5, 30_000, |seed| random(seed, late, epochs)),
        agree(samples / 10, 40_000, |seed| random(seed, lanes, epochs)),
        agree(samples / 10, 50_000, |seed| random(seed, hardware, epochs)),
        agree(samples / 5, 60_000, |seed| continuous(seed, hardware, 4 * epochs)),
    ];
    println!("samples of every form that agreed: {agreed:?}");
    assert!(agreed.iter().sum::<usize>() >= samples);
}
