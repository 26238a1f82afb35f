//! Child processes that end with this one, however it ends.
//!
//! A child leads its own process group, so that its own children end with it and keys at the terminal reach only this program. In
//! parallel runs a watcher, a shell that waits at a pipe to this process: when the pipe closes without a message, this process was killed, and the watcher
//! kills the group. A grandchild that starts its own session is out of reach.

use std::io::{self, ErrorKind, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longest interval of checks of a running tool.
const INTERVAL: Duration = Duration::from_millis(10);

/// Most bytes of a stream of a tool that are kept; the rest is read and dropped.
const MOST_OUTPUT_BYTES: u64 = 64 << 20;

/// This program is ending.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// Ends every tool that [`output`] runs, and lets none begin: this program is ending.
pub fn stop() {
    STOPPED.store(true, Ordering::SeqCst);
}

/// Whether an error is that of a tool ended by [`stop`].
pub fn is_stop(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Interrupted
}

fn check_stop() -> io::Result<()> {
    match STOPPED.load(Ordering::SeqCst) {
        true => Err(io::Error::new(ErrorKind::Interrupted, "this program is ending")),
        false => Ok(()),
    }
}

/// A child process and its process group, killed when this is dropped or this process ends.
#[derive(Debug)]
pub struct Group {
    child: Child,
    /// The leader has ended and been waited for: its number may be another process's by now.
    ended: bool,
    #[cfg(unix)]
    watcher: Option<unix::Watcher>,
}

impl Group {
    /// Starts a program as the leader of a group.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            // Before the child: there is no moment at which nobody watches it but that of one write.
            let mut watcher = unix::Watcher::spawn();
            let child = command.process_group(0).spawn()?;
            if let Some(watcher) = &mut watcher {
                watcher.watch(child.id());
            }
            Ok(Group { child, ended: false, watcher })
        }
        #[cfg(not(unix))]
        Ok(Group { child: command.spawn()?, ended: false })
    }

    /// The leader, for its streams.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How the leader has ended, if it has; what it left running is killed then.
    ///
    /// # Errors
    /// The system reports an error.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        if status.is_some() {
            self.kill();
        }
        Ok(status)
    }

    /// Waits until the leader has ended, and kills what it left running.
    ///
    /// # Errors
    /// [`stop`] was called: the group is killed. Or the system reports an error.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        let mut interval = Duration::from_millis(1);
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            if let Err(stopped) = check_stop() {
                self.kill();
                return Err(stopped);
            }
            std::thread::sleep(interval);
            interval = (2 * interval).min(INTERVAL);
        }
    }

    /// Kills whatever of the group still runs.
    pub fn kill(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        // It holds no state worth a farewell; a process that has already gone is as good.
        #[cfg(unix)]
        unix::kill_group(self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
        #[cfg(unix)]
        drop(self.watcher.take());
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a tool to its end, without input, and keeps what it prints.
///
/// # Errors
/// It cannot be started, or [`stop`] was called ([`is_stop`]).
pub fn output(command: &mut Command) -> io::Result<Output> {
    check_stop()?;
    let streams = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group = Group::spawn(streams)?;
    let stdout = group.child().stdout.take().map(kept);
    let stderr = group.child().stderr.take().map(kept);
    let status = group.wait();
    let bytes = |reader: Option<JoinHandle<Vec<u8>>>| {
        reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
    };
    let (stdout, stderr) = (bytes(stdout), bytes(stderr));
    Ok(Output { status: status?, stdout, stderr })
}

fn kept(mut stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is all there is.
        let _ = (&mut stream).take(MOST_OUTPUT_BYTES).read_to_end(&mut bytes);
        let _ = io::copy(&mut stream, &mut io::sink());
        bytes
    })
}

#[cfg(unix)]
mod unix {
    use rustix::process::{kill_process_group, Pid, Signal};
    use std::io::Write;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, ChildStdin, Command, Stdio};

    /// Reads the group's number, then waits for a second line; without one the group is killed.
    const SCRIPT: &str = r#"read -r group && { read -r ended || kill -KILL "-$group"; }"#;

    /// Kills a group when this process has ended without a word.
    #[derive(Debug)]
    pub(super) struct Watcher {
        shell: Child,
        pipe: Option<ChildStdin>,
    }

    impl Watcher {
        /// `None` where there is no shell: the child then outlives a parent that is killed, and nothing else is lost.
        pub(super) fn spawn() -> Option<Self> {
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", SCRIPT, "hge-watcher"]).process_group(0).env_clear();
            shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut shell = shell.current_dir("/").spawn().ok()?;
            let pipe = shell.stdin.take();
            Some(Watcher { shell, pipe })
        }

        pub(super) fn watch(&mut self, group: u32) {
            if let Some(pipe) = &mut self.pipe {
                // A watcher that was killed watches nothing.
                let _ = writeln!(pipe, "{group}");
            }
        }
    }

    #[cfg(test)]
    impl Watcher {
        pub(super) fn close(&mut self) {
            self.pipe = None;
        }
    }

    impl Drop for Watcher {
        fn drop(&mut self) {
            if let Some(mut pipe) = self.pipe.take() {
                let _ = writeln!(pipe, "ended");
            }
            let _ = self.shell.wait();
        }
    }

    pub(super) fn kill_group(leader: u32) {
        if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
