//! External ends of a command: SIGINT, SIGTERM, SIGHUP and SIGQUIT, a closed terminal, a closed reader of an endless stream.
//!
//! The first one cancels the command: the driver disarms, tools are killed, incomplete files are removed. A command that has not ended
//! after [`GRACE`], or is interrupted again, is terminated at once; an armed instrument then trips its watchdog.

use crate::live::screen;
use hge_driver::Cancel;
use hge_system::file;
use hge_system::process::stop;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Exit code of a program ended by Ctrl-C: 128 plus the number of the signal.
const EXIT_INTERRUPTED: i32 = 130;

/// Time for a command to end by itself.
const GRACE: Duration = Duration::from_millis(1500);

/// Time to restore the terminal and to remove files while a thread is stuck.
const LAST_WORK: Duration = Duration::from_millis(200);

/// An interrupt has arrived.
static ASKED: AtomicBool = AtomicBool::new(false);

/// Ends the running command cleanly; without it, a command is terminated at once.
static END: Mutex<Option<Box<dyn Fn() + Send>>> = Mutex::new(None);

/// Cancelled by the first interrupt: the driver disarms and the command ends with an error.
pub fn cancel() -> Cancel {
    let cancel = Cancel::default();
    let seen = cancel.clone();
    on(move || seen.cancel());
    cancel
}

/// The first interrupt calls `end` to end the command.
pub fn on(end: impl Fn() + Send + 'static) {
    *END.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(end));
}

/// Ctrl-C as a key, while the live view has the terminal.
pub fn ask() {
    end(EXIT_INTERRUPTED);
}

/// Whether an interrupt has arrived.
pub fn is_asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// Ends the command; `code` is the exit code if it does not end by itself.
fn end(code: i32) {
    let again = ASKED.swap(true, Ordering::SeqCst);
    stop();
    let end = END.lock().unwrap_or_else(PoisonError::into_inner);
    match &*end {
        Some(end) if !again => end(),
        _ => leave(code),
    }
    std::thread::spawn(move || {
        std::thread::sleep(GRACE);
        leave(code);
    });
}

/// Terminates the program without its working thread, which may be stuck in a write to a terminal.
fn leave(code: i32) -> ! {
    let (done, is_done) = channel::<()>();
    std::thread::spawn(move || {
        file::remove_incomplete();
        screen::restore();
        drop(done);
    });
    // An error: it is done.
    let _ = is_done.recv_timeout(LAST_WORK);
    process::exit(code)
}

/// Starts to handle signals and watch the terminal, for the rest of the program.
///
/// # Errors
/// The system refuses the signal handler.
pub fn listen() -> Result<(), String> {
    platform::listen()
        .map_err(|error| format!("cannot handle signals: {error}; start from another shell"))
}

/// From now on the command ends when the reader of standard output closes it, even without further output.
pub fn end_with_reader() {
    platform::end_with_reader();
}

#[cfg(unix)]
mod platform {
    use super::end;
    use rustix::event::{poll, PollFd, PollFlags, Timespec};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::iterator::Signals;
    use std::io::{self, IsTerminal};
    use std::os::fd::AsFd;

    /// Interval of checks of the terminal: a hang-up does not wake a process that does not read.
    const INTERVAL: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

    /// Number of SIGPIPE, which Rust programs ignore.
    const SIGPIPE: i32 = 13;

    pub(super) fn listen() -> io::Result<()> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGQUIT])?;
        if !is_ignored(SIGHUP) {
            signals.add_signal(SIGHUP)?;
        }
        std::thread::spawn(move || signals.forever().for_each(|signal| end(128 + signal)));
        if io::stdout().is_terminal() {
            watch(io::stdout(), 128 + SIGHUP);
        }
        if io::stderr().is_terminal() {
            watch(io::stderr(), 128 + SIGHUP);
        }
        Ok(())
    }

    pub(super) fn end_with_reader() {
        watch(io::stdout(), 128 + SIGPIPE);
    }

    /// Ends the command when the other side of a stream has closed.
    fn watch(stream: impl AsFd + Send + 'static, code: i32) {
        let gone = PollFlags::HUP | PollFlags::ERR;
        std::thread::spawn(move || loop {
            let mut streams = [PollFd::new(&stream, PollFlags::empty())];
            let polled = poll(&mut streams, Some(&INTERVAL));
            if polled.is_ok() && streams[0].revents().intersects(gone) {
                return end(code);
            }
        });
    }

    /// Whether the program was started with this signal ignored, as `nohup` does.
    fn is_ignored(signal: i32) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }
}

#[cfg(not(unix))]
mod platform {
    use super::{end, EXIT_INTERRUPTED};
    use std::io;

    pub(super) fn listen() -> io::Result<()> {
        ctrlc::set_handler(|| end(EXIT_INTERRUPTED)).map_err(io::Error::other)
    }

    pub(super) fn end_with_reader() {}
}
