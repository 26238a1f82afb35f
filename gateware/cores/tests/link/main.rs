//! The link against the protocol's own crate, a model of the session's rules, and its Verilog in Icarus.

mod bench;
#[path = "../cosim/mod.rs"]
mod cosim;
mod frames;
mod model;
mod ring;
mod sessions;
mod uart;
mod verilog;
