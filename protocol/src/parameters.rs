//! Generics of a gateware.

use crate::number::LOOP_LATENCY_SAMPLES;
use crate::registers as map;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Generics of the instrument, fixed when its Verilog is made and readable in its info registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// DAC channels, 2..=32.
    pub outputs: u32,
    /// Demodulators sharing the pipeline, 1..=256.
    pub slots: u32,
    /// Rows of the case table, 1..=32.
    pub cases: u32,
    /// Rows of the table of initial controls, 1..=32.
    pub starts: u32,
    /// System clock in Hz.
    pub clock_hz: u32,
    /// Significant bits of the DAC, 8..=16.
    pub dac_bits: u32,
    /// Significant bits of the ADC, 8..=16.
    pub adc_bits: u32,
    /// Words of the telemetry's memory, a power of two of at least twice the longest frame, 256..=65536.
    pub telemetry_words: u32,
    /// Samples that converters behind pins add to the loop's latency: 0 where DAC and ADC take whole words at the
    /// tick, 1 for SPI converters; 0..=4.
    pub converter_latency_samples: u32,
    /// Least clocks between samples that these converters need, 0 if the cores' own least is more.
    pub converter_period_clocks: u32,
    /// Clocks that a slot takes in a sample: 1 in a pipeline beside the outputs' pass, or [`STEPPED_SLOT_CLOCKS`] after it, in
    /// a third of the logic and a seventh of the memory.
    pub slot_clocks: u32,
    /// Carriers of a slot, and demodulation of the cost.
    pub carriers: Carriers,
}

/// Carriers of the slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Carriers {
    /// Sines, and the lock-in multiplies ADC codes.
    Sines,
    /// Each slot a sine or a binary code, and the lock-in multiplies ADC codes or the cost. Slots in a pipeline only.
    #[default]
    Codes,
}

impl Carriers {
    /// The carriers that slots with this number of clocks support.
    pub fn most(slot_clocks: u32) -> Self {
        if slot_clocks == STEPPED_SLOT_CLOCKS {
            Carriers::Sines
        } else {
            Carriers::Codes
        }
    }

    /// Value of the info register.
    pub fn to_word(self) -> u32 {
        match self {
            Carriers::Sines => 0,
            Carriers::Codes => 1,
        }
    }

    /// The inverse of [`Carriers::to_word`]; what is not known is taken for sines.
    pub fn from_word(word: u32) -> Self {
        if word == 1 {
            Carriers::Codes
        } else {
            Carriers::Sines
        }
    }

    /// Whether there are codes.
    pub fn has_codes(self) -> bool {
        self == Carriers::Codes
    }
}

/// Clocks of a slot that is worked on step by step.
pub const STEPPED_SLOT_CLOCKS: u32 = 16;

impl Default for Parameters {
    /// 8 outputs, 24 slots of sines or codes, 16 cases, 32 starts, 24 MHz, 16-bit converters, 2048 words of
    /// telemetry: an epoch of all cases and slots.
    fn default() -> Self {
        Parameters {
            outputs: 8,
            slots: 24,
            cases: 16,
            starts: 32,
            clock_hz: 24_000_000,
            dac_bits: 16,
            adc_bits: 16,
            telemetry_words: 2048,
            converter_latency_samples: 0,
            converter_period_clocks: 0,
            slot_clocks: 1,
            carriers: Carriers::Codes,
        }
    }
}

/// A generic outside what the gateware can be built for.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterError {
    /// A number out of its range.
    #[error(
        "{name} is {value}, but must lie from {lowest} to {highest}: choose a value in that range"
    )]
    Range {
        /// Field of [`Parameters`].
        name: &'static str,
        /// Given value.
        value: u32,
        /// Least allowed value.
        lowest: u32,
        /// Greatest allowed value.
        highest: u32,
    },
    /// Codes for slots that are worked on step by step.
    #[error("carriers is codes, which slots of {STEPPED_SLOT_CLOCKS} clocks do not have: set carriers to sines, or slot_clocks to 1")]
    Codes,
}

impl ParameterError {
    /// Field of [`Parameters`] that is at fault.
    pub fn name(&self) -> &'static str {
        match self {
            // What it must be besides stands behind a comma.
            ParameterError::Range { name, .. } => name.split(',').next().unwrap_or(name),
            ParameterError::Codes => "carriers",
        }
    }
}

/// The info register of every generic.
macro_rules! info {
    ($($register:ident $field:ident,)*) => {
        impl Parameters {
            /// Address and value of the info register of every generic.
            pub fn info_words(&self) -> Vec<(u16, u32)> {
                let carriers = (map::CARRIERS, self.carriers.to_word());
                vec![$((map::$register, self.$field),)* carriers]
            }

            /// The generics of a gateware whose info registers `read` gives by address.
            pub fn from_info(read: impl Fn(u16) -> u32) -> Self {
                let carriers = Carriers::from_word(read(map::CARRIERS));
                Parameters { $($field: read(map::$register),)* carriers }
            }
        }
    };
}

info! {
    OUTPUTS outputs,
    SLOTS slots,
    CASES cases,
    STARTS starts,
    CLOCK_HZ clock_hz,
    DAC_BITS dac_bits,
    ADC_BITS adc_bits,
    TELEMETRY_WORDS telemetry_words,
    CONVERTER_LATENCY converter_latency_samples,
    CONVERTER_PERIOD converter_period_clocks,
    SLOT_CLOCKS slot_clocks,
}

impl Parameters {
    /// Checks every generic against what the cores are built for.
    ///
    /// # Errors
    /// The first field that is out of range.
    pub fn check(&self) -> Result<(), ParameterError> {
        let ranges = [
            ("outputs", self.outputs, 2, 32),
            ("slots", self.slots, 1, 256),
            ("cases", self.cases, 1, 32),
            ("starts", self.starts, 1, 32),
            ("clock_hz", self.clock_hz, 1_000_000, 500_000_000),
            ("dac_bits", self.dac_bits, 8, 16),
            ("adc_bits", self.adc_bits, 8, 16),
            ("telemetry_words", self.telemetry_words, self.least_telemetry_words(), 65536),
            ("converter_latency_samples", self.converter_latency_samples, 0, 4),
            ("converter_period_clocks", self.converter_period_clocks, 0, 65535),
        ];
        for (name, value, lowest, highest) in ranges {
            if value < lowest || value > highest {
                return Err(ParameterError::Range { name, value, lowest, highest });
            }
        }
        if self.slot_clocks != 1 && self.slot_clocks != STEPPED_SLOT_CLOCKS {
            return Err(ParameterError::Range {
                name: "slot_clocks, to be one or the other,",
                value: self.slot_clocks,
                lowest: 1,
                highest: STEPPED_SLOT_CLOCKS,
            });
        }
        if self.carriers.has_codes() && !Carriers::most(self.slot_clocks).has_codes() {
            return Err(ParameterError::Codes);
        }
        if !self.telemetry_words.is_power_of_two() {
            return Err(ParameterError::Range {
                name: "telemetry_words, to be a power of two,",
                value: self.telemetry_words,
                lowest: self.least_telemetry_words(),
                highest: 65536,
            });
        }
        Ok(())
    }

    /// The same with stepped slots, which carry only sines.
    pub fn in_steps(self) -> Self {
        Parameters { slot_clocks: STEPPED_SLOT_CLOCKS, carriers: Carriers::Sines, ..self }
    }

    /// Twice the longest frame, as a power of two: while one is sent the next can be made.
    pub fn least_telemetry_words(&self) -> u32 {
        let window = 8 + 3 * self.slots;
        let block = 4 + 32;
        (2 * window.max(block)).next_power_of_two().max(256)
    }

    /// Least clocks between samples: the longer of the slots' pass (one a clock) and the outputs' pass
    /// (eight clocks each), or one after the other if slots are worked on in steps (eight for what is not a slot's),
    /// and 16 clocks of pipeline, sequencer and slack; or what the converters need.
    pub fn least_sample_period_clocks(&self) -> u32 {
        let outputs = 8 * (self.outputs + 1);
        let passes = match self.slot_clocks {
            1 => self.slots.max(outputs),
            clocks => outputs + 8 + clocks * self.slots,
        };
        (passes + 16).max(self.converter_period_clocks)
    }

    /// Samples between a phase in the NCO and the ADC sample that holds its answer.
    pub fn loop_latency_samples(&self) -> u32 {
        LOOP_LATENCY_SAMPLES + self.converter_latency_samples
    }

    /// Most clocks that the work in a gap takes: a shorter gap would be stretched, and flagged `LATE`.
    ///
    /// In instructions of three clocks (the tests of the post-processor hold it to that): 600 for a block that is being written,
    /// 620 and 7 window for the window's own record and error, 20 a slot to tell it, 460 and 12 window to update it and
    /// 110 to apply it, window at most 15; 80 an output for epoch and rows, where the modulator may let a target wait for 4 clocks.
    pub fn most_gap_clocks(&self, slots_used: u32, window_log2: u32) -> u32 {
        let bits = window_log2.min(15);
        let slots = slots_used * (20 + 460 + 12 * bits + 110);
        let outputs = 80 * self.outputs;
        3 * (600 + 620 + 7 * bits + slots + outputs) + 4 * self.outputs
    }
}
