//! Two crossbars of memristors with a column amplifier between them: a network of one hidden layer.
//!
//! ```text
//! rows V_1..V_7 --> crossbar 1 --> I_j --> U_j = -U_s tanh(R I_j / U_s) --> crossbar 2 --> output current
//!
//! memristor          I(V) = G V_0 sinh(V / V_0)
//! column j           I_j = sum_i (G+_ij - G-_ij) V_0 sinh(V_i / V_0)
//! output m           I_m = sum_j (g+_mj - g-_mj) V_0 sinh(U_j / V_0)
//! ```
//!
//! - A memristor below its writing threshold keeps its conductance G and conducts by tunnelling, hence the sinh
//!   with V_0 = 1 V: Yang et al., Nature Nanotechnology 3, 429 (2008). Well below V_0 it obeys Ohm's law.
//! - Columns end in virtual grounds, so by Kirchhoff's law a column's current is the sum of its memristors'. Two
//!   columns make a signed weight: the amplifier takes their difference, as usual in such accelerators.
//! - The transimpedance amplifier of a column inverts; with R = 100 kOhm it saturates softly at U_s = 1 V.
//! - A specimen is its conductances, each uniform: 1 to 100 uS in crossbar 1, as in oxide memristors; 1 to 25 nS in
//!   crossbar 2, cells of high resistance whose sum fits an I-V converter of +-100 nA.
//! - Crossbar 2 has a pair of columns for each output; those of a specimen are the same however many are measured.
//!
//! Not modelled: resistance of wires, noise and drift of conductances, the amplifiers' offsets and poles.

#[cfg(test)]
mod tests;

use super::spec::{check_outputs, measured_name, Kind};
use super::{for_each_row, of_one_row, Device, DeviceError, MOST_OUTPUTS};
use rand::Rng;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use std::array;

/// Seed of the specimen that plain `crossbar` names: it learns every gate from 16 or more of 20 starts.
pub const CROSSBAR_SEED: u64 = 54;

pub(super) const CROSSBAR: Kind = Kind {
    name: "crossbar",
    forms: &["`crossbar`", "`crossbar:SEED[/J]`"],
    open: |spec| {
        let (seed, outputs) = (spec.seed_or(CROSSBAR_SEED)?, spec.outputs_or(1)?);
        Ok(Box::new(CrossbarDevice::with_outputs(seed, outputs)?))
    },
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
    /// `[m][j]`: difference of the conductances of a pair of rows, at the pair of columns of output m.
    second_ns: Vec<[f64; HIDDEN]>,
}

impl CrossbarDevice {
    /// The specimen that `seed` draws, its first output.
    pub fn new(seed: u64) -> Self {
        Self::draw(seed, 1)
    }

    /// The specimen that `seed` draws, its first `outputs` outputs.
    ///
    /// # Errors
    /// [`DeviceError::BadSpec`] if `outputs` is not 1 to [`MOST_OUTPUTS`].
    pub fn with_outputs(seed: u64, outputs: usize) -> Result<Self, DeviceError> {
        check_outputs(&format!("crossbar:{seed}"), outputs, MOST_OUTPUTS)?;
        Ok(Self::draw(seed, outputs))
    }

    fn draw(seed: u64, outputs: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut pair =
            |range: std::ops::Range<f64>| rng.random_range(range.clone()) - rng.random_range(range);
        let first_us = array::from_fn(|_| array::from_fn(|_| pair(FIRST_US)));
        let second_ns = (0..outputs).map(|_| array::from_fn(|_| pair(SECOND_NS))).collect();
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
        measured_name(format!("crossbar:{}", self.seed), self.outputs(), 1)
    }

    fn electrodes(&self) -> usize {
        ROWS
    }

    fn outputs(&self) -> usize {
        self.second_ns.len()
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        for_each_row([ROWS, self.outputs()], voltages_v, current_na, |row, out| {
            let mut sinh = self.hidden_v(row);
            for u in &mut sinh {
                *u = (*u / SINH_V).sinh();
            }
            for (out, column_ns) in out.iter_mut().zip(&self.second_ns) {
                *out = column_ns.iter().zip(&sinh).map(|(g, sinh)| g * SINH_V * sinh).sum();
            }
        });
    }

    /// Exact, by the chain rule; `None` if `voltages_v` is not one row.
    fn jacobian_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        of_one_row(self, voltages_v, |row| {
            let hidden_v = self.hidden_v(row);
            let mut jacobian = Vec::with_capacity(self.outputs() * ROWS);
            for column_ns in &self.second_ns {
                // Derivative of the output by a column's current, in nA/uA.
                let by_column: [f64; HIDDEN] = array::from_fn(|j| {
                    let (u, g) = (hidden_v[j], column_ns[j]);
                    let amplifier = 1.0 - (u / SATURATION_V).powi(2);
                    -g * (u / SINH_V).cosh() * TRANSIMPEDANCE_V_PER_UA * amplifier
                });
                jacobian.extend(row.iter().enumerate().map(|(i, v)| {
                    let columns = by_column.iter().zip(&self.first_us);
                    let slope: f64 = columns.map(|(by, column_us)| by * column_us[i]).sum();
                    slope * (v / SINH_V).cosh()
                }));
            }
            jacobian
        })
    }
}
