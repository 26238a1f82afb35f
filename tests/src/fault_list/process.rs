//! A child with a time limit, ended together with its own children.

use super::{at, FaultError};
use std::path::Path;
use std::process::{Child, Command, Stdio};
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

/// Runs `command` with its output in the file `log`, appended, for at most `limit`.
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
    // A group of its own, so that what it started ends with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let program = Path::new(command.get_program()).to_path_buf();
    let mut child = command.spawn().map_err(|error| at(&program, &error))?;
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().map_err(|error| at(&program, &error))? {
            return Ok(if status.success() { Ended::Well } else { Ended::Badly });
        }
        let interrupted = stop.0.load(Ordering::Relaxed);
        if interrupted || Instant::now() >= deadline {
            end(&mut child);
            return if interrupted { Err(FaultError::Interrupted) } else { Ok(Ended::TimedOut) };
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}

fn end(child: &mut Child) {
    #[cfg(unix)]
    {
        let group = rustix::process::Pid::from_child(child);
        // A group that has ended meanwhile is as good.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_outlasts_its_limit_is_ended_with_its_own_children() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/faults");
        std::fs::create_dir_all(&folder).unwrap();
        let log = folder.join(format!("process-test-{}.txt", std::process::id()));
        let limit = Duration::from_millis(300);
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 60 & echo $!; wait"]);
        assert_eq!(run(&mut shell, &log, limit, &Stop::default()).unwrap(), Ended::TimedOut);
        let text = std::fs::read_to_string(&log).unwrap();
        let grandchild: i32 = text.trim().parse().unwrap();
        let grandchild = rustix::process::Pid::from_raw(grandchild).unwrap();
        // It is gone, or waits to be collected by whoever inherited it.
        let state = format!("/proc/{}/stat", grandchild.as_raw_nonzero());
        let gone = |_| {
            std::thread::sleep(Duration::from_millis(20));
            std::fs::read_to_string(&state).map_or(true, |stat| stat.contains(") Z"))
        };
        assert!((0..500).any(gone), "the grandchild still runs");
        for (script, ended) in [("exit 0", Ended::Well), ("exit 3", Ended::Badly)] {
            let mut shell = Command::new("sh");
            shell.args(["-c", script]);
            let found = run(&mut shell, &log, Duration::from_secs(60), &Stop::default());
            assert_eq!(found.unwrap(), ended);
        }
        let stop = Stop::default();
        stop.0.store(true, Ordering::Relaxed);
        let mut sleep = Command::new("sleep");
        sleep.arg("60");
        let error = run(&mut sleep, &log, Duration::from_secs(60), &stop).unwrap_err();
        assert!(matches!(error, FaultError::Interrupted));
        std::fs::remove_file(log).unwrap();
    }
}
