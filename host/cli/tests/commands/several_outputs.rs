//! Devices with several outputs: the Jacobian and the Hessians, and refusals that name the line.

use crate::program::{json, refused_file, TestFile};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn the_jacobian_of_eight_outputs_lies_within_its_errors_of_the_exact_one() {
    let file = TestFile::with(
        "eight.toml",
        "gate = \"xor\"\ndevice = \"crossbar:54/8\"\ninstrument.inputs = 8\n",
    );
    let found = json(&["gradient", file.path(), "--exact", "--windows", "8"]);
    let (cases, exact) = (found["cases"].as_array().unwrap(), &found["exact_na_per_v"]);
    assert_eq!((cases.len(), exact.as_array().unwrap().len()), (32, 32));
    let (mut held, mut all) = (0, 0);
    for (row, (case, exact)) in cases.iter().zip(exact.as_array().unwrap()).enumerate() {
        assert_eq!(case["output"], row % 8);
        for (slope, exact) in case["slopes"].as_array().unwrap().iter().zip(numbers(exact)) {
            let interval = numbers(&slope["interval_na_per_v"]);
            held += usize::from((interval[0]..=interval[1]).contains(&exact));
            all += 1;
        }
    }
    // The intervals of a crossbar hold 99 of 100 slopes.
    assert_eq!(all, 32 * 5);
    assert!(held >= 150, "{held} of {all}");
}

#[test]
fn second_derivatives_lie_within_their_errors_of_the_devices_own() {
    let file = TestFile::with(
        "curved.toml",
        "gate = \"xor\"\ndevice = \"crossbar:54/2\"\ninstrument.inputs = 2\ntones.amplitude_v = 0.02\ntiming.window_samples = 4096\nbench.noise_na2_per_hz = 0.0\n",
    );
    let found = json(&["curvature", file.path(), "--exact"]);
    let (cases, exact) = (found["cases"].as_array().unwrap(), &found["exact_na_per_v2"]);
    assert_eq!(cases.len(), 8);
    for (case, exact) in cases.iter().zip(exact.as_array().unwrap()) {
        let exact = numbers(exact);
        let largest = exact.iter().fold(0.0_f64, |most, entry| most.max(entry.abs()));
        let entries = case["entries"].as_array().unwrap();
        assert_eq!((entries.len(), exact.len()), (15, 15));
        for (entry, exact) in entries.iter().zip(exact) {
            let error = entry["error_na_per_v2"].as_f64().unwrap();
            let found = entry["curvature_na_per_v2"].as_f64().unwrap();
            // Five standard errors of the converters' rounding, and terms of fourth order at 20 mV.
            let bound = 5.0 * error + 0.05 * largest;
            assert!((found - exact).abs() < bound, "{entry} {exact}");
        }
    }
}

#[test]
fn outputs_that_do_not_fit_are_refused_with_their_line() {
    for (text, says) in [
        ("gate = \"xor\"\ndevice = \"crossbar:54/3\"\n[instrument]\ninputs = 2\n", ":4:10: the device crossbar:54/3 has 3 outputs but the instrument 2 inputs: set instrument.inputs = 3"),
        ("gate = \"xor\"\n[instrument]\ninputs = 9\n", ":3:10: "),
        ("gate = \"xor\"\ndevice = \"builtin/2\"\n", "it has one output"),
        ("gate = \"xor\"\ndevice = \"linear:1,2,3,4,5,6,7;1,2\"\n", "row"),
    ] {
        let message = refused_file(text);
        assert!(message.contains(says), "{message}");
    }
}
