//! The live view in a terminal, and without one.

use crate::program::{command, outcome};
use crate::served::{await_line, Served, LINEAR};
use crate::terminal::Terminal;
use serde_json::Value;
use std::process::Stdio;

/// A training without end: a linear device never learns XOR.
const ENDLESS: [&str; 7] = ["train", "xor", "--live", "--device", LINEAR, "--restarts", "1000000"];

/// Where runs are recorded.
const RUNS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/runs");

pub fn program(arguments: &[&str]) -> pty_process::blocking::Command {
    pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_hge"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("HGE_RUNS", RUNS)
        .args(arguments)
}

/// Epoch and start as the view shows them.
fn progress(terminal: &Terminal) -> String {
    let text = terminal.text();
    let line = text.lines().find(|line| line.contains("epoch")).unwrap_or("");
    line.split("epoch").nth(1).unwrap_or("").to_owned()
}

fn wait_for_change(terminal: &Terminal) {
    let before = progress(terminal);
    let begun = std::time::Instant::now();
    while progress(terminal) == before {
        assert!(begun.elapsed() < crate::served::PATIENCE, "no epoch: {before}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn the_view_shows_a_training_and_q_disarms_and_gives_the_terminal_back() {
    let mut terminal = Terminal::run(program(&ENDLESS), 100, 30);
    terminal.wait_for("1.5 needed");
    assert!(terminal.is_taken());
    // A picture comes in pieces.
    for part in ["train xor", "loss", "outputs", "controls", "slopes", "guard  armed", " frames"] {
        terminal.wait_for(part);
    }
    let text = terminal.text();
    assert_eq!(text.matches(['✓', '✗']).count(), 4, "{text}");
    wait_for_change(&terminal);
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(1));
    assert!(terminal.is_given_back());
    assert!(terminal.text().contains("error: cancelled: the instrument is disarmed"));
}

#[test]
fn p_waits_between_epochs_and_d_disarms_and_looks_on() {
    let mut terminal = Terminal::run(program(&ENDLESS), 80, 24);
    terminal.wait_for("1.5 needed");
    terminal.keys("p");
    terminal.wait_for("PAUSED");
    let paused = progress(&terminal);
    // Ten pictures later.
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(progress(&terminal), paused);
    assert!(terminal.text().contains("guard  armed"), "{}", terminal.text());
    terminal.keys(" ");
    wait_for_change(&terminal);
    terminal.keys("?");
    terminal.wait_for("2x ^C: at once");
    terminal.keys("d");
    terminal.wait_for("ENDED: cancelled");
    terminal.wait_for("disarmed, outputs at their safe values");
    assert!(terminal.is_taken(), "the view stays");
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(1));
    assert!(terminal.is_given_back());
}

#[test]
fn a_pause_longer_than_the_watchdog_trips_nothing() {
    // Its watchdog trips after two seconds of silence.
    let served = Served::new(&["--tcp", "0", "--device", LINEAR, "--time", "real"]);
    let arguments = ["train", "xor", "--live", "--restarts", "1000000", "--link", served.link()];
    let mut terminal = Terminal::run(program(&arguments), 80, 24);
    terminal.wait_for("1.5 needed");
    terminal.keys(" ");
    terminal.wait_for("PAUSED");
    std::thread::sleep(std::time::Duration::from_millis(3000));
    terminal.keys(" ");
    wait_for_change(&terminal);
    assert!(terminal.text().contains("guard  armed"), "{}", terminal.text());
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(1));
    assert!(terminal.is_given_back());
}

#[test]
fn a_trip_ends_the_training_and_the_view_says_what_tripped() {
    let text = "gate = \"xor\"\n[guard]\novercurrent_na = 0.01\n";
    let file = crate::program::TestFile::with("tripped.toml", text);
    let mut terminal = Terminal::run(program(&["train", file.path(), "--live"]), 80, 24);
    terminal.wait_for("guard  TRIPPED: the device's current was too high");
    terminal.wait_for("ENDED: the guard tripped");
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(1));
    assert!(terminal.is_given_back());
    assert!(terminal.text().contains("error: the guard tripped"), "{}", terminal.text());
}

#[test]
fn ctrl_c_and_sigterm_give_the_terminal_back() {
    for end in [|terminal: &Terminal| terminal.keys("\u{3}"), Terminal::terminate] {
        let mut terminal = Terminal::run(program(&ENDLESS), 80, 24);
        terminal.wait_for("1.5 needed");
        end(&terminal);
        assert_eq!(terminal.end().code(), Some(1));
        assert!(terminal.is_given_back());
        assert!(terminal.text().contains("error: cancelled"), "{}", terminal.text());
    }
}

#[test]
fn a_signal_ends_a_view_that_looks_on() {
    let mut terminal = Terminal::run(program(&ENDLESS), 80, 24);
    terminal.wait_for("1.5 needed");
    terminal.keys("d");
    terminal.wait_for("ENDED");
    terminal.terminate();
    assert_eq!(terminal.end().code(), Some(1));
    assert!(terminal.is_given_back());
}

#[test]
fn the_view_follows_the_size_of_the_terminal() {
    let mut terminal = Terminal::run(program(&ENDLESS), 80, 24);
    terminal.wait_for("controls (V)");
    terminal.resize(20, 5);
    terminal.wait_for("view needs 40x10");
    terminal.resize(40, 10);
    terminal.wait_for("guard  armed");
    terminal.resize(120, 40);
    terminal.wait_for("controls (V)");
    terminal.keys("q");
    terminal.end();
    assert!(terminal.is_given_back());
}

#[test]
fn no_color_leaves_out_every_colour() {
    let coloured = |value: Option<&str>| {
        let mut command = program(&ENDLESS);
        // The terminal takes the variable away; a shell in between sets it again.
        if let Some(value) = value {
            let line = format!("NO_COLOR={value} exec \"$0\" \"$@\"");
            command = pty_process::blocking::Command::new("sh")
                .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
                .env("HGE_RUNS", RUNS)
                .args(["-c", &line, env!("CARGO_BIN_EXE_hge")])
                .args(ENDLESS);
        }
        let mut terminal = Terminal::run(command, 80, 24);
        terminal.wait_for("1.5 needed");
        let cells = terminal.look(|screen| {
            let cells = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
            let plain = vt100::Color::Default;
            cells
                .filter_map(|(row, column)| screen.cell(row, column))
                .filter(|cell| cell.fgcolor() != plain || cell.bgcolor() != plain)
                .count()
        });
        terminal.keys("q");
        terminal.end();
        assert!(terminal.is_given_back());
        cells
    };
    assert!(coloured(None) > 0);
    assert_eq!(coloured(Some("1")), 0);
}

#[test]
fn a_training_that_has_ended_stays_in_view_until_q_and_then_prints_its_table() {
    let mut terminal = Terminal::run(program(&["train", "and", "--live", "--seed", "1"]), 80, 24);
    terminal.wait_for("ENDED: solved (q quits)");
    assert!(terminal.is_taken());
    assert!(terminal.text().contains("disarmed, outputs at their safe values"));
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));
    assert!(terminal.is_given_back());
    assert!(terminal.text().contains("electrode  control (V)"), "{}", terminal.text());
}

#[test]
fn a_view_beside_json_leaves_at_once_and_standard_output_holds_the_object_alone() {
    let file = crate::program::TestFile::new("live.json");
    let result = std::fs::File::create(file.path()).unwrap();
    let arguments = ["train", "and", "--live", "--json", "--seed", "1"];
    let mut terminal = Terminal::run(program(&arguments).stdout(result), 80, 24);
    assert_eq!(terminal.end().code(), Some(0));
    assert!(terminal.is_given_back());
    assert!(String::from_utf8_lossy(&terminal.bytes()).contains("\u{1b}[?1049h"), "it was drawn");
    let text = std::fs::read_to_string(file.path()).unwrap();
    assert_eq!(text.lines().count(), 1);
    let object: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(object["solved"], true);
}

#[test]
fn without_a_terminal_there_are_lines_that_stand_alone() {
    for loop_mode in ["host", "standalone"] {
        let arguments = ["train", "and", "--live", "--json", "--seed", "1", "--loop", loop_mode];
        let output = command(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!text.is_empty());
        for line in text.lines() {
            assert!(!line.contains('\u{1b}'), "{line}");
            for part in ["start ", " epoch ", " loss ", " separation ", " samples", " guard "] {
                assert!(line.contains(part), "{part}: {line}");
            }
        }
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(object["solved"], true);
    }
}

#[test]
fn to_look_on_changes_nothing_of_what_is_learnt() {
    let arguments = ["train", "xor", "--seed", "2", "--restarts", "1"];
    let mut results = [outcome(&arguments).1, outcome(&[&arguments[..], &["--live"]].concat()).1];
    for result in &mut results {
        let object = result.as_object_mut().unwrap();
        // Each has a folder of its own.
        assert!(object.remove("run").is_some());
        object.remove("wall_s");
        object.remove("realtime_factor");
    }
    assert_eq!(results[0], results[1]);
}

#[test]
fn monitor_shows_the_run_of_another_program_and_cannot_disarm_it() {
    let served = Served::new(&["--tcp", "0", "--device", LINEAR]);
    let training = ["train", "xor", "--restarts", "1000000", "--link", served.link()];
    let mut training =
        command(&training).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    await_line(&served.stderr, "");
    let scale = "experiments/xor.toml";
    let arguments =
        ["monitor", "--live", "--watch", "--experiment", scale, "--link", served.link()];
    let mut terminal = Terminal::run(program(&arguments), 100, 30);
    terminal.wait_for("1.5 needed");
    assert!(terminal.text().contains("guard  known only to the client in control"));
    terminal.keys("d");
    terminal.wait_for("only the client in control can disarm");
    wait_for_change(&terminal);
    terminal.keys("q");
    assert_eq!(terminal.end().code(), Some(0));
    assert!(terminal.is_given_back());
    training.kill().unwrap();
    training.wait().unwrap();
}

#[test]
fn monitor_in_control_says_how_the_guard_is_and_disarms() {
    let served = Served::new(&["--tcp", "0"]);
    let arguments = ["monitor", "--live", "--link", served.link()];
    let mut terminal = Terminal::run(program(&arguments), 80, 24);
    terminal.wait_for("guard  disarmed");
    terminal.keys("d");
    terminal.wait_for("disarmed: the outputs are at their safe values");
    terminal.keys("p");
    terminal.wait_for("nothing to pause");
    terminal.terminate();
    assert_eq!(terminal.end().code(), Some(0));
    assert!(terminal.is_given_back());
}
