//! Photonic meshes: light interferes in one, voltages heat its phase shifters, photodiodes measure currents.
//!
//! `mesh` has the interferometers. Around them:
//!
//! - A laser's light is split evenly and in phase over the input ports, 120 nW in total: a milliwatt behind an
//!   attenuator of 39 dB, so that the current fits the instrument's range.
//! - Phase shifters are heaters on electrodes. A heater's phase is proportional to its
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
//! - A photodiode has 0.8 A/W, as germanium at 1550 nm: 96 nA for all of the light.
//!
//! `mzi` drives seven of the twelve shifters of a mesh of four waveguides; `rectangular` drives all shifters of a mesh of
//! any size; `matrix` also sets the amplitudes at the input ports.
//!
//! Not modelled: loss, dark current, thermal crosstalk, and time constants of some microseconds.

/// Waveguides of the meshes that a specification can name.
const SIZES: RangeInclusive<usize> = 2..=8;

/// The instance of a function of modes and shifters for a mesh of one of [`SIZES`].
macro_rules! of_size {
    ($modes:expr, $specimen:ident) => {
        match $modes {
            2 => $specimen::<2, 2>,
            3 => $specimen::<3, 6>,
            4 => $specimen::<4, 12>,
            5 => $specimen::<5, 20>,
            6 => $specimen::<6, 30>,
            7 => $specimen::<7, 42>,
            _ => $specimen::<8, 56>,
        }
    };
}

mod matrix;
mod mesh;
mod mzi;
mod rectangular;
#[cfg(test)]
mod tests;

pub use matrix::MatrixDevice;
pub(super) use matrix::MATRIX;
pub(super) use mzi::MZI;
pub use mzi::{MziDevice, MZI_SEED};
pub(super) use rectangular::MESH;

use super::{for_each_row, is_finite, of_one_row, Device};
use mesh::{Mesh, Passage};
use num_complex::Complex64;
use rand::Rng;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use rand_distr::{Distribution, StandardNormal};
use std::array;
use std::f64::consts::{FRAC_PI_4, PI, TAU};
use std::ops::RangeInclusive;

/// Voltage across a heater that turns the phase by pi.
const PI_V: f64 = 2.0;
/// Bias of every heater.
const BIAS_V: f64 = 1.5;
/// Optical power of all input ports together.
const LASER_NW: f64 = 120.0;
/// Current of a photodiode for its optical power; A/W is nA/nW.
const RESPONSIVITY_A_PER_W: f64 = 0.8;
/// Standard deviation of the couplers' angles.
const COUPLER_SPREAD_RAD: f64 = 0.03;

/// One specimen of a photonic mesh with `MODES` waveguides and `SHIFTERS` = `MODES (MODES - 1)` phase shifters.
#[derive(Clone, Debug)]
pub struct PhotonicDevice<const MODES: usize, const SHIFTERS: usize> {
    name: String,
    mesh: Mesh<MODES, SHIFTERS>,
    offset_rad: [f64; SHIFTERS],
    /// The shifter that each electrode heats; 2 n is the outer one of interferometer n, 2 n + 1 the inner one.
    heated: Vec<usize>,
    /// Port of each photodiode.
    ports: Vec<usize>,
}

impl<const MODES: usize, const SHIFTERS: usize> PhotonicDevice<MODES, SHIFTERS> {
    /// The specimen that `seed` draws.
    fn draw(name: String, seed: u64, heated: Vec<usize>, ports: Vec<usize>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let offset_rad = array::from_fn(|_| rng.random_range(0.0..TAU));
        let coupler_rad = array::from_fn(|_| {
            let z: f64 = StandardNormal.sample(&mut rng);
            FRAC_PI_4 + COUPLER_SPREAD_RAD * z
        });
        Self { name, mesh: Mesh::new(coupler_rad), offset_rad, heated, ports }
    }

    /// Current that a photodiode at each of the output ports would give, in nA; light is not lost, so they
    /// add to 96 nA. `None` if `voltages_v` is not one row of finite voltages, one for each electrode.
    pub fn port_currents_na(&self, voltages_v: &[f64]) -> Option<[f64; MODES]> {
        if voltages_v.len() != self.heated.len() || !is_finite(voltages_v) {
            return None;
        }
        let passage = self.passage(voltages_v);
        Some(passage.out.map(|amplitude| RESPONSIVITY_A_PER_W * amplitude.norm_sqr()))
    }

    /// Currents of the photodiodes for light that has passed.
    fn detect(&self, passage: &Passage<MODES, SHIFTERS>, current_na: &mut [f64]) {
        for (current_na, &port) in current_na.iter_mut().zip(&self.ports) {
            *current_na = RESPONSIVITY_A_PER_W * passage.out[port].norm_sqr();
        }
    }

    fn phases_rad(&self, voltages_v: &[f64]) -> [f64; SHIFTERS] {
        let mut phases_rad = self.offset_rad;
        for (&shifter, volts) in self.heated.iter().zip(voltages_v) {
            phases_rad[shifter] += PI * ((volts + BIAS_V) / PI_V).powi(2);
        }
        phases_rad
    }

    /// The laser's light through the mesh; amplitudes are in roots of a nanowatt.
    fn passage(&self, voltages_v: &[f64]) -> Passage<MODES, SHIFTERS> {
        let laser = [Complex64::from(port_amplitude(MODES)); MODES];
        self.mesh.pass(&self.phases_rad(voltages_v), laser)
    }
}

impl<const MODES: usize, const SHIFTERS: usize> Device for PhotonicDevice<MODES, SHIFTERS> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn electrodes(&self) -> usize {
        self.heated.len()
    }

    fn outputs(&self) -> usize {
        self.ports.len()
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        for_each_row([self.electrodes(), self.outputs()], voltages_v, current_na, |row, out| {
            self.detect(&self.passage(row), out);
        });
    }

    /// Exact: the derivative of a product of unitaries; `None` if `voltages_v` is not one row.
    fn jacobian_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        of_one_row(self, voltages_v, |row| {
            let passage = self.passage(row);
            let mut jacobian = Vec::with_capacity(self.outputs() * self.electrodes());
            for &port in &self.ports {
                let (by_phase, _) = self.mesh.slopes(&passage, port);
                let heated = self.heated.iter().zip(row);
                jacobian
                    .extend(heated.map(|(&shifter, &volts)| by_heater(by_phase[shifter], volts)));
            }
            jacobian
        })
    }
}

/// Amplitude of the laser's light in each of `modes` input ports, in roots of a nanowatt.
fn port_amplitude(modes: usize) -> f64 {
    (LASER_NW / modes as f64).sqrt()
}

/// Slope of a photodiode's current with a heater's voltage, in nA/V, from that of the power with the phase.
fn by_heater(by_phase: f64, volts: f64) -> f64 {
    let by_volt_rad = 2.0 * PI * (volts + BIAS_V) / (PI_V * PI_V);
    RESPONSIVITY_A_PER_W * by_phase * by_volt_rad
}
