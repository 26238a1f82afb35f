//! Text elements of the panels.

use ratatui::text::Line;

/// As many lines as fit; the last one counts the omitted lines.
pub fn fitted(mut lines: Vec<Line<'static>>, room: usize) -> Vec<Line<'static>> {
    if lines.len() > room && room > 0 {
        let left_out = lines.len() - (room - 1);
        lines.truncate(room - 1);
        lines.push(Line::from(format!("… {left_out} more")));
    }
    lines
}

/// Column of a value between two ends; values beyond are at the end.
pub fn column(value: f64, low: f64, high: f64, columns: usize) -> usize {
    let last = columns.saturating_sub(1) as f64;
    let share = (value - low) / (high - low);
    if share.is_finite() {
        (share * last).round().clamp(0.0, last) as usize
    } else {
        0
    }
}

/// At most this number of columns of a text of narrow characters.
pub fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return format!("{text:<columns$}");
    }
    let kept = text.chars().take(columns.saturating_sub(1));
    kept.chain(['…']).collect()
}
