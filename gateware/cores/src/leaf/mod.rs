//! Leaf blocks: memories, the multiplier, an adder with carries, a long sum and one with a shift, written by hand in Rust and in Verilog.
//!
//! A leaf keeps its state in plain Rust fields, for fast simulation, and provides generic Verilog that Yosys maps to block RAM
//! and DSP blocks on iCE40 and ECP5; where an ECP5's cells have registers that Yosys does not use, the text has their form too. Every leaf starts at zero in Rust and in Verilog. `gateware/cores/tests` compares leaves with
//! their Verilog clock by clock.

mod adder;
mod cast;
mod dff;
mod ecp5;
mod fixed;
mod long_adder;
mod memory;
mod multiplier;
mod pace;
mod ram;
mod ram_pair;
mod rom;
mod scaler;
mod store;
mod synchronizer;

pub use adder::Adder;
pub use cast::bit_cast_signed;
pub use dff::DFF;
pub use ecp5::ECP5_MACRO;
pub use fixed::Fixed;
pub use long_adder::LongAdder;
pub use multiplier::Multiplier;
pub use pace::{memories_are_late, UNHURRIED_HZ};
pub use ram::Ram;
pub use ram_pair::RamPair;
pub use rom::Rom;
pub use scaler::Scaler;
pub use store::Store;
pub use synchronizer::Synchronizer;
