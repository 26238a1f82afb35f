//! A set of tones with incremental costs, for the searches.

use super::crosstalk::Crosstalk;
use super::empty::EmptyLines;
use super::products::Tally;
use super::ToneSpec;

/// Cost of a set, the more important part first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cost {
    /// [`Tally::weight`] of the third-order products on tones.
    pub weight: u32,
    /// Empty lines that are missing: a plan's are free of second order.
    pub lacking: usize,
}

impl Cost {
    pub(super) const NONE: Cost = Cost { weight: 0, lacking: 0 };
    pub(super) const ANY: Cost = Cost { weight: u32::MAX, lacking: usize::MAX };
}

/// Tones among which no product of second order falls on a tone and no pair is above [`PLANNED_DB`](super::crosstalk::PLANNED_DB).
#[derive(Clone, Debug)]
pub(super) struct ToneSet<'a> {
    wanted: &'a ToneSpec,
    crosstalk: &'a Crosstalk,
    tally: Tally,
    /// Tones with which each line is refused.
    refused: Vec<u32>,
}

impl<'a> ToneSet<'a> {
    pub(super) fn new(wanted: &'a ToneSpec, crosstalk: &'a Crosstalk) -> Self {
        let lines = wanted.grid.window_samples as usize / 2 + 1;
        let tally = Tally::new(wanted.grid);
        ToneSet { wanted, crosstalk, tally, refused: vec![0; lines] }
    }

    pub(super) fn wanted(&self) -> &ToneSpec {
        self.wanted
    }

    pub(super) fn tones(&self) -> &[u32] {
        self.tally.tones()
    }

    /// Whether `line` can be added as a tone.
    pub(super) fn admits(&self, line: u32) -> bool {
        self.refused[line as usize] == 0 && self.tally.admits(line)
    }

    /// Increase of the weight with `line`.
    pub(super) fn added(&self, line: u32) -> u32 {
        self.tally.added(line)
    }

    pub(super) fn push(&mut self, tone: u32) {
        self.tally.push(tone);
        self.crosstalk.refused(tone).for_each(|line| self.refused[line as usize] += 1);
    }

    pub(super) fn pop(&mut self) {
        if let Some(tone) = self.tally.pop() {
            self.release(tone);
        }
    }

    pub(super) fn take(&mut self, place: usize) {
        if let Some(tone) = self.tally.take(place) {
            self.release(tone);
        }
    }

    pub(super) fn clear(&mut self) {
        while !self.tones().is_empty() {
            self.pop();
        }
    }

    fn release(&mut self, tone: u32) {
        self.crosstalk.refused(tone).for_each(|line| self.refused[line as usize] -= 1);
    }

    /// Empty lines that the tones lack. It does not fall when a tone is added.
    pub(super) fn lacking(&self) -> usize {
        if self.wanted.empty_lines == 0 {
            return 0;
        }
        let asked = self.tones().len() * self.wanted.empty_lines as usize;
        let mut empty = EmptyLines::new(self.wanted, &self.tally, &self.refused);
        empty.assign(|_| true);
        asked - empty.count()
    }

    pub(super) fn cost(&self) -> Cost {
        Cost { weight: self.tally.weight(), lacking: self.lacking() }
    }

    /// Empty lines of every tone: free of products of second order, and rather of third, too.
    pub(super) fn empty_lines(&self) -> Vec<Vec<u32>> {
        let mut empty = EmptyLines::new(self.wanted, &self.tally, &self.refused);
        empty.assign(|line| self.tally.third(line) == 0);
        empty.assign(|_| true);
        empty.into_lines()
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tones::{Grid, NoiseModel, Order};

    #[test]
    fn a_line_is_admitted_where_neither_crosstalk_nor_a_product_of_second_order_stands_against_it()
    {
        let grid = Grid { rate_hz: 5120.0, window_samples: 1024 };
        let wanted = ToneSpec {
            grid,
            count: 4,
            band_hz: [5.0, 2500.0],
            empty_lines: 0,
            order: Order::Compact,
            noise_model: NoiseModel::default(),
        };
        let crosstalk = Crosstalk::new(grid);
        let admitted =
            |set: &ToneSet| -> Vec<u32> { (1..512).filter(|&l| set.admits(l)).collect() };
        let mut set = ToneSet::new(&wanted, &crosstalk);
        let tones = [64, 93, 311];
        let (mut before, mut by_crosstalk) = (vec![admitted(&set)], 0);
        for (n, &tone) in tones.iter().enumerate() {
            assert!(set.admits(tone), "{tone}");
            set.push(tone);
            let found = admitted(&set);
            let expected: Vec<u32> = (1..512)
                .filter(|&line| {
                    let with: Vec<u32> = tones[..=n].iter().copied().chain([line]).collect();
                    let is_clear = tones[..=n]
                        .iter()
                        .all(|&t| !crosstalk.refused(t).any(|other| other == line));
                    let is_free = grid.check(&with).is_ok();
                    by_crosstalk += u32::from(is_free && !is_clear);
                    is_free && is_clear
                })
                .collect();
            assert_eq!(found, expected, "with {:?}", &tones[..=n]);
            before.push(found);
        }
        assert!(by_crosstalk > 0, "crosstalk alone stood against a line");
        // What is taken back stands against nothing any more.
        for earlier in before.iter().rev().skip(1) {
            set.pop();
            assert_eq!(&admitted(&set), earlier);
        }
    }
}
