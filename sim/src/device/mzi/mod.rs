//! A photonic mesh: light interferes in it, voltages heat its phase shifters, a photodiode measures the current.
//!
//! `mesh` has the interferometers. Around them:
//!
//! - A laser's light is split evenly and in phase over the four input ports, 120 nW in total: a milliwatt behind an
//!   attenuator of 39 dB, so that the current fits the instrument's range.
//! - Seven of the twelve phase shifters are heaters on electrodes. A heater's phase is proportional to its
//!   power, V^2 / R, independent of the sign of V; a bias in series, as in drivers of heaters,
//!   makes the complete range of the electrodes useful:
//!
//!   ```text
//!   phase = phase_0 + pi ((V + 1.5 V) / 2 V)^2
//!   ```
//!
//!   2 V for a phase of pi is 25 mW in 160 ohms: Harris et al., Opt. Express 22, 10487 (2014).
//! - A specimen is defined by fabrication spread: `phase_0` of every shifter, uniform over the turn, and the angle of every
//!   coupler, pi/4 with a standard deviation of 0.03 rad, that is 3 % of the power.
//! - The photodiode at port 1 has 0.8 A/W, as germanium at 1550 nm: 0 to 96 nA.
//!
//! Not modelled: loss, dark current, thermal crosstalk, and time constants of some microseconds.

mod mesh;
#[cfg(test)]
mod tests;

use super::spec::Kind;
use super::{for_each_row, is_finite, of_one_row, Device};
use mesh::{Amplitudes, Mesh, COUPLERS, MODES, SHIFTERS};
use num_complex::Complex64;
use rand::Rng;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use rand_distr::{Distribution, StandardNormal};
use std::array;
use std::f64::consts::{FRAC_PI_4, PI, TAU};

/// Seed of the specimen that plain `mzi` names: it learns every gate from 12 or more of 20 starts.
pub const MZI_SEED: u64 = 1;

pub(super) const MZI: Kind = Kind {
    name: "mzi",
    forms: &["`mzi`", "`mzi:SEED`"],
    open: |spec| Ok(Box::new(MziDevice::new(spec.seed_or(MZI_SEED)?))),
};

/// Electrodes, each a heater.
const ELECTRODES: usize = 7;
/// The shifter that each electrode heats; 2 n is the outer one of interferometer n, 2 n + 1 the inner one. Electrodes
/// 1 to 6 have the six inner ones in turn, so that a gate's inputs, 1 and 2, have the first column; electrode 0 has
/// the outer one of the first interferometer. Of five choices tried this one learns XOR from the most seeds.
const HEATED: [usize; ELECTRODES] = [0, 1, 3, 5, 7, 9, 11];
/// Port of the photodiode.
const PORT: usize = 1;
/// Voltage across a heater that turns the phase by pi.
const PI_V: f64 = 2.0;
/// Bias of every heater.
const BIAS_V: f64 = 1.5;
/// Optical power of all input ports together.
const LASER_NW: f64 = 120.0;
/// Current of the photodiode for its optical power; A/W is nA/nW.
const RESPONSIVITY_A_PER_W: f64 = 0.8;
/// Standard deviation of the couplers' angles.
const COUPLER_SPREAD_RAD: f64 = 0.03;

/// One specimen of a photonic mesh with seven heaters.
#[derive(Clone, Debug)]
pub struct MziDevice {
    seed: u64,
    mesh: Mesh,
    offset_rad: [f64; SHIFTERS],
}

impl MziDevice {
    /// The specimen that `seed` draws.
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let offset_rad = array::from_fn(|_| rng.random_range(0.0..TAU));
        let coupler_rad: [f64; COUPLERS] = array::from_fn(|_| {
            let z: f64 = StandardNormal.sample(&mut rng);
            FRAC_PI_4 + COUPLER_SPREAD_RAD * z
        });
        Self { seed, mesh: Mesh { coupler_rad }, offset_rad }
    }

    /// Current that a photodiode at each of the four output ports would give, in nA; light is not lost, so they
    /// add to 96 nA. `None` if `voltages_v` is not one row of seven finite voltages.
    pub fn port_currents_na(&self, voltages_v: &[f64]) -> Option<[f64; MODES]> {
        if voltages_v.len() != ELECTRODES || !is_finite(voltages_v) {
            return None;
        }
        let passage = self.mesh.pass(&self.phases_rad(voltages_v), laser());
        Some(passage.out.map(|amplitude| RESPONSIVITY_A_PER_W * amplitude.norm_sqr()))
    }

    fn phases_rad(&self, voltages_v: &[f64]) -> [f64; SHIFTERS] {
        let mut phases_rad = self.offset_rad;
        for (&shifter, volts) in HEATED.iter().zip(voltages_v) {
            phases_rad[shifter] += PI * ((volts + BIAS_V) / PI_V).powi(2);
        }
        phases_rad
    }
}

/// Amplitudes at the input ports, in roots of a nanowatt.
fn laser() -> Amplitudes {
    [Complex64::from((LASER_NW / MODES as f64).sqrt()); MODES]
}

impl Device for MziDevice {
    fn name(&self) -> String {
        format!("mzi:{}", self.seed)
    }

    fn electrodes(&self) -> usize {
        ELECTRODES
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        for_each_row([ELECTRODES, 1], voltages_v, current_na, |row, out| {
            let passage = self.mesh.pass(&self.phases_rad(row), laser());
            out[0] = RESPONSIVITY_A_PER_W * passage.out[PORT].norm_sqr();
        });
    }

    /// Exact: the derivative of a product of unitaries; `None` if `voltages_v` is not one row.
    fn jacobian_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        of_one_row(self, voltages_v, |row| {
            let phases_rad = self.phases_rad(row);
            let passage = self.mesh.pass(&phases_rad, laser());
            let by_phase = self.mesh.slopes(&phases_rad, &passage, PORT);
            let slopes = HEATED.iter().zip(row).map(|(&shifter, volts)| {
                let by_volt_rad = 2.0 * PI * (volts + BIAS_V) / (PI_V * PI_V);
                RESPONSIVITY_A_PER_W * by_phase[shifter] * by_volt_rad
            });
            slopes.collect()
        })
    }
}
