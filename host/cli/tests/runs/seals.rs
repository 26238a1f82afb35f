//! A file counts only where it agrees with its seal in the log.

use crate::folders::{content, dice, Scratch};
use crate::program::{hge, json, outcome, refusal};
use rand::Rng;
use serde_json::Value;
use std::path::Path;

/// Files that are compared with their seals.
const SEALED: [&str; 4] =
    ["experiment.toml", "calibration.json", "provenance.json", "outcome.json"];

/// Files of which nothing is read again.
const DERIVED: [&str; 2] = ["data.npz", "report.html"];

/// What the three commands that show a run print about it, or how they refuse it.
fn shown(run: &str) -> [Result<Value, String>; 3] {
    let folder = Path::new(run).parent().and_then(Path::to_str).expect("text");
    let message = |arguments: &[&str]| {
        let output = hge(&[arguments, &["--json"]].concat());
        match output.status.code() {
            Some(0 | 2) => Ok(serde_json::from_slice(&output.stdout).expect("an object")),
            Some(1) => Err(String::from_utf8(output.stderr).expect("text")),
            other => panic!("{arguments:?} ended with {other:?}: {output:?}"),
        }
    };
    let listed = message(&["runs", folder]);
    let listed = listed.and_then(|listed: Value| match listed["unreadable"].get(0) {
        Some(sentence) => Err(sentence.as_str().expect("text").to_owned()),
        None => Ok(listed),
    });
    [message(&["replay", run]), message(&["resume", run]), listed]
}

#[test]
fn each_of_300_flipped_bits_of_a_finished_run_is_noticed_or_changes_nothing_that_is_shown() {
    let scratch = Scratch::new("seals-flips");
    let run = scratch.calibrated("runs/run");
    let before = shown(&run);
    assert!(before.iter().all(Result::is_ok), "{before:?}");
    let log = "log/00001.mcap";
    let files: Vec<&str> = [&SEALED[..], &DERIVED, &[log, log]].concat();
    let mut dice = dice(7);
    let (mut noticed, mut silent) = (0, 0);
    for flip in 0..300 {
        // Each file as often as any other, so that small ones are hit often.
        let name = files[flip % files.len()];
        let whole = content(&run, name);
        // Half of the flips of the log are among its first records, or at its end.
        let byte = match (name == log, flip % 4) {
            (true, 0) => dice.random_range(0..4000),
            (true, 1) => dice.random_range(whole.len() - 4000..whole.len()),
            _ => dice.random_range(0..whole.len()),
        };
        let bit = dice.random_range(0..8);
        let what = format!("flip {flip}: bit {bit} of byte {byte} of {name}");
        let mut flipped = whole.clone();
        flipped[byte] ^= 1 << bit;
        let path = Path::new(&run).join(name);
        std::fs::write(&path, &flipped).expect("a writable file");
        for (after, before) in shown(&run).iter().zip(&before) {
            match after {
                Ok(_) => {
                    assert_eq!(after, before, "{what}");
                    assert!(!SEALED.contains(&name), "{what} went unnoticed");
                    silent += 1;
                }
                Err(message) => {
                    assert!(message.contains(&run), "{what}: {message}");
                    assert!(!DERIVED.contains(&name), "{what}: {message}");
                    noticed += 1;
                }
            }
        }
        std::fs::write(&path, &whole).expect("a writable file");
    }
    println!("{noticed} answers named the damage, {silent} were as before");
    assert_eq!(shown(&run), before, "the flips were taken back");
}

#[test]
fn an_edited_missing_or_added_file_is_named_by_every_command() {
    let scratch = Scratch::new("seals-edits");
    let run = scratch.calibrated("runs/run");
    let folder = scratch.path("runs");
    let named = |file: &str, what: &str| {
        for arguments in [
            &["replay", &run][..],
            &["resume", &run],
            &["report", &run],
            &["export", &run, "--format", "csv"],
        ] {
            let message = refusal(arguments);
            assert!(message.contains(file), "{what}, {arguments:?}: {message}");
        }
        let listed = json(&["runs", &folder]);
        let sentence = listed["unreadable"][0].as_str().unwrap_or_default();
        assert!(sentence.contains(file), "{what}: {listed}");
    };
    for name in SEALED {
        let path = Path::new(&run).join(name);
        let whole = content(&run, name);
        let more = [&whole[..], b"\n"].concat();
        let less = &whole[..whole.len() - 1];
        for (content, what) in [(&more[..], "a line more"), (less, "a byte less"), (b"", "empty")] {
            std::fs::write(&path, content).expect("a writable file");
            named(name, what);
        }
        // Without its outcome a run is one that was cut off.
        if name != "outcome.json" && name != "provenance.json" {
            std::fs::remove_file(&path).expect("it was written");
            named(name, "removed");
        }
        std::fs::write(&path, whole).expect("a writable file");
    }
    assert!(shown(&run).iter().all(Result::is_ok));
}

#[test]
fn a_calibration_that_a_run_never_had_is_named() {
    let scratch = Scratch::new("seals-added");
    let calibrated = scratch.calibrated("calibrated");
    let run = scratch.finished("run", &["--restarts", "1"]);
    let added = Path::new(&run).join("calibration.json");
    std::fs::copy(Path::new(&calibrated).join("calibration.json"), &added).expect("a copy");
    for command in ["replay", "resume", "report"] {
        let message = refusal(&[command, &run]);
        assert!(message.contains(added.to_str().expect("text")), "{command}: {message}");
    }
}

#[test]
fn files_of_another_run_are_named() {
    let scratch = Scratch::new("seals-mixed");
    let a = scratch.finished("runs/a", &["--restarts", "1"]);
    let b = scratch.finished("runs/b", &["--restarts", "1", "--seed", "2"]);
    let cut = scratch.killed("runs/cut", 100_000, &["--restarts", "100"]);
    for run in [&b, &cut] {
        for name in ["outcome.json", "experiment.toml", "provenance.json"] {
            let path = Path::new(run).join(name);
            let whole = std::fs::read(&path).ok();
            std::fs::copy(Path::new(&a).join(name), &path).expect("a copy");
            for command in ["resume", "replay", "report"] {
                let message = refusal(&[command, run]);
                assert!(message.contains(path.to_str().expect("text")), "{command}: {message}");
            }
            let listed = json(&["runs", &scratch.path("runs")]);
            let sentence = listed["unreadable"][0].as_str().unwrap_or_default();
            assert!(sentence.contains(path.to_str().expect("text")), "{listed}");
            assert_eq!(listed["runs"].as_array().map(Vec::len), Some(2), "{listed}");
            match whole {
                Some(whole) => std::fs::write(&path, whole).expect("a writable file"),
                None => std::fs::remove_file(&path).expect("it was copied"),
            }
        }
    }
    assert_eq!(outcome(&["replay", &a]).0, Some(0));
    assert_eq!(outcome(&["replay", &b]).0, Some(0));
    let log = Path::new(&b).join("log/00001.mcap");
    std::fs::copy(Path::new(&a).join("log/00001.mcap"), log).expect("a copy");
    for command in ["resume", "replay", "report"] {
        assert!(refusal(&[command, &b]).contains(&b), "{command}");
    }
}

#[test]
fn a_complete_run_without_its_outcome_is_one_that_goes_on_to_the_same_outcome() {
    let scratch = Scratch::new("seals-removed");
    let run = scratch.calibrated("run");
    let expected = content(&run, "outcome.json");
    std::fs::remove_file(Path::new(&run).join("outcome.json")).expect("it was written");
    let listed = json(&["runs", scratch.folder().to_str().expect("text")]);
    assert_eq!(listed["runs"][0]["standing"], "cut-off", "{listed}");
    assert!(matches!(hge(&["resume", &run]).status.code(), Some(0 | 2)));
    assert_eq!(content(&run, "outcome.json"), expected);
    assert_eq!(outcome(&["replay", &run]).0, Some(0));
}

#[test]
fn a_provenance_of_an_earlier_sitting_counts_only_while_the_run_is_not_complete() {
    let scratch = Scratch::new("seals-stale");
    let run = scratch.killed("run", 100_000, &[]);
    let earlier = content(&run, "provenance.json");
    assert_eq!(hge(&["resume", &run]).status.code(), Some(2));
    let path = Path::new(&run).join("provenance.json");
    std::fs::write(&path, earlier).expect("a writable file");
    for command in ["replay", "resume", "report"] {
        let message = refusal(&[command, &run]);
        assert!(message.contains(path.to_str().expect("text")), "{command}: {message}");
    }
    // As a program leaves it that is killed between a seal and its file.
    let expected = content(&run, "outcome.json");
    std::fs::remove_file(Path::new(&run).join("outcome.json")).expect("it was written");
    assert_eq!(hge(&["resume", &run]).status.code(), Some(2));
    assert_eq!(content(&run, "outcome.json"), expected);
    assert_eq!(outcome(&["replay", &run]).0, Some(0));
}
