//! Behavioural models of the converters, from the timing and the codes of their data sheets.
//!
//! A model receives every change of its pins with its time in picoseconds. It checks each timing of the data sheet
//! and ends at the first violation, with its name in the data sheet; behaviour after a violation is undefined.
//!
//! | model | parts | data sheet |
//! |---|---|---|
//! | [`SpiDac`] | AD5628, AD5648, AD5668; DAC8568 | AD5628/AD5648/AD5668 Rev. J; SBAS430F |
//! | [`SpiAdc`] | AD7476A; AD7686 | AD7476A Rev. F, table 4; AD7686 Rev. C, table 4 |
//!
//! Checked against the sheets: all timings of the ADCs and of the DAC8568; frames and commands of all DACs; their power-up codes. The
//! serial timing of the AD5628 family (t1 to t10) and the settling times of both DACs are from memory
//! (`docs/hardware.md` lists the sources).
//!
//! [`Circuit`] has both on a board's pins, with a bench between them.

mod adc;
mod circuit;
mod dac;
#[cfg(test)]
mod tests;

pub use adc::{AdcKind, SpiAdc};
pub use circuit::{Circuit, Pins};
pub use dac::{DacKind, DacPins, SpiDac};

use thiserror::Error;

/// Picoseconds in a nanosecond.
pub const PS_PER_NS: u64 = 1000;

/// A part was driven as its data sheet forbids.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConverterFault {
    /// A time is too short.
    #[error(
        "{part}: {parameter} is {found_ps} ps at {at_ps} ps, but the data sheet demands {least_ps} ps at least"
    )]
    Short {
        /// The part.
        part: &'static str,
        /// The data sheet's name of the time.
        parameter: &'static str,
        /// The time kept.
        found_ps: u64,
        /// The least that is allowed.
        least_ps: u64,
        /// When.
        at_ps: u64,
    },
    /// Invalid input.
    #[error("{part}: {what} at {at_ps} ps")]
    Wrong {
        /// The part.
        part: &'static str,
        /// The input.
        what: String,
        /// When.
        at_ps: u64,
    },
}

/// Part and time of an error.
#[derive(Clone, Copy)]
struct Place {
    part: &'static str,
    at_ps: u64,
}

impl Place {
    /// The time since `since_ps` is at least `least_ns`; what never was is long ago.
    fn least(
        self,
        parameter: &'static str,
        since_ps: Option<u64>,
        least_ps: u64,
    ) -> Result<(), ConverterFault> {
        match since_ps.map(|since| self.at_ps - since) {
            Some(found_ps) if found_ps < least_ps => Err(ConverterFault::Short {
                part: self.part,
                parameter,
                found_ps,
                least_ps,
                at_ps: self.at_ps,
            }),
            _ => Ok(()),
        }
    }

    fn wrong(self, what: String) -> ConverterFault {
        ConverterFault::Wrong { part: self.part, what, at_ps: self.at_ps }
    }
}
