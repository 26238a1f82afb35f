//! Continuous mode: an update acts one window late, which halves the rates that are stable.

use hge_core::experiment::{Job, Source};
use hge_lab::{train, Options};
use hge_tests::laboratory::job;

/// Slope of the device with its only control: the squared error from a target of 0 nA has the curvature `SLOPE^2`.
const SLOPE_NA_PER_V: f64 = 20.0;

/// Controls of a standalone run's epochs on a linear device without noise; `gain` is the rate times the curvature.
fn controls_v(gain: f64, continuous: bool) -> Vec<f64> {
    let rate_v2_per_na2 = gain / SLOPE_NA_PER_V.powi(2);
    let job = job(&format!(
        r#"
        device = "linear:5,{SLOPE_NA_PER_V}"
        loop = "standalone"
        restarts = 1
        rms_error_na = 0.001
        instrument = {{ update = "hardware" }}
        timing = {{ continuous = {continuous} }}
        electrodes = {{ inputs = [0], controls = [1], control_low_v = [-1.0], control_high_v = [1.0] }}
        bench = {{ noise_na2_per_hz = 0.0 }}
        [standalone]
        cost = "squared"
        starts_per_run = 1
        epochs = 60
        targets = [{{ high_na = 0.0, low_na = 0.0, rate_v2_per_na2 = {rate_v2_per_na2} }}]
        [[case]]
        inputs_v = [0.0]
        target_na = 0.0
        "#
    ));
    let mut controls_v = Vec::new();
    let trained =
        train(job, &Options::default(), &mut |epoch| controls_v.push(epoch.controls_v[0]));
    trained.unwrap_or_else(|error| panic!("{error}"));
    controls_v
}

fn largest(controls_v: &[f64]) -> f64 {
    controls_v.iter().fold(0.0, |largest, control_v| control_v.abs().max(largest))
}

/// Of the control, for the codes to which window means are rounded.
const ROUNDING_V: f64 = 1e-3;

#[test]
fn the_error_of_a_window_moves_the_control_of_the_window_after_the_next() {
    for gain in [0.1, 0.25, 0.7] {
        let controls_v = controls_v(gain, true);
        assert!((controls_v[0] - controls_v[1]).abs() < 1e-9 && largest(&controls_v) > 0.1);
        for late in controls_v.windows(3) {
            let wanted_v = late[1] - gain * late[0];
            assert!((late[2] - wanted_v).abs() < ROUNDING_V, "gain {gain}: {late:?}");
        }
    }
    for step in controls_v(1.5, false).windows(2) {
        assert!((step[1] + 0.5 * step[0]).abs() < ROUNDING_V, "{step:?}");
    }
}

#[test]
fn rate_times_curvature_is_stable_below_1_in_continuous_mode_and_below_2_in_turn() {
    for (gain, continuous, is_stable) in
        [(0.9, true, true), (1.1, true, false), (1.9, false, true), (2.1, false, false)]
    {
        let controls_v = controls_v(gain, continuous);
        let (first, last) =
            (largest(&controls_v[..10]), largest(&controls_v[controls_v.len() - 10..]));
        println!("gain {gain}, continuous {continuous}: {first:.3} V, at the end {last:.3} V");
        assert_eq!(last < 0.5 * first, is_stable, "gain {gain}: {first} V, {last} V");
        assert!(is_stable || last > 0.9, "gain {gain} does not reach the limits: {last} V");
    }
}

#[test]
fn what_has_no_continuous_mode_is_refused_with_the_key() {
    let hardware = "instrument = { update = \"hardware\" }";
    let case = "[[case]]\ninputs_v = [0.0, 0.1]\ntarget_na = 1.0\n";
    let alone = format!("rms_error_na = 1.0\nloop = \"standalone\"\n{hardware}");
    let host = |keys: &str, starts: u32| {
        format!("rms_error_na = 1.0\nhost = {{ {keys} }}\ninstrument = {{ update = \"hardware\", starts = {starts} }}")
    };
    for (top, cases, key, words) in [
        (
            format!("gate = \"or\"\nloop = \"standalone\"\n{hardware}"),
            "",
            "timing.continuous",
            "there are 4 cases",
        ),
        (
            "rms_error_na = 1.0\nloop = \"standalone\"".into(),
            case,
            "timing.continuous",
            "the update is in microcode",
        ),
        (alone, case, "", ""),
        (host("", 2), case, "", ""),
        (host("", 1), case, "instrument.starts", "two rows of starts"),
        (host("method = \"single\"", 2), case, "host.method", "takes several windows"),
        (host("method = \"random\"", 2), case, "host.method", "codes of its own"),
        (host("unsettled = \"repeat\"", 2), case, "host.unsettled", "measured again"),
    ] {
        let text = format!("{top}\n[timing]\ncontinuous = true\n{cases}");
        let (experiment, source) =
            Source::parse("x.toml", text).unwrap_or_else(|error| panic!("{error}"));
        match Job::new(experiment, &source) {
            Ok(_) => assert_eq!(words, ""),
            Err(error) => {
                let error = error.to_string();
                assert!(error.starts_with("x.toml:") && !words.is_empty(), "{error}");
                assert!(error.contains(words) && error.contains(key), "{error}");
            }
        }
    }
}
