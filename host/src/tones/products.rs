//! The lines on which a device's second and third order answer.

use super::Grid;

/// A product of tones, and where it falls.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Product {
    /// Multiples of its factors, negative where a frequency is subtracted.
    pub factors: Vec<i64>,
    /// Line on which it shows.
    pub line: u32,
}

/// How many products of second and third order fall on each line, kept up to date as tones come and go.
///
/// Third order is all of a +- b +- c but those that cancel to a tone itself (a + b - b), which no choice of tones avoids.
#[derive(Clone, Debug)]
pub struct Tally {
    grid: Grid,
    tones: Vec<u32>,
    second: Vec<u32>,
    third: Vec<u32>,
}

impl Tally {
    /// Of no tones.
    pub fn new(grid: Grid) -> Self {
        let lines = grid.window_samples as usize / 2 + 1;
        Tally { grid, tones: Vec::new(), second: vec![0; lines], third: vec![0; lines] }
    }

    /// The tones, in the order they came.
    pub fn tones(&self) -> &[u32] {
        &self.tones
    }

    /// Products of second order on a line.
    pub fn second(&self, line: u32) -> u32 {
        self.second[line as usize]
    }

    /// Products of third order on a line.
    pub fn third(&self, line: u32) -> u32 {
        self.third[line as usize]
    }

    /// Products of second order that fall on tones, and of third.
    pub fn on_tones(&self) -> (u32, u32) {
        let sum = |counts: &[u32]| self.tones.iter().map(|&tone| counts[tone as usize]).sum();
        (sum(&self.second), sum(&self.third))
    }

    /// Adds a tone.
    pub fn push(&mut self, tone: u32) {
        self.count(tone, 1);
        self.tones.push(tone);
    }

    /// Takes the last tone back.
    pub fn pop(&mut self) {
        if let Some(tone) = self.tones.pop() {
            self.count(tone, u32::MAX);
        }
    }

    /// Adds `change`, which is one or minus one, for every product of `tone` with itself and the others.
    fn count(&mut self, tone: u32, change: u32) {
        let Tally { grid, tones, second, third } = self;
        let t = i64::from(tone);
        let add = |counts: &mut Vec<u32>, product: i64| {
            let line = &mut counts[grid.folded(product) as usize];
            *line = line.wrapping_add(change);
        };
        add(second, 2 * t);
        add(third, 3 * t);
        for (i, &a) in tones.iter().enumerate() {
            let a = i64::from(a);
            for sign in [1, -1] {
                add(second, t + sign * a);
                add(third, 2 * t + sign * a);
                add(third, t + sign * 2 * a);
            }
            for &b in &tones[i + 1..] {
                let b = i64::from(b);
                for product in [a + b, a - b, b - a, -a - b] {
                    add(third, t + product);
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
