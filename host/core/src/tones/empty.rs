//! Empty lines near tones: an assignment of lines to tones, each line to one.

use super::products::Tally;
use super::ToneSpec;

/// Lines on either side of a tone that may be its empty lines: further away the noise may differ.
pub const EMPTY_REACH: u32 = 8;

/// An assignment that grows line by line. It is complete wherever a complete one exists: a tone whose lines are all taken has
/// another tone change to a free line (augmenting paths of bipartite matching).
pub(super) struct EmptyLines<'a> {
    wanted: &'a ToneSpec,
    tones: &'a [u32],
    /// Lines within reach that are free of tones, second order, mains and crosstalk, in ascending order, and the tone that has each.
    lines: Vec<(u32, Option<usize>)>,
    chosen: Vec<Vec<u32>>,
}

impl<'a> EmptyLines<'a> {
    /// None yet. `refused` counts for every line the tones that would show on it.
    pub(super) fn new(wanted: &'a ToneSpec, tally: &'a Tally, refused: &[u32]) -> Self {
        let tones = tally.tones();
        let last = wanted.grid.window_samples / 2 - 1;
        let mut lines: Vec<u32> = tones
            .iter()
            .flat_map(|&tone| reach(tone, last))
            .filter(|line| !tones.contains(line))
            .collect();
        lines.sort_unstable();
        lines.dedup();
        lines.retain(|&line| {
            tally.second(line) == 0
                && refused[line as usize] == 0
                && !wanted.noise_model.mains_reaches(&wanted.grid, line)
        });
        let lines = lines.into_iter().map(|line| (line, None)).collect();
        EmptyLines { wanted, tones, lines, chosen: vec![Vec::new(); tones.len()] }
    }

    /// Gives lines that are `fit` to tones that want more: one to every tone before the second to any, the nearest first, from both
    /// sides in turn.
    pub(super) fn assign(&mut self, fit: impl Fn(u32) -> bool) {
        let fit: Vec<bool> = self.lines.iter().map(|&(line, _)| fit(line)).collect();
        for round in 0..self.wanted.empty_lines as usize {
            for tone in 0..self.tones.len() {
                if self.chosen[tone].len() <= round {
                    self.give(tone, &fit, &mut vec![false; self.lines.len()]);
                }
            }
        }
    }

    /// Gives `tone` a line, if need be one that another tone can do without; `false`: there is none.
    fn give(&mut self, tone: usize, fit: &[bool], seen: &mut [bool]) -> bool {
        let cycles = self.tones[tone];
        let has_one_below = self.chosen[tone].iter().any(|&line| line < cycles);
        let is_second = !self.chosen[tone].is_empty();
        let first = self.lines.partition_point(|&(line, _)| line + EMPTY_REACH < cycles);
        let end = self.lines.partition_point(|&(line, _)| line <= cycles + EMPTY_REACH);
        let mut places: Vec<usize> = (first..end).filter(|&place| fit[place]).collect();
        places.sort_by_key(|&place| {
            let (line, owner) = self.lines[place];
            let same_side = is_second && (line < cycles) == has_one_below;
            (owner.is_some(), same_side, line.abs_diff(cycles), line)
        });
        for place in places {
            let (line, owner) = self.lines[place];
            if seen[place] || owner == Some(tone) {
                continue;
            }
            seen[place] = true;
            if let Some(owner) = owner {
                self.chosen[owner].retain(|&other| other != line);
                if !self.give(owner, fit, seen) {
                    self.chosen[owner].push(line);
                    continue;
                }
            }
            self.lines[place].1 = Some(tone);
            self.chosen[tone].push(line);
            return true;
        }
        false
    }

    /// Lines that are given.
    pub(super) fn count(&self) -> usize {
        self.chosen.iter().map(Vec::len).sum()
    }

    /// The lines of every tone, in ascending order.
    pub(super) fn into_lines(mut self) -> Vec<Vec<u32>> {
        self.chosen.iter_mut().for_each(|lines| lines.sort_unstable());
        self.chosen
    }
}

fn reach(tone: u32, last: u32) -> std::ops::RangeInclusive<u32> {
    tone.saturating_sub(EMPTY_REACH).max(1)..=(tone + EMPTY_REACH).min(last)
}
