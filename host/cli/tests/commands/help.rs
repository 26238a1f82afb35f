//! What every help shows works, and is what shells and manuals say.

use crate::program::hge;
use crate::served::{interrupt, Served, PATIENCE};
use hge_needs::needs;
use hge_tests::nightly;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

/// Examples that are not run here, and why.
const NOT_RUN: [(&str, &str); 5] = [
    ("hge resume", "needs a run that was cut off; the tests of run folders cut some off"),
    ("hge gateware build", "minutes of synthesis; the tests of the crate `hge-gateware` do it"),
    ("hge gateware bench", "minutes of synthesis, as for `build`"),
    ("hge gateware verify", "needs a bundle of `build`"),
    ("hge gateware flash", "needs a bundle of `build`, and a board"),
];

/// Examples that are run at night only, and why.
const AT_NIGHT: [(&str, &str); 1] = [("hge reproduce", "`reproduce.rs` runs the same by day")];

/// A folder that goes with the guard, with the experiments in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("hge-{name}-{}", std::process::id()));
        let experiments = folder.join("experiments");
        std::fs::create_dir_all(&experiments).expect("a writable temporary directory");
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
        for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            if entry.path().extension().is_some_and(|extension| extension == "toml") {
                std::fs::copy(entry.path(), experiments.join(entry.file_name())).unwrap();
            }
        }
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn help(path: &[String]) -> String {
    let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let output = hge(&words);
    assert_eq!(output.status.code(), Some(0), "{path:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Every command and subcommand, as the help itself lists them, with its help.
fn every_help() -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![Vec::new()];
    while let Some(path) = waiting.pop() {
        let text = help(&path);
        let commands = text.lines().skip_while(|line| *line != "Commands:").skip(1);
        for line in commands.take_while(|line| line.starts_with("  ")) {
            // A name stands two columns in, what wraps further.
            let name = line[2..].split(' ').next().unwrap_or("");
            if !name.is_empty() && name != "help" {
                waiting.push(path.iter().cloned().chain([name.to_owned()]).collect());
            }
        }
        found.push((path, text));
    }
    found
}

/// Lines `hge ...` behind the heading.
fn examples(help: &str) -> Vec<&str> {
    let behind = help.lines().skip_while(|line| !line.starts_with("Example"));
    behind.map(str::trim).filter(|line| line.starts_with("hge ")).collect()
}

/// A shell that finds the built program.
fn shell(name: &str, line: &str, folder: &Path) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_hge"));
    let mut path = OsString::from(program.parent().expect("a folder"));
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new(name);
    command.args(["-c", line]).current_dir(folder).env("PATH", path);
    command
}

fn run(line: &str, folder: &Path) -> Output {
    shell("sh", line, folder).output().expect("a shell")
}

#[test]
fn every_help_ends_with_an_example_of_its_own_command() {
    let all = every_help();
    assert!(all.len() > 25, "{}", all.len());
    for (path, text) in &all {
        let examples = examples(text);
        assert!(!examples.is_empty(), "hge {path:?}: {text}");
        assert!(text.trim_end().ends_with(examples.last().unwrap()), "hge {path:?}: {text}");
        let own = [&["hge".to_owned()], &path[..]].concat().join(" ");
        assert!(examples.iter().all(|example| example.starts_with(&own)), "{own}: {examples:?}");
    }
}

#[test]
fn every_example_of_the_help_works() {
    let folder = Folder::new("examples");
    let served = Served::new(&["--tcp", "0", "--keep"]);
    // In the board's place.
    let board = Served::new(&["experiments/resistor.toml", "--tcp", "0", "--keep"]);
    let alone = Served::new(&["experiments/standalone.toml", "--tcp", "0", "--keep"]);
    // The run that examples go on with and look at.
    assert_eq!(run("hge train xor -o runs/xor", &folder.0).status.code(), Some(0));
    let mut tried = 0;
    for (_, text) in every_help() {
        for example in examples(&text) {
            let mut left_out = NOT_RUN.iter().chain(nightly(&[][..], &AT_NIGHT));
            if left_out.any(|(begin, _)| example.starts_with(begin)) {
                continue;
            }
            let in_its_place = if example.starts_with("hge log") { &alone } else { &board };
            let line = example
                .replace("tcp:127.0.0.1:4000", served.link())
                .replace("serial:/dev/ttyUSB1", in_its_place.link())
                // A port that is free.
                .replace("--tcp 4000", "--tcp 0");
            let begun = Instant::now();
            match example.split(' ').nth(1) {
                Some("serve") => serves(&line, &folder.0),
                Some("monitor") => monitors(&line, &folder.0, served.link()),
                _ => {
                    let output = run(&line, &folder.0);
                    let message = String::from_utf8_lossy(&output.stderr);
                    assert_eq!(output.status.code(), Some(0), "{example}: {message}");
                }
            }
            println!("{:6.2} s {example}", begun.elapsed().as_secs_f64());
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

/// It says where it is reached, and ends by an interrupt.
fn serves(line: &str, folder: &Path) {
    let line = format!("exec {line}");
    let mut child = shell("sh", &line, folder).stdout(Stdio::piped()).spawn().expect("a shell");
    let mut printed = String::new();
    let stdout = child.stdout.take().expect("piped");
    BufReader::new(stdout).read_line(&mut printed).expect("a line");
    assert!(printed.starts_with("tcp:127.0.0.1:"), "{printed}");
    interrupt(child.id());
    assert_eq!(child.wait().expect("a child").code(), Some(0));
}

/// It ends when somebody has measured enough.
fn monitors(line: &str, folder: &Path, link: &str) {
    let line = format!("exec {line}");
    let mut child = shell("sh", &line, folder).stdout(Stdio::null()).spawn().expect("a shell");
    let begun = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        assert!(begun.elapsed() < PATIENCE, "{line} never ended");
        assert_eq!(hge(&["gradient", "--link", link]).status.code(), Some(0));
    }
    assert_eq!(child.wait().expect("a child").code(), Some(0));
}

#[test]
fn bash_reads_the_completions_and_completes_a_command() {
    let folder = Folder::new("completions");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = hge(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.contains("gateware") && script.contains("live"), "{shell}");
        std::fs::write(folder.0.join(format!("hge.{shell}")), script).unwrap();
    }
    assert!(Command::new("bash")
        .arg("-n")
        .arg(folder.0.join("hge.bash"))
        .status()
        .expect("bash")
        .success());
    let complete = |words: &[&str]| {
        let line = format!(
            "source ./hge.bash; COMP_WORDS=({}); COMP_CWORD={}; _hge hge \"${{COMP_WORDS[{}]}}\" \"${{COMP_WORDS[{}]}}\"; echo \"${{COMPREPLY[@]}}\"",
            words.join(" "),
            words.len() - 1,
            words.len() - 1,
            words.len() - 2,
        );
        let output = shell("bash", &line, &folder.0).output().expect("bash");
        let printed = String::from_utf8(output.stdout).unwrap();
        let mut words: Vec<String> = printed.split_whitespace().map(str::to_owned).collect();
        words.sort();
        words
    };
    assert_eq!(complete(&["hge", "tr"]), ["track", "train"]);
    assert_eq!(complete(&["hge", "train", "--li"]), ["--link", "--live"]);
    assert_eq!(complete(&["hge", "gateware", "em"]), ["emit"]);
    assert_eq!(complete(&["hge", "train", "--loop", "s"]), ["standalone"]);
    assert!(complete(&["hge", "no-such"]).is_empty());
}

#[needs(groff)]
#[test]
fn every_command_has_a_page_that_the_formatter_takes_without_a_warning() {
    let folder = Folder::new("man");
    let pages = folder.0.join("pages");
    let output = hge(&["man", "-o", pages.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    let all = every_help();
    for (path, help) in &all {
        let name = [&["hge".to_owned()], &path[..]].concat().join("-");
        let page = pages.join(format!("{name}.1"));
        let text = std::fs::read_to_string(&page).unwrap_or_else(|_| panic!("no page of {name}"));
        let headings = ["NAME", "SYNOPSIS", "EXAMPLES"];
        for heading in headings {
            assert!(text.contains(&format!(".SH {heading}\n")), "{heading}: {name}");
        }
        let output = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww", "-P-cbou"])
            .arg(&page)
            .output()
            .expect("groff");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && message.is_empty(), "{name}: {message}");
        let read = String::from_utf8(output.stdout).unwrap();
        for example in examples(help) {
            assert!(read.contains(example), "{name}: {example}: {read}");
        }
    }
    assert_eq!(std::fs::read_dir(&pages).unwrap().count(), all.len());
}
