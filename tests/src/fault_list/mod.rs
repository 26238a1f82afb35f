//! Mutation testing: deliberate faults of the sources, which the day's tests must detect.
//!
//! A fault is one replacement of text in one file, with its tests; `tests/faults/*.toml` list them, one file for each area.
//! `cargo run --release -p hge-tests --bin faults` applies them one by one to a copy of the last commit.

mod process;
mod results;
mod tree;

pub use process::{Ended, Stop};
pub use results::{Entry, Results, Summary, Verdict};
pub use tree::{Tree, RUN_LIMIT};

use crate::packages;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why the list cannot be used, or the runner cannot go on.
#[derive(Debug, Error)]
pub enum FaultError {
    /// A file cannot be read, written or copied.
    #[error("{}: {what}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system or the parser answered.
        what: String,
    },
    /// An entry that names something that is not there, or twice.
    #[error("the fault {name}: {what}")]
    Entry {
        /// Its name.
        name: String,
        /// What is wrong and what to change.
        what: String,
    },
    /// A program failed that must work: git, or the tests without any fault.
    #[error("`{command}` failed: {what}")]
    Program {
        /// The command line.
        command: String,
        /// What it answered, or where its output is.
        what: String,
    },
    /// The user ended the command.
    #[error("interrupted: start it again, and it goes on with the next fault")]
    Interrupted,
}

/// One deliberate fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Unique, in kebab-case: what is wrong.
    pub name: String,
    /// The file it is put into, from the repository's root.
    pub file: String,
    /// The text it replaces, unique in the file.
    pub find: String,
    /// The faulty text.
    pub replace: String,
    /// Arguments of `cargo test --release`, in the order in which they are tried.
    pub tests: Vec<String>,
    /// The kind of fault, in a few words.
    pub kind: String,
    /// The area: the name of the list's file.
    #[serde(default)]
    pub area: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    fault: Vec<Fault>,
}

/// All faults of `tests/faults` below `root`, by area and in the order of their files; each is checked against the sources.
///
/// # Errors
/// A file that cannot be read, a name that is used twice, text that is not found exactly once, or tests that do not exist.
pub fn load(root: &Path) -> Result<Vec<Fault>, FaultError> {
    let folder = root.join("tests/faults");
    let listed = std::fs::read_dir(&folder).map_err(|error| at(&folder, &error))?;
    let mut paths: Vec<PathBuf> = listed.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let mut faults = Vec::new();
    for path in paths {
        let area = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let text = read(&path)?;
        let list: List = toml::from_str(&text).map_err(|error| at(&path, &error))?;
        let area = area.unwrap_or_default();
        faults.extend(list.fault.into_iter().map(|fault| Fault { area: area.clone(), ..fault }));
    }
    let mut names = BTreeSet::new();
    for fault in &faults {
        fault.check(root)?;
        if !names.insert(&fault.name) {
            return Err(fault.wrong("this name is used twice: give each fault its own"));
        }
    }
    Ok(faults)
}

impl Fault {
    /// The file's text with the fault.
    ///
    /// # Errors
    /// The text to replace is not there exactly once.
    pub fn applied(&self, source: &str) -> Result<String, FaultError> {
        match source.matches(&self.find).count() {
            1 => Ok(source.replacen(&self.find, &self.replace, 1)),
            0 => Err(self.wrong(&format!("its text is not in {}: follow the source", self.file))),
            count => {
                let what = format!("its text is {count} times in {}: take more lines", self.file);
                Err(self.wrong(&what))
            }
        }
    }

    fn check(&self, root: &Path) -> Result<(), FaultError> {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.name.is_empty() || !self.name.chars().all(kebab) {
            return Err(self.wrong("a name has small letters, digits and hyphens"));
        }
        if self.find == self.replace {
            return Err(self.wrong("it changes nothing"));
        }
        if self.tests.is_empty() {
            return Err(self.wrong("it names no tests"));
        }
        for arguments in &self.tests {
            if !test_exists(root, arguments) {
                let what = format!("there are no tests `{arguments}`: name -p CRATE and --lib, --bin NAME or --test NAME of it");
                return Err(self.wrong(&what));
            }
        }
        self.applied(&read(&root.join(&self.file))?).map(|_| ())
    }

    fn wrong(&self, what: &str) -> FaultError {
        FaultError::Entry { name: self.name.clone(), what: what.into() }
    }
}

fn test_exists(root: &Path, arguments: &str) -> bool {
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let after = |option: &str| {
        let place = words.iter().position(|word| *word == option)?;
        words.get(place + 1).copied()
    };
    let Some(folder) = after("-p").and_then(|name| packages::folder(root, name)) else {
        return false;
    };
    let folder = root.join(folder);
    let source = |path: String| folder.join(path).is_file();
    match (after("--test"), after("--bin")) {
        (Some(test), _) => {
            source(format!("tests/{test}.rs")) || source(format!("tests/{test}/main.rs"))
        }
        (None, Some(binary)) => {
            source(format!("src/bin/{binary}.rs"))
                || source(format!("src/bin/{binary}/main.rs"))
                || source("src/main.rs".into())
        }
        (None, None) => words.contains(&"--lib") && source("src/lib.rs".into()),
    }
}

fn read(path: &Path) -> Result<String, FaultError> {
    std::fs::read_to_string(path).map_err(|error| at(path, &error))
}

fn at(path: &Path, error: &dyn std::fmt::Display) -> FaultError {
    FaultError::File { path: path.into(), what: error.to_string() }
}

/// The table of all faults for `docs/verification.md`.
pub fn markdown(faults: &[Fault]) -> String {
    let mut text = String::from("| fault | file | kind |\n|---|---|---|\n");
    for fault in faults {
        text += &format!("| {} | `{}` | {} |\n", fault.name, fault.file, fault.kind);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault() -> Fault {
        Fault {
            name: "a".into(),
            file: "f".into(),
            find: "x < 1".into(),
            replace: "x <= 1".into(),
            tests: vec!["-p hge-tests --lib".into()],
            kind: "comparison".into(),
            area: String::new(),
        }
    }

    #[test]
    fn a_fault_replaces_text_that_is_there_once() {
        assert_eq!(fault().applied("if x < 1 {}").unwrap(), "if x <= 1 {}");
        for source in ["if x < 2 {}", "x < 1, x < 1"] {
            let error = fault().applied(source).unwrap_err().to_string();
            assert!(error.contains("the fault a"), "{error}");
        }
    }

    #[test]
    fn tests_that_do_not_exist_are_refused() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for exists in ["-p hge-tests --lib", "-p hge-tests --test fuzz x", "-p hge --bin hge"] {
            assert!(test_exists(&root, exists), "{exists}");
        }
        for absent in ["-p hge-tests", "--lib", "-p hge-tests --test fuz", "-p hge-no --lib"] {
            assert!(!test_exists(&root, absent), "{absent}");
        }
    }
}
