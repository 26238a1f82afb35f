//! What `hge train` refuses before it runs, where it points, and what it does not call solved.

use crate::program::{command, hge, outcome, refusal, refused_file, TestFile};
use std::fs::File;
use std::process::Stdio;

/// The refusal of an OR with `text` in its file: it must say all of `parts`.
fn says(text: &str, parts: &[&str]) {
    let message = refused_file(&format!("gate = \"or\"\n{text}\n"));
    for part in parts {
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn nan_and_infinities_are_refused_everywhere() {
    let keys = [
        ("analogue", "dac_range_v"),
        ("analogue", "adc_range_v"),
        ("analogue", "iv_clip_v"),
        ("analogue", "iv_gain_v_per_na"),
        ("analogue", "dac_offset_v"),
        ("analogue", "level_shift_v"),
        ("bench", "noise_na2_per_hz"),
        ("timing", "rate_hz"),
        ("timing", "settle_s"),
        ("timing", "lead_in_s"),
        ("timing", "ramp_v_per_s"),
        ("electrodes", "input_low_v"),
        ("electrodes", "input_high_v"),
        ("tones", "amplitude_v"),
        ("guard", "low_v"),
        ("guard", "high_v"),
        ("guard", "step_v"),
        ("guard", "overcurrent_na"),
        ("host", "adam_rate_v"),
        ("host", "descent_rate_v2"),
        ("host", "momentum"),
        ("host", "stop_loss"),
        ("host", "high_na"),
        ("host", "low_na"),
        ("standalone", "stop_separation_na"),
    ];
    for (table, key) in keys {
        for value in ["nan", "inf", "-inf"] {
            let place = format!(":3:{}: {table}.{key} is", key.len() + 4);
            says(&format!("[{table}]\n{key} = {value}"), &[&place]);
        }
    }
    says("[electrodes]\ncontrol_low_v = [-1.2, nan, -1.2, -0.7, -0.7]", &[":3:24: ", "is NaN"]);
    says("[tones]\nband_hz = [150.0, inf]", &[":3:19: ", "is inf"]);
    let target = "[[standalone.targets]]\nhigh_na = 9.0\nlow_na = 0.0\nrate_v2_per_na2 = nan";
    says(target, &[":5:19: standalone.targets rate_v2_per_na2 is NaN"]);
}

#[test]
fn values_outside_their_ranges_are_refused_where_they_stand() {
    says("[guard]\nstep_v = 0.0", &[":3:10: ", "must be above zero"]);
    says("[tones]\namplitude_v = -0.1", &[":3:15: ", "must be above zero"]);
    says("[host]\nmomentum = 1.0", &[":3:12: ", "below 1"]);
    says("[host]\npatience_epochs = 0", &[":3:19: ", "choose 1 or more"]);
    says("[host]\nstop_loss = -1.0", &[":3:13: ", "zero or more"]);
    says("[host]\nadam_rate_v = 3.0", &[":3:15: ", "the DAC's range, 2 V"]);
    says("[standalone]\nstop_separation_na = -1.0", &[":3:22: ", "zero or more"]);
    says("[bench]\nnoise_na2_per_hz = 1e7", &[":3:20: ", "is 1e7: it must lie from 0 to 1000000"]);
    says("[analogue]\niv_gain_v_per_na = 0.0", &[":3:20: ", "its magnitude must lie from 1e-9"]);
    says("[analogue]\ndac_range_v = 1e7", &[":3:15: ", "from 1e-6 to 1e6"]);
    says("[timing]\nsettle_s = 101.0", &[":3:12: ", "from 0 to 100"]);
}

#[test]
fn a_band_is_two_frequencies_below_half_the_sample_rate() {
    says("[tones]\nband_hz = [1.0, 2.0, 3.0]", &[":3:11: ", "3 values where two"]);
    says("[tones]\nband_hz = [500.0, 150.0]", &[":3:11: ", "500 to 150 Hz"]);
    says("[tones]\nband_hz = [150.0, 2600.0]", &[":3:11: ", "half the sample rate, 2500 Hz"]);
    says("[timing]\nrate_hz = 100.0", &[":3:11: ", "out of reach"]);
    says("[tones]\nband_hz = [-1.0, 500.0]", &[":3:12: ", "zero or more"]);
}

#[test]
fn ranges_the_wrong_way_round_are_named_as_such() {
    let low = "[electrodes]\ncontrol_low_v = [-1.2, 0.7, -1.2, -0.7, -0.7]";
    says(low, &[":3:24: control_low_v of electrode 3 is 0.7 V, above control_high_v"]);
    says("[electrodes]\ninput_low_v = 0.6", &[":3:15: ", "not below input_high_v"]);
    says("[guard]\nlow_v = 1.0\nhigh_v = -1.0", &[":3:9: ", "low_v of 1 V is above high_v"]);
}

#[test]
fn targets_must_be_apart_and_within_the_chain() {
    let mse = |high: f64, low: f64| {
        format!("[host]\nloss = \"mse\"\nhigh_na = {high:?}\nlow_na = {low:?}")
    };
    says(&mse(0.0, 20.0), &[":4:11: ", "not above low_na"]);
    says(&mse(150.0, 0.0), &[":4:11: ", "the range of the chain is +-100 nA"]);
    let alone = |high: f64, low: f64, rate: f64| {
        format!(
            "loop = \"standalone\"\n[[standalone.targets]]\nhigh_na = {high:?}\n\
             low_na = {low:?}\nrate_v2_per_na2 = {rate:?}"
        )
    };
    says(&alone(0.0, 20.0, 1e-4), &["not above low_na"]);
    says(&alone(150.0, 0.0, 1e-4), &["the range of the chain is +-100 nA"]);
    let rate = "rate_v2_per_na2 of 2000 in standalone.targets is too large";
    says(&alone(10.0, 0.0, 2e3), &[":6:19: ", rate]);
    says(&alone(10.0, 0.0, 1e-18), &[":6:19: ", "1e-18", "too small"]);
}

#[test]
fn an_over_current_that_the_chain_cannot_show_is_refused() {
    let beyond = "an over-current limit of 150 nA would never trip at one or both signs";
    says("[guard]\novercurrent_na = 150.0", &[":3:18: ", beyond]);
    says("[guard]\novercurrent_na = 0.0", &[":3:18: ", "above zero"]);
}

#[test]
fn a_link_that_leads_nowhere_and_options_that_do_not_reach_it_are_refused() {
    let over =
        |link: &str, more: &[&str]| refusal(&[&["train", "or", "--link", link], more].concat());
    assert!(over("usb", &[]).contains("`usb` is not a link: write `sim`, `tcp:HOST:PORT`,"));
    let missing = over("serial:/dev/ttyNOSUCH", &[]);
    assert!(missing.contains("there is no serial port /dev/ttyNOSUCH"), "{missing}");
    // A port that was free a moment ago, so that nobody listens there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let link = format!("tcp:{}", listener.local_addr().unwrap());
    drop(listener);
    assert!(over(&link, &[]).contains("nothing listens at 127.0.0.1:"));
    for (option, value) in [("--device", "builtin"), ("--engine", "rtl"), ("--dac-bits", "12")] {
        let message = over(&link, &[option, value]);
        assert!(message.contains(&format!("{option} has no effect over")), "{message}");
    }
    let trace = over(&link, &["--trace", "a.vcd"]);
    assert!(trace.contains("which does not transmit samples"), "{trace}");
}

#[test]
fn cases_that_contradict_each_other_are_refused() {
    let case = |high| format!("[[case]]\ninputs_v = [0.0, 0.1]\nhigh = {high}\n");
    let message = refused_file(&format!("{}{}", case(true), case(false)));
    assert!(message.contains("case 1 has the inputs of case 0"), "{message}");
    says("[electrodes]\ninputs = []", &[":3:10: ", "no inputs"]);
}

#[test]
fn electrodes_that_are_not_there_are_named() {
    let missing = "electrode 9 is not on this instrument, which has 0 to 7";
    says("[electrodes]\ninputs = [1, 9]", &[":3:10: ", missing]);
    says("[electrodes]\ncontrols = [0, 3, 4, 5, 9]", &[":3:12: ", missing]);
    says("[electrodes]\ncontrols = [0, 3, 4, 5, 1]", &["electrode 1 is named 2 times"]);
}

#[test]
fn a_step_too_small_names_what_moves_fastest() {
    let ramp = "[guard]\nstep_v = 0.03\n[timing]\nramp_v_per_s = 180.0";
    says(ramp, &[":3:10: the ramp steps", "step_v allows 0.03 V: lower ramp_v_per_s"]);
    let tone = "[guard]\nstep_v = 0.003\n[timing]\nramp_v_per_s = 1.0";
    says(tone, &[":3:10: the steepest tone steps"]);
}

#[test]
fn tones_off_the_grid_of_another_rate_state_it() {
    let list = "frequencies_hz = [156.25, 180.0, 253.9, 390.6, 449.2]";
    let rate = format!("[tones]\n{list}\n[timing]\nrate_hz = 5000.3");
    says(&rate, &[":3:18: ", "choose one of them", "instead of 5000.3"]);
    let message = refused_file(&format!("gate = \"or\"\n[tones]\n{list}\n"));
    assert!(!message.contains("instead of"), "{message}");
}

#[test]
fn the_command_line_is_not_blamed_on_the_file() {
    let text = "gate = \"or\"\nrestarts = 3\ndevice = \"builtin\"\n[host]\nepochs = 5\n";
    let file = TestFile::with("overruled.toml", text);
    for (option, value) in [("--restarts", "0"), ("--device", "foo"), ("--epochs", "0")] {
        let message = refusal(&["train", file.path(), option, value]);
        assert!(!message.contains("overruled.toml"), "{message}");
    }
}

#[test]
fn a_run_longer_than_the_sample_clock_is_refused() {
    let long = "loop = \"standalone\"\n[standalone]\nstarts_per_run = 32\nepochs = 65535\n\
                [timing]\nsettle_s = 100.0";
    says(long, &["one run could take", "fewer epochs"]);
}

#[test]
fn clipped_outputs_are_not_solved_and_the_report_says_so() {
    // Wanted: high wherever input 1 is high. So steep that every output lies at an end.
    let case = |volts: f64, high| format!("[[case]]\ninputs_v = [{volts:?}]\nhigh = {high}\n");
    for loop_mode in ["host", "standalone"] {
        let text = format!(
            "restarts = 1\nloop = \"{loop_mode}\"\ndevice = \"linear:0,10000,0\"\n[electrodes]\n\
             inputs = [1]\ncontrols = [0]\ncontrol_low_v = [-1.0]\ncontrol_high_v = [0.5]\n\
             [standalone]\nepochs = 2\n{}{}",
            case(-1.0, false),
            case(0.5, true)
        );
        let file = TestFile::with(&format!("clipped-{loop_mode}.toml"), &text);
        let (code, result) = outcome(&["train", file.path()]);
        assert_eq!(code, Some(2), "{result}");
        assert_eq!(result["solved"], false, "{result}");
        assert_eq!(result["clipped"], true, "{result}");
        assert!(result["separation_na"].as_f64().unwrap() > 100.0, "{result}");
        let output = hge(&["train", file.path()]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("outputs clip at +-100 nA: lower iv_gain_v_per_na"), "{text}");
        assert_eq!(text.contains("every start clipped at once"), loop_mode == "host", "{text}");
        assert!(text.contains(" of 1 start\n"), "{text}");
    }
}

#[test]
fn a_current_that_is_not_finite_ends_in_a_sentence() {
    let message = refusal(&["train", "xor", "--device", "linear:1e308,1e308,1e308,1e308,1,1,1"]);
    assert!(message.contains("NaN or infinite at some voltages"), "{message}");
}

#[test]
fn a_model_beside_the_experiment_is_found_from_anywhere() {
    let model = TestFile::with("beside.onnx", "this is no model");
    let name = std::path::Path::new(model.path()).file_name().unwrap().to_str().unwrap();
    let message = refused_file(&format!("gate = \"or\"\ndevice = \"onnx:{name}\"\n"));
    assert!(message.contains("is not an ONNX model"), "{message}");
}

#[test]
fn a_reader_that_leaves_is_no_error_and_a_full_disk_is_one() {
    let mut command = command(&["train", "or", "--seed", "1"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    if let Ok(full) = File::options().write(true).open("/dev/full") {
        let output = command.stdout(full).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.starts_with("error: cannot write to standard output"), "{message}");
        assert_eq!(message.lines().count(), 1);
    }
}
