//! Readable Verilog from a rust-hdl design.
//!
//! rust-hdl's own writer makes a module of every register and prints expressions whose widths and signs differ from Rust's.
//! This one folds the registers into their modules, types every expression, copies the doc comments, merges equal
//! modules and refuses code that it cannot print with the same meaning:
//!
//! ```
//! use hge_verilog::{verilog, SourceDocs};
//! use rust_hdl::prelude::*;
//!
//! #[derive(LogicBlock, Default)]
//! struct Divider {
//!     pub clock: Signal<In, Clock>,
//!     pub out: Signal<Out, Bit>,
//!     state: DFF<Bit>,
//! }
//!
//! impl Logic for Divider {
//!     #[hdl_gen]
//!     fn update(&mut self) {
//!         self.state.clock.next = self.clock.val();
//!         self.state.d.next = !self.state.q.val();
//!         self.out.next = self.state.q.val();
//!     }
//! }
//!
//! let mut divider = Divider::default();
//! divider.connect_all();
//! // The sources whose doc comments become comments of the Verilog.
//! let docs = SourceDocs::from_sources(&["/// Half of the clock.\nstruct Divider { pub out: Signal<Out, Bit> }"])?;
//! let text = verilog("divider", &divider, &docs, "An example.")?;
//! assert!(text.contains("module divider"));
//! # Ok::<(), hge_verilog::EmitError>(())
//! ```
//!
//! The steps, a file each: `collect` walks the design, `scope` names the nets, `lower` and `expression` type the kernel,
//! `flow` follows its paths, `fold` and `inline` remove unneeded signals, `split` divides it
//! into processes, `plan` places them, `print`, `text` and `module` write it, `design` joins the modules.
//!
//! It uses public but undocumented types of rust-hdl, hence the pinned version.

mod bits;
mod collect;
mod design;
mod docs;
mod expression;
mod flow;
mod fold;
mod inline;
mod ir;
mod literal;
mod lower;
mod module;
mod names;
mod plan;
mod print;
mod resolve;
mod scope;
mod split;
pub mod testbench;
mod text;
mod wrap;

pub use design::{verilog, verilog_prefixed};
pub use docs::SourceDocs;

/// Why a design could not be written as Verilog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// A simulation that does not come to rest.
    #[error("the simulation does not settle: a combinational loop")]
    Unsettled,
    /// A source text given for its comments is not Rust.
    #[error("source text {index} given for its comments is not Rust: {reason}")]
    Source {
        /// Position in the list.
        index: usize,
        /// Message of the parser.
        reason: String,
    },
    /// The design has no module.
    #[error("the design is a bare signal, not a block")]
    NotABlock,
    /// Something that has no Verilog of the same meaning.
    #[error("{module}: cannot emit {what} (docs/dialect.md)")]
    Unsupported {
        /// Path of the block.
        module: String,
        /// The unsupported expression.
        what: String,
    },
    /// Registers of one module on different clocks.
    #[error("{module}: registers on two clocks; give each clock a block of its own")]
    TwoClocks {
        /// Path of the block.
        module: String,
    },
    /// A signal that some path leaves unassigned.
    #[error("{module}: `{signal}` is not assigned on every path, a latch; assign a default first")]
    Latch {
        /// Path of the block.
        module: String,
        /// The signal.
        signal: String,
    },
    /// A signal without an assignment.
    #[error("{module}: `{signal}` is never assigned")]
    NotDriven {
        /// Path of the block.
        module: String,
        /// The signal.
        signal: String,
    },
    /// A signal read before the kernel has assigned it.
    #[error("{module}: `{signal}` is read before it is assigned; move the assignment up")]
    ReadBeforeWrite {
        /// Path of the block.
        module: String,
        /// The signal.
        signal: String,
    },
}
