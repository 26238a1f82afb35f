//! Table, figure and claims of the comparison.

use super::Compared;
use crate::survival::{
    finite, median, median_s, ratio_interval, rows, solved_steps, solved_text, spread,
};
use crate::{Claim, Findings, Table};
use hge_record::figure::{Axis, Figure, Layer, Mark, Panel};
use serde_json::json;

/// Starts from which on a ratio is claimed.
const COUNTED_STARTS: usize = 32;

/// Device time at which the curves begin, in seconds.
const FIRST_S: f64 = 1e-4;

pub fn findings(compared: &[Compared], rate_hz: f64, budget_s: f64) -> Findings {
    let mut findings = Findings::default();
    let mut table = Table::new(&[
        "beams", "way", "window, samples", "wait, samples", "rate", "amplitude, V", "reached",
        "samples a step", "median device time, ms", "to homodyne",
    ]);
    let mut ways = Vec::new();
    for one in compared {
        let ours = one.groups[0].durations();
        for group in &one.groups {
            let durations = group.durations();
            let (found, settings) = (median(&durations), &group.settings);
            let solved = durations.iter().filter(|one| one.solved).count();
            let steps: u32 = group.climbed.iter().map(|one| one.steps).sum();
            let time_s: f64 = durations.iter().map(|one| one.time_s).sum();
            let step_samples = time_s * rate_hz / f64::from(steps.max(1));
            let ratio = found.time_s / median_s(&ours);
            let (low, high) = ratio_interval(&durations, &ours);
            table.push([
                one.beams.to_string(),
                group.way.name().to_owned(),
                settings.window_samples.to_string(),
                settings.wait_samples.to_string(),
                settings.rate.to_string(),
                settings.amplitude_v.to_string(),
                solved_text(&durations),
                format!("{step_samples:.0}"),
                spread(found.time_s * 1e3, found.low_s * 1e3, found.high_s * 1e3, 2),
                spread(ratio, low, high, 2),
            ]);
            ways.push(json!({
                "beams": one.beams, "way": group.way.name(), "window_samples": settings.window_samples,
                "wait_samples": settings.wait_samples, "rate": settings.rate, "amplitude_v": settings.amplitude_v,
                "starts": durations.len(), "reached": solved, "step_samples": step_samples, "budget_s": budget_s,
                "median_s": finite(found.time_s), "median_low_s": finite(found.low_s), "median_high_s": finite(found.high_s),
                "ratio": finite(ratio), "ratio_low": finite(low), "ratio_high": finite(high),
            }));
            let name = format!("beams{}_{}", one.beams, group.way.name());
            findings.array(&name, &[durations.len(), 2], rows(&durations));
            if group.way == super::Way::Spgd && durations.len() >= COUNTED_STARTS {
                let claim = format!("{} beams: median device time of SPGD to homodyne's, lower end of its 95 % interval", one.beams);
                findings.claims.push(Claim::at_least(claim, low, 1.0));
            }
        }
    }
    findings.table = table;
    findings.add("ways", ways);
    findings.figures = vec![figure(compared)];
    findings
}

/// One panel a number of beams, one line a way.
fn figure(compared: &[Compared]) -> Figure {
    let panel = |one: &Compared| {
        let layers = one.groups.iter().enumerate().map(|(colour, group)| {
            let points = solved_steps(&group.durations(), FIRST_S);
            Layer::new(group.way.name(), colour, Mark::Line, points)
        });
        Panel {
            title: format!("{} beams", one.beams),
            x: Axis::logarithmic("device time, s"),
            y: Axis::linear("share at 95 % of the power").over(0.0, 1.05),
            layers: layers.collect(),
        }
    };
    Figure { name: "beams".into(), columns: 2, panels: compared.iter().map(panel).collect() }
}
