//! Records as columns of short numbers.

use hge_core::train::Progress;

/// Seven significant digits: a thousandth of a pixel, and half the text.
pub(super) fn short(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

/// Epochs, to be read column by column.
pub(super) struct Columns<'a>(Vec<&'a Progress>);

impl<'a> Columns<'a> {
    pub(super) fn new(epochs: impl Iterator<Item = &'a Progress>) -> Self {
        Columns(epochs.collect())
    }

    pub(super) fn any(&self, holds: impl Fn(&Progress) -> bool) -> bool {
        self.0.iter().any(|progress| holds(progress))
    }

    /// One value an epoch; NaN where there is none.
    pub(super) fn column(&self, value: impl Fn(&Progress) -> Option<f64>) -> Vec<f64> {
        self.0.iter().map(|progress| short(value(progress).unwrap_or(f64::NAN))).collect()
    }

    /// Columns of the first `count` entries of a list.
    pub(super) fn columns(
        &self,
        count: usize,
        list: impl Fn(&Progress) -> &Vec<f64>,
    ) -> Vec<Vec<f64>> {
        (0..count).map(|n| self.column(|progress| list(progress).get(n).copied())).collect()
    }
}
