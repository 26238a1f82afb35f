//! The model as text, for a terminal of any size.

mod controls;
mod loss;
mod outputs;
mod slopes;
mod text;
mod theme;

#[cfg(test)]
mod tests;

pub use theme::Theme;

use super::dashboard::{Dashboard, Ending, Phase};
use super::keys::{HELP, KEYS};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Wrap};
use ratatui::Frame;
use text::fitted;

/// Minimum terminal: columns and rows.
const LEAST: (u16, u16) = (40, 10);

/// Minimum size for panels with frames:
/// a control's row with its frame, and next to it the slopes of five controls.
const ROOMY: (u16, u16) = (78, 20);

/// Minimum columns of the panel of controls.
const CONTROLS_WIDTH: u16 = 33;

/// One picture.
pub fn draw(frame: &mut Frame<'_>, dashboard: &Dashboard, theme: &Theme) {
    let area = frame.area();
    let (columns, rows) = LEAST;
    if area.width < columns || area.height < rows {
        // Short enough for twenty columns.
        frame.render_widget(Line::from(format!("view needs {columns}x{rows}")), area);
    } else if area.width < ROOMY.0 || area.height < ROOMY.1 {
        compact(frame, dashboard, theme);
    } else {
        roomy(frame, dashboard, theme);
    }
}

/// Panels with frames.
fn roomy(frame: &mut Frame<'_>, dashboard: &Dashboard, theme: &Theme) {
    let width = usize::from(frame.area().width);
    let [title, progress, standing, upper, lower, guard, link, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(if standing_line(dashboard, theme).width() > width { 2 } else { 1 }),
        Constraint::Fill(1),
        Constraint::Fill(1),
        Constraint::Length(if dashboard.fault().is_some() { 2 } else { 1 }),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    let halves = Layout::horizontal([Constraint::Percentage(44), Constraint::Percentage(56)]);
    let [chart, outputs] = halves.areas(upper);
    let needed = slopes::width(dashboard).min(frame.area().width - CONTROLS_WIDTH);
    let needed = needed.max(outputs.width);
    let [controls, slopes] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(needed)]).areas(lower);
    let name = Span::styled(text::cut(&dashboard.setting.title, width), theme.title);
    frame.render_widget(Line::from(name), title);
    frame.render_widget(progress_line(dashboard), progress);
    wrapped(frame, standing, standing_line(dashboard, theme));
    loss::draw(frame, chart, dashboard, theme);
    let lines = outputs::rows(dashboard, theme, outputs.width.saturating_sub(2));
    panel(frame, outputs, " outputs ".into(), lines);
    let lines = controls::rows(dashboard, theme, controls.width.saturating_sub(2));
    panel(frame, controls, " controls (V) ".into(), lines);
    let lines = slopes::rows(dashboard, theme, slopes.width.saturating_sub(2));
    let unit = dashboard.setting.slope_unit;
    panel(frame, slopes, format!(" slopes ({unit}; ~ within two errors of 0) "), lines);
    wrapped(frame, guard, guard_line(dashboard, theme));
    frame.render_widget(link_line(dashboard, theme), link);
    frame.render_widget(keys_line(dashboard, theme), keys);
}

/// Panels without frames and curves.
fn compact(frame: &mut Frame<'_>, dashboard: &Dashboard, theme: &Theme) {
    let area = frame.area();
    let (cases, controls) = (dashboard.setting.cases.len(), dashboard.setting.controls.len());
    let free = usize::from(area.height) - 5;
    let case_rows = cases.div_ceil(2).min(free / 2).max(free - controls.div_ceil(2).min(free));
    let [progress, standing, outputs, settings, guard, link, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(case_rows as u16),
        Constraint::Fill(1),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(progress_line(dashboard), progress);
    frame.render_widget(standing_line(dashboard, theme), standing);
    let cells = outputs::cells(dashboard, theme);
    pairs(frame, outputs, cells);
    pairs(frame, settings, controls::cells(dashboard, theme));
    frame.render_widget(guard_line(dashboard, theme), guard);
    frame.render_widget(link_line(dashboard, theme), link);
    frame.render_widget(keys_line(dashboard, theme), keys);
}

/// Two columns of cells.
fn pairs(frame: &mut Frame<'_>, area: Rect, cells: Vec<Line<'static>>) {
    let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(area);
    let room = 2 * usize::from(area.height);
    for (place, cell) in fitted(cells, room).into_iter().enumerate() {
        let column = if place % 2 == 0 { left } else { right };
        let row = Rect { y: column.y + (place / 2) as u16, height: 1, ..column };
        frame.render_widget(cell, row);
    }
}

fn panel(frame: &mut Frame<'_>, area: Rect, title: String, lines: Vec<Line<'static>>) {
    let block = Block::bordered().title(title);
    let room = usize::from(block.inner(area).height);
    frame.render_widget(Paragraph::new(fitted(lines, room)).block(block), area);
}

fn wrapped(frame: &mut Frame<'_>, area: Rect, line: Line<'static>) {
    frame.render_widget(Paragraph::new(line).wrap(Wrap { trim: true }), area);
}

/// Progress.
fn progress_line(dashboard: &Dashboard) -> Line<'static> {
    let (now, setting) = (&dashboard.now, &dashboard.setting);
    let loss = dashboard.loss.map_or("-".into(), |loss| format!("{loss:.4}"));
    Line::from(format!(
        "loss {loss}  epoch {}/{}  start {}/{}",
        now.epoch, setting.epochs, now.restart, setting.starts
    ))
}

/// State of the work and times.
fn standing_line(dashboard: &Dashboard, theme: &Theme) -> Line<'static> {
    let style = match &dashboard.phase {
        Phase::Running => theme.good,
        Phase::Ended(Ending::Done { good: true, .. }) => theme.good,
        Phase::Ended(_) => theme.bad,
        Phase::Pausing | Phase::Paused | Phase::Stopping => theme.mark,
    };
    let samples = dashboard.now.samples;
    let measured_s = samples as f64 / dashboard.setting.rate_hz;
    Line::from(vec![
        Span::styled(dashboard.standing(), style),
        Span::raw(format!(
            "  {:.1} s, measured {measured_s:.1} s, {samples} samples",
            dashboard.elapsed.as_secs_f64()
        )),
    ])
}

fn guard_line(dashboard: &Dashboard, theme: &Theme) -> Line<'static> {
    let style = if dashboard.fault().is_some() { theme.bad } else { theme.plain };
    Line::from(vec![Span::raw("guard  "), Span::styled(dashboard.guard_text(), style)])
}

fn link_line(dashboard: &Dashboard, theme: &Theme) -> Line<'static> {
    let signs = &dashboard.signs;
    let lost = signs.missing + signs.damaged > 0;
    let style = if lost { theme.mark } else { theme.plain };
    let trouble = format!("{} missing, {} damaged", signs.missing, signs.damaged);
    let frames = format!(", {} frames", signs.frames);
    Line::from(vec![Span::raw("link   "), Span::styled(trouble, style), Span::raw(frames)])
}

fn keys_line(dashboard: &Dashboard, theme: &Theme) -> Line<'static> {
    match &dashboard.notice {
        Some(notice) => Line::from(Span::styled(notice.clone(), theme.mark)),
        None if dashboard.help => Line::from(Span::styled(HELP, theme.dim)),
        None => Line::from(Span::styled(KEYS, theme.dim)),
    }
}
