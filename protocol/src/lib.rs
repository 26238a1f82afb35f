//! The contract between the gateware and whoever talks to it.
//!
//! One crate says what both sides must agree on, and does nothing else: no I/O, no HDL.
//!
//! | module | holds |
//! |---|---|
//! | [`analogue`] | the analogue scale: what codes are in volts and nanoamperes |
//! | [`number`] | codes, fixed-point formats, tuning words |
//! | [`parameters`] | what a gateware was generated for: outputs, slots, tables, clock |
//! | [`recording`] | requests built into a board that needs no host |
//! | [`registers`] | the register map, one table |
//! | [`table`] | layout of the parameter table behind the register window |
//! | [`frame`] | requests, replies and telemetry, as words |
//! | [`wire`] | words to bytes on the line: COBS, CRC-32, delimiters |

pub mod analogue;
pub mod frame;
pub mod number;
pub mod parameters;
pub mod recording;
pub mod registers;
pub mod table;
pub mod wire;

pub use analogue::{Analogue, PerOutput};
pub use number::{AdcCode, ControlWord, DacCode, TuningWord};
pub use parameters::{Carriers, ParameterError, Parameters};
