//! Physical model of a dopant network: hopping between dopants, seven driven electrodes, one output.
//!
//! `geometry` places dopants in a disc and solves its electrostatics, `network` computes rates from
//! voltages, `newton` finds the steady state of the mean-field equations. The unit of current is set once
//! for each specimen so that its outputs over [`ELECTRODE_RANGE_V`] span about -80..80 nA, as those of
//! measured devices do; the attempt frequency of a network is unknown.
//!
//! Mean field means that occupations are uncorrelated and do not shift each other's energies. A mean
//! field with Coulomb shifts can have several steady states; then a row would depend on earlier rows.

mod geometry;
mod network;
mod newton;
mod params;
#[cfg(test)]
mod tests;

pub use params::HoppingParams;

use super::spec::{Kind, Spec};
use super::{is_finite, Device, DeviceError};
use hge_system::text::{quoted, QUOTED_CHARS};
use network::{Network, DRIVEN, ELECTRODES, OUTPUT};
use rand::Rng;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};

/// Seed of the built-in specimen. Of the seeds 0..1000 it is the one that learns all six Boolean gates
/// from most starts with the widest separations while its slopes resemble those of measured silicon.
pub const BUILTIN_SEED: u64 = 924;

pub(super) const BUILTIN: Kind = Kind {
    name: "builtin",
    forms: &["`builtin`"],
    open: |spec| {
        spec.alone()?;
        spec.one_output()?;
        Ok(Box::new(HoppingDevice::builtin()))
    },
};

pub(super) const HOPPING: Kind =
    Kind { name: "hopping", forms: &["`hopping:SEED[@KELVIN]`"], open };

fn open(spec: &Spec) -> Result<Box<dyn Device>, DeviceError> {
    let argument = spec.argument()?;
    spec.one_output()?;
    let Some((seed, kelvin)) = argument.split_once('@') else {
        return Ok(Box::new(HoppingDevice::new(spec.seed(argument)?)));
    };
    let kelvin = temperature_k(kelvin).ok_or_else(|| {
        let what = format!("`{}` is not a temperature", quoted(kelvin.trim(), QUOTED_CHARS));
        spec.wrong(what, "write kelvins, e.g. `hopping:924@77K`")
    })?;
    let params = HoppingParams::at_kelvin(kelvin);
    Ok(Box::new(HoppingDevice::with_params(spec.seed(seed)?, params)?))
}

/// A temperature such as `77K`, in K.
fn temperature_k(text: &str) -> Option<f64> {
    let kelvin: f64 = text.trim().strip_suffix(['K', 'k'])?.trim_end().parse().ok()?;
    kelvin.is_finite().then_some(kelvin)
}

/// Electrodes that take the inputs of a logic gate, counted from 0; the other five are controls.
pub const INPUT_ELECTRODES: [usize; 2] = [1, 2];

/// Input voltages for logic 0 and 1.
pub const INPUT_LEVELS_V: [f64; 2] = [-1.2, 0.6];

/// Lowest and highest voltage of each driven electrode in training.
pub const ELECTRODE_RANGE_V: [[f64; 2]; DRIVEN] =
    [[-1.2, 0.6], [-1.2, 0.6], [-1.2, 0.6], [-1.2, 0.6], [-1.2, 0.6], [-0.7, 0.3], [-0.7, 0.3]];

/// Dopants in a network.
const SITES: usize = 12;
/// Rows solved side by side; more gains nothing.
const LANES: usize = 4;
/// The larger of the 1st and the 99th percentile of the output, in magnitude.
const FULL_SCALE_NA: f64 = 80.0;
/// Rows over which the percentiles are taken, and the seed that draws them.
const SCALE_ROWS: usize = 2000;
const SCALE_SEED: u64 = 77;

/// One specimen of a dopant network with seven driven electrodes.
#[derive(Clone, Debug)]
pub struct HoppingDevice {
    seed: u64,
    params: HoppingParams,
    network: Network<SITES>,
    scale_na: f64,
}

impl HoppingDevice {
    /// The specimen that ships with the project.
    pub fn builtin() -> Self {
        Self::new(BUILTIN_SEED)
    }

    /// The specimen that `seed` draws, with default parameters.
    pub fn new(seed: u64) -> Self {
        Self::build(seed, HoppingParams::default())
    }

    /// The specimen that `seed` draws, with other physics.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] if a parameter is outside its range.
    pub fn with_params(seed: u64, params: HoppingParams) -> Result<Self, DeviceError> {
        params.validate()?;
        Ok(Self::build(seed, params))
    }

    fn build(seed: u64, params: HoppingParams) -> Self {
        let network = geometry::place(&params, seed);
        let mut device = Self { seed, params, network, scale_na: 1.0 };
        device.scale_na = FULL_SCALE_NA / device.span_of_outputs();
        device
    }

    /// The seed that drew the dopants.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The physical parameters.
    pub fn params(&self) -> &HoppingParams {
        &self.params
    }

    /// Current from the device into each of the eight electrodes in nA, the output last; they add to
    /// zero. `None` if `voltages_v` is not one row of seven finite voltages.
    pub fn electrode_currents_na(&self, voltages_v: &[f64]) -> Option<[f64; ELECTRODES]> {
        let state = self.network.solve(&finite_row(voltages_v)?.map(|v| [v]));
        Some(std::array::from_fn(|e| self.scale_na * self.network.current_into(&state, e)[0]))
    }

    /// The larger of the 1st and 99th percentile of the output over the training range, in magnitude.
    fn span_of_outputs(&self) -> f64 {
        let mut rng = ChaCha8Rng::seed_from_u64(SCALE_SEED);
        let mut volts = Vec::with_capacity(SCALE_ROWS * DRIVEN);
        for _ in 0..SCALE_ROWS {
            volts.extend(ELECTRODE_RANGE_V.map(|[low, high]| rng.random_range(low..high)));
        }
        let mut outputs = vec![0.0; SCALE_ROWS];
        self.currents_na(&volts, &mut outputs);
        outputs.sort_by(f64::total_cmp);
        outputs[SCALE_ROWS / 100].abs().max(outputs[SCALE_ROWS - 1 - SCALE_ROWS / 100].abs())
    }

    /// Output currents of `L` rows; a row that is not finite gives NaN.
    fn outputs_na<const L: usize>(&self, rows: &[f64], current_na: &mut [f64]) {
        let mut voltages_v = [[0.0; L]; DRIVEN];
        for (l, row) in rows.chunks_exact(DRIVEN).enumerate() {
            if is_finite(row) {
                for (lanes, v) in voltages_v.iter_mut().zip(row) {
                    lanes[l] = *v;
                }
            }
        }
        let state = self.network.solve(&voltages_v);
        let current = self.network.current_into(&state, OUTPUT);
        let mut rows = rows.chunks_exact(DRIVEN);
        for (out, current) in current_na.iter_mut().zip(current) {
            *out = match rows.next() {
                Some(row) if is_finite(row) => self.scale_na * current,
                _ => f64::NAN,
            };
        }
    }
}

/// `voltages_v` as one row, if it is one and finite.
fn finite_row(voltages_v: &[f64]) -> Option<[f64; DRIVEN]> {
    voltages_v.try_into().ok().filter(|row: &[f64; DRIVEN]| is_finite(row))
}

impl Device for HoppingDevice {
    fn name(&self) -> String {
        if self.params.thermal_energy_ev == HoppingParams::default().thermal_energy_ev {
            return format!("hopping:{}", self.seed);
        }
        // Rounded to 12 digits: 77 K comes back from its energy as 77.
        let kelvin = format!("{:.9}", self.params.temperature_k());
        let kelvin = kelvin.trim_end_matches('0').trim_end_matches('.');
        format!("hopping:{}@{kelvin}K", self.seed)
    }

    fn electrodes(&self) -> usize {
        DRIVEN
    }

    fn currents_na(&self, voltages_v: &[f64], current_na: &mut [f64]) {
        let tile = if current_na.len() == 1 { 1 } else { LANES };
        for (n, out) in current_na.chunks_mut(tile).enumerate() {
            let start = (n * tile * DRIVEN).min(voltages_v.len());
            let end = (start + out.len() * DRIVEN).min(voltages_v.len());
            match tile {
                1 => self.outputs_na::<1>(&voltages_v[start..end], out),
                _ => self.outputs_na::<LANES>(&voltages_v[start..end], out),
            }
        }
    }

    /// By the implicit function theorem, exact below 300 kT (3.6 V by default); `None` if
    /// `voltages_v` is not one row.
    fn jacobian_na_per_v(&self, voltages_v: &[f64]) -> Option<Vec<f64>> {
        if voltages_v.len() != DRIVEN {
            return None;
        }
        let Some(row) = finite_row(voltages_v) else {
            return Some(vec![f64::NAN; DRIVEN]);
        };
        let state = self.network.solve(&row.map(|v| [v]));
        Some(self.network.output_slopes(&state).iter().map(|g| g * self.scale_na).collect())
    }
}
