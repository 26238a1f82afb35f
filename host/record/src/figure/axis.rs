//! Axes, linear or logarithmic, as one type.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// An axis of a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Quantity and unit.
    pub label: String,
    /// Logarithmic.
    pub logarithmic: bool,
    /// From and to; `None`: the range of the points.
    pub range: Option<(f64, f64)>,
    /// Labels at 0, 1, 2, ... in place of numbers; empty: numbers.
    pub names: Vec<String>,
}

impl Axis {
    /// A linear axis over the range of the points.
    pub fn linear(label: impl Into<String>) -> Self {
        Axis { label: label.into(), logarithmic: false, range: None, names: Vec::new() }
    }

    /// A logarithmic axis over the range of the points.
    pub fn logarithmic(label: impl Into<String>) -> Self {
        Axis { label: label.into(), logarithmic: true, range: None, names: Vec::new() }
    }

    /// An axis of things that have names, at 0, 1, 2, ...
    pub fn of(names: impl IntoIterator<Item = String>) -> Self {
        let names: Vec<String> = names.into_iter().collect();
        let range = Some((-0.6, names.len() as f64 - 0.4));
        Axis { label: String::new(), logarithmic: false, range, names }
    }

    /// The axis from `low` to `high`.
    #[must_use]
    pub fn over(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// Whether a value can be drawn on it.
    pub(super) fn holds(&self, value: f64) -> bool {
        value.is_finite() && (!self.logarithmic || value > 0.0)
    }

    /// Scale of the axis for these values.
    pub(super) fn scale(&self, values: impl Iterator<Item = f64>) -> Scale {
        let held = values.filter(|&value| self.holds(value));
        let found = held.fold(None, |found: Option<(f64, f64)>, value| {
            let (low, high) = found.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        let (low, high) = match (self.range, found) {
            (Some((low, high)), _) if self.holds(low) && self.holds(high) && low < high => {
                (low, high)
            }
            (_, Some(found)) => widened(found, self.logarithmic),
            (_, None) => (1.0, 10.0),
        };
        Scale { low, high, logarithmic: self.logarithmic, names: self.names.clone() }
    }
}

/// A margin beyond the values on both sides.
fn widened((low, high): (f64, f64), logarithmic: bool) -> (f64, f64) {
    if logarithmic {
        let room = (high / low).powf(0.05).max(1.2);
        return (low / room, high * room);
    }
    let room = 0.04 * (high - low);
    let room = if room > 0.0 { room } else { 0.5 * low.abs().max(1.0) };
    (low - room, high + room)
}

/// From values to pixels.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    pub low: f64,
    pub high: f64,
    logarithmic: bool,
    names: Vec<String>,
}

impl Scale {
    fn linearised(&self, value: f64) -> f64 {
        if self.logarithmic {
            value.ln()
        } else {
            value
        }
    }
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let (low, high) = (self.linearised(self.low), self.linearised(self.high));
        let share = (self.linearised(*value) - low) / (high - low);
        // A point far beyond a given range stays where pixels can be counted.
        let share = share.clamp(-4.0, 5.0);
        limit.0 + (f64::from(limit.1 - limit.0) * share).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if !self.names.is_empty() {
            return (0..self.names.len()).map(|place| place as f64).collect();
        }
        ticks(self.low, self.high, self.logarithmic, hint.max_num_points())
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Scale {
    fn format(value: &f64) -> String {
        label(*value)
    }

    fn format_ext(&self, value: &f64) -> String {
        let named = self.names.get(value.max(0.0) as usize);
        named.cloned().unwrap_or_else(|| label(*value))
    }
}

/// At most `most` round values inside.
fn ticks(low: f64, high: f64, logarithmic: bool, most: usize) -> Vec<f64> {
    let inside = |value: &f64| (low..=high).contains(value);
    if logarithmic {
        let decades = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let of = |mantissas: &[f64], every: i32| -> Vec<f64> {
            let exponents = (decades.0..=decades.1).filter(|exponent| exponent % every == 0);
            let values = exponents.flat_map(|e| mantissas.iter().map(move |m| m * 10f64.powi(e)));
            values.filter(inside).collect()
        };
        let choices = [of(&[1.0, 2.0, 5.0], 1), of(&[1.0, 3.0], 1), of(&[1.0], 1), of(&[1.0], 2)];
        let sparse = of(&[1.0], 3);
        return choices.into_iter().find(|ticks| ticks.len() <= most.min(8)).unwrap_or(sparse);
    }
    let exponent = ((high - low) / most.max(1) as f64).log10().floor() as i32;
    let steps = [1.0, 2.0, 5.0, 10.0, 20.0].map(|step| step * 10f64.powi(exponent));
    let of = |step: f64| -> Vec<f64> {
        let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
        (first..=last).map(|n| n as f64 * step).collect()
    };
    steps.into_iter().map(of).find(|ticks| ticks.len() <= most.min(8)).unwrap_or_default()
}

/// A tick's label, without the last bits of its decimals.
fn label(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e5).contains(&size) {
        let text = format!("{value:.1e}");
        return text.replace(".0e", "e");
    }
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0" } else { text }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks(0.0, 100.0, false, 8), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(0.9, 1100.0, true, 8), [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0]);
        for (low, high) in [(-1.2, 0.6), (3e-9, 4e-9), (-7e6, 2.0)] {
            let ticks = ticks(low, high, false, 8);
            assert!((2..=8).contains(&ticks.len()), "{ticks:?}");
        }
    }

    #[test]
    fn labels_have_no_trailing_digits() {
        let labels = [0.1 + 0.2, -0.0, 1e-6, 2.5e7, 12345.0].map(label);
        assert_eq!(labels, ["0.3", "0", "1e-6", "2.5e7", "12345"]);
    }
}
