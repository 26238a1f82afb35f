//! A reader's shell: the commands of a page, one after the other, in a copy of what they need.

use crate::page::{root, Command, Page};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Stdio};
use std::time::{Duration, Instant};

/// How a page calls the program where it is not installed.
const CARGO: &str = "cargo run --release -- ";
/// Where pages have the served simulation, and the board.
const SERVED: &str = "tcp:127.0.0.1:4000";
const BOARD: &str = "serial:/dev/ttyUSB1";
/// What a board's first power-up is tried on; it stands in the board's place.
const RESISTOR: &str = "hge serve experiments/resistor.toml --tcp 0 --keep";

/// Longest that a command may take on a computer that others use, too.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Session {
    page: String,
    folder: PathBuf,
    /// Programs in the background, ended with the session.
    background: Vec<Child>,
    served: Option<String>,
    board: Option<String>,
}

impl Session {
    pub fn begin(page: &Page) -> Self {
        let name = page.name.replace(['/', '.'], "-");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("book").join(name);
        let _ = fs::remove_dir_all(&folder);
        for copied in ["docs", "experiments", "constraints"] {
            copy(&root().join(copied), &folder.join(copied));
        }
        Session {
            page: page.name.clone(),
            folder,
            background: Vec::new(),
            served: None,
            board: None,
        }
    }

    /// Runs a command, which must end with the exit code that the page names.
    pub fn run(&mut self, command: &Command) {
        let mut line = command.line.replace(CARGO, "hge ");
        if line.starts_with("hge serve ") {
            let line = line.trim_end_matches('&').replace("--tcp 4000", "--tcp 0");
            let line = line.replace("--udp 18503", "--udp 0");
            let link = self.serve(&line);
            if line.contains("--tcp") {
                self.served = Some(link);
            }
            return;
        }
        if line.contains(BOARD) && self.board.is_none() {
            self.board = Some(self.serve(RESISTOR));
        }
        for (written, link) in [(SERVED, &self.served), (BOARD, &self.board)] {
            if line.contains(written) {
                let link =
                    link.as_ref().unwrap_or_else(|| panic!("nothing is served before {line}"));
                line = line.replace(written, link);
            }
        }
        let printed = self.folder.join("printed");
        let file = || File::options().create(true).append(true).open(&printed).expect("a file");
        let _ = fs::remove_file(&printed);
        let mut child = self.shell(&line).stdout(file()).stderr(file()).spawn().expect("a shell");
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child") {
                break status;
            }
            if begin.elapsed() > PATIENCE {
                let _ = child.kill();
                panic!("{}: {line} does not end", self.page);
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let output = fs::read_to_string(&printed).unwrap_or_default();
        assert_eq!(status.code(), Some(command.exit_code), "{}: {line}: {output}", self.page);
        println!("{:6.2} s  {line}", begin.elapsed().as_secs_f64());
    }

    /// Starts a server and returns its link.
    fn serve(&mut self, line: &str) -> String {
        let mut shell = self.shell(&format!("exec {line}"));
        let shell = shell.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = shell.spawn().expect("a shell");
        let mut link = String::new();
        let stdout = child.stdout.take().expect("piped");
        self.background.push(child);
        BufReader::new(stdout).read_line(&mut link).expect("a line");
        let known = ["tcp:", "udp:", "serial:"].iter().any(|kind| link.starts_with(kind));
        assert!(known, "{}: {line} says {link:?}", self.page);
        link.trim().into()
    }

    fn shell(&self, line: &str) -> process::Command {
        let mut shell = process::Command::new("sh");
        let program = Path::new(env!("CARGO_BIN_EXE_hge")).parent().expect("a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        shell.env("PATH", format!("{}:{path}", program.display())).env_remove("HGE_RUNS");
        // Where `.ci/run` puts the package that reads logs.
        let packages = std::env::var("PYTHONPATH").unwrap_or_default();
        let fetched = root().join("target/python");
        shell.env("PYTHONPATH", format!("{}:{packages}", fetched.display()));
        // Nothing is written to the home of whoever runs the test.
        shell.env("HOME", &self.folder).env_remove("XDG_CACHE_HOME").env_remove("XDG_DATA_HOME");
        shell.args(["-c", line]).current_dir(&self.folder).stdin(Stdio::null());
        shell
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for child in &mut self.background {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a copy");
        }
    }
}
