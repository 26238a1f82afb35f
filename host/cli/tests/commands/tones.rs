//! `hge tones`: plans that hold what they promise, and what cannot be planned.

use crate::program::{hge, json, refusal, TestFile};
use serde_json::Value;

fn numbers(list: &Value) -> Vec<i64> {
    list.as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect()
}

#[test]
fn no_product_of_a_plan_falls_on_a_tone_or_of_second_order_on_an_empty_line() {
    let found = json(&["tones", "plan", "--parameters", "7", "--window", "0.1", "--mains", "50"]);
    let samples = found["window_samples"].as_i64().unwrap();
    assert!((found["window_s"].as_f64().unwrap() - 0.1).abs() < 1e-4, "{found}");
    let tones = found["tones"].as_array().unwrap();
    let cycles: Vec<i64> = tones.iter().map(|tone| tone["cycles"].as_i64().unwrap()).collect();
    let empty: Vec<i64> = tones.iter().flat_map(|tone| numbers(&tone["empty_lines"])).collect();
    assert_eq!((cycles.len(), empty.len()), (7, 14));
    let folded = |product: i64| {
        let wrapped = product.rem_euclid(samples);
        wrapped.min(samples - wrapped)
    };
    let signed: Vec<i64> = cycles.iter().flat_map(|tone| [*tone, -tone]).collect();
    for a in &signed {
        for b in &signed {
            if a + b != 0 {
                let line = folded(a + b);
                assert!(!cycles.contains(&line) && !empty.contains(&line), "{a} {b}");
            }
            for c in &signed {
                let cancels = a + b == 0 || b + c == 0 || a + c == 0;
                assert!(cancels || !cycles.contains(&folded(a + b + c)), "{a} {b} {c}");
            }
        }
    }
    assert_eq!(found["on_tones_count"], 0);
    // A tenth of a second holds 5 periods of the mains.
    assert!(cycles.iter().chain(&empty).all(|line| line % 5 != 0), "{found}");
}

#[test]
fn amplitudes_follow_from_the_wanted_ratio_and_the_slopes() {
    let found = json(&["tones", "plan", "--parameters", "2", "--snr", "10", "--slopes", "5,-20"]);
    for (tone, slope) in [(0, 5.0), (1, 20.0)] {
        let error = found["errors_na_per_v"][tone].as_f64().unwrap();
        assert!((slope / error - 10.0).abs() < 1e-9, "{found}");
    }
}

#[test]
fn a_file_with_colliding_tones_is_told_where_they_collide() {
    let file = TestFile::with(
        "colliding.toml",
        "gate = \"xor\"\n[timing]\nrate_hz = 6400.0\n[electrodes]\ncontrols = [0, 3, 4]\n\
         control_low_v = [-1.2, -1.2, -0.7]\ncontrol_high_v = [0.6, 0.6, 0.3]\n\
         [tones]\nfrequencies_hz = [225.0, 275.0, 500.0]\n",
    );
    let found = json(&["tones", "check", file.path()]);
    let sum = serde_json::json!({ "factors": [9, 11], "line": 20 });
    assert!(found["on_tones"].as_array().unwrap().contains(&sum), "{found}");
    let table = String::from_utf8(hge(&["tones", "check", file.path()]).stdout).unwrap();
    assert!(table.contains("225 + 275 on 500"), "{table}");
}

#[test]
fn a_plan_of_five_tones_is_optimal_and_free_of_crosstalk() {
    let found = json(&["tones", "plan", "--parameters", "5"]);
    let highest = found["tones"][4]["cycles"].as_u64().unwrap();
    // With two empty lines each, from line 8: docs/theory.md.
    assert_eq!((highest, &found["is_optimal"]), (22, &Value::Bool(true)), "{found}");
    assert_eq!((&found["third_order_weight"], &found["on_tones_count"]), (&0.into(), &0.into()));
    assert_eq!(found["crosstalk_above"], serde_json::json!([]));
}

#[test]
fn a_plan_says_how_many_windows_the_line_carries() {
    let plan = ["tones", "plan", "--parameters", "5", "--window", "0.00128", "--rate", "200000"];
    let line = &json(&[&plan[..], &["--baud", "115200"]].concat())["line"];
    // Five tones with two empty lines each: 8 + 45 words and the checksum, one of stuffing and the delimiter.
    assert_eq!(line["record_bytes"], 218);
    let carried = line["carried_windows_per_s"].as_f64().unwrap();
    assert!((carried - 11_520.0 / 218.0).abs() < 1e-9, "{line}");
    assert!((line["windows_per_s"].as_f64().unwrap() - 781.25).abs() < 1.0, "{line}");
    let printed = |baud| hge(&[&plan[..], &["--baud", baud]].concat()).stdout;
    let warns =
        |baud| String::from_utf8_lossy(&printed(baud)).contains("warning: the line carries");
    assert!(warns("115200") && !warns("3000000"));
    // Of a FIFO bridge the clock of the default board, 24 MHz, allows five clocks a byte; of 100 Mbit/s headers take a part.
    let rate = |link: &str| {
        let line = &json(&[&plan[..], &["--link", link]].concat())["line"];
        line["line_bytes_per_s"].as_f64().unwrap()
    };
    assert_eq!(rate("serial:/dev/ttyUSB9@115200"), 11_520.0);
    assert_eq!(rate("ft245:/dev/ttyUSB9"), 4.8e6);
    assert!((11e6..12.5e6).contains(&rate("udp:192.168.1.50")));
}

#[test]
fn a_file_whose_tones_meet_by_phase_truncation_gets_a_warning_with_the_pair_and_the_level() {
    // Lines 1001 and 3095 of 8192 samples: 4095 * 3095 = 1001 and 4095 * 1001 = 3095 modulo the window.
    let of = |frequencies_hz: &str| {
        TestFile::with(
            "crosstalk.toml",
            &format!(
                "gate = \"xor\"\n[timing]\nwindow_samples = 8192\n[electrodes]\ncontrols = [0, 3]\n\
                 control_low_v = [-1.2, -1.2]\ncontrol_high_v = [0.6, 0.6]\n\
                 [tones]\nfrequencies_hz = {frequencies_hz}\n"
            ),
        )
    };
    let pair = "-62.3 dB between the tones of 610.962 Hz and 1889.038 Hz";
    let file = of("[610.9619140625, 1889.0380859375]");
    let above = &json(&["tones", "check", file.path()])["crosstalk_above"];
    assert_eq!(above[0]["cycles"], serde_json::json!([1001, 3095]));
    assert!((above[0]["level_db"].as_f64().unwrap() + 62.3).abs() < 0.05, "{above}");
    let table = String::from_utf8(hge(&["tones", "check", file.path()]).stdout).unwrap();
    assert!(table.contains(pair), "{table}");
    let warnings = |file: &TestFile| {
        let output = hge(&["gradient", file.path(), "--windows", "2", "--json"]);
        String::from_utf8(output.stderr).unwrap()
    };
    let found = warnings(&file);
    assert!(found.contains("warning: ") && found.contains(pair), "{found}");
    drop(file);
    assert_eq!(warnings(&of("[610.9619140625, 1889.6484375]")), "");
}

#[test]
fn what_cannot_be_planned_is_one_sentence_with_what_to_change() {
    for (arguments, wanted) in [
        (&["--parameters", "24"][..], "widen the band, lengthen the window or use fewer controls"),
        (&["--parameters", "25"], "has 24 slots of one tone each"),
        (&["--window", "0"], "--window is 0"),
        (&["--window", "1000"], "choose a power of two from 16 to 65536"),
        (&["--band", "500", "200"], "give the lower end first"),
        (&["--snr", "10"], "add --slopes or --iv"),
        (&["--parameters", "1", "--snr", "10", "--slopes", "0"], "a derivative of zero"),
        (&["--parameters", "3", "--snr", "10", "--slopes", "1,2"], "give one for each"),
        (&["--white=-1"], "--white is -1"),
        (&["--link", "sim"], "has no rate of its own"),
    ] {
        let found = refusal(&[&["tones", "plan"], arguments].concat());
        assert!(found.contains(wanted), "{arguments:?}: {found}");
        assert_eq!(found.lines().count(), 1, "{found}");
    }
}
