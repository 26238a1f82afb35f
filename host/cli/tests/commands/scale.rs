//! The analogue scale: kept by the instrument, taken over by every later command, compared with the experiment's.

use crate::program::{command, hge, json, outcome, refusal, TestFile};
use crate::served::Served;
use hge_lab::server::{tcp, Server, Settings};
use hge_protocol::Parameters;
use hge_sim::bench::{AnalogueBench, Chain};
use hge_sim::device::LinearDevice;
use hge_sim::model::Model;
use serde_json::Value;

/// A gateware without a scale, as a board after its bitstream has been loaded, and its link.
fn blank() -> (hge_lab::server::Listening, String) {
    let device = LinearDevice::new(0.0, vec![100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]).unwrap();
    let bench = AnalogueBench::new(Chain::default(), Box::new(device), 8, 1, 5000.0, 1);
    let model = Model::new(Parameters::default(), Box::new(bench));
    let settings = Settings { keep: true, ..Settings::default() };
    let served = tcp::listen(Server::with_engine(Box::new(model), settings), "127.0.0.1:0");
    let served = served.unwrap();
    let link = format!("tcp:{}", served.address());
    (served, link)
}

fn word(name: &str, link: &str) -> u64 {
    json(&["get", name, "--link", link])["registers"][0]["word"].as_u64().unwrap()
}

/// A `[analogue]` section with this gain, beside a gate.
fn experiment(name: &str, keys: &str) -> TestFile {
    TestFile::with(name, &format!("gate = \"xor\"\n[analogue]\n{keys}\n"))
}

#[test]
fn a_command_without_an_experiment_speaks_on_the_instrument_s_scale() {
    let board = "experiments/resistor.toml";
    let served = Served::new(&[board, "--tcp", "0", "--keep"]);
    let link = served.link();
    let info = json(&["info", "--link", link]);
    assert_eq!(info["analogue"]["iv_gain_v_per_na"], -0.01, "{info}");
    assert_eq!(info["analogue"]["adc_range_v"], 3.3, "{info}");
    json(&["set", "overcurrent=90nA", "guard[0].high=0.5V", "--link", link]);
    for more in [&[][..], &["--experiment", board]] {
        let read = json(&[&["get", "overcurrent", "guard[0].high", "--link", link], more].concat());
        let value = |n: usize| read["registers"][n]["value"].as_f64().unwrap();
        // A step of 12 bits is 0.16 nA and 1 mV.
        assert!((value(0) - 90e-9).abs() < 0.1e-9 && (value(1) - 0.5).abs() < 1e-3, "{read}");
    }
    // 90 nA are 0.9 V of 3.3 V.
    assert_eq!(word("overcurrent", link), (0.9_f64 / 3.3 * 2048.0).round() as u64 * 16);
    // Nothing hangs on the other electrodes: exit code 2.
    let (_, iv) = outcome(&["iv", "--link", link]);
    let slope = iv["contacts"][0]["conductance_na_per_v"].as_f64().unwrap_or(f64::NAN);
    assert!((slope - 100.0).abs() < 2.0, "{iv}");
    let gradient = json(&["gradient", "--link", link, "--controls", "0,0,0,0,0"]);
    let text = gradient.to_string();
    assert!(text.contains("slope_na_per_v"), "{text}");
    let at = "--at=0.5,0,0,0,0,0,0";
    let capture = json(&["capture", at, "--samples", "1000", "--link", link]);
    assert!((capture["mean_na"].as_f64().unwrap() - 50.0).abs() < 1.0, "{capture}");
}

#[test]
fn an_experiment_on_another_scale_is_refused_by_every_command_with_both_values() {
    let served = Served::new(&["experiments/resistor.toml", "--tcp", "0", "--keep"]);
    let link = served.link();
    let other = experiment("other-scale.toml", "iv_gain_v_per_na = -0.025");
    let path = other.path();
    for command in [
        &["info", "--experiment", path][..],
        &["get", "overcurrent", "--experiment", path],
        &["set", "overcurrent=90nA", "--experiment", path],
        &["capture", "--samples", "10", "--experiment", path],
        &["spectrum", "--experiment", path],
        &["monitor", "--experiment", path],
        &["iv", path],
        &["gradient", path],
        &["calibrate", path],
        &["train", path],
        &["track", path],
        &["log", path],
    ] {
        let message = refusal(&[command, &["--link", link]].concat());
        for part in ["experiment but 3.3 V in the instrument", "2.5 V", "`hge set analogue"] {
            assert!(message.contains(part), "{command:?}: {message}");
        }
    }
    // What was refused has changed nothing.
    assert_eq!(json(&["info", "--link", link])["analogue"]["adc_range_v"], 3.3);
    let same = ["gradient", "experiments/resistor.toml", "--windows", "1", "--link", link];
    json(&same);
}

#[test]
fn an_instrument_without_a_scale_refuses_volts_and_nanoamperes_until_it_is_given_one() {
    let (served, link) = blank();
    let link = link.as_str();
    assert_eq!(json(&["info", "--link", link])["analogue"], Value::Null);
    let text = String::from_utf8(hge(&["info", "--link", link]).stdout).unwrap();
    assert!(text.contains("scale         none: `hge set analogue"), "{text}");
    for command in [
        &["set", "overcurrent=90nA"][..],
        &["set", "guard[0].low=-1V"],
        &["iv"],
        &["gradient"],
        &["calibrate"],
        &["train", "xor"],
        &["track", "xor"],
        &["spectrum"],
        &["monitor"],
        &["capture", "--samples", "10", "--at=0,0,0,0,0,0,0"],
        &["set", "analogue"],
    ] {
        let message = refusal(&[command, &["--link", link]].concat());
        assert!(
            message.contains("[analogue]") && message.contains("`hge set analogue"),
            "{message}"
        );
    }
    // Codes and times need no scale.
    json(&["set", "overcurrent=raw:1000", "settle=10ms", "--link", link]);
    let read = json(&["get", "overcurrent", "settle", "--link", link]);
    assert_eq!(read["registers"][0]["value"], 1000.0, "{read}");
    assert_eq!(read["registers"][0]["unit"], "code");
    assert_eq!(read["registers"][1]["value"], 0.01);
    let capture = json(&["capture", "--samples", "10", "--link", link]);
    assert!(capture["mean_code"].is_number() && capture["mean_na"].is_null(), "{capture}");
    let first = experiment("first-scale.toml", "iv_gain_v_per_na = -0.0125");
    json(&["set", "analogue", "overcurrent=50nA", "--experiment", first.path(), "--link", link]);
    assert_eq!(word("overcurrent", link), 8192);
    // An explicit command replaces it; nothing else does.
    let second = experiment("second-scale.toml", "iv_gain_v_per_na = -0.05");
    refusal(&["gradient", second.path(), "--link", link]);
    json(&["set", "analogue", "--experiment", second.path(), "--link", link]);
    let info = json(&["info", "--link", link]);
    assert_eq!(info["analogue"]["iv_gain_v_per_na"], -0.05, "{info}");
    drop(served);
}

#[test]
fn configuring_gives_its_scale_to_an_instrument_without_one() {
    let (served, link) = blank();
    let own = experiment("own-scale.toml", "iv_gain_v_per_na = -0.0125\nlevel_shift_v = 0.001");
    json(&["gradient", own.path(), "--windows", "1", "--link", &link]);
    let info = json(&["info", "--link", &link]);
    assert_eq!(info["analogue"]["iv_gain_v_per_na"], -0.0125, "{info}");
    assert_eq!(info["analogue"]["level_shift_v"], 0.001, "{info}");
    drop(served);
}

#[test]
fn a_served_instrument_has_its_scale_again_when_it_is_powered_up_anew() {
    let served = Served::new(&["experiments/resistor.toml", "--tcp", "0"]);
    let other = experiment("for-a-while.toml", "iv_gain_v_per_na = -0.05");
    json(&["set", "analogue", "--experiment", other.path(), "--link", served.link()]);
    let info = json(&["info", "--link", served.link()]);
    assert_eq!(info["analogue"]["iv_gain_v_per_na"], -0.01, "{info}");
}

#[test]
fn who_only_watches_names_the_scale() {
    let served = Served::new(&["--tcp", "0"]);
    let message = refusal(&["monitor", "--watch", "--link", served.link()]);
    assert!(message.contains("give a file with a section [analogue] as --experiment"), "{message}");
}

#[test]
fn outputs_with_ranges_and_offsets_of_their_own_show_the_voltages_that_are_asked_for() {
    let text =
        "gate = \"xor\"\ndevice = \"linear:10,20,-30,40,0,0,0\"\n[bench]\nnoise_na2_per_hz = 0.0\n\
                [analogue]\ndac_range_v = [2.0, 10.0, 4.0, 2.5, 2.0, 2.0, 2.0, 2.0]\n\
                dac_offset_v = [0.1, -0.5, 0.0, 0.02, 0.0, 0.0, 0.0, 0.0]\nlevel_shift_v = -0.3\n";
    let file = TestFile::with("uneven.toml", text);
    let served = Served::new(&[file.path(), "--tcp", "0", "--keep"]);
    let link = served.link();
    let at = "--at=0.5,-0.4,0.3,0.2,0,0,0";
    let capture = json(&["capture", at, "--samples", "200", "--link", link]);
    let wanted_na = 10.0 * 0.5 - 20.0 * 0.4 - 30.0 * 0.3 + 40.0 * 0.2;
    assert!((capture["mean_na"].as_f64().unwrap() - wanted_na).abs() < 0.02, "{capture}");
    let gradient = json(&["gradient", "--link", link, "--controls", "0,0,0,0,0"]);
    let slopes = &gradient["cases"][0]["slopes"];
    for (n, exact) in [10.0, 40.0, 0.0, 0.0, 0.0].into_iter().enumerate() {
        let found = slopes[n]["slope_na_per_v"].as_f64().unwrap_or(f64::NAN);
        assert!((found - exact).abs() < 0.2, "{n}: {found} of {exact}: {gradient}");
    }
}

#[test]
fn values_are_meant_at_the_rate_that_the_command_leaves_whatever_their_order() {
    let timed = ["settle=10ms", "lead_in=5ms", "gap=2ms", "watchdog=1s", "run_limit=2s"];
    let period = "sample_period=100us";
    let hertz = "tuning[0]=1250Hz";
    let orders: [Vec<&str>; 3] = [
        [&[period, hertz][..], &timed].concat(),
        [&timed[..], &[hertz, period]].concat(),
        [&timed[..2], &[period, hertz], &timed[2..]].concat(),
    ];
    for order in orders {
        let served = Served::new(&["--tcp", "0", "--keep"]);
        let set = [&["set"], &order[..], &["ramp_step=1V/s", "--link", served.link()]].concat();
        json(&set);
        let samples = ["settle", "lead_in", "gap", "watchdog", "run_limit"]
            .map(|name| word(name, served.link()));
        assert_eq!(samples, [100, 50, 20, 10_000, 20_000], "{order:?}");
        // 16384 codes a volt, 65536 parts of a code, 10 000 samples a second.
        assert_eq!(word("ramp_step", served.link()), 107_374);
    }
    let twice = ["set", "settle=10ms", "settle=20ms"];
    assert!(refusal(&twice).contains("settle is given twice"));
}

#[test]
fn a_command_that_the_instrument_cannot_carry_out_now_says_what_comes_first() {
    for (commands, part) in [
        (&["command=1"][..], "command 1 (run) was refused: the guard is not armed; arm first"),
        (&["watchdog=10s", "command=3", "command=3"], "the guard is armed already; disarm first"),
        (&["capture_samples=4000000000", "command=6", "command=6"], "a capture is in progress"),
        (&["watchdog=10s", "command=3", "command=1", "command=1"], "a run is in progress"),
    ] {
        let served = Served::new(&["--tcp", "0", "--time", "real:0.01"]);
        let output = command(&[&["set"], commands, &["--link", served.link()]].concat())
            .output()
            .expect("hge starts");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(part), "{commands:?}: {message}");
    }
}

#[test]
fn starts_that_clipping_ends_are_counted_and_told() {
    // Slopes so steep that the first steps lead to an end of the range.
    for (loop_mode, more) in [
        ("host", "[host]\nadam_rate_v = 0.5\nepochs = 20\n"),
        (
            "standalone",
            "[standalone]\nepochs = 20\n[[standalone.targets]]\nhigh_na = 90.0\nlow_na = -90.0\n\
             rate_v2_per_na2 = 0.01\n",
        ),
    ] {
        let text = format!(
            "gate = \"xor\"\nrestarts = 3\nloop = \"{loop_mode}\"\ndevice = \"linear:30,30,30,40,50,60,70\"\n{more}"
        );
        let file = TestFile::with(&format!("clips-{loop_mode}.toml"), &text);
        let (code, result) = outcome(&["train", file.path()]);
        assert_eq!(code, Some(2), "{result}");
        let clipped = result["clipped_starts"].as_u64().unwrap();
        assert!((1..=3).contains(&clipped), "{result}");
        assert_eq!(result["starts_clipped"], false, "{result}");
        let output = hge(&["train", file.path()]);
        let text = String::from_utf8(output.stdout).unwrap();
        let sentence = format!("outputs clipped in {clipped} of 3 starts, at +-100 nA");
        assert!(text.contains(&sentence), "{text}");
        let run = std::path::Path::new(result["run"].as_str().unwrap());
        let page = std::fs::read_to_string(run.join("report.html")).unwrap();
        assert!(page.contains(&format!("Outputs clipped in {clipped} of 3 starts")), "{loop_mode}");
    }
}

#[test]
fn a_capture_and_a_spectrum_are_of_the_input_that_is_chosen() {
    let experiment = TestFile::with(
        "two.toml",
        "gate = \"and\"\ndevice = \"linear:10,0,0,0,0,0,0;-20,0,0,0,0,0,0\"\n[instrument]\ninputs = 2\n",
    );
    let path = experiment.path();
    for (input, mean_na) in [("0", 5.0), ("1", -10.0)] {
        let at = "--at=0.5,0,0,0,0,0,0";
        let capture =
            json(&["capture", at, "--samples", "500", "--experiment", path, "--input", input]);
        assert!((capture["mean_na"].as_f64().unwrap() - mean_na).abs() < 0.5, "{capture}");
        let spectrum =
            json(&["spectrum", at, "--samples", "512", "--experiment", path, "--input", input]);
        assert!((spectrum["mean_na"].as_f64().unwrap() - mean_na).abs() < 0.5, "{spectrum}");
    }
    let refused = hge(&["capture", "--samples", "10", "--experiment", path, "--input", "2"]).stderr;
    let refused = String::from_utf8(refused).unwrap();
    assert!(refused.contains("no ADC input 2: choose 0 to 1"), "{refused}");
}
