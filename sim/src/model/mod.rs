//! Bit-exact model of the gateware: one twin a core, one step a sample.
//!
//! The model knows no clock cycles. Everything the gateware does between two samples happens at once,
//! and every number it shows (DAC codes, frames) is equal to the RTL's, bit for bit.

mod access;
pub mod capture;
pub mod cost;
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
