//! Time of a window on the model with several inputs, over that with one, in one run: `cargo bench -p hge-tests --bench inputs`.

use hge_core::carrier::Carrier;
use hge_protocol::Parameters;
use hge_sim::bench::Chain;
use hge_sim::device::LinearDevice;
use hge_tests::laboratory::Laboratory;
use std::time::{Duration, Instant};

const CONTROLS: usize = 24;
const WINDOWS: u32 = 200;
const RUNS: usize = 9;

fn time(inputs: u32) -> Duration {
    let laboratory = Laboratory {
        parameters: Parameters { outputs: 32, inputs, ..Parameters::default() },
        chain: Chain::default(),
        window_samples: 1024,
        amplitudes_v: vec![0.03; CONTROLS],
        cycles: (0..CONTROLS as u32).map(|k| 40 + 7 * k).collect(),
        controls_v: vec![0.0; CONTROLS],
        carrier: Carrier::Sine,
        cost: None,
        shaping: false,
        seed: 1,
    };
    let slopes = |input: u32| (0..CONTROLS).map(|k| (k as f64 - f64::from(input)) / 4.0).collect();
    let rows = (0..inputs).map(|input| (0.0, slopes(input)));
    let device = LinearDevice::with_outputs(rows.collect()).expect("finite slopes");
    let begun = Instant::now();
    let (_, windows) = laboratory.windows(Box::new(device), WINDOWS).expect("windows");
    assert_eq!(windows.len(), (WINDOWS * inputs) as usize);
    begun.elapsed()
}

fn main() {
    let mut times = [1, 2, 4, 8].map(|inputs| (inputs, Vec::new()));
    for _ in 0..RUNS {
        for (inputs, times) in &mut times {
            times.push(time(*inputs));
        }
    }
    // The least of several runs: what else runs on the machine only adds.
    let least = times.map(|(inputs, times)| (inputs, times.into_iter().min().unwrap_or_default()));
    println!("window of 1024 samples and 24 slots");
    for (inputs, time) in least {
        let ratio = time.as_secs_f64() / least[0].1.as_secs_f64();
        let window_us = time.as_secs_f64() * 1e6 / f64::from(WINDOWS);
        println!("{inputs} inputs: {window_us:.0} us, {ratio:.2} times that of one");
    }
}
