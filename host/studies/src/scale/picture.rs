//! Figure of the comparison.

use super::network::{Compared, Group, Run};
use hge_record::figure::{Axis, Figure, Layer, Mark, Panel};

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
    let ranked = |group: &Group| {
        let mut gaps_na = group.values(|run| run.gap_na);
        gaps_na.sort_by(f64::total_cmp);
        let count = gaps_na.len() as f64;
        let places = gaps_na.into_iter().enumerate();
        places.map(move |(n, gap_na)| ((n as f64 + 0.5) / count, gap_na)).collect::<Vec<_>>()
    };
    let solved_na = compared.groups[0].solved_na;
    let mut layers: Vec<Layer> = groups()
        .map(|(group, colour)| Layer::new(group.label(), colour, Mark::Dots(3), ranked(group)))
        .collect();
    layers.push(Layer::new("solved", 7, Mark::Dashed, [(0.0, solved_na), (1.0, solved_na)]));
    let gaps = Panel {
        title: "measured without tones".into(),
        x: Axis::linear("share of starts").over(0.0, 1.0),
        y: Axis::linear("gap, nA").over(LOWEST_NA, HIGHEST_NA),
        layers,
    };
    Figure { name: "network".into(), columns: 2, panels: vec![over_epochs, gaps] }
}
