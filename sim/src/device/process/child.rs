//! A child process and its three streams, with a time limit for every wait.

use hge_system::process::Group;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{channel, sync_channel, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time for a child that has closed its output to end and report the reason.
const FAREWELL: Duration = Duration::from_millis(500);

/// Bytes of a line of stderr that are kept.
const LINE_BYTES: u64 = 300;

/// Bytes of one read of the child's output.
const READ_BYTES: usize = 65536;

/// Why a child did not answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// A timeout after this number of bytes.
    Late(usize),
    /// The child closed its output after this number of bytes.
    Closed(usize),
}

/// A running child. Dropping it ends it.
///
/// Threads move what goes in and comes out, so that a child that neither reads nor writes cannot block: they end when
/// its pipes close.
pub(super) struct Worker {
    group: Group,
    orders: Sender<Vec<u8>>,
    answers: Receiver<Vec<u8>>,
    /// Bytes beyond the requested ones.
    kept: Vec<u8>,
    last_line: Arc<Mutex<String>>,
    /// Disconnected when stderr has ended.
    stderr_ended: Receiver<()>,
}

impl Worker {
    pub(super) fn start(words: &[String]) -> std::io::Result<Self> {
        let (program, arguments) = words.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group = Group::spawn(&mut command)?;
        let child = group.child();
        let (orders, to_write) = channel::<Vec<u8>>();
        let (read, answers) = sync_channel(4);
        let (ended, stderr_ended) = channel();
        let last_line = Arc::<Mutex<String>>::default();
        if let Some(mut stdin) = child.stdin.take() {
            std::thread::spawn(move || {
                while let Ok(bytes) = to_write.recv() {
                    if stdin.write_all(&bytes).and_then(|()| stdin.flush()).is_err() {
                        return;
                    }
                }
            });
        }
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || forward(stdout, &read));
        }
        if let Some(stderr) = child.stderr.take() {
            let line = last_line.clone();
            std::thread::spawn(move || {
                keep_last_line(stderr, &line);
                drop(ended);
            });
        }
        Ok(Worker { group, orders, answers, kept: Vec::new(), last_line, stderr_ended })
    }

    /// Bytes for the child. A dead child is detected by its missing reply.
    pub(super) fn order(&self, bytes: Vec<u8>) {
        let _ = self.orders.send(bytes);
    }

    /// The next bytes up to and with `end`, at most `most` of them.
    pub(super) fn line(
        &mut self,
        end: u8,
        most: usize,
        timeout: Duration,
    ) -> Result<Vec<u8>, Silence> {
        let deadline = Instant::now() + timeout;
        loop {
            let found = self.kept.iter().take(most).position(|&byte| byte == end);
            if let Some(length) =
                found.map(|at| at + 1).or((self.kept.len() >= most).then_some(most))
            {
                return Ok(self.kept.drain(..length).collect());
            }
            self.read(deadline)?;
        }
    }

    /// The next `count` bytes.
    pub(super) fn bytes(&mut self, count: usize, timeout: Duration) -> Result<Vec<u8>, Silence> {
        let deadline = Instant::now() + timeout;
        while self.kept.len() < count {
            self.read(deadline)?;
        }
        Ok(self.kept.drain(..count).collect())
    }

    /// Unrequested bytes so far.
    pub(super) fn surplus(&self) -> usize {
        self.kept.len()
    }

    fn read(&mut self, deadline: Instant) -> Result<(), Silence> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.answers.recv_timeout(left) {
            Ok(bytes) => {
                self.kept.extend(bytes);
                Ok(())
            }
            Err(RecvTimeoutError::Timeout) => Err(Silence::Late(self.kept.len())),
            Err(RecvTimeoutError::Disconnected) => Err(Silence::Closed(self.kept.len())),
        }
    }

    /// End of a child that has closed its output: its exit status, if it ended soon.
    pub(super) fn ending(&mut self) -> Option<std::process::ExitStatus> {
        // A process closes its streams before it can be waited for; the end of stderr is the moment to ask.
        let _ = self.stderr_ended.recv_timeout(FAREWELL);
        let deadline = Instant::now() + FAREWELL;
        loop {
            match self.group.try_wait() {
                Ok(None) if Instant::now() < deadline => std::thread::sleep(FAREWELL / 100),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }

    /// The last line that it wrote to stderr; empty if there was none.
    pub(super) fn last_line(&self) -> String {
        self.last_line.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn forward(mut stdout: impl Read, read: &SyncSender<Vec<u8>>) {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match stdout.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) if read.send(buffer[..count].to_vec()).is_err() => return,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// Reads to the end and keeps the last line that is not blank, or its first [`LINE_BYTES`].
fn keep_last_line(stderr: impl Read, last_line: &Mutex<String>) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut stderr).take(LINE_BYTES).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        if !text.trim().is_empty() {
            text.trim().clone_into(&mut last_line.lock().unwrap_or_else(PoisonError::into_inner));
        }
        // The rest of a line that is too long.
        while line.last() != Some(&b'\n') {
            line.clear();
            match (&mut stderr).take(LINE_BYTES).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }
}
