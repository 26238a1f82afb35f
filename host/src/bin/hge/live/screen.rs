//! The terminal, given back however the program ends.

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

/// The terminal is the view's. It changes under the lock of standard error alone, which the thread that has it may
/// take again: a panic in the midst of drawing restores like any other.
static HELD: AtomicBool = AtomicBool::new(false);

/// The view's terminal, until it is dropped.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Gate>>,
}

impl Screen {
    /// Takes the terminal at standard error; after a panic of any thread it is given back before the message.
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
        {
            let mut stderr = io::stderr().lock();
            HELD.store(true, Ordering::SeqCst);
            execute!(stderr, EnterAlternateScreen, Hide)?;
        }
        match Terminal::new(CrosstermBackend::new(Gate::default())) {
            Ok(terminal) => Ok(Screen { terminal }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
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

/// Gives the terminal back, if the view has it: the shell's screen, its cursor, its keys.
pub fn restore() {
    let mut stderr = io::stderr().lock();
    if HELD.swap(false, Ordering::SeqCst) {
        // A terminal that has gone needs nothing back.
        let _ = execute!(stderr, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// Lets pictures through while the view has the terminal, each in one piece.
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
mod tests {
    use super::*;
    use terminal::Terminal as Emulated;

    #[path = "../../../../../tests/commands/terminal.rs"]
    #[allow(dead_code)]
    mod terminal;

    /// Runs in a terminal, as a program of its own.
    #[test]
    #[ignore = "the other tests begin it in a terminal"]
    fn program_that_panics_while_it_shows_something() {
        let mut screen = Screen::open().unwrap();
        screen.draw(|frame| frame.render_widget("the picture", frame.area())).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(200));
        if std::env::var_os("IN_A_THREAD").is_some() {
            let thread = std::thread::spawn(|| panic!("the reason"));
            assert!(thread.join().is_err());
            // A picture that comes too late is not drawn over the shell's screen.
            screen.draw(|frame| frame.render_widget("too late", frame.area())).unwrap();
            drop(screen);
            std::process::exit(3);
        }
        screen.draw(|_| panic!("the reason")).unwrap();
    }

    fn panicking(in_a_thread: bool) -> Emulated {
        let name = "live::screen::tests::program_that_panics_while_it_shows_something";
        let program = std::env::current_exe().unwrap();
        let mut command = pty_process::blocking::Command::new(program)
            .args(["--exact", name, "--ignored", "--nocapture"]);
        if in_a_thread {
            command = command.env("IN_A_THREAD", "1");
        }
        let mut terminal = Emulated::run(command, 80, 24);
        terminal.wait_for("the reason");
        let status = terminal.end();
        assert_eq!(status.code(), Some(if in_a_thread { 3 } else { 101 }));
        terminal
    }

    #[test]
    fn a_panic_in_the_midst_of_drawing_gives_the_terminal_back_before_its_message() {
        let terminal = panicking(false);
        assert!(terminal.is_given_back());
        let text = String::from_utf8(terminal.bytes()).unwrap();
        assert!(text.contains("the picture"));
        assert!(text.find("\u{1b}[?1049l").unwrap() < text.find("the reason").unwrap());
    }

    #[test]
    fn a_panic_of_another_thread_gives_it_back_and_nothing_is_drawn_after() {
        let terminal = panicking(true);
        assert!(terminal.is_given_back());
        assert!(!String::from_utf8(terminal.bytes()).unwrap().contains("too late"));
    }
}
