//! Physical parameters of the hopping device.

use crate::device::DeviceError;

/// Parameters of a dopant network. Lengths are in radii of the active disc.
///
/// [`HoppingParams::default`] is what the built-in device and `hopping:SEED` use. It was chosen by the
/// share of seeds that learn all six Boolean gates (`cargo run --release -p hge-sim --example
/// device_seeds`), by slopes and outputs that resemble measured silicon, and by a landscape that is
/// smooth on the scale of a 30 mV tone.
#[derive(Clone, Debug, PartialEq)]
pub struct HoppingParams {
    /// kT in eV. The default, 12 meV (139 K), is about the coldest at which a lock-in with a 30 mV
    /// tone still reads the slopes to 7 % RMS. At 77 K (6.6 meV) networks learn as well, but their
    /// steps are so narrow that the same lock-in errs by 20 %; at 300 K (26 meV) it errs by 2 %, but
    /// networks are more linear and fewer learn XOR.
    pub thermal_energy_ev: f64,
    /// Standard deviation of the dopant energies, in eV.
    pub disorder_ev: f64,
    /// Localisation length of a dopant state, in radii: rates fall as `exp(-2 r / localisation)`.
    pub localisation: f64,
    /// Dopants closer than this are drawn again, in radii; 0 places them independently.
    pub min_spacing: f64,
    /// Prefactor of tunnelling between an electrode and a dopant, relative to that between dopants.
    pub contact: f64,
    /// Half of the angle that an electrode covers on the rim, in radians.
    pub tip_half_angle: f64,
}

impl Default for HoppingParams {
    fn default() -> Self {
        Self {
            thermal_energy_ev: 0.012,
            disorder_ev: 0.1,
            localisation: 0.25,
            min_spacing: 0.3,
            contact: 1.0,
            tip_half_angle: 0.1,
        }
    }
}

/// Boltzmann's constant in eV/K.
const BOLTZMANN_EV_PER_K: f64 = 8.617_333_262e-5;

impl HoppingParams {
    /// The default network at another temperature.
    pub fn at_kelvin(temperature_k: f64) -> Self {
        Self { thermal_energy_ev: temperature_k * BOLTZMANN_EV_PER_K, ..Self::default() }
    }

    /// Temperature in K.
    pub fn temperature_k(&self) -> f64 {
        self.thermal_energy_ev / BOLTZMANN_EV_PER_K
    }

    /// Checks that every parameter lies in the range in which the solver converges.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] names the first that does not, and its range.
    pub fn validate(&self) -> Result<(), DeviceError> {
        let ranges = [
            ("thermal_energy_ev", self.thermal_energy_ev, 0.005, 0.2, "eV"),
            ("disorder_ev", self.disorder_ev, 0.0, 0.5, "eV"),
            ("localisation", self.localisation, 0.1, 2.0, "disc radii"),
            ("min_spacing", self.min_spacing, 0.0, 0.5, "disc radii"),
            ("contact", self.contact, 1e-3, 1e3, "relative to dopant pairs"),
            ("tip_half_angle", self.tip_half_angle, 0.0, 0.35, "rad"),
        ];
        for (name, found, low, high, unit) in ranges {
            if !(low..=high).contains(&found) {
                return Err(DeviceError::Parameter { name, found, low, high, unit });
            }
        }
        Ok(())
    }
}
