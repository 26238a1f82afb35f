//! A register.

use crate::gated::rises;
use rust_hdl::prelude::*;

/// A register: `q` is `d` of the clock before, and starts at the default of its type. That of rust-hdl, for [`crate::gated::clock_edge`].
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct DFF<T: Synth> {
    /// Value to take.
    pub d: Signal<In, T>,
    /// Value taken.
    pub q: Signal<Out, T>,
    /// Clock.
    pub clock: Signal<In, Clock>,
}

impl<T: Synth> Logic for DFF<T> {
    fn update(&mut self) {
        if rises(&self.clock) {
            self.q.next = self.d.val();
        }
    }

    fn connect(&mut self) {
        self.q.connect();
    }

    fn hdl(&self) -> Verilog {
        rust_hdl::prelude::DFF::<T>::default().hdl()
    }

    fn timing(&self) -> Vec<TimingInfo> {
        rust_hdl::prelude::DFF::<T>::default().timing()
    }
}
