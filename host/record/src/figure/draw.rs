//! A figure on any backend of the drawing library.

use super::{font, Figure, Layer, Mark, Panel, COLOURS};
use plotters::coord::Shift;
use plotters::prelude::*;

type Failed<Backend> = DrawingAreaErrorKind<<Backend as DrawingBackend>::ErrorType>;

const CAPTION: (&str, u32) = (font::FAMILY, 16);
const LABEL: (&str, u32) = (font::FAMILY, 13);
/// Widths of lines, in pixels.
const LINE: u32 = 2;
const THIN: u32 = 1;
/// Number of points from which on a line is thin.
const MANY: usize = 90;
/// Height of a row of names above a panel, and in it where the first begins and the widths of a mark and of a letter.
const NAMES: u32 = 20;
const FIRST: i32 = 70;
const SIGN: i32 = 14;
const LETTER: i32 = 6;
/// Pixels drawn and left out of a dashed line.
const DASH: (i32, i32) = (6, 4);

pub(super) fn svg(figure: &Figure) -> Result<String, String> {
    font::register();
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, figure.size()).into_drawing_area();
        draw(&area, figure).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

pub(super) fn png(figure: &Figure) -> Result<Vec<u8>, String> {
    font::register();
    let (width, height) = figure.size();
    let mut pixels = vec![0; 3 * (width * height) as usize];
    {
        let backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
        draw(&backend.into_drawing_area(), figure).map_err(|error| error.to_string())?;
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
    written.map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn draw<Backend: DrawingBackend>(
    area: &DrawingArea<Backend, Shift>,
    figure: &Figure,
) -> Result<(), Failed<Backend>> {
    area.fill(&WHITE)?;
    let columns = figure.columns.max(1).min(figure.panels.len().max(1));
    let rows = figure.panels.len().div_ceil(columns).max(1);
    for (place, panel) in area.split_evenly((rows, columns)).iter().zip(&figure.panels) {
        draw_panel(place, panel)?;
    }
    area.present()
}

fn draw_panel<Backend: DrawingBackend>(
    area: &DrawingArea<Backend, Shift>,
    panel: &Panel,
) -> Result<(), Failed<Backend>> {
    let points = || panel.layers.iter().flat_map(|layer| layer.points.iter());
    let barred = panel.layers.iter().any(|layer| matches!(layer.mark, Mark::Bars(_)));
    let x = panel.x.scale(points().map(|point| point.0));
    let y = panel.y.scale(points().map(|point| point.1).chain(barred.then_some(0.0)));
    let area = area.margin(6, 0, 0, 0).titled(&panel.title, CAPTION)?;
    let named: Vec<&Layer> = panel.layers.iter().filter(|layer| !layer.name.is_empty()).collect();
    let places = places(&named, area.dim_in_pixel().0 as i32);
    let rows = places.last().map_or(0, |&(_, row)| row + 1);
    let (names, area) = area.split_vertically(NAMES * rows);
    draw_names(&names, &named, &places)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(10)
        .margin_top(4)
        .x_label_area_size(40)
        .y_label_area_size(58)
        .build_cartesian_2d(x, y.clone())?;
    chart
        .configure_mesh()
        .x_desc(&panel.x.label)
        .y_desc(&panel.y.label)
        .x_labels(8)
        .y_labels(8)
        .max_light_lines(0)
        .label_style(LABEL)
        .bold_line_style(BLACK.mix(0.12))
        .draw()?;
    let holds = |&(x, y): &(f64, f64)| panel.x.holds(x) && panel.y.holds(y);
    for layer in &panel.layers {
        let colour = colour(layer);
        match layer.mark {
            Mark::Line => {
                let width = if layer.points.len() < MANY { LINE } else { THIN };
                for run in runs(layer, holds) {
                    chart.draw_series(LineSeries::new(run, colour.stroke_width(width)))?;
                }
            }
            Mark::Dashed => {
                for run in runs(layer, holds) {
                    let (drawn, left) = DASH;
                    let style = colour.stroke_width(THIN);
                    chart.draw_series(DashedLineSeries::new(run, drawn, left, style))?;
                }
            }
            Mark::Dots(radius) => {
                let dots = layer.points.iter().copied().filter(holds);
                let style = colour.mix(0.7).filled();
                chart.draw_series(dots.map(|dot| Circle::new(dot, radius as i32, style)))?;
            }
            Mark::Bars(percent) => {
                let half = f64::from(percent) / 200.0;
                let foot = y.low.max(0.0);
                let bars = layer.points.iter().copied().filter(holds);
                let bar =
                    |(x, y)| Rectangle::new([(x - half, foot), (x + half, y)], colour.filled());
                chart.draw_series(bars.map(bar))?;
            }
        }
    }
    Ok(())
}

fn colour(layer: &Layer) -> RGBColor {
    let (red, green, blue) = COLOURS[layer.colour];
    RGBColor(red, green, blue)
}

/// Where each name begins: from the left, and in which row.
fn places(named: &[&Layer], width: i32) -> Vec<(i32, u32)> {
    let (mut x, mut row) = (FIRST, 0);
    let mut place = |layer: &&Layer| {
        let length = SIGN + 20 + LETTER * layer.name.chars().count() as i32;
        if x > FIRST && x + length > width {
            (x, row) = (FIRST, row + 1);
        }
        let place = (x, row);
        x += length;
        place
    };
    named.iter().map(&mut place).collect()
}

/// The names of layers in rows, each after its colour.
fn draw_names<Backend: DrawingBackend>(
    area: &DrawingArea<Backend, Shift>,
    named: &[&Layer],
    places: &[(i32, u32)],
) -> Result<(), Failed<Backend>> {
    for (layer, &(x, row)) in named.iter().zip(places) {
        let style = colour(layer).filled();
        let middle = (NAMES / 2 + NAMES * row) as i32;
        let thickness = if layer.mark == Mark::Dashed { 0 } else { 2 };
        let sign = [(x, middle - thickness), (x + SIGN, middle + thickness + 1)];
        area.draw(&Rectangle::new(sign, style))?;
        let at = (x + SIGN + 5, middle - 6);
        area.draw(&Text::new(layer.name.clone(), at, LABEL))?;
    }
    Ok(())
}

/// The points between those that have no place.
fn runs(layer: &Layer, holds: impl Fn(&(f64, f64)) -> bool) -> Vec<Vec<(f64, f64)>> {
    let runs = layer.points.split(|point| !holds(point));
    runs.filter(|run| !run.is_empty()).map(<[(f64, f64)]>::to_vec).collect()
}
