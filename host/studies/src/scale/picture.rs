//! Figures of the comparisons.

use super::network::{Compared, Group, Run};
use super::phases::{Measure, Trained};
use hge_record::figure::{Axis, Figure, Layer, Mark, Panel, REFERENCE};

/// Colours of the ways: extracted slopes as in other figures, exact ones of the same device beside.
const COLOURS: [usize; 6] = [0, 6, 4, 1, 2, 3];

/// Gaps that are shown: those of starts that got stuck reach down to -100 nA.
const LOWEST_NA: f64 = -10.0;
const HIGHEST_NA: f64 = 8.0;

/// Share of the starts that solve the task over epochs, and the gaps of all starts in ascending order.
pub fn of_network(compared: &Compared) -> Figure {
    let groups = || compared.groups.iter().zip(COLOURS);
    let epochs = compared.groups.iter().flat_map(|group| &group.runs);
    let longest = epochs.map(|run| run.widest_na.len()).max().unwrap_or(0);
    let curve = |group: &Group| {
        let there = |run: &&Run, epoch: usize| {
            run.widest_na.iter().take(epoch).any(|&gap_na| gap_na >= group.solved_na)
        };
        let share = |epoch: usize| {
            let solved = group.runs.iter().filter(|run| there(run, epoch)).count();
            (epoch as f64, solved as f64 / group.runs.len() as f64)
        };
        (0..=longest).map(share).collect::<Vec<_>>()
    };
    let over_epochs = Panel {
        title: "three by three chessboard".into(),
        x: Axis::linear("epoch"),
        y: Axis::linear("share of starts there").over(0.0, 1.05),
        layers: groups()
            .map(|(group, colour)| Layer::new(group.label(), colour, Mark::Line, curve(group)))
            .collect(),
    };
    let ranked = |group: &Group| ranked(&group.values(|run| run.gap_na));
    let solved_na = compared.groups[0].solved_na;
    let mut layers: Vec<Layer> = groups()
        .map(|(group, colour)| Layer::new(group.label(), colour, Mark::Dots(3), ranked(group)))
        .collect();
    layers.push(Layer::new(
        "solved",
        REFERENCE,
        Mark::Dashed,
        [(0.0, solved_na), (1.0, solved_na)],
    ));
    let gaps = Panel {
        title: "measured without tones".into(),
        x: Axis::linear("share of starts").over(0.0, 1.0),
        y: Axis::linear("gap, nA").over(LOWEST_NA, HIGHEST_NA),
        layers,
    };
    Figure { name: "network".into(), columns: 2, panels: vec![over_epochs, gaps] }
}

/// Results of all starts, and of random settings, in ascending order.
pub fn of_phases(trained: &[Trained]) -> Figure {
    let panel = |task: &Trained| {
        let results = || task.extracted.iter().chain(&task.exact).chain(&task.untrained);
        let most = match task.measure {
            Measure::RmsErrorNa => results().copied().fold(task.wanted, f64::max),
            Measure::Accuracy => 1.0,
        };
        let ways = [
            ("extracted", 0, Mark::Dots(3), &task.extracted),
            ("exact", 6, Mark::Dots(3), &task.exact),
            ("random settings", 1, Mark::Line, &task.untrained),
        ];
        let layers = ways
            .map(|(name, colour, mark, results)| Layer::new(name, colour, mark, ranked(results)));
        let mut layers = layers.to_vec();
        let solved = [(0.0, task.wanted), (1.0, task.wanted)];
        layers.push(Layer::new("solved", REFERENCE, Mark::Dashed, solved));
        Panel {
            title: format!("{}: {} controls, {} outputs", task.name, task.controls, task.outputs),
            x: Axis::linear("share of starts").over(0.0, 1.0),
            y: Axis::linear(task.measure.text()).over(0.0, 1.05 * most),
            layers,
        }
    };
    Figure { name: "phases".into(), columns: 3, panels: trained.iter().map(panel).collect() }
}

/// Values in ascending order, over the share of them up to each.
fn ranked(values: &[f64]) -> Vec<(f64, f64)> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let count = values.len() as f64;
    values.into_iter().enumerate().map(|(n, value)| ((n as f64 + 0.5) / count, value)).collect()
}
