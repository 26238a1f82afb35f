//! The figures of a classification.

use super::data::{radius, Points};
use super::training_config::Trained;
use hge_record::figure::{Axis, Figure, Layer, Mark, Panel, REFERENCE};

pub(super) fn figures(trained: &[Trained], test: &Points) -> Vec<Figure> {
    let shown = trained.iter().take(2);
    let radii = shown.clone().map(|found| over_radius(found, test)).collect();
    let losses = Panel {
        title: "best start".into(),
        x: Axis::linear("iteration"),
        y: Axis::linear("loss"),
        layers: shown
            .enumerate()
            .map(|(n, found)| {
                let points = found.losses.iter().enumerate();
                let points = points.map(|(step, &loss)| (step as f64, loss));
                Layer::new(slopes(found), n, Mark::Line, points)
            })
            .collect(),
    };
    vec![
        Figure { name: "radius".into(), columns: 2, panels: radii },
        Figure { name: "loss".into(), columns: 1, panels: vec![losses] },
    ]
}

fn slopes(found: &Trained) -> &'static str {
    if found.measured {
        "extracted slopes"
    } else {
        "exact slopes"
    }
}

fn over_radius(found: &Trained, test: &Points) -> Panel {
    let class = |wanted: bool| {
        let points = test.at.iter().zip(&test.inside).zip(&found.outputs_na);
        let points = points.filter(move |((_, &inside), _)| inside == wanted);
        points.map(|((at, _), &output_na)| (radius(at), output_na)).collect::<Vec<_>>()
    };
    let farthest = test.at.iter().map(|at| radius(at)).fold(0.0, f64::max);
    let threshold = [(0.0, found.threshold.at_na), (farthest, found.threshold.at_na)];
    Panel {
        title: format!("{}: accuracy {:.3}", slopes(found), found.test_accuracy),
        x: Axis::linear("radius"),
        y: Axis::linear("current, nA"),
        layers: vec![
            Layer::new("inside", 0, Mark::Dots(1), class(true)),
            Layer::new("outside", 1, Mark::Dots(1), class(false)),
            Layer::new("threshold", REFERENCE, Mark::Dashed, threshold),
        ],
    }
}
