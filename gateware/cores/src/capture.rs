//! Capture: ADC codes of every sample or of every n-th sample, in blocks of 64.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `start`, `stop` | in, 1 | starts a capture, only while not `capturing`; ends it with the codes taken so far |
//! | `samples`, `decimation` | in, 32 + 16 | codes to keep, a clock after `start`; samples from one code to the next, 0 like 1 |
//! | `adc_input`, `captured_input` | in, out, 3 | ADC input to capture; as it was at the start |
//! | `tick` | in, 1 | a sample begins |
//! | `sample` | in, 16 signed | its code, from the clock after `tick` to the next tick |
//! | `now` | in, 32 | number of samples before this one, in the two clocks after `tick` |
//! | `capturing` | out, 1 | codes are still to be taken or read |
//! | `sampling` | out, 1 | codes are still to be taken |
//! | `ready`, `codes`, `taken` | out 1 + 7, in 1 | a block is ready, with this number of codes; it has been read |
//! | `read_address`, `read_data` | in 7, out 16 | its codes at 0 to 63, its time at 64 (low half) and 65, a clock later |
//!
//! Every request takes effect a clock later. The memory has two halves: one is filled while the other waits. If the other still waits when this
//! half is full and another code arrives, this half is filled again from its beginning; the times of the blocks show the loss. This happens only if
//! jobs of the post-processor last longer than 64 codes.

use crate::gated::Inputs;
use crate::leaf::{Ram, DFF};
use crate::word::ToWord;
use rust_hdl::prelude::*;

/// Blocks of ADC codes.
#[derive(LogicBlock, Inputs, Default)]
pub struct Capture {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// Starts a capture.
    pub start: Signal<In, Bit>,
    /// Ends the capture.
    pub stop: Signal<In, Bit>,
    /// Codes to keep.
    pub samples: Signal<In, Bits<32>>,
    /// Samples from one code to the next.
    pub decimation: Signal<In, Bits<16>>,
    /// ADC input to capture.
    pub adc_input: Signal<In, Bits<3>>,
    /// ADC input of the capture in progress.
    pub captured_input: Signal<Out, Bits<3>>,
    /// A sample begins.
    pub tick: Signal<In, Bit>,
    /// ADC code of the sample, from the next clock on.
    pub sample: Signal<In, Signed<16>>,
    /// Number of samples before it.
    pub now: Signal<In, Bits<32>>,
    /// Codes are still to be taken or read.
    pub capturing: Signal<Out, Bit>,
    /// Codes are still to be taken.
    pub sampling: Signal<Out, Bit>,
    /// A block is ready.
    pub ready: Signal<Out, Bit>,
    /// Number of its codes.
    pub codes: Signal<Out, Bits<7>>,
    /// The block has been read.
    pub taken: Signal<In, Bit>,
    /// Word of the block to read.
    pub read_address: Signal<In, Bits<7>>,
    /// The word.
    pub read_data: Signal<Out, Bits<16>>,
    codes_memory: Ram<16, 8>,
    ticked: DFF<Bit>,
    starts: DFF<Bit>,
    stops: DFF<Bit>,
    left: DFF<Bits<32>>,
    phase: DFF<Bits<16>>,
    input_kept: DFF<Bits<3>>,
    /// A code is stored: two clocks, three clocks after its tick.
    keep_1: DFF<Bit>,
    keep_2: DFF<Bit>,
    /// Half being filled, and its number of codes.
    half: DFF<Bit>,
    filled: DFF<Bits<7>>,
    waiting: DFF<Bit>,
    waiting_codes: DFF<Bits<7>>,
    /// Samples were still to be taken in the previous clock.
    was_sampling: DFF<Bit>,
    keeps: Signal<Local, Bit>,
    is_first: Signal<Local, Bit>,
    hands: Signal<Local, Bit>,
    wide_read: Signal<Local, Bits<8>>,
    wide_filled: Signal<Local, Bits<8>>,
    place: Signal<Local, Bits<8>>,
    other: Signal<Local, Bit>,
    further: Signal<Local, Bits<15>>,
    rests: Signal<Local, Bit>,
}

impl Capture {
    /// With memory for two blocks.
    pub fn new() -> Self {
        Self { codes_memory: Ram::new(256), ..Default::default() }
    }
}

impl Logic for Capture {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, ticked, starts, stops, left, phase, input_kept, keep_1, keep_2, half,
            filled, waiting, waiting_codes, was_sampling
        );
        clock!(self, clock, codes_memory);
        self.capturing.next = (self.left.q.val().any()) | (self.filled.q.val().any());
        self.sampling.next = self.left.q.val().any();
        self.captured_input.next = self.input_kept.q.val();
        self.was_sampling.d.next = self.left.q.val().any();
        self.ready.next = self.waiting.q.val();
        self.codes.next = self.waiting_codes.q.val();
        self.read_data.next = self.codes_memory.read_data.val();
        self.other.next = !self.half.q.val();
        self.wide_read.next = bit_cast::<8, 7>(self.read_address.val());
        self.codes_memory.read_address.next = self.wide_read.val().replace_bit(7, self.other.val());
        self.ticked.d.next = self.tick.val();
        self.starts.d.next = self.start.val();
        self.stops.d.next = self.stop.val();
        comment!("Selection of samples.");
        self.further.next = self.phase.q.val().to_bits().get_bits::<15>(1);
        self.rests.next = !self.further.val().any();
        self.keeps.next = self.ticked.q.val() & (self.left.q.val().any()) & self.rests.val();
        self.keep_1.d.next = self.keeps.val();
        self.keep_2.d.next = self.keep_1.q.val();
        comment!("The phase counts down from the decimation to 1; 0 at the start, and for a decimation of 0.");
        if self.ticked.q.val() & (self.left.q.val().any()) {
            self.phase.d.next = self.phase.q.val() - 1;
            if self.rests.val() {
                self.left.d.next = self.left.q.val() - 1;
                self.phase.d.next = self.decimation.val();
            }
        }
        comment!("The time of the first code is stored before it: low half, then high half.");
        self.is_first.next = (!self.filled.q.val().any()) | (self.filled.q.val().get_bit(6));
        self.wide_filled.next = bit_cast::<8, 7>(self.filled.q.val());
        self.place.next = self.wide_filled.val();
        self.codes_memory.write_enable.next = self.keep_2.q.val();
        self.codes_memory.write_data.next = unsigned_cast(self.sample.val());
        if self.keeps.val() {
            self.codes_memory.write_enable.next = self.is_first.val();
            self.place.next = 64.into();
            self.codes_memory.write_data.next = bit_cast::<16, _>(self.now.val());
            if self.filled.q.val().get_bit(6) {
                self.filled.d.next = 0.into();
            }
        }
        if self.keep_1.q.val() {
            self.codes_memory.write_enable.next = self.is_first.val();
            self.place.next = 65.into();
            self.codes_memory.write_data.next = self.now.val().to_bits().get_bits::<16>(16);
        }
        self.codes_memory.write_address.next = self.place.val().replace_bit(7, self.half.q.val());
        if self.keep_2.q.val() {
            self.filled.d.next = self.filled.q.val() + 1;
        }
        comment!("A block is ready when it is full, or when no more codes follow.");
        if self.taken.val() {
            self.waiting.d.next = false;
        }
        self.hands.next = ((self.filled.q.val().get_bit(6))
            | ((self.filled.q.val().any()) & (!self.was_sampling.q.val())))
            & (!self.ticked.q.val())
            & (!self.keep_1.q.val())
            & (!self.keep_2.q.val())
            & (!self.waiting.q.val());
        if self.hands.val() {
            self.waiting.d.next = true;
            self.waiting_codes.d.next = self.filled.q.val();
            self.half.d.next = self.other.val();
            self.filled.d.next = 0.into();
        }
        comment!("Commands: a tick in the same clock comes first.");
        if self.stops.q.val() {
            self.left.d.next = 0.into();
        }
        if self.starts.q.val() {
            self.left.d.next = self.samples.val();
            self.phase.d.next = 0.into();
            self.input_kept.d.next = self.adc_input.val();
        }
        if self.reset.val() {
            self.ticked.d.next = false;
            self.starts.d.next = false;
            self.stops.d.next = false;
            self.left.d.next = 0.into();
            self.keep_1.d.next = false;
            self.keep_2.d.next = false;
            self.filled.d.next = 0.into();
            self.half.d.next = false;
            self.waiting.d.next = false;
        }
    }
}
