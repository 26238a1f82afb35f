//! Homodyne gradient extraction in Rust-HDL: every core once, simulated here and emitted as Verilog.
//!
//! All slots share one pipeline in time: a sample is one pass over the slots (one a clock) beside one
//! pass over the outputs (eight clocks each). State lives in memories, so logic hardly grows with the
//! number of slots. Every core has a bit-exact twin of the same name in `hge_sim::model`.
//!
//! | module | core |
//! |---|---|
//! | [`reset`] | power-on reset |
//! | [`timer`] | sample clock |
//! | [`nco`] | phase accumulators, sine and cosine |
//! | [`lockin`] | in-phase and quadrature sums |
//! | [`levels`] | mean, least and greatest sample of a window |
//! | [`tones`] | sum of the tones of every output |
//! | [`modulator`] | base values, ramps, noise shaping |
//! | [`guard`] | limits, step limit, safe values |
//! | [`supervisor`] | arming, watchdog, trips |
//! | [`clerk`] | records, update, rows: the work between windows |
//! | [`micro`] | the machine that the clerk programs |
//! | [`cost`] | the squared error, for a lock-in that demodulates it |
//! | [`sequencer`] | states of a case |
//! | [`capture`] | ADC codes in blocks |
//! | [`reference`](mod@reference) | a slot's tone on a pin |
//! | [`link`] | frames in and out, sessions, the serial line |
//! | [`telemetry`] | the ring that frames wait in |
//! | [`registers`] | the scalar registers |
//! | [`access`] | who may read or write what now |
//! | [`converter`] | SPI converters |
//! | [`engine`] | NCO, lock-in and tones around the slots' pass |
//! | [`instrument`] | everything |
//! | [`serial`] | the instrument on a serial line |
//! | [`board`] | with converters, lamps and the output switch: what boards instantiate |
//! | [`boot`] | standalone from power-up: requests that are built in |
//!
//! Beside the cores: [`emit`] writes Verilog, [`package`] files for users, [`board_file`] knows boards, [`wiring`] draws what hangs on
//! them, [`flow`] makes bitstreams, [`tools`] finds the programs for it.

// Kernels are a dialect: parentheses and literal forms are there for the Verilog, not for Rust.
#![allow(clippy::useless_conversion, clippy::assign_op_pattern, clippy::bool_comparison)]

/// A comment in a kernel that is printed in its Verilog. Rust makes nothing of it.
#[macro_export]
macro_rules! comment {
    ($text:literal) => {};
}

pub mod access;
pub mod board;
pub mod board_file;
pub mod boot;
pub mod build;
pub mod capture;
pub mod clerk;
pub mod converter;
pub mod cost;
pub mod emit;
pub mod engine;
pub mod flow;
pub mod guard;
pub mod instrument;
pub mod leaf;
pub mod levels;
pub mod link;
pub mod lockin;
pub mod micro;
pub mod modulator;
pub mod nco;
pub mod package;
pub mod reference;
pub mod registers;
pub mod reset;
pub mod sequencer;
pub mod serial;
pub mod supervisor;
pub mod telemetry;
pub mod timer;
pub mod tones;
pub mod tools;
pub mod wiring;
