//! Standalone from power-up: plays requests that are built in, as a host would send them.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `button` | in, 1 | asynchronous, high while pressed |
//! | `armed`, `active`, `busy` | in, 1 | the guard is armed; a run, a capture or a way to the safe values is going on; a run is |
//! | `plays` | out, 1 | requests come from here, and the line is not heard |
//! | `byte`, `valid`, `ready` | out 8 + 1, in 1 | a byte is taken while both are high; it waits until then |
//!
//! A [`Recording`] has three parts. The first, which sets every register, is played after reset; when the button is pressed the
//! first again, in case a host has changed something since, and the second, which arms and begins the run; when that run has
//! ended and the guard is still armed, the third, which disarms. A press counts when nothing is played, armed or active, so a
//! second press after a run begins the run anew. Another press is forgotten.
//!
//! Bytes are paced by the receiver, which takes no request while one waits: at most one is carried out and one waits. A byte
//! takes it 9 to 19 clocks, reading one here 2, beside that. Replies go out on the line, 22 bytes a request, and are what a part takes
//! most time for: 30 requests at 3 Mbaud 2.2 ms.
//!
//! A level of the button counts when it has been there for 2^n clocks, 10 to 20 ms. A button that is held at power-up, or that
//! a wrong polarity makes look so, has to be released first. In the memory a zero after a frame's zero ends a part, since COBS makes no such pair; it is not sent.
//! 4096 bytes need 12 bits of address. Without a recording every output is constant, and nothing is left of the core.

use crate::leaf::{Fixed, Rom, Synchronizer};
use hge_protocol::recording::Recording;
use rust_hdl::prelude::*;

/// Clocks of the button's count: the power of two from 10 ms on.
pub fn settled_clocks(clock_hz: u32) -> u32 {
    (clock_hz / 100).next_power_of_two()
}

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    Fetch,
    Give,
    Rest,
}

/// A host in a memory.
#[derive(LogicBlock, Default)]
pub struct Boot {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Control registers return to their first state.
    pub reset: Signal<In, Bit>,
    /// The button is pressed.
    pub button: Signal<In, Bit>,
    /// The guard is armed.
    pub armed: Signal<In, Bit>,
    /// A run, a capture or a way to the safe values is going on.
    pub active: Signal<In, Bit>,
    /// A run is going on.
    pub busy: Signal<In, Bit>,
    /// Requests come from here.
    pub plays: Signal<Out, Bit>,
    /// A byte of a request.
    pub byte: Signal<Out, Bits<8>>,
    /// It is there.
    pub valid: Signal<Out, Bit>,
    /// It is taken in this clock.
    pub ready: Signal<In, Bit>,
    state: DFF<Step>,
    address: DFF<Bits<12>>,
    /// The byte before was zero.
    after_zero: DFF<Bit>,
    /// Parts that have been played.
    part: DFF<Bits<2>>,
    /// The button has been pressed: the second part follows the first.
    pressed: DFF<Bit>,
    /// A run was going on.
    ran: DFF<Bit>,
    synchronizer: Synchronizer,
    /// The button is up.
    up: DFF<Bit>,
    /// Clocks for which it has looked otherwise.
    count: DFF<Bits<24>>,
    memory: Rom<8, 12>,
    recorded: Fixed<Bit>,
    count_mask: Fixed<Bits<24>>,
    more: Signal<Local, Bits<24>>,
    counted: Signal<Local, Bits<24>>,
    differs: Signal<Local, Bit>,
    settles: Signal<Local, Bit>,
    /// It has just been pressed.
    presses: DFF<Bit>,
    is_zero: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    over: Signal<Local, Bit>,
    next_address: Signal<Local, Bits<12>>,
    next_part: Signal<Local, Bits<2>>,
}

impl Boot {
    /// With this recording, at this clock.
    pub fn new(recording: &Recording, clock_hz: u32) -> Self {
        let bytes: Vec<u64> = recording.bytes().iter().copied().map(u64::from).collect();
        let mask = u64::from(settled_clocks(clock_hz)) - 1;
        let mut boot = Self { count_mask: Fixed::new(Bits::from(mask)), ..Default::default() };
        if !bytes.is_empty() {
            boot.memory = Rom::new("recording", &bytes);
            boot.recorded = Fixed::new(true);
        }
        boot
    }
}

impl Logic for Boot {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, address, after_zero, part, pressed, ran, up, count, presses);
        clock!(self, clock, memory, synchronizer);
        comment!("The button's new level must last for the whole count.");
        self.synchronizer.pin.next = self.button.val();
        self.differs.next = self.synchronizer.level.val() == self.up.q.val();
        self.more.next = self.count.q.val() + 1;
        self.counted.next = self.more.val() & self.count_mask.val();
        self.settles.next = self.differs.val() & (!self.counted.val().any());
        self.presses.d.next = self.settles.val() & self.up.q.val();
        self.count.d.next = 0.into();
        if self.differs.val() {
            self.count.d.next = self.counted.val();
        }
        if self.settles.val() {
            self.up.d.next = !self.up.q.val();
        }
        comment!("A zero after a frame's zero ends a part.");
        self.memory.address.next = self.address.q.val();
        self.next_address.next = self.address.q.val() + 1;
        self.next_part.next = self.part.q.val() + 1;
        self.is_zero.next = !self.memory.data.val().any();
        self.ends.next = self.after_zero.q.val() & self.is_zero.val();
        self.byte.next = self.memory.data.val();
        self.valid.next = (self.state.q.val() == Step::Give) & (!self.ends.val());
        self.plays.next = (self.state.q.val() != Step::Rest) & self.recorded.val();
        self.ran.d.next = self.busy.val();
        self.over.next = self.ran.q.val() & (!self.busy.val());
        match self.state.q.val() {
            Step::Fetch => self.state.d.next = Step::Give,
            Step::Give => {
                if self.ends.val() {
                    self.state.d.next = Step::Rest;
                    if self.pressed.q.val() & (!self.part.q.val().any()) {
                        self.state.d.next = Step::Fetch;
                    }
                    self.address.d.next = self.next_address.val();
                    self.part.d.next = self.next_part.val();
                    self.after_zero.d.next = false;
                } else if self.ready.val() {
                    self.state.d.next = Step::Fetch;
                    self.address.d.next = self.next_address.val();
                    self.after_zero.d.next = self.is_zero.val();
                }
            }
            Step::Rest => {
                if self.over.val() & (self.part.q.val() == bits::<2>(2)) {
                    comment!("The guard or a host has disarmed, or the run's end does.");
                    self.part.d.next = 3.into();
                    if self.armed.val() {
                        self.part.d.next = 2.into();
                        self.state.d.next = Step::Fetch;
                    }
                }
                if self.presses.q.val() & (!self.armed.val()) & (!self.active.val()) {
                    self.state.d.next = Step::Fetch;
                    self.address.d.next = 0.into();
                    self.part.d.next = 0.into();
                    self.pressed.d.next = true;
                }
            }
        }
        if self.reset.val() | (!self.recorded.val()) {
            self.state.d.next = Step::Fetch;
            self.address.d.next = 0.into();
            self.after_zero.d.next = false;
            self.part.d.next = 0.into();
            self.pressed.d.next = false;
            self.ran.d.next = false;
            self.presses.d.next = false;
            self.up.d.next = false;
            self.count.d.next = 0.into();
        }
    }
}
