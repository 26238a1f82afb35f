//! Experiments that boards do by themselves: what is built in, every refusal in one sentence, and the log.

use crate::program::{json, outcome, refusal, TestFile};
use crate::served::{Served, LINEAR, PATIENCE};
use hge_boards::flow::bundle::experiment_tag;
use hge_core::experiment::{Source, Task};
use hge_core::train::recording;
use hge_protocol::frame::{Frame, Record};
use hge_protocol::recording::Recording;
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

/// One short standalone run.
const SHORT: &str =
    "gate = \"and\"\nloop = \"standalone\"\nrestarts = 1\nanalogue = {}\n[standalone]\nepochs = 3\n";

/// A file of this test, with `more` before the tables.
fn short(name: &str, more: &str) -> TestFile {
    TestFile::with(&format!("alone-{name}.toml"), &format!("{more}{SHORT}"))
}

fn emit<'a>(board: &'a str, experiment: &'a str, folder: &'a str) -> [&'a str; 8] {
    ["gateware", "emit", "--board", board, "--experiment", experiment, "-o", folder]
}

#[test]
fn an_experiment_goes_into_a_boards_sources() {
    let folder = TestFile::new("alone-emit");
    let file = "experiments/standalone.toml";
    let written = json(&emit("icebreaker", file, folder.path()));
    let read = |name: &str| std::fs::read_to_string(Path::new(folder.path()).join(name)).unwrap();
    assert!(written["files"].to_string().contains("experiment.toml"), "{written}");
    let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    assert_eq!(read("experiment.toml"), std::fs::read_to_string(text).unwrap());
    let verilog = read("hge_board.v");
    let line = verilog.lines().find(|line| line.contains("It holds an experiment of")).unwrap();
    let bytes: usize =
        line.split(' ').find_map(|word| word.parse().ok()).expect("a number of bytes");
    // Two block RAMs of an iCE40.
    assert!((500..=1024).contains(&bytes), "{line}");
    assert!(read("top.v").contains(".arm_button(!arm_button)"));
    json(&["gateware", "emit", "--board", "icebreaker", "-o", folder.path()]);
    assert!(!read("hge_board.v").contains("It holds an experiment of"));
    std::fs::remove_dir_all(folder.path()).unwrap();
}

#[test]
fn what_no_board_does_by_itself_is_refused() {
    let folder = TestFile::new("alone-refused");
    let refused = |experiment: &str| refusal(&emit("icebreaker", experiment, folder.path()));
    let message = refused("experiments/xor.toml");
    assert!(message.contains("needs a host"), "{message}");
    let many =
        TestFile::with("alone-many.toml", "gate = \"and\"\nloop = \"standalone\"\n[analogue]\n");
    let message = refused(many.path());
    assert!(
        message.contains("restarts is 20, but a standalone board makes one run of 4"),
        "{message}"
    );
    let slow = short("slow", "");
    let text = format!("{SHORT}[timing]\nrate_hz = 200000.0\n");
    std::fs::write(slow.path(), text).unwrap();
    let message = refused(slow.path());
    assert!(message.contains(&format!("{}:8:", slow.path())), "{message}");
    let wide = TestFile::with(
        "alone-wide.toml",
        &format!("{SHORT}[electrodes]\ncontrols = [0, 3, 4, 5, 9]\n"),
    );
    let message = refused(wide.path());
    assert!(
        message.contains("8:12: electrodes.controls: electrode 9 is not on this instrument"),
        "{message}"
    );
    let message = refused("nowhere.toml");
    assert!(message.contains("cannot read the experiment nowhere.toml"), "{message}");
    let build = ["gateware", "build", "--board", "icebreaker", "-o", folder.path()];
    let message = refusal(&[&build[..], &["--experiment", "experiments/xor.toml"]].concat());
    assert!(message.contains("needs a host"), "{message}");
    assert!(!Path::new(folder.path()).exists());
}

#[test]
fn a_board_without_the_button_is_refused() {
    let folder = PathBuf::from(TestFile::new("alone-board").path());
    let board = folder.join("icebreaker");
    std::fs::create_dir_all(&board).unwrap();
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../constraints/icebreaker");
    std::fs::copy(known.join("board.toml"), board.join("board.toml")).unwrap();
    let pins = std::fs::read_to_string(known.join("pins.pcf")).unwrap();
    let pins: Vec<&str> = pins.lines().filter(|line| !line.contains("arm_button")).collect();
    std::fs::write(board.join("pins.pcf"), pins.join("\n")).unwrap();
    let experiment = short("button", "");
    let message = refusal(&emit(board.to_str().unwrap(), experiment.path(), "/nowhere"));
    assert!(message.contains("has no arm_button"), "{message}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// Plays what is built into a board over a link, as the board does at the press of its button.
fn play(link: &str, recording: &Recording) {
    let mut parts = vec![Vec::new()];
    for &byte in recording.bytes() {
        let part = parts.last_mut().expect("one");
        match byte == 0 && part.last() == Some(&0) {
            true => parts.push(Vec::new()),
            false => part.push(byte),
        }
    }
    let mut line = TcpStream::connect(link.trim_start_matches("tcp:")).expect("a server");
    line.set_read_timeout(Some(PATIENCE)).expect("a socket");
    // The settings twice: their second play begins another session.
    for part in [0, 0, 1] {
        line.write_all(&parts[part]).expect("a server");
    }
    let (mut deframer, mut ended) = (Deframer::new(MOST_FRAME_WORDS), false);
    while !ended {
        let mut bytes = [0; 4096];
        let count = line.read(&mut bytes).expect("frames");
        assert!(count > 0, "the server ended the connection");
        deframer.push(&bytes[..count], |body| {
            let frame = body.and_then(|body| Frame::from_words(body).ok());
            ended |= matches!(frame, Some(Frame::Telemetry(_, Record::End(_))));
        });
    }
    line.write_all(&parts[2]).expect("a server");
}

#[test]
fn the_log_tells_what_the_last_run_came_to() {
    let file = short("log", &format!("device = \"{LINEAR}\"\nbench.noise_na2_per_hz = 0.0\n"));
    let served = Served::new(&[file.path(), "--tcp", "0", "--keep"]);
    let log = ["log", file.path(), "--link", served.link()];
    let before = json(&log);
    assert_eq!(before["run"], serde_json::Value::Null);
    assert_eq!(before["built_in"], false);
    let (experiment, source) = Source::load(Path::new(file.path())).expect("an experiment");
    let parameters = experiment.instrument;
    let task = Task::on(experiment, &source, &parameters, None).expect("a task");
    let recording = recording(&task, experiment_tag(source.text())).expect("a short experiment");
    play(served.link(), &recording);
    let after = json(&log);
    let run = &after["run"];
    assert_eq!((&run["ended"], &after["built_in"]), (&"complete".into(), &true.into()), "{after}");
    let (_, trained) = outcome(&["train", file.path()]);
    for key in ["controls_v", "outputs_na", "loss", "separation_na", "solved"] {
        assert_eq!(run[key], trained[key], "{key}");
    }
    assert_eq!(run["electrodes"], serde_json::json!([0, 3, 4, 5, 6]));
    let message = refusal(&["log", file.path()]);
    assert!(message.contains("give --link"), "{message}");
}
