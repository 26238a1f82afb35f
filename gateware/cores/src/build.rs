//! Build facts of a gateware that its parameters do not contain.

use hge_protocol::registers as map;
use hge_protocol::{Analogue, Parameters};

/// Addresses of scalar registers.
pub(crate) const SCALARS: usize = 64;

/// Build facts. The default is that of a simulation: no commit, no scale.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Build {
    /// First 32 bits of the git commit, 0 in simulation.
    pub hash: u32,
    /// Analogue scale with which the instrument powers up; without one, a host sets it.
    pub analogue: Option<Analogue>,
}

impl Build {
    /// Build facts of the commit whose hash begins with these bits, without a scale.
    pub fn of_commit(hash: u32) -> Self {
        Build { hash, analogue: None }
    }

    /// What the registers' memory holds at power-up: constants and the settings' reset values, and from twice [`SCALARS`] on the scale.
    pub(crate) fn register_words(&self, parameters: &Parameters) -> Vec<u32> {
        let mut start = vec![0; SCALARS];
        for register in map::MAP.iter().filter(|register| usize::from(register.address) < SCALARS) {
            start[usize::from(register.address)] = register.reset;
        }
        for (address, value) in parameters.info_words(self.hash) {
            start[usize::from(address)] = value;
        }
        if let Some(analogue) = &self.analogue {
            start.resize(2 * SCALARS, 0);
            start.extend(analogue.words(parameters.outputs as usize, parameters.inputs as usize));
        }
        start
    }
}
