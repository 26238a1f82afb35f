//! Keys and their actions.

use crossbeam::channel::{bounded, Receiver, RecvTimeoutError};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// Action requested by the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Pause between epochs, or continue.
    Pause,
    /// Disarm, and keep the view.
    Disarm,
    /// End the work.
    Quit,
    /// End the run; a second time, immediately.
    Interrupt,
    /// Show or hide the help on keys.
    Help,
}

/// Longest wait for a key before the thread checks whether it is still needed.
const LISTENING: Duration = Duration::from_millis(50);

/// Size of the queue of keys.
const WAITING_KEYS: usize = 64;

/// The keys of the terminal. A separate thread reads them: when the terminal is closed, crossterm 0.29 reads its end again and again and
/// never returns.
pub struct Keys {
    actions: Receiver<Action>,
    is_needed: Arc<AtomicBool>,
}

impl Keys {
    /// Starts to read keys.
    pub fn listen() -> Self {
        let (sender, actions) = bounded(WAITING_KEYS);
        let is_needed = Arc::new(AtomicBool::new(true));
        let needed = is_needed.clone();
        std::thread::spawn(move || {
            while needed.load(Ordering::Relaxed) {
                let wanted = match event::poll(LISTENING) {
                    Ok(true) => match event::read() {
                        Ok(Event::Key(key)) => action(&key),
                        // A new size is seen by the next picture.
                        _ => None,
                    },
                    Ok(false) => None,
                    // Keys cannot be heard any more; signals can.
                    Err(_) => return,
                };
                if let Some(wanted) = wanted {
                    // Keys beyond those that wait are lost.
                    let _ = sender.try_send(wanted);
                }
            }
        });
        Keys { actions, is_needed }
    }

    /// Without a terminal.
    pub fn none() -> Self {
        let (_, actions) = bounded(1);
        Keys { actions, is_needed: Arc::default() }
    }

    /// The action of a key pressed within `wait`, if any.
    pub fn pressed(&self, wait: Duration) -> Option<Action> {
        match self.actions.recv_timeout(wait) {
            Ok(action) => Some(action),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(wait);
                None
            }
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.is_needed.store(false, Ordering::Relaxed);
    }
}

/// All keys, for the last line.
pub const KEYS: &str = "p pause · d disarm · q quit · ? help";

/// Help on keys.
pub const HELP: &str =
    "p, space: pause/resume · d: disarm, keep view · q: disarm, quit · 2x ^C: at once";

/// The action of a key, if it has one.
pub fn action(key: &KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        // Raw mode makes a key of what else is a signal.
        KeyCode::Char('c') if control => Action::Interrupt,
        KeyCode::Char(_) if control => return None,
        KeyCode::Char('p' | ' ') => Action::Pause,
        KeyCode::Char('d') => Action::Disarm,
        KeyCode::Char('q') | KeyCode::Esc => Action::Quit,
        KeyCode::Char('?') => Action::Help,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> Option<Action> {
        action(&KeyEvent::new(code, modifiers))
    }

    #[test]
    fn every_key_of_the_last_line_means_something() {
        let plain = KeyModifiers::NONE;
        for (key, wanted) in [
            ('p', Action::Pause),
            (' ', Action::Pause),
            ('d', Action::Disarm),
            ('q', Action::Quit),
            ('?', Action::Help),
        ] {
            assert_eq!(pressed(KeyCode::Char(key), plain), Some(wanted));
        }
        assert_eq!(pressed(KeyCode::Esc, plain), Some(Action::Quit));
        assert_eq!(pressed(KeyCode::Char('x'), plain), None);
    }

    #[test]
    fn ctrl_c_interrupts_and_no_other_letter_means_its_own_with_ctrl() {
        assert_eq!(pressed(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Action::Interrupt));
        assert_eq!(pressed(KeyCode::Char('d'), KeyModifiers::CONTROL), None);
        let mut released = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        released.kind = KeyEventKind::Release;
        assert_eq!(action(&released), None);
    }
}
