//! Controls within their limits.

use super::super::dashboard::Dashboard;
use super::super::setting::Control;
use super::text::column;
use super::theme::Theme;
use ratatui::text::{Line, Span};

/// A control within this fraction of its range of a limit is marked.
const AT_LIMIT: f64 = 0.005;

/// Columns besides the gauge: electrode, limits, value, flag.
const BESIDE: usize = 28;

/// A row for each control: limits, position between them, voltage, `!` at a limit.
pub fn rows(dashboard: &Dashboard, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let columns = usize::from(width).saturating_sub(BESIDE).max(3);
    let row = |(k, control): (usize, &Control)| {
        let Control { electrode, low_v, high_v } = *control;
        let volts = dashboard.now.controls_v.get(k).copied();
        let mut gauge = vec!['─'; columns];
        if let Some(volts) = volts {
            gauge[column(volts, low_v, high_v, columns)] = '●';
        }
        Line::from(vec![
            Span::raw(format!("e{electrode:<2} {low_v:>+6.2} ├")),
            Span::styled(gauge.into_iter().collect::<String>(), theme.curve),
            Span::raw(format!("┤{high_v:>+6.2}  ")),
            value(volts, control, theme, 3),
        ])
    };
    dashboard.setting.controls.iter().enumerate().map(row).collect()
}

/// Rows of twenty columns for a small terminal.
pub fn cells(dashboard: &Dashboard, theme: &Theme) -> Vec<Line<'static>> {
    let cell = |(k, control): (usize, &Control)| {
        let Control { electrode, low_v, high_v } = *control;
        let volts = dashboard.now.controls_v.get(k).copied();
        Line::from(vec![
            Span::raw(format!("e{electrode} {low_v:+.1}<")),
            value(volts, control, theme, 2),
            Span::raw(format!("<{high_v:+.1}")),
        ])
    };
    dashboard.setting.controls.iter().enumerate().map(cell).collect()
}

/// Voltage of a control; `!` at a limit.
fn value(volts: Option<f64>, control: &Control, theme: &Theme, digits: usize) -> Span<'static> {
    let Some(volts) = volts else { return Span::raw("-") };
    let near_v = AT_LIMIT * (control.high_v - control.low_v);
    if volts - control.low_v < near_v || control.high_v - volts < near_v {
        Span::styled(format!("{volts:+.digits$}!"), theme.mark)
    } else {
        Span::raw(format!("{volts:+.digits$}"))
    }
}
