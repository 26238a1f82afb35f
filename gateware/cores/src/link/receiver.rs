//! Receiver: COBS, checksum and length of bytes; writes words into the request memory.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `byte`, `byte_valid`, `byte_ready` | in 8 + 1, out 1 | the line's bytes |
//! | `line_fault` | in, 1 | a byte was lost or wrong on the line: spoils the present frame |
//! | `word`, `word_index`, `word_write` | out, 32 + 7 + 1 | a word for the receiver's half of the request memory |
//! | `hold` | in, 1 | another write uses the memory: `word_write` waits |
//! | `request` | out, 1 | a valid request is in the memory, until `release` |
//! | `values` | out, 7 | words of it after the first three, 0 to 64, while `request` |
//! | `release` | in, 1 | the request is complete |
//! | `sound`, `damaged` | out, 1 | pulses: a frame was valid, or damaged |
//!
//! A byte takes the receiver 9 clocks, 17 if it begins a block of COBS, and 2 more if it ends a word. `byte_ready` is low
//! meanwhile, and while a request is pending. A byte withdrawn before it was accepted is lost and spoils the frame.
//!
//! The header is at index 1, nonce 2, place 3, values from 64 on, so that a value's number is the lower part of its index. The
//! checksum comes after the last word; for the longest frame it is at index 0.
//! Lengths are checked by two bits of the last index: below 64 the frame was too short, beyond 128 it is too long.
//! The count of COBS rotates bit by bit, and is decremented on the way, in parallel with the bits of the checksum.

use crate::gated::Inputs;
use crate::leaf::{Fixed, DFF};
use crate::link::crc::Crc;
use crate::word::ToWord;
use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    Ready,
    Code,
    Data,
    Store,
    End,
    Done,
}

/// Decoder of frames.
#[derive(LogicBlock, Inputs, Default)]
pub struct Receiver {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A byte of the line.
    pub byte: Signal<In, Bits<8>>,
    /// Valid.
    pub byte_valid: Signal<In, Bit>,
    /// Accepted in this clock.
    pub byte_ready: Signal<Out, Bit>,
    /// A byte was lost on the line.
    pub line_fault: Signal<In, Bit>,
    /// A word of the frame.
    pub word: Signal<Out, Bits<32>>,
    /// Place of the word.
    pub word_index: Signal<Out, Bits<7>>,
    /// The word is written in this clock.
    pub word_write: Signal<Out, Bit>,
    /// Wait: no write in this clock.
    pub hold: Signal<In, Bit>,
    /// A request is in the memory.
    pub request: Signal<Out, Bit>,
    /// Words of the request after the first three.
    pub values: Signal<Out, Bits<7>>,
    /// The request is complete.
    pub release: Signal<In, Bit>,
    /// A frame was valid.
    pub sound: Signal<Out, Bit>,
    /// A frame was damaged.
    pub damaged: Signal<Out, Bit>,
    state: DFF<Step>,
    /// The byte in work, the highest of its word.
    top: DFF<Bits<8>>,
    /// The earlier bytes of its word.
    lower: DFF<Bits<24>>,
    /// Number of the bit in the byte.
    bit_number: DFF<Bits<3>>,
    /// Number of the byte in the word.
    byte_number: DFF<Bits<2>>,
    /// Index of the last word begun.
    index: DFF<Bits<8>>,
    /// Bytes left in the block of COBS, rotating.
    left: DFF<Bits<8>>,
    borrow: DFF<Bit>,
    /// Some are left.
    some_left: DFF<Bit>,
    /// The code has had only ones so far.
    ones: DFF<Bit>,
    /// A zero precedes the next block.
    zero_due: DFF<Bit>,
    /// The frame has bytes.
    begun: DFF<Bit>,
    spoiled: DFF<Bit>,
    /// The bits of this word have equalled the checksum so far.
    closing: DFF<Bit>,
    /// A byte was valid and not accepted.
    waiting: DFF<Bit>,
    crc: Crc,
    sequence: Fixed<Bits<32>>,
    digits: Signal<Local, Bits<8>>,
    digit: Signal<Local, Bit>,
    bit_low: Signal<Local, Bits<5>>,
    byte_high: Signal<Local, Bits<5>>,
    byte_placed: Signal<Local, Bits<5>>,
    position: Signal<Local, Bits<5>>,
    expected: Signal<Local, Bits<32>>,
    agrees: Signal<Local, Bit>,
    counted: Signal<Local, Bit>,
    difference: Signal<Local, Bit>,
    turned: Signal<Local, Bits<8>>,
    last_bit: Signal<Local, Bit>,
    running: Signal<Local, Bit>,
    good: Signal<Local, Bit>,
    top_low: Signal<Local, Bits<32>>,
    top_high: Signal<Local, Bits<32>>,
    lower_wide: Signal<Local, Bits<32>>,
    whole: Signal<Local, Bits<32>>,
    values_low: Signal<Local, Bits<7>>,
    values_flag: Signal<Local, Bits<7>>,
    values_high: Signal<Local, Bits<7>>,
}

impl Receiver {
    /// A receiver of requests.
    pub fn new() -> Self {
        Self { sequence: Fixed::new(Bits::from(u64::from(Crc::closing()))), ..Default::default() }
    }
}

impl Logic for Receiver {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, state, top, lower, bit_number, byte_number, index, left, borrow,
            some_left, ones, zero_due, begun, spoiled, closing, waiting
        );
        clock!(self, clock, crc);
        self.byte_ready.next = (self.state.q.val() == Step::Ready) & (!self.reset.val());
        self.top_low.next = bit_cast::<32, 8>(self.top.q.val());
        self.top_high.next = self.top_low.val().to_bits() << 24;
        self.lower_wide.next = bit_cast::<32, 24>(self.lower.q.val());
        self.whole.next = self.top_high.val() | self.lower_wide.val();
        self.word.next = self.whole.val();
        self.word_index.next = bit_cast::<7, 7>(self.index.q.val().to_bits().get_bits::<7>(0));
        self.word_write.next = (self.state.q.val() == Step::Store) & (!self.hold.val());
        self.request.next = self.state.q.val() == Step::Done;
        comment!("Index minus 64, whose bit 6 marks the value 128.");
        self.values_low.next = bit_cast::<7, 6>(self.index.q.val().to_bits().get_bits::<6>(0));
        self.values_flag.next = bit_cast::<7, 1>(self.index.q.val().to_bits().get_bits::<1>(7));
        self.values_high.next = self.values_flag.val().to_bits() << 6;
        self.values.next = self.values_low.val() | self.values_high.val();
        comment!("The bit of this clock, and the checksum's feedback if this is its word.");
        self.digits.next = self.top.q.val().to_bits() >> self.bit_number.q.val();
        self.digit.next = self.digits.val().get_bit(0);
        self.bit_low.next = bit_cast::<5, 3>(self.bit_number.q.val());
        self.byte_high.next = bit_cast::<5, 2>(self.byte_number.q.val());
        self.byte_placed.next = self.byte_high.val().to_bits() << 3;
        self.position.next = self.bit_low.val() | self.byte_placed.val();
        self.expected.next = self.sequence.val().to_bits() >> self.position.val();
        self.crc.clear.next = (self.state.q.val() == Step::End) | self.reset.val();
        self.crc.step.next = self.state.q.val() == Step::Data;
        self.crc.bit.next = self.digit.val();
        self.crc.plain.next = false;
        self.agrees.next = !(self.crc.feedback.val() ^ self.expected.val().get_bit(0));
        comment!("The count of the block rotates once a byte, minus one for the byte; a removed zero is not counted.");
        self.running.next = (self.state.q.val() == Step::Code) | (self.state.q.val() == Step::Data);
        self.last_bit.next = self.running.val() & self.bit_number.q.val().all();
        self.counted.next = self.left.q.val().get_bit(0);
        if self.state.q.val() == Step::Code {
            self.counted.next = self.digit.val();
        }
        self.difference.next = self.counted.val() ^ self.borrow.q.val();
        self.turned.next = self.left.q.val().to_bits() >> 1;
        if self.running.val() {
            self.bit_number.d.next = self.bit_number.q.val() + 1;
            self.left.d.next = self.turned.val().replace_bit(7, self.difference.val());
            self.borrow.d.next = self.borrow.q.val() & (!self.counted.val());
            self.some_left.d.next = self.some_left.q.val() | self.difference.val();
            self.ones.d.next = self.ones.q.val() & self.digit.val();
        }
        self.good.next = self.begun.q.val()
            & (!self.some_left.q.val())
            & (!self.byte_number.q.val().any())
            & (self.index.q.val().get_bit(6) | self.index.q.val().get_bit(7))
            & self.closing.q.val()
            & (!self.spoiled.q.val());
        self.sound.next = (self.state.q.val() == Step::End) & self.good.val();
        self.damaged.next = (self.state.q.val() == Step::End)
            & (!self.good.val())
            & (self.begun.q.val() | self.spoiled.q.val());
        match self.state.q.val() {
            Step::Ready => {
                if self.byte_valid.val() {
                    self.top.d.next = self.byte.val();
                    self.borrow.d.next = true;
                    self.ones.d.next = true;
                    if self.byte.val().any() {
                        self.state.d.next = Step::Code;
                        if self.some_left.q.val() {
                            self.state.d.next = Step::Data;
                        }
                        self.some_left.d.next = false;
                        self.begun.d.next = true;
                        if !self.begun.q.val() {
                            self.index.d.next = 0.into();
                        }
                    } else {
                        self.state.d.next = Step::End;
                    }
                }
            }
            Step::Code => {
                if self.last_bit.val() {
                    self.state.d.next = Step::Ready;
                    self.zero_due.d.next = !(self.ones.q.val() & self.digit.val());
                    if self.zero_due.q.val() {
                        comment!("The zero between blocks, before the block's bytes.");
                        self.top.d.next = 0.into();
                        self.borrow.d.next = false;
                        self.some_left.d.next = false;
                        self.state.d.next = Step::Data;
                    }
                }
            }
            Step::Data => {
                self.closing.d.next =
                    (self.closing.q.val() | (!self.position.val().any())) & self.agrees.val();
                if self.last_bit.val() {
                    self.state.d.next = Step::Ready;
                    self.byte_number.d.next = self.byte_number.q.val() + 1;
                    if self.byte_number.q.val().all() {
                        self.state.d.next = Step::Store;
                    } else {
                        self.lower.d.next =
                            bit_cast::<24, 24>(self.whole.val().to_bits().get_bits::<24>(8));
                    }
                    if !self.byte_number.q.val().any() {
                        comment!("A word begins.");
                        self.index.d.next = self.index.q.val() + 1;
                        if self.index.q.val().get_bit(0)
                            & self.index.q.val().get_bit(1)
                            & (!self.index.q.val().get_bit(6))
                        {
                            self.index.d.next = 64.into();
                        }
                        if self.index.q.val().get_bit(7) {
                            self.spoiled.d.next = true;
                        }
                    }
                }
            }
            Step::Store => {
                if !self.hold.val() {
                    self.state.d.next = Step::Ready;
                }
            }
            Step::End => {
                self.state.d.next = Step::Ready;
                if self.good.val() {
                    self.state.d.next = Step::Done;
                }
                self.some_left.d.next = false;
                self.byte_number.d.next = 0.into();
                self.zero_due.d.next = false;
                self.begun.d.next = false;
                self.spoiled.d.next = false;
            }
            Step::Done => {
                if self.release.val() {
                    self.state.d.next = Step::Ready;
                }
            }
        }
        comment!("A byte withdrawn before it was accepted is lost.");
        self.waiting.d.next = self.byte_valid.val() & (self.state.q.val() != Step::Ready);
        if self.line_fault.val() | (self.waiting.q.val() & (!self.byte_valid.val())) {
            self.spoiled.d.next = true;
        }
        if self.reset.val() {
            self.state.d.next = Step::Ready;
            self.bit_number.d.next = 0.into();
            self.byte_number.d.next = 0.into();
            self.some_left.d.next = false;
            self.zero_due.d.next = false;
            self.begun.d.next = false;
            self.spoiled.d.next = false;
            self.waiting.d.next = false;
        }
    }
}
