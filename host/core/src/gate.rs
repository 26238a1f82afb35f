//! Boolean gates of two inputs.

use hge_driver::text::{quoted, QUOTED_CHARS};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// A gate. Cases are ordered 00 01 10 11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[allow(missing_docs)]
pub enum Gate {
    And,
    Or,
    Nand,
    Nor,
    Xor,
    Xnor,
}

/// An unknown name of a gate.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown gate `{0}`: choose and, or, nand, nor, xor or xnor")]
pub struct UnknownGate(pub String);

impl Gate {
    /// All gates.
    pub const ALL: [Gate; 6] = [Gate::And, Gate::Or, Gate::Nand, Gate::Nor, Gate::Xor, Gate::Xnor];

    /// Name, as in `hge train NAME`.
    pub fn name(self) -> &'static str {
        match self {
            Gate::And => "and",
            Gate::Or => "or",
            Gate::Nand => "nand",
            Gate::Nor => "nor",
            Gate::Xor => "xor",
            Gate::Xnor => "xnor",
        }
    }

    /// Output for the inputs `a` and `b`.
    pub fn output(self, a: bool, b: bool) -> bool {
        match self {
            Gate::And => a && b,
            Gate::Or => a || b,
            Gate::Nand => !(a && b),
            Gate::Nor => !(a || b),
            Gate::Xor => a != b,
            Gate::Xnor => a == b,
        }
    }

    /// Inputs of the four cases.
    pub const CASES: [(bool, bool); 4] =
        [(false, false), (false, true), (true, false), (true, true)];
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Gate {
    type Err = UnknownGate;

    fn from_str(name: &str) -> Result<Self, UnknownGate> {
        let lower = name.to_lowercase();
        Gate::ALL
            .into_iter()
            .find(|gate| gate.name() == lower)
            .ok_or_else(|| UnknownGate(quoted(name, QUOTED_CHARS)))
    }
}

impl TryFrom<String> for Gate {
    type Error = UnknownGate;

    fn try_from(name: String) -> Result<Self, UnknownGate> {
        name.parse()
    }
}

impl From<Gate> for String {
    fn from(gate: Gate) -> String {
        gate.name().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_tables_are_complements_in_pairs() {
        for (gate, negated) in
            [(Gate::And, Gate::Nand), (Gate::Or, Gate::Nor), (Gate::Xor, Gate::Xnor)]
        {
            for (a, b) in Gate::CASES {
                assert_ne!(gate.output(a, b), negated.output(a, b));
            }
        }
    }

    #[test]
    fn names_are_read_in_any_case_and_others_are_refused() {
        assert_eq!("XNOR".parse(), Ok(Gate::Xnor));
        assert_eq!("foo".parse::<Gate>(), Err(UnknownGate("foo".into())));
    }
}
