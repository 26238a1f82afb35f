//! Tasks with several outputs, target currents, classes and files of cases.

use crate::by_formula::{descended, exact, job, of_folder, trained};
use hge_core::experiment::{EngineKind, Job, LoopMode};
use hge_core::train::Outcome;
use hge_lab::{train, Options};
use hge_needs::needs;
use hge_tests::{nightly, plane};
use std::fmt::Write;
use std::path::PathBuf;

/// The median of an even number of sorted values.
fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    (sorted[half - 1] + sorted[half]) / 2.0
}

/// By day fewer: the error falls little after a hundred.
fn sine_epochs() -> u32 {
    nightly(300, 150)
}

/// A period of a sine, 5 nA high, over one input of the built-in device.
fn sine(seed: u64) -> String {
    let epochs = sine_epochs();
    let mut text = format!(
        "seed = {seed}\nrestarts = 1\nrms_error_na = 0.01\n\
         [electrodes]\ninputs = [1]\ncontrols = [0, 2, 3, 4, 5, 6]\n\
         control_low_v = [-1.2, -1.2, -1.2, -1.2, -0.7, -0.7]\ncontrol_high_v = [0.6, 0.6, 0.6, 0.6, 0.3, 0.3]\n\
         [tones]\nband_hz = [150.0, 900.0]\n\
         [host]\nepochs = {epochs}\npatience_epochs = {epochs}\nstop_loss = 0.0\n"
    );
    for n in 0..8 {
        let turn = f64::from(n) / 7.0;
        let (input_v, target_na) = (-1.0 + 1.5 * turn, 5.0 * (turn * std::f64::consts::TAU).sin());
        writeln!(text, "[[case]]\ninputs_v = [{input_v}]\ntarget_na = {target_na}").unwrap();
    }
    text
}

/// The least RMS error of a descent by exact gradients, at the same rate, from these controls.
fn exact_rms_na(job: &Job, controls_v: Vec<f64>) -> f64 {
    let train = &job.task.data.train;
    let best_v = descended(job, controls_v, sine_epochs());
    train.targets.rms_error_na(&exact(job, train, &best_v).0)
}

#[test]
fn a_sine_is_learnt_to_the_error_that_exact_gradients_reach_within_a_tenth() {
    let mut ratios: Vec<f64> = (1..=nightly(12, 6))
        .map(|seed| {
            let (outcome, epochs) = trained(&sine(seed));
            let reached_na = outcome.rms_error_na.expect("a task with target currents");
            let exact_na = exact_rms_na(&job(&sine(seed)).unwrap(), epochs[0].controls_v.clone());
            println!("start {seed}: {reached_na:.3} nA, by exact gradients {exact_na:.3} nA");
            reached_na / exact_na
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let median = median(&ratios);
    println!("median of the ratios {median:.3}");
    assert!((median - 1.0).abs() < 0.1, "{ratios:.3?}");
}

#[test]
#[ignore = "at night: minutes"]
fn the_natural_gradient_takes_fewer_epochs_than_adam_in_the_median() {
    // Epochs to 1.2 times the least RMS error that either reaches from the same start.
    let epochs_of = |seed: u64, keys: &str| {
        let (_, epochs) = trained(&sine(seed).replace("[host]\n", &format!("[host]\n{keys}")));
        epochs.iter().map(|epoch| -epoch.separation_na).collect::<Vec<f64>>()
    };
    let least = |errors: &[f64]| errors.iter().copied().fold(f64::INFINITY, f64::min);
    let (mut fewer, mut ratios) = (0, Vec::new());
    for seed in 1..=12 {
        let (adam, natural) = (epochs_of(seed, ""), epochs_of(seed, "optimiser = \"natural\"\n"));
        let wanted = 1.2 * least(&adam).min(least(&natural));
        let reached = |errors: &[f64]| {
            errors.iter().position(|&error| error <= wanted).unwrap_or(errors.len())
        };
        let (of_adam, of_natural) = (reached(&adam), reached(&natural));
        println!("start {seed}: adam {of_adam}, natural {of_natural} epochs to {wanted:.2} nA");
        fewer += usize::from(of_natural < of_adam);
        ratios.push(of_adam as f64 / of_natural.max(1) as f64);
    }
    ratios.sort_by(f64::total_cmp);
    let median = median(&ratios);
    println!("fewer in {fewer} of {}, median ratio {median:.2}", ratios.len());
    assert!(median > 1.5, "{ratios:.2?}");
}

/// One of three outputs is high, or none: learnt in eleven epochs, at 100 clocks a sample.
fn four_classes(inputs: usize) -> String {
    let mut text = format!(
        "seed = 19\ndevice = \"crossbar:58/3\"\nrestarts = 1\nloop = \"standalone\"\n\
         [instrument]\nclock_hz = 1000000\ncarriers = \"sines\"\ninputs = {inputs}\n\
         [timing]\nrate_hz = 10000.0\nwindow_samples = 128\nsettle_s = 0.0005\nlead_in_s = 0.0005\nramp_v_per_s = 600.0\n\
         [tones]\nband_hz = [300.0, 2500.0]\n[standalone]\nepochs = 40\n\
         [[standalone.targets]]\nhigh_na = 10.0\nlow_na = 0.0\nrate_v2_per_na2 = 3e-5\n"
    );
    for class in 0..4 {
        let volts = |bit: usize| if class >> bit & 1 == 1 { 0.6 } else { -1.2 };
        let high = [0, 1, 2].map(|output| output == class);
        writeln!(text, "[[case]]\ninputs_v = [{}, {}]\nhigh = {high:?}", volts(1), volts(0))
            .unwrap();
    }
    text
}

fn on(engine: EngineKind, text: &str) -> Outcome {
    let mut job = job(text).unwrap();
    job.task.experiment.engine = engine;
    train(job, &Options::default(), &mut |_| ()).unwrap_or_else(|error| panic!("{error}"))
}

#[needs(compiler)]
#[test]
fn four_classes_of_three_outputs_are_learnt_inside_the_gateware_alike_on_model_and_compiled_verilog(
) {
    let text = four_classes(3);
    let (outcome, epochs) = trained(&text);
    assert!(outcome.solved && outcome.accuracy == 1.0, "{outcome:?}");
    assert_eq!((epochs[0].outputs_na.len(), outcome.offsets_na.len()), (12, 3));
    assert_eq!(on(EngineKind::Verilog, &text), outcome);
}

#[test]
#[ignore = "at night: minutes"]
fn at_night_four_classes_are_learnt_alike_on_rust_hdl() {
    let text = four_classes(3);
    assert_eq!(on(EngineKind::Rtl, &text), on(EngineKind::Model, &text));
}

#[test]
fn inputs_that_the_task_does_not_read_change_nothing_of_a_standalone_training() {
    let quiet = |inputs| trained(&(four_classes(inputs) + "[bench]\nnoise_na2_per_hz = 0.0\n"));
    let (few, many) = (quiet(3), quiet(8));
    assert_eq!(few.0.controls_v, many.0.controls_v);
    assert_eq!(few.1.len(), many.1.len());
}

#[test]
fn the_gateware_learns_target_currents() {
    // Two outputs with known slopes and two controls: one solution, reached exactly.
    let text = "device = \"linear:4,6,-3;-2,5,7\"\nloop = \"standalone\"\nrestarts = 1\nrms_error_na = 0.05\n\
                [bench]\nnoise_na2_per_hz = 0.0\n[instrument]\ninputs = 2\n\
                [electrodes]\ninputs = [0]\ncontrols = [1, 2]\ncontrol_low_v = [-1.5, -1.5]\ncontrol_high_v = [1.5, 1.5]\n\
                [standalone]\nepochs = 400\n[[standalone.targets]]\nhigh_na = 3.0\nlow_na = 0.0\nrate_v2_per_na2 = 4e-3\n\
                [[case]]\ninputs_v = [0.0]\ntarget_na = [4.5, -1.25]\n";
    let (outcome, _) = trained(text);
    // 6 a - 3 b = 4.5 and 5 a + 7 b = -1.25.
    let determinant = 6.0 * 7.0 + 3.0 * 5.0;
    let (a, b) = ((4.5 * 7.0 - 3.0 * 1.25) / determinant, (-1.25 * 6.0 - 5.0 * 4.5) / determinant);
    assert!(outcome.solved, "{outcome:?}");
    let error_v = (outcome.controls_v[0] - a).abs().max((outcome.controls_v[1] - b).abs());
    assert!(error_v < 0.03, "{:?} for {a} {b}", outcome.controls_v);
}

#[test]
fn a_dead_device_with_noise_solves_neither_classes_nor_currents_nor_an_accuracy() {
    let dead =
        "device = \"linear:0,0,0,0,0,0,0;0,0,0,0,0,0,0\"\nrestarts = 5\n[instrument]\ninputs = 2\n\
                [bench]\nnoise_na2_per_hz = 0.5\n[host]\nepochs = 30\n";
    for seed in 1..=5 {
        for (head, first, second) in [
            ("", "class = 0", "class = 1"),
            ("accuracy = 0.9\n", "high = [true, false]", "high = [false, true]"),
            ("rms_error_na = 0.5\n", "target_na = [1.0, -1.0]", "target_na = [-1.0, 1.0]"),
        ] {
            let text = format!(
                "seed = {seed}\n{head}{dead}[[case]]\ninputs_v = [0.0, 0.0]\n{first}\n[[case]]\ninputs_v = [0.1, 0.0]\n{second}\n"
            );
            let (outcome, _) = trained(&text);
            assert!(!outcome.solved, "{text}: {outcome:?}");
        }
    }
}

/// `experiments/network.toml`, with these lines before its first table.
fn network(lines: &str) -> String {
    lines.to_owned() + &of_folder("network.toml")
}

#[test]
fn slopes_of_all_controls_of_five_devices_at_once_agree_with_the_chain_rule() {
    let quiet = "[host]\nepochs = 1\n[bench]\nnoise_na2_per_hz = 0.0\n";
    let text = network("").replace("[tones]\n", &format!("{quiet}[tones]\namplitude_v = 0.005\n"));
    let text = text.replace("restarts = 20", "restarts = 1");
    let (_, epochs) = trained(&text);
    let job = job(&text).unwrap();
    let (_, slopes) = exact(&job, &job.task.data.train, &epochs[0].controls_v);
    let largest = slopes.iter().flatten().fold(0.0_f64, |most, slope| most.max(slope.abs()));
    let measured = epochs[0].slopes_na_per_v.iter().flatten();
    let worst =
        measured.zip(slopes.iter().flatten()).map(|(measured, exact)| (measured - exact).abs());
    let worst = worst.fold(0.0, f64::max);
    println!("largest error {worst:.4} of slopes up to {largest:.2} nA/V");
    assert_eq!(slopes.iter().flatten().count(), 8 * 19);
    assert!(worst < 0.02 * largest, "{worst} of {largest}");
}

#[test]
fn the_network_of_the_examples_learns_the_parity_of_three_inputs() {
    let (outcome, _) = trained(&network(""));
    assert!(outcome.solved && outcome.accuracy == 1.0, "{outcome:?}");
}

fn file(name: &str, text: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("hge-tasks-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_file_of_a_thousand_cases_is_learnt_in_batches_and_judged_on_cases_that_were_not_trained_on() {
    let path = file("plane.csv", &plane::csv(1000));
    let text = format!(
        "device = \"linear:6,-3,4,1;2,5,-1,3\"\nrestarts = 1\nrms_error_na = 0.2\n[instrument]\ninputs = 2\ncases = 32\n\
         [electrodes]\ninputs = [0, 1]\ncontrols = [2, 3]\ncontrol_low_v = [-1.5, -1.5]\ncontrol_high_v = [1.5, 1.5]\n\
         [data]\nfile = \"{}\"\ninputs = [\"x\", \"y\"]\ntarget_na = [\"first\", \"second\"]\nbatch = 25\n\
         validation_share = 0.1\ntest_share = 0.2\n[host]\nstop_loss = 0.01\n",
        path.display()
    );
    let data = job(&text).unwrap().task.data;
    assert_eq!((data.train.len(), data.epochs_per_pass()), (700, 28));
    let (outcome, epochs) = trained(&text);
    assert_eq!(outcome.outputs_na.len(), 200 * 2);
    assert_eq!(epochs[0].outputs_na.len(), 25 * 2);
    assert!(outcome.solved, "{:?}", outcome.rms_error_na);
    // 4 a + b = 1.2 and -a + 3 b = -0.7.
    let wanted = [(1.2 * 3.0 + 0.7) / 13.0, (4.0 * -0.7 + 1.2) / 13.0];
    for (found, wanted) in outcome.controls_v.iter().zip(wanted) {
        assert!((found - wanted).abs() < 0.05, "{found} for {wanted}");
    }
}

#[test]
fn what_is_wrong_with_cases_and_outputs_is_told_with_its_line() {
    let says = |text: &str, parts: &[&str]| {
        let message = job(text).err().unwrap_or_else(|| panic!("accepted: {text}")).to_string();
        for part in parts {
            assert!(message.contains(part), "{message}");
        }
    };
    let two = "[instrument]\ninputs = 2\n[[case]]\ninputs_v = [0.0, 0.0]\n";
    says(
        &format!("{two}target_na = [1.0, 2.0, 3.0]\n"),
        &["t.toml:2:10", "the cases have 3 outputs", "set instrument.inputs = 3"],
    );
    says(
        &format!("{two}target_na = [1.0, 2.0]\n[[case]]\ninputs_v = [0.1, 0.0]\ntarget_na = 1.0\n"),
        &["t.toml:8:13", "case 1 has 1 values of target_na, case 0 2"],
    );
    says(&format!("{two}target_na = [1.0, 200.0]\n"), &["t.toml:5:13", "200 nA", "+-100 nA"]);
    says(
        &format!("{two}high = true\n[[case]]\ninputs_v = [0.1, 0.0]\nclass = 1\n"),
        &["case 1", "give one of high, class and target_na, the same one in all cases"],
    );
    says(&format!("{two}high = true\nclass = 1\n"), &["case 0", "give one of"]);
    says(
        &format!("device = \"linear:1,2,3,4,5,6,7\"\n{two}class = 0\n[[case]]\ninputs_v = [0.1, 0.0]\nclass = 1\n"),
        &["case", "the cases have 2 outputs, but the device linear has 1"],
    );
    says(
        &format!("[host]\nloss = \"cross-entropy\"\n{two}target_na = [1.0, 2.0]\n"),
        &["t.toml:2:8", "cross-entropy is not defined for target currents", "mse"],
    );
    let path = file("wrong.csv", "x,y,label\n0.1,0.2,1\n0.3,0.1,2\n");
    let data = |keys: &str| {
        format!("[data]\nfile = \"{}\"\ninputs = [\"x\", \"y\"]\n{keys}\n", path.display())
    };
    says(&data("high = [\"label\"]"), &["data.high is 2 in case 2: it must be 0 or 1"]);
    says(
        &data("high = [\"lable\"]"),
        &["t.toml:4", "no column \"lable\": choose from x, y, label"],
    );
    says(&data("class = \"label\""), &["a whole number below instrument.inputs, 1"]);
    let sound = data("target_na = [\"label\"]\nbatch = 99999");
    says(&sound, &["t.toml:5:9", "lower batch"]);
    let alone = "loop = \"standalone\"\n".to_owned() + &data("target_na = [\"label\"]");
    says(&alone, &["the standalone loop has all its cases in the instrument"]);
    let none = data("high = [\"label\"]").replace("wrong.csv", "none.csv");
    says(&none, &["none.csv", "check data.file"]);
    assert_eq!(LoopMode::default(), LoopMode::Host);
}
