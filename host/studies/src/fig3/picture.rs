//! The figures of Fig. 3.

use super::spacing::{mean_square, Curves};
use super::Series;
use hge_record::figure::{Axis, Figure, Layer, Mark, Panel, REFERENCE};

pub(super) fn figures(spacings: &[Series], amplitudes: &[Series], curves: &Curves) -> Vec<Figure> {
    vec![
        Figure {
            name: "scatter".into(),
            columns: 2,
            panels: spacings.iter().map(scatter).collect(),
        },
        Figure {
            name: "spacing".into(),
            columns: 2,
            panels: (0..curves.filters.len()).map(|filter| over_spacing(curves, filter)).collect(),
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
    Panel {
        title: format!(
            "spacing {} Hz: slope {:.3}, R² {:.3}",
            series.wanted.spacing_hz, series.slope.value, series.r_squared.value
        ),
        x: Axis::linear("one tone at a time, nA/V").over(low, high),
        y: Axis::linear("all tones at once, nA/V").over(low, high),
        layers: vec![
            Layer::new("", 0, Mark::Dots(2), points),
            Layer::new("", REFERENCE, Mark::Dashed, [(low, low), (high, high)]),
        ],
    }
}

/// One panel a filter: the curve of the first channel, and the band between the others.
fn over_spacing(curves: &Curves, filter: usize) -> Panel {
    let mut layers = Vec::new();
    for (n, curve) in curves.curves.iter().enumerate() {
        let theory = curve.theory.iter().map(|(spacing_hz, errors)| (*spacing_hz, errors[filter]));
        let (mark, colour) = if n == 0 { (Mark::Line, 0) } else { (Mark::Dashed, n) };
        layers.push(Layer::new(format!("{} times weaker", curve.weaker), colour, mark, theory));
        let places = curve.places.iter();
        let dots = places.map(|place| (place.spacing_hz, mean_square(&place.trials, filter)));
        layers.push(Layer::new("", colour, Mark::Dots(2), dots));
    }
    let first = curves.curves.first();
    let ends = first.and_then(|curve| Some((curve.theory.first()?.0, curve.theory.last()?.0)));
    let (low_hz, high_hz) = ends.unwrap_or((0.0, 1.0));
    let alone = curves.expected_alone[filter];
    let line = [(low_hz, alone), (high_hz, alone)];
    layers.push(Layer::new("alone", REFERENCE, Mark::Dashed, line));
    Panel {
        title: curves.filters[filter].name(),
        x: Axis::linear("spacing of the tones, Hz"),
        y: Axis::logarithmic("mean squared error, (nA/V)²").over(1.0, 1e5),
        layers,
    }
}

fn over_amplitude(amplitudes: &[Series]) -> Vec<Panel> {
    let millivolts = |series: &Series| series.wanted.amplitude_v * 1e3;
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
    let ratio = |of: fn(&Series) -> f64| -> Vec<(f64, f64)> {
        amplitudes.iter().map(|series| (millivolts(series), of(series))).collect()
    };
    let ratios = ratio(|series| series.ratio.value);
    let ends = [ratios.first(), ratios.last()].into_iter().flatten().map(|point| (point.0, 1.0));
    let one = Layer::new("", REFERENCE, Mark::Dashed, ends.collect::<Vec<_>>());
    let mut of_ratio = vec![one];
    of_ratio.extend(joined("", 0, ratios));
    for (name, of) in [
        ("95 % interval", (|series| series.ratio.low) as fn(&Series) -> f64),
        ("", |series| series.ratio.high),
    ] {
        of_ratio.push(Layer::new(name, 1, Mark::Dashed, ratio(of)));
    }
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
