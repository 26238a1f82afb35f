//! Figure of the methods.

use super::training::Trained;
use super::{Place, SHOWN};
use hge_core::method::Method;
use hge_record::figure::{Axis, Figure, Layer, Mark, Panel};

/// Points of a line, which bends where a bias is reached.
const STEPS: i32 = 40;

/// Decades of time that the lines span.
const TIMES_S: (f64, f64) = (0.1, 100.0);

/// Error over time by noise, and what training takes.
pub fn figure(places: &[Place], trained: &[Trained]) -> Figure {
    let mut waits: Vec<(&str, f64)> = Vec::new();
    for place in places {
        if !waits.contains(&(place.noise, place.settle_s)) {
            waits.push((place.noise, place.settle_s));
        }
    }
    let mut panels: Vec<Panel> = waits
        .into_iter()
        .map(|(noise, settle_s)| {
            let of_noise =
                places.iter().filter(|place| place.noise == noise && place.settle_s == settle_s);
            let layers = of_noise.map(|place| {
                let colour = SHOWN.iter().position(|&method| method == place.method).unwrap_or(0);
                // From one set of slopes on.
                let from_s = place.set_s.max(TIMES_S.0);
                let step = (TIMES_S.1 / from_s).powf(1.0 / f64::from(STEPS));
                let points = (0..=STEPS).map(|n| from_s * step.powi(n));
                let points = points.map(|time_s| (time_s, place.error(time_s)));
                let name = match place.method {
                    Method::FiniteDifference => "differences",
                    method => method.name(),
                };
                Layer::new(name, colour, Mark::Line, points)
            });
            Panel {
                title: format!("{noise}, {} ms waited", settle_s * 1e3),
                x: Axis::logarithmic("device time, s"),
                y: Axis::logarithmic("error of a slope, nA/V"),
                layers: layers.collect(),
            }
        })
        .collect();
    let names = || Axis::of(Method::ALL.iter().map(|method| method.name().to_owned()));
    let bar = |title: &str, label: &str, of: &dyn Fn(&Trained) -> f64| {
        let points = trained.iter().enumerate().map(|(n, one)| (n as f64, of(one)));
        let points = points.filter(|(_, value)| value.is_finite());
        Panel {
            title: title.into(),
            x: names(),
            y: Axis::linear(label),
            layers: vec![Layer::new("", 0, Mark::Bars(60), points)],
        }
    };
    panels.push(bar("XOR", "median device time, s", &|one| one.median().time_s));
    Figure { name: "methods".into(), columns: 2, panels }
}
