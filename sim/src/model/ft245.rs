//! Reference model of the FT245 interface, clock by clock: alone among the models, since its bridge is asynchronous and what it does
//! within a clock counts.

use hge_protocol::ft245::Clocks;

/// What the bridge shows, and what the link offers, in one clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// `RXF#`: low while the bridge has a byte.
    pub rxf_n: bool,
    /// `TXE#`: low while the bridge has room for one.
    pub txe_n: bool,
    /// Levels of the data pins.
    pub data: u8,
    /// The link takes a byte of the host.
    pub takes: bool,
    /// A byte that the link has for the host.
    pub byte: Option<u8>,
}

/// Levels that the interface drives, all of them registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pins {
    /// `RD#`.
    pub rd_n: bool,
    /// `WR#`.
    pub wr_n: bool,
    /// The byte on the data pins, where they are driven.
    pub data: Option<u8>,
}

/// With the clocks that are still to come after the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Rest,
    Read(u64),
    Pause(u64),
    Setup(u64),
    Write(u64),
    Hold(u64),
}

/// The interface, as it is after power-up.
#[derive(Clone, Debug)]
pub struct Ft245 {
    clocks: Clocks,
    state: State,
    /// Flip-flops of the synchronizers, the later one first: the bridge has a byte, has room.
    has_byte: [bool; 2],
    has_room: [bool; 2],
    /// A byte of the host that waits for the link.
    received: Option<u8>,
    /// A byte that waits for the bridge.
    sending: Option<u8>,
    /// The byte before was one of the host: the next one is ours, if there is one.
    yields: bool,
}

impl Ft245 {
    /// For a clock of `clock_hz`.
    pub fn new(clock_hz: u32) -> Self {
        Ft245 {
            clocks: Clocks::at(clock_hz),
            state: State::Rest,
            has_byte: [false; 2],
            has_room: [false; 2],
            received: None,
            sending: None,
            yields: false,
        }
    }

    /// Levels of the pins in the present clock.
    pub fn pins(&self) -> Pins {
        let drives = matches!(self.state, State::Setup(_) | State::Write(_) | State::Hold(_));
        Pins {
            rd_n: !matches!(self.state, State::Read(_)),
            wr_n: !matches!(self.state, State::Write(_)),
            data: self.sending.filter(|_| drives),
        }
    }

    /// The byte of the host that waits for the link.
    pub fn received(&self) -> Option<u8> {
        self.received
    }

    /// Whether a byte of the link is taken in the present clock.
    pub fn is_ready(&self) -> bool {
        self.sending.is_none() || self.state == State::Hold(0)
    }

    /// The edge that ends the present clock.
    pub fn step(&mut self, inputs: Inputs) {
        let may_read = self.has_byte[0] && self.received.is_none();
        let is_ready = self.is_ready();
        if inputs.takes {
            self.received = None;
        }
        self.state = match self.state {
            State::Rest if may_read && !(self.yields && self.sending.is_some()) => {
                self.yields = true;
                State::Read(self.clocks.read - 1)
            }
            State::Rest if self.sending.is_some() => State::Setup(self.clocks.setup - 1),
            State::Read(0) => {
                self.received = Some(inputs.data);
                State::Pause(self.clocks.pause - 1)
            }
            State::Setup(0) if self.has_room[0] => State::Write(self.clocks.write - 1),
            State::Setup(0) if may_read => {
                self.yields = false;
                State::Rest
            }
            State::Write(0) => State::Hold(self.clocks.hold - 1),
            State::Hold(0) => {
                self.yields = false;
                State::Rest
            }
            State::Rest | State::Pause(0) => State::Rest,
            State::Setup(0) => State::Setup(0),
            State::Read(left) => State::Read(left - 1),
            State::Pause(left) => State::Pause(left - 1),
            State::Setup(left) => State::Setup(left - 1),
            State::Write(left) => State::Write(left - 1),
            State::Hold(left) => State::Hold(left - 1),
        };
        if is_ready {
            self.sending = inputs.byte;
        }
        self.has_byte = [self.has_byte[1], !inputs.rxf_n];
        self.has_room = [self.has_room[1], !inputs.txe_n];
    }
}
