//! Logs that fill more than one file.

use hge_driver::TraceEvent;
use hge_record::log::Log;
use hge_record::reader::LogReader;
use hge_record::{Item, Topic};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder, removed with the guard.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hge-log-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a writable temporary directory");
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Values that tell an item from every other.
fn values(item: u32, words: u32) -> Vec<u32> {
    (0..words).map(|word| item.wrapping_mul(0x9e37_79b9) ^ word).collect()
}

/// Appends `items` of `words` each, from the number `first` on, a chunk each.
fn append(log: &mut Log, first: u32, items: u32, words: u32) {
    for item in first..first + items {
        let event = TraceEvent::Read { address: 7, values: &values(item, words) };
        log.append(event).expect("a writable log");
        log.flush().expect("a writable log");
    }
}

/// Compares all items of the log with what was appended, and returns the number of its files.
fn check(folder: &Path, items: u32, words: u32) -> usize {
    let mut reader = LogReader::open(folder).expect("a log");
    let mut next = || loop {
        match reader.next_item().expect("a sound log") {
            Some(Item::Note { topic: Topic::Resumed, .. }) => {}
            item => break item,
        }
    };
    for item in 0..items {
        let expected = Item::Read { address: 7, values: values(item, words) };
        assert!(next() == Some(expected), "item {item}");
    }
    assert_eq!(next(), None);
    assert_eq!(reader.cut(), None);
    fs::read_dir(folder).expect("a folder").count()
}

#[test]
fn a_log_beyond_64_mb_continues_in_a_second_file_and_is_read_as_one() {
    let scratch = Scratch::new("bytes");
    let (items, words) = (320, 1 << 16);
    let mut log = Log::create(&scratch.0).expect("a new log");
    append(&mut log, 0, items, words);
    log.finish().expect("a writable log");
    assert_eq!(check(&scratch.0, items, words), 2);
    let bytes = fs::metadata(scratch.0.join("00001.mcap")).expect("the first file").len();
    assert!((64 << 20..65 << 20).contains(&bytes), "{bytes}");
}

#[test]
fn a_log_of_more_than_16384_chunks_continues_in_a_second_file() {
    let scratch = Scratch::new("chunks");
    let items = 16_400;
    let mut log = Log::create(&scratch.0).expect("a new log");
    append(&mut log, 0, items, 1);
    log.finish().expect("a writable log");
    assert_eq!(check(&scratch.0, items, 1), 2);
}

#[test]
fn a_resumed_log_drops_the_items_behind_those_that_hold_in_every_file() {
    let scratch = Scratch::new("resumed");
    let (held, words) = (100, 1 << 16);
    let mut log = Log::create(&scratch.0).expect("a new log");
    append(&mut log, 0, 320, words);
    log.finish().expect("a writable log");
    // Of the 320 items in two files the first 100 hold, all of them in the first file.
    let (mut log, _) = Log::resume(&scratch.0, 2, u64::from(held), 0).expect("a log to resume");
    append(&mut log, held, 20, words);
    log.finish().expect("a writable log");
    assert_eq!(check(&scratch.0, held + 20, words), 3);
}
