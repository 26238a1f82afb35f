//! Tens of controls with tones at once: photonic meshes of 56 phase shifters and combined beams, against exact slopes.

use crate::by_formula::{descended, exact, job, of_folder, trained};
use hge_core::experiment::Job;
use hge_core::targets::Targets;
use hge_core::train::Outcome;
use hge_tests::nightly;
use num_complex::Complex64;
use std::f64::consts::{PI, TAU};
use std::fmt::Write;

/// Current of all beams in phase.
const FULL_NA: f64 = 96.0;

/// The text with another value of a key that it has.
fn with(text: &str, key: &str, value: impl ToString) -> String {
    let start = format!("{key} = ");
    assert!(text.lines().any(|line| line.starts_with(&start)), "no {key}");
    let line = |line: &str| match line.starts_with(&start) {
        true => format!("{start}{}\n", value.to_string()),
        false => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// `experiments/beams.toml` with this number of beams.
fn beams(count: usize, seed: u64) -> String {
    let controls = count - 1;
    let mut text = of_folder("beams.toml");
    for (key, value) in [
        ("device", format!("\"beams:{count}:{seed}\"")),
        ("outputs", count.max(32).to_string()),
        ("slots", count.max(32).to_string()),
        ("controls", format!("{:?}", (1..count).collect::<Vec<usize>>())),
        ("control_low_v", format!("{:?}", vec![-3.9; controls])),
        ("control_high_v", format!("{:?}", vec![3.9; controls])),
    ] {
        text = with(&text, key, value);
    }
    text
}

/// Mean square over a window of what the tones make of every row's current beyond the second order, nA².
fn remainders_na2(job: &Job, controls_v: &[f64], amplitude_v: f64) -> Vec<f64> {
    // Small enough for the second derivative along the tones, whose sum is some volts a volt of amplitude.
    const STEP: f64 = 1e-4;
    let (train, plan) = (&job.task.data.train, &job.task.plan);
    let (at_rest, slopes) = exact(job, train, controls_v);
    let samples = plan.grid().window_samples;
    let mut squares = vec![0.0; at_rest.len()];
    for sample in 0..samples {
        let turn = TAU * f64::from(sample) / f64::from(samples);
        let tones = plan.configuration().controls.iter();
        let tones: Vec<f64> = tones.map(|c| (turn * f64::from(c.cycles)).sin()).collect();
        let at = |scale_v: f64| {
            let moved = controls_v.iter().zip(&tones).map(|(volts, tone)| volts + scale_v * tone);
            exact(job, train, &moved.collect::<Vec<f64>>()).0
        };
        let [moved, up, down] = [at(amplitude_v), at(STEP), at(-STEP)];
        for (row, square) in squares.iter_mut().enumerate() {
            let first: f64 = slopes[row].iter().zip(&tones).map(|(slope, tone)| slope * tone).sum();
            let second = (up[row] + down[row] - 2.0 * at_rest[row]) / STEP.powi(2);
            let low_orders =
                at_rest[row] + amplitude_v * first + amplitude_v.powi(2) * second / 2.0;
            *square += (moved[row] - low_orders).powi(2) / f64::from(samples);
        }
    }
    squares
}

/// No sum or difference of two tones, nor the double of one, is on a tone.
fn assert_no_product_of_second_order(job: &Job) {
    let window = job.task.plan.grid().window_samples;
    let tones: Vec<u32> =
        job.task.plan.configuration().controls.iter().map(|control| control.cycles).collect();
    for (n, &one) in tones.iter().enumerate() {
        for &other in &tones[n..] {
            let sum = (one + other).min(window - (one + other).min(window));
            let products = [sum, one.abs_diff(other)];
            assert!(!products.iter().any(|product| tones.contains(product)), "{one} {other}");
        }
    }
}

/// RMS error of the slopes of all controls, measured in one window a case without noise, nA/V; that of every row is within its bound.
///
/// A window holds whole periods of every tone, so that slopes are coefficients of orthogonal sines, which the first order of the
/// current gives exactly and the second, whose products are on no tone, leaves alone. By Bessel's inequality the squared errors of
/// all K tones of amplitude A add up to no more than 2 / A^2 times the mean square of the remainder of third order, which the device's
/// formula gives: an RMS of sqrt(2 <R^2> / K) / A. Rounding by the converters adds the same with its own mean square.
fn rms_error_na_per_v(text: &str, amplitude_v: f64) -> f64 {
    let mut text = with(text, "noise_na2_per_hz", "0.0");
    for (key, value) in [("restarts", "1"), ("epochs", "1")] {
        text = with(&text, key, value);
    }
    let text = with(&text, "amplitude_v", amplitude_v);
    let (_, epochs) = trained(&text);
    let job = job(&text).unwrap();
    assert_no_product_of_second_order(&job);
    let controls_v = &epochs[0].controls_v;
    let (_, slopes) = exact(&job, &job.task.data.train, controls_v);
    let remainders_na2 = remainders_na2(&job, controls_v, amplitude_v);
    let scale = job.task.plan.scale();
    let dac_step_v = 1.0 / scale.least_dac_codes_per_v();
    let adc_step_na = scale.full_scale_na() / 32768.0;
    let (mut total, mut of_slopes, mut largest_share) = (0.0, 0.0, 0.0_f64);
    for (row, (found, exact)) in epochs[0].slopes_na_per_v.iter().zip(&slopes).enumerate() {
        assert_eq!(found.len(), controls_v.len());
        let count = exact.len() as f64;
        let squares: f64 = found.iter().zip(exact).map(|(a, b)| (a - b).powi(2)).sum();
        let all_slopes: f64 = exact.iter().map(|slope| slope * slope).sum();
        // The ADC is off by half a step at most, the DACs by a twelfth of a square of theirs in the mean square.
        let rounding_na2 = adc_step_na.powi(2) / 4.0 + all_slopes * dac_step_v.powi(2) / 12.0;
        let bound_of = |square_na2: f64| (2.0 * square_na2 / count).sqrt() / amplitude_v;
        let bound = bound_of(remainders_na2[row]) + bound_of(rounding_na2);
        let rms = (squares / count).sqrt();
        assert!(rms < bound, "row {row}: {rms} nA/V, bound {bound}");
        largest_share = largest_share.max(rms / bound);
        total += squares / count;
        of_slopes += all_slopes / count;
    }
    let rows = slopes.len() as f64;
    let (rms, of_slopes) = ((total / rows).sqrt(), (of_slopes / rows).sqrt());
    println!(
        "{} rows of {} slopes at {amplitude_v} V: RMS error {rms:.3} nA/V of {of_slopes:.2} nA/V, at most {largest_share:.2} of the bound",
        slopes.len(),
        controls_v.len()
    );
    rms
}

/// The errors are within their bounds at the amplitude of the experiment, and at these two, where the third order is above the rounding,
/// about as the square of the amplitude: the start is a little different.
fn assert_slopes(text: &str, amplitudes_v: [f64; 2]) {
    let given_v = job(text).unwrap().task.experiment.tones.amplitude_v;
    rms_error_na_per_v(text, given_v);
    let [large, small] = amplitudes_v.map(|amplitude_v| rms_error_na_per_v(text, amplitude_v));
    assert!((2.5..6.5).contains(&(large / small)), "{large} {small}");
}

#[test]
fn slopes_of_56_phases_at_8_outputs_at_once_agree_with_the_product_of_unitaries() {
    assert_slopes(&of_folder("unitary.toml"), [0.06, 0.03]);
}

#[test]
fn slopes_of_48_beams_at_once_agree_with_the_closed_form() {
    assert_slopes(&beams(48, 1), [0.1, 0.05]);
}

/// Epochs to 95 % of the full current, and the share that is reached.
fn combined(text: &str) -> (Option<usize>, f64) {
    let (outcome, epochs) = trained(text);
    let reached = epochs.iter().position(|epoch| epoch.outputs_na[0] >= 0.95 * FULL_NA);
    assert!(outcome.solved, "{outcome:?}");
    (reached.map(|epoch| epoch + 1), outcome.outputs_na[0] / FULL_NA)
}

#[test]
fn the_beams_of_the_examples_are_combined_to_95_per_cent() {
    let (epochs, share) = combined(&of_folder("beams.toml"));
    println!("{share:.4} of the full current, 95 % with tones on after {epochs:?} epochs");
    assert!(share > 0.95, "{share}");
}

#[test]
fn beams_in_any_number_are_combined_to_95_per_cent() {
    for count in nightly(vec![7, 32, 48], vec![7]) {
        for seed in 1..=nightly(5, 1) {
            let (epochs, share) = combined(&beams(count, seed));
            println!("{count} beams, specimen {seed}: {share:.4} after {epochs:?} epochs");
            assert!(share > 0.95, "{count} {seed}: {share}");
        }
    }
}

/// frac(x).
fn frac(x: f64) -> f64 {
    x - x.floor()
}

/// The matrix of the head of `unitary.toml`, row by row.
fn unitary() -> Vec<Vec<Complex64>> {
    let mut rows: Vec<Vec<Complex64>> = Vec::new();
    for a in 0..8 {
        let normal = |b: usize| {
            let n = (8 * a + b + 1) as f64;
            let radius = (-2.0 * frac(n * 2_f64.sqrt()).ln()).sqrt();
            Complex64::from_polar(radius, TAU * frac(n * 3_f64.sqrt()))
        };
        let mut row: Vec<Complex64> = (0..8).map(normal).collect();
        for other in &rows {
            let along: Complex64 = row.iter().zip(other).map(|(x, y)| x * y.conj()).sum();
            row.iter_mut().zip(other).for_each(|(x, y)| *x -= along * y);
        }
        let length = row.iter().map(Complex64::norm_sqr).sum::<f64>().sqrt();
        rows.push(row.iter().map(|x| x / length).collect());
    }
    rows
}

#[test]
fn the_targets_of_the_examples_are_the_powers_of_their_unitary() {
    let targets = job(&of_folder("unitary.toml")).unwrap().task.data.train.targets;
    for (a, row) in unitary().iter().enumerate() {
        for (b, amplitude) in row.iter().enumerate() {
            let (found, wanted) =
                (targets.target_na(targets.row(b, a)), 12.0 * amplitude.norm_sqr());
            assert!((found - wanted).abs() < 0.000_51, "{a} {b}: {found} {wanted}");
        }
    }
}

/// RMS error of a training of the unitary over `epochs` epochs from one start, and of the same descent by exact gradients.
fn unitary_rms_na(seed: u64, epochs: u32) -> [f64; 2] {
    let text = with(&with(&of_folder("unitary.toml"), "restarts", 1), "epochs", epochs);
    let text = format!("seed = {seed}\n{text}");
    let (outcome, history) = trained(&text);
    let (job, reached_na) = (job(&text).unwrap(), outcome.rms_error_na.expect("currents"));
    let best_v = descended(&job, history[0].controls_v.clone(), epochs);
    let train = &job.task.data.train;
    let exact_na = train.targets.rms_error_na(&exact(&job, train, &best_v).0);
    let begun_na = -history[0].separation_na;
    println!("unitary, seed {seed}: from {begun_na:.3} to {reached_na:.3} nA in {epochs} epochs, by exact gradients {exact_na:.3} nA");
    assert!(reached_na < begun_na / 2.0, "{begun_na} {reached_na}");
    [reached_na, exact_na]
}

#[test]
fn a_unitary_is_learnt_with_56_phases_at_once() {
    let starts: Vec<[f64; 2]> =
        (1..=nightly(12, 1)).map(|seed| unitary_rms_na(seed, nightly(80, 20))).collect();
    let median = |which: usize| {
        let mut sorted: Vec<f64> = starts.iter().map(|start| start[which]).collect();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    };
    println!("medians {:.3} nA, by exact gradients {:.3} nA", median(0), median(1));
    assert!(median(0) < 1.5 * median(1), "{starts:.3?}");
}

#[test]
#[ignore = "at night: minutes"]
fn at_night_the_unitary_of_the_examples_is_learnt_to_a_tenth_of_a_nanoampere() {
    let (outcome, _) = trained(&of_folder("unitary.toml"));
    println!("{:?} nA after {} starts", outcome.rms_error_na, outcome.restarts);
    assert!(outcome.solved, "{outcome:?}");
}

/// `patterns.csv` by the closed form in the head of `patterns.toml`.
fn patterns() -> String {
    const PRIMES: [f64; 8] = [2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0];
    let mut text: String = (0..8).map(|k| format!("x{k}_v,")).collect();
    text += "class\n";
    for n in 0..320 {
        let (class, sign) = (n % 8, if n / 8 % 2 == 0 { 1.0 } else { -1.0 });
        for (k, prime) in PRIMES.iter().enumerate() {
            let cosine = match class {
                0 => 0.5_f64.sqrt(),
                class => (PI * (2 * k + 1) as f64 * f64::from(class) / 16.0).cos(),
            };
            let noise_v = 0.5 * (2.0 * frac(f64::from(n + 1) * prime.sqrt()) - 1.0);
            write!(text, "{:.3},", 0.6 * sign * cosine + noise_v).unwrap();
        }
        writeln!(text, "{class}").unwrap();
    }
    text
}

#[test]
fn the_patterns_of_the_examples_are_their_closed_form() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../experiments/patterns.csv");
    assert_eq!(std::fs::read_to_string(path).unwrap(), patterns());
}

/// Accuracy on the test cases of the descent by exact gradients, with the offsets of the training cases.
fn exact_accuracy(job: &Job, start_v: Vec<f64>, epochs: u32) -> f64 {
    let data = &job.task.data;
    let best_v = descended(job, start_v, epochs);
    let of_train = exact(job, &data.train, &best_v).0;
    let test = data.judged();
    let offsets_na = Some(data.train.targets.offsets(&of_train));
    let targets = Targets { offsets_na, ..test.targets.clone() };
    targets.accuracy(&exact(job, test, &best_v).0)
}

#[test]
fn eight_classes_of_patterns_are_learnt_with_56_phases_at_once() {
    // Chance is an eighth.
    let epochs: u32 = nightly(160, 20);
    for seed in 1..=nightly(4, 1) {
        // Both take all epochs.
        let text = with(&of_folder("patterns.toml"), "epochs", epochs);
        let text = format!("seed = {seed}\n{}", with(&text, "stop_loss", "0.0"));
        let (outcome, history): (Outcome, _) = trained(&text);
        let exact = exact_accuracy(&job(&text).unwrap(), history[0].controls_v.clone(), epochs);
        println!("patterns, seed {seed}: {:.3} of the test cases in {epochs} epochs, by exact gradients {exact:.3}", outcome.accuracy);
        assert!(outcome.accuracy > nightly(0.9, 0.3), "{}", outcome.accuracy);
    }
}
