//! The FPGA of a board, and the dividers of its PLL.

pub mod pll;

use serde::{Deserialize, Serialize};

/// The FPGA, in the words of its family's tools.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "family", rename_all = "lowercase", deny_unknown_fields)]
pub enum Fpga {
    /// Lattice iCE40.
    Ice40 {
        /// Name in the options of nextpnr and icetime: `up5k`, `hx8k`.
        device: String,
        /// Name in nextpnr.
        package: String,
    },
    /// Lattice ECP5.
    Ecp5 {
        /// Name in nextpnr's option: `25k`, `85k`.
        device: String,
        /// Name in nextpnr.
        package: String,
        /// 6, 7 or 8.
        speed_grade: u8,
    },
    /// Gowin GW1N, GW2A.
    Gowin {
        /// The complete part number.
        device: String,
        /// Family as nextpnr calls it: `GW1N-9C`.
        variant: String,
    },
    /// Xilinx 7, for Vivado.
    Xilinx {
        /// `xc7a35t`.
        device: String,
        /// `csg324`.
        package: String,
        /// 1, 2 or 3.
        speed_grade: u8,
    },
}

impl Fpga {
    /// The part, for people.
    pub fn part(&self) -> String {
        match self {
            Fpga::Ice40 { device, package } => format!("iCE40 {device}-{package}"),
            Fpga::Ecp5 { device, package, speed_grade } => {
                format!("ECP5 {device}-{speed_grade}{package}")
            }
            Fpga::Gowin { device, .. } => device.clone(),
            Fpga::Xilinx { device, package, speed_grade } => {
                format!("{device}{package}-{speed_grade}")
            }
        }
    }

    /// Name of the pin file.
    pub fn pin_file(&self) -> &'static str {
        match self {
            Fpga::Ice40 { .. } => "pins.pcf",
            Fpga::Ecp5 { .. } => "pins.lpf",
            Fpga::Gowin { .. } => "pins.cst",
            Fpga::Xilinx { .. } => "pins.xdc",
        }
    }

    /// Whether open tools build a bitstream for it.
    pub fn is_buildable(&self) -> bool {
        !matches!(self, Fpga::Xilinx { .. })
    }
}
