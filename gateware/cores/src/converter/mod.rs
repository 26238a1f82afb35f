//! Serial converters: an eight-channel SPI DAC and an averaging SPI ADC.
//!
//! | part | bits | reason |
//! |---|---|---|
//! | AD5628, AD5648, AD5668 | 12, 14, 16 | eight channels in one package; the Pmod DA4 carries an AD5628 |
//! | DAC8568 (grades B, D) | 16 | powers up at mid-scale; uses the same 32-bit frames, so one core drives all four |
//! | AD7476A | 12 | the Pmod AD1 carries two; 16-clock frames |
//! | AD7686 | 16 | of the pin-compatible PulSAR family of laboratory boards; 500 kS/s; also 16 clocks |
//!
//! A sample period, in clocks after its tick (24 MHz, AD5628 and AD7476A, 600 clocks a sample):
//!
//! ```text
//!      0        66             307                              600
//!      |  H, all |  A  |  B  |  C  |  D  |  E  |  F  |  G  |     |   frames to the DAC
//!      |         ^ all outputs change    |a|a|a|a|a|a|a|a|      |   conversions, averaged
//! ```
//!
//! The first frame holds the last channel's code of the previous sample and updates all channels at once; the other codes are already in
//! the part's input registers. All outputs thus change at a fixed number of clocks after the tick, and the codes
//! of the guard in this period wait in a memory until they are sent. The ADC's average is complete before the
//! next tick, which latches it: DAC and ADC together add exactly one sample to the loop latency.
//!
//! Several DAC chips share clock and select line and have a data line each, as the ADCs of several inputs do.
//!
//! `timing` converts the parts' times to core clocks; a core counts half periods of its serial clock.

pub mod adc;
pub mod dac;
pub mod dac_chip;
pub mod part;
pub mod timing;

pub use adc::SpiAdc;
pub use dac::SpiDac;
pub use part::{AdcPart, DacPart};
pub use timing::{
    check_outputs, chips, least_sample_period_clocks, AdcTiming, ConverterError, DacTiming,
};
