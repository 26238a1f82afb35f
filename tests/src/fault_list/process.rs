//! A child with a time limit, ended together with its own children.

use super::{at, FaultError};
use hge_system::process::Group;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Set by the user's interrupt.
#[derive(Clone, Debug, Default)]
pub struct Stop(pub Arc<AtomicBool>);

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With exit code 0.
    Well,
    /// With another one, or by a signal.
    Badly,
    /// It was still running after the limit.
    TimedOut,
}

/// Runs `command` with its output appended to the file `log`, for at most `limit`.
///
/// # Errors
/// The program does not start, the file cannot be written, or the user interrupts.
pub(super) fn run(
    command: &mut Command,
    log: &Path,
    limit: Duration,
    stop: &Stop,
) -> Result<Ended, FaultError> {
    let file = std::fs::OpenOptions::new().create(true).append(true).open(log);
    let file = file.map_err(|error| at(log, &error))?;
    let copy = file.try_clone().map_err(|error| at(log, &error))?;
    command.stdin(Stdio::null()).stdout(file).stderr(copy);
    let program = Path::new(command.get_program()).to_path_buf();
    let mut group = Group::spawn(command).map_err(|error| at(&program, &error))?;
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = group.try_wait().map_err(|error| at(&program, &error))? {
            return Ok(if status.success() { Ended::Well } else { Ended::Badly });
        }
        // What is left of the group ends with it.
        if stop.0.load(Ordering::Relaxed) {
            return Err(FaultError::Interrupted);
        }
        if Instant::now() >= deadline {
            return Ok(Ended::TimedOut);
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_ends_well_badly_at_its_limit_or_by_an_interrupt() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/faults");
        std::fs::create_dir_all(&folder).unwrap();
        let log = folder.join(format!("process-test-{}.txt", std::process::id()));
        let long = Duration::from_secs(60);
        let after = |script: &str, limit, stop: &Stop| {
            let mut shell = Command::new("sh");
            run(shell.args(["-c", script]), &log, limit, stop)
        };
        let going = Stop::default();
        assert_eq!(after("echo printed", long, &going).unwrap(), Ended::Well);
        assert_eq!(after("exit 3", long, &going).unwrap(), Ended::Badly);
        let short = Duration::from_millis(200);
        assert_eq!(after("sleep 60", short, &going).unwrap(), Ended::TimedOut);
        let stopped = Stop(Arc::new(true.into()));
        assert!(matches!(after("sleep 60", long, &stopped), Err(FaultError::Interrupted)));
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "printed\n");
        std::fs::remove_file(log).unwrap();
    }
}
