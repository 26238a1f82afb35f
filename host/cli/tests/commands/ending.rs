//! What ends a command from outside ends it, with its children, and gives the terminal back: closed terminals, signals, closed pipes, SIGKILL.

use crate::live::program;
use crate::processes::{descendants, is_running, name, wait_for_end};
use crate::program::{command, TestFile};
use crate::served::{Served, LINEAR, PATIENCE};
use crate::sharing::SCALE;
use crate::terminal::Terminal;
use hge_needs::needs;
use hge_tests::nightly;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustix::process::{kill_process, Pid, Signal};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Ends by day and at night.
const TRIALS: [usize; 2] = [44, 500];

/// Within this time everything has ended. By day other tests run on the same processors.
const BOUNDS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(2)];

fn at_night() -> bool {
    nightly(true, false)
}

/// A folder that goes with the test.
struct TestFolder(PathBuf);

impl TestFolder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hge-ending-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a writable temporary directory");
        TestFolder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a path of text").to_owned()
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How a command is ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cause {
    /// The window is closed: SIGHUP, and a terminal that is gone.
    Terminal,
    /// The same where SIGHUP is ignored: only the terminal tells.
    TerminalAlone,
    Signal(Signal),
}

const CAUSES: [Cause; 6] = [
    Cause::Terminal,
    Cause::TerminalAlone,
    Cause::Signal(Signal::HUP),
    Cause::Signal(Signal::INT),
    Cause::Signal(Signal::TERM),
    Cause::Signal(Signal::QUIT),
];

/// A run that was cut off, for commands that take one.
fn cut_off_run(folder: &TestFolder) -> String {
    let path = folder.path("cut");
    let arguments =
        ["train", "xor", "--device", LINEAR, "--restarts", "1000000", "-o", path.as_str()];
    let mut training =
        command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let log = Path::new(&path).join("log");
    let is_long = || {
        let files = std::fs::read_dir(&log).into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum::<u64>() > 1 << 20
    };
    let begun = Instant::now();
    while !is_long() {
        assert!(begun.elapsed() < PATIENCE, "no log in {path}");
        std::thread::sleep(Duration::from_millis(10));
    }
    training.kill().unwrap();
    training.wait().unwrap();
    path
}

/// Every command that takes long, or waits.
fn long_commands(served: &str, silent: &str, run: &str, folder: &TestFolder) -> Vec<Vec<String>> {
    let stalled = folder.path("stalled.sh");
    let greeting = r#"{"hge_device":1,"electrodes":7,"name":"stalled"}"#;
    std::fs::write(&stalled, format!("echo '{greeting}'; sleep 1000 & wait\n")).unwrap();
    let stalled = format!("process:sh {stalled}");
    let endless = ["--device", LINEAR, "--restarts", "1000000"];
    let linked = ["--restarts", "1000000", "--link", served];
    let with = |first: &[&str], more: &[&str]| -> Vec<String> {
        first.iter().chain(more).map(|&word| word.to_owned()).collect()
    };
    vec![
        with(&["train", "xor"], &endless),
        with(&["train", "xor", "--live"], &endless),
        with(&["train", "xor", "--loop", "standalone", "--live"], &endless),
        with(&["train", "xor"], &linked),
        with(&["train", "xor", "--live"], &linked),
        with(&["train", "xor", "--link", silent], &[]),
        with(&["train", "xor", "--device", &stalled], &[]),
        with(&["resume", run], &[]),
        with(&["replay", run], &[]),
        with(&["serve", "--tcp", "0", "--keep"], &[]),
        with(&["serve", "--pty", "--device", &stalled], &[]),
        with(&["monitor", "--link", served], &[]),
        with(&["monitor", "--watch", "--json", "--link", served], &SCALE),
        with(&["monitor", "--live", "--link", served], &[]),
        with(&["monitor", "--live", "--watch", "--link", served], &SCALE),
        with(&["track", "xor", "--epochs", "1000000", "--device", LINEAR], &[]),
        with(&["reproduce", "fig3", "-o", &folder.path("fig3")], &[]),
        with(&["spectrum", "--samples", "100000000"], &[]),
        with(&["capture", "--samples", "1000000", "--link", silent], &[]),
        with(&["calibrate", "--windows", "1000000"], &[]),
        with(
            &["iv", "--sweep", "3:-1:0.5:30001"],
            &["--sweep", "4:-1:0.5:30001", "-o", &folder.path("iv.npy")],
        ),
        with(&["gradient", "--windows", "10000000"], &[]),
        with(&["log", "experiments/standalone.toml", "--link", silent], &[]),
        with(&["info", "--link", silent], &[]),
    ]
}

/// A program in a terminal, from here or from a shell that ignores SIGHUP.
fn begin(arguments: &[String], cause: Cause) -> Terminal {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if cause != Cause::TerminalAlone {
        return Terminal::run(program(&words), 80, 24);
    }
    let line = "trap '' HUP; exec \"$0\" \"$@\"";
    let shell = pty_process::blocking::Command::new("sh")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("HGE_RUNS", concat!(env!("CARGO_TARGET_TMPDIR"), "/runs"))
        .args(["-c", line, env!("CARGO_BIN_EXE_hge")])
        .args(&words);
    Terminal::run(shell, 80, 24)
}

#[needs(proc)]
#[test]
fn closed_terminals_and_signals_end_every_long_command_with_its_children() {
    let [trials, bound] = [TRIALS, BOUNDS.map(|bound| bound.as_millis() as usize)]
        .map(|choice| choice[usize::from(at_night())]);
    let bound = Duration::from_millis(bound as u64);
    let folder = TestFolder::new("long");
    let served = Served::new(&["--tcp", "0", "--keep", "--device", LINEAR]);
    // Takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("tcp:{}", silent.local_addr().unwrap());
    let run = cut_off_run(&folder);
    let commands = long_commands(served.link(), &silent, &run, &folder);
    let mut dice = ChaCha8Rng::seed_from_u64(16);
    let (mut at_work, mut slowest) = (0, Duration::ZERO);
    for trial in 0..trials {
        // Every command by day, every pair of command and cause at night.
        let arguments = &commands[trial % commands.len()];
        let cause = CAUSES[(trial + trial / commands.len()) % CAUSES.len()];
        let place = format!("trial {trial}, {cause:?}, hge {}", arguments.join(" "));
        let mut terminal = begin(arguments, cause);
        std::thread::sleep(Duration::from_millis(dice.random_range(150..700)));
        let mut all = descendants(terminal.id());
        let ended_before = terminal.has_ended();
        at_work += usize::from(!ended_before);
        all.push(terminal.id());
        match cause {
            Cause::Terminal | Cause::TerminalAlone => terminal.close(),
            Cause::Signal(_) if ended_before => {}
            Cause::Signal(signal) => terminal.signal(signal),
        }
        let took = wait_for_end(&all, bound).unwrap_or_else(|left| panic!("{place}: {left}"));
        slowest = slowest.max(took);
        if matches!(cause, Cause::Signal(_)) {
            terminal.end();
            assert!(terminal.is_given_back(), "{place}:\n{}", terminal.text());
        }
    }
    println!("{trials} ends, {at_work} at work, the slowest took {} ms", slowest.as_millis());
    assert!(10 * at_work >= 9 * trials, "only {at_work} of {trials} were at work");
}

/// Waits until a descendant of this name runs.
fn await_descendant(id: i32, wanted: &str) -> Vec<i32> {
    let begun = Instant::now();
    loop {
        let all = descendants(id);
        if all.iter().any(|&id| name(id).contains(wanted)) {
            return all;
        }
        assert!(begun.elapsed() < 3 * PATIENCE && is_running(id), "no {wanted} was started");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A command with a child, and the name of the child's program.
type Parent = (Vec<String>, &'static str);

fn words(line: &[&str]) -> Vec<String> {
    line.iter().map(|&word| word.to_owned()).collect()
}

fn parents_of_devices(folder: &TestFolder) -> Vec<Parent> {
    let greeting = r#"{"hge_device":1,"electrodes":7,"name":"stalled"}"#;
    let script = folder.path("stalled.sh");
    std::fs::write(&script, format!("echo '{greeting}'; sleep 1000 & wait\n")).unwrap();
    let device = format!("process:sh {script}");
    vec![
        (words(&["train", "xor", "--device", &device]), "sleep"),
        (words(&["serve", "--tcp", "0", "--device", &device]), "sleep"),
    ]
}

fn parents_of_tools(folder: &TestFolder) -> Vec<Parent> {
    let target = folder.path("bundle");
    vec![
        (words(&["gateware", "build", "--board", "icebreaker", "-o", &target]), "yosys"),
        (words(&["train", "xor", "--engine", "verilog"]), "cc1plus"),
    ]
}

/// Everything below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_below(&entry.path()),
            _ => vec![entry.path()],
        })
        .collect()
}

#[needs(proc)]
#[test]
fn a_devices_children_end_with_a_program_that_is_killed_or_interrupted() {
    let folder = TestFolder::new("children");
    end_with(&folder, parents_of_devices(&folder));
}

#[needs(proc, ice40, compiler)]
#[test]
fn tools_end_with_a_program_that_is_killed_or_interrupted_and_leave_nothing() {
    let folder = TestFolder::new("tools");
    end_with(&folder, parents_of_tools(&folder));
}

/// Ends each parent by each signal while its child runs: the child ends too, and nothing is left.
fn end_with(folder: &TestFolder, parents: Vec<Parent>) {
    let bound = BOUNDS[usize::from(at_night())];
    for (number, (arguments, child)) in parents.into_iter().enumerate() {
        let signals = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT];
        // By day every other one, the others with the next parent.
        let (first, step) = nightly((0, 1), (number % 2, 2));
        let signals = signals.into_iter().skip(first).step_by(step);
        for signal in std::iter::once(Signal::KILL).chain(signals) {
            let cache = folder.path(&format!("cache-{signal:?}"));
            let place = format!("{signal:?}, hge {}", arguments.join(" "));
            let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let mut parent = command(&words)
                .env("HGE_CACHE_DIR", &cache)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let id = parent.id() as i32;
            let mut all = await_descendant(id, child);
            all.push(id);
            kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
            let waiting = std::thread::spawn(move || parent.wait().unwrap());
            wait_for_end(&all, bound).unwrap_or_else(|left| panic!("{place}: {left}"));
            waiting.join().unwrap();
            if signal != Signal::KILL {
                assert_eq!(files_below(Path::new(&cache)), Vec::<PathBuf>::new(), "{place}");
            }
            assert!(!Path::new(&folder.path("bundle")).exists(), "{place}");
            let _ = std::fs::remove_dir_all(&cache);
        }
    }
}

#[needs(proc)]
#[test]
fn a_stream_without_end_ends_when_its_reader_closes_it_whether_or_not_there_is_more_to_print() {
    let served = Served::new(&["--tcp", "0", "--keep", "--device", LINEAR]);
    for (busy, arguments) in [
        (true, &["monitor", "--watch", "--json"][..]),
        (false, &["monitor", "--watch", "--json"]),
        (false, &["monitor"]),
        (false, &["monitor", "--live", "--watch", "--json"]),
    ] {
        let training = ["train", "xor", "--restarts", "1000000", "--link", served.link()];
        let mut training = busy.then(|| {
            command(&training).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        });
        let words = [arguments, &SCALE, &["--link", served.link()]].concat();
        let mut monitor =
            command(&words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(monitor.stdout.take().unwrap());
        if busy {
            // As `head -3` does.
            for _ in 0..3 {
                stdout.read_line(&mut String::new()).unwrap();
            }
        } else {
            // Connected by now, and there is nothing to print.
            std::thread::sleep(Duration::from_millis(700));
        }
        drop(stdout);
        let id = monitor.id() as i32;
        let waiting = std::thread::spawn(move || monitor.wait().unwrap());
        wait_for_end(&[id], BOUNDS[0]).unwrap_or_else(|left| panic!("{words:?}: {left}"));
        // One that was still connecting has failed to.
        let code = waiting.join().unwrap().code();
        assert!(code == Some(0) || !busy && code == Some(1), "{words:?}: {code:?}");
        if let Some(training) = &mut training {
            training.kill().unwrap();
            training.wait().unwrap();
        }
    }
}

#[needs(proc)]
#[test]
fn a_second_signal_ends_at_once_and_a_write_to_a_terminal_that_nobody_reads_does_not_hold_the_end_up(
) {
    // A terminal that is never read: what is drawn fills it, and the view waits in a write.
    let (pty, terminal) = pty_process::blocking::open().unwrap();
    pty.resize(pty_process::Size::new(60, 200)).unwrap();
    let arguments = ["train", "xor", "--live", "--device", LINEAR, "--restarts", "1000000"];
    let mut child = program(&arguments).env("TERM", "xterm-256color").spawn(terminal).unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    let id = child.id() as i32;
    kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
    let waiting = std::thread::spawn(move || child.wait().unwrap());
    wait_for_end(&[id], BOUNDS[usize::from(at_night())]).unwrap();
    waiting.join().unwrap();
    drop(pty);

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let file = TestFile::new("unused");
    let link = format!("tcp:{}", silent.local_addr().unwrap());
    let mut terminal =
        Terminal::run(program(&["train", "xor", "--link", &link, "-o", file.path()]), 80, 24);
    std::thread::sleep(Duration::from_millis(200));
    terminal.signal(Signal::INT);
    if !terminal.has_ended() {
        // It may have ended meanwhile.
        let _ = kill_process(Pid::from_raw(terminal.id()).unwrap(), Signal::INT);
    }
    assert!(matches!(terminal.end().code(), Some(1 | 130)));
}
