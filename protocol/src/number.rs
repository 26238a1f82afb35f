//! Codes and fixed-point formats. Raw codes and SI values never share a type.
//!
//! | quantity | format | unit of the last bit |
//! |---|---|---|
//! | DAC and ADC code | signed 16 bits, left-aligned | 1/32768 of the half range |
//! | control word | signed Q16.16 | 1/65536 of a DAC code |
//! | phase, tuning word | unsigned 32 bits | 2^-32 of a turn (a sample) |
//! | sine, cosine | signed Q1.15, peak 32767 | 2^-15 |

/// Peak of the sine table; the modulator's and the lock-in's amplitudes are scaled by `SINE_PEAK / 32768`.
pub const SINE_PEAK: i32 = 32767;

/// Squared ADC codes in the unit of a loss of the standalone loop: `32 code^2` of the register map.
pub const LOSS_UNIT_CODES2: f64 = 32.0;

/// Samples between a phase in the NCO and the ADC sample that holds its answer.
///
/// A tone computed in sample period n reaches the DAC in period n + 1 and is latched by the ADC at
/// the start of period n + 2. Converters behind pins add their own, see
/// [`Parameters::loop_latency_samples`](crate::Parameters::loop_latency_samples).
pub const LOOP_LATENCY_SAMPLES: u32 = 2;

/// A DAC code, signed and left-aligned: -32768 is the low end of the range whatever the converter's width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DacCode(pub i16);

/// An ADC code, signed and left-aligned like [`DacCode`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AdcCode(pub i16);

/// A control value in Q16.16 DAC codes, so that steps far below one code accumulate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ControlWord(pub i32);

impl From<DacCode> for ControlWord {
    fn from(code: DacCode) -> Self {
        ControlWord(i32::from(code.0) << 16)
    }
}

/// Phase increment a sample, in 2^-32 of a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TuningWord(pub u32);

impl TuningWord {
    /// The tone with `cycles` whole periods in a window of 2^`window_log2` samples: on the grid,
    /// where tones are exactly orthogonal.
    ///
    /// Valid for `cycles < 2^(window_log2 - 1)`; above lies half the sample rate.
    pub fn on_grid(cycles: u32, window_log2: u32) -> Self {
        TuningWord(cycles << (32 - window_log2))
    }
}

/// Entry `index` (0..1024) of the quarter wave: `round(32767 sin((index + 1/2) pi/2 / 1024))`.
///
/// Sampled half a step off, so that the four quadrants are exact mirror images and a whole number
/// of periods sums to zero.
pub fn quarter_wave(index: u32) -> u16 {
    let angle = (f64::from(index) + 0.5) * std::f64::consts::FRAC_PI_2 / 1024.0;
    (f64::from(SINE_PEAK) * angle.sin()).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_on_the_grid_has_whole_periods_in_the_window() {
        for window_log2 in 4..=16 {
            for cycles in [1, 3, (1 << (window_log2 - 1)) - 1] {
                let word = TuningWord::on_grid(cycles, window_log2).0;
                let turns = (u64::from(word) << window_log2) as f64 / 4_294_967_296.0;
                assert_eq!(turns, f64::from(cycles));
            }
        }
    }

    #[test]
    fn the_quarter_wave_rises_and_stays_below_the_peak() {
        let wave: Vec<u16> = (0..1024).map(quarter_wave).collect();
        assert!(wave.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(wave[0], 25);
        assert_eq!(wave[1023], 32767);
    }
}
