//! Programs that run beside each other.

use crate::program::command;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{channel, Receiver};
use std::time::Duration;

/// Wait for what comes at once on a computer that is not busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A device whose slopes are known, without noise of its own.
pub const LINEAR: &str = "linear:4,6,-3,-8,2,10,-5";

/// Lines of a program's standard error, as they come.
pub fn lines_of(stderr: ChildStderr) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Waits for a line that contains `part`.
pub fn await_line(lines: &Receiver<String>, part: &str) -> String {
    loop {
        let line =
            lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("`{part}` was not printed"));
        if line.contains(part) {
            return line;
        }
    }
}

/// A running `hge serve`, ended with the guard.
pub struct Served {
    child: Child,
    /// First line.
    pub reached: Value,
    /// What it says of clients.
    pub stderr: Receiver<String>,
}

impl Served {
    pub fn new(arguments: &[&str]) -> Self {
        let mut command = command(&[&["serve"], arguments, &["--json"]].concat());
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("hge starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let stderr = lines_of(child.stderr.take().expect("piped"));
        let reached = serde_json::from_str(&line).unwrap_or_else(|_| {
            panic!("`hge serve` printed {line:?} and {:?}", stderr.recv_timeout(PATIENCE))
        });
        Served { child, reached, stderr }
    }

    pub fn link(&self) -> &str {
        self.reached["link"].as_str().expect("a link")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Exit code.
    pub fn wait(mut self) -> Option<i32> {
        self.child.wait().expect("it was started").code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Interrupts a program as Ctrl-C does.
pub fn interrupt(id: u32) {
    let status = Command::new("kill").args(["-INT", &id.to_string()]).status().expect("kill");
    assert!(status.success());
}
