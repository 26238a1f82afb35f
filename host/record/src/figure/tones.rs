//! Figure of a tone plan: tones, empty lines, products and noise over frequency.

use super::{Axis, Figure, Layer, Mark, Panel, REFERENCE};
use hge_core::tones::products::Tally;
use hge_core::tones::{TonePlan, ToneSpec};

/// Heights of the marks; a tone is as high as the largest noise.
const SECOND_HEIGHT: f64 = 0.12;
const THIRD_HEIGHT: f64 = 0.05;
const EMPTY_HEIGHT: f64 = 0.5;
/// Points of the noise curve.
const POINTS: u32 = 400;

/// The plan: a stem for every tone and empty line, ticks for products, and the expected error over frequency.
pub fn figure(wanted: &ToneSpec, plan: &TonePlan) -> Figure {
    let ToneSpec { grid, noise_model, .. } = wanted;
    let highest = plan.tones.iter().map(|tone| tone.cycles).max().unwrap_or(1);
    let last = (highest + highest / 4 + 8).min(grid.window_samples / 2);
    let error_na = |line: f64| {
        let hz = (line * grid.step_hz()).max(grid.step_hz());
        (noise_model.density_na2_per_hz(hz) * grid.step_hz()).sqrt() / noise_model.gain(hz)
    };
    let worst_na = error_na(1.0).max(error_na(f64::from(last)));
    let mut tally = Tally::new(*grid);
    plan.tones.iter().for_each(|tone| tally.push(tone.cycles));
    // What is not finite interrupts a line.
    let stems = |name: &str, colour: usize, height: f64, lines: Vec<u32>| {
        let hz = lines.into_iter().map(|line| grid.frequency_hz(line));
        let points = hz.flat_map(|hz| [(hz, 0.0), (hz, height), (hz, f64::NAN)]);
        Layer::new(name, colour, Mark::Line, points)
    };
    let counted = |count: &dyn Fn(u32) -> u32| (1..last).filter(|&line| count(line) > 0).collect();
    let empty = plan.tones.iter().flat_map(|tone| tone.empty_lines.iter().copied());
    let tones = plan.tones.iter().map(|tone| tone.cycles);
    let mut layers = vec![
        stems("products of third order", 6, THIRD_HEIGHT, counted(&|line| tally.third(line))),
        stems("products of second order", 1, SECOND_HEIGHT, counted(&|line| tally.second(line))),
        stems("empty lines for the noise", 2, EMPTY_HEIGHT, empty.collect()),
        stems("tones", 0, 1.0, tones.collect()),
    ];
    if worst_na > 0.0 {
        let curve = (1..=POINTS).map(|n| {
            let line = f64::from(n) * f64::from(last) / f64::from(POINTS);
            (line * grid.step_hz(), (error_na(line) / worst_na).min(1.0))
        });
        layers.push(Layer::new("expected error", REFERENCE, Mark::Line, curve));
    }
    let panel = Panel {
        title: "Tones, empty lines and products".into(),
        x: Axis::linear("frequency, Hz").over(0.0, grid.frequency_hz(last)),
        y: Axis::linear(format!("error of an amplitude, of {worst_na:.2e} nA")).over(0.0, 1.15),
        layers,
    };
    Figure { name: "tones".into(), columns: 1, panels: vec![panel] }
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
        let figure = figure(&wanted, &plan);
        let stems = |name: &str| {
            let layer = figure.panels[0].layers.iter().find(|layer| layer.name == name).unwrap();
            layer.points.iter().filter(|(_, height)| *height > 0.0).count()
        };
        assert_eq!((stems("tones"), stems("empty lines for the noise")), (7, 14));
        let picture = figure.svg().unwrap();
        assert!(picture.matches("#0072B2").count() > 7 && picture.contains("frequency, Hz"));
    }
}
