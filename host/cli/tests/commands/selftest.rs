//! `hge selftest` as a program: exit codes, the table, the report, and instruments behind a link.

use crate::program::{hge, json, outcome, refusal, TestFile};
use crate::served::Served;
use serde_json::Value;

/// The row of a check.
fn row<'a>(report: &'a Value, check: &str, output: Option<u64>) -> &'a Value {
    let mut rows = report["rows"].as_array().expect("rows").iter();
    let is_it = |row: &&Value| row["check"] == check && row["output"].as_u64() == output;
    rows.find(is_it).unwrap_or_else(|| panic!("no {check} of {output:?}: {report}"))
}

fn failed(report: &Value) -> Vec<&str> {
    let rows = report["rows"].as_array().expect("rows").iter();
    rows.filter(|row| row["verdict"] == "fail").filter_map(|row| row["check"].as_str()).collect()
}

#[test]
fn a_simulated_bench_passes_and_every_output_is_tried_watchdog_and_interlock_included() {
    let report = json(&["selftest"]);
    assert_eq!((&report["passed"], &report["fail"]), (&true.into(), &0.into()), "{report}");
    for output in 0..8 {
        for check in ["gain", "steps", "range", "isolation"] {
            assert_eq!(row(&report, check, Some(output))["verdict"], "pass", "{report}");
        }
    }
    for check in ["watchdog", "interlock", "run time", "damaged frames", "latency", "mains hum"] {
        assert_eq!(row(&report, check, None)["verdict"], "pass", "{report}");
    }
    let scale = row(&report, "scale", None);
    assert!((scale["measured"].as_f64().expect("a figure") - 100.0).abs() < 1.0, "{scale}");
    assert_eq!(scale["unit"], "nA/V");
}

#[test]
fn the_table_has_a_line_for_each_row_and_the_file_keeps_them() {
    let file = TestFile::new("selftest.json");
    let output = hge(&["selftest", "--outputs", "0", "-o", file.path()]);
    assert_eq!(output.status.code(), Some(0));
    let table = String::from_utf8(output.stdout).expect("text");
    let kept = std::fs::read_to_string(file.path()).expect("a report");
    let kept: Value = serde_json::from_str(&kept).expect("an object");
    let rows = kept["rows"].as_array().expect("rows");
    assert!(rows.len() > 25, "{}", rows.len());
    for row in rows {
        let name = match row["output"].as_u64() {
            Some(output) => format!("output {output} {}", row["check"].as_str().expect("a name")),
            None => row["check"].as_str().expect("a name").to_string(),
        };
        let verdict = if row["verdict"] == "pass" { "pass" } else { "not run" };
        let line = table.lines().find(|line| line.starts_with(&format!("{name}  ")));
        assert!(line.is_some_and(|line| line.contains(verdict)), "{name}: {table}");
    }
    assert!(table.contains("output 7 gain") && table.contains("not connected"), "{table}");
    assert!(table.trim_end().ends_with("not run"), "{table}");
}

#[test]
fn a_bench_behind_a_link_that_is_wrong_ends_with_2_and_the_row_that_says_so() {
    let text = std::fs::read_to_string("../../experiments/resistor.toml").expect("an experiment");
    let noise = "noise_na2_per_hz = 2.5e-4";
    for (bench, expected) in [
        ("", None),
        ("adc_gain_error = 0.1", Some("scale")),
        // The tones of the file, which nothing measures here, find no place beside harmonics of 50 Hz.
        ("hum_na = 3.0\n[tones]\nmains_hz = 1e6", Some("mains hum")),
        ("adc_offset_v = 0.2", Some("offset")),
    ] {
        let wrong = text.replace(noise, &format!("{noise}\n{bench}"));
        let file = TestFile::with("selftest-wrong.toml", &wrong);
        let served = Served::new(&[file.path(), "--tcp", "0", "--keep"]);
        let link = served.reached["link"].as_str().expect("a link");
        let (code, report) = outcome(&["selftest", "experiments/resistor.toml", "--link", link]);
        assert_eq!(code, Some(if expected.is_some() { 2 } else { 0 }), "{bench}: {report}");
        assert_eq!(failed(&report), expected.into_iter().collect::<Vec<_>>(), "{bench}: {report}");
        // Nobody is there to open it, and virtual time stands still.
        for check in ["interlock", "watchdog"] {
            assert_eq!(row(&report, check, None)["verdict"], "not-run", "{report}");
        }
        let state = json(&["info", "--link", link]);
        assert_eq!(state["armed"], Value::Null, "{state}");
    }
}

#[test]
fn a_served_instrument_in_real_time_has_its_watchdog_tried() {
    let served = Served::new(&["experiments/resistor.toml", "--tcp", "0", "--time", "real:3"]);
    let link = served.reached["link"].as_str().expect("a link");
    let arguments = ["selftest", "experiments/resistor.toml", "--outputs", "0", "--link", link];
    let (_, report) = outcome(&arguments);
    assert_eq!(row(&report, "watchdog", None)["verdict"], "pass", "{report}");
}

#[test]
fn a_device_in_simulation_is_taken_as_it_is() {
    // A device of 40 nA/V in place of 100, and an output that it does not have.
    let device = "linear:40,40,0,0,0,0,0";
    let arguments = ["selftest", "--device", device, "--outputs", "0,1,2", "--all-connected"];
    let (code, report) = outcome(&arguments);
    assert_eq!(code, Some(2), "{report}");
    assert_eq!(failed(&report), ["scale", "gain"], "{report}");
    assert_eq!(row(&report, "gain", Some(2))["verdict"], "fail", "{report}");
    let (code, report) =
        outcome(&["selftest", "--device", "linear:40,0,0,0,0,0,0", "--resistor", "25"]);
    assert_eq!(code, Some(0), "{report}");
}

#[test]
fn what_cannot_be_tested_is_refused_in_one_sentence() {
    for (arguments, says) in [
        (&["--resistor", "0"][..], "--resistor is a resistance in megohms"),
        (&["--resistor", "-3"], "--resistor is a resistance in megohms"),
        (&["--tolerance", "nan"], "--tolerance is a deviation in percent"),
        (&["--noise", "0"], "--noise is a density"),
        (&["--mains", "0"], "--mains is a frequency"),
        (&["--outputs", "8"], "output 8 is not on this instrument, which has 0 to 7"),
        (&["--outputs", "1,0,1"], "names output 1 twice"),
    ] {
        let message = refusal(&[&["selftest"], arguments].concat());
        assert!(message.contains(says), "{message}");
    }
    let file = TestFile::with(
        "selftest-limits.toml",
        "gate = \"xor\"\n[electrodes]\ninput_low_v = 0.0\ncontrol_low_v = [0.0, 0.0, 0.0, 0.0, 0.0]\n[guard]\nlow_v = 0.0\nhigh_v = 1.0\n",
    );
    let message = refusal(&["selftest", file.path()]);
    assert!(message.contains("widen guard.low_v"), "{message}");
    let served = Served::new(&["--tcp", "0", "--keep"]);
    let link = served.reached["link"].as_str().expect("a link");
    let message = refusal(&["selftest", "--link", link, "--seed", "2"]);
    assert!(message.contains("--seed has no effect over"), "{message}");
}
