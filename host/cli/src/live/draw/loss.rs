//! Loss over epochs, for every start.

use super::super::dashboard::{Curve, Dashboard};
use super::theme::Theme;
use ratatui::layout::Rect;
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph};
use ratatui::Frame;

/// From this ratio of losses the axis is logarithmic.
const LOGARITHMIC_FROM: f64 = 10.0;

/// Epochs of the shortest axis.
const LEAST_EPOCHS: f64 = 10.0;

/// A curve for each start: a line for the present one, dots for earlier ones.
pub fn draw(frame: &mut Frame<'_>, area: Rect, dashboard: &Dashboard, theme: &Theme) {
    let block = Block::bordered();
    let curves = &dashboard.curves;
    let points = || curves.iter().flat_map(|curve| &curve.points);
    if points().next().is_none() {
        let waits = Paragraph::new("no epoch yet").block(block.title(" loss "));
        frame.render_widget(waits, area);
        return;
    }
    let ends = points().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &(_, loss)| {
        (low.min(loss), high.max(loss))
    });
    let epochs = points().fold(LEAST_EPOCHS, |most, &(epoch, _)| most.max(epoch));
    let logarithmic = ends.0 > 0.0 && ends.1 > LOGARITHMIC_FROM * ends.0;
    let height = |loss: f64| if logarithmic { loss.log10() } else { loss };
    let (low, high) = (height(ends.0), height(ends.1));
    let margin = (0.05 * (high - low)).max(1e-9 + 1e-3 * high.abs());
    let placed = |curve: &Curve| -> Vec<(f64, f64)> {
        curve.points.iter().map(|&(epoch, loss)| (epoch, height(loss))).collect()
    };
    let placed: Vec<Vec<(f64, f64)>> = curves.iter().map(placed).collect();
    let last = placed.len() - 1;
    let sets = placed.iter().enumerate().map(|(place, points)| {
        let set = Dataset::default().data(points);
        if place == last {
            set.marker(Marker::Braille).graph_type(GraphType::Line).style(theme.curve)
        } else {
            set.marker(Marker::Dot).graph_type(GraphType::Scatter).style(theme.past)
        }
    });
    let name = if logarithmic { " loss (log) " } else { " loss " };
    let mut title = Line::from(name);
    if last > 0 {
        title.push_span(format!("· start {}, • before ", curves[last].start));
    }
    let chart = Chart::new(sets.collect())
        .block(block.title(title))
        .x_axis(Axis::default().bounds([1.0, epochs]).labels(["1".into(), format!("{epochs:.0}")]))
        .y_axis(
            Axis::default()
                .bounds([low - margin, high + margin])
                .labels([format!("{:.3}", ends.0), format!("{:.3}", ends.1)]),
        );
    frame.render_widget(chart, area);
}
