//! Local search by annealing with a heat bath, for more tones than an exact search can handle.

use super::set::{Cost, ToneSet};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Lines weighed in all rounds together: about half a second.
const EFFORT: u64 = 40_000_000;

/// Rounds, each from another first set.
const ROUNDS: u64 = 6;

/// First and last temperature, in units of a product's weight.
const HOT: f64 = 40.0;
const COLD: f64 = 0.7;

/// Number of temperatures above the best line of a choice from which on no other is taken.
const REACH: f64 = 20.0;

const SEED: u64 = 17;

/// A set of `count` of `lines`, better than which none was found; `lines` are best first. The same for the same question.
pub(super) fn search(set: &mut ToneSet, lines: &[u32], count: usize) -> Option<(Vec<u32>, Cost)> {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut lines = lines.to_vec();
    let mut best: Option<(Vec<u32>, Cost)> = None;
    for round in 0..ROUNDS {
        if !start(set, &lines, count, round) {
            continue;
        }
        let found = anneal(set, &lines, &mut random);
        if best.as_ref().is_none_or(|(_, cost)| found.1 <= *cost) {
            if found.1 == Cost::NONE {
                // From now on without the worst line of this set.
                let worst = lines.iter().rposition(|line| found.0.contains(line));
                lines.truncate(worst.unwrap_or_default());
            }
            best = Some(found);
        }
    }
    set.clear();
    best
}

/// A first set, tone after tone the line that adds least: of all lines, of odd ones (whose sums and differences are even) or of
/// the upper half (whose sums lie above it and whose differences below). `false`: there is none.
fn start(set: &mut ToneSet, lines: &[u32], count: usize, round: u64) -> bool {
    set.clear();
    let highest = lines.iter().copied().max().unwrap_or_default();
    let fits = |line: u32| match round % 3 {
        0 => true,
        1 => line % 2 == 1,
        _ => 2 * line > highest,
    };
    let lines: Vec<u32> = lines.iter().copied().filter(|&line| fits(line)).collect();
    while set.tones().len() < count {
        let admitted = lines.iter().copied().filter(|&line| set.admits(line));
        let Some(line) = admitted.min_by_key(|&line| set.added(line)) else { return false };
        set.push(line);
    }
    true
}

/// Takes a tone and puts it where few products are, again and again, ever more strictly; the best set on the way.
fn anneal(set: &mut ToneSet, lines: &[u32], random: &mut ChaCha8Rng) -> (Vec<u32>, Cost) {
    // A tone that moves changes some 4 M^2 products.
    let effort = lines.len() as u64 + 4 * (set.tones().len() as u64).pow(2);
    let moves = EFFORT / ROUNDS / effort + 1;
    let mut weight = set.cost().weight;
    let mut best = (set.tones().to_vec(), set.cost());
    for step in 0..moves {
        let temperature = HOT * (COLD / HOT).powf(step as f64 / moves as f64);
        let place = random.random_range(0..set.tones().len());
        let tone = set.tones()[place];
        set.take(place);
        weight -= set.added(tone);
        let line = draw(set, lines, temperature, random).unwrap_or(tone);
        weight += set.added(line);
        set.push(line);
        if weight <= best.1.weight {
            let cost = Cost { weight, lacking: set.lacking() };
            if cost < best.1 {
                best = (set.tones().to_vec(), cost);
            }
            if cost == Cost::NONE {
                break;
            }
        }
    }
    best
}

/// A line, with the probability exp(-added / temperature).
fn draw(set: &ToneSet, lines: &[u32], temperature: f64, random: &mut ChaCha8Rng) -> Option<u32> {
    let admitted = lines.iter().copied().filter(|&line| set.admits(line));
    let shares: Vec<(u32, u32)> = admitted.map(|line| (line, set.added(line))).collect();
    let least = shares.iter().map(|&(_, share)| share).min()?;
    let reach = temperature * REACH;
    let odds: Vec<(u32, f64)> = shares
        .into_iter()
        .map(|(line, share)| (line, f64::from(share - least)))
        .filter(|&(_, excess)| excess <= reach)
        .map(|(line, excess)| (line, (-excess / temperature).exp()))
        .collect();
    let total: f64 = odds.iter().map(|&(_, odds)| odds).sum();
    let mut at = random.random_range(0.0..total);
    for &(line, odds) in &odds {
        at -= odds;
        if at < 0.0 {
            return Some(line);
        }
    }
    odds.last().map(|&(line, _)| line)
}
