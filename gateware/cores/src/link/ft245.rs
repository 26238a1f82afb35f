//! FT245 interface: bytes to and from the FIFO of an FTDI bridge in its asynchronous 245 mode.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `rxf_n`, `txe_n` | in, 1 + 1 | low: the bridge has a byte, has room for one; asynchronous |
//! | `rd_n`, `wr_n` | out, 1 + 1 | low: the bridge drives its byte; takes ours at the falling edge; registers |
//! | `data_in`, `data_out`, `drives` | in 8, out 8 + 1 | the data pins, what they are driven with, and while they are; registers |
//! | `from_host`, `from_host_valid`, `from_host_ready` | out 8 + 1, in 1 | a byte is transferred while both are high |
//! | `to_host`, `to_host_valid`, `to_host_ready` | in 8 + 1, out 1 | likewise |
//!
//! One byte is on its way in each direction: it waits in a register. Where there is one to read and one to write they go in turn. A byte to write stands on the pins until
//! the bridge has room; meanwhile bytes are read, so that a host that reads nothing can still send requests.
//!
//! | state | clocks | pins |
//! |---|---|---|
//! | rest | 1 | the core chooses |
//! | read | `read` | `rd_n` low; the byte is taken at the end |
//! | pause | `pause` | `rxf_n` is on its way |
//! | setup | `setup`, and until there is room | the byte is driven |
//! | write | `write` | the same, `wr_n` low |
//! | hold | `hold` | the byte is driven; `txe_n` is on its way |
//!
//! The numbers are those of [`hge_protocol::ft245`], for FT232H, FT2232H and FT245R. Two flip-flops synchronise `rxf_n` and `txe_n`, each of which stays low until it has been used, so that a
//! level seen late is still true; a level seen before it rises is not waited for, hence pause and hold. The data pins need no synchronizer: they stand when they are
//! taken. Between the end of `drives` and `rd_n` low there is a clock, between `rd_n` high and `drives` the pause and a clock: never do both ends drive.
//!
//! Widths: the longest state, `read`, is 35 clocks at 500 MHz, counted in 6 bits.

use crate::leaf::{Fixed, Synchronizer, DFF};
use hge_protocol::ft245::Clocks;
use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    Rest,
    Read,
    Pause,
    Setup,
    Write,
    Hold,
}

/// Between the bridge's pins and bytes.
#[derive(LogicBlock, Default)]
pub struct Ft245 {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// Low: the bridge has a byte.
    pub rxf_n: Signal<In, Bit>,
    /// Low: the bridge has room for a byte.
    pub txe_n: Signal<In, Bit>,
    /// Low: the bridge drives its byte.
    pub rd_n: Signal<Out, Bit>,
    /// The bridge takes a byte when it falls.
    pub wr_n: Signal<Out, Bit>,
    /// Levels of the data pins.
    pub data_in: Signal<In, Bits<8>>,
    /// Byte on the data pins.
    pub data_out: Signal<Out, Bits<8>>,
    /// The data pins are driven.
    pub drives: Signal<Out, Bit>,
    /// A byte of the host.
    pub from_host: Signal<Out, Bits<8>>,
    /// Valid.
    pub from_host_valid: Signal<Out, Bit>,
    /// Accepted in this clock.
    pub from_host_ready: Signal<In, Bit>,
    /// A byte to the host.
    pub to_host: Signal<In, Bits<8>>,
    /// Valid.
    pub to_host_valid: Signal<In, Bit>,
    /// Accepted in this clock.
    pub to_host_ready: Signal<Out, Bit>,
    state: DFF<Step>,
    // Inverted, so that an absent bridge, whose lines are high, is what flip-flops hold at power-up.
    has_byte: Synchronizer,
    has_room: Synchronizer,
    /// Clocks still to come of the state.
    left: DFF<Bits<6>>,
    reading: DFF<Bit>,
    writing: DFF<Bit>,
    driving: DFF<Bit>,
    taken: DFF<Bits<8>>,
    /// `taken` waits for the link.
    held: DFF<Bit>,
    sending: DFF<Bits<8>>,
    /// `sending` waits for the bridge.
    full: DFF<Bit>,
    /// It is the turn of a byte to write.
    yields: DFF<Bit>,
    /// Clocks of the states less one.
    read_left: Fixed<Bits<6>>,
    pause_left: Fixed<Bits<6>>,
    setup_left: Fixed<Bits<6>>,
    write_left: Fixed<Bits<6>>,
    hold_left: Fixed<Bits<6>>,
    due: Signal<Local, Bit>,
    less: Signal<Local, Bits<6>>,
    may_read: Signal<Local, Bit>,
    sent: Signal<Local, Bit>,
    free: Signal<Local, Bit>,
}

impl Ft245 {
    /// For this clock.
    pub fn new(clock_hz: u32) -> Self {
        let Clocks { read, pause, setup, write, hold } = Clocks::at(clock_hz);
        let left = |clocks: u64| Fixed::new(Bits::from(clocks - 1));
        Self {
            read_left: left(read),
            pause_left: left(pause),
            setup_left: left(setup),
            write_left: left(write),
            hold_left: left(hold),
            ..Default::default()
        }
    }
}

impl Logic for Ft245 {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, state, left, reading, writing, driving, taken, held, sending, full, yields
        );
        clock!(self, clock, has_byte, has_room);
        self.has_byte.pin.next = !self.rxf_n.val();
        self.has_room.pin.next = !self.txe_n.val();
        self.rd_n.next = !self.reading.q.val();
        self.wr_n.next = !self.writing.q.val();
        self.data_out.next = self.sending.q.val();
        self.drives.next = self.driving.q.val();
        self.from_host.next = self.taken.q.val();
        self.from_host_valid.next = self.held.q.val();
        self.due.next = !self.left.q.val().any();
        self.less.next = self.left.q.val() - 1;
        self.may_read.next = self.has_byte.level.val() & (!self.held.q.val());
        self.sent.next = (self.state.q.val() == Step::Hold) & self.due.val();
        self.free.next = self.sent.val() | (!self.full.q.val());
        self.to_host_ready.next = self.free.val() & (!self.reset.val());
        if self.free.val() {
            self.full.d.next = self.to_host_valid.val();
            if self.to_host_valid.val() {
                self.sending.d.next = self.to_host.val();
            }
        }
        if self.from_host_ready.val() {
            self.held.d.next = false;
        }
        if !self.due.val() {
            self.left.d.next = self.less.val();
        }
        match self.state.q.val() {
            Step::Rest => {
                if self.may_read.val() & (!(self.yields.q.val() & self.full.q.val())) {
                    self.reading.d.next = true;
                    self.yields.d.next = true;
                    self.left.d.next = self.read_left.val();
                    self.state.d.next = Step::Read;
                } else {
                    if self.full.q.val() {
                        self.driving.d.next = true;
                        self.left.d.next = self.setup_left.val();
                        self.state.d.next = Step::Setup;
                    }
                }
            }
            Step::Read => {
                if self.due.val() {
                    self.taken.d.next = self.data_in.val();
                    self.held.d.next = true;
                    self.reading.d.next = false;
                    self.left.d.next = self.pause_left.val();
                    self.state.d.next = Step::Pause;
                }
            }
            Step::Pause => {
                if self.due.val() {
                    self.state.d.next = Step::Rest;
                }
            }
            Step::Setup => {
                if self.due.val() {
                    if self.has_room.level.val() {
                        self.writing.d.next = true;
                        self.left.d.next = self.write_left.val();
                        self.state.d.next = Step::Write;
                    } else {
                        if self.may_read.val() {
                            comment!("The host sends and does not read.");
                            self.driving.d.next = false;
                            self.yields.d.next = false;
                            self.state.d.next = Step::Rest;
                        }
                    }
                }
            }
            Step::Write => {
                if self.due.val() {
                    self.writing.d.next = false;
                    self.left.d.next = self.hold_left.val();
                    self.state.d.next = Step::Hold;
                }
            }
            Step::Hold => {
                if self.due.val() {
                    self.driving.d.next = false;
                    self.yields.d.next = false;
                    self.state.d.next = Step::Rest;
                }
            }
        }
        if self.reset.val() {
            self.state.d.next = Step::Rest;
            self.reading.d.next = false;
            self.writing.d.next = false;
            self.driving.d.next = false;
            self.held.d.next = false;
            self.full.d.next = false;
            self.yields.d.next = false;
            self.left.d.next = 0.into();
        }
    }
}
