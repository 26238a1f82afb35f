//! An instrument that cannot repeat what was recorded goes on from the state after the last whole epoch.

use crate::folders::{content, epochs, interrupt_at, kill_at, table, Scratch, UNSOLVABLE};
use crate::program::{command, hge, outcome};
use crate::served::{await_line, interrupt, lines_of, Served};
use std::process::Stdio;

/// Whether each epoch of a table follows the one before, or begins the next start.
fn assert_consecutive(table: &[String]) {
    let epochs = epochs(table);
    assert_eq!(epochs.first(), Some(&(1, 1)));
    for pair in epochs.windows(2) {
        let ((start, epoch), next) = (pair[0], pair[1]);
        assert!([(start, epoch + 1), (start + 1, 1)].contains(&next), "{next:?} after {pair:?}");
    }
}

/// Cells of a row without the seconds measured, which the epoch that was lost adds to.
fn without_time(row: &str) -> Vec<&str> {
    let cells = row.split(',').enumerate();
    cells.filter(|(column, _)| *column != 2).map(|(_, cell)| cell).collect()
}

/// Kills and interrupts a training, goes on from its state, and compares with one that went through: the bench has no noise.
fn goes_on(name: &str, bytes: u64, options: &[&str]) {
    let scratch = Scratch::new(name);
    let whole = scratch.finished("whole", options);
    goes_on_as_it_is(&whole, &scratch.killed("killed", bytes, options));
    // An interrupted program leaves the epoch that it was at in the log.
    let (file, interrupted) = (scratch.path("unsolvable.toml"), scratch.path("interrupted"));
    let train = [&["train", &file, "-o", &interrupted], options].concat();
    assert!(interrupt_at(&interrupted, bytes, &train), "it was at work");
    let repeated = scratch.copy(&interrupted, "repeated");
    goes_on_as_it_is(&whole, &interrupted);
    assert_eq!(hge(&["resume", &repeated]).status.code(), Some(2));
    assert_eq!(content(&repeated, "outcome.json"), content(&whole, "outcome.json"));
    assert_eq!(table(&repeated), table(&whole));
    assert_eq!(outcome(&["replay", &repeated]).0, Some(0));
}

fn goes_on_as_it_is(whole: &str, run: &str) {
    let before = table(run);
    let resumed = hge(&["resume", run, "--as-it-is"]);
    assert_eq!(resumed.status.code(), Some(2), "{resumed:?}");
    let (after, expected) = (table(run), table(whole));
    assert_consecutive(&after);
    // The last epoch may stand in the log without the state after it.
    assert_eq!(after[..before.len() - 1], before[..before.len() - 1]);
    assert!(before.len() > 1 && before.len() < after.len(), "{} rows", before.len());
    let cells = |table: &[String]| -> Vec<Vec<String>> {
        let rows = table.iter().map(|row| without_time(row));
        rows.map(|row| row.into_iter().map(str::to_owned).collect()).collect()
    };
    assert_eq!(cells(&after), cells(&expected));
    let figures = |run: &str| -> serde_json::Value {
        let mut outcome: serde_json::Value =
            serde_json::from_slice(&content(run, "outcome.json")).expect("an object");
        outcome.as_object_mut().expect("an object").remove("samples");
        outcome
    };
    assert_eq!(figures(run), figures(whole));
    let (code, replayed) = outcome(&["replay", run]);
    assert_eq!(code, Some(0), "{replayed}");
    assert_eq!(replayed["epochs"], after.len() - 1, "{replayed}");
}

#[test]
fn as_it_is_the_host_loop_goes_on_behind_the_last_whole_epoch() {
    goes_on("state-host", 300_000, &["--loop", "host"]);
}

#[test]
fn as_it_is_the_standalone_loop_goes_on_behind_the_last_whole_run() {
    // Four starts are one run of the gateware and 371 kB of the log: behind 500 kB one is whole, however late its epochs
    // are written behind its frames.
    goes_on("state-standalone", 500_000, &["--loop", "standalone", "--restarts", "40"]);
}

#[test]
fn a_run_on_a_served_instrument_goes_on_there_to_the_same_outcome() {
    let scratch = Scratch::new("state-served");
    let file = scratch.file("unsolvable.toml", UNSOLVABLE);
    let served = Served::new(&[&file, "--tcp", "0", "--keep"]);
    let whole = scratch.path("whole");
    let train = ["train", &file, "--link", served.link(), "-o"];
    assert_eq!(hge(&[&train[..], &[&whole]].concat()).status.code(), Some(2));
    for as_it_is in [false, true] {
        let run = scratch.path(&format!("killed-{as_it_is}"));
        assert!(kill_at(&run, 200_000, &[&train[..], &[&run]].concat()));
        let before = table(&run);
        let options: &[&str] = if as_it_is { &["--as-it-is"] } else { &[] };
        let resumed = hge(&[&["resume", &run], options].concat());
        assert_eq!(resumed.status.code(), Some(2), "{resumed:?}");
        let after = table(&run);
        assert_consecutive(&after);
        assert_eq!(after[..before.len() - 1], before[..before.len() - 1]);
        if !as_it_is {
            assert_eq!(content(&run, "outcome.json"), content(&whole, "outcome.json"));
            assert_eq!(after, table(&whole));
        }
        assert_eq!(outcome(&["replay", &run]).0, Some(0));
    }
}

#[test]
fn a_link_that_does_not_repeat_what_was_recorded_is_refused_in_one_sentence() {
    let scratch = Scratch::new("state-link");
    let file = scratch.file("unsolvable.toml", UNSOLVABLE);
    let other = UNSOLVABLE.replace("linear:3,", "linear:4,");
    let other = scratch.file("other.toml", &other);
    let (served, another) = (
        Served::new(&[&file, "--tcp", "0", "--keep"]),
        Served::new(&[&other, "--tcp", "0", "--keep"]),
    );
    let run = scratch.path("run");
    let train = ["train", &file, "--link", served.link(), "-o", &run];
    assert!(kill_at(&run, 200_000, &train));
    let files = |run: &str| (content(run, "provenance.json"), crate::folders::log_bytes(run));
    let before = files(&run);
    assert_one_plain_sentence(&["resume", &run, "--link", another.link()]);
    assert_eq!(files(&run), before, "a refused resumption leaves the run as it was");
    let resumed = hge(&["resume", &run, "--link", another.link(), "--as-it-is"]);
    assert_eq!(resumed.status.code(), Some(2), "{resumed:?}");
    assert_consecutive(&table(&run));
}

#[test]
fn a_run_interrupted_on_an_instrument_in_real_time_goes_on_or_is_refused_in_one_sentence() {
    let scratch = Scratch::new("state-real");
    let file = scratch.file("real.toml", &UNSOLVABLE.replace("noise_na2_per_hz = 0.0", ""));
    let served = Served::new(&[&file, "--tcp", "0", "--keep", "--time", "real"]);
    let run = scratch.path("run");
    let mut train = command(&["train", &file, "--link", served.link(), "-o", &run, "--live"]);
    let mut child = train.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("hge starts");
    let lines = lines_of(child.stderr.take().expect("piped"));
    await_line(&lines, "epoch");
    interrupt(child.id());
    assert_eq!(child.wait().expect("it was started").code(), Some(1));
    // A device that lives on between two requests has noise of its own.
    assert_one_plain_sentence(&["resume", &run]);
}

/// Whether a command that cannot go on says so in one sentence without types of Rust, and how to go on all the same.
fn assert_one_plain_sentence(arguments: &[&str]) {
    let message = crate::program::refusal(arguments);
    assert!(message.chars().count() < 400, "{} characters: {message}", message.chars().count());
    assert!(message.contains("--as-it-is"), "{message}");
    for part in ["{", "}", "Some(", "Record", "TraceEvent", "RunEvent", "Wrote", "Note", "\""] {
        assert!(!message.contains(part), "`{part}`: {message}");
    }
}
