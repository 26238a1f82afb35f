//! The bench of the engines: DAC, device, I-V converter, ADC, and their imperfections.
//!
//! | stage | effect on a sample | off when |
//! |---|---|---|
//! | [`Converter`] as DAC | offset, gain error, INL | all zero |
//! | the [device](crate::device) | voltages to a current | |
//! | [`Relaxation`] | a fraction of every change of the current relaxes | `relaxation_share` is 0 |
//! | [`FeedThrough`] | C dV/dt across the device | no capacitance |
//! | [`White`], [`Flicker`] | noise of the current | density is 0 |
//! | [`Hum`], [`Drift`] | mains and slow change of the current | amplitudes are 0 |
//! | [`IvConverter`] | gain, one pole, clipping | no `iv_pole_hz` |
//! | [`Converter`] as ADC | offset, gain error, INL, quantisation | all zero |
//! | [`Delayed`] | whole samples of latency, DAC to ADC | latency is 0 |
//!
//! Sample n: the DAC's outputs are constant from tick n to tick n + 1, the ADC samples at the end, at
//! tick n + 1. Every linear stage has a closed form `response(f_hz, rate_hz)` under this convention, and
//! [`Chain::response`] combines them.
//!
//! Every measured output of the device has a chain of its own behind it, from the relaxation to the ADC, with the
//! parameters of [`Chain`] and its own noise ([`Stages`]); input m of the instrument measures output m.

pub mod analogue;
pub mod chain;
pub mod converter;
pub mod delayed;
pub mod drift;
mod electrode_drift;
pub mod feed_through;
pub mod flicker;
pub mod hum;
pub mod iv_converter;
pub mod pole;
pub mod relaxation;
pub mod response;
pub mod stages;
pub mod white;

pub use analogue::AnalogueBench;
pub use chain::Chain;
pub use converter::Converter;
pub use delayed::Delayed;
pub use drift::Drift;
pub use electrode_drift::ElectrodeDrift;
pub use feed_through::FeedThrough;
pub use flicker::Flicker;
pub use hum::Hum;
pub use iv_converter::IvConverter;
pub use pole::Pole;
pub use relaxation::Relaxation;
pub use response::Response;
pub use stages::Stages;
pub use white::White;

/// The analogue circuit behind the converters' codes, sample by sample.
pub trait Bench: Send {
    /// ADC codes for consecutive samples. `codes` is row-major `[samples, outputs]`: the DAC codes that
    /// stood while each sample was taken; `adc` is row-major `[samples, inputs]`. Calls continue one another: however the
    /// samples are cut into calls, the codes are the same.
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]);

    /// Takes back the last `samples` samples of the last call: they have not happened.
    fn rewind(&mut self, samples: usize);
}
