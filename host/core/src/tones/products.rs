//! The lines of a device's second- and third-order responses.

use super::Grid;

/// A product of tones, and where it falls.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Product {
    /// Multiples of its factors, negative where a frequency is subtracted.
    pub factors: Vec<i64>,
    /// Line on which the product appears.
    pub line: u32,
}

/// Weights of third-order products, in units of c A^3/24 for equal amplitudes A and equal third derivatives c: the
/// amplitudes are c A^3/4 at a +- b +- c, c A^3/8 at 2 a +- b and c A^3/24 at 3 a.
const TRIPLE: u32 = 6;
const MIXED: u32 = 3;
const CUBE: u32 = 1;

/// Products that fall on one line, by their kind.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    /// a +- b.
    pairs: u32,
    /// 2 a.
    doubles: u32,
    /// a +- b +- c of three tones.
    triples: u32,
    /// 2 a +- b.
    mixed: u32,
    /// 3 a.
    cubes: u32,
    /// The line is a tone itself.
    is_tone: bool,
}

impl Counts {
    fn second(&self) -> u32 {
        self.pairs + self.doubles
    }

    fn third(&self) -> u32 {
        self.triples + self.mixed + self.cubes
    }

    fn weight(&self) -> u32 {
        TRIPLE * self.triples + MIXED * self.mixed + CUBE * self.cubes
    }
}

/// Counts of products of second and third order on each line, updated as tones are added and removed.
///
/// Third order is all of a +- b +- c but those that cancel to a tone itself (a + b - b), which no choice of tones avoids.
#[derive(Clone, Debug)]
pub struct Tally {
    grid: Grid,
    tones: Vec<u32>,
    lines: Vec<Counts>,
}

impl Tally {
    /// Products without tones.
    pub fn new(grid: Grid) -> Self {
        let lines = grid.window_samples as usize / 2 + 1;
        Tally { grid, tones: Vec::new(), lines: vec![Counts::default(); lines] }
    }

    /// The tones, in the order they came.
    pub fn tones(&self) -> &[u32] {
        &self.tones
    }

    /// Products of second order on a line.
    pub fn second(&self, line: u32) -> u32 {
        self.lines[line as usize].second()
    }

    /// Products of third order on a line.
    pub fn third(&self, line: u32) -> u32 {
        self.lines[line as usize].third()
    }

    /// Products of second order that fall on tones, and of third.
    pub fn on_tones(&self) -> (u32, u32) {
        let sum = |count: &dyn Fn(u32) -> u32| self.tones.iter().map(|&tone| count(tone)).sum();
        (sum(&|tone| self.second(tone)), sum(&|tone| self.third(tone)))
    }

    /// Amplitudes of the third-order products on tones, added up, in units of c A^3/24: 6 for a +- b +- c, 3 for 2 a +- b, 1 for 3 a.
    pub fn weight(&self) -> u32 {
        self.tones.iter().map(|&tone| self.lines[tone as usize].weight()).sum()
    }

    /// Whether `line` can be added as a tone: it is not one yet, and then no second-order product falls on a tone.
    /// a +- b = c says that c +- b = a, so that products on `line` and on the tones are the same relations.
    pub fn admits(&self, line: u32) -> bool {
        let counts = &self.lines[line as usize];
        let double = self.grid.folded(2 * i64::from(line)) as usize;
        !counts.is_tone && counts.second() == 0 && !self.lines[double].is_tone
    }

    /// What [`weight`](Self::weight) would grow by with `line` as a tone. Every product on a tone is a relation of four signed tones with
    /// the sum zero, which puts a product on each of its members: those with `line` once, twice, three and four times.
    pub fn added(&self, line: u32) -> u32 {
        let samples = self.grid.window_samples;
        let counts = &self.lines[line as usize];
        let at = |factor: i64| &self.lines[self.grid.folded(factor * i64::from(line)) as usize];
        let double = at(2);
        // At half the sample rate a + b and -a - b are one line: both make a relation with 2 c.
        let ways = if 4 * line == samples { 2 } else { 1 };
        4 * TRIPLE * counts.triples
            + (2 * MIXED + TRIPLE) * counts.mixed
            + (CUBE + MIXED) * counts.cubes
            + (2 * MIXED + TRIPLE) * ways * double.pairs
            + 2 * MIXED * double.doubles
            + (CUBE + MIXED) * u32::from(at(3).is_tone)
            + CUBE * u32::from(4 * line == samples)
    }

    /// Adds a tone.
    pub fn push(&mut self, tone: u32) {
        self.count(tone, 1);
        self.lines[tone as usize].is_tone = true;
        self.tones.push(tone);
    }

    /// Takes the last tone back.
    pub fn pop(&mut self) -> Option<u32> {
        let tone = self.tones.pop()?;
        self.lines[tone as usize].is_tone = false;
        self.count(tone, u32::MAX);
        Some(tone)
    }

    /// Removes the tone at `place`; the last one moves there.
    pub fn take(&mut self, place: usize) -> Option<u32> {
        let last = self.tones.len().checked_sub(1)?;
        self.tones.swap(place, last);
        self.pop()
    }

    /// Adds `change`, which is one or minus one, for every product of `tone` with itself and the others.
    fn count(&mut self, tone: u32, change: u32) {
        let Tally { grid, tones, lines } = self;
        let t = i64::from(tone);
        let mut add = |product: i64, kind: fn(&mut Counts) -> &mut u32| {
            let count = kind(&mut lines[grid.folded(product) as usize]);
            *count = count.wrapping_add(change);
        };
        add(2 * t, |counts| &mut counts.doubles);
        add(3 * t, |counts| &mut counts.cubes);
        for (i, &a) in tones.iter().enumerate() {
            let a = i64::from(a);
            for sign in [1, -1] {
                add(t + sign * a, |counts| &mut counts.pairs);
                add(2 * t + sign * a, |counts| &mut counts.mixed);
                add(t + sign * 2 * a, |counts| &mut counts.mixed);
            }
            for &b in &tones[i + 1..] {
                let b = i64::from(b);
                for product in [a + b, a - b, b - a, -a - b] {
                    add(t + product, |counts| &mut counts.triples);
                }
            }
        }
    }
}

/// The products of an order, 2 or 3, that fall on one of `lines`; at most `most` of them.
pub fn on_lines(
    grid: &Grid,
    tones: &[u32],
    order: usize,
    lines: &[u32],
    most: usize,
) -> Vec<Product> {
    let mut found = Vec::new();
    let mut factors = Vec::with_capacity(order);
    descend(&mut factors, 0, order, tones, &mut |factors| {
        let line = grid.folded(factors.iter().sum()) as u32;
        // A product and its mirror are one: the first factor counts as added.
        let is_mirror = factors[0] < 0;
        let cancels = factors.iter().any(|&factor| factors.contains(&-factor));
        if !is_mirror && !cancels && lines.contains(&line) && found.len() < most {
            found.push(Product { factors: factors.to_vec(), line });
        }
    });
    found
}

/// Every choice of `left` signed tones, in ascending order of their places.
fn descend(
    factors: &mut Vec<i64>,
    first: usize,
    left: usize,
    tones: &[u32],
    visit: &mut impl FnMut(&[i64]),
) {
    if left == 0 {
        visit(factors);
        return;
    }
    for (place, &tone) in tones.iter().enumerate().skip(first) {
        for sign in [1, -1] {
            factors.push(sign * i64::from(tone));
            descend(factors, place, left - 1, tones, visit);
            factors.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid { rate_hz: 5120.0, window_samples: 256 };

    #[test]
    fn the_tally_counts_what_an_enumeration_finds_and_forgets_what_is_taken_back() {
        let tones = [9, 11, 17, 25, 40, 100];
        let mut tally = Tally::new(GRID);
        tones.iter().for_each(|&tone| tally.push(tone));
        tally.push(33);
        tally.pop();
        for line in 1..128 {
            let count = |order| on_lines(&GRID, &tones, order, &[line], 10_000).len() as u32;
            assert_eq!(tally.second(line), count(2), "line {line}");
            assert_eq!(tally.third(line), count(3), "line {line}");
        }
        assert_eq!(tally.tones(), tones);
    }

    #[test]
    fn what_a_line_would_add_is_what_the_products_weigh_more_with_it() {
        // Sets with all relations there are, of folded lines and a quarter of the rate too.
        let weigh = |tones: &[u32]| -> u32 {
            let on_tones = on_lines(&GRID, tones, 3, tones, usize::MAX);
            let weight = |product: &Product| {
                let mut magnitudes: Vec<i64> =
                    product.factors.iter().map(|factor| factor.abs()).collect();
                magnitudes.sort_unstable();
                magnitudes.dedup();
                [CUBE, MIXED, TRIPLE][magnitudes.len() - 1]
            };
            on_tones.iter().map(weight).sum()
        };
        for tones in [&[9, 11, 20, 31, 64][..], &[3, 9, 27, 81, 100], &[50, 55, 64, 73, 78, 1]] {
            let mut tally = Tally::new(GRID);
            tones.iter().for_each(|&tone| tally.push(tone));
            assert_eq!(tally.weight(), weigh(tones), "{tones:?}");
            for line in (1..128).filter(|line| !tones.contains(line)) {
                let with = [tones, &[line]].concat();
                assert_eq!(tally.weight() + tally.added(line), weigh(&with), "{tones:?}, {line}");
                if tally.on_tones().0 == 0 {
                    let is_free = on_lines(&GRID, &with, 2, &with, 1).is_empty();
                    assert_eq!(tally.admits(line), is_free, "{tones:?}, {line}");
                }
            }
        }
    }

    #[test]
    fn the_paper_set_collides_at_third_order_first() {
        // 25 45 65 95 115 Hz are 5, 9, 13, 19, 23 on a grid of 5 Hz: 2 * 9 - 5 = 13.
        let tones = [5, 9, 13, 19, 23];
        let mut tally = Tally::new(GRID);
        tones.iter().for_each(|&tone| tally.push(tone));
        assert_eq!(tally.on_tones().0, 0);
        let found = on_lines(&GRID, &tones, 3, &[13], 100);
        assert!(
            found
                .iter()
                .any(|product| product.factors == [-5, 9, 9] || product.factors == [5, -9, -9]),
            "{found:?}"
        );
        assert!(on_lines(&GRID, &tones, 2, &tones, 100).is_empty());
    }
}
