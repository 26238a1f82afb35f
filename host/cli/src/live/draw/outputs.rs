//! Outputs of every case with threshold and targets.

use super::super::dashboard::Dashboard;
use super::text::{column, cut};
use super::theme::Theme;
use ratatui::text::{Line, Span};

/// Columns besides inputs and scale: case, label, value, verdict.
const BESIDE: usize = 21;

/// Minimum columns of a useful scale.
const LEAST_SCALE: usize = 8;

/// The gap, then a row for each case: label, position of its current, the current, correct side or not.
pub fn rows(dashboard: &Dashboard, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let setting = &dashboard.setting;
    let free = usize::from(width).saturating_sub(BESIDE);
    let longest = setting.cases.iter().map(|case| case.inputs.chars().count()).max().unwrap_or(0);
    let inputs = longest.min(free.saturating_sub(LEAST_SCALE));
    let scale = free - inputs;
    let mut rows = vec![separation(dashboard, theme)];
    if setting.aimed && setting.cases.iter().all(|case| case.high.is_some()) {
        let targets = &setting.targets;
        let text = format!("wanted ◇ {:+.2} high, {:+.2} low nA", targets.high_na, targets.low_na);
        rows.push(Line::from(text));
    }
    rows.extend((0..setting.cases.len()).map(|case| {
        let asked = &setting.cases[case];
        let (mark, style) = verdict(dashboard, theme, case);
        Line::from(vec![
            Span::raw(format!("{case:>2} {} {:<4} ", cut(&asked.inputs, inputs), word(asked.high))),
            Span::raw(bar(dashboard, case, scale)),
            Span::raw(format!(" {} ", current(dashboard.now.outputs_na.get(case)))),
            Span::styled(mark, style),
        ])
    }));
    rows
}

/// Rows of twenty columns for a small terminal.
pub fn cells(dashboard: &Dashboard, theme: &Theme) -> Vec<Line<'static>> {
    let cell = |case: usize| {
        let (mark, style) = verdict(dashboard, theme, case);
        let wanted = word(dashboard.setting.cases[case].high);
        let current = current(dashboard.now.outputs_na.get(case));
        let text = format!("{case} {wanted:<4} {current} ");
        Line::from(vec![Span::raw(text), Span::styled(mark, style)])
    };
    (0..dashboard.setting.cases.len()).map(cell).collect()
}

fn word(high: Option<bool>) -> &'static str {
    match high {
        Some(true) => "high",
        Some(false) => "low",
        None => "",
    }
}

fn current(output_na: Option<&f64>) -> String {
    match output_na.filter(|output_na| output_na.is_finite()) {
        Some(output_na) => format!("{output_na:>+9.3}"),
        None => format!("{:>9}", "-"),
    }
}

fn verdict(
    dashboard: &Dashboard,
    theme: &Theme,
    case: usize,
) -> (&'static str, ratatui::style::Style) {
    match dashboard.is_right(case) {
        Some(true) => ("✓", theme.good),
        Some(false) => ("✗", theme.bad),
        None => (" ", theme.plain),
    }
}

fn separation(dashboard: &Dashboard, theme: &Theme) -> Line<'static> {
    let Some((apart_na, solved)) = dashboard.separation() else {
        return Line::from("threshold not known yet");
    };
    let threshold = dashboard.threshold_na().map(|na| format!("│ {na:+.2} nA, "));
    let apart = match dashboard.now.clipped {
        true => format!("gap {apart_na:+.2}, CLIPPED"),
        false => format!("gap {apart_na:+.2}, {} needed", dashboard.setting.wanted_na),
    };
    Line::from(vec![
        Span::raw(threshold.unwrap_or_default()),
        Span::styled(apart, if solved { theme.good } else { theme.mark }),
    ])
}

/// One scale for all cases: threshold, target, output.
fn bar(dashboard: &Dashboard, case: usize, columns: usize) -> String {
    let outputs_na = &dashboard.now.outputs_na;
    let setting = &dashboard.setting;
    let aims = [setting.targets.high_na, setting.targets.low_na];
    let aims = aims.into_iter().filter(|_| setting.aimed);
    let known = outputs_na.iter().copied().filter(|output_na| output_na.is_finite()).chain(aims);
    let (low, high) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let mut scale = vec!['·'; columns];
    if columns == 0 || low > high {
        return scale.into_iter().collect();
    }
    let mut put = |value: f64, glyph: char| scale[column(value, low, high, columns)] = glyph;
    if let Some(threshold_na) = dashboard.threshold_na() {
        put(threshold_na, '│');
    }
    if setting.aimed {
        put(setting.targets.target_na(case), '◇');
    }
    if let Some(&output_na) = outputs_na.get(case).filter(|output_na| output_na.is_finite()) {
        put(output_na, '●');
    }
    scale.into_iter().collect()
}
