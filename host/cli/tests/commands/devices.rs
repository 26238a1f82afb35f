//! Every device can be named and learns; one in another process that fails ends a command with one sentence.

use crate::program::{hge, json, refusal, TestFile};
use crate::served::Served;
use hge_needs::needs;

/// A child that answers 1 nA for 2000 rows.
const DYING: &str = r#"
import struct, sys
print('{"hge_device":1,"electrodes":7,"name":"dying"}', flush=True)
done = 0
while head := sys.stdin.buffer.read(4):
    rows, = struct.unpack("<I", head)
    sys.stdin.buffer.read(56 * rows)
    done += rows
    assert done <= 2000, "the solver diverged"
    sys.stdout.buffer.write(struct.pack(f"<{rows}d", *[1.0] * rows))
    sys.stdout.buffer.flush()
"#;

fn learns_xor(device: &str) {
    let result = json(&["train", "xor", "--device", device]);
    assert_eq!(result["solved"], true, "{result}");
    assert_eq!(result["clipped"], false, "{result}");
}

#[test]
fn a_photonic_mesh_learns_xor_with_the_default_experiment() {
    for device in ["mzi", "mzi:1", "mzi:2", "mzi:3", "mzi:4", "mzi:5"] {
        learns_xor(device);
    }
}

#[test]
fn memristor_crossbars_learn_xor_with_the_default_experiment() {
    for device in ["crossbar", "crossbar:1", "crossbar:2", "crossbar:3", "crossbar:4", "crossbar:5"]
    {
        learns_xor(device);
    }
}

#[needs(python)]
#[test]
fn the_documented_device_in_python_learns_xor() {
    learns_xor("process:python3 docs/device.py");
}

#[test]
fn slopes_read_by_the_lock_in_are_those_that_the_devices_tell() {
    for device in ["mzi", "crossbar"] {
        let found = json(&["gradient", "--device", device, "--exact", "--windows", "16"]);
        let exact = found["exact_na_per_v"].as_array().unwrap();
        for (case, exact) in found["cases"].as_array().unwrap().iter().zip(exact) {
            let slopes = case["slopes"].as_array().unwrap();
            for (slope, exact) in slopes.iter().zip(exact.as_array().unwrap()) {
                let (slope, exact) =
                    (slope["slope_na_per_v"].as_f64().unwrap(), exact.as_f64().unwrap());
                // Noise of 16 windows: 2.3 nA/V / 4; curvature over 30 mV: 1 % of the greatest slopes.
                let bound = 5.0 * 0.6 + 0.02 * exact.abs();
                assert!((slope - exact).abs() < bound, "{device}: {slope} {exact}");
            }
        }
    }
}

#[needs(python)]
#[test]
fn a_device_process_that_dies_ends_every_command_with_its_last_words() {
    let script = TestFile::with("dying.py", DYING);
    let device = format!("process:python3 '{}'", script.path());
    for arguments in [
        &["train", "xor", "--device", &device][..],
        &["train", "xor", "--loop", "standalone", "--device", &device],
        &["gradient", "--device", &device],
    ] {
        let message = refusal(arguments);
        assert!(message.contains("its last line was `AssertionError: the solver"), "{message}");
        assert!(message.contains("; run it by itself to see why"), "{message}");
    }
    let served = Served::new(&["--tcp", "0", "--device", &device]);
    let link = served.reached["link"].as_str().unwrap();
    let message = refusal(&["gradient", "--link", link]);
    assert!(message.contains("has closed the connection: find the reason there"), "{message}");
}

#[test]
fn a_device_that_does_not_open_is_refused_with_what_to_write() {
    for (device, what) in [
        ("mzi:one", "`one` is not a seed"),
        ("crossbar:", "`` is not a seed"),
        ("process:", "the command is empty"),
        ("process:/nowhere/simulator", "does not start"),
        ("photons", "`mzi:SEED[/J]`, `mesh:N[:SEED][/J]`, `matrix:N[:SEED][/J]`, `beams:N[:SEED]`, `crossbar`"),
        ("mzi:1/5", "it has 1 to 4 outputs; write `/1` to `/4` at its end"),
        ("builtin/2", "it has one output; leave out `/2`"),
    ] {
        let message = refusal(&["train", "xor", "--device", device]);
        assert!(message.contains(what), "{message}");
    }
    let message = refusal(&["gradient", "--device", "process:true"]);
    assert!(message.contains("ended (exit status: 0)"), "{message}");
}

#[needs(python)]
#[test]
fn a_device_in_another_process_does_not_know_its_slopes() {
    let message = refusal(&["gradient", "--exact", "--device", "process:python3 docs/device.py"]);
    assert!(message.contains("process:two gates does not know its slopes"), "{message}");
    assert!(hge(&["gradient", "--device", "process:python3 docs/device.py"]).status.success());
}
