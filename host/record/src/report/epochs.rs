//! The epochs of a run, thinned in one pass: a day has hundreds of thousands, a plot only the width of a page.

use super::columns::{short, Columns};
use hge_core::train::Progress;
use serde::Serialize;
use std::rc::Rc;

/// Epochs that are kept at most.
pub const MOST_EPOCHS: usize = 2000;

/// Starts whose first epochs are kept: more marks than pixels are useless.
const MOST_STARTS: usize = 500;

/// Numbers of slopes over the epochs at most: 1 MB of text. Runs of many cases and controls show slopes of fewer epochs.
const MOST_SLOPES: usize = 100_000;

/// The first epoch of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Start {
    /// Start, from 1.
    pub restart: u32,
    /// First epoch of the start, counted over all starts from 1.
    pub number: u64,
}

/// Epochs column by column: the first, the last, the best, and the extremes of the loss of equal stretches between.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Epochs {
    /// Epochs that there were.
    pub total: u64,
    /// Those of them whose loss was no finite number.
    pub not_finite: u64,
    /// Epoch of every point, counted over all starts from 1.
    pub number: Vec<u64>,
    /// Start of every point.
    pub restart: Vec<u32>,
    /// Epoch of every point within its start.
    pub epoch: Vec<u32>,
    /// Loss.
    pub loss: Vec<f64>,
    /// Least high output less greatest low one.
    pub separation_na: Vec<f64>,
    /// Value of every control.
    pub controls_v: Vec<Vec<f64>>,
    /// Current of every case, tones on.
    pub outputs_na: Vec<Vec<f64>>,
    /// Points of which slopes are kept.
    pub slope_points: Vec<usize>,
    /// Slope of every case by every control.
    pub slopes_na_per_v: Vec<Vec<Vec<f64>>>,
    /// For every control: standard error of a slope; no points without a noise density in the experiment.
    pub errors_na_per_v: Vec<Vec<f64>>,
    /// Point of the best epoch: that of the outcome, else that of the least loss.
    pub best: Option<usize>,
    /// First epochs of starts.
    pub starts: Vec<Start>,
}

/// An epoch and its number.
type Point = (u64, Rc<Progress>);

/// Stretch of epochs, of which the extremes of the loss are kept.
struct Stretch {
    least: Point,
    greatest: Point,
}

/// Thins as epochs come.
pub(super) struct Thinner {
    /// Controls of the outcome.
    wanted_v: Option<Vec<f64>>,
    /// Stretches at most.
    most: usize,
    /// Epochs of a stretch.
    width: u64,
    stretches: Vec<Stretch>,
    first: Option<Point>,
    last: Option<Point>,
    best: Option<Point>,
    total: u64,
    not_finite: u64,
    starts: Vec<Start>,
}

/// Losses that are no numbers never are the extreme of a stretch that has others.
fn low(point: &Point) -> f64 {
    finite_or(point.1.loss, f64::INFINITY)
}

fn high(point: &Point) -> f64 {
    finite_or(point.1.loss, f64::NEG_INFINITY)
}

fn finite_or(value: f64, other: f64) -> f64 {
    if value.is_finite() {
        value
    } else {
        other
    }
}

impl Stretch {
    fn join(&mut self, other: Stretch) {
        if low(&other.least) < low(&self.least) {
            self.least = other.least;
        }
        // Of equals the later: two equal epochs stay two points.
        if high(&other.greatest) >= high(&self.greatest) {
            self.greatest = other.greatest;
        }
    }
}

impl Thinner {
    /// For at most `most_epochs` points; `wanted_v`: the controls of the outcome, which identify the best epoch.
    pub(super) fn new(most_epochs: usize, wanted_v: Option<Vec<f64>>) -> Self {
        Thinner {
            wanted_v,
            // First, last and best stand beside the stretches.
            most: (most_epochs.saturating_sub(3) / 2).max(2),
            width: 1,
            stretches: Vec::new(),
            first: None,
            last: None,
            best: None,
            total: 0,
            not_finite: 0,
            starts: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, progress: Progress) {
        self.total += 1;
        self.not_finite += u64::from(!progress.loss.is_finite());
        let before = self.last.as_ref().map(|(_, progress)| progress.restart);
        if before != Some(progress.restart) && self.starts.len() < MOST_STARTS {
            self.starts.push(Start { restart: progress.restart, number: self.total });
        }
        let point: Point = (self.total, Rc::new(progress));
        if self.beats(&point) {
            self.best = Some(point.clone());
        }
        self.first.get_or_insert_with(|| point.clone());
        self.last = Some(point.clone());
        let stretch = Stretch { least: point.clone(), greatest: point };
        if (self.total - 1).is_multiple_of(self.width) {
            self.stretches.push(stretch);
        } else if let Some(last) = self.stretches.last_mut() {
            last.join(stretch);
        }
        if self.stretches.len() > self.most {
            self.halve();
        }
    }

    /// Joins neighbours.
    fn halve(&mut self) {
        let mut joined: Vec<Stretch> = Vec::with_capacity(self.most);
        for (n, stretch) in self.stretches.drain(..).enumerate() {
            match joined.last_mut() {
                Some(last) if n % 2 == 1 => last.join(stretch),
                _ => joined.push(stretch),
            }
        }
        self.stretches = joined;
        self.width *= 2;
    }

    /// Whether `point` is better than the best so far.
    fn beats(&self, point: &Point) -> bool {
        let wanted = |point: &Point| Some(&point.1.controls_v) == self.wanted_v.as_ref();
        self.best.as_ref().is_none_or(|best| match (wanted(point), wanted(best)) {
            (true, false) => true,
            (false, true) => false,
            _ => low(point) < low(best),
        })
    }

    /// Column by column, for these numbers of cases and controls.
    pub(super) fn finish(self, cases: usize, controls: usize) -> Epochs {
        let best = self.best.as_ref().map(|(number, _)| *number);
        let of_stretches =
            self.stretches.into_iter().flat_map(|stretch| [stretch.least, stretch.greatest]);
        let ends = [self.first, self.last, self.best].into_iter().flatten();
        let mut points: Vec<Point> = of_stretches.chain(ends).collect();
        points.sort_by_key(|(number, _)| *number);
        points.dedup_by_key(|(number, _)| *number);
        let best = best.and_then(|best| points.iter().position(|(number, _)| *number == best));
        let stride = (points.len() * cases * controls).div_ceil(MOST_SLOPES).max(1);
        let last = points.len().saturating_sub(1);
        let slope_points: Vec<usize> = (0..points.len())
            .filter(|&n| n.is_multiple_of(stride) || n == last || Some(n) == best)
            .collect();
        let all = Columns::new(points.iter().map(|(_, progress)| &**progress));
        let some = Columns::new(slope_points.iter().map(|&n| &*points[n].1));
        let of = |case: usize| {
            (0..controls)
                .map(|k| some.column(|p| p.slopes_na_per_v.get(case)?.get(k).copied()))
                .collect()
        };
        let barred = some.any(|progress| !progress.errors_na_per_v.is_empty());
        let bars = if barred { controls } else { 0 };
        Epochs {
            total: self.total,
            not_finite: self.not_finite,
            number: points.iter().map(|(number, _)| *number).collect(),
            restart: points.iter().map(|(_, progress)| progress.restart).collect(),
            epoch: points.iter().map(|(_, progress)| progress.epoch).collect(),
            loss: points.iter().map(|(_, progress)| short(progress.loss)).collect(),
            separation_na: points.iter().map(|(_, p)| short(p.separation_na)).collect(),
            controls_v: all.columns(controls, |progress| &progress.controls_v),
            outputs_na: all.columns(cases, |progress| &progress.outputs_na),
            slopes_na_per_v: (0..cases).map(of).collect(),
            errors_na_per_v: some.columns(bars, |progress| &progress.errors_na_per_v),
            slope_points,
            best,
            starts: self.starts,
        }
    }
}
