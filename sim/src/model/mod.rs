//! Bit-exact model of the gateware: one reference model for each core, one step a sample.
//!
//! The model has no clock cycles. All work of the gateware between two samples happens at once,
//! and every output (DAC codes, frames) is equal to the RTL's, bit for bit. [`ft245`] alone, the interface to a
//! bridge, is a model of its clocks, and no part of an instrument.

mod access;
mod batch;
pub mod capture;
pub mod cost;
pub mod ft245;
pub mod guard;
pub mod instrument;
mod jobs;
pub mod lockin;
pub mod modulator;
pub mod nco;
pub mod sequencer;
pub mod session;
pub mod settings;
pub mod supervisor;
pub mod telemetry;
pub mod update;

pub use instrument::Model;
