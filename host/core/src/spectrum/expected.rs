//! Expected lines: tones, their harmonics and products by a nonlinear device, and the mains.

use serde::Serialize;

/// Highest harmonic of a tone in the search.
const MOST_HARMONIC: i32 = 5;

/// Highest harmonic of the mains in the search: that of rectifiers.
const MOST_MAINS: u32 = 20;

/// Origin of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A control's tone.
    Tone,
    /// Two to five times a tone.
    Harmonic,
    /// Sum or difference of two tones.
    SecondOrder,
    /// Sums and differences of three tones, one of them twice or not.
    ThirdOrder,
    /// The mains or one of its harmonics.
    Mains,
    /// No known lines.
    Unknown,
}

impl Kind {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Tone => "tone",
            Kind::Harmonic => "harmonic",
            Kind::SecondOrder => "second order",
            Kind::ThirdOrder => "third order",
            Kind::Mains => "mains",
            Kind::Unknown => "unknown",
        }
    }
}

/// A line that may be there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) kind: Kind,
    /// The stronger one, of two at the same frequency, is as a rule that with the lower rank.
    pub(super) rank: u32,
    pub(super) label: String,
    /// Between zero and half the sample rate.
    pub(super) frequency_hz: f64,
    /// The line lies above half the sample rate, and appears at its alias.
    pub(super) folded: bool,
    /// Tolerance of its frequency, besides the spacing of the lines.
    pub(super) slack_hz: f64,
}

/// A frequency as samples at `rate_hz` show it, and whether that is another one.
pub fn folded(frequency_hz: f64, rate_hz: f64) -> (f64, bool) {
    let rest = frequency_hz.abs().rem_euclid(rate_hz);
    let shown = rest.min(rate_hz - rest);
    (shown, frequency_hz.abs() > rate_hz / 2.0)
}

/// Every line that tones and mains may make.
pub(super) fn expected(tones_hz: &[f64], mains_hz: Option<f64>, rate_hz: f64) -> Vec<Expected> {
    let mut lines = Vec::new();
    let mut add = |kind, rank, factors: &[(i32, usize)]| {
        let sum: f64 = factors.iter().map(|&(times, tone)| f64::from(times) * tones_hz[tone]).sum();
        let (frequency_hz, folded) = folded(sum, rate_hz);
        // The sign of a product is its phase's: it is named so that its frequency is positive.
        let sign = if sum < 0.0 { -1 } else { 1 };
        let label = name(factors.iter().map(|&(times, tone)| (sign * times, tone)));
        lines.push(Expected { kind, rank, label, frequency_hz, folded, slack_hz: 0.0 });
    };
    for i in 0..tones_hz.len() {
        add(Kind::Tone, 0, &[(1, i)]);
        for times in 2..=MOST_HARMONIC {
            add(Kind::Harmonic, times as u32, &[(times, i)]);
        }
        for j in i + 1..tones_hz.len() {
            for sign in [1, -1] {
                add(Kind::SecondOrder, 2, &[(1, i), (sign, j)]);
                add(Kind::ThirdOrder, 3, &[(2, i), (sign, j)]);
                add(Kind::ThirdOrder, 3, &[(1, i), (2 * sign, j)]);
            }
            for k in j + 1..tones_hz.len() {
                for (b, c) in [(1, 1), (1, -1), (-1, 1), (-1, -1)] {
                    add(Kind::ThirdOrder, 3, &[(1, i), (b, j), (c, k)]);
                }
            }
        }
    }
    for times in 1..=mains_hz.map_or(0, |_| MOST_MAINS) {
        let hz = f64::from(times) * mains_hz.unwrap_or_default();
        let (frequency_hz, folded) = folded(hz, rate_hz);
        let label = if times == 1 { "mains".into() } else { format!("{times} mains") };
        // The grid's frequency is kept to 0.2 Hz of 50.
        let (kind, rank, slack_hz) = (Kind::Mains, 1 + times, 4e-3 * hz);
        lines.push(Expected { kind, rank, label, frequency_hz, folded, slack_hz });
    }
    lines
}

/// "2 f1 - f3": added factors first, tones counted from 1.
fn name(factors: impl Iterator<Item = (i32, usize)>) -> String {
    let mut factors: Vec<(i32, usize)> = factors.collect();
    factors.sort_by_key(|&(times, tone)| (times < 0, tone));
    let mut text = String::new();
    for (place, (times, tone)) in factors.into_iter().enumerate() {
        let sign = match (place, times < 0) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        };
        let count = match times.abs() {
            1 => String::new(),
            count => format!("{count} "),
        };
        text += &format!("{sign}{count}f{}", tone + 1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tones::{products, Grid};
    use std::collections::BTreeSet;

    #[test]
    fn every_product_that_the_planner_knows_of_is_expected_and_no_other() {
        let grid = Grid { rate_hz: 5120.0, window_samples: 256 };
        let tones = [9, 11, 40, 100];
        let tones_hz: Vec<f64> = tones.iter().map(|&tone| grid.frequency_hz(tone)).collect();
        let lines = expected(&tones_hz, None, grid.rate_hz);
        let every: Vec<u32> = (0..=128).collect();
        for order in [2, 3] {
            let planned: BTreeSet<u32> = products::on_lines(&grid, &tones, order, &every, 10_000)
                .iter()
                .map(|product| product.line)
                .collect();
            let kind = if order == 2 { Kind::SecondOrder } else { Kind::ThirdOrder };
            let times = format!("{order} ");
            let found: BTreeSet<u32> = lines
                .iter()
                .filter(|line| {
                    line.kind == kind
                        || line.kind == Kind::Harmonic && line.label.starts_with(&times)
                })
                .map(|line| (line.frequency_hz / grid.step_hz()).round() as u32)
                .collect();
            assert_eq!(found, planned, "order {order}");
        }
    }

    #[test]
    fn products_are_named_so_that_they_are_positive_and_folded_where_the_rate_folds_them() {
        let lines = expected(&[100.0, 450.0], Some(50.0), 1000.0);
        let of = |label: &str| {
            let line = lines.iter().find(|line| line.label == label).expect(label);
            (line.frequency_hz, line.folded, line.kind)
        };
        assert_eq!(of("f2 - f1"), (350.0, false, Kind::SecondOrder));
        assert_eq!(of("f1 + f2"), (450.0, true, Kind::SecondOrder));
        assert_eq!(of("2 f2 - f1"), (200.0, true, Kind::ThirdOrder));
        assert_eq!(of("3 f2"), (350.0, true, Kind::Harmonic));
        assert_eq!(of("5 mains"), (250.0, false, Kind::Mains));
        assert_eq!(of("12 mains"), (400.0, true, Kind::Mains));
    }
}
