//! Sender: words of replies and telemetry to frames with checksum, COBS and delimiter.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `reply`, `reply_word`, `reply_stands` | in, 1 + 32 + 1 | reply pending; its present word, two clocks after `reply_next` if valid then |
//! | `reply_next`, `reply_sent` | out, 1 | pulses: the word has been sent; a clock after the last one, the reply has been sent |
//! | `telemetry`, `telemetry_word`, `telemetry_stands` | in, 1 + 32 + 1 | a frame of telemetry is pending; its present word, if valid |
//! | `telemetry_next`, `telemetry_busy` | out, 1 | the word has been sent; a frame is being read |
//! | `byte`, `byte_valid`, `byte_ready` | out 8 + 1, in 1 | the line |
//! | `idle` | out, 1 | no frame is being sent |
//!
//! A frame's first word gives the number of words that follow (bits 19..8). Between frames replies have priority.
//!
//! A byte takes 9 clocks from its word into the block of COBS (with late memories one more at the beginning of a reply's word), and 2
//! from there to the line, if that is ready; a block is sent before the next one is filled. Words are read bit by bit from their source, and the number of words left is decremented bit by bit
//! in parallel: no word is copied.

use crate::gated::Inputs;
use crate::leaf::{memories_are_late, Ram, DFF};
use crate::link::crc::Crc;
use crate::word::ToWord;
use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    Idle,
    Shift,
    Put,
    Code,
    Fetch,
    Send,
    Delimiter,
}

/// Encoder of frames.
#[derive(LogicBlock, Inputs, Default)]
pub struct Sender {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// Reply pending.
    pub reply: Signal<In, Bit>,
    /// A word of it.
    pub reply_word: Signal<In, Bits<32>>,
    /// The word is valid in this clock.
    pub reply_stands: Signal<In, Bit>,
    /// The word has been sent.
    pub reply_next: Signal<Out, Bit>,
    /// The reply has been sent.
    pub reply_sent: Signal<Out, Bit>,
    /// Telemetry pending.
    pub telemetry: Signal<In, Bit>,
    /// A word of it.
    pub telemetry_word: Signal<In, Bits<32>>,
    /// The word is valid in this clock.
    pub telemetry_stands: Signal<In, Bit>,
    /// The word has been sent.
    pub telemetry_next: Signal<Out, Bit>,
    /// Telemetry is being read.
    pub telemetry_busy: Signal<Out, Bit>,
    /// A byte for the line.
    pub byte: Signal<Out, Bits<8>>,
    /// Valid.
    pub byte_valid: Signal<Out, Bit>,
    /// Accepted in this clock.
    pub byte_ready: Signal<In, Bit>,
    /// No frame is being sent.
    pub idle: Signal<Out, Bit>,
    state: DFF<Step>,
    /// The frame is telemetry.
    is_telemetry: DFF<Bit>,
    /// The word is the frame's first.
    first: DFF<Bit>,
    /// The word is the checksum.
    closing: DFF<Bit>,
    /// The checksum has been sent.
    ended: DFF<Bit>,
    /// Bit of the word.
    position: DFF<Bits<5>>,
    /// Words left, rotating.
    left: DFF<Bits<12>>,
    borrow: DFF<Bit>,
    some_left: DFF<Bit>,
    gathered: DFF<Bits<8>>,
    /// An empty block must follow at the end, for the zero before it.
    empty_due: DFF<Bit>,
    /// Position of the block's next byte, finally the code; then of the byte in transmission.
    place: DFF<Bits<8>>,
    /// The reply's last word was sent in the previous clock.
    sent: DFF<Bit>,
    /// The block; words of the width of the captured codes, so that both use the same memory module.
    block: Ram<16, 8>,
    crc: Crc,
    reply_bits: Signal<Local, Bits<32>>,
    telemetry_bits: Signal<Local, Bits<32>>,
    digit: Signal<Local, Bit>,
    steps: Signal<Local, Bit>,
    in_length: Signal<Local, Bit>,
    word_ends: Signal<Local, Bit>,
    last_word: Signal<Local, Bit>,
    counted: Signal<Local, Bit>,
    difference: Signal<Local, Bit>,
    turned: Signal<Local, Bits<12>>,
    pushed: Signal<Local, Bits<8>>,
    out: Signal<Local, Bits<8>>,
    inside: Signal<Local, Bit>,
}

impl Sender {
    /// A sender with its block.
    pub fn new() -> Self {
        Self { block: Ram::new(256), ..Default::default() }
    }

    /// For a clock of `clock_hz`.
    pub fn at_clock(mut self, clock_hz: u32) -> Self {
        self.block = self.block.of_tables(memories_are_late(clock_hz));
        self
    }
}

impl Logic for Sender {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, state, is_telemetry, first, closing, ended, position, left, borrow,
            some_left, gathered, empty_due, place, sent
        );
        clock!(self, clock, block, crc);
        self.idle.next = self.state.q.val() == Step::Idle;
        comment!("The bit of this clock.");
        self.reply_bits.next = self.reply_word.val().to_bits() >> self.position.q.val();
        self.telemetry_bits.next = self.telemetry_word.val().to_bits() >> self.position.q.val();
        self.digit.next = self.reply_bits.val().get_bit(0);
        if self.is_telemetry.q.val() {
            self.digit.next = self.telemetry_bits.val().get_bit(0);
        }
        if self.closing.q.val() {
            self.digit.next = !self.crc.low.val();
        }
        self.steps.next = (self.state.q.val() == Step::Shift)
            & (self.closing.q.val()
                | (self.is_telemetry.q.val() & self.telemetry_stands.val())
                | ((!self.is_telemetry.q.val()) & self.reply_stands.val()));
        self.crc.clear.next = self.state.q.val() == Step::Idle;
        self.crc.step.next = self.steps.val();
        self.crc.bit.next = self.digit.val();
        self.crc.plain.next = self.closing.q.val();
        comment!("In bits 19..8 of a word the count of words is loaded from the first word, later rotated and decremented.");
        self.in_length.next = (self.position.q.val().get_bit(3)
            & (!self.position.q.val().get_bit(4)))
            | (self.position.q.val().get_bit(4)
                & (!self.position.q.val().get_bit(3))
                & (!self.position.q.val().get_bit(2)));
        self.counted.next = self.left.q.val().get_bit(0);
        if self.first.q.val() {
            self.counted.next = self.digit.val();
        }
        self.difference.next = self.counted.val() ^ self.borrow.q.val();
        self.turned.next = self.left.q.val().to_bits() >> 1;
        self.pushed.next = self.gathered.q.val().to_bits() >> 1;
        if self.steps.val() {
            self.position.d.next = self.position.q.val() + 1;
            self.gathered.d.next = self.pushed.val().replace_bit(7, self.digit.val());
            if self.in_length.val() {
                self.left.d.next = self.turned.val().replace_bit(11, self.difference.val());
                self.borrow.d.next = self.borrow.q.val() & (!self.counted.val());
                self.some_left.d.next = self.some_left.q.val() | self.difference.val();
            }
        }
        self.word_ends.next = self.steps.val() & self.position.q.val().all();
        self.last_word.next = self.word_ends.val()
            & (!self.closing.q.val())
            & (!self.first.q.val())
            & (!self.some_left.q.val());
        self.reply_next.next =
            self.word_ends.val() & (!self.closing.q.val()) & (!self.is_telemetry.q.val());
        self.sent.d.next = self.last_word.val() & (!self.is_telemetry.q.val());
        self.reply_sent.next = self.sent.q.val();
        self.telemetry_next.next =
            self.word_ends.val() & (!self.closing.q.val()) & self.is_telemetry.q.val();
        self.telemetry_busy.next = (self.state.q.val() != Step::Idle)
            & (!self.closing.q.val())
            & self.is_telemetry.q.val();
        if self.word_ends.val() {
            self.first.d.next = false;
            self.borrow.d.next = true;
            self.some_left.d.next = false;
            self.ended.d.next = self.closing.q.val();
        }
        if self.last_word.val() {
            self.closing.d.next = true;
        }
        comment!("The block, ended by a zero, and its output; code and delimiter are not in it.");
        self.block.write_enable.next =
            (self.state.q.val() == Step::Put) | (self.state.q.val() == Step::Code);
        self.block.write_address.next = self.place.q.val();
        self.block.write_data.next = bit_cast::<16, 8>(self.gathered.q.val());
        self.block.read_address.next = self.place.q.val();
        self.out.next = bit_cast::<8, _>(self.block.read_data.val());
        self.inside.next = (self.state.q.val() == Step::Send) & self.out.val().any();
        self.byte_valid.next = (self.state.q.val() == Step::Code)
            | (self.state.q.val() == Step::Delimiter)
            | self.inside.val();
        self.byte.next = 0.into();
        if self.state.q.val() == Step::Code {
            self.byte.next = self.place.q.val();
        }
        if self.state.q.val() == Step::Send {
            self.byte.next = self.out.val();
        }
        match self.state.q.val() {
            Step::Idle => {
                self.first.d.next = true;
                self.closing.d.next = false;
                self.ended.d.next = false;
                self.borrow.d.next = false;
                self.is_telemetry.d.next = !self.reply.val();
                if self.reply.val() | self.telemetry.val() {
                    self.state.d.next = Step::Shift;
                }
            }
            Step::Shift => {
                if self.steps.val()
                    & self.position.q.val().get_bit(0)
                    & self.position.q.val().get_bit(1)
                    & self.position.q.val().get_bit(2)
                {
                    self.state.d.next = Step::Put;
                }
            }
            Step::Put => {
                comment!("A zero, the 254th byte or the end of the frame ends the block. A zero is written after it.");
                self.state.d.next = Step::Shift;
                self.gathered.d.next = 0.into();
                self.empty_due.d.next = !self.gathered.q.val().any();
                if self.gathered.q.val().any() {
                    self.place.d.next = self.place.q.val() + 1;
                }
                if (!self.gathered.q.val().any())
                    | self.ended.q.val()
                    | (self.place.q.val() == bits::<8>(254))
                {
                    self.state.d.next = Step::Code;
                }
            }
            Step::Code => {
                if self.byte_ready.val() {
                    self.place.d.next = 1.into();
                    self.state.d.next = Step::Fetch;
                }
            }
            Step::Fetch => self.state.d.next = Step::Send,
            Step::Send => {
                if !self.inside.val() {
                    self.place.d.next = 1.into();
                    self.empty_due.d.next = false;
                    self.state.d.next = Step::Shift;
                    if self.ended.q.val() {
                        self.state.d.next = Step::Delimiter;
                        if self.empty_due.q.val() {
                            self.state.d.next = Step::Code;
                        }
                    }
                } else if self.byte_ready.val() {
                    self.place.d.next = self.place.q.val() + 1;
                    self.state.d.next = Step::Fetch;
                }
            }
            Step::Delimiter => {
                if self.byte_ready.val() {
                    self.state.d.next = Step::Idle;
                }
            }
        }
        if self.reset.val() {
            self.state.d.next = Step::Idle;
            self.position.d.next = 0.into();
            self.place.d.next = 1.into();
        }
    }
}
