//! What cannot be gone on with is refused in one sentence, and left as it was.

use crate::chunks::records;
use crate::folders::{at_work, content, kill_at, log_bytes, Scratch, UNSOLVABLE};
use crate::program::{hge, json, outcome, refusal};
use hge_needs::needs;
use std::path::Path;

/// A linear device whose slopes stand in the file that its argument names.
const DEVICE: &str = r#"
import json, struct, sys
slopes = [float(word) for word in open(sys.argv[1]).read().split()]
count = len(slopes)
requests, answers = sys.stdin.buffer, sys.stdout.buffer
greeting = {"hge_device": 1, "electrodes": count, "name": "slopes"}
answers.write(json.dumps(greeting).encode() + b"\n")
answers.flush()
while head := requests.read(4):
    rows, = struct.unpack("<I", head)
    volts = struct.unpack(f"<{rows * count}d", requests.read(8 * rows * count))
    at = range(0, len(volts), count)
    answers.write(struct.pack(f"<{rows}d", *(sum(map(float.__mul__, slopes, volts[n:n + count])) for n in at)))
    answers.flush()
"#;

#[test]
fn a_run_that_another_program_writes_is_read_but_not_resumed() {
    let scratch = Scratch::new("refusals-locked");
    let (file, run) = (scratch.file("unsolvable.toml", UNSOLVABLE), scratch.path("runs/run"));
    let train = ["train", &file, "-o", &run, "--restarts", "1000000"];
    let at_work = at_work(&run, 100_000, &train).expect("it is not solvable");
    let message = refusal(&["resume", &run]);
    assert!(message.contains(&run) && message.contains("another program"), "{message}");
    let message = refusal(&["train", &file, "-o", &run]);
    assert!(message.contains(&run), "{message}");
    for _ in 0..5 {
        let listed = json(&["runs", &scratch.path("runs")]);
        assert_eq!(listed["runs"][0]["standing"], "running", "{listed}");
        assert_eq!(listed["unreadable"], serde_json::json!([]), "{listed}");
        // A replay would follow the training to its end.
        assert!(crate::folders::table(&run).len() > 1);
    }
    drop(at_work);
    let listed = json(&["runs", &scratch.path("runs")]);
    assert_eq!(listed["runs"][0]["standing"], "cut-off", "a killed program leaves no lock");
}

#[test]
fn a_folder_that_holds_something_is_not_written_to() {
    let scratch = Scratch::new("refusals-exists");
    let run = scratch.finished("run", &["--restarts", "1"]);
    let before = (content(&run, "provenance.json"), content(&run, "log/00001.mcap"));
    let file = scratch.path("unsolvable.toml");
    let message = refusal(&["train", &file, "-o", &run]);
    assert!(message.contains(&run) && message.contains("hge resume"), "{message}");
    assert_eq!((content(&run, "provenance.json"), content(&run, "log/00001.mcap")), before);
    std::fs::create_dir(scratch.path("other")).expect("a folder");
    let kept = scratch.file("other/notes.txt", "mine");
    assert!(refusal(&["train", &file, "-o", &scratch.path("other")]).contains("other"));
    assert_eq!(std::fs::read_to_string(kept).expect("it is kept"), "mine");
    assert_eq!(std::fs::read_dir(scratch.path("other")).expect("a folder").count(), 1);
}

#[test]
fn what_a_program_left_that_was_killed_before_its_run_began_is_taken_over() {
    let scratch = Scratch::new("refusals-begun");
    let run = scratch.finished("run", &["--restarts", "1"]);
    let expected = content(&run, "outcome.json");
    let log = content(&run, "log/00001.mcap");
    let sealed = crate::chunks::ends_with(&log, "seal")[0];
    let file = scratch.path("unsolvable.toml");
    for name in ["outcome.json", "provenance.json", "data.npz", "report.html"] {
        std::fs::remove_file(Path::new(&run).join(name)).expect("it was written");
    }
    // With items in its log it is a run that lost its provenance.
    assert!(refusal(&["train", &file, "-o", &run, "--restarts", "1"]).contains(&run));
    assert_eq!(content(&run, "log/00001.mcap"), log);
    for length in [0, 100, sealed] {
        let path = Path::new(&run).join("log/00001.mcap");
        std::fs::write(&path, &log[..length]).expect("a writable log");
        let again = scratch.copy(&run, &format!("again-{length}"));
        let output = hge(&["train", &file, "-o", &again, "--restarts", "1"]);
        assert_eq!(output.status.code(), Some(2), "{length} bytes: {output:?}");
        assert_eq!(content(&again, "outcome.json"), expected);
    }
}

#[test]
fn a_run_of_another_version_is_refused_with_its_version() {
    let scratch = Scratch::new("refusals-version");
    let run = scratch.finished("run", &["--restarts", "1"]);
    let (provenance, log) = (content(&run, "provenance.json"), content(&run, "log/00001.mcap"));
    let refused = |what: &str| {
        for command in ["resume", "replay", "report"] {
            let message = refusal(&[command, &run]);
            let known = message.contains("hge-run-9") && message.contains(&run);
            assert!(known, "{what}, {command}: {message}");
        }
        let listed = json(&["runs", scratch.folder().to_str().expect("text")]);
        let sentence = listed["unreadable"][0].as_str().unwrap_or_default();
        assert!(sentence.contains("hge-run-9"), "{what}: {listed}");
    };
    let text = String::from_utf8(provenance.clone()).expect("text");
    let place = text.find("hge-run-").expect("a version") + "hge-run-".len();
    let mut other = provenance.clone();
    other[place] = b'9';
    std::fs::write(Path::new(&run).join("provenance.json"), other).expect("a writable file");
    refused("provenance");
    std::fs::write(Path::new(&run).join("provenance.json"), provenance).expect("a writable file");
    let header = records(&log)[0];
    let mark = b"hge-run-";
    let place = log[header.begin..header.end].windows(mark.len()).position(|part| part == mark);
    let mut other = log.clone();
    other[header.begin + place.expect("a profile") + mark.len()] = b'9';
    std::fs::write(Path::new(&run).join("log/00001.mcap"), other).expect("a writable log");
    refused("log");
}

#[needs(python)]
#[test]
fn another_device_in_the_file_that_the_experiment_names_is_refused_at_the_first_difference() {
    let scratch = Scratch::new("refusals-device");
    let device = |slope: u32| format!("{slope} -2 5 1.5 -4 2.5 6");
    scratch.file("slopes", &device(3));
    let slopes = scratch.path("slopes");
    let program = scratch.file("device.py", DEVICE);
    let experiment = UNSOLVABLE
        .replace("linear:3,-2,5,1.5,-4,2.5,6", &format!("process:python3 {program} {slopes}"));
    let experiment = experiment.replace("restarts = 6", "restarts = 1");
    let (file, run) = (scratch.file("device.toml", &experiment), scratch.path("run"));
    assert!(kill_at(&run, 60_000, &["train", &file, "-o", &run]));
    let before = (content(&run, "provenance.json"), log_bytes(&run));
    scratch.file("slopes", &device(4));
    let message = refusal(&["resume", &run]);
    assert!(message.contains("device") && message.contains("--as-it-is"), "{message}");
    assert!(message.chars().count() < 400, "{message}");
    assert_eq!((content(&run, "provenance.json"), log_bytes(&run)), before);
    scratch.file("slopes", &device(3));
    assert_eq!(hge(&["resume", &run]).status.code(), Some(2));
    assert_eq!(outcome(&["replay", &run]).0, Some(0));
}

#[test]
fn a_run_that_followed_its_device_is_not_resumed() {
    let scratch = Scratch::new("refusals-followed");
    let run = scratch.path("run");
    let track = ["track", "experiments/short.toml", "--epochs", "100000", "-o", &run];
    assert!(kill_at(&run, 60_000, &track));
    let before = (content(&run, "provenance.json"), log_bytes(&run));
    for options in [&[][..], &["--as-it-is"]] {
        let message = refusal(&[&["resume", &run], options].concat());
        assert!(message.contains(&run) && message.contains("followed"), "{message}");
    }
    assert_eq!((content(&run, "provenance.json"), log_bytes(&run)), before);
}

#[test]
fn a_simulated_run_does_not_go_on_at_a_link() {
    let scratch = Scratch::new("refusals-link");
    let run = scratch.killed("run", 100_000, &[]);
    let message = refusal(&["resume", &run, "--link", "tcp:127.0.0.1:9"]);
    assert!(message.contains(&run) && message.contains("sim"), "{message}");
}

#[test]
fn a_folder_that_is_no_run_is_named_by_every_command() {
    let scratch = Scratch::new("refusals-none");
    for name in ["missing", "empty", "file"] {
        let path = scratch.path(name);
        match name {
            "empty" => std::fs::create_dir(&path).expect("a folder"),
            "file" => std::fs::write(&path, "text").expect("a file"),
            _ => {}
        }
        for arguments in [
            &["resume", &path][..],
            &["replay", &path],
            &["report", &path],
            &["export", &path, "--format", "npz"],
        ] {
            let message = refusal(arguments);
            assert!(message.contains(&path), "{arguments:?}: {message}");
        }
    }
    let listed = json(&["runs", scratch.folder().to_str().expect("text")]);
    assert_eq!(listed, serde_json::json!({ "runs": [], "unreadable": [] }));
}
