//! Child processes that end with this one, however it ends.
//!
//! A child runs in a process group of its own, so that its own children end with it and keys at the terminal reach only this program. The group's
//! leader is a watcher, a shell that waits at a pipe to this process: when the pipe closes, this process has ended, and the watcher
//! kills the group. The child is in the group from its first instruction on, so that no kill of this process comes too early. A grandchild that starts its own session is out of reach.

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

/// A child process and all of its process group, killed when this is dropped or this process ends.
#[derive(Debug)]
pub struct Group {
    child: Child,
    /// All have been killed, and child and watcher been waited for: their numbers may be other processes' by now.
    ended: bool,
    #[cfg(unix)]
    watcher: Option<unix::Watcher>,
}

impl Group {
    /// Starts a program in a group of its own.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            let watcher = unix::Watcher::spawn();
            let group = watcher.as_ref().map_or(0, unix::Watcher::group);
            let child = command.process_group(group).spawn()?;
            Ok(Group { child, ended: false, watcher })
        }
        #[cfg(not(unix))]
        Ok(Group { child: command.spawn()?, ended: false })
    }

    /// The child, for its streams.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How the child has ended, if it has; what it left running is killed then.
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

    /// Waits until the child has ended, and kills what it left running.
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
        match self.watcher.take() {
            Some(watcher) => drop(watcher),
            None => unix::kill_group(self.child.id()),
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
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
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, Stdio};

    /// Waits for the end of its input, then kills its own group.
    const SCRIPT: &str = "read -r line; kill -KILL 0";

    /// Leader of a group, which it kills when this process ends; it does the same when it is dropped.
    #[derive(Debug)]
    pub(super) struct Watcher {
        /// With its pipe.
        shell: Child,
    }

    impl Watcher {
        /// `None` where there is no shell: the child then outlives a parent that is killed, and nothing else is lost.
        pub(super) fn spawn() -> Option<Self> {
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", SCRIPT, "hge-watcher"]).process_group(0).env_clear();
            shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            Some(Watcher { shell: shell.current_dir("/").spawn().ok()? })
        }

        /// Number of its group.
        pub(super) fn group(&self) -> i32 {
            self.shell.id() as i32
        }
    }

    #[cfg(test)]
    impl Watcher {
        pub(super) fn close(&mut self) {
            self.shell.stdin = None;
        }
    }

    impl Drop for Watcher {
        fn drop(&mut self) {
            // Its number is its own until it is waited for.
            kill_group(self.shell.id());
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
