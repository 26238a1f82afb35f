//! Coherent combination of laser beams: all on one photodiode, each with a phase modulator on an electrode.
//!
//! ```text
//! phase_k = phase_k0 + pi V_k / V_pi                       V_pi = 1 V
//! I       = 96 nA |sum_k exp(i phase_k) / N|^2
//! ```
//!
//! N beams of equal amplitude give 96 nA, the current of the photonic meshes for all of their light, where all phases are equal.
//! A specimen is its `phase_k0`, uniform over the turn: the lengths of the beams' paths. Tones on all modulators and one photodiode
//! are the usual way to hold the phases (Shay, Opt. Express 14, 12188 (2006)). Not modelled: unequal amplitudes, drift of the paths
//! (`drift_v` of the bench is one).

use super::spec::{Kind, Spec};
use super::{for_each_row, of_one_row, Device, DeviceError};
use num_complex::Complex64;
use rand::Rng;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use std::f64::consts::{PI, TAU};

/// Voltage at a modulator that turns the phase by pi.
const PI_V: f64 = 1.0;
/// Current for all beams in phase.
const FULL_NA: f64 = 96.0;
/// Seed of the specimen that `beams:N` names.
const BEAMS_SEED: u64 = 1;

pub(super) const BEAMS: Kind = Kind { name: "beams", forms: &["`beams:N[:SEED]`"], open };

fn open(spec: &Spec) -> Result<Box<dyn Device>, DeviceError> {
    spec.one_output()?;
    let (beams, seed) = spec.count_and_seed("beams", 2..=64, BEAMS_SEED)?;
    Ok(Box::new(BeamsDevice::draw(beams, seed)))
}

/// One specimen, with an electrode for each beam.
#[derive(Clone, Debug)]
pub struct BeamsDevice {
    seed: u64,
    offset_rad: Vec<f64>,
}

impl BeamsDevice {
    /// The specimen of this number of beams that `seed` draws.
    fn draw(beams: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let offset_rad = (0..beams).map(|_| rng.random_range(0.0..TAU)).collect();
        Self { seed, offset_rad }
    }

    /// Amplitude of every beam, one at the photodiode for all in phase.
    fn amplitudes(&self, voltages_v: &[f64]) -> Vec<Complex64> {
        let beams = self.offset_rad.len() as f64;
        let phases_rad = self.offset_rad.iter().zip(voltages_v);
        phases_rad
            .map(|(offset, volts)| Complex64::cis(offset + PI * volts / PI_V) / beams)
            .collect()
    }
}

impl Device for BeamsDevice {
    fn name(&self) -> String {
        format!("beams:{}:{}", self.offset_rad.len(), self.seed)
    }

    fn electrodes(&self) -> usize {
        self.offset_rad.len()
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        for_each_row([self.electrodes(), 1], voltages_v, current_na, |row, out| {
            out[0] = FULL_NA * self.amplitudes(row).iter().sum::<Complex64>().norm_sqr();
        });
    }

    /// Exact: `dI/dphase_k = 2 Re(conj(sum) i a_k)`; `None` if `voltages_v` is not one row.
    fn jacobian_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        of_one_row(self, voltages_v, |row| {
            let amplitudes = self.amplitudes(row);
            let sum: Complex64 = amplitudes.iter().sum();
            let by_phase = amplitudes.iter().map(|amplitude| -2.0 * (sum.conj() * amplitude).im);
            by_phase.map(|slope| FULL_NA * slope * PI / PI_V).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{assert_jacobian_is_that_of_differences, open};

    fn current_na(device: &dyn Device, row: &[f64]) -> f64 {
        let mut out = [0.0];
        device.currents_na(row, &mut out);
        out[0]
    }

    fn random_row(beams: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
        (0..beams).map(|_| rng.random_range(-1.2..1.2)).collect()
    }

    #[test]
    fn beams_in_phase_give_the_full_current_and_there_they_have_no_slope() {
        for beams in [2, 3, 7, 32, 48, 64] {
            for seed in 0..5 {
                let device = BeamsDevice::draw(beams, seed);
                // The voltages of +-1 V that undo the offsets, and a common phase.
                let in_phase = |offset: &f64| 1.0 - offset / PI;
                let row: Vec<f64> = device.offset_rad.iter().map(in_phase).collect();
                assert!(row.iter().all(|volts| volts.abs() <= 1.0), "{row:?}");
                assert!((current_na(&device, &row) - 96.0).abs() < 1e-11);
                let slopes = device.jacobian_na_per_v(&row).unwrap();
                assert!(slopes.iter().all(|slope| slope.abs() < 1e-11), "{slopes:?}");
            }
        }
    }

    #[test]
    fn two_beams_are_one_plus_cosine() {
        let device = BeamsDevice::draw(2, 3);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..50 {
            let row = random_row(2, &mut rng);
            let apart = device.offset_rad[1] - device.offset_rad[0] + PI * (row[1] - row[0]);
            let expected = 48.0 * (1.0 + apart.cos());
            assert!((current_na(&device, &row) - expected).abs() < 1e-11, "{row:?}");
            let slopes = device.jacobian_na_per_v(&row).unwrap();
            let expected = 48.0 * PI * apart.sin();
            assert!((slopes[0] - expected).abs() < 1e-11, "{slopes:?}");
            assert!((slopes[1] + expected).abs() < 1e-11, "{slopes:?}");
        }
    }

    #[test]
    fn a_common_voltage_changes_nothing_and_random_phases_give_a_beam_s_share() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let (mut sum_na, rows) = (0.0, 4000);
        let device = BeamsDevice::draw(32, 1);
        for _ in 0..rows {
            let row: Vec<f64> = (0..32).map(|_| rng.random_range(-1.0..1.0)).collect();
            let moved: Vec<f64> = row.iter().map(|volts| volts + 0.3).collect();
            let current = current_na(&device, &row);
            assert!((current - current_na(&device, &moved)).abs() < 1e-11);
            sum_na += current;
        }
        // Of N phasors the mean square is that of one: 96 nA / N, here known to 1 in sqrt(4000).
        let mean_na = sum_na / f64::from(rows);
        assert!((mean_na / 3.0 - 1.0).abs() < 0.06, "{mean_na}");
    }

    #[test]
    fn slopes_equal_central_differences() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        for beams in [2, 7, 32, 64] {
            let device = BeamsDevice::draw(beams, 9);
            for _ in 0..20 {
                let row = random_row(beams, &mut rng);
                assert_jacobian_is_that_of_differences(&device, &row, 1e-3, 1e-7);
            }
        }
    }

    #[test]
    fn a_specification_names_their_number_and_their_seed() {
        for (spec, name) in
            [("beams:2", "beams:2:1"), ("beams: 64", "beams:64:1"), ("beams:32:5/1", "beams:32:5")]
        {
            let device = open(spec).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(device.name(), name, "{spec}");
        }
        for (spec, what) in [
            ("beams:1", "`1` is not a number of beams; write 2 to 64"),
            ("beams:65:2", "`65` is not a number of beams; write 2 to 64"),
            ("beams:7:x", "`x` is not a seed; write a whole number"),
            ("beams:7/2", "it has one output; leave out `/2`"),
            ("beams", "`beams` is not a device"),
        ] {
            let message = open(spec).err().expect("no device").to_string();
            assert!(message.contains(what), "{message}");
        }
    }
}
