//! Figure of a tone plan: tones, empty lines, products and noise over frequency, as SVG.

use super::font;
use hge_core::tones::products::Tally;
use hge_core::tones::{TonePlan, ToneSpec};
use plotters::coord::Shift;
use plotters::prelude::*;

const SIZE: (u32, u32) = (1000, 420);
/// Legible on paper, on screens and with colour-vision deficiency (Okabe and Ito 2008).
const TONE: RGBColor = RGBColor(0, 114, 178);
const EMPTY: RGBColor = RGBColor(0, 158, 115);
const SECOND: RGBColor = RGBColor(213, 94, 0);
const THIRD: RGBColor = RGBColor(180, 180, 180);
const NOISE: RGBColor = RGBColor(0, 0, 0);
/// Heights of the marks; a tone is as high as the noise at its line, relative to the largest.
const SECOND_HEIGHT: f64 = 0.12;
const THIRD_HEIGHT: f64 = 0.05;
const EMPTY_HEIGHT: f64 = 0.5;
/// Points of the noise curve.
const POINTS: u32 = 400;

type Failed = Box<dyn std::error::Error>;

/// Draws the plan: a stem for every tone and empty line, ticks for products, and the expected error over frequency.
///
/// # Errors
/// The drawing library refuses; no known input causes it.
pub fn svg(wanted: &ToneSpec, plan: &TonePlan) -> Result<String, String> {
    font::register();
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        draw(&area, wanted, plan).map_err(|error| format!("the plan cannot be drawn: {error}"))?;
    }
    Ok(text)
}

fn draw(
    area: &DrawingArea<SVGBackend, Shift>,
    wanted: &ToneSpec,
    plan: &TonePlan,
) -> Result<(), Failed> {
    let ToneSpec { grid, noise_model, .. } = wanted;
    let highest = plan.tones.iter().map(|tone| tone.cycles).max().unwrap_or(1);
    let last = (highest + highest / 4 + 8).min(grid.window_samples / 2);
    let last_hz = grid.frequency_hz(last);
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .caption("Tones, empty lines and products", ("sans-serif", 18))
        .x_label_area_size(42)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..last_hz, 0.0..1.15)?;
    let error_na = |line: f64| {
        let hz = (line * grid.step_hz()).max(grid.step_hz());
        (noise_model.density_na2_per_hz(hz) * grid.step_hz()).sqrt() / noise_model.gain(hz)
    };
    let worst_na = error_na(1.0).max(error_na(f64::from(last)));
    chart
        .configure_mesh()
        .disable_y_mesh()
        .x_desc("frequency, Hz")
        .y_desc(format!("error of an amplitude, of {worst_na:.2e} nA"))
        .y_labels(5)
        .draw()?;
    let mut tally = Tally::new(*grid);
    plan.tones.iter().for_each(|tone| tally.push(tone.cycles));
    let stem = |line: u32, height: f64| {
        let hz = grid.frequency_hz(line);
        vec![(hz, 0.0), (hz, height)]
    };
    let marks = |chosen: Vec<(u32, f64)>, colour: RGBColor, width: u32| {
        let line = colour.stroke_width(width);
        chosen.into_iter().map(move |(at, height)| PathElement::new(stem(at, height), line))
    };
    let counted = |count: &dyn Fn(u32) -> u32, height: f64| -> Vec<(u32, f64)> {
        (1..last).filter(|&line| count(line) > 0).map(|line| (line, height)).collect()
    };
    let tones = plan.tones.iter().map(|tone| (tone.cycles, 1.0)).collect();
    let empty = plan.tones.iter().flat_map(|tone| tone.empty_lines.iter());
    let empty = empty.map(|&line| (line, EMPTY_HEIGHT)).collect();
    let layers = [
        ("products of third order", counted(&|line| tally.third(line), THIRD_HEIGHT), THIRD, 2),
        ("products of second order", counted(&|line| tally.second(line), SECOND_HEIGHT), SECOND, 2),
        ("empty lines for the noise", empty, EMPTY, 2),
        ("tones", tones, TONE, 3),
    ];
    for (name, chosen, colour, width) in layers {
        chart.draw_series(marks(chosen, colour, width))?.label(name).legend(move |(x, y)| {
            PathElement::new(vec![(x, y), (x + 18, y)], colour.stroke_width(width))
        });
    }
    if worst_na > 0.0 {
        let curve = (1..=POINTS).map(|n| {
            let line = f64::from(n) * f64::from(last) / f64::from(POINTS);
            (line * grid.step_hz(), (error_na(line) / worst_na).min(1.0))
        });
        chart
            .draw_series(LineSeries::new(curve, NOISE))?
            .label("expected error")
            .legend(|(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], NOISE));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hge_core::tones::{plan, Grid, NoiseModel, Order};

    #[test]
    fn a_stem_is_drawn_for_every_tone_and_empty_line() {
        let wanted = ToneSpec {
            grid: Grid { rate_hz: 5120.0, window_samples: 512 },
            count: 7,
            band_hz: [100.0, 640.0],
            empty_lines: 2,
            order: Order::Compact,
            noise_model: NoiseModel { white_na2_per_hz: 2.5e-4, ..Default::default() },
        };
        let plan = plan(&wanted).unwrap();
        let picture = svg(&wanted, &plan).unwrap();
        let stems = |colour: &str| picture.matches(&format!("stroke=\"{colour}\"")).count();
        // One more for each in the legend.
        assert_eq!(stems("#0072B2"), 7 + 1);
        assert_eq!(stems("#009E73"), 14 + 1);
        assert!(picture.contains("frequency, Hz") && picture.ends_with("</svg>\n"));
    }
}
