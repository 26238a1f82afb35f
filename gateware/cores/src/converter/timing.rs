//! Conversion of data sheet times to clocks of the cores.

use super::part::{AdcPart, DacPart};
use thiserror::Error;

/// Channels of a DAC chip.
pub const CHANNELS: u32 = 8;

/// Most DAC chips.
pub const MOST_CHIPS: u32 = 8;

/// DAC chips for this number of outputs: 1, 2, 4 or 8, as many as [`check_outputs`] allows.
pub fn chips(outputs: u32) -> u32 {
    outputs.div_ceil(CHANNELS).next_power_of_two()
}

/// Checks that eight chips have this number of outputs.
///
/// # Errors
/// They have fewer.
pub fn check_outputs(part: DacPart, outputs: u32) -> Result<(), ConverterError> {
    if chips(outputs) > MOST_CHIPS {
        return Err(ConverterError::Outputs { outputs, part: part.name() });
    }
    Ok(())
}

/// Bits of a frame to the DAC, and of one from the ADC.
const DAC_BITS: u32 = 32;
const ADC_BITS: u32 = 16;

/// Maximum half periods between conversions, and clocks until outputs have settled, of the cores' counters.
const MOST_GAP: u32 = 255;
const MOST_WAIT: u32 = 8191;

/// Maximum clocks of half a period for the DAC: the last channel's code must be loaded before the guard writes the next.
const MOST_DAC_HALF: u32 = 7;
/// Maximum clocks of half a period for the ADC, of the core's counter.
const MOST_ADC_HALF: u32 = 16;

/// Converters that this clock cannot drive.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConverterError {
    /// The cores' counters are too short.
    #[error("a clock of {clock_hz} Hz is too fast for the {part}'s core: choose at most 200 MHz")]
    Clock {
        /// The system clock.
        clock_hz: u32,
        /// The converter.
        part: &'static str,
    },
    /// More outputs than eight DACs have channels.
    #[error(
        "{MOST_CHIPS} {part} have {} channels, not {outputs}: choose at most {} outputs",
        MOST_CHIPS * CHANNELS,
        MOST_CHIPS * CHANNELS
    )]
    Outputs {
        /// Requested outputs.
        outputs: u32,
        /// The converter.
        part: &'static str,
    },
}

/// Clocks of at least `time_ns`.
fn clocks(time_ns: u32, clock_hz: u32) -> u32 {
    (u64::from(time_ns) * u64::from(clock_hz)).div_ceil(1_000_000_000) as u32
}

/// Clocks of the DAC's core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DacTiming {
    /// Clocks of half a period of the serial clock.
    pub half: u32,
    /// Half periods of SYNC high after a frame.
    pub gap: u32,
    /// Clocks from the tick to settled outputs.
    pub settled: u32,
}

impl DacTiming {
    /// For this part and clock.
    ///
    /// # Errors
    /// The clock is too fast for the core's counters.
    pub fn new(part: DacPart, clock_hz: u32) -> Result<Self, ConverterError> {
        let needs = part.needs();
        let half = clocks(needs.half_ns, clock_hz).max(1);
        let gap = clocks(needs.high_ns, clock_hz).div_ceil(half).max(1);
        // Two clocks to the pins, and the frame, at whose end everything changes.
        let settled = 2 + 2 * DAC_BITS * half + clocks(needs.settling_ns, clock_hz);
        if half > MOST_DAC_HALF || settled > MOST_WAIT {
            return Err(ConverterError::Clock { clock_hz, part: part.name() });
        }
        Ok(Self { half, gap, settled })
    }

    /// Clocks of a frame with the gap after it.
    pub fn frame(&self) -> u32 {
        (2 * DAC_BITS + self.gap) * self.half
    }

    /// Clocks from the tick to the end of the last frame's gap.
    pub fn all_frames(&self) -> u32 {
        1 + CHANNELS * self.frame()
    }
}

/// Clocks of the ADC's core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdcTiming {
    /// Clocks of half a period of the serial clock.
    pub half: u32,
    /// Half periods of select high before a frame.
    pub gap: u32,
    /// Bits by which the part's codes are shifted to be left-aligned.
    pub lead: u32,
    /// The select line rests low.
    pub rests_low: bool,
}

impl AdcTiming {
    /// For this part and clock.
    ///
    /// # Errors
    /// The clock is too fast for the core's counters.
    pub fn new(part: AdcPart, clock_hz: u32) -> Result<Self, ConverterError> {
        let needs = part.needs();
        let half = clocks(needs.half_ns, clock_hz).max(1);
        // One half period passes between the clock's last falling edge and the end of the frame.
        let high = clocks(needs.high_ns, clock_hz).div_ceil(half);
        let quiet = clocks(needs.quiet_ns, clock_hz).div_ceil(half).saturating_sub(1);
        let track = clocks(needs.track_ns, clock_hz).div_ceil(half).saturating_sub(6);
        let gap = high.max(quiet).max(track).max(2);
        if half > MOST_ADC_HALF || gap > MOST_GAP {
            return Err(ConverterError::Clock { clock_hz, part: part.name() });
        }
        Ok(Self { half, gap, lead: ADC_BITS - part.bits(), rests_low: needs.rests_low })
    }

    /// Clocks of a conversion.
    pub fn conversion(&self) -> u32 {
        (2 * ADC_BITS + self.gap) * self.half
    }

    /// Conversions averaged in a sample of `period` clocks, if outputs have settled after `settled`.
    pub fn averaged(&self, settled: u32, period: u32) -> u32 {
        // A clock to begin, one to see the last bit, the sum, its shifts, and the code.
        let whole = |log2: u32| settled + 1 + (self.conversion() << log2) + 3 + (MOST_LOG2 - log2);
        (0..=MOST_LOG2).rev().find(|&log2| whole(log2) <= period).map_or(0, |log2| 1 << log2)
    }
}

/// Base-2 logarithm of the maximum number of averaged conversions.
pub const MOST_LOG2: u32 = 6;

/// Minimum clocks between samples: every channel's frame must be sent, and one conversion must follow the settling.
///
/// # Errors
/// The clock is too fast for a core's counters.
pub fn least_sample_period_clocks(
    dac: DacPart,
    adc: AdcPart,
    clock_hz: u32,
) -> Result<u32, ConverterError> {
    let (dac, adc) = (DacTiming::new(dac, clock_hz)?, AdcTiming::new(adc, clock_hz)?);
    let once = dac.settled + 1 + adc.conversion() + 3 + MOST_LOG2;
    Ok((dac.all_frames() + 1).max(once))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_24_mhz_every_pair_of_parts_makes_40_000_samples_a_second() {
        for dac in DacPart::ALL {
            for adc in AdcPart::ALL {
                let least = least_sample_period_clocks(dac, adc, 24_000_000).unwrap();
                assert!(least <= 600, "{dac:?} {adc:?}: {least}");
            }
        }
        let least = least_sample_period_clocks(DacPart::Ad5628, AdcPart::Ad7476a, 24_000_000);
        // Eight frames of 65 clocks, the tick's clock and the one before the next.
        assert_eq!(least, Ok(522));
    }

    #[test]
    fn as_many_conversions_are_averaged_as_fit() {
        let adc = AdcTiming::new(AdcPart::Ad7476a, 24_000_000).unwrap();
        let settled = DacTiming::new(DacPart::Ad5628, 24_000_000).unwrap().settled;
        // 34 clocks a conversion, from clock 306 on: 8 end after 272.
        assert_eq!((adc.conversion(), settled), (34, 306));
        let of = |period| adc.averaged(settled, period);
        assert_eq!([of(522), of(600), of(1200), of(4800)], [4, 8, 16, 64]);
    }

    #[test]
    fn too_fast_a_clock_is_refused() {
        let error = DacTiming::new(DacPart::Ad5628, 2_000_000_000).unwrap_err();
        assert!(error.to_string().contains("ad5628"), "{error}");
    }
}
