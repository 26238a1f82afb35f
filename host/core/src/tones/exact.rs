//! Branch and bound search for the optimal set, with proof.

use super::set::{Cost, ToneSet};
use super::Order;

/// Lines that a search weighs before it gives up the proof: about a second.
const EFFORT: u64 = 60_000_000;

/// Lines that could be weighed in the time in which missing empty lines are counted.
const LACKING_EFFORT: u64 = 300;

/// A set, and whether it is proved that there is no better.
pub(super) struct Found {
    pub tones: Vec<u32>,
    pub cost: Cost,
}

/// Result of a search.
pub(super) struct Outcome {
    /// The best set within the ceiling.
    pub found: Option<Found>,
    /// Every set was evaluated, or ruled out by a bound.
    pub is_complete: bool,
}

/// The set of `count` of `lines`, best first, with the least cost, at most `ceiling`; of equal sets the first in the given order.
pub(super) fn search(set: &mut ToneSet, lines: &[u32], count: usize, ceiling: Cost) -> Outcome {
    let order = set.wanted().order;
    let mut search = Search { set, count, order, ceiling, found: None, left: EFFORT };
    search.descend(lines, 0);
    Outcome { found: search.found, is_complete: search.left > 0 }
}

struct Search<'s, 'a> {
    set: &'s mut ToneSet<'a>,
    count: usize,
    order: Order,
    /// Upper bound of a set's cost; after a first set, the cost that a better one must be below.
    ceiling: Cost,
    found: Option<Found>,
    /// Lines that may still be weighed.
    left: u64,
}

impl Search<'_, '_> {
    fn is_over(&self) -> bool {
        self.left == 0 || self.found.as_ref().is_some_and(|found| found.cost == Cost::NONE)
    }

    fn improves(&self, cost: Cost) -> bool {
        if self.found.is_some() {
            cost < self.ceiling
        } else {
            cost <= self.ceiling
        }
    }

    /// Completes the set of weight `weight` with lines of `allowed`. The order of the sets is that of preference: for compact ones
    /// the worst line is chosen first, for the others the best.
    fn descend(&mut self, allowed: &[u32], weight: u32) {
        let missing = self.count - self.set.tones().len();
        if missing == 0 {
            let cost = Cost { weight, lacking: self.set.lacking() };
            if self.improves(cost) {
                self.ceiling = cost;
                self.found = Some(Found { tones: self.set.tones().to_vec(), cost });
            }
            return;
        }
        for (place, &line) in allowed.iter().enumerate() {
            let others = match self.order {
                Order::Compact => &allowed[..place],
                Order::BestFirst => &allowed[place + 1..],
            };
            if others.len() + 1 < missing {
                continue;
            }
            let weight = weight + self.set.added(line);
            self.set.push(line);
            if let Some(rest) = self.promising(others, weight, missing - 1) {
                self.descend(&rest, weight);
            }
            self.set.pop();
            if self.is_over() {
                return;
            }
        }
    }

    /// The lines of `allowed` that can still be added, if `missing` of them could make a set that improves. Products only ever become
    /// more: a line's share grows, and empty lines are lost.
    fn promising(&mut self, allowed: &[u32], weight: u32, missing: usize) -> Option<Vec<u32>> {
        self.left = self.left.saturating_sub(allowed.len() as u64 + 1);
        let mut added = Vec::with_capacity(allowed.len());
        let most = self.ceiling.weight.checked_sub(weight)?;
        let rest = allowed.iter().copied().filter(|&line| {
            let fits = self.set.admits(line);
            let share = if fits { self.set.added(line) } else { 0 };
            let stays = fits && share <= most;
            if stays {
                added.push(share);
            }
            stays
        });
        let rest: Vec<u32> = rest.collect();
        if rest.len() < missing {
            return None;
        }
        added.sort_unstable();
        let least = weight + added[..missing].iter().sum::<u32>();
        let mut cost = Cost { weight: least, lacking: 0 };
        if least == self.ceiling.weight {
            self.left = self.left.saturating_sub(LACKING_EFFORT);
            cost.lacking = self.set.lacking();
        }
        self.improves(cost).then_some(rest)
    }
}
