//! Standalone from power-up: plays stored requests, as a host would send them.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `button` | in, 1 | asynchronous, high while pressed |
//! | `armed`, `active`, `busy` | in, 1 | the guard is armed; a run, a capture or a ramp to the safe values is in progress; a run is in progress |
//! | `plays` | out, 1 | requests come from here, and bytes of the line are ignored |
//! | `byte`, `valid`, `ready` | out 8 + 1, in 1 | a byte is transferred while both are high; it is held until then |
//!
//! A [`Recording`] has three parts. Part 1 sets every register and is played after reset. At a button press part 1 is played
//! again, in case a host has changed a register, then part 2, which arms and starts the run. When that run has ended and the
//! guard is still armed, part 3 disarms. A press counts only while nothing is played, armed or active; other
//! presses are ignored. A second press after a run starts the run again.
//!
//! The receiver sets the pace: it accepts no request while one is pending, so at most one is executed and one waits. The receiver
//! needs 9 to 19 clocks a byte; reading a byte here takes 2, in parallel. Replies go out on the line, 22 bytes a request, which determines
//! the duration of a part: 30 requests at 3 Mbaud take 2.2 ms.
//!
//! The button is debounced: a level counts after 2^n clocks, 10 to 20 ms. A button that is pressed at power-up, or appears so owing to
//! a wrong polarity, must be released first. In the memory a zero after a frame's zero ends a part, since COBS makes no such pair; it is not sent.
//! 4096 bytes need 12 bits of address. Without a recording every output is constant, and synthesis removes the core.

use crate::leaf::{Fixed, Rom, Synchronizer, DFF};
use hge_protocol::recording::Recording;
use rust_hdl::prelude::*;

/// Clocks of the debounce count: the smallest power of two above 10 ms.
pub fn settled_clocks(clock_hz: u32) -> u32 {
    (clock_hz / 100).next_power_of_two()
}

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    Fetch,
    Give,
    Rest,
}

/// Player of stored requests.
#[derive(LogicBlock, Default)]
pub struct Boot {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// The button is pressed.
    pub button: Signal<In, Bit>,
    /// The guard is armed.
    pub armed: Signal<In, Bit>,
    /// A run, a capture or a ramp to the safe values is in progress.
    pub active: Signal<In, Bit>,
    /// A run is in progress.
    pub busy: Signal<In, Bit>,
    /// Requests come from here.
    pub plays: Signal<Out, Bit>,
    /// A byte of a request.
    pub byte: Signal<Out, Bits<8>>,
    /// `byte` is valid.
    pub valid: Signal<Out, Bit>,
    /// `byte` is accepted in this clock.
    pub ready: Signal<In, Bit>,
    state: DFF<Step>,
    address: DFF<Bits<12>>,
    /// The previous byte was zero.
    after_zero: DFF<Bit>,
    /// Parts that have been played.
    part: DFF<Bits<2>>,
    /// The button has been pressed: part 2 follows part 1.
    pressed: DFF<Bit>,
    /// A run was in progress.
    ran: DFF<Bit>,
    synchronizer: Synchronizer,
    /// The button is released.
    up: DFF<Bit>,
    /// Clocks with the other level.
    count: DFF<Bits<24>>,
    memory: Rom<8, 12>,
    recorded: Fixed<Bit>,
    count_mask: Fixed<Bits<24>>,
    more: Signal<Local, Bits<24>>,
    counted: Signal<Local, Bits<24>>,
    differs: Signal<Local, Bit>,
    settles: Signal<Local, Bit>,
    /// The button has just been pressed.
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
                    comment!("Disarmed by the guard, a host or the end of the run.");
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
