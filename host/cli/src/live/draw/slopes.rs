//! Slopes of every case for every control, and their errors.

use super::super::dashboard::Dashboard;
use super::theme::Theme;
use ratatui::text::{Line, Span};

/// Columns of a case's number, and of a slope.
const CASE: usize = 3;
const SLOPE: usize = 8;

/// A slope of this many standard errors differs from zero with 95 % confidence.
const ERRORS: f64 = 2.0;

/// Columns for all of them, with a frame.
pub fn width(dashboard: &Dashboard) -> u16 {
    let columns = CASE + SLOPE * dashboard.setting.controls.len() + 2;
    u16::try_from(columns).unwrap_or(u16::MAX)
}

/// Controls, errors, then a row for each case.
pub fn rows(dashboard: &Dashboard, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let (now, controls) = (&dashboard.now, &dashboard.setting.controls);
    let room = (usize::from(width).saturating_sub(CASE) / SLOPE).max(1);
    let shown = if controls.len() > room { room - 1 } else { controls.len() };
    let more = controls.len() - shown;
    let mut heading = " ".repeat(CASE);
    for control in &controls[..shown] {
        heading += &format!("{:>7} ", format!("e{}", control.electrode));
    }
    if more > 0 {
        heading += &format!("+{more} more");
    }
    let mut rows = vec![Line::from(heading)];
    if !now.errors_na_per_v.is_empty() {
        let errors = now.errors_na_per_v.iter().take(shown);
        let errors: String =
            errors.map(|error| format!("{:>7} ", format!("±{error:.2}"))).collect();
        rows.push(Line::from(Span::styled(format!("{:CASE$}{errors}", ""), theme.dim)));
    }
    rows.extend(now.slopes_na_per_v.iter().enumerate().map(|(case, slopes)| {
        let mut row = vec![Span::raw(format!("{case:>2} "))];
        for (k, &slope) in slopes.iter().take(shown).enumerate() {
            let error = now.errors_na_per_v.get(k).copied().unwrap_or(0.0);
            let noise = slope.abs() < ERRORS * error;
            let style = if noise { theme.dim } else { theme.plain };
            let mark = if noise { '~' } else { ' ' };
            row.push(Span::styled(format!("{:>7}{mark}", short(slope)), style));
        }
        Line::from(row)
    }));
    rows
}

/// In seven columns.
fn short(slope: f64) -> String {
    match slope.abs() {
        size if size < 1e3 => format!("{slope:+.2}"),
        size if size < 1e5 => format!("{slope:+.0}"),
        _ => format!("{slope:+.0e}"),
    }
}
