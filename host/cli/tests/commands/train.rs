//! What `hge train` learns, and what it answers to bad input.

use crate::program::{hge, json, outcome, refusal, refused_file, TestFile};

#[test]
fn no_more_starts_are_tried_than_asked_for() {
    // No linear device computes XOR; a run of the gateware has four starts.
    for (loop_mode, restarts) in [("host", "2"), ("standalone", "1"), ("standalone", "5")] {
        let device = ["--device", "linear:4,6,-3,-8,2,10,-5", "--epochs", "1"];
        let arguments = ["train", "xor", "--loop", loop_mode, "--restarts", restarts];
        let (code, result) = outcome(&[&arguments[..], &device].concat());
        assert_eq!(code, Some(2), "{result}");
        assert_eq!(result["restarts"].to_string(), restarts, "{loop_mode}");
    }
}

#[test]
fn every_gate_is_learnt_on_the_builtin_device() {
    for gate in ["and", "or", "nand", "nor", "xor", "xnor"] {
        let result = json(&["train", gate, "--seed", "1"]);
        assert_eq!(result["solved"], true, "{result}");
        assert!(result["separation_na"].as_f64().unwrap() >= 1.5);
        assert_eq!(result["accuracy"], 1.0);
    }
}

#[test]
fn the_same_command_and_seed_give_the_same_result() {
    for loop_mode in ["host", "standalone"] {
        let arguments = ["train", "and", "--seed", "3", "--restarts", "2", "--loop", loop_mode];
        let mut results = [outcome(&arguments).1, outcome(&arguments).1];
        for result in &mut results {
            let object = result.as_object_mut().unwrap();
            assert!(object.remove("wall_s").is_some());
            assert!(object.remove("realtime_factor").is_some());
            // Each has a folder of its own.
            assert!(object.remove("run").is_some());
        }
        assert_eq!(results[0], results[1]);
        let other = ["train", "and", "--seed", "4", "--restarts", "2", "--loop", loop_mode];
        assert_ne!(results[0]["controls_v"], outcome(&other).1["controls_v"]);
    }
}

#[test]
fn the_object_holds_what_scripts_rely_on_and_the_exit_code_tells_of_success() {
    let arguments = ["train", "xnor", "--restarts", "1", "--epochs", "1"];
    let (code, result) = outcome(&arguments);
    let solved = result["solved"].as_bool().unwrap();
    assert_eq!(code, Some(if solved { 0 } else { 2 }));
    for key in [
        "gate", "solved", "loss", "accuracy", "separation_na", "epochs", "restarts", "seed",
        "engine", "device", "wall_s", "simulated_s", "realtime_factor", "loop", "controls_v",
        "outputs_na", "tones_hz",
    ] {
        assert!(result.get(key).is_some(), "{key} is missing");
    }
    assert_eq!(result["epochs"], 1);
    assert_eq!(result["restarts"], 1);
}

#[test]
fn the_table_shows_the_four_cases_and_the_settings() {
    let output = hge(&["train", "or"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains("high")).count(), 3);
    assert!(text.contains("control (V)") && text.contains("separation"));
    // No progress where nobody watches.
    assert!(output.stderr.is_empty());
}

#[test]
fn the_example_experiments_are_valid() {
    for file in ["experiments/xor.toml", "experiments/short.toml"] {
        assert_eq!(json(&["train", file])["solved"], true, "{file}");
    }
    let alone = json(&["train", "experiments/short.toml", "--loop", "standalone"]);
    assert_eq!(alone["solved"], true, "{alone}");
    // The clocked engines reach about 1500 samples a second and have a minute.
    assert!(alone["samples"].as_u64().unwrap() < 40_000 && alone["epochs"].as_u64().unwrap() >= 2);
    let spelt_out = json(&["train", "experiments/xor.toml"]);
    assert_eq!(spelt_out["outputs_na"], json(&["train", "xor"])["outputs_na"]);
}

#[test]
fn a_trace_is_written_in_both_formats() {
    for extension in ["vcd", "fst"] {
        let file = TestFile::new(&format!("trace.{extension}"));
        let arguments = ["train", "or", "--restarts", "1", "--epochs", "1", "--trace", file.path()];
        assert!(hge(&arguments).status.code() != Some(1));
        assert!(std::fs::metadata(file.path()).unwrap().len() > 1000);
    }
    assert!(refusal(&["train", "or", "--trace", "waves.png"]).contains("name it .vcd or .fst"));
}

#[test]
fn an_unknown_gate_names_the_known() {
    assert!(refusal(&["train", "foo"]).contains("unknown gate `foo`: choose and, or, nand"));
    assert!(refusal(&["train", "nowhere.toml"]).contains("nowhere.toml"));
}

#[test]
fn a_missing_or_broken_model_is_named() {
    let missing = refusal(&["train", "xor", "--device", "onnx:/nowhere/model.onnx"]);
    assert!(missing.contains("/nowhere/model.onnx"), "{missing}");
    let broken = TestFile::with("broken.onnx", "this is no model");
    let message = refusal(&["train", "xor", "--device", &format!("onnx:{}", broken.path())]);
    assert!(message.contains("broken.onnx"), "{message}");
    let few = refusal(&["train", "xor", "--device", "linear:1,2,3"]);
    assert!(few.contains("electrode 3 is not on the device"), "{few}");
}

#[test]
fn impossible_tones_are_refused_with_what_to_choose() {
    let tones = |list: &str| refused_file(&format!("gate = \"or\"\n[tones]\n{list}\n"));
    let above = tones("frequencies_hz = [156.25, 175.78, 253.906, 390.625, 2600.0]");
    assert!(above.contains(":3:18: ") && above.contains("half the sample rate"), "{above}");
    let off = tones("frequencies_hz = [156.25, 180.0, 253.9, 390.6, 449.2]");
    assert!(off.contains("off the window's grid") && off.contains("175.78125 Hz"), "{off}");
    let double = tones("frequencies_hz = [156.25, 156.25, 253.9063, 390.625, 449.2188]");
    assert!(double.contains("two tones have 156.25 Hz"), "{double}");
    let collision = tones("frequencies_hz = [156.25, 312.5, 253.9063, 390.625, 449.2188]");
    assert!(collision.contains("twice 156.25 Hz falls on 312.5 Hz"), "{collision}");
    let crowded = tones("band_hz = [150.0, 200.0]");
    assert!(crowded.contains("no 5 tones"), "{crowded}");
}

#[test]
fn amplitudes_beyond_the_guard_are_refused() {
    let message = refused_file("gate = \"or\"\n[tones]\namplitude_v = 0.6\n");
    assert!(message.contains(":3:15: ") && message.contains("does not fit"), "{message}");
    let step = refused_file("gate = \"or\"\n[guard]\nstep_v = 0.001\n");
    assert!(step.contains("step_v allows 0.001 V"), "{step}");
    let limit = refused_file("gate = \"or\"\n[guard]\nlow_v = -1.0\n");
    assert!(limit.contains("the guard's limits are -1 to"), "{limit}");
}

#[test]
fn more_cases_than_the_table_holds_are_refused() {
    let case = "[[case]]\ninputs_v = [0.0, 0.1]\nhigh = true\n";
    let low = case.replace("true", "false").replace("0.1", "0.2");
    let message = refused_file(&format!("{low}{}", case.repeat(16)));
    assert!(message.contains("17 cases, but the case table"), "{message}");
}

#[test]
fn nothing_to_do_is_refused() {
    let message = refused_file("gate = \"or\"\n[host]\nepochs = 0\n");
    assert!(message.contains(":3:10: 0 epochs cannot be run"), "{message}");
    assert!(refusal(&["train", "or", "--epochs", "0"]).contains("0 epochs"));
    assert!(refusal(&["train", "or", "--restarts", "0"]).contains("0 restarts"));
    assert!(refused_file("seed = 3\n").contains("nothing to learn"));
}

#[test]
fn unknown_keys_and_impossible_numbers_point_at_their_line() {
    let unknown = refused_file("gate = \"or\"\n[timing]\nrate = 5000\n");
    assert!(unknown.contains(":3:1: unknown key `rate`"), "{unknown}");
    let window = refused_file("gate = \"or\"\n[timing]\nwindow_samples = 300\n");
    assert!(window.contains(":3:18: ") && window.contains("power of two"), "{window}");
    let rate = refused_file("gate = \"or\"\n[timing]\nrate_hz = 1e9\n");
    assert!(rate.contains(":3:11: ") && rate.contains("out of reach"), "{rate}");
    let bits = refusal(&["train", "or", "--dac-bits", "40"]);
    assert!(bits.contains("dac_bits is 40"), "{bits}");
}
