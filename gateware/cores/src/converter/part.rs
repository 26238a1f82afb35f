//! The supported parts, with the timing of their data sheets.

use thiserror::Error;

/// An eight-channel DAC with frames of 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DacPart {
    /// 12 bits, on the Pmod DA4.
    Ad5628,
    /// 14 bits.
    Ad5648,
    /// 16 bits.
    Ad5668,
    /// 16 bits; grades B and D power up at mid-scale.
    Dac8568,
}

/// An ADC that is read in 16 clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdcPart {
    /// 12 bits, 1 MS/s, converts while it is read; on the Pmod AD1.
    Ad7476a,
    /// 16 bits, 500 kS/s, converts before it is read.
    Ad7686,
}

/// No such part.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("there is no core for the {kind} \"{name}\": choose {choice}")]
pub struct UnknownPart {
    kind: &'static str,
    name: String,
    choice: &'static str,
}

/// Timing of a serial clock and its select line, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DacNeeds {
    /// Half a period of the clock: its own minimum, or the set-up from SYNC to the first falling edge.
    pub half_ns: u32,
    /// SYNC high between frames.
    pub high_ns: u32,
    /// From the update to settled outputs.
    pub settling_ns: u32,
}

/// Timing of an ADC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AdcNeeds {
    /// Half a period of the clock: its own minimum, or half of the data delay, pads included.
    pub half_ns: u32,
    /// Select high, from the clock's half period after its last falling edge on.
    pub high_ns: u32,
    /// From the last falling edge of the clock to the next conversion.
    pub quiet_ns: u32,
    /// Tracking time of the input before a conversion, of which five half periods pass before that edge.
    pub track_ns: u32,
    /// The select line rests low.
    pub rests_low: bool,
}

impl DacPart {
    /// All DACs.
    pub const ALL: [Self; 4] = [Self::Ad5628, Self::Ad5648, Self::Ad5668, Self::Dac8568];

    /// The part of this name.
    ///
    /// # Errors
    /// No part has this name.
    pub fn named(name: &str) -> Result<Self, UnknownPart> {
        Self::ALL.into_iter().find(|part| part.name() == name).ok_or_else(|| UnknownPart {
            kind: "DAC",
            name: name.to_owned(),
            choice: "ad5628, ad5648, ad5668 or dac8568",
        })
    }

    /// Name in a board's file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ad5628 => "ad5628",
            Self::Ad5648 => "ad5648",
            Self::Ad5668 => "ad5668",
            Self::Dac8568 => "dac8568",
        }
    }

    /// Significant bits.
    pub fn bits(self) -> u32 {
        match self {
            Self::Ad5628 => 12,
            Self::Ad5648 => 14,
            Self::Ad5668 | Self::Dac8568 => 16,
        }
    }

    pub(super) fn needs(self) -> DacNeeds {
        match self {
            // t1 20 ns, t4 13 ns, t8 15 ns.
            Self::Ad5628 | Self::Ad5648 | Self::Ad5668 => {
                DacNeeds { half_ns: 13, high_ns: 15, settling_ns: 10_000 }
            }
            // SCLK cycle 20 ns, SYNC to SCLK 13 ns, SYNC high 80 ns.
            Self::Dac8568 => DacNeeds { half_ns: 13, high_ns: 80, settling_ns: 10_000 },
        }
    }
}

impl AdcPart {
    /// All ADCs.
    pub const ALL: [Self; 2] = [Self::Ad7476a, Self::Ad7686];

    /// The part of this name.
    ///
    /// # Errors
    /// No part has this name.
    pub fn named(name: &str) -> Result<Self, UnknownPart> {
        Self::ALL.into_iter().find(|part| part.name() == name).ok_or_else(|| UnknownPart {
            kind: "ADC",
            name: name.to_owned(),
            choice: "ad7476a or ad7686",
        })
    }

    /// Name in a board's file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ad7476a => "ad7476a",
            Self::Ad7686 => "ad7686",
        }
    }

    /// Significant bits.
    pub fn bits(self) -> u32 {
        match self {
            Self::Ad7476a => 12,
            Self::Ad7686 => 16,
        }
    }

    pub(super) fn needs(self) -> AdcNeeds {
        match self {
            // SCLK at most 20 MHz; data 22 ns after CS (t3) and 40 ns after an edge (t4), and 6 ns for the pads. Bus relinquished
            // 36 ns (t8) after the last edge, then 50 ns of quiet; 250 ns of acquisition.
            Self::Ad7476a => AdcNeeds {
                half_ns: 28,
                high_ns: 10,
                quiet_ns: 36 + 50,
                track_ns: 250,
                rests_low: false,
            },
            // VIO above 2.3 V: data 22 ns after CNV (tEN) and 17 ns after an edge (tDSDO), and 6 ns for the pads. The conversion
            // takes up to 1600 ns, all with CNV high; 400 ns of acquisition pass while it is read.
            Self::Ad7686 => {
                AdcNeeds { half_ns: 28, high_ns: 1600, quiet_ns: 0, track_ns: 0, rests_low: true }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_by_their_names_and_others_refused_with_the_choice() {
        for part in DacPart::ALL {
            assert_eq!(DacPart::named(part.name()), Ok(part));
        }
        for part in AdcPart::ALL {
            assert_eq!(AdcPart::named(part.name()), Ok(part));
        }
        let message = AdcPart::named("ad1").unwrap_err().to_string();
        assert!(message.contains("\"ad1\"") && message.contains("ad7476a"), "{message}");
    }
}
