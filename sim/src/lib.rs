//! Bit-exact model of the gateware, with a simulated bench (device, converters, noise).

pub mod bench;
pub mod converter;
pub mod device;
pub mod engine;
pub mod model;
#[cfg(feature = "engines")]
pub mod rtl;
#[cfg(feature = "engines")]
pub mod verilog;
