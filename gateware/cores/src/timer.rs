//! The sample clock: one tick every `period` clocks.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `reset` | in, 1 | restarts the count |
//! | `period` | in, 16 | clocks between ticks, at least 2 |
//! | `hold` | in, 1 | stops time while nothing is `active` (simulation; tied low on boards) |
//! | `active` | in, 1 | a run, a capture or a ramp to the safe values is in progress |
//! | `half_full` | in, 1 | telemetry waits to be sent: with `hold`, time stops too, so that none is lost |
//! | `tick` | out, 1 | a sample begins; the ADC code is sampled at the end of this clock |
//!
//! The end of the count is computed a clock early and registered: the tick goes to most cores, over long routes.

use crate::gated::Inputs;
use crate::leaf::DFF;
use crate::word::ToWord;
use rust_hdl::prelude::*;

/// Divider from the system clock to the sample rate.
#[derive(LogicBlock, Inputs, Default)]
pub struct Timer {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Restarts the count.
    pub reset: Signal<In, Bit>,
    /// Clocks between ticks.
    pub period: Signal<In, Bits<16>>,
    /// Stop time while idle.
    pub hold: Signal<In, Bit>,
    /// Active.
    pub active: Signal<In, Bit>,
    /// Telemetry waits to be sent.
    pub half_full: Signal<In, Bit>,
    /// A sample begins.
    pub tick: Signal<Out, Bit>,
    left: DFF<Bits<16>>,
    /// None is left.
    ended: DFF<Bit>,
    further: Signal<Local, Bits<15>>,
    goes_on: Signal<Local, Bit>,
    due: Signal<Local, Bit>,
}

impl Logic for Timer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, left, ended);
        self.goes_on.next = (self.active.val() & (!self.half_full.val())) | (!self.hold.val());
        self.due.next = self.ended.q.val() & self.goes_on.val();
        self.further.next = self.left.q.val().to_bits().get_bits::<15>(1);
        self.ended.d.next = (!self.further.val().any()) & (!self.due.val());
        self.tick.next = self.due.val();
        if !self.ended.q.val() {
            self.left.d.next = self.left.q.val() - 1;
        }
        if self.due.val() {
            self.left.d.next = self.period.val() - 1;
        }
        if self.reset.val() {
            self.left.d.next = 1.into();
            self.ended.d.next = false;
            self.tick.next = false;
        }
    }
}
