//! Link: decodes frames, executes requests, sends replies and telemetry (docs/protocol.md). The line is separate.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `rx_byte`, `rx_valid`, `rx_ready`, `rx_fault` | in 8 + 1, out 1, in 1 | bytes from the host; one was lost or wrong on the line |
//! | `tx_byte`, `tx_valid`, `tx_ready` | out 8 + 1, in 1 | bytes to the host |
//! | `address`, `data`, `is_write`, `bus_request` | out, 16 + 32 + 1 + 1 | request for a register; held until `answered` |
//! | `answered`, `value`, `refusal` | in, 1 + 32 + 3 | its value; the status of the reply, 0 if allowed |
//! | `write` | out, 1 | pulse after `answered` with refusal 0: `data` is written |
//! | `heard`, `sound`, `damaged` | out, 1 | pulses: a valid frame of the session, a valid frame, a damaged one |
//! | `resting` | out, 1 | nothing is being received, executed or sent, and nothing is pending |
//! | `words`, `fits`, `begin`, `number`, `word`, `word_write`, `commit` | | frames of telemetry, as in [`crate::telemetry`] |
//! | `mark`, `repeat`, `can_repeat`, `half_full`, `frames`, `frames_lost` | | likewise |
//!
//! | file | function |
//! |---|---|
//! | [`receiver`] | COBS, checksum, words |
//! | [`processor`] | sessions, requests, replies |
//! | [`sender`] | words, checksum, COBS |
//! | [`crc`] | the checksum |
//! | [`uart_receiver`], [`uart_transmitter`] | the line, as a UART |
//! | [`ft245`] | the line, as the FIFO of an FTDI bridge |
//! | [`line`] | which of them |
//!
//! The request memory has two halves of 128 words, one with the last reply and one for the next request. With late memories its words are
//! copied into a register, and processor and sender wait a clock for them: bus_request-up tables would take 560 LUT4 and 80
//! small memories more of an ECP5, in its longest paths.

pub mod crc;
pub mod ft245;
pub mod line;
pub mod processor;
pub mod receiver;
pub mod sender;
pub mod uart_receiver;
pub mod uart_transmitter;

use crate::gated::{Gated, Inputs};
use crate::leaf::{memories_are_late, Fixed, Ram, DFF};
use crate::telemetry::Telemetry;
use hge_protocol::Parameters;
use processor::Processor;
use receiver::Receiver;
use rust_hdl::prelude::*;
use sender::Sender;

/// Words of the request memory: two halves, each for a body of 67 words and its checksum.
const REQUEST_MEMORY_WORDS: usize = 256;

/// The link.
#[derive(LogicBlock, Inputs, Default)]
pub struct Link {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A byte from the host.
    pub rx_byte: Signal<In, Bits<8>>,
    /// Valid.
    pub rx_valid: Signal<In, Bit>,
    /// Accepted in this clock.
    pub rx_ready: Signal<Out, Bit>,
    /// A byte was lost on the line.
    pub rx_fault: Signal<In, Bit>,
    /// A byte to the host.
    pub tx_byte: Signal<Out, Bits<8>>,
    /// Valid.
    pub tx_valid: Signal<Out, Bit>,
    /// Accepted in this clock.
    pub tx_ready: Signal<In, Bit>,
    /// Address of a register.
    pub address: Signal<Out, Bits<16>>,
    /// Value to write.
    pub data: Signal<Out, Bits<32>>,
    /// Write it.
    pub is_write: Signal<Out, Bit>,
    /// Request: address, data and direction are valid.
    pub bus_request: Signal<Out, Bit>,
    /// Reply valid.
    pub answered: Signal<In, Bit>,
    /// Value of the reply.
    pub value: Signal<In, Bits<32>>,
    /// Status of the refusal.
    pub refusal: Signal<In, Bits<3>>,
    /// Write strobe.
    pub write: Signal<Out, Bit>,
    /// A valid frame with the session's nonce.
    pub heard: Signal<Out, Bit>,
    /// A frame was valid.
    pub sound: Signal<Out, Bit>,
    /// A frame was damaged.
    pub damaged: Signal<Out, Bit>,
    /// Idle.
    pub resting: Signal<Out, Bit>,
    /// Words of the next frame.
    pub words: Signal<In, Bits<11>>,
    /// The frame fits.
    pub fits: Signal<Out, Bit>,
    /// Begin of the frame.
    pub begin: Signal<In, Bit>,
    /// Number of the frame.
    pub number: Signal<Out, Bits<32>>,
    /// A word of it.
    pub word: Signal<In, Bits<32>>,
    /// Valid.
    pub word_write: Signal<In, Bit>,
    /// End of the frame.
    pub commit: Signal<In, Bit>,
    /// Mark: the last epoch begins here.
    pub mark: Signal<In, Bit>,
    /// Repeat from the mark.
    pub repeat: Signal<In, Bit>,
    /// The mark is still in memory.
    pub can_repeat: Signal<Out, Bit>,
    /// More than half of the memory is used.
    pub half_full: Signal<Out, Bit>,
    /// Number of the next frame.
    pub frames: Signal<Out, Bits<32>>,
    /// Frames that did not fit.
    pub frames_lost: Signal<Out, Bits<32>>,
    receiver: Gated<Receiver>,
    processor: Gated<Processor>,
    sender: Gated<Sender>,
    telemetry: Gated<Telemetry>,
    requests: Ram<32, 8>,
    /// The word, a clock later.
    copy: DFF<Bits<32>>,
    /// Late memories: the word is used from the register.
    is_late: Fixed<Bit>,
    request_word: Signal<Local, Bits<32>>,
    received_place: Signal<Local, Bits<8>>,
    other_half: Signal<Local, Bit>,
}

impl Link {
    /// For a gateware with `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            receiver: Receiver::new().into(),
            sender: Sender::new().at_clock(parameters.clock_hz).into(),
            telemetry: Telemetry::new(parameters).into(),
            processor: Processor::default().at_clock(parameters.clock_hz).into(),
            requests: Ram::new(REQUEST_MEMORY_WORDS),
            is_late: Fixed::new(memories_are_late(parameters.clock_hz)),
            ..Default::default()
        }
    }
}

impl Logic for Link {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, copy);
        clock!(self, clock, receiver, processor, sender, telemetry, requests);
        self.receiver.reset.next = self.reset.val();
        self.processor.reset.next = self.reset.val();
        self.sender.reset.next = self.reset.val();
        self.telemetry.reset.next = self.reset.val();
        comment!("Bytes of the line go into the half without the last reply.");
        self.receiver.byte.next = self.rx_byte.val();
        self.receiver.byte_valid.next = self.rx_valid.val();
        self.rx_ready.next = self.receiver.byte_ready.val();
        self.receiver.line_fault.next = self.rx_fault.val();
        self.receiver.hold.next = self.processor.put.val();
        self.receiver.release.next = self.processor.release.val();
        self.sound.next = self.receiver.sound.val();
        self.damaged.next = self.receiver.damaged.val();
        self.processor.request.next = self.receiver.request.val();
        self.processor.values.next = self.receiver.values.val();
        self.other_half.next = !self.processor.kept.val();
        self.received_place.next = bit_cast::<8, 7>(self.receiver.word_index.val());
        self.requests.write_enable.next = self.processor.put.val() | self.receiver.word_write.val();
        self.requests.write_address.next =
            self.received_place.val().replace_bit(7, self.other_half.val());
        self.requests.write_data.next = self.receiver.word.val();
        if self.processor.put.val() {
            self.requests.write_address.next = self.processor.index.val();
            self.requests.write_data.next = self.processor.put_data.val();
        }
        self.requests.read_address.next = self.processor.index.val();
        self.copy.d.next = self.requests.read_data.val();
        self.request_word.next = self.requests.read_data.val();
        if self.is_late.val() {
            self.request_word.next = self.copy.q.val();
        }
        self.processor.read_data.next = self.request_word.val();
        self.resting.next = self.receiver.byte_ready.val()
            & self.processor.idle.val()
            & self.sender.idle.val()
            & (!self.telemetry.waits.val());
        comment!("The registers.");
        self.address.next = self.processor.address.val();
        self.data.next = self.processor.data.val();
        self.is_write.next = self.processor.is_write.val();
        self.bus_request.next = self.processor.bus_request.val();
        self.processor.answered.next = self.answered.val();
        self.processor.value.next = self.value.val();
        self.processor.refusal.next = self.refusal.val();
        self.write.next = self.processor.write.val();
        self.heard.next = self.processor.heard.val();
        comment!("Replies and telemetry onto the line.");
        self.sender.reply.next = self.processor.reply.val();
        self.sender.reply_stands.next = self.processor.reply_stands.val();
        self.sender.reply_word.next = self.request_word.val();
        self.processor.reply_next.next = self.sender.reply_next.val();
        self.processor.reply_sent.next = self.sender.reply_sent.val();
        comment!("A request in progress sends its reply before the frames that it repeats.");
        self.sender.telemetry.next = self.telemetry.waits.val() & self.processor.idle.val();
        self.sender.telemetry_word.next = self.telemetry.read_word.val();
        self.sender.telemetry_stands.next = self.telemetry.stands.val();
        self.telemetry.taken.next = self.sender.telemetry_next.val();
        self.telemetry.busy.next = self.sender.telemetry_busy.val();
        self.tx_byte.next = self.sender.byte.val();
        self.tx_valid.next = self.sender.byte_valid.val();
        self.sender.byte_ready.next = self.tx_ready.val();
        comment!("The recorder's side of the ring.");
        self.telemetry.words.next = self.words.val();
        self.fits.next = self.telemetry.fits.val();
        self.telemetry.begin.next = self.begin.val();
        self.number.next = self.telemetry.number.val();
        self.telemetry.word.next = self.word.val();
        self.telemetry.word_write.next = self.word_write.val();
        self.telemetry.commit.next = self.commit.val();
        self.telemetry.mark.next = self.mark.val();
        self.telemetry.repeat.next = self.repeat.val();
        self.can_repeat.next = self.telemetry.can_repeat.val();
        self.half_full.next = self.telemetry.half_full.val();
        self.frames.next = self.telemetry.frames.val();
        self.frames_lost.next = self.telemetry.frames_lost.val();
    }
}
