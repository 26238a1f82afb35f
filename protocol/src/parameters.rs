//! Generics of a gateware.

use crate::frame::window_words;
use crate::number::LOOP_LATENCY_SAMPLES;
use crate::registers as map;
use crate::table::{TableLayout, TABLE_WORDS};
use crate::update::{Update, BANKED_SLOTS};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Calls the macro named with the generics that are numbers: info register, key, default, documentation, and least and greatest value where these
/// depend on no other.
#[macro_export]
macro_rules! with_generics {
    ($callback:ident) => {
        $callback! {
            OUTPUTS outputs = 8, "DAC channels, 2 to 64; with 16 clocks a slot to 32.", 2 to 64;
            INPUTS inputs = 1, "ADC inputs, 1 to 8.", 1 to 8;
            SLOTS slots = 24, "Demodulators, 1 to 256.", 1 to 256;
            CASES cases = 16, "Rows of the case table, up to 32.", 1 to 32;
            STARTS starts = 32, "Rows of the table of initial controls, up to 32.", 1 to 32;
            CLOCK_HZ clock_hz = 24_000_000, "System clock.", 1_000_000 to 500_000_000;
            DAC_BITS dac_bits = 16, "Significant bits of the DAC, 8 to 16.", 8 to 16;
            ADC_BITS adc_bits = 16, "Significant bits of the ADC, 8 to 16.", 8 to 16;
            TELEMETRY_WORDS telemetry_words = 2048, "Memory for frames to be sent, and for the last epoch's frames afterwards; a power of two, at least twice the longest frame.";
            CONVERTER_LATENCY converter_latency_samples = 0, "Samples that the converters add to the loop latency: 1 for serial converters, 0 to 4.", 0 to 4;
            CONVERTER_PERIOD converter_period_clocks = 0, "Minimum clocks between samples for the converters.", 0 to 65535;
            SLOT_CLOCKS slot_clocks = 1, "Clocks a slot takes in a sample with one input: 1, or 16 as on small FPGAs, in a third of the logic and a seventh of the memory; each further input adds 6 to the 16.";
            LANES lanes = 1, "Slot pipelines side by side, 1, 2, 4 or 8: a sample takes a clock for every slot of one of them; several have a power of two of slots each.", 1 to 8;
        }
    };
}

macro_rules! generics {
    ($($register:ident $field:ident = $default:literal, $text:literal $(, $least:literal to $most:literal)?;)*) => {
        crate::keys! {
            /// Generics of the instrument, fixed when its Verilog is made and readable in its info registers.
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields, default)]
            pub struct Parameters {
                $(#[doc = $text] $field: u32 = $default;)*
                /// Carriers of a slot: `"sines"`, or `"codes"` for both sines and codes and for demodulation of the cost; with 16 clocks a slot `"sines"`.
                carriers: Carriers = Carriers::Codes;
                /// The standalone update: `"microcode"`, in the post-processor's program, or `"hardware"`, a core of its own that takes 12 clocks a slot and input; with 1 clock a slot and up to 128 slots.
                update: Update = Update::Microcode;
            }
        }

        impl Parameters {
            /// The default, for constants.
            pub const DEFAULT: Parameters =
                Parameters {
                    $($field: $default,)*
                    carriers: Carriers::Codes,
                    update: Update::Microcode,
                };

            /// Name, value, least and greatest value of every generic with a range of its own.
            fn ranges(&self) -> Vec<(&'static str, u32, u32, u32)> {
                vec![$($((stringify!($field), self.$field, $least, $most),)?)*]
            }

            /// Address and value of every info register of a gateware that was made from the commit that begins with `build_hash`.
            pub fn info_words(&self, build_hash: u32) -> Vec<(u16, u32)> {
                vec![
                    (map::IDENTITY, map::IDENTITY_WORD),
                    (map::MAP_HASH, map::map_hash()),
                    (map::BUILD_HASH, build_hash),
                    $((map::$register, self.$field),)*
                    (map::CARRIERS, self.carriers.to_word()),
                    (map::UPDATE, self.update.to_word()),
                ]
            }

            /// Name and value of every generic.
            pub fn generics(&self) -> Vec<(&'static str, String)> {
                let carriers = ("carriers", self.carriers.name().to_owned());
                let update = ("update", self.update.name().to_owned());
                vec![$((stringify!($field), self.$field.to_string()),)* carriers, update]
            }

            /// The generics of a gateware whose info registers `read` gives by address.
            pub fn from_info(read: impl Fn(u16) -> u32) -> Self {
                let carriers = Carriers::from_word(read(map::CARRIERS));
                let update = Update::from_word(read(map::UPDATE));
                Parameters { $($field: read(map::$register),)* carriers, update }
            }
        }
    };
}

crate::with_generics!(generics);

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

    /// Name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Carriers::Sines => "sines",
            Carriers::Codes => "codes",
        }
    }

    /// Value of the info register.
    pub fn to_word(self) -> u32 {
        match self {
            Carriers::Sines => 0,
            Carriers::Codes => 1,
        }
    }

    /// The inverse of [`Carriers::to_word`]; unknown words count as sines.
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

/// Most outputs of an instrument whose slots are worked on step by step.
pub const STEPPED_OUTPUTS: u32 = 32;

/// Clocks of a slot that is worked on step by step, with one input.
pub const STEPPED_SLOT_CLOCKS: u32 = 16;

/// Clocks that each further input adds to such a slot.
pub const STEPPED_INPUT_CLOCKS: u32 = 6;

/// Clocks that each further input adds to the window statistics before these slots.
pub const STEPPED_STATISTICS_CLOCKS: u32 = 8;

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
    /// The update in hardware for slots that have no banks.
    #[error("update is hardware, which needs slots of 1 clock, at most {BANKED_SLOTS} of them: set update to microcode, slot_clocks to 1, or reduce slots")]
    Update,
    /// Lanes that cannot share the slots.
    #[error("lanes must be 1, 2, 4 or 8, and several have slots of 1 clock and a power of two of them each: set lanes to 1, or slots to a power of two that is no smaller than lanes")]
    Lanes,
    /// Tables above the address space of the register map.
    #[error("the tables of cases, starts, slots and inputs take {words} words, and the register map has room for {TABLE_WORDS}: reduce cases or starts")]
    Tables {
        /// Words in all.
        words: u32,
    },
}

impl ParameterError {
    /// Field of [`Parameters`] that is at fault.
    pub fn name(&self) -> &'static str {
        match self {
            // What it must be besides stands behind a comma.
            ParameterError::Range { name, .. } => name.split(',').next().unwrap_or(name),
            ParameterError::Codes => "carriers",
            ParameterError::Update => "update",
            ParameterError::Lanes => "lanes",
            ParameterError::Tables { .. } => "starts",
        }
    }
}

impl Parameters {
    /// Checks every generic against the range of the cores.
    ///
    /// # Errors
    /// The first field that is out of range.
    pub fn check(&self) -> Result<(), ParameterError> {
        let mut ranges = self.ranges();
        let (lowest, highest) = (self.least_telemetry_words(), 65536);
        ranges.push(("telemetry_words", self.telemetry_words, lowest, highest));
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
        if self.slot_clocks == STEPPED_SLOT_CLOCKS && self.outputs > STEPPED_OUTPUTS {
            return Err(ParameterError::Range {
                name: "outputs, with 16 clocks a slot,",
                value: self.outputs,
                lowest: 2,
                highest: STEPPED_OUTPUTS,
            });
        }
        let is_even = self.lanes == 1
            || self.slots.is_multiple_of(self.lanes) && self.lane_slots().is_power_of_two();
        if !self.lanes.is_power_of_two() || !is_even || self.lanes > 1 && self.slot_clocks != 1 {
            return Err(ParameterError::Lanes);
        }
        if self.carriers.has_codes() && !Carriers::most(self.slot_clocks).has_codes() {
            return Err(ParameterError::Codes);
        }
        if self.update.is_hardware() && (self.slot_clocks != 1 || self.slots > BANKED_SLOTS) {
            return Err(ParameterError::Update);
        }
        let words = TableLayout::of(self).words;
        if words > TABLE_WORDS {
            return Err(ParameterError::Tables { words });
        }
        if !self.telemetry_words.is_power_of_two() {
            return Err(ParameterError::Range {
                name: "telemetry_words, to be a power of two,",
                value: self.telemetry_words,
                lowest,
                highest,
            });
        }
        Ok(())
    }

    /// A copy with stepped slots, which carry only sines and leave the update to the program.
    pub fn in_steps(self) -> Self {
        Parameters {
            slot_clocks: STEPPED_SLOT_CLOCKS,
            carriers: Carriers::Sines,
            update: Update::Microcode,
            lanes: 1,
            ..self
        }
    }

    /// Twice the longest frame, as a power of two: while one is sent the next can be made.
    pub fn least_telemetry_words(&self) -> u32 {
        let window = window_words(self.slots as usize, false) as u32;
        let block = 4 + 32;
        (2 * window.max(block)).next_power_of_two().max(256)
    }

    /// Slots of a lane.
    pub fn lane_slots(&self) -> u32 {
        self.slots / self.lanes.max(1)
    }

    /// Least clocks between samples: the longer of the slots' pass (one of every lane a clock) and the outputs' pass
    /// (eight clocks each), or one after the other if slots are worked on in steps (eight for what is not a slot's),
    /// and 16 clocks of pipeline, sequencer and slack; or what the converters need. Inputs work side by side on pipelined slots, in turns
    /// on stepped ones.
    pub fn least_sample_period_clocks(&self) -> u32 {
        let outputs = 8 * (self.outputs + 1);
        let passes = match self.slot_clocks {
            1 => self.lane_slots().max(outputs),
            clocks => {
                let more = self.inputs - 1;
                let slot = clocks + STEPPED_INPUT_CLOCKS * more;
                outputs + 8 + STEPPED_STATISTICS_CLOCKS * more + slot * self.slots
            }
        };
        (passes + 16).max(self.converter_period_clocks)
    }

    /// Words of a mask with a bit for each of `outputs` outputs: 1, or 2 with more than 32.
    pub fn mask_words(outputs: u32) -> u32 {
        outputs.div_ceil(32).max(1)
    }

    /// Whether the lock-in can demodulate the cost: with codes, of the only input.
    pub fn has_cost(&self) -> bool {
        self.carriers.has_codes() && self.inputs == 1
    }

    /// Samples between a phase in the NCO and the ADC sample that holds its answer.
    pub fn loop_latency_samples(&self) -> u32 {
        LOOP_LATENCY_SAMPLES + self.converter_latency_samples
    }

    /// Most clocks of that work after a window that does not end its epoch: with the update in hardware only the next case's values are set before it
    /// begins, 330 and 9 an output.
    pub fn most_case_gap_clocks(&self, slots_used: u32, window_log2: u32) -> u32 {
        if self.update.is_hardware() {
            330 + 9 * self.outputs
        } else {
            self.most_gap_clocks(slots_used, window_log2)
        }
    }

    /// Clocks more, at most, where the host gives the controls of every window in continuous mode: 60 to find the row, 2 an output.
    pub fn row_clocks(&self) -> u32 {
        60 + 2 * self.outputs
    }

    /// Most clocks from the end of a window to the end of all work on it. With the update in hardware the records of every input and of an epoch are
    /// written after the gap: 240 and 60 a slot for an input, 300 and 30 an output for the epoch; the next window must not end before.
    pub fn most_job_clocks(&self, slots_used: u32, window_log2: u32) -> u32 {
        if !self.update.is_hardware() {
            return self.most_gap_clocks(slots_used, window_log2);
        }
        let input = 240 + 60 * slots_used;
        let told = 300 + self.inputs * input + 30 * self.outputs;
        self.most_gap_clocks(slots_used, window_log2) + told
    }

    /// Most clocks that the work in a gap takes: a shorter gap would be stretched, and flagged `LATE`.
    ///
    /// In instructions of three clocks (the tests of the post-processor hold it to that): 600 for a block that is being written,
    /// 620 and 7 window for an input's record and error, 20 a slot and input to tell it, 460 and 12 window to update it and
    /// 110 a slot to apply it, window at most 15; 80 an output for epoch and rows, where the modulator may let a target wait for 4 clocks.
    ///
    /// With the update in hardware, in clocks: 585 for the program and an event that is being written, 32 and 12 a slot for an input, 12 a slot to apply,
    /// 24 an output. A block that is being written is not counted.
    pub fn most_gap_clocks(&self, slots_used: u32, window_log2: u32) -> u32 {
        if self.update.is_hardware() {
            let input = 32 + 12 * slots_used;
            return 585 + self.inputs * input + 12 * slots_used + 24 * self.outputs;
        }
        let bits = window_log2.min(15);
        let input = 620 + 7 * bits + slots_used * (20 + 460 + 12 * bits);
        let outputs = 80 * self.outputs;
        3 * (600 + self.inputs * input + slots_used * 110 + outputs) + 4 * self.outputs
    }

    /// Clocks more, at most, where records are compact: 460 instructions an input and 100 a slot and input.
    pub fn compact_clocks(&self, slots_used: u32) -> u32 {
        3 * self.inputs * (460 + 100 * slots_used)
    }
}

#[cfg(test)]
mod tests;
