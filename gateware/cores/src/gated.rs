//! Simulation of a design whose clock need not toggle: registers take their values in one pass, and blocks at rest are passed over.
//!
//! rust-hdl runs every kernel of a design in every pass, and an edge of its clock walks down one level of the hierarchy a pass. Here the
//! design settles by [`simulate`] while its clock stands; then [`clock_edge`] runs one pass in which every leaf with a clock takes
//! the values that its inputs have settled to. A [`Gated`] block is run only while its state or an input changes. The values are
//! those of a toggled clock, which works as well.

use rust_hdl::prelude::*;
use std::cell::Cell;
use std::ops::{Deref, DerefMut};

/// Passes over a block in which its signals must come to rest; a kernel chain needs about ten.
pub const MOST_PASSES: usize = 100;

thread_local! {
    /// The present pass is an edge.
    static EDGE: Cell<bool> = const { Cell::new(false) };
}

/// One rising edge of the clock of a settled design, whose registers are those of this crate.
pub fn clock_edge<B: Block>(design: &mut B) {
    EDGE.set(true);
    design.update_all();
    EDGE.set(false);
}

/// Whether a leaf's clock rises in this pass.
pub(crate) fn rises(clock: &Signal<In, Clock>) -> bool {
    EDGE.get() || clock.pos_edge()
}

/// Whether an input has a value that its block has not taken yet. Derived for a core, from its public fields.
pub trait Inputs {
    /// An input differs from the value taken.
    fn inputs_changed(&self) -> bool;
}

pub use hge_gateware_derive::Inputs;

impl<T: Synth> Inputs for Signal<In, T> {
    fn inputs_changed(&self) -> bool {
        self.next != self.val()
    }
}

impl<T: Synth> Inputs for Signal<Out, T> {
    fn inputs_changed(&self) -> bool {
        false
    }
}

impl<I: Inputs> Inputs for Vec<I> {
    fn inputs_changed(&self) -> bool {
        self.iter().any(Inputs::inputs_changed)
    }
}

/// A block that is passed over while nothing in it can change; in hardware the block alone.
///
/// All of its state shows as a change of a signal or of a [`Hidden`]: what an edge does not change, further edges with the same
/// inputs do not change either.
pub struct Gated<B> {
    block: B,
    /// The last edge changed something, or an input has changed since.
    is_awake: bool,
    /// The last pass did not leave the block settled.
    is_unsettled: bool,
    /// The block was run in the last pass.
    has_run: bool,
}

impl<B> From<B> for Gated<B> {
    fn from(block: B) -> Self {
        Self { block, is_awake: true, is_unsettled: true, has_run: false }
    }
}

impl<B: Default> Default for Gated<B> {
    fn default() -> Self {
        B::default().into()
    }
}

impl<B> Deref for Gated<B> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.block
    }
}

impl<B> DerefMut for Gated<B> {
    fn deref_mut(&mut self) -> &mut B {
        &mut self.block
    }
}

impl<B: Block> Logic for Gated<B> {
    fn update(&mut self) {
        self.block.update();
    }

    fn connect(&mut self) {
        self.block.connect();
    }

    fn hdl(&self) -> Verilog {
        self.block.hdl()
    }

    fn timing(&self) -> Vec<TimingInfo> {
        self.block.timing()
    }
}

impl<B: Block + Inputs> Block for Gated<B> {
    fn connect_all(&mut self) {
        self.block.connect_all();
    }

    fn update_all(&mut self) {
        let is_edge = EDGE.get();
        self.has_run = match is_edge {
            true => self.is_awake,
            false => self.is_unsettled || self.block.inputs_changed(),
        };
        if !self.has_run {
            return;
        }
        // One place that runs the block: it is compiled in line.
        for _ in 0..MOST_PASSES {
            self.block.update_all();
            self.is_unsettled = self.block.has_changed();
            if is_edge || !self.is_unsettled {
                break;
            }
        }
        self.is_awake = self.is_unsettled || !is_edge;
    }

    fn has_changed(&self) -> bool {
        self.has_run
    }

    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        self.block.accept(name, probe);
    }
}

/// Mark of a leaf's state that no signal shows: whether the last pass changed it. No hardware.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hidden {
    /// Set by the leaf in every pass.
    pub has_changed: bool,
}

impl Logic for Hidden {
    fn update(&mut self) {}
}

impl Block for Hidden {
    fn connect_all(&mut self) {}

    fn update_all(&mut self) {}

    fn has_changed(&self) -> bool {
        self.has_changed
    }

    fn accept(&self, _name: &str, _probe: &mut dyn Probe) {}
}
