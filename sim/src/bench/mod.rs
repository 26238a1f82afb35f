//! What the engines are wired to: DAC, device, I-V converter, noise, ADC.

pub mod analogue;
pub mod delayed;

pub use analogue::{AnalogueBench, Chain};
pub use delayed::Delayed;

/// The analogue world behind the converters' codes, one sample after the other.
pub trait Bench: Send {
    /// ADC codes for consecutive samples. `codes` is row-major `[samples, outputs]`: the DAC codes that
    /// stood while each sample was taken. Calls continue one another: however the samples are cut into
    /// calls, the codes are the same.
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]);

    /// Takes back the last `samples` samples of the last call: they have not happened.
    fn rewind(&mut self, samples: usize);
}
