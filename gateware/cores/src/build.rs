//! Build facts of a gateware that its parameters do not contain.

use hge_protocol::Analogue;

/// Build facts. The default is that of a simulation: no commit, no scale.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Build {
    /// First 32 bits of the git commit, 0 in simulation.
    pub hash: u32,
    /// Analogue scale with which the instrument powers up; without one, a host sets it.
    pub analogue: Option<Analogue>,
}

impl Build {
    /// Of the commit whose hash begins with these bits, without a scale.
    pub fn of_commit(hash: u32) -> Self {
        Build { hash, analogue: None }
    }
}
