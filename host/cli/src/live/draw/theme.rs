//! Styles. Each meaning also has a glyph or a word.

use ratatui::style::{Color, Modifier, Style};

/// The styles of a view.
pub struct Theme {
    pub plain: Style,
    pub title: Style,
    pub dim: Style,
    /// As required.
    pub good: Style,
    /// Not as required.
    pub bad: Style,
    /// Warning.
    pub mark: Style,
    /// The present start.
    pub curve: Style,
    /// Earlier starts.
    pub past: Style,
}

impl Theme {
    /// With colours.
    pub fn coloured() -> Self {
        let of = |color| Style::new().fg(color);
        Theme {
            plain: Style::new(),
            title: Style::new().add_modifier(Modifier::BOLD),
            dim: of(Color::DarkGray),
            good: of(Color::Green),
            bad: of(Color::Red),
            mark: of(Color::Yellow),
            curve: of(Color::Cyan),
            past: of(Color::DarkGray),
        }
    }

    /// Without any, for `NO_COLOR`.
    pub fn colourless() -> Self {
        let plain = Style::new();
        let title = plain.add_modifier(Modifier::BOLD);
        let (dim, good, bad, mark) = (plain, plain, plain, plain);
        Theme { plain, title, dim, good, bad, mark, curve: plain, past: plain }
    }
}
