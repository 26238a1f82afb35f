//! Of a log that was cut anywhere exactly the whole chunks are read.

use crate::chunks::{ends_with, messages, whole_bytes, Message};
use crate::folders::{dice, epochs, table, Scratch};
use crate::program::outcome;
use hge_record::reader::LogReader;
use hge_record::{Item, Topic};
use rand::Rng;
use std::fs::OpenOptions;
use std::path::Path;

/// Texts of the epochs among these messages.
fn epochs_of(messages: &[Message]) -> Vec<String> {
    let epochs = messages.iter().filter(|(topic, _)| topic == "epoch");
    epochs.map(|(_, text)| String::from_utf8(text.clone()).expect("JSON")).collect()
}

fn shorten(log: &Path, bytes: usize) {
    let file = OpenOptions::new().write(true).open(log).expect("the log");
    file.set_len(bytes as u64).expect("a shorter file");
}

#[test]
fn of_a_log_cut_at_500_random_bytes_every_whole_chunk_is_read() {
    let scratch = Scratch::new("cut");
    let run = scratch.finished("run", &["--restarts", "3"]);
    let log = Path::new(&run).join("log/00001.mcap");
    let whole = std::fs::read(&log).expect("the log");
    let mut dice = dice(3);
    let mut lengths: Vec<usize> = (0..500).map(|_| dice.random_range(0..whole.len())).collect();
    // The beginning has many short records, and a length of each of its first bytes.
    lengths.extend(0..64);
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    for length in lengths {
        shorten(&log, length);
        let expected = messages(&whole[..length]);
        let mut reader = LogReader::open(log.parent().expect("a folder")).expect("a log");
        let mut read = Vec::new();
        while let Some(item) =
            reader.next_item().unwrap_or_else(|error| panic!("{length}: {error}"))
        {
            if let Item::Note { topic: Topic::Epoch, text } = item {
                read.push(text);
            }
        }
        let items = expected.iter().filter(|(topic, _)| topic != "seal").count();
        assert_eq!(reader.items(), items as u64, "{length} bytes");
        assert_eq!(read, epochs_of(&expected), "{length} bytes");
        let cut = reader.cut().unwrap_or_else(|| panic!("{length} bytes are not all"));
        assert_eq!(cut.bytes, whole_bytes(&whole[..length]) as u64, "{length} bytes");
        assert_eq!(cut.file, log);
    }
}

#[test]
fn a_killed_run_that_is_cut_further_is_exported_and_replayed_up_to_its_last_whole_chunk() {
    let scratch = Scratch::new("cut-killed");
    let run = scratch.killed("run", 600_000, &["--restarts", "100"]);
    let log = Path::new(&run).join("log/00001.mcap");
    let whole = std::fs::read(&log).expect("the log");
    let sealed = ends_with(&whole, "seal")[0];
    let mut dice = dice(4);
    let mut lengths: Vec<usize> = (0..20).map(|_| dice.random_range(sealed..whole.len())).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    for length in lengths {
        shorten(&log, length);
        let expected = epochs_of(&messages(&whole[..length]));
        let numbers: Vec<(u32, u32)> = expected
            .iter()
            .map(|text| {
                let epoch: serde_json::Value = serde_json::from_str(text).expect("JSON");
                let number = |key: &str| epoch[key].as_u64().expect("a number") as u32;
                (number("restart"), number("epoch"))
            })
            .collect();
        assert_eq!(epochs(&table(&run)), numbers, "{length} bytes");
        let (code, replayed) = outcome(&["replay", &run]);
        assert_eq!(code, Some(2), "{length} bytes: {replayed}");
        assert_eq!(replayed["epochs"], expected.len(), "{length} bytes: {replayed}");
        assert_eq!(replayed["complete"], false, "{length} bytes: {replayed}");
        let bytes = whole_bytes(&whole[..length]);
        assert_eq!(replayed["cut"]["bytes"], bytes, "{length} bytes: {replayed}");
    }
}

#[test]
fn blocks_of_zeros_behind_a_killed_log_are_a_cut() {
    let scratch = Scratch::new("cut-zeros");
    let run = scratch.killed("run", 200_000, &["--restarts", "6"]);
    let log = Path::new(&run).join("log/00001.mcap");
    let whole = std::fs::read(&log).expect("the log");
    let cut = whole_bytes(&whole) - 1;
    for zeros in [512, 4096, 100_000] {
        let mut padded = whole[..cut].to_vec();
        padded.resize(cut + zeros, 0);
        std::fs::write(&log, &padded).expect("a writable log");
        let (code, replayed) = outcome(&["replay", &run]);
        assert_eq!(code, Some(2), "{zeros} zeros: {replayed}");
        assert_eq!(replayed["agrees"], true, "{zeros} zeros: {replayed}");
        assert!(replayed["cut"].is_object(), "{zeros} zeros: {replayed}");
    }
    assert_eq!(crate::program::hge(&["resume", &run]).status.code(), Some(2));
    assert_eq!(outcome(&["replay", &run]).0, Some(0));
}
