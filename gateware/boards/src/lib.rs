//! Core packages and bitstreams of `hge-gateware`.
//!
//! | module | content |
//! |---|---|
//! | [`package`] | Verilog with a header, and FuseSoC core files |
//! | [`board_file`] | boards: clock, converters, pins |
//! | [`fpga`] | the FPGA of a board, and its PLL |
//! | [`wiring`] | wiring diagrams of boards |
//! | [`flow`] | bitstreams, as bundles with reports |
//! | [`tools`] | location and versions of the FPGA tools |
//!
//! ```
//! use hge_boards::package::{core, Core};
//!
//! let files = core(Core::Lockin, &hge_protocol::Parameters::default())?;
//! assert!(files[0].text.contains("module hge_lockin"));
//! # Ok::<(), hge_boards::package::PackageError>(())
//! ```

pub mod board_file;
pub mod flow;
pub mod fpga;
pub mod package;
pub mod tools;
pub mod wiring;
