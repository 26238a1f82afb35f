//! Share of a device's seeds that learn all six Boolean gates, and its fixed specimen's figures.
//!
//! ```text
//! cargo run --release -p hge-sim --example device_seeds [SEEDS [hopping|mzi|crossbar]]
//! ```
//!
//! Trains with exact gradients, so that the figures tell of the device and not of any measurement: from
//! random controls, Adam at 0.02 V, 200 steps, loss (1.1 - rho) / (sigmoid((D - 5 nA) / 3 nA) + 0.05) with
//! rho the correlation with the targets and D the separation, lowest high output minus highest low output.
//! A start succeeds if D is at least 1.5 nA where its loss was lowest; a seed learns a gate if one of 20
//! starts succeeds. Deterministic: seeds 0..SEEDS (default 200 of `hopping`), fixed seeds for the starts.

use hge_sim::device::hopping::{
    HoppingParams, BUILTIN_SEED, ELECTRODE_RANGE_V, INPUT_ELECTRODES, INPUT_LEVELS_V,
};
use hge_sim::device::{CrossbarDevice, Device, HoppingDevice, MziDevice, CROSSBAR_SEED, MZI_SEED};
use rand::Rng;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};

/// Targets in the case order 00 01 10 11.
const GATES: [(&str, [bool; 4]); 6] = [
    ("AND", [false, false, false, true]),
    ("OR", [false, true, true, true]),
    ("NAND", [true, true, true, false]),
    ("NOR", [true, false, false, false]),
    ("XOR", [false, true, true, false]),
    ("XNOR", [true, false, false, true]),
];
const STARTS: usize = 20;
const STEPS: i32 = 200;
const RATE_V: f64 = 0.02;
const ENOUGH_NA: f64 = 1.5;

/// Makes the specimen of a seed.
type Specimen = fn(u64) -> Box<dyn Device>;

/// Result of one start.
struct Outcome {
    loss: f64,
    separation_na: f64,
    /// First step at which the separation was enough.
    first_step: Option<i32>,
}

fn main() {
    let seeds: u64 = match std::env::args().nth(1).map(|text| text.parse()) {
        None => 200,
        Some(Ok(seeds)) if seeds > 0 => seeds,
        Some(_) => {
            eprintln!("the argument is the number of seeds, a whole number from 1");
            std::process::exit(2);
        }
    };
    let kind = std::env::args().nth(2).unwrap_or_else(|| "hopping".into());
    let (specimen, fixed): (Specimen, u64) = match kind.as_str() {
        "hopping" => (|seed| Box::new(HoppingDevice::new(seed)), BUILTIN_SEED),
        "hopping@77K" => (
            |seed| {
                let cold = HoppingParams::at_kelvin(77.0);
                Box::new(HoppingDevice::with_params(seed, cold).expect("77 K is in range"))
            },
            BUILTIN_SEED,
        ),
        "mzi" => (|seed| Box::new(MziDevice::new(seed)), MZI_SEED),
        "crossbar" => (|seed| Box::new(CrossbarDevice::new(seed)), CROSSBAR_SEED),
        _ => {
            eprintln!("the second argument is the device: hopping, hopping@77K, mzi or crossbar");
            std::process::exit(2);
        }
    };
    let device = specimen(fixed);
    println!("fixed specimen {}, {STARTS} starts a gate", device.name());
    println!("gate   starts that  starts with  best separation  median separation  median steps");
    println!("       succeed      loss < 0.35  (nA)             (nA)               to 1.5 nA");
    for gate in 0..GATES.len() {
        report(device.as_ref(), gate);
    }
    report_points(device.as_ref());
    for amplitude_v in [0.03, 0.01, 0.003] {
        println!(
            "{:.0} mV lock-in against the exact slope: {:.1} % RMS",
            1e3 * amplitude_v,
            100.0 * lock_in_error(device.as_ref(), amplitude_v)
        );
    }

    let learned = learn_all(seeds, specimen);
    for (gate, (name, _)) in GATES.iter().enumerate() {
        let count = learned.iter().filter(|gates| gates[gate]).count();
        println!("{name:5} learned by {count} of {seeds} seeds");
    }
    let all = learned.iter().filter(|gates| gates.iter().all(|&g| g)).count();
    println!(
        "all six learned by {all} of {seeds} seeds ({:.0} %)",
        100.0 * all as f64 / seeds as f64
    );
}

/// Which gates every seed learns, on all processors.
fn learn_all(seeds: u64, specimen: Specimen) -> Vec<[bool; 6]> {
    let (sender, outcomes) = crossbeam::channel::unbounded();
    let (queue, tasks) = crossbeam::channel::unbounded();
    (0..seeds).for_each(|seed| queue.send(seed).expect("the queue is open"));
    drop(queue);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    crossbeam::thread::scope(|scope| {
        for _ in 0..workers {
            let (sender, tasks) = (sender.clone(), tasks.clone());
            scope.spawn(move |_| {
                for seed in tasks {
                    let device = specimen(seed);
                    let learned = std::array::from_fn(|gate| {
                        starts(device.as_ref(), gate).any(|o| o.separation_na >= ENOUGH_NA)
                    });
                    sender.send(learned).expect("the channel is open");
                }
            });
        }
    })
    .expect("no worker panics");
    drop(sender);
    outcomes.iter().collect()
}

fn report(device: &dyn Device, gate: usize) {
    let outcomes: Vec<Outcome> = starts(device, gate).collect();
    let good: Vec<&Outcome> = outcomes.iter().filter(|o| o.separation_na >= ENOUGH_NA).collect();
    let mut separations: Vec<f64> = good.iter().map(|o| o.separation_na).collect();
    separations.sort_by(f64::total_cmp);
    let mut steps: Vec<i32> = good.iter().filter_map(|o| o.first_step).collect();
    steps.sort_unstable();
    println!(
        "{:5}  {:<11.2}  {:<11.2}  {:<15.1}  {:<17.1}  {}",
        GATES[gate].0,
        good.len() as f64 / STARTS as f64,
        outcomes.iter().filter(|o| o.loss < 0.35).count() as f64 / STARTS as f64,
        separations.last().copied().unwrap_or(f64::NAN),
        separations.get(separations.len() / 2).copied().unwrap_or(f64::NAN),
        steps.get(steps.len() / 2).map_or("-".into(), i32::to_string),
    );
}

/// The starts of one gate, trained as they are asked for.
fn starts(device: &dyn Device, gate: usize) -> impl Iterator<Item = Outcome> + '_ {
    let mut rng = ChaCha8Rng::seed_from_u64(1000 + gate as u64);
    (0..STARTS).map(move |_| train(device, &GATES[gate].1, &mut rng))
}

fn train(device: &dyn Device, targets: &[bool; 4], rng: &mut ChaCha8Rng) -> Outcome {
    let controls: Vec<usize> = (0..7).filter(|k| !INPUT_ELECTRODES.contains(k)).collect();
    let mut v: Vec<f64> = controls
        .iter()
        .map(|&k| rng.random_range(ELECTRODE_RANGE_V[k][0]..ELECTRODE_RANGE_V[k][1]))
        .collect();
    let mut moments = vec![[0.0; 2]; v.len()];
    let mut best =
        Outcome { loss: f64::INFINITY, separation_na: f64::NEG_INFINITY, first_step: None };
    for step in 1..=STEPS {
        let rows: [[f64; 7]; 4] = std::array::from_fn(|case| {
            let mut row = [0.0; 7];
            row[INPUT_ELECTRODES[0]] = INPUT_LEVELS_V[case >> 1];
            row[INPUT_ELECTRODES[1]] = INPUT_LEVELS_V[case & 1];
            controls.iter().zip(&v).for_each(|(&k, &v)| row[k] = v);
            row
        });
        let mut outputs = [0.0; 4];
        device.currents_na(rows.as_flattened(), &mut outputs);
        let slopes = rows.map(|row| device.jacobian_na_per_v(&row).expect("one row"));
        let (loss, by_output, separation_na) = loss_of(&outputs, targets);
        if loss < best.loss {
            (best.loss, best.separation_na) = (loss, separation_na);
        }
        if separation_na >= ENOUGH_NA {
            best.first_step.get_or_insert(step);
        }
        for (n, &k) in controls.iter().enumerate() {
            let slope: f64 = by_output.iter().zip(&slopes).map(|(e, s)| e * s[k]).sum();
            let [m, s] = &mut moments[n];
            *m = 0.9 * *m + 0.1 * slope;
            *s = 0.999 * *s + 0.001 * slope * slope;
            let mean = *m / (1.0 - 0.9f64.powi(step));
            let square = *s / (1.0 - 0.999f64.powi(step));
            let [low, high] = ELECTRODE_RANGE_V[k];
            v[n] = (v[n] - RATE_V * mean / (square.sqrt() + 1e-8)).clamp(low, high);
        }
    }
    best
}

/// Loss, its derivative by each output in 1/nA, and the separation in nA.
fn loss_of(outputs: &[f64; 4], targets: &[bool; 4]) -> (f64, [f64; 4], f64) {
    let t = targets.map(|high| if high { 1.0 } else { 0.0 });
    let mean = |x: &[f64; 4]| x.iter().sum::<f64>() / 4.0;
    let (y, t) = (outputs.map(|y| y - mean(outputs)), t.map(|x| x - mean(&t)));
    let dot = |a: &[f64; 4], b: &[f64; 4]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (size_y, size_t) = (dot(&y, &y).sqrt().max(1e-12), dot(&t, &t).sqrt());
    let rho = dot(&y, &t) / (size_y * size_t);

    let extreme = |high: bool, sign: f64| {
        let cases = (0..4).filter(|&n| targets[n] == high);
        cases
            .min_by(|&a, &b| (sign * outputs[a]).total_cmp(&(sign * outputs[b])))
            .expect("both levels")
    };
    let (lowest_high, highest_low) = (extreme(true, 1.0), extreme(false, -1.0));
    let separation_na = outputs[lowest_high] - outputs[highest_low];

    let sigmoid = 1.0 / (1.0 + (-(separation_na - 5.0) / 3.0).exp());
    let below = sigmoid + 0.05;
    let mut slope: [f64; 4] =
        std::array::from_fn(|n| (rho * y[n] / size_y - t[n] / size_t) / (size_y * below));
    let by_separation = -(1.1 - rho) / (below * below) * sigmoid * (1.0 - sigmoid) / 3.0;
    slope[lowest_high] += by_separation;
    slope[highest_low] -= by_separation;
    ((1.1 - rho) / below, slope, separation_na)
}

/// Outputs and slopes over random points.
fn report_points(device: &dyn Device) {
    const POINTS: usize = 4000;
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut outputs_na = Vec::with_capacity(POINTS);
    let mut slopes_na_per_v = vec![Vec::with_capacity(POINTS); ELECTRODE_RANGE_V.len()];
    for _ in 0..POINTS {
        let row = ELECTRODE_RANGE_V.map(|[low, high]| rng.random_range(low..high));
        let mut output_na = [0.0];
        device.currents_na(&row, &mut output_na);
        outputs_na.push(output_na[0]);
        let slopes = device.jacobian_na_per_v(&row).expect("one row");
        slopes_na_per_v.iter_mut().zip(slopes).for_each(|(all, slope)| all.push(slope));
    }
    let quantile = |values: &[f64], share: f64| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values[(share * (values.len() - 1) as f64) as usize]
    };
    let negative = |values: &[f64]| {
        100.0 * values.iter().filter(|value| **value < 0.0).count() as f64 / values.len() as f64
    };
    println!(
        "outputs, 1st and 99th percentile: {:.0} and {:.0} nA, negative at {:.0} % of points",
        quantile(&outputs_na, 0.01),
        quantile(&outputs_na, 0.99),
        negative(&outputs_na)
    );
    for (electrode, slopes) in slopes_na_per_v.iter().enumerate() {
        let sizes: Vec<f64> = slopes.iter().map(|slope| slope.abs()).collect();
        println!(
            "electrode {electrode}: median |slope| {:.1} nA/V, negative at {:.0} %",
            quantile(&sizes, 0.5),
            negative(slopes)
        );
    }
}

/// RMS error of a noise-free single-tone lock-in, relative to the RMS slope, over 200 random points.
fn lock_in_error(device: &dyn Device, amplitude_v: f64) -> f64 {
    const SAMPLES: usize = 64;
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (mut error, mut size) = (0.0, 0.0);
    for _ in 0..200 {
        let row = ELECTRODE_RANGE_V.map(|[low, high]| rng.random_range(low..high));
        for (k, slope) in device.jacobian_na_per_v(&row).expect("one row").into_iter().enumerate() {
            let sines: [f64; SAMPLES] =
                std::array::from_fn(|n| (std::f64::consts::TAU * n as f64 / SAMPLES as f64).sin());
            let rows = sines.map(|sine| {
                let mut moved = row;
                moved[k] += amplitude_v * sine;
                moved
            });
            let mut currents = [0.0; SAMPLES];
            device.currents_na(rows.as_flattened(), &mut currents);
            let x: f64 = sines.iter().zip(&currents).map(|(s, i)| s * i).sum();
            let measured = 2.0 * x / SAMPLES as f64 / amplitude_v;
            error += (measured - slope).powi(2);
            size += slope * slope;
        }
    }
    (error / size).sqrt()
}
