//! Claims about devices in other processes, each held by one test.

use super::*;
use crate::device::open;
use hge_needs::needs;
use std::time::Instant;

/// The example of the documentation.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/device.py");

/// What every child below begins with: `greet`, `hear` and `say`.
const PRELUDE: &str = r#"
import json, struct, sys, time
def greet(**changes):
    print(json.dumps({"hge_device": 1, "electrodes": 2, "name": "test"} | changes), flush=True)
def hear():
    head = sys.stdin.buffer.read(4)
    if not head: sys.exit()
    rows, = struct.unpack("<I", head)
    return struct.unpack(f"<{2 * rows}d", sys.stdin.buffer.read(16 * rows))
def say(*currents):
    sys.stdout.buffer.write(struct.pack(f"<{len(currents)}d", *currents))
    sys.stdout.buffer.flush()
"#;

/// The command that runs `script`.
fn python(script: &str) -> String {
    let script = format!("{PRELUDE}{script}");
    format!("python3 -c {}", shlex::try_quote(&script).expect("no null byte"))
}

fn start(script: &str) -> Result<ProcessDevice, String> {
    // As long as a busy machine may take, but for children that are silent on purpose.
    let timeout = if script.contains("sleep") { 1 } else { 60 };
    let timeout = Duration::from_secs(timeout);
    let started = ProcessDevice::start_within(&python(script), timeout.max(START_TIMEOUT), timeout);
    started.map_err(|error| error.to_string())
}

/// What is reported of a child after it was asked for two rows, and once more.
fn failure(script: &str) -> String {
    let device = start(script).unwrap_or_else(|error| panic!("{error}"));
    let mut out = [0.0; 2];
    device.currents_na(&[0.1, 0.2, 0.3, 0.4], &mut out);
    assert!(out.iter().all(|current| current.is_nan()), "{out:?}");
    let message = device.health().unwrap().failure().expect("a failure").to_owned();
    assert!(device.worker.borrow().is_none(), "it has been ended");
    device.currents_na(&[0.1, 0.2, 0.3, 0.4], &mut out);
    assert!(out[0].is_nan());
    assert_eq!(
        device.health().unwrap().failure(),
        Some(message.as_str()),
        "the first failure stays"
    );
    assert!(!message.contains('\n'), "{message}");
    message
}

/// What is reported of a child that does not greet as it should.
fn refusal(script: &str) -> String {
    start(script).err().expect("no device")
}

#[needs(python)]
#[test]
fn currents_come_back_bit_for_bit_whatever_the_batch() {
    let script =
        "greet()\nwhile True:\n  v = hear()\n  say(*[a - 2 * b for a, b in zip(v[::2], v[1::2])])";
    let device = start(script).unwrap();
    assert_eq!((device.name().as_str(), device.electrodes()), ("process:test", 2));
    let volts: Vec<f64> = (0..6000).map(|n| (f64::from(n) * 0.618).fract()).collect();
    for rows in [1, 2, 1023, 1024, 1025, 3000] {
        let mut out = vec![0.0; rows];
        device.currents_na(&volts[..2 * rows], &mut out);
        for (row, current) in volts.chunks_exact(2).zip(&out) {
            assert_eq!(*current, row[0] - 2.0 * row[1], "of {rows} rows");
        }
    }
    assert_eq!(device.health().unwrap().failure(), None);
    assert_eq!(device.jacobian_na_per_v(&[0.0, 0.0]), None);
}

#[needs(python)]
#[test]
fn every_row_is_answered_by_as_many_currents_as_the_greeting_has_outputs() {
    let script = "greet(outputs=3)\nwhile True:\n  v = hear()\n  say(*[c for a, b in zip(v[::2], v[1::2]) for c in (a, b, a - b)])";
    let device = start(script).unwrap();
    assert_eq!((device.electrodes(), device.outputs()), (2, 3));
    let mut volts: Vec<f64> = (0..4100).map(|n| (f64::from(n) * 0.618).fract()).collect();
    volts[2 * 1024] = f64::NAN;
    // The last entry is no complete row.
    let mut out = vec![0.0; 3 * 2050 + 1];
    device.currents_na(&volts, &mut out);
    for (n, (row, currents)) in volts.chunks_exact(2).zip(out.chunks_exact(3)).enumerate() {
        match n {
            1024 => assert!(currents.iter().all(|current| current.is_nan()), "{currents:?}"),
            _ => assert_eq!(currents, [row[0], row[1], row[0] - row[1]], "row {n}"),
        }
    }
    assert!(out[3 * 2050].is_nan());
    assert_eq!(device.health().unwrap().failure(), None);
    let message = refusal("greet(outputs=9)\nhear()");
    assert!(message.contains("has 9 outputs; let it have 1 to 8"), "{message}");
    let device =
        start("greet(outputs=2)\nhear()\nsay(1.0, 2.0, 3.0, float('inf'))\nhear()").unwrap();
    device.currents_na(&[0.1, 0.2, 0.3, 0.4], &mut [0.0; 4]);
    let message = device.health().unwrap().failure().expect("a failure").to_owned();
    assert!(message.contains("answered inf at [0.300, 0.400] V"), "{message}");
}

#[needs(python)]
#[test]
fn rows_that_are_not_finite_or_not_there_are_nan_and_no_failure() {
    let device = start("greet()\nwhile True: say(*hear()[::2])").unwrap();
    let mut out = [0.0; 4];
    device.currents_na(&[1.0, 0.0, f64::NAN, 0.0, 3.0, 0.0, 4.0], &mut out);
    assert!(out[0] == 1.0 && out[1].is_nan() && out[2] == 3.0 && out[3].is_nan(), "{out:?}");
    assert_eq!(device.health().unwrap().failure(), None);
}

#[needs(python)]
#[test]
fn the_documented_example_is_a_device() {
    let device = open(&format!("process:python3 '{EXAMPLE}'")).unwrap();
    assert_eq!((device.name().as_str(), device.electrodes()), ("process:two gates", 7));
    let mut out = [0.0];
    device.currents_na(&[0.1, -0.4, 0.3, 0.2, 0.5, -0.2, 0.1], &mut out);
    let expected = -40.0 * 1.25 * (2.0 * 1.4_f64).tanh() * (2.0 * 0.15_f64).tanh();
    assert!((out[0] - expected).abs() < 1e-12, "{} {expected}", out[0]);
}

#[needs(python)]
#[test]
fn a_child_that_dies_is_told_with_its_last_words() {
    let script = "greet()\nhear()\nraise RuntimeError('no licence left')";
    let message = failure(script);
    assert!(message.contains("ended (exit status: 1)"), "{message}");
    assert!(message.contains("its last line was `RuntimeError: no licence left`"), "{message}");
    let message = failure("greet()\nhear()\nsys.exit(3)");
    assert!(message.ends_with("ended (exit status: 3); run it by itself to see why"), "{message}");
}

#[needs(python)]
#[test]
fn a_child_that_is_silent_is_told_after_its_time() {
    let message = failure("greet()\ntime.sleep(1000)");
    assert!(message.contains("did not answer for 1 s; let it flush"), "{message}");
    let message = failure("greet()\nhear()\nsay(1.0)\ntime.sleep(1000)");
    assert!(message.contains("answered 8 bytes instead of 16 in 1 s"), "{message}");
}

#[needs(python)]
#[test]
fn an_answer_of_the_wrong_length_is_told() {
    let message = failure("greet()\nhear()\nsay(1.0, 2.0, 3.0)\nhear()");
    assert!(message.contains("answered 8 bytes too many"), "{message}");
    let message = failure("greet()\nhear()\nsay(1.0)");
    assert!(message.contains("ended (exit status: 0) after 8 bytes of an answer"), "{message}");
}

#[needs(python)]
#[test]
fn an_answer_that_is_no_number_is_told_with_its_voltages() {
    let message = failure("greet()\nhear()\nsay(1.0, float('nan'))\nhear()");
    assert!(message.contains("answered NaN at [0.300, 0.400] V"), "{message}");
}

#[needs(python)]
#[test]
fn a_child_that_does_not_greet_is_refused() {
    let message = refusal("print('Welcome!')");
    assert!(message.contains("begins with `Welcome!`; let its first line"), "{message}");
    let message = refusal("greet(hge_device=2)\nhear()");
    assert!(message.contains("uses version 2 of the protocol"), "{message}");
    let message = refusal("greet(electrodes=0)\nhear()");
    assert!(message.contains("has 0 electrodes; let it have 1 to 64"), "{message}");
    let message = refusal("sys.exit('no configuration')");
    assert!(message.contains("its last line was `no configuration`"), "{message}");
    let message = refusal("print('x' * 5000)");
    assert!(message.contains("begins with `xxx") && message.len() < 400, "{message}");
}

#[needs(python, proc)]
#[test]
fn a_device_that_is_dropped_ends_a_child_that_would_not_end() {
    let script =
        "import os, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ngreet(name=str(os.getpid()))\ntime.sleep(1000)";
    let device = start(script).unwrap();
    let process = device.name().replace("process:", "/proc/");
    assert!(std::path::Path::new(&process).exists(), "{process}");
    let begin = Instant::now();
    drop(device);
    assert!(begin.elapsed() < Duration::from_secs(1000), "the child ended by itself");
    assert!(!std::path::Path::new(&process).exists(), "{process} still runs");
}

#[needs(python)]
#[test]
fn a_chatty_child_does_not_stop_for_want_of_a_reader() {
    // More than a pipe holds, on stderr and as one answer of 64 kB.
    let script = "greet(electrodes=2)\nwhile True:\n  v = hear()\n  print('x' * 300000, file=sys.stderr, flush=True)\n  say(*v[::2])";
    let device = start(script);
    let mut out = vec![0.0; 8192];
    device.as_ref().unwrap().currents_na(&[0.5; 16384], &mut out);
    assert!(out.iter().all(|&current| current == 0.5));
}

#[needs(python)]
#[test]
fn words_are_split_as_a_shell_does_and_no_shell_expands_them() {
    let script = "greet(name=' '.join(sys.argv[1:]))\nhear()";
    let command = python(script);
    let device = ProcessDevice::start(&format!(r#"{command} 'a b' "c \"d" e\ f $HOME *"#)).unwrap();
    assert_eq!(device.name(), r#"process:a b c "d e f $HOME *"#);
    for (command, what) in [("python3 'x", "is not a command"), ("/nowhere/x", "does not start")] {
        let message = ProcessDevice::start(command).err().unwrap().to_string();
        assert!(message.contains(what), "{message}");
    }
}
