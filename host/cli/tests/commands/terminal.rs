//! A terminal with a program in it: its keys, its screen, its modes.

use pty_process::blocking::{open, Command, Pty};
use pty_process::Size;
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::process::{kill_process, Pid, Signal};
use rustix::termios::{tcgetattr, LocalModes};
use std::io::{Read, Write};
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Time between two looks whether the terminal is being closed.
const READER_INTERVAL: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };

/// What the program has written: bytes, and the screen they make.
struct Written {
    bytes: Vec<u8>,
    screen: vt100::Parser,
}

/// A terminal with a program in it; the program is killed with the guard.
pub struct Terminal {
    /// `None` once it is closed.
    pty: Option<Arc<Pty>>,
    is_closing: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    child: Child,
    written: Arc<Mutex<Written>>,
}

impl Terminal {
    /// Begins a program in a terminal of this size in columns and rows.
    pub fn run(command: Command, columns: u16, rows: u16) -> Self {
        let (pty, terminal) = open().expect("a pseudo-terminal");
        pty.resize(Size::new(rows, columns)).expect("a size");
        let command = command.env("TERM", "xterm-256color").env_remove("NO_COLOR");
        let child = command.spawn(terminal).expect("the program starts");
        let screen = vt100::Parser::new(rows, columns, 0);
        let written = Arc::new(Mutex::new(Written { bytes: Vec::new(), screen }));
        let (pty, into) = (Arc::new(pty), written.clone());
        let source = pty.clone();
        let is_closing = Arc::new(AtomicBool::new(false));
        let closes = is_closing.clone();
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let mut ready = [PollFd::new(&*source, PollFlags::IN)];
                let waited = poll(&mut ready, Some(&READER_INTERVAL));
                if closes.load(Ordering::Relaxed) {
                    return;
                }
                if waited == Ok(0) {
                    continue;
                }
                // An error: the program has gone, and all it wrote was read.
                let Ok(count @ 1..) = (&*source).read(&mut bytes) else { return };
                let mut written = into.lock().unwrap_or_else(PoisonError::into_inner);
                written.bytes.extend_from_slice(&bytes[..count]);
                written.screen.process(&bytes[..count]);
            }
        });
        Terminal { pty: Some(pty), is_closing, reader: Some(reader), child, written }
    }

    /// Types.
    pub fn keys(&self, keys: &str) {
        self.pty().write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Another size; the program is told.
    pub fn resize(&self, columns: u16, rows: u16) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.screen.screen_mut().set_size(rows, columns);
        self.pty().resize(Size::new(rows, columns)).expect("a size");
    }

    fn pty(&self) -> &Pty {
        self.pty.as_ref().expect("it is open")
    }

    /// Number of the program's process.
    pub fn id(&self) -> i32 {
        self.child.id() as i32
    }

    /// A signal for the program.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.id()).expect("a process"), signal).expect("it runs");
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Closes the terminal, as a window that is closed does.
    pub fn close(&mut self) {
        self.is_closing.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader ends");
        }
        self.pty = None;
    }

    /// Whether the program has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// All bytes so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).bytes.clone()
    }

    /// The text on the screen now.
    pub fn text(&self) -> String {
        self.look(vt100::Screen::contents)
    }

    /// Looks at the screen.
    pub fn look<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        look(written.screen.screen())
    }

    /// Waits until the screen shows something.
    pub fn wait_for(&self, part: &str) {
        let begun = Instant::now();
        while !self.text().contains(part) {
            assert!(begun.elapsed() < PATIENCE, "`{part}` never came:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The view has the terminal: another screen, no cursor, keys as they are pressed.
    pub fn is_taken(&self) -> bool {
        self.look(|screen| screen.alternate_screen() && screen.hide_cursor()) && !self.is_cooked()
    }

    /// The terminal is the shell's again: its screen, its cursor, its lines and signals.
    pub fn is_given_back(&self) -> bool {
        self.look(|screen| !screen.alternate_screen() && !screen.hide_cursor()) && self.is_cooked()
    }

    fn is_cooked(&self) -> bool {
        let modes = tcgetattr(self.pty()).expect("modes").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Waits for the program's end, and until all that it wrote is on the screen.
    pub fn end(&mut self) -> ExitStatus {
        let begun = Instant::now();
        // The reader ends when the program and its children have gone and all that they wrote was read.
        while !self.has_ended() || !self.reader.as_ref().is_none_or(JoinHandle::is_finished) {
            assert!(begun.elapsed() < PATIENCE, "it never ended:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.child.wait().expect("a child")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
