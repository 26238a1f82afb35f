//! A copy of the last commit for one fault at a time.

use super::process::{run, Ended, Stop};
use super::{at, read, Fault, FaultError, Verdict};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// For the tests of one entry; the longest of the day takes a third of it on two cores.
pub const RUN_LIMIT: Duration = Duration::from_secs(900);

/// For a build: the first one takes everything.
const BUILD_LIMIT: Duration = Duration::from_secs(7200);

/// As little as a fault's build needs: incremental, and little optimised in the crates that are built anew each time.
const PROFILE: [&str; 6] = [
    "profile.release.incremental=true",
    "profile.release.package.hge-gateware.opt-level=1",
    "profile.release.package.hge-gateware.codegen-units=16",
    "profile.release.package.hge-core.opt-level=1",
    "profile.release.package.hge-driver.opt-level=1",
    "profile.release.package.hge-tests.opt-level=1",
];

/// The copy, with a target directory of its own.
#[derive(Debug)]
pub struct Tree {
    folder: PathBuf,
    commit: String,
    stop: Stop,
}

impl Tree {
    /// Makes or updates the copy of `repository`'s last commit in its `target/faults`.
    ///
    /// # Errors
    /// Git fails, or files cannot be written.
    pub fn prepare(repository: &Path, stop: Stop) -> Result<Self, FaultError> {
        let repository = std::fs::canonicalize(repository).map_err(|e| at(repository, &e))?;
        let folder = repository.join("target/faults");
        std::fs::create_dir_all(folder.join("log")).map_err(|error| at(&folder, &error))?;
        let tree = folder.join("tree");
        let commit = git(&repository, &["rev-parse", "HEAD"])?;
        let from = repository.display().to_string();
        if !tree.join(".git").exists() {
            let to = tree.display().to_string();
            git(&repository, &["clone", "--quiet", "--shared", "--no-checkout", &from, &to])?;
        }
        git(&tree, &["fetch", "--quiet", &from, "HEAD"])?;
        git(&tree, &["checkout", "--quiet", "--force", "--detach", &commit])?;
        git(&tree, &["clean", "-fdxq"])?;
        let (shared, link) = (repository.join("../shared"), folder.join("shared"));
        if shared.exists() && !link.exists() {
            #[cfg(unix)]
            std::os::unix::fs::symlink(&shared, &link).map_err(|error| at(&link, &error))?;
        }
        Ok(Tree { folder, commit, stop })
    }

    /// The commit that is copied.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// Where the sources are.
    pub fn sources(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// Where results are kept.
    pub fn results(&self) -> PathBuf {
        self.folder.join("results.json")
    }

    /// The tests pass without a fault, and there are some: else they could show nothing.
    ///
    /// # Errors
    /// They fail, or none is chosen by their arguments.
    pub fn baseline(&self, arguments: &str) -> Result<(), FaultError> {
        let log = self.log("baseline")?;
        let failed = |what: String| FaultError::Program {
            command: format!("cargo test --release {arguments}"),
            what,
        };
        for no_run in [true, false] {
            if self.cargo_test(arguments, no_run, &log)? != Ended::Well {
                return Err(failed(format!("without any fault, see {}", log.display())));
            }
        }
        match passed(&read(&log)?) {
            0 => Err(failed("it runs no test: correct its arguments".into())),
            _ => Ok(()),
        }
    }

    /// Puts `fault` in, runs these of its tests, and takes it out again.
    ///
    /// # Errors
    /// Files cannot be written, or the user interrupts.
    pub fn try_fault(&self, fault: &Fault, arguments: &str) -> Result<Verdict, FaultError> {
        let path = self.sources().join(&fault.file);
        let sound = read(&path)?;
        let write = |text: &str| std::fs::write(&path, text).map_err(|error| at(&path, &error));
        write(&fault.applied(&sound)?)?;
        let found = self.judge(arguments, &self.log(&fault.name)?);
        write(&sound)?;
        found
    }

    fn judge(&self, arguments: &str, log: &Path) -> Result<Verdict, FaultError> {
        if self.cargo_test(arguments, true, log)? != Ended::Well {
            return Ok(Verdict::DoesNotBuild);
        }
        Ok(match self.cargo_test(arguments, false, log)? {
            Ended::Well => Verdict::Survived,
            Ended::Badly => Verdict::Killed,
            Ended::TimedOut => Verdict::TimedOut,
        })
    }

    fn cargo_test(&self, arguments: &str, no_run: bool, log: &Path) -> Result<Ended, FaultError> {
        let mut command = Command::new("cargo");
        command.arg("test").arg("--release").current_dir(self.sources());
        for setting in PROFILE {
            command.args(["--config", setting]);
        }
        let (options, harness) = match arguments.split_once(" -- ") {
            Some((options, harness)) => (options, Some(harness)),
            None => (arguments, None),
        };
        command.args(options.split_whitespace());
        if no_run {
            command.arg("--no-run");
        } else if let Some(harness) = harness {
            command.arg("--").args(harness.split_whitespace());
        }
        command.env("CARGO_TARGET_DIR", self.folder.join("target"));
        // The tests of a day, not those of a night.
        command.env_remove("HGE_NIGHTLY");
        run(&mut command, log, if no_run { BUILD_LIMIT } else { RUN_LIMIT }, &self.stop)
    }

    fn log(&self, name: &str) -> Result<PathBuf, FaultError> {
        let log = self.folder.join("log").join(format!("{name}.txt"));
        std::fs::write(&log, "").map_err(|error| at(&log, &error))?;
        Ok(log)
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, FaultError> {
    let mut command = Command::new("git");
    let output = command.arg("-C").arg(folder).args(arguments).output();
    let failed = |what: String| FaultError::Program {
        command: format!("git {}", arguments.join(" ")),
        what,
    };
    let output = output.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().into()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().into())
}

/// Tests that passed, summed over the binaries of one command's output.
fn passed(output: &str) -> u64 {
    let results = output.lines().filter_map(|line| line.strip_prefix("test result: "));
    let counts = results.filter_map(|result| {
        let (before, _) = result.split_once(" passed")?;
        before.rsplit(' ').next()?.parse::<u64>().ok()
    });
    counts.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_summed_over_binaries() {
        let output = "running 2 tests\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 5 filtered out\n\
            test result: FAILED. 11 passed; 1 failed; 0 ignored\n";
        assert_eq!(passed(output), 13);
        assert_eq!(passed("test result: ok. 0 passed; 0 failed"), 0);
    }
}
