//! Amplitudes that the experiment leaves to the device.

use crate::program::{json, refused_file, TestFile};
use serde_json::Value;

const AUTO: &str = "gate = \"or\"\nseed = 7\n[tones]\namplitude = \"auto\"\n";

fn amplitudes_v(report: &Value) -> Vec<f64> {
    let list = report["amplitudes_v"].as_array().expect("a list");
    list.iter().map(|volts| volts.as_f64().expect("a number")).collect()
}

#[test]
fn a_training_chooses_its_amplitudes_and_its_record_holds_them_for_replay_and_resume() {
    let auto = TestFile::with("auto.toml", AUTO);
    let trained = json(&["train", auto.path()]);
    let run = trained["run"].as_str().expect("a folder");
    let chosen = amplitudes_v(&trained);
    assert!(chosen.iter().any(|volts| (volts - 0.03).abs() > 1e-3), "{chosen:?}");
    assert!(chosen.iter().all(|volts| (0.007..0.061).contains(volts)), "{chosen:?}");
    let kept = std::fs::read_to_string(format!("{run}/experiment.toml")).expect("a file");
    assert!(kept.contains("amplitudes_v") && !kept.contains("auto"), "{kept}");
    let replayed = json(&["replay", run]);
    assert_eq!(replayed["agrees"], true, "{replayed}");
    // A file that gives these amplitudes is the same training.
    let again = json(&["train", &format!("{run}/experiment.toml")]);
    for key in ["controls_v", "loss", "epochs", "amplitudes_v"] {
        assert_eq!(again[key], trained[key], "{key}");
    }
}

#[test]
fn a_gradient_chooses_its_amplitudes_and_shows_them() {
    let auto = TestFile::with("auto-gradient.toml", AUTO);
    let found = json(&["gradient", auto.path(), "--intervals", "answer"]);
    let of_first = found["cases"][0]["slopes"].as_array().expect("slopes");
    let shown: Vec<f64> =
        of_first.iter().map(|slope| slope["amplitude_v"].as_f64().expect("a number")).collect();
    assert!(shown.iter().any(|volts| (volts - 0.03).abs() > 1e-3), "{shown:?}");
}

#[test]
fn amplitudes_are_not_given_and_chosen_at_once() {
    let both =
        "gate = \"or\"\n[tones]\namplitude = \"auto\"\namplitudes_v = [0.03, 0.03, 0.03, 0.03, 0.03]\n";
    let error = refused_file(both);
    assert!(error.contains(":3:13: ") && error.contains("leave one of the two out"), "{error}");
    let error = refused_file("gate = \"or\"\n[tones]\namplitude = \"large\"\n");
    assert!(error.contains("auto"), "{error}");
}
