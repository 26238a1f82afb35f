//! Disks that are full, and FIFOs, links and folders in place of a run's files.

use crate::folders::{content, log_bytes, table, Scratch, UNSOLVABLE};
use crate::program::{command, hge, json, outcome, refusal};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Runs a command whose files are limited to `blocks` blocks of 512 bytes, as on a full disk.
fn on_a_full_disk(blocks: u64, arguments: &[&str]) -> Output {
    let hge = command(arguments);
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).arg(hge.get_program()).args(hge.get_args());
    // The profile of a build that measures coverage is a file as well.
    shell.env("LLVM_PROFILE_FILE", "/dev/null");
    shell.current_dir(hge.get_current_dir().expect("a folder")).output().expect("sh starts")
}

/// What a command prints that waits for no reader or writer of a FIFO.
fn ended_at_once(arguments: &[&str]) -> Output {
    let mut command = command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("hge starts");
    let begun = Instant::now();
    while child.try_wait().expect("it was started").is_none() {
        if begun.elapsed() > Duration::from_secs(20) {
            let _ = child.kill();
            panic!("{arguments:?} waits");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.wait_with_output().expect("it has ended")
}

/// The one sentence of a command that refuses without waiting.
fn refused_at_once(arguments: &[&str]) -> String {
    let output = ended_at_once(arguments);
    let message = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {message}");
    assert_eq!(message.trim_end().lines().count(), 1, "{arguments:?}: {message}");
    message
}

/// Trains on a disk that fills up, goes on with room, and compares with a run that had room at once.
fn filled_up(scratch: &Scratch, whole: &str, blocks: u64, options: &[&str]) {
    let (expected, rows) = (content(whole, "outcome.json"), table(whole));
    let (file, run) = (scratch.path("unsolvable.toml"), scratch.path(&format!("full-{blocks}")));
    let output = on_a_full_disk(blocks, &[&["train", &file, "-o", &run], options].concat());
    let message = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{blocks} blocks: {message}");
    assert_eq!(message.trim_end().lines().count(), 1, "{blocks} blocks: {message}");
    assert!(message.contains(&run), "{blocks} blocks: {message}");
    assert!(!message.contains("compress"), "{blocks} blocks: {message}");
    assert!(!Path::new(&run).join("outcome.json").exists(), "{blocks} blocks");
    let before = table(&run);
    assert!(rows.starts_with(&before), "{blocks} blocks: {before:?}");
    let (code, replayed) = outcome(&["replay", &run]);
    assert_eq!(replayed["agrees"], true, "{blocks} blocks: {replayed}");
    let all = before.len() == rows.len() && code == Some(0);
    assert!(all || code == Some(2), "{blocks} blocks: {replayed}");
    // The disk is still full, then it has room again.
    assert_eq!(on_a_full_disk(blocks / 16, &["resume", &run]).status.code(), Some(1));
    let resumed = hge(&["resume", &run]);
    assert_eq!(resumed.status.code(), Some(2), "{blocks} blocks: {resumed:?}");
    assert_eq!(content(&run, "outcome.json"), expected, "{blocks} blocks");
    assert_eq!(table(&run), rows, "{blocks} blocks");
    assert_eq!(outcome(&["replay", &run]).0, Some(0), "{blocks} blocks");
}

#[test]
fn a_training_on_a_disk_that_fills_up_loses_nothing_that_was_complete() {
    let scratch = Scratch::new("storage-full");
    let whole = scratch.finished("whole", &[]);
    let log = log_bytes(&whole) / 512;
    for blocks in [log / 8, log / 3, log / 2] {
        filled_up(&scratch, &whole, blocks, &[]);
    }
}

#[test]
fn a_disk_without_room_for_the_report_leaves_a_run_that_goes_on() {
    let scratch = Scratch::new("storage-report");
    let whole = scratch.finished("whole", &["--restarts", "1"]);
    let log = log_bytes(&whole) / 512;
    let report = content(&whole, "report.html").len() as u64 / 512;
    assert!(report > log + 200, "{log} and {report} blocks");
    filled_up(&scratch, &whole, (log + report) / 2, &["--restarts", "1"]);
}

#[test]
fn a_disk_that_is_full_at_once_leaves_a_folder_that_a_training_can_take_again() {
    let scratch = Scratch::new("storage-begin");
    let (file, run) = (scratch.file("unsolvable.toml", UNSOLVABLE), scratch.path("run"));
    for blocks in [0, 1, 2, 4, 8] {
        let output = on_a_full_disk(blocks, &["train", &file, "-o", &run, "--restarts", "1"]);
        let message = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(1), "{blocks} blocks: {message}");
        assert!(message.contains(&run), "{blocks} blocks: {message}");
        if Path::new(&run).join("provenance.json").exists() {
            // The run had begun.
            assert_eq!(hge(&["resume", &run]).status.code(), Some(2), "{blocks} blocks");
            std::fs::remove_dir_all(&run).expect("it was written");
        }
    }
    let trained = hge(&["train", &file, "-o", &run, "--restarts", "1"]);
    assert_eq!(trained.status.code(), Some(2), "{trained:?}");
}

#[test]
fn a_fifo_or_a_folder_in_place_of_a_file_is_refused_at_once() {
    let scratch = Scratch::new("storage-kinds");
    let run = scratch.calibrated("runs/run");
    let listed = scratch.path("runs");
    for name in
        ["experiment.toml", "calibration.json", "provenance.json", "outcome.json", "log/00001.mcap"]
    {
        let path = Path::new(&run).join(name);
        let whole = content(&run, name);
        for kind in ["fifo", "folder"] {
            std::fs::remove_file(&path).expect("it was written");
            match kind {
                "fifo" => {
                    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success())
                }
                _ => std::fs::create_dir(&path).expect("a folder"),
            }
            for arguments in [
                &["replay", &run][..],
                &["resume", &run],
                &["report", &run],
                &["export", &run, "--format", "csv"],
            ] {
                let message = refused_at_once(arguments);
                assert!(message.contains(path.to_str().expect("text")), "{kind}: {message}");
            }
            let unreadable = &json(&["runs", &listed])["unreadable"][0];
            let sentence = unreadable.as_str().unwrap_or_default();
            assert!(sentence.contains(path.to_str().expect("text")), "{kind}: {sentence}");
            match kind {
                "fifo" => std::fs::remove_file(&path).expect("it was made"),
                _ => std::fs::remove_dir(&path).expect("it was made"),
            }
            std::fs::write(&path, &whole).expect("a writable file");
        }
    }
    assert_eq!(outcome(&["replay", &run]).0, Some(0));
}

#[test]
fn a_fifo_or_a_link_in_place_of_the_lock_neither_waits_nor_is_written_through() {
    let scratch = Scratch::new("storage-lock");
    let run = scratch.killed("runs/run", 100_000, &[]);
    let lock = Path::new(&run).join("log/lock");
    std::fs::remove_file(&lock).expect("it was written");
    assert!(Command::new("mkfifo").arg(&lock).status().expect("mkfifo").success());
    let message = refused_at_once(&["resume", &run]);
    assert!(message.contains(lock.to_str().expect("text")), "{message}");
    let listed = ended_at_once(&["runs", &scratch.path("runs"), "--json"]);
    assert_eq!(listed.status.code(), Some(0), "{listed:?}");
    assert!(String::from_utf8_lossy(&listed.stdout).contains("cut-off"), "{listed:?}");
    std::fs::remove_file(&lock).expect("it was made");
    let mine = scratch.file("mine", "kept");
    symlink(&mine, &lock).expect("a link");
    let message = refused_at_once(&["resume", &run]);
    assert!(message.contains(lock.to_str().expect("text")), "{message}");
    assert_eq!(std::fs::read_to_string(&mine).expect("it is kept"), "kept");
    std::fs::remove_file(&lock).expect("it was made");
    assert_eq!(hge(&["resume", &run]).status.code(), Some(2));
}

#[test]
fn links_in_place_of_files_that_are_written_are_replaced() {
    let scratch = Scratch::new("storage-links");
    let run = scratch.killed("run", 100_000, &[]);
    let mine = scratch.file("mine", "kept");
    let written = ["data.npz", "report.html", "epochs.csv"];
    for name in written {
        symlink(&mine, Path::new(&run).join(name)).expect("a link");
    }
    symlink(scratch.path("nowhere"), Path::new(&run).join("outcome.json")).expect("a link");
    assert_eq!(hge(&["resume", &run]).status.code(), Some(2));
    json(&["export", &run, "--format", "csv"]);
    for name in written.iter().chain(&["outcome.json"]) {
        let about = Path::new(&run).join(name).symlink_metadata().expect("it was written");
        assert!(about.is_file(), "{name} is a file of its own");
    }
    let link = scratch.path("link.csv");
    symlink(&mine, &link).expect("a link");
    json(&["export", &run, "--format", "csv", "-o", &link]);
    assert!(Path::new(&link).symlink_metadata().expect("it was written").is_file());
    assert_eq!(std::fs::read(&link).expect("a table"), content(&run, "epochs.csv"));
    assert_eq!(std::fs::read_to_string(&mine).expect("it is kept"), "kept");
    assert!(!Path::new(&scratch.path("nowhere")).exists());
    assert_eq!(outcome(&["replay", &run]).0, Some(0));
}

#[test]
fn a_place_that_cannot_be_written_is_one_sentence() {
    let scratch = Scratch::new("storage-place");
    let run = scratch.finished("run", &["--restarts", "1"]);
    let file = scratch.path("unsolvable.toml");
    scratch.file("text", "text");
    let below = scratch.path("text/run");
    assert!(refusal(&["train", &file, "-o", &below]).contains(&below));
    for place in ["/dev/full", "/proc/x", &scratch.path("missing/table"), &below] {
        for format in ["csv", "npz"] {
            let message = refusal(&["export", &run, "--format", format, "-o", place]);
            assert!(message.contains(place), "{message}");
        }
    }
}
