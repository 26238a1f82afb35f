//! Two crossbars of memristors with a column amplifier between them: a network of one hidden layer.
//!
//! ```text
//! rows V_1..V_7 --> crossbar 1 --> I_j --> U_j = -U_s tanh(R I_j / U_s) --> crossbar 2 --> output current
//!
//! memristor          I(V) = G V_0 sinh(V / V_0)
//! column j           I_j = sum_i (G+_ij - G-_ij) V_0 sinh(V_i / V_0)
//! output             I   = sum_j (g+_j - g-_j) V_0 sinh(U_j / V_0)
//! ```
//!
//! - A memristor below its writing threshold keeps its conductance G and conducts by tunnelling, hence the sinh
//!   with V_0 = 1 V: Yang et al., Nature Nanotechnology 3, 429 (2008). Well below V_0 it obeys Ohm's law.
//! - Columns end in virtual grounds, so by Kirchhoff's law a column's current is the sum of its memristors'. Two
//!   columns make a signed weight: the amplifier takes their difference, as usual in such accelerators.
//! - The transimpedance amplifier of a column inverts; with R = 100 kOhm it saturates softly at U_s = 1 V.
//! - A specimen is its conductances, each uniform: 1 to 100 uS in crossbar 1, as in oxide memristors; 1 to 25 nS in
//!   crossbar 2, cells of high resistance whose sum fits an I-V converter of +-100 nA.
//!
//! Not modelled: resistance of wires, noise and drift of conductances, the amplifiers' offsets and poles.

#[cfg(test)]
mod tests;

use super::spec::Kind;
use super::{for_each_row, of_one_row, Device};
use rand::Rng;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use std::array;

/// Seed of the specimen that plain `crossbar` names: it learns every gate from 16 or more of 20 starts.
pub const CROSSBAR_SEED: u64 = 54;

pub(super) const CROSSBAR: Kind = Kind {
    name: "crossbar",
    forms: &["`crossbar`", "`crossbar:SEED`"],
    open: |spec| Ok(Box::new(CrossbarDevice::new(spec.seed_or(CROSSBAR_SEED)?))),
};

/// Rows of crossbar 1, each an electrode.
const ROWS: usize = 7;
/// Pairs of columns of crossbar 1, and of rows of crossbar 2.
const HIDDEN: usize = 16;
/// Voltage above which a memristor deviates from Ohm's law.
const SINH_V: f64 = 1.0;
/// Saturation of a column's amplifier.
const SATURATION_V: f64 = 1.0;
/// Transimpedance of a column's amplifier; V / uA is MOhm.
const TRANSIMPEDANCE_V_PER_UA: f64 = 0.1;
/// Conductances of crossbar 1.
const FIRST_US: std::ops::Range<f64> = 1.0..100.0;
/// Conductances of crossbar 2.
const SECOND_NS: std::ops::Range<f64> = 1.0..25.0;

/// One specimen of a pair of memristor crossbars with seven rows.
#[derive(Clone, Debug)]
pub struct CrossbarDevice {
    seed: u64,
    /// `[j][i]`: difference of the conductances of a pair of columns.
    first_us: [[f64; ROWS]; HIDDEN],
    /// Difference of the conductances of a pair of rows.
    second_ns: [f64; HIDDEN],
}

impl CrossbarDevice {
    /// The specimen that `seed` draws.
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut pair =
            |range: std::ops::Range<f64>| rng.random_range(range.clone()) - rng.random_range(range);
        let first_us = array::from_fn(|_| array::from_fn(|_| pair(FIRST_US)));
        let second_ns = array::from_fn(|_| pair(SECOND_NS));
        Self { seed, first_us, second_ns }
    }

    /// Output voltage of every column's amplifier, of a finite row.
    fn hidden_v(&self, row: &[f64]) -> [f64; HIDDEN] {
        let effective_v: [f64; ROWS] = array::from_fn(|i| SINH_V * (row[i] / SINH_V).sinh());
        self.first_us.map(|column_us| {
            let current_ua: f64 = column_us.iter().zip(&effective_v).map(|(g, v)| g * v).sum();
            -SATURATION_V * (TRANSIMPEDANCE_V_PER_UA * current_ua / SATURATION_V).tanh()
        })
    }
}

impl Device for CrossbarDevice {
    fn name(&self) -> String {
        format!("crossbar:{}", self.seed)
    }

    fn electrodes(&self) -> usize {
        ROWS
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        for_each_row([ROWS, 1], voltages_v, current_na, |row, out| {
            let hidden_v = self.hidden_v(row);
            let cells = self.second_ns.iter().zip(&hidden_v);
            out[0] = cells.map(|(g, u)| g * SINH_V * (u / SINH_V).sinh()).sum();
        });
    }

    /// Exact, by the chain rule; `None` if `voltages_v` is not one row.
    fn jacobian_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        of_one_row(self, voltages_v, |row| {
            let hidden_v = self.hidden_v(row);
            // Derivative of the output by a column's current, in nA/uA.
            let by_column: [f64; HIDDEN] = array::from_fn(|j| {
                let (u, g) = (hidden_v[j], self.second_ns[j]);
                let amplifier = 1.0 - (u / SATURATION_V).powi(2);
                -g * (u / SINH_V).cosh() * TRANSIMPEDANCE_V_PER_UA * amplifier
            });
            let slopes = row.iter().enumerate().map(|(i, v)| {
                let columns = by_column.iter().zip(&self.first_us);
                columns.map(|(by, column_us)| by * column_us[i]).sum::<f64>() * (v / SINH_V).cosh()
            });
            slopes.collect()
        })
    }
}
