//! Meshes of 2 to 8 waveguides with a heater at every phase shifter and a photodiode at every port.

use super::{PhotonicDevice, SIZES};
use crate::device::spec::{check_outputs, measured_name, Kind, Spec};
use crate::device::{Device, DeviceError};

/// Seed of the specimen that `mesh:N` and `matrix:N` name.
pub(super) const MESH_SEED: u64 = 1;

pub(in crate::device) const MESH: Kind =
    Kind { name: "mesh", forms: &["`mesh:N[:SEED][/J]`"], open };

fn open(spec: &Spec) -> Result<Box<dyn Device>, DeviceError> {
    let (modes, seed) = spec.count_and_seed("waveguides", SIZES, MESH_SEED)?;
    of_size!(modes, specimen)(spec, seed)
}

fn specimen<const MODES: usize, const SHIFTERS: usize>(
    spec: &Spec,
    seed: u64,
) -> Result<Box<dyn Device>, DeviceError> {
    let outputs = spec.outputs_or(MODES)?;
    Ok(Box::new(PhotonicDevice::<MODES, SHIFTERS>::rectangular(seed, outputs)?))
}

impl<const MODES: usize, const SHIFTERS: usize> PhotonicDevice<MODES, SHIFTERS> {
    /// The specimen that `seed` draws, with electrode s at shifter s and photodiodes at the ports 0 to `outputs` - 1. Shifters are
    /// counted as light meets them: 2 n is the outer one of interferometer n, 2 n + 1 the inner one.
    ///
    /// # Errors
    /// [`DeviceError::BadSpec`] if `outputs` is not 1 to `MODES`.
    pub fn rectangular(seed: u64, outputs: usize) -> Result<Self, DeviceError> {
        let name = format!("mesh:{MODES}:{seed}");
        check_outputs(&name, outputs, MODES)?;
        let name = measured_name(name, outputs, MODES);
        Ok(Self::draw(name, seed, (0..SHIFTERS).collect(), (0..outputs).collect()))
    }
}
