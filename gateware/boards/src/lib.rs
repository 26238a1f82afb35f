//! From the cores of `hge-gateware` to files and bitstreams.
//!
//! | module | concept |
//! |---|---|
//! | [`package`] | Verilog with a header, and FuseSoC core files |
//! | [`board_file`] | boards: clock, converters, pins |
//! | [`wiring`] | drawings of what hangs on a board's pins |
//! | [`flow`] | bitstreams, and bundles that show what is in them |
//! | [`tools`] | the programs that make bitstreams: where they are, which release |
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
pub mod package;
pub mod tools;
pub mod wiring;
