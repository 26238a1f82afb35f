//! Request processor: sessions, requests, replies (docs/protocol.md).
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `request`, `values`, `release` | in 1 + 7, out 1 | a request is in the half that is not `kept`; it is complete |
//! | `kept` | out, 1 | half of the request memory that holds the last reply |
//! | `index`, `read_data` | out 8, in 32 | a word of the request memory, a clock later, two clocks with late memories |
//! | `put`, `put_data` | out, 1 + 32 | writes the word at `index`, with priority |
//! | `address`, `data`, `is_write` | out, 16 + 32 + 1 | request for a register |
//! | `bus_request` | out, 1 | the request is valid; high until `answered`, then low for three clocks or more |
//! | `answered`, `value`, `refusal` | in, 1 + 32 + 3 | its value, and the status of the reply: 0 if allowed |
//! | `write` | out, 1 | pulse, two clocks or less after `answered` with refusal 0: write |
//! | `reply`, `reply_stands` | out, 1 + 1 | reply pending; its present word is at `read_data`, without late memories in the next clock |
//! | `reply_next`, `reply_sent` | in, 1 + 1 | advance to its next word; the last one has been sent |
//! | `heard` | out, 1 | pulse: a valid frame with the session's nonce |
//! | `idle` | out, 1 | no request is in progress |
//!
//! 19 clocks from `request` to the decision, then for each register 5 and those of the bus, then 2. With late memories 27, and 6 for each register:
//! one clock more for the second word of a comparison and for a header. The request is released a clock after the decision.
//!
//! Nonce and last sequence number are stored only in the last reply, with which every request is compared, sixteen bits
//! at a time, in the register that later holds the address. A reply overwrites its request, value by value: `kept`
//! changes when a request is executed, and the other half receives the next one. Only a reply to another session is made in
//! the other half, which is released when the reply has been sent.

mod kernel;

use crate::gated::Inputs;
use crate::leaf::{memories_are_late, Fixed, DFF};
use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    Idle,
    Check,
    Match,
    Fetch,
    Place,
    Form,
    Access,
    Carry,
    Count,
    Header,
    Send,
}

/// Executes requests.
#[derive(LogicBlock, Inputs, Default)]
pub struct Processor {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A request is in the memory.
    pub request: Signal<In, Bit>,
    /// Words of the request after the first three.
    pub values: Signal<In, Bits<7>>,
    /// The request is complete.
    pub release: Signal<Out, Bit>,
    /// Half of the memory with the last reply.
    pub kept: Signal<Out, Bit>,
    /// Word of the memory to read or write: half 7, index 6..0.
    pub index: Signal<Out, Bits<8>>,
    /// The word of the previous clock, or of the one before with late memories.
    pub read_data: Signal<In, Bits<32>>,
    /// Writes a word.
    pub put: Signal<Out, Bit>,
    /// The word.
    pub put_data: Signal<Out, Bits<32>>,
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
    /// Reply pending.
    pub reply: Signal<Out, Bit>,
    /// The reply's present word is valid.
    pub reply_stands: Signal<Out, Bit>,
    /// Advance to the reply's next word.
    pub reply_next: Signal<In, Bit>,
    /// All words have been sent.
    pub reply_sent: Signal<In, Bit>,
    /// A valid frame with the session's nonce.
    pub heard: Signal<Out, Bit>,
    /// No request is in progress.
    pub idle: Signal<Out, Bit>,
    /// Late memories: words arrive a clock later.
    is_late: Fixed<Bit>,
    state: DFF<Step>,
    /// The address was valid in the previous clock.
    waited: DFF<Bit>,
    /// The address of the reply's word was valid in the previous clock and in the one before.
    shown: DFF<Bit>,
    stands: DFF<Bit>,
    /// The request is complete.
    releases: DFF<Bit>,
    /// The register is written in this clock.
    carries: DFF<Bit>,
    /// In `Match` clock 0, bank 1, what is compared 3..2; in `Send` the number of a word before the values, 4 among them.
    step: DFF<Bits<4>>,
    /// Registers done, and the number of the value in the request.
    count: DFF<Bits<7>>,
    held: DFF<Bits<16>>,
    is_hello: DFF<Bit>,
    writes: DFF<Bit>,
    /// Operation and lengths are valid.
    sane: DFF<Bit>,
    /// The nonce is not the session's.
    foreign: DFF<Bit>,
    /// The sequence number is the last one.
    same: DFF<Bit>,
    /// There is a session.
    session: DFF<Bit>,
    bank: DFF<Bit>,
    /// Uses the half that is not kept.
    aside: DFF<Bit>,
    status: DFF<Bits<3>>,
    ready: Signal<Local, Bit>,
    shows: Signal<Local, Bit>,
    other: Signal<Local, Bit>,
    low_half: Signal<Local, Bits<16>>,
    high_half: Signal<Local, Bits<16>>,
    half: Signal<Local, Bits<16>>,
    count_wide: Signal<Local, Bits<16>>,
    moved: Signal<Local, Bits<16>>,
    equal: Signal<Local, Bit>,
    operation: Signal<Local, Bits<8>>,
    length: Signal<Local, Bits<16>>,
    number: Signal<Local, Bits<8>>,
    number_short: Signal<Local, Bits<7>>,
    number_low: Signal<Local, Bits<6>>,
    values_wide: Signal<Local, Bits<16>>,
    following: Signal<Local, Bits<16>>,
    values_byte: Signal<Local, Bits<8>>,
    some: Signal<Local, Bit>,
    counts_agree: Signal<Local, Bit>,
    agrees: Signal<Local, Bit>,
    decides: Signal<Local, Bit>,
    known: Signal<Local, Bit>,
    begins: Signal<Local, Bit>,
    place: Signal<Local, Bits<8>>,
    value_place: Signal<Local, Bits<8>>,
    read_half: Signal<Local, Bit>,
    in_values: Signal<Local, Bit>,
    reply_words: Signal<Local, Bits<32>>,
    reply_length: Signal<Local, Bits<32>>,
    reply_placed: Signal<Local, Bits<32>>,
    status_wide: Signal<Local, Bits<32>>,
    status_placed: Signal<Local, Bits<32>>,
    header_low: Signal<Local, Bits<32>>,
}

impl Processor {
    /// For a clock of `clock_hz`.
    pub fn at_clock(mut self, clock_hz: u32) -> Self {
        self.is_late = Fixed::new(memories_are_late(clock_hz));
        self
    }
}
