//! Every command over TCP and over a pseudo-terminal.

use crate::program::{hge, json, TestFile};
use crate::served::{Served, LINEAR};
use ndarray::{Array1, Array2, Array3};
use ndarray_npy::read_npy;

/// Slopes of [`LINEAR`].
const SLOPES: [f64; 7] = [4.0, 6.0, -3.0, -8.0, 2.0, 10.0, -5.0];

fn works_over(served: &Served, name: &str) {
    let link = served.link();
    let info = json(&["info", "--link", link]);
    assert_eq!(info["parameters"]["outputs"], 8, "{info}");
    assert_eq!(info["simulated"], true, "{info}");
    assert_eq!(info["armed"], serde_json::Value::Null, "{info}");
    assert_eq!(info["interlock_closed"], true, "{info}");

    let set = json(&[
        "set", "--link", link, "sample_period=200us", "settle=10ms", "guard[2].high=0.5V",
        "scratch=raw:0xabcd",
    ]);
    let got = json(&["get", "--link", link, "settle", "guard[2].high", "scratch"]);
    for (n, (word, value, unit)) in
        [(50, 0.01, "s"), (8192, 0.5, "V"), (0xabcd, 43981.0, "")].into_iter().enumerate()
    {
        let register = &got["registers"][n];
        assert_eq!(set["registers"][n + 1], *register);
        assert_eq!(register["word"], word, "{register}");
        assert!((register["value"].as_f64().unwrap() - value).abs() < 1e-9, "{register}");
        assert_eq!(register["unit"], unit, "{register}");
    }
    let all = json(&["get", "--link", link, "--all"]);
    let all = all["registers"].as_array().unwrap();
    assert!(all.iter().any(|register| register["name"] == "guard[7].code"));
    assert!(all.len() > 60, "{}", all.len());

    let gradient = json(&[
        "gradient",
        "--intervals",
        "answer",
        "--link",
        link,
        "--controls=0.1,-0.2,-0.3,0.05,-0.1",
    ]);
    let cases = gradient["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for slope in cases.iter().flat_map(|case| case["slopes"].as_array().unwrap()) {
        let number = |key: &str| slope[key].as_f64().unwrap();
        let exact = SLOPES[slope["electrode"].as_u64().unwrap() as usize];
        // 2.3 nA/V a window, of eight windows 0.8: the standard error itself is known to a quarter.
        let error = number("error_na_per_v");
        assert!((0.2..2.0).contains(&error), "{slope}");
        assert!((number("slope_na_per_v") - exact).abs() < 5.0, "{slope}");
        assert!((number("amplitude_v") - 0.03).abs() < 1e-4, "{slope}");
    }

    let contacts = json(&["iv", "--link", link, "--points", "9"]);
    assert_eq!(contacts["ok"], true, "{contacts}");
    for (electrode, exact) in SLOPES.into_iter().enumerate() {
        let contact = &contacts["contacts"][electrode];
        assert_eq!(contact["electrode"], electrode);
        let conductance = contact["conductance_na_per_v"].as_f64().unwrap();
        let error = contact["conductance_error_na_per_v"].as_f64().unwrap();
        assert!((conductance - exact).abs() < 6.0 * error && error < 1.0, "{contact}");
    }

    let file = TestFile::new(&format!("{name}-capture.npy"));
    let at = "--at=0.1,0.2,-0.3,-0.4,0.5,-0.6,0.2";
    let captured = json(&["capture", "--link", link, "--samples", "1000", at, "-o", file.path()]);
    // 0.4 + 1.2 + 0.9 + 3.2 + 1.0 - 6.0 - 1.0; the mean of 1000 codes with 0.8 nA each is known to 0.025 nA.
    let mean = captured["mean_na"].as_f64().unwrap();
    assert!((mean + 0.3).abs() < 0.2, "{captured}");
    assert!((captured["rms_na"].as_f64().unwrap() - 0.79).abs() < 0.1, "{captured}");
    let codes: Array1<i16> = read_npy(file.path()).unwrap();
    assert_eq!(codes.len(), 1000);
    assert_eq!(i64::from(*codes.iter().min().unwrap()), captured["min_code"]);
    let after = json(&["info", "--link", link]);
    assert_eq!(after["armed"], serde_json::Value::Null, "it was left armed: {after}");
}

#[test]
fn every_command_works_over_tcp() {
    let served = Served::new(&["--tcp", "0", "--keep", "--device", LINEAR]);
    assert!(served.reached["tcp"].as_str().unwrap().starts_with("127.0.0.1:"));
    works_over(&served, "tcp");
}

#[test]
fn every_command_works_over_udp() {
    let served = Served::new(&["--udp", "0", "--keep", "--device", LINEAR]);
    assert_eq!(format!("udp:{}", served.reached["udp"].as_str().unwrap()), served.link());
    works_over(&served, "udp");
}

#[cfg(unix)]
#[test]
fn a_training_over_a_slow_line_says_before_and_after_it_what_the_line_carries() {
    let served = Served::new(&["--pty", "--device", LINEAR]);
    let link = format!("{}@4800", served.link());
    let output = hge(&["train", "or", "--link", &link, "--json"]);
    // 8 + 3 x 5 words and the checksum are 96 bytes, one of stuffing and the delimiter: 480 / 98.
    let sentence = "the line carries 5 windows/s of up to 18: 98 bytes each, at 0.5 kB/s";
    assert!(String::from_utf8_lossy(&output.stderr).contains(sentence), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains(sentence), "{output:?}");
    let fast = hge(&["train", "or", "--link", served.link(), "--json"]);
    assert!(!String::from_utf8_lossy(&fast.stderr).contains("the line"), "{fast:?}");
}

#[cfg(unix)]
#[test]
fn every_command_works_over_a_pseudo_terminal() {
    let served = Served::new(&["--pty", "--keep", "--device", LINEAR]);
    assert_eq!(format!("serial:{}", served.reached["pty"].as_str().unwrap()), served.link());
    works_over(&served, "pty");
}

#[test]
fn what_is_measured_over_a_link_is_what_is_measured_in_this_process() {
    let measure: [&[&str]; 3] = [
        &["gradient", "--windows", "2"],
        &["iv", "--electrode", "3", "--electrode", "6"],
        &["capture", "--samples", "300", "--decimation", "7"],
    ];
    let served = Served::new(&["--tcp", "0"]);
    for arguments in measure {
        let mut here = json(arguments);
        let mut there = json(&[arguments, &["--link", served.link()]].concat());
        assert_eq!(here["link"].take(), "sim");
        assert_eq!(there["link"].take(), served.link());
        assert_eq!(here, there);
    }
}

#[test]
fn sweeps_are_written_as_documented() {
    let file = TestFile::new("sweep.npy");
    let line = json(&["iv", "--device", LINEAR, "--sweep", "3:-1:0.5:31", "-o", file.path()]);
    let array: Array2<f64> = read_npy(file.path()).unwrap();
    assert_eq!(array.shape(), [31, 3]);
    for (n, row) in array.rows().into_iter().enumerate() {
        assert!((row[0] - (-1.0 + 0.05 * n as f64)).abs() < 1e-9, "{row}");
        assert!((row[1] + 8.0 * row[0]).abs() < 6.0 * row[2], "{row}");
        assert!((line["current_na"][n].as_f64().unwrap() - row[1]).abs() < 1e-9, "{row}");
    }
    json(&["iv", "--points", "7", "--electrode", "4", "--electrode", "5", "-o", file.path()]);
    let array: Array3<f64> = read_npy(file.path()).unwrap();
    assert_eq!(array.shape(), [2, 7, 3]);
    assert_eq!((array[[0, 0, 0]], array[[1, 6, 0]]), (-1.2, 0.3));
    let two = "0:-1:0.5:5,5:-0.5:0.2:20";
    json(&["iv", "--device", LINEAR, "--sweep", two, "-o", file.path()]);
    let array: Array2<f64> = read_npy(file.path()).unwrap();
    assert_eq!(array.shape(), [5, 20]);
    // 4 and 10 nA/V: the corners lie at -9, -2, -3 and 4 nA.
    for (place, exact) in [((0, 0), -9.0), ((0, 19), -2.0), ((4, 0), -3.0), ((4, 19), 4.0)] {
        assert!((array[place] - exact).abs() < 0.5, "{place:?}: {}", array[place]);
    }
}
