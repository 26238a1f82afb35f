//! One controls, others read and watch; an interrupt leaves the device disarmed.

use crate::program::{command, hge, json, refusal};
use crate::served::{await_line, interrupt, lines_of, Served, LINEAR, PATIENCE};
use hge_driver::link::Tcp;
use hge_driver::Instrument;
use serde_json::Value;
use std::process::{Child, Stdio};

/// Who only watches names the scale.
pub const SCALE: [&str; 2] = ["--experiment", "experiments/xor.toml"];

/// A `hge monitor` that ends after an epoch of a gate: four windows and the end of the run.
fn monitor(served: &Served, more: &[&str]) -> Child {
    let arguments =
        [&["monitor", "--link", served.link(), "--lines", "5", "--json"], &SCALE[..], more]
            .concat();
    command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("hge starts")
}

fn kinds(monitor: Child) -> Vec<String> {
    let output = monitor.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
    for window in &lines[..4] {
        for key in ["number", "epoch", "case", "start", "sample", "mean_na", "min_na", "max_na"] {
            assert!(window[key].is_number(), "{key}: {window}");
        }
        assert_eq!(window["flags"], Value::Array(Vec::new()));
        // Five tones, and lines beside them where `gradient` measures.
        assert!(window["slots"].as_array().unwrap().len() >= 5, "{window}");
    }
    assert_eq!(lines[4]["reason"], "complete");
    lines.iter().map(|line| line["kind"].as_str().unwrap().to_owned()).collect()
}

const EPOCH: [&str; 5] = ["window", "window", "window", "window", "end"];

#[test]
fn a_monitor_that_only_watches_leaves_control_to_whoever_comes() {
    let served = Served::new(&["--tcp", "0"]);
    let watching = monitor(&served, &["--watch"]);
    await_line(&served.stderr, "has connected");
    json(&["gradient", "--windows", "1", "--link", served.link()]);
    assert_eq!(kinds(watching), EPOCH);
}

#[test]
fn a_second_client_may_read_and_watch_and_is_refused_what_writes() {
    let served = Served::new(&["--tcp", "0", "--device", LINEAR]);
    let address = served.reached["tcp"].as_str().unwrap().to_owned();
    let instrument = Instrument::connect(Box::new(Tcp::open(&address).unwrap())).unwrap();
    instrument.take_control().unwrap();
    let runs = concat!(env!("CARGO_TARGET_TMPDIR"), "/refused");
    let _ = std::fs::remove_dir_all(runs);
    for arguments in [
        &["set", "scratch=1"][..],
        &["gradient"],
        &["capture", "--samples", "1"],
        &["train", "xor", "-o", runs],
        &["track", "xor", "-o", runs],
    ] {
        let message = refusal(&[arguments, &["--link", served.link()]].concat());
        assert!(message.contains("is controlled by 127.0.0.1:"), "{message}");
        assert!(message.contains(" since ") && message.contains("last request "), "{message}");
    }
    assert!(!std::path::Path::new(runs).exists(), "a folder for a run that was refused");
    assert_eq!(json(&["info", "--link", served.link()])["busy"], false);
    let got = json(&["get", "scratch", "--link", served.link()]);
    assert_eq!(got["registers"][0]["word"], 0);
    let mut watching = monitor(&served, &[]);
    // Printed once it reads telemetry and there is none.
    let notes = lines_of(watching.stderr.take().unwrap());
    await_line(&notes, "no telemetry");
    let (experiment, source) = ("xor".parse().unwrap(), Default::default());
    let experiment =
        hge_core::experiment::Experiment { gate: Some(experiment), ..Default::default() };
    let task = hge_core::experiment::Task::on(
        experiment,
        &source,
        instrument.parameters(),
        instrument.analogue().unwrap().as_ref(),
    )
    .unwrap();
    let estimator = hge_core::gradient::Estimator::InPhase;
    let mut session = hge_core::session::Session::open(instrument, task.plan, estimator).unwrap();
    session.measure(&[0.0; 5], true).unwrap();
    assert_eq!(kinds(watching), EPOCH);
}

#[cfg(unix)]
#[test]
fn a_serial_port_in_use_is_refused() {
    let served = Served::new(&["--pty"]);
    let path = served.reached["pty"].as_str().unwrap();
    let serial = hge_driver::link::Serial::open(path, 3_000_000).unwrap();
    let message = refusal(&["info", "--link", served.link()]);
    assert!(message.contains(" is in use by another program: end that program"), "{message}");
    drop(serial);
    json(&["info", "--link", served.link()]);
}

#[test]
fn the_server_tells_who_comes_and_goes() {
    let served = Served::new(&["--tcp", "0"]);
    json(&["set", "scratch=1", "--link", served.link()]);
    for part in [" has connected", " takes control", " has disconnected"] {
        let line = served.stderr.recv_timeout(PATIENCE).unwrap();
        assert!(line.starts_with("127.0.0.1:") && line.ends_with(part), "{line}");
    }
}

#[test]
fn an_instrument_is_as_it_was_left_or_as_new() {
    for (keep, left) in [(true, 7), (false, 0)] {
        let options: &[&str] = if keep { &["--tcp", "0", "--keep"] } else { &["--tcp", "0"] };
        let served = Served::new(options);
        json(&["set", "scratch=7", "--link", served.link()]);
        let found = json(&["get", "scratch", "--link", served.link()]);
        assert_eq!(found["registers"][0]["word"], left);
    }
}

#[test]
fn time_stands_still_between_clients_unless_it_is_real() {
    let time = |served: &Served| {
        let info = json(&["info", "--link", served.link()]);
        info["time_samples"].as_u64().unwrap()
    };
    let real = Served::new(&["--tcp", "0", "--time", "real:10"]);
    let begin = time(&real);
    // It need only go on at all: a server on a busy computer falls behind.
    while time(&real) == begin {}
    let virtual_time = Served::new(&["--tcp", "0", "--keep"]);
    json(&["capture", "--samples", "100", "--link", virtual_time.link()]);
    let after = time(&virtual_time);
    assert!(after >= 100, "{after}");
    assert_eq!(time(&virtual_time), after);
}

#[test]
fn an_interrupted_measurement_disarms_and_says_so() {
    let served = Served::new(&["--tcp", "0", "--keep"]);
    // A day of samples, with the outputs held.
    let at = "--at=0.1,0.1,0.1,0.1,0.1,0.1,0.1";
    let arguments = ["capture", "--samples", "4000000000", at, "--link", served.link()];
    let mut capture = command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    // Once the watcher sees codes, the outputs are held.
    let address = served.reached["tcp"].as_str().unwrap().to_owned();
    await_line(&served.stderr, "takes control");
    let link = Box::new(Tcp::open(&address).unwrap());
    let watcher = hge_driver::Watcher::listen(link, Default::default()).unwrap();
    let mut telemetry = watcher.subscribe(1024);
    loop {
        use hge_driver::TelemetryItem;
        use hge_protocol::frame::Record;
        let heard = telemetry.recv_timeout(PATIENCE).unwrap().expect("codes of the capture");
        if matches!(heard, TelemetryItem::Frame { record: Record::Block(_), .. }) {
            break;
        }
    }
    interrupt(capture.id());
    let printed = lines_of(capture.stderr.take().unwrap());
    assert_eq!(capture.wait().unwrap().code(), Some(1));
    assert_eq!(
        printed.iter().collect::<Vec<_>>(),
        ["error: cancelled: the instrument is disarmed"]
    );
    drop(watcher);
    let info = json(&["info", "--link", served.link()]);
    assert_eq!(info["armed"], Value::Null, "{info}");
    assert_eq!(info["capturing"], false, "{info}");
}

#[test]
fn an_interrupted_server_ends_well() {
    let served = Served::new(&["--tcp", "0"]);
    json(&["info", "--link", served.link()]);
    interrupt(served.id());
    assert_eq!(served.wait(), Some(0));
    let output = hge(&["serve", "--tcp", "192.0.2.1:0"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.starts_with("error: cannot listen at 192.0.2.1:0 ("), "{message}");
}
