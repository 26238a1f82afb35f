//! What a key means.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Wait between epochs, or go on.
    Pause,
    /// Send the outputs to their safe values, and look on.
    Disarm,
    /// End all.
    Quit,
    /// End all; asked twice, at once.
    Interrupt,
    /// Show the keys, or no longer.
    Help,
}

/// All keys, for the last line.
pub const KEYS: &str = "p pause · d disarm · q quit · ? help";

/// What each does.
pub const HELP: &str =
    "p, space: wait or go on · d: disarm, look on · q: disarm, leave · 2x ^C: at once";

/// What a key means, if anything.
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
