//! The figures of Fig. 3.

use super::spacing::{Curve, Place};
use super::Series;
use crate::figure::{Axis, Figure, Layer, Mark, Panel, REFERENCE};

pub(super) fn figures(spacings: &[Series], amplitudes: &[Series], curves: &[Curve]) -> Vec<Figure> {
    vec![
        Figure {
            name: "scatter".into(),
            columns: 2,
            panels: spacings.iter().map(scatter).collect(),
        },
        Figure {
            name: "spacing".into(),
            columns: 3,
            panels: curves.iter().map(over_spacing).collect(),
        },
        Figure { name: "amplitude".into(), columns: 2, panels: over_amplitude(amplitudes) },
    ]
}

fn scatter(series: &Series) -> Panel {
    let points = series.pairs.single_na_per_v.iter().zip(&series.pairs.parallel_na_per_v);
    let points: Vec<(f64, f64)> = points.map(|(&single, &parallel)| (single, parallel)).collect();
    let ends = points.iter().flat_map(|point| [point.0, point.1]);
    let (low, high) =
        ends.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let line = series.line();
    Panel {
        title: format!(
            "spacing {} Hz: slope {:.3}, R² {:.4}",
            series.spacing_hz, line.slope, line.r_squared
        ),
        x: Axis::linear("one tone at a time, nA/V").over(low, high),
        y: Axis::linear("all tones at once, nA/V").over(low, high),
        layers: vec![
            Layer::new("", 0, Mark::Dots(2), points),
            Layer::new("", REFERENCE, Mark::Dashed, [(low, low), (high, high)]),
        ],
    }
}

fn over_spacing(curve: &Curve) -> Panel {
    let chosen = |on_grid: bool, of: fn(&Place) -> f64| {
        let places = curve.places.iter().filter(move |place| place.on_grid == on_grid);
        places.map(|place| (place.spacing_hz, of(place))).collect::<Vec<_>>()
    };
    Panel {
        title: format!("channel {} times weaker than its neighbours", curve.weaker),
        x: Axis::linear("spacing of the tones, Hz"),
        y: Axis::logarithmic("mean squared error, (nA/V)²"),
        layers: vec![
            Layer::new("theory", REFERENCE, Mark::Dashed, curve.theory.iter().copied()),
            Layer::new("all, off the grid", 1, Mark::Dots(3), chosen(false, |p| p.parallel)),
            Layer::new("all, on it", 0, Mark::Dots(4), chosen(true, |p| p.parallel)),
            Layer::new("one", 2, Mark::Dots(2), {
                let mut all = chosen(false, |p| p.single);
                all.extend(chosen(true, |p| p.single));
                all
            }),
        ],
    }
}

fn over_amplitude(amplitudes: &[Series]) -> Vec<Panel> {
    let millivolts = |series: &Series| series.amplitude_v * 1e3;
    let errors = |of: fn((f64, f64)) -> f64| {
        amplitudes.iter().map(move |series| (millivolts(series), of(series.errors_na2_per_v2())))
    };
    let joined = |name: &str, colour, points: Vec<(f64, f64)>| {
        let line = Layer::new(name, colour, Mark::Line, points.iter().copied());
        [line, Layer::new("", colour, Mark::Dots(4), points)]
    };
    let amplitude = || Axis::logarithmic("amplitude, mV");
    let mut layers = Vec::new();
    layers.extend(joined("all tones at once", 0, errors(|both| both.0).collect()));
    layers.extend(joined("one at a time", 1, errors(|both| both.1).collect()));
    let ratio: Vec<(f64, f64)> = errors(|both| both.0 / both.1).collect();
    let ends = [ratio.first(), ratio.last()].into_iter().flatten().map(|point| (point.0, 1.0));
    let one = Layer::new("", REFERENCE, Mark::Dashed, ends.collect::<Vec<_>>());
    let mut of_ratio = vec![one];
    of_ratio.extend(joined("", 0, ratio));
    vec![
        Panel {
            title: "error against exact slopes".into(),
            x: amplitude(),
            y: Axis::logarithmic("mean squared error, (nA/V)²"),
            layers,
        },
        Panel {
            title: "all at once over one at a time".into(),
            x: amplitude(),
            y: Axis::linear("ratio of mean squared errors"),
            layers: of_ratio,
        },
    ]
}
