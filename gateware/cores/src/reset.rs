//! Power-on reset: holds the control registers until the clock is stable.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `locked` | in, 1 | the PLL has locked; asynchronous, high without a PLL |
//! | `reset` | out, 1 | high from power-up until `locked` has been high for the whole count |
//!
//! Two flip-flops synchronise `locked`. The count is at least 10 us, since an iCE40's
//! block RAM reads zero for some microseconds after configuration.

use crate::leaf::{Fixed, Synchronizer, DFF};
use rust_hdl::prelude::*;

/// Counter from power-up to the end of the reset.
#[derive(LogicBlock, Default)]
pub struct Reset {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// The PLL has locked.
    pub locked: Signal<In, Bit>,
    /// Reset of the control registers.
    pub reset: Signal<Out, Bit>,
    synchronizer: Synchronizer,
    count: DFF<Bits<14>>,
    ready: DFF<Bit>,
    /// Clocks from the lock of the PLL to the end of the reset.
    last: Fixed<Bits<14>>,
}

impl Reset {
    /// Ten microseconds of `clock_hz`, rounded up.
    pub fn new(clock_hz: u32) -> Self {
        let clocks = u64::from(clock_hz).div_ceil(100_000).min(16_383);
        Self { last: Fixed::new(Bits::from(clocks)), ..Default::default() }
    }
}

impl Logic for Reset {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, count, ready);
        clock!(self, clock, synchronizer);
        self.synchronizer.pin.next = self.locked.val();
        self.reset.next = !self.ready.q.val();
        self.ready.d.next = self.count.q.val() == self.last.val();
        if self.count.q.val() != self.last.val() {
            self.count.d.next = self.count.q.val() + 1;
        }
        if !self.synchronizer.level.val() {
            self.count.d.next = 0.into();
            self.ready.d.next = false;
        }
    }
}
