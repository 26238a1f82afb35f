//! Runs the command and takes what it says.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

pub fn hge(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hge"));
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    command.args(arguments).output().expect("hge starts")
}

pub fn json(arguments: &[&str]) -> Value {
    let output = hge(arguments);
    let text = String::from_utf8(output.stdout).expect("text");
    let last = text.lines().last().unwrap_or_else(|| panic!("no output of {arguments:?}"));
    serde_json::from_str(last).expect("an object on the last line")
}

/// A file with `text`, removed with the guard.
pub struct TestFile(PathBuf);

impl TestFile {
    pub fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hge-cli-{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("a writable temporary directory");
        TestFile(path)
    }

    pub fn path(&self) -> &str {
        self.0.to_str().expect("a path of text")
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The one line on stderr of a command that must be refused with exit code 1.
pub fn refusal(arguments: &[&str]) -> String {
    let output = hge(arguments);
    let message = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {message}");
    assert!(output.stdout.is_empty(), "{arguments:?} ran");
    assert_eq!(message.trim().lines().count(), 1, "{message}");
    assert!(message.starts_with("error: "), "{message}");
    message
}

pub fn refused_file(text: &str) -> String {
    let file = TestFile::new(&format!("{:?}.toml", std::thread::current().id()), text);
    refusal(&["train", file.path()])
}
