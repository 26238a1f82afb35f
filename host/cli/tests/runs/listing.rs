//! `hge runs` and the latest run; what two equal runs have in common.

use crate::folders::{content, Scratch, UNSOLVABLE};
use crate::program::{command, json};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use zip::ZipArchive;

/// Arrays of `data.npz` that docs/runs.md names as different between two equal runs.
const DIFFERENT: [&str; 3] = ["waveform_na", "spectrum_na", "path"];

#[test]
fn runs_that_began_within_a_second_are_listed_oldest_first_and_the_last_one_is_the_latest() {
    let scratch = Scratch::new("listing-order");
    let file = scratch.file("unsolvable.toml", UNSOLVABLE);
    let runs = scratch.path("runs");
    let mut made = Vec::new();
    // Names in another order than the runs.
    for name in ["m", "z", "a", "k", "b", "y", "c"] {
        let run = format!("{runs}/{name}");
        let mut train = command(&["train", &file, "--restarts", "1", "--epochs", "2", "-o", &run]);
        assert_eq!(train.output().expect("hge starts").status.code(), Some(2));
        made.push(run);
    }
    let listed = json(&["runs", &runs]);
    let order: Vec<&str> = listed["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .filter_map(|run| run["run"].as_str())
        .collect();
    assert_eq!(order, made);
    let report = command(&["report", "--json"]).env("HGE_RUNS", &runs).output();
    let report = report.expect("hge starts").stdout;
    let report: serde_json::Value = serde_json::from_slice(&report).expect("an object");
    assert_eq!(report["report"], format!("{runs}/c/report.html"));
}

#[test]
fn runs_without_a_name_of_their_own_in_one_second_have_folders_of_their_own_in_order() {
    let scratch = Scratch::new("listing-claimed");
    let file = scratch.file("unsolvable.toml", UNSOLVABLE);
    let runs = scratch.path("runs");
    let mut made = Vec::new();
    for _ in 0..12 {
        let mut train = command(&["train", &file, "--restarts", "1", "--epochs", "2", "--json"]);
        let output = train.env("HGE_RUNS", &runs).output().expect("hge starts");
        let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).expect("an object");
        made.push(outcome["run"].clone());
    }
    let listed = json(&["runs", &runs]);
    let order: Vec<_> =
        listed["runs"].as_array().expect("runs").iter().map(|run| run["run"].clone()).collect();
    assert_eq!(order, made);
}

#[test]
fn a_folder_whose_name_is_not_utf_8_is_listed_and_the_others_with_it() {
    let scratch = Scratch::new("listing-bytes");
    let run = scratch.finished("runs/run", &["--restarts", "1"]);
    let strange = Path::new(&scratch.path("runs")).join(OsStr::from_bytes(b"bad-\xff-name"));
    std::fs::rename(scratch.copy(&run, "copy"), &strange).expect("a name of bytes");
    let listed = json(&["runs", &scratch.path("runs")]);
    let names: Vec<&str> = listed["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .filter_map(|run| run["run"].as_str())
        .collect();
    assert_eq!(names.len(), 2, "{listed}");
    assert!(names.contains(&run.as_str()), "{listed}");
    assert!(names.iter().any(|name| name.contains("bad-") && name.contains("-name")), "{listed}");
    let text = command(&["runs", &scratch.path("runs")]).output().expect("hge starts");
    assert!(String::from_utf8(text.stdout).expect("text").contains("bad-"));
    for arguments in [
        &["replay", "--json"][..],
        &["report", "--json"],
        &["export", "--format", "csv", "--json"],
        &["resume", "--json"],
    ] {
        let output = command(arguments).arg(&strange).output().expect("hge starts");
        assert!(matches!(output.status.code(), Some(0 | 2)), "{arguments:?}: {output:?}");
        let object: Result<serde_json::Value, _> = serde_json::from_slice(&output.stdout);
        assert!(object.is_ok_and(|object| object.is_object()), "{arguments:?}: {output:?}");
    }
}

#[test]
fn the_arrays_of_two_equal_runs_are_equal_but_for_those_that_the_page_on_runs_names() {
    let scratch = Scratch::new("listing-equal");
    let (a, b) = (scratch.calibrated("a"), scratch.calibrated("b"));
    assert_eq!(content(&a, "outcome.json"), content(&b, "outcome.json"));
    assert_eq!(content(&a, "experiment.toml"), content(&b, "experiment.toml"));
    let page = include_str!("../../../../docs/runs.md");
    let sentence =
        page.lines().find(|line| line.contains("runs of one experiment have equal arrays"));
    let sentence = sentence.expect("a sentence about two runs");
    let arrays = |run: &str| -> BTreeMap<String, Vec<u8>> {
        let file = File::open(Path::new(run).join("data.npz")).expect("arrays");
        let mut archive = ZipArchive::new(file).expect("an archive");
        let count = archive.len();
        let entry = |index| {
            let mut entry = archive.by_index(index).expect("an entry");
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("an array");
            (entry.name().trim_end_matches(".npy").to_owned(), bytes)
        };
        (0..count).map(entry).collect()
    };
    let (a, b) = (arrays(&a), arrays(&b));
    assert!(a.keys().eq(b.keys()) && a.len() > 20, "{:?}", a.keys());
    for (name, array) in &a {
        match DIFFERENT.contains(&name.as_str()) {
            true => assert!(sentence.contains(&format!("`{name}`")), "{name}: {sentence}"),
            false => assert!(*array == b[name], "{name} differs"),
        }
    }
}
