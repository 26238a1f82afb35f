//! A program that is killed at any moment costs nothing but time.

use crate::folders::{content, dice, kill_at, log_bytes, table, Scratch, UNSOLVABLE};
use crate::program::{command, hge, outcome};
use crate::served::{await_line, lines_of, Served};
use hge_tests::nightly;
use rand::Rng;
use std::path::Path;
use std::process::Stdio;

/// Kills of each loop.
fn kills() -> u32 {
    nightly(100, 2)
}

/// Kills a training when its log has a random size, every other time its first resumption as well, and compares the end with that of a training that was
/// not killed.
fn killed_and_resumed(name: &str, seed: u64, options: &[&str]) {
    let scratch = Scratch::new(name);
    let whole = scratch.finished("whole", options);
    let (expected, rows) = (content(&whole, "outcome.json"), table(&whole));
    let file = scratch.path("unsolvable.toml");
    let mut dice = dice(seed);
    let (mut at_work, mut kills_at_work) = (0, 0);
    for trial in 0..kills() {
        let run = scratch.path(&format!("killed-{trial}"));
        let bytes = dice.random_range(0..log_bytes(&whole));
        let more = dice.random_range(0..log_bytes(&whole) / 4);
        let train = [&["train", &file, "-o", &run], options].concat();
        let killed = kill_at(&run, bytes, &train);
        kills_at_work += u32::from(killed);
        if killed && !Path::new(&run).join("outcome.json").exists() {
            at_work += 1;
            let (code, replayed) = outcome(&["replay", &run]);
            assert_eq!(replayed["agrees"], true, "trial {trial}: {replayed}");
            // Between the end of the log and the file beside it the outcome stands in the log alone.
            let pass = replayed["complete"] == true;
            assert_eq!(code, Some(if pass { 0 } else { 2 }), "trial {trial}: {replayed}");
            if trial % 2 == 1 {
                let bytes = log_bytes(&run) + more;
                kills_at_work += u32::from(kill_at(&run, bytes, &["resume", &run]));
            }
        }
        let resumed = hge(&["resume", &run]);
        assert_eq!(resumed.status.code(), Some(2), "trial {trial} at {bytes}: {resumed:?}");
        assert_eq!(content(&run, "outcome.json"), expected, "trial {trial}, killed at {bytes}");
        assert_eq!(table(&run), rows, "trial {trial}, killed at {bytes}");
        let (code, replayed) = outcome(&["replay", &run]);
        assert_eq!(code, Some(0), "trial {trial}: {replayed}");
        assert_eq!(replayed["complete"], true, "trial {trial}: {replayed}");
        // What was lost was done again.
        assert!(replayed["cut"].is_null(), "trial {trial}: {replayed}");
        assert_eq!(replayed["epochs"], rows.len() - 1, "trial {trial}: {replayed}");
        std::fs::remove_dir_all(&run).expect("it was written");
    }
    println!("{name}: {kills_at_work} kills at work, {at_work} of {} before the end", kills());
    assert!(at_work > 0, "no training was killed before its end");
}

#[test]
fn a_killed_training_of_the_host_loop_goes_on_to_the_same_outcome() {
    killed_and_resumed("host", 1, &["--loop", "host"]);
}

#[test]
fn a_killed_training_of_the_standalone_loop_goes_on_to_the_same_outcome() {
    let restarts = nightly("100", "40");
    killed_and_resumed("standalone", 2, &["--loop", "standalone", "--restarts", restarts]);
}

#[test]
fn a_killed_training_keeps_the_amplitudes_that_it_chose() {
    let scratch = Scratch::new("auto");
    let noisy = UNSOLVABLE.replace("noise_na2_per_hz = 0.0", "noise_na2_per_hz = 2.5e-4");
    let file = scratch.file("auto.toml", &format!("{noisy}[tones]\namplitude = \"auto\"\n"));
    let (whole, run) = (scratch.path("whole"), scratch.path("killed"));
    assert_eq!(hge(&["train", &file, "-o", &whole]).status.code(), Some(2));
    assert!(kill_at(&run, log_bytes(&whole) / 2, &["train", &file, "-o", &run]));
    assert_eq!(content(&run, "experiment.toml"), content(&whole, "experiment.toml"));
    assert_eq!(hge(&["resume", &run]).status.code(), Some(2));
    assert_eq!(content(&run, "outcome.json"), content(&whole, "outcome.json"));
}

#[test]
fn a_replay_tells_where_a_killed_run_was_cut_off_and_is_no_pass() {
    let scratch = Scratch::new("replay");
    let run = scratch.killed("killed", 200_000, &["--restarts", "100"]);
    let log = Path::new(&run).join("log/00001.mcap");
    let bytes = crate::chunks::whole_bytes(&std::fs::read(&log).expect("the log"));
    let (code, replayed) = outcome(&["replay", &run]);
    assert_eq!(code, Some(2), "{replayed}");
    assert_eq!(replayed["cut"]["file"], log.to_str().expect("text"), "{replayed}");
    assert_eq!(replayed["cut"]["bytes"], bytes, "{replayed}");
    let output = hge(&["replay", &run]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stdout).expect("text");
    for part in [&format!("cut off at byte {bytes}"), log.to_str().expect("text"), "does not pass"]
    {
        assert!(text.contains(part), "`{part}` is missing: {text}");
    }
}

#[test]
fn of_a_training_in_real_time_a_kill_costs_no_more_than_the_epoch_it_comes_into() {
    let scratch = Scratch::new("real-time");
    let (file, run) = (scratch.file("unsolvable.toml", UNSOLVABLE), scratch.path("run"));
    let served = Served::new(&[&file, "--tcp", "0", "--keep", "--time", "real"]);
    let mut train = command(&["train", &file, "--link", served.link(), "-o", &run, "--live"]);
    let mut child = train.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("hge starts");
    let lines = lines_of(child.stderr.take().expect("piped"));
    // An epoch takes longer than chunks are apart.
    let seen = loop {
        let line = await_line(&lines, " epoch ");
        let number = line.split_once(" epoch ").and_then(|(_, rest)| rest.split(' ').next());
        let number: u64 = number.and_then(|word| word.parse().ok()).expect("a number");
        if number > 2 {
            break number;
        }
    };
    child.kill().expect("it is not waited for");
    child.wait().expect("it was started");
    let (code, replayed) = outcome(&["replay", &run]);
    assert_eq!(code, Some(2), "{replayed}");
    let kept = replayed["epochs"].as_u64().expect("a number");
    assert!(kept + 1 >= seen, "{kept} of {seen} epochs: {replayed}");
}
