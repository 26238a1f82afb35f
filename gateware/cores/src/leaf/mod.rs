//! Leaf blocks: memories, the multiplier, an adder with carries and a sum with a shift, written by hand in Rust and in Verilog.
//!
//! A leaf keeps its state in plain Rust fields, for fast simulation, and provides generic Verilog that Yosys maps to block RAM
//! and DSP blocks on iCE40 and ECP5. Every leaf starts at zero in Rust and in Verilog. `gateware/cores/tests` compares leaves with
//! their Verilog clock by clock.

mod adder;
mod cast;
mod dff;
mod fixed;
mod memory;
mod multiplier;
mod pace;
mod ram;
mod rom;
mod scaler;
mod store;
mod synchronizer;

pub use adder::Adder;
pub use cast::bit_cast_signed;
pub use dff::DFF;
pub use fixed::Fixed;
pub use multiplier::Multiplier;
pub use pace::{memories_are_late, UNHURRIED_HZ};
pub use ram::Ram;
pub use rom::Rom;
pub use scaler::Scaler;
pub use store::Store;
pub use synchronizer::Synchronizer;
