//! Bit-exact model of the gateware, and the bench (device, converters, noise) it is wired to.

pub mod bench;
pub mod converter;
pub mod device;
pub mod engine;
pub mod model;
#[cfg(feature = "engines")]
pub mod rtl;
#[cfg(feature = "engines")]
pub mod verilog;
