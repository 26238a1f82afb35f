//! Tables of a network.

use serde::{Deserialize, Serialize};

/// One device of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberKeys {
    /// Its specification.
    pub device: String,
    /// Electrodes on the lines 0, 1, ... that all devices share: those of the network's inputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<usize>,
    /// Wires from outputs of devices before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wires: Vec<WireKeys>,
    /// Outputs that the network shows; by default all, of a device that drives no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<Vec<usize>>,
    /// Device before this one into whose converter its current flows too: the outputs that the two show are added, one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joins: Option<usize>,
}

/// A wire from an output of one device to an electrode of another: an I-V converter and a divider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WireKeys {
    /// Electrode that is driven.
    pub electrode: usize,
    /// Device that drives it, counted from 0, before this one.
    pub from: usize,
    /// Its output.
    #[serde(default)]
    pub output: usize,
    /// Voltage for a current.
    pub gain_v_per_na: f64,
    /// Voltage at no current.
    #[serde(default)]
    pub offset_v: f64,
    /// Range of the amplifier.
    pub range_v: [f64; 2],
    /// Pole of the amplifier; without it the voltage settles within every sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pole_hz: Option<f64>,
    /// Delay, rounded to whole samples.
    #[serde(default)]
    pub delay_s: f64,
}
