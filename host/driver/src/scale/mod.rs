//! Conversion between codes and SI values, by the ranges of the converters and the gain of the I-V converter.
//!
//! Currents and ADC codes are those of input 0; [`Scale::input`] has those of the others.

mod input;
mod output;
mod overcurrent;

pub use output::OutputScale;
pub use overcurrent::OvercurrentError;

use hge_protocol::{Analogue, Parameters};

/// Message on a missing analogue scale, with the remedy.
pub const NO_SCALE: &str = "the instrument has no analogue scale to convert codes to volts and nanoamperes: add a section [analogue] to the experiment, or set it with `hge set analogue --experiment FILE.toml --link LINK`";

/// Codes of half a converter's range.
pub const HALF_RANGE_CODES: f64 = 32768.0;

/// The analogue scale of an instrument with the widths of its converters.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Ranges, gains and offsets.
    pub analogue: Analogue,
    /// Outputs that there are.
    pub outputs: usize,
    /// Inputs that there are.
    pub inputs: usize,
    /// Significant bits of the DAC.
    pub dac_bits: u32,
    /// Significant bits of the ADC.
    pub adc_bits: u32,
}

impl Scale {
    /// The scale `analogue` at the converters of this gateware.
    pub fn new(analogue: Analogue, parameters: &Parameters) -> Self {
        let Parameters { outputs, inputs, dac_bits, adc_bits, .. } = *parameters;
        let (outputs, inputs) = (outputs as usize, inputs as usize);
        Scale { analogue, outputs, inputs, dac_bits, adc_bits }
    }

    /// The default scale, +-2 V and +-100 nA with an inverting converter, of eight outputs and an input at converters of these widths.
    pub fn with_bits(bits: u32) -> Self {
        let analogue = Analogue::default();
        Scale { analogue, outputs: 8, inputs: 1, dac_bits: bits, adc_bits: bits }
    }

    /// The scale of one output.
    pub fn output(&self, output: usize) -> OutputScale {
        OutputScale {
            range_v: self.analogue.dac_range_v.of(output),
            offset_v: self.analogue.dac_offset_v.of(output),
            bits: self.dac_bits,
        }
    }

    /// Codes of the DAC's last significant bit.
    pub fn dac_step_codes(&self) -> i32 {
        1 << (16 - self.dac_bits)
    }

    /// Least number of DAC codes a volt of all outputs: that of the widest range. A step in codes that is a limit for all of them is at most so
    /// many volts.
    pub fn least_dac_codes_per_v(&self) -> f64 {
        let codes_per_v = (0..self.outputs).map(|output| self.output(output).codes_per_v());
        codes_per_v.fold(f64::INFINITY, f64::min)
    }

    /// Voltage of the DAC's last significant bit on the output with the widest range.
    pub fn widest_dac_step_v(&self) -> f64 {
        f64::from(self.dac_step_codes()) / self.least_dac_codes_per_v()
    }
}

fn saturate(codes: f64) -> i16 {
    codes.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
}
