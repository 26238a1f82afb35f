//! The fixture in place of the device, and who connects it.

use hge_driver::scale::Scale;
use serde::Serialize;

/// Connection from an output to the input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fixture {
    /// A resistor to the I-V converter's input, in megohms.
    Resistor(f64),
    /// A wire to the ADC's input, past the I-V converter.
    Wire,
}

impl Fixture {
    /// Volts at the ADC a volt of the output.
    pub fn gain(self, scale: &Scale) -> f64 {
        match self {
            // 1 V / 1 MOhm is 1000 nA.
            Fixture::Resistor(mohm) => 1000.0 / mohm * scale.analogue.iv_gain_v_per_na,
            Fixture::Wire => 1.0,
        }
    }

    /// Unit in which figures of the input are given.
    pub fn unit(self) -> Unit {
        match self {
            Fixture::Resistor(_) => Unit { current: "nA", slope: "nA/V", density: "nA/rtHz" },
            Fixture::Wire => Unit { current: "V", slope: "V/V", density: "V/rtHz" },
        }
    }

    /// The unit of the input per volt at the ADC.
    pub fn per_adc_volt(self, scale: &Scale) -> f64 {
        match self {
            Fixture::Resistor(_) => 1.0 / scale.analogue.iv_gain_v_per_na,
            Fixture::Wire => 1.0,
        }
    }
}

/// Names of the units at the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// Unit of the input.
    pub current: &'static str,
    /// Unit of the input per volt of an output.
    pub slope: &'static str,
    /// Unit of the input's noise density.
    pub density: &'static str,
}

/// The operator who moves the wire and opens the interlock.
pub trait Operator {
    /// Connects this output, and no other, to the input. Outputs are at their safe values meanwhile.
    ///
    /// # Errors
    /// Why it was not done.
    fn connect(&mut self, output: usize) -> Result<(), String>;

    /// Opens or closes the interlock's contact.
    ///
    /// # Errors
    /// Why it was not done.
    fn set_interlock(&mut self, closed: bool) -> Result<(), String>;
}
