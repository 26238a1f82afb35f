//! Share of searches that have found a solution, over device time.

use super::Compared;
use crate::survival::solved_steps;
use hge_record::figure::{Axis, Figure, Layer, Mark, Panel};

/// Device time at which the curves begin, in seconds.
const FIRST_S: f64 = 0.1;

/// One panel a task, one line a strategy.
pub fn figure(compared: &[Compared]) -> Figure {
    let panel = |one: &Compared| {
        let layers = one.groups.iter().enumerate().map(|(colour, group)| {
            let points = solved_steps(&group.durations, FIRST_S);
            Layer::new(group.strategy.name(), colour, Mark::Line, points)
        });
        Panel {
            title: format!("{}, chance {:.2} %", one.task.name, 100.0 * one.chance.share()),
            x: Axis::logarithmic("device time, s"),
            y: Axis::linear("share solved").over(0.0, 1.05),
            layers: layers.collect(),
        }
    };
    Figure { name: "search".into(), columns: 2, panels: compared.iter().map(panel).collect() }
}
