//! The interface between gateware and host.
//!
//! This crate defines what both sides must agree on, and nothing else: no I/O, no HDL.
//!
//! | module | content |
//! |---|---|
//! | [`analogue`] | the analogue scale from codes to volts and nanoamperes |
//! | [`ft245`] | the times of an FT245 FIFO, in clocks |
//! | [`mod@keys`] | declarations of the keys of a file: type, rule, default, documentation |
//! | [`number`] | codes, fixed-point formats, tuning words |
//! | [`parameters`] | generics of a gateware: outputs, slots, tables, clock |
//! | [`recording`] | embedded requests of a board without a host |
//! | [`registers`] | the register map, one table |
//! | [`table`] | layout of the parameter table behind the register window |
//! | [`frame`] | requests, replies and telemetry, as words |
//! | [`wire`] | words to bytes on the line: COBS, CRC-32, delimiters |

pub mod analogue;
pub mod frame;
pub mod ft245;
pub mod keys;
pub mod number;
pub mod parameters;
pub mod recording;
pub mod registers;
pub mod table;
pub mod update;
pub mod wire;

pub use analogue::{Analogue, PerOutput};
pub use number::{AdcCode, ControlWord, DacCode, TuningWord};
pub use parameters::{Carriers, ParameterError, Parameters};
pub use update::Update;
