//! Runs the command and takes what it says.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hge"));
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).args(arguments);
    command.env("HGE_RUNS", concat!(env!("CARGO_TARGET_TMPDIR"), "/runs"));
    command
}

pub fn hge(arguments: &[&str]) -> Output {
    command(arguments).output().expect("hge starts")
}

/// Exit code and object of a command that may have learnt nothing.
pub fn outcome(arguments: &[&str]) -> (Option<i32>, Value) {
    let output = hge(&[arguments, &["--json"]].concat());
    let error = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.ends_with('\n'), "the last line of {arguments:?} is whole: {error}");
    let object = serde_json::from_str(text.lines().last().expect("a line")).expect("an object");
    (output.status.code(), object)
}

/// The object that a command prints, which must have worked.
pub fn json(arguments: &[&str]) -> Value {
    let (code, object) = outcome(arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {object}");
    object
}

/// The one sentence of a command that must be refused.
pub fn refusal(arguments: &[&str]) -> String {
    let output = hge(arguments);
    let message = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {message}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed something");
    assert_eq!(message.trim_end().lines().count(), 1, "{arguments:?}: {message}");
    assert!(message.starts_with("error: "), "{message}");
    message
}

/// The refusal of a training with this text in its file.
pub fn refused_file(text: &str) -> String {
    let file = TestFile::with(&format!("{:?}.toml", std::thread::current().id()), text);
    refusal(&["train", file.path()])
}

/// A file that is removed with the guard.
pub struct TestFile(PathBuf);

impl TestFile {
    pub fn new(name: &str) -> Self {
        TestFile(std::env::temp_dir().join(format!("hge-commands-{}-{name}", std::process::id())))
    }

    pub fn with(name: &str, text: &str) -> Self {
        let file = TestFile::new(name);
        std::fs::write(&file.0, text).expect("a writable temporary directory");
        file
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
