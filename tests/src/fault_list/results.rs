//! Results so far, in a file that is written after every fault.

use super::{at, read, Fault, FaultError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// What became of one fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A test failed.
    Killed,
    /// A test did not end within its limit.
    TimedOut,
    /// Every test passed.
    Survived,
    /// The sources with the fault do not compile: an error of the list.
    DoesNotBuild,
}

impl Verdict {
    /// In words, for a table.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Killed => "killed",
            Verdict::TimedOut => "killed (timed out)",
            Verdict::Survived => "survived",
            Verdict::DoesNotBuild => "did not build",
        }
    }

    /// Whether the tests noticed the fault.
    pub fn is_killed(self) -> bool {
        matches!(self, Verdict::Killed | Verdict::TimedOut)
    }
}

/// The result of one fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The commit it was put into.
    pub commit: String,
    /// The fault as it was then.
    pub fault: Fault,
    /// What became of it.
    pub verdict: Verdict,
    /// The tests that failed.
    pub by: Option<String>,
    /// How long it took, s.
    pub seconds: f64,
}

/// Results by the fault's name, and the tests that pass without any fault.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// By name.
    pub faults: BTreeMap<String, Entry>,
    /// Arguments of tests, and the commit at which they passed.
    pub baseline: BTreeMap<String, String>,
}

impl Results {
    /// Those of the file, or none where there is no file yet.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn load(path: &Path) -> Result<Self, FaultError> {
        if !path.exists() {
            return Ok(Results::default());
        }
        serde_json::from_str(&read(path)?).map_err(|error| at(path, &error))
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), FaultError> {
        let text = serde_json::to_string_pretty(self).map_err(|error| at(path, &error))?;
        let fresh = path.with_extension("new");
        std::fs::write(&fresh, text).map_err(|error| at(&fresh, &error))?;
        std::fs::rename(&fresh, path).map_err(|error| at(path, &error))
    }

    /// The result of `fault` as it is now, at `commit` or, with none, at any commit.
    pub fn of(&self, fault: &Fault, commit: Option<&str>) -> Option<&Entry> {
        let entry = self.faults.get(&fault.name)?;
        let same = entry.fault == *fault && commit.is_none_or(|commit| entry.commit == commit);
        same.then_some(entry)
    }
}

/// Counts of the faults that were chosen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// How many.
    pub faults: usize,
    /// How many the tests noticed.
    pub killed: usize,
    /// Names of those that no test noticed.
    pub survived: Vec<String>,
    /// Names of those that do not compile.
    pub not_built: Vec<String>,
}

impl Summary {
    /// That of `entries`.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut summary =
            Summary { faults: 0, killed: 0, survived: Vec::new(), not_built: Vec::new() };
        for entry in entries {
            summary.faults += 1;
            let name = entry.fault.name.clone();
            match entry.verdict {
                Verdict::Killed | Verdict::TimedOut => summary.killed += 1,
                Verdict::Survived => summary.survived.push(name),
                Verdict::DoesNotBuild => summary.not_built.push(name),
            }
        }
        summary
    }

    /// At least 95 % were killed, and all compiled.
    pub fn holds(&self) -> bool {
        self.not_built.is_empty() && 100 * self.killed >= 95 * self.faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, verdict: Verdict) -> Entry {
        let fault = Fault {
            name: name.into(),
            file: String::new(),
            find: String::new(),
            replace: String::new(),
            tests: Vec::new(),
            kind: String::new(),
            area: "host".into(),
        };
        Entry { commit: "c".into(), fault, verdict, by: None, seconds: 1.0 }
    }

    #[test]
    fn nineteen_of_twenty_must_be_killed_and_all_must_build() {
        let with = |survivors: usize, broken: usize| {
            let verdict = |n: usize| match n {
                n if n < survivors => Verdict::Survived,
                n if n < survivors + broken => Verdict::DoesNotBuild,
                n if n % 2 == 0 => Verdict::Killed,
                _ => Verdict::TimedOut,
            };
            let entries: Vec<Entry> = (0..20).map(|n| entry(&n.to_string(), verdict(n))).collect();
            Summary::of(&entries)
        };
        assert!(with(0, 0).holds() && with(1, 0).holds());
        assert!(!with(2, 0).holds() && !with(0, 1).holds());
        assert_eq!((with(2, 1).killed, with(2, 1).survived.len()), (17, 2));
    }

    #[test]
    fn a_result_stands_for_the_same_fault_at_the_same_commit() {
        let entry = entry("a", Verdict::Killed);
        let mut results = Results::default();
        results.faults.insert("a".into(), entry.clone());
        assert!(results.of(&entry.fault, Some("c")).is_some());
        assert!(results.of(&entry.fault, Some("d")).is_none());
        assert!(results.of(&entry.fault, None).is_some());
        let changed = Fault { replace: "x".into(), ..entry.fault };
        assert!(results.of(&changed, None).is_none());
    }

    #[test]
    fn results_that_were_saved_are_the_ones_that_are_loaded() {
        let path = std::env::temp_dir().join(format!("hge-results-{}.json", std::process::id()));
        let mut results = Results::default();
        results.faults.insert("a".into(), entry("a", Verdict::TimedOut));
        results.baseline.insert("-p hge".into(), "c".into());
        results.save(&path).unwrap();
        let loaded = Results::load(&path);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(loaded.unwrap(), results);
    }
}
