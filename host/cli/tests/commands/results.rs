//! What measurements say of devices that are known.

use crate::program::{hge, json, refusal, TestFile};
use crate::served::LINEAR;
use hge_tests::nightly;

#[test]
fn measured_slopes_lie_within_their_errors_of_the_exact_ones() {
    let device = "linear:4,6,-3,-8,2,10,-5";
    let found = json(&["gradient", "--device", device, "--exact", "--windows", "32"]);
    let mut beyond = 0;
    for (case, exact) in
        found["cases"].as_array().unwrap().iter().zip(found["exact_na_per_v"].as_array().unwrap())
    {
        for (slope, exact) in
            case["slopes"].as_array().unwrap().iter().zip(exact.as_array().unwrap())
        {
            let distance = slope["slope_na_per_v"].as_f64().unwrap() - exact.as_f64().unwrap();
            let errors = distance.abs() / slope["error_na_per_v"].as_f64().unwrap();
            assert!(errors < 5.0, "{slope} instead of {exact}");
            beyond += u32::from(errors > 2.0);
        }
    }
    // Of 20 slopes one in 20 lies beyond two errors; six or more would come once in 3000.
    assert!(beyond < 6, "{beyond} of 20");
}

#[test]
fn the_error_of_a_single_window_comes_from_the_lines_beside_its_tones() {
    let found = json(&[
        "gradient",
        "--intervals",
        "answer",
        "--windows",
        "1",
        "--device",
        "linear:4,6,-3,-8,2,10,-5",
    ]);
    for case in found["cases"].as_array().unwrap() {
        assert_eq!(case["current_error_na"], serde_json::Value::Null);
        for slope in case["slopes"].as_array().unwrap() {
            let of = |key: &str| slope[key].as_f64().unwrap();
            assert!([2.0, 4.0].contains(&of("degrees_of_freedom")), "{slope}");
            let [low, high] = [0, 1].map(|end| slope["interval_na_per_v"][end].as_f64().unwrap());
            // From 4.30 errors with two degrees of freedom to 2.78 with four.
            let half = (high - low) / 2.0 / of("error_na_per_v");
            assert!((2.7..4.4).contains(&half), "{slope}");
            assert!(((high + low) / 2.0 - of("slope_na_per_v")).abs() < 1e-9);
        }
    }
}

#[test]
fn measuring_goes_on_until_the_wanted_ratio_or_the_limit() {
    let device = "linear:4,6,-3,-8,2,10,-5";
    let found = json(&["gradient", "--snr", "5", "--windows", "1", "--device", device]);
    assert_eq!(found["snr_reached"], true);
    for case in found["cases"].as_array().unwrap() {
        for slope in case["slopes"].as_array().unwrap() {
            let of = |key: &str| slope[key].as_f64().unwrap();
            assert!(of("slope_na_per_v").abs() >= 5.0 * of("error_na_per_v"), "{slope}");
        }
    }
    let limited = ["--snr", "1e4", "--windows", "1", "--most-windows", "3", "--device", device];
    let found = json(&[&["gradient"], &limited[..]].concat());
    assert_eq!((&found["snr_reached"], &found["windows"]), (&false.into(), &9.into()));
}

#[test]
fn a_calibration_is_written_read_and_refused_for_other_tones() {
    let file = TestFile::new("calibration.json");
    let found = json(&["calibrate", "-o", file.path(), "--windows", "64"]);
    assert_eq!(found["tones"].as_array().unwrap().len(), 5);
    // There is neither a pole nor a capacitance on the default bench.
    for tone in found["tones"].as_array().unwrap() {
        let of = |key: &str| tone[key].as_f64().unwrap();
        assert!(of("lag_rad").abs() < 5.0 * of("lag_error_rad"), "{tone}");
        assert!((of("in_phase").hypot(of("quadrature")) - 1.0).abs() < 0.02, "{tone}");
    }
    let text = String::from_utf8(hge(&["calibrate", "--windows", "64"]).stdout).unwrap();
    assert!(
        text.contains("no lag exceeds its error: a pole, if there is one, lies above"),
        "{text}"
    );
    let slopes = json(&["gradient", "--calibration", file.path()]);
    assert_eq!(slopes["cases"].as_array().unwrap().len(), 4);
    let other =
        TestFile::with("other-tones.toml", "gate = \"xor\"\n[tones]\nband_hz = [300.0, 1000.0]\n");
    let trained = json(&["train", "xor", "--calibration", file.path()]);
    assert_eq!(trained["solved"], true);
    let error = refusal(&["train", "xor", "--loop", "standalone", "--calibration", file.path()]);
    assert!(error.contains("leave it out or train with --loop host"), "{error}");
    let error = refusal(&["gradient", other.path(), "--calibration", file.path()]);
    assert!(error.contains("with another set of tones: calibrate again"), "{error}");
    let error = refusal(&["calibrate", "--device", "linear:4,6,-3,-8,2,10,-5"]);
    assert!(error.contains("do not lie on a line"), "{error}");
    let error = refusal(&["calibrate", "--points", "3"]);
    assert!(error.contains("ask for 8 or more"), "{error}");
}

#[test]
fn both_outputs_of_an_adder_are_calibrated_and_named() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../experiments/adder.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let poles = "[bench]\niv_poles_hz = [1000.0, 3000.0]\nnoise_na2_per_hz = 1e-6\n";
    let experiment = TestFile::with("lagging-adder.toml", &format!("{text}\n{poles}"));
    let file = TestFile::new("calibration-of-two.json");
    let found = json(&["calibrate", experiment.path(), "-o", file.path()]);
    let further = found["further"].as_array().unwrap();
    assert_eq!(further.len(), 1);
    for (of_output, pole_hz) in [(&found, 1000.0), (&further[0], 3000.0)] {
        let off = of_output["pole_hz"].as_f64().unwrap() / pole_hz - 1.0;
        assert!(off.abs() < 0.03, "{pole_hz}: {of_output}");
    }
    let text = String::from_utf8(hge(&["calibrate", experiment.path()]).stdout).unwrap();
    assert!(text.starts_with("output 0: pole") && text.contains("\noutput 1: pole"), "{text}");
    let options = ["--exact", "--windows", "8", "--calibration", file.path()];
    let slopes = json(&[&["gradient", experiment.path()], &options[..]].concat());
    for case in slopes["cases"].as_array().unwrap() {
        assert_eq!(case["uncalibrated"], false, "{case}");
    }
    // The file of the first output alone.
    let one = TestFile::new("calibration-of-one.json");
    let mut first = json(&["calibrate", experiment.path()]);
    first.as_object_mut().unwrap().remove("further");
    std::fs::write(one.path(), first.to_string()).unwrap();
    let error = refusal(&["train", experiment.path(), "--calibration", one.path()]);
    assert!(error.contains("with another number of outputs: calibrate again"), "{error}");
}

#[test]
fn a_relaxation_is_measured_and_its_wait_used() {
    let keys = "gate = \"xor\"\n[bench]\nrelaxation_share = 0.2\n";
    let (experiment, file) =
        (TestFile::with("relaxing.toml", keys), TestFile::new("relaxation.json"));
    let options = ["--settle", "--windows", "64", "-o", file.path()];
    let found = json(&[&["calibrate", experiment.path()], &options[..]].concat());
    let of = |key: &str| found["relaxation"][key].as_f64().unwrap();
    assert!((of("time_constant_s") / 0.022 - 1.0).abs() < 0.05, "{found}");
    assert!(of("settle_s") > of("settle_corrected_s"), "{found}");
    let trained = json(&["train", experiment.path(), "--calibration", file.path()]);
    let plain = json(&["train", experiment.path()]);
    let unsettled = |report: &serde_json::Value| report["unsettled_windows"].as_u64().unwrap();
    assert_eq!(trained["solved"], true);
    assert!(unsettled(&trained) < unsettled(&plain), "{trained} {plain}");
    let still = json(&["calibrate", "--settle", "--windows", "64"]);
    assert!(still["relaxation"].is_null(), "{still}");
}

#[test]
fn every_method_trains_and_what_it_cannot_do_is_told() {
    // Finite differences take ten windows where others take one.
    let quick = nightly("xor", "nor");
    for (method, gate) in
        [("single", "xor"), ("finite-difference", quick), ("walsh", "xor"), ("random", "xor")]
    {
        let trained = json(&["train", gate, "--method", method]);
        assert_eq!(trained["solved"], true, "{method}");
        let slopes = json(&["gradient", "--method", method, "--windows", "2"]);
        assert_eq!(slopes["cases"].as_array().unwrap().len(), 4, "{method}");
    }
    let by_cost = json(&["train", "xor", "--method", "cost", "--loss", "mse"]);
    assert_eq!(by_cost["accuracy"], 1.0, "{by_cost}");
    for (arguments, expected) in [
        (&["train", "xor", "--method", "cost"][..], "--loss mse"),
        (&["train", "xor", "--method", "walsh", "--loop", "standalone"], "set loop = \"host\""),
        (&["gradient", "--method", "cost"], "slopes of the cost"),
        (&["gradient", "--method", "walsh", "--correct-drift"], "choose homodyne or single"),
    ] {
        let error = refusal(arguments);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_resistor_and_the_open_contacts_calibrate_where_the_device_was() {
    let (device, nothing) = ("linear:10,10,10,10,10,10,10", "linear:0,0,0,0,0,0,0");
    let (open, made) = (TestFile::new("open.json"), TestFile::new("by-resistor.json"));
    let found = json(&["calibrate", "--open", "--device", nothing, "-o", open.path()]);
    assert_eq!(found["tones"].as_array().unwrap().len(), 5, "{found}");
    let resistor = ["calibrate", "--resistor", "100", "--windows", "64", "--device", device];
    let with_open = ["--open-contacts", open.path(), "-o", made.path()];
    let found = json(&[&resistor[..], &with_open[..]].concat());
    for tone in found["tones"].as_array().unwrap() {
        assert!((tone["in_phase"].as_f64().unwrap() - 1.0).abs() < 0.15, "{tone}");
    }
    json(&["gradient", "--calibration", made.path(), "--windows", "1"]);
    // A pole and a capacitance may have cancelled.
    let error = refusal(&resistor);
    assert!(error.contains("give --open-contacts"), "{error}");
    let error = refusal(&["calibrate", "--open", "--device", device]);
    assert!(error.contains("disconnect the device and every resistor"), "{error}");
    let error = refusal(&["calibrate", "--resistor", "100", "--open-contacts", made.path()]);
    assert!(error.contains("`hge calibrate --open -o` writes"), "{error}");
    let error = refusal(&["calibrate", "--resistor", "1", "--device", device]);
    assert!(error.contains("where the resistor gives 1000"), "{error}");
    for arguments in [["--resistor", "0"], ["--resistor", "nan"]] {
        let error = refusal(&[&["calibrate"], &arguments[..]].concat());
        assert!(error.contains("give a number above zero"), "{error}");
    }
}

#[test]
fn dead_clipping_and_shorted_contacts_are_told() {
    let found = json(&["iv", "--device", "linear:4,200,0,-8,2,1000,-5"]);
    assert_eq!(found["ok"], false);
    let verdicts: Vec<&str> = found["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|contact| contact["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["ok", "clips", "dead", "ok", "ok", "shorted", "ok"]);
    let table = hge(&["iv", "--device", "linear:4,200,0,-8,2,1000,-5"]);
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("dead: the current does not respond"), "{table}");
    assert_eq!(table.lines().count(), 8, "{table}");
}

#[test]
fn a_capture_in_the_dark_shows_the_noise_of_the_bench() {
    // 2.5e-4 nA^2/Hz over 2500 Hz.
    let found = json(&["capture", "--samples", "4000"]);
    assert_eq!(found["samples"], 4000);
    assert_eq!(found["rate_hz"], 5000.0);
    let rms = found["rms_na"].as_f64().unwrap();
    assert!((rms / (2.5e-4_f64 * 2500.0).sqrt() - 1.0).abs() < 0.05, "{found}");
}

#[test]
fn an_experiment_file_sets_cases_and_ranges() {
    let file = TestFile::with(
        "experiment.toml",
        "device = \"linear:1,2\"\n[electrodes]\ninputs = [1]\ncontrols = [0]\n\
         control_low_v = [-0.5]\ncontrol_high_v = [0.5]\n\
         [[case]]\ninputs_v = [-0.25]\nhigh = true\n[[case]]\ninputs_v = [0.75]\nhigh = false\n",
    );
    let found = json(&["gradient", file.path()]);
    assert_eq!(found["cases"][1]["inputs_v"][0], 0.75);
    assert_eq!(found["controls_v"].as_array().unwrap().len(), 1);
    let contacts = json(&["iv", file.path()]);
    let ranges: Vec<(f64, f64)> = contacts["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|contact| (contact["low_v"].as_f64().unwrap(), contact["high_v"].as_f64().unwrap()))
        .collect();
    assert_eq!(ranges, [(-0.5, 0.5), (-0.25, 0.75)]);
}

#[test]
fn an_answer_in_quadrature_far_above_its_error_asks_for_a_calibration() {
    let of = |bench: &str| {
        let text = format!("gate = \"xor\"\ndevice = \"{LINEAR}\"\n[bench]\n{bench}\n");
        let file = TestFile::with("quadrature.toml", &text);
        let gradient = ["gradient", file.path(), "--windows", "64"];
        (json(&gradient), String::from_utf8(hge(&gradient).stdout).expect("text"))
    };
    for (bench, lags) in [
        ("", false),
        // 1 kHz: tones of 150 to 450 Hz lag by 9 to 24 degrees.
        ("iv_pole_hz = 1000.0", true),
        ("feed_through_pf = 10.0", true),
        ("feed_through_pf = 10.0\niv_pole_hz = 1000.0", true),
        // A lag of 0.9 to 2.6 degrees: 0.1 % of a slope.
        ("iv_pole_hz = 10000.0", false),
    ] {
        let (found, table) = of(bench);
        let cases = found["cases"].as_array().expect("cases");
        let uncalibrated = cases.iter().any(|case| case["uncalibrated"] == true);
        assert_eq!(uncalibrated, lags, "{bench}: {found}");
        assert_eq!(table.contains("calibrate (`hge calibrate`"), lags, "{bench}: {table}");
    }
}
