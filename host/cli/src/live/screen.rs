//! The terminal, restored however the program ends.

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    disable_raw_mode, enable_raw_mode, EnterAlternateScreen, LeaveAlternateScreen,
};
use ratatui::{Frame, Terminal};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Once;

/// Whether the view has the terminal. It changes only under the lock of standard error, which its thread may
/// take again: a panic while drawing restores the terminal, too.
static HELD: AtomicBool = AtomicBool::new(false);

/// The view's terminal, until it is dropped.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Gate>>,
}

impl Screen {
    /// Takes the terminal at standard error; a panic of any thread restores it before the message.
    pub fn open() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                before(panic);
            }));
        });
        enable_raw_mode()?;
        let taken = {
            let mut stderr = io::stderr().lock();
            HELD.store(true, Ordering::SeqCst);
            execute!(stderr, EnterAlternateScreen, Hide)
        };
        let terminal = taken.and_then(|()| Terminal::new(CrosstermBackend::new(Gate::default())));
        if terminal.is_err() {
            restore();
        }
        Ok(Screen { terminal: terminal? })
    }

    /// Draws one picture.
    pub fn draw(&mut self, picture: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(picture).map(|_| ())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Restores the terminal, if the view has it: the shell's screen, cursor and keys.
pub fn restore() {
    let mut stderr = io::stderr().lock();
    if HELD.swap(false, Ordering::SeqCst) {
        // A terminal that has gone needs nothing back.
        let _ = execute!(stderr, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// Writes pictures while the view has the terminal, each in one piece.
#[derive(Default)]
struct Gate {
    picture: Vec<u8>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.picture.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut stderr = io::stderr().lock();
        let picture = std::mem::take(&mut self.picture);
        if HELD.load(Ordering::SeqCst) {
            stderr.write_all(&picture)?;
        }
        stderr.flush()
    }
}

#[cfg(test)]
mod tests;
