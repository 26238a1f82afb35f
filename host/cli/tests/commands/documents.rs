//! What the documentation says is measured is, and what is printed is named. Its commands are run by `host/cli/tests/book`.

use crate::program::json;
use crate::served::Served;
use hge_needs::needs;
use std::process::Command;

const PAGE: &str = include_str!("../../../../docs/commands.md");

#[test]
fn the_first_power_up_measures_its_resistor() {
    let measured = json(&["gradient", "experiments/resistor.toml", "--intervals", "answer"]);
    let cases = measured["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for slope in cases.iter().flat_map(|case| case["slopes"].as_array().unwrap()) {
        let expected = if slope["electrode"] == 0 { 100.0 } else { 0.0 };
        let error = slope["error_na_per_v"].as_f64().unwrap();
        let off = (slope["slope_na_per_v"].as_f64().unwrap() - expected).abs();
        // Twenty slopes: one in eight hundred such runs has one beyond four standard errors.
        assert!(off < 4.0 * error && error < 1.5, "{slope}");
    }
    let half_a_volt = [
        "capture",
        "--experiment",
        "experiments/resistor.toml",
        "--samples",
        "2000",
        "--at=0.5,0,0,0,0,0,0",
    ];
    let mean_na = json(&half_a_volt)["mean_na"].as_f64().unwrap();
    assert!((mean_na - 50.0).abs() < 0.2, "{mean_na}");
}

#[test]
fn every_key_of_every_object_is_documented() {
    let run = concat!(env!("CARGO_TARGET_TMPDIR"), "/documented");
    let _ = std::fs::remove_dir_all(run);
    json(&["train", "and", "-o", run]);
    let commands: [&[&str]; 18] = [
        &["replay", run],
        &["report", run],
        &["export", run, "--format", "csv"],
        &["runs", env!("CARGO_TARGET_TMPDIR")],
        &["list"],
        &["info"],
        &["get", "settle"],
        &["set", "settle=1ms"],
        &["regs"],
        &["gradient", "--exact"],
        &["curvature", "--exact"],
        &["iv"],
        &["iv", "--sweep", "0:-1:0:5"],
        &["capture", "--samples", "10"],
        &["spectrum", "--tones", "--samples", "4096"],
        &["gateware", "list"],
        &["bench", "--only", "pace"],
        &["bench", "--quick", "--only", "links,devices,decoder"],
    ];
    for arguments in commands {
        let mut objects = vec![json(arguments)];
        let mut keys = 0;
        while let Some(value) = objects.pop() {
            match value {
                serde_json::Value::Object(entries) => {
                    for (key, value) in entries {
                        assert!(PAGE.contains(&format!("`{key}`")), "`{key}` of {arguments:?}");
                        keys += 1;
                        objects.push(value);
                    }
                }
                serde_json::Value::Array(entries) => objects.extend(entries),
                _ => {}
            }
        }
        assert!(keys >= 1, "{arguments:?}");
    }
}

#[needs(python)]
#[test]
fn the_client_in_python_reads_the_instrument_and_captures() {
    let served = Served::new(&["--tcp", "0"]);
    let port = served.reached["tcp"].as_str().unwrap().rsplit(':').next().unwrap();
    let client = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/client.py");
    let output = Command::new("python3").args([client, port]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        text.starts_with("identity 48474532, 8 outputs, 24 slots, clock 24000000 Hz\n"),
        "{text}"
    );
    assert!(text.contains("100 ADC codes, the first"), "{text}");
}
