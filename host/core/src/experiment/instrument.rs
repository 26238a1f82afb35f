//! What an experiment says of the gateware it is for.

use hge_protocol::{Carriers, Parameters};
use serde::{Deserialize, Serialize};

/// Generics of the gateware, see [`hge_protocol::Parameters`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct InstrumentKeys {
    pub outputs: u32,
    pub slots: u32,
    pub cases: u32,
    pub starts: u32,
    pub clock_hz: u32,
    pub dac_bits: u32,
    pub adc_bits: u32,
    pub telemetry_words: u32,
    pub converter_latency_samples: u32,
    pub converter_period_clocks: u32,
    pub slot_clocks: u32,
    pub carriers: Carriers,
}

impl Default for InstrumentKeys {
    fn default() -> Self {
        Parameters::default().into()
    }
}

impl From<Parameters> for InstrumentKeys {
    fn from(parameters: Parameters) -> Self {
        let Parameters {
            outputs,
            slots,
            cases,
            starts,
            clock_hz,
            dac_bits,
            adc_bits,
            telemetry_words,
            converter_latency_samples,
            converter_period_clocks,
            slot_clocks,
            carriers,
        } = parameters;
        InstrumentKeys {
            outputs,
            slots,
            cases,
            starts,
            clock_hz,
            dac_bits,
            adc_bits,
            telemetry_words,
            converter_latency_samples,
            converter_period_clocks,
            slot_clocks,
            carriers,
        }
    }
}

impl From<&InstrumentKeys> for Parameters {
    fn from(keys: &InstrumentKeys) -> Self {
        let &InstrumentKeys {
            outputs,
            slots,
            cases,
            starts,
            clock_hz,
            dac_bits,
            adc_bits,
            telemetry_words,
            converter_latency_samples,
            converter_period_clocks,
            slot_clocks,
            carriers,
        } = keys;
        Parameters {
            outputs,
            slots,
            cases,
            starts,
            clock_hz,
            dac_bits,
            adc_bits,
            telemetry_words,
            converter_latency_samples,
            converter_period_clocks,
            slot_clocks,
            carriers,
        }
    }
}
