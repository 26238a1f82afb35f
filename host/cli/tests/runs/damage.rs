//! Damage of a log is named by every command that reads it, and never taken for a cut.

use crate::chunks::{ends_with, records, whole_bytes, Span, CHUNK};
use crate::folders::{dice, Scratch};
use crate::program::{hge, json, outcome, refusal};
use rand::Rng;
use std::path::Path;

/// Whether every command that reads the run refuses it and names a file of it. `resume` comes last, since it would go on with a run that was only cut.
fn assert_refused(run: &str, what: &str) {
    let folder = Path::new(run).parent().and_then(Path::to_str).expect("text");
    let table = format!("{run}.csv");
    for arguments in [
        &["replay", run][..],
        &["report", run],
        &["export", run, "--format", "csv", "-o", &table],
        &["export", run, "--format", "npz"],
        &["resume", run],
    ] {
        let message = refusal(arguments);
        assert!(message.contains(&format!("{run}/")), "{what}, {arguments:?}: {message}");
    }
    assert!(!Path::new(&table).exists(), "{what}: nothing of it is exported");
    let listed = json(&["runs", folder]);
    let unreadable = listed["unreadable"].as_array().expect("sentences");
    let named = unreadable.iter().filter(|sentence| {
        sentence.as_str().is_some_and(|sentence| sentence.contains(&format!("{run}/")))
    });
    assert_eq!(named.count(), 1, "{what}: {listed}");
    let runs = listed["runs"].as_array().expect("runs");
    assert!(runs.iter().all(|listed| listed["run"] != run), "{what}: {listed}");
    assert!(!runs.is_empty(), "{what}: the run beside it is listed");
    let text = hge(&["runs", folder]);
    assert_eq!(text.status.code(), Some(0));
    let text = String::from_utf8(text.stdout).expect("text");
    assert!(unreadable.iter().all(|sentence| text.contains(sentence.as_str().expect("text"))));
}

#[test]
fn a_complete_run_whose_log_is_emptied_shortened_or_missing_is_damaged() {
    let scratch = Scratch::new("damage-complete");
    let run = scratch.calibrated("run");
    scratch.copy(&run, "beside");
    let log = Path::new(&run).join("log/00001.mcap");
    let whole = std::fs::read(&log).expect("the log");
    let mut dice = dice(5);
    let mut lengths: Vec<usize> = (0..8).map(|_| dice.random_range(1..whole.len())).collect();
    // Between records, and within the index.
    let spans = records(&whole);
    lengths.extend([0, 8, spans[spans.len() / 2].end, whole.len() - 100, whole.len() - 1]);
    for length in lengths {
        std::fs::write(&log, &whole[..length]).expect("a writable log");
        assert_refused(&run, &format!("{length} of {} bytes", whole.len()));
    }
    std::fs::remove_file(&log).expect("it was written");
    assert_refused(&run, "the file is missing");
    std::fs::write(&log, [&whole[..], b"more"].concat()).expect("a writable log");
    assert_refused(&run, "bytes behind the end");
    std::fs::write(&log, &whole).expect("a writable log");
    assert_eq!(outcome(&["replay", &run]).0, Some(0));
}

#[test]
fn a_run_that_was_resumed_needs_every_file_of_its_log() {
    let scratch = Scratch::new("damage-files");
    let run = scratch.killed("run", 200_000, &[]);
    assert_eq!(hge(&["resume", &run]).status.code(), Some(2));
    scratch.copy(&run, "beside");
    for file in ["log/00001.mcap", "log/00002.mcap"] {
        let path = Path::new(&run).join(file);
        let whole = std::fs::read(&path).expect("a log");
        // The end of a killed file may be torn, half of it and more: what counts ends with its last whole chunk.
        let mut chunks = records(&whole).into_iter().filter(|span| span.opcode == CHUNK);
        let last = chunks.next_back().expect("a chunk");
        for length in [0, 8, last.end / 2, last.begin, last.end - 1] {
            std::fs::write(&path, &whole[..length]).expect("a writable log");
            assert_refused(&run, &format!("{length} bytes of {file}"));
        }
        std::fs::remove_file(&path).expect("it was written");
        assert_refused(&run, &format!("without {file}"));
        if file.ends_with("00001.mcap") {
            // The last file may be one that there never was.
            let message = refusal(&["replay", &run]);
            assert!(message.contains(file) && message.contains("missing"), "{message}");
        }
        std::fs::write(&path, &whole).expect("a writable log");
    }
    assert_eq!(outcome(&["replay", &run]).0, Some(0));
}

#[test]
fn damage_in_the_midst_of_a_killed_run_is_never_taken_for_a_cut() {
    let scratch = Scratch::new("damage-killed");
    let run = scratch.killed("run", 1_000_000, &["--restarts", "1000"]);
    scratch.copy(&run, "beside");
    let log = Path::new(&run).join("log/00001.mcap");
    let torn = std::fs::read(&log).expect("the log");
    // Of the record that the kill came into nothing is read.
    let whole = torn[..whole_bytes(&torn)].to_vec();
    std::fs::write(&log, &whole).expect("a writable log");
    let spans = records(&whole);
    let before = outcome(&["replay", &run]);
    let mut dice = dice(6);
    let mut places: Vec<usize> = (0..40).map(|_| dice.random_range(8..whole.len())).collect();
    // The length of a record, also of the last ones, which then end behind the file.
    let lengths = (0..60).map(|n| {
        let span = match n % 3 {
            0 => spans[spans.len() - 1 - dice.random_range(0..4)],
            _ => spans[dice.random_range(0..spans.len())],
        };
        span.begin + 1 + dice.random_range(0..8)
    });
    places.extend(lengths.collect::<Vec<usize>>());
    let mut unchanged = 0;
    for byte in places {
        let bit = dice.random_range(0..8);
        let mut damaged = whole.clone();
        damaged[byte] ^= 1 << bit;
        std::fs::write(&log, &damaged).expect("a writable log");
        // Indexes, which nothing reads, have no checksum before the file has its end.
        let output = hge(&["replay", &run, "--json"]);
        let what = format!("bit {bit} of byte {byte}");
        match output.status.code() {
            Some(1) => assert!(String::from_utf8_lossy(&output.stderr).contains(&run), "{what}"),
            _ => {
                assert_eq!(outcome(&["replay", &run]), before, "{what}");
                unchanged += 1;
            }
        }
    }
    assert!(unchanged < 20, "{unchanged} of 100 were not noticed");
    // The length of a chunk, every byte of it.
    for chunk in spans.iter().filter(|span| span.opcode == CHUNK) {
        for byte in chunk.begin + 1..chunk.begin + 9 {
            let mut damaged = whole.clone();
            damaged[byte] ^= 1 << dice.random_range(0..8);
            std::fs::write(&log, &damaged).expect("a writable log");
            let message = refusal(&["replay", &run]);
            assert!(message.contains("is damaged"), "byte {byte}: {message}");
        }
    }
    for chunk in spans.iter().filter(|span| span.opcode == CHUNK) {
        // Behind opcode and length stand the times of the first and the last message, 8 bytes each, which no command reads.
        let byte = dice.random_range(chunk.begin + 25..chunk.end);
        let mut damaged = whole.clone();
        damaged[byte] ^= 1 << dice.random_range(0..8);
        std::fs::write(&log, &damaged).expect("a writable log");
        assert_refused(&run, &format!("a bit of byte {byte}, in a chunk"));
    }
    let chunks: Vec<&Span> = spans.iter().filter(|span| span.opcode == CHUNK).collect();
    let middle = chunks[chunks.len() / 2];
    let without = [&whole[..middle.begin], &whole[middle.end..]].concat();
    std::fs::write(&log, without).expect("a writable log");
    let output = hge(&["replay", &run]);
    let text = String::from_utf8_lossy(&output.stdout);
    let differs = output.status.code() == Some(2) && text.contains("differ");
    assert!(differs || output.status.code() == Some(1), "a chunk is missing: {text}");
    let mut zeros = whole.clone();
    zeros[middle.begin..middle.end].fill(0);
    std::fs::write(&log, zeros).expect("a writable log");
    assert_refused(&run, "a chunk of zeros");
}

#[test]
fn what_stands_before_the_damage_is_exported_on_demand() {
    let scratch = Scratch::new("damage-export");
    let run = scratch.finished("run", &["--restarts", "40"]);
    let rows = crate::folders::table(&run);
    let log = Path::new(&run).join("log/00001.mcap");
    let mut damaged = std::fs::read(&log).expect("the log");
    let chunks = ends_with(&damaged, "epoch");
    assert!(chunks.len() > 1, "a chunk before the damage and one with it");
    damaged[chunks[1] - 1000] ^= 1;
    std::fs::write(&log, damaged).expect("a writable log");
    let table = scratch.path("table.csv");
    refusal(&["export", &run, "--format", "csv", "-o", &table]);
    json(&["export", &run, "--format", "csv", "-o", &table, "--until-damage"]);
    let text = std::fs::read_to_string(&table).expect("the table");
    let before: Vec<&str> = text.lines().collect();
    assert!((2..rows.len()).contains(&before.len()), "{} of {} rows", before.len(), rows.len());
    assert_eq!(before, rows[..before.len()]);
}
