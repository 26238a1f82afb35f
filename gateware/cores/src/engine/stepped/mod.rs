//! Stepped slot scan: one adder, one multiplier and one memory of 16-bit words process the slots sequentially.
//!
//! Ports are those of [`super::Engine`]. A scan begins when the output scan has ended, with eight steps for the window
//! statistics, and takes sixteen clocks a slot: a step reads a word, and the next clock processes and writes it. Each further input repeats the
//! eight steps of the window statistics, and steps 10 to 15 of every slot.
//!
//! | step | reads | operation |
//! |---|---|---|
//! | 0 | routing word, upper half | held: start phase, output, whether it drives, whether the tone is on |
//! | 1 | phase, upper half | its top twelve bits address the sine table |
//! | 2, 3 | tuning, phase, lower halves | sum, written |
//! | 4, 5 | tuning, phase, upper halves | sum, written; a wrap passes the gate to the tone |
//! | 6 | amplitude | times sine; the routing word is written with the state of the tone |
//! | 7 | amplitude | the same: the product is needed for two steps |
//! | 8, 9 | tone so far | plus product; written there, or as the output's tone with the last slot |
//! | 10 to 12 | in-phase sum | plus sample times sine |
//! | 13 to 15 | quadrature sum | plus sample times cosine |
//! | 8, 9 before slot 0 | sum of the window's first half | plus sample |
//! | 10, 11 | sum of its second half | plus sample |
//! | 12, 13 | least, greatest sample | the sample, if it is less, or not less |
//!
//! Operands enter the multiplier two clocks before their product is added. Memory: 16 words a slot, numbered by the step that
//! reads them first; after the slots 16 words for the window statistics, with the same numbers; then two for the tone of every output. Every input has
//! such a section, a power of two of words; those after the first hold sums and window statistics alone.
//! The modulator reads the tones before the slot scan overwrites them, so that one bank suffices.
//!
//! Widths are those of [`Nco`](crate::nco), [`Lockin`](crate::lockin), [`ToneMixer`](crate::tone_mixer) and [`WindowStatistics`](crate::window_statistics), which
//! give the same results, with carries from word to word.

mod kernel;
mod wave;

use super::{input_mask, input_numbers, per_input};
use crate::leaf::{Adder, Fixed, Multiplier, Ram, DFF};
use hge_protocol::Parameters;
use rust_hdl::prelude::*;
use wave::Wave;

/// Words of a slot, and of the window statistics.
const BLOCK_WORDS: u32 = 16;

/// One adder for all slots.
#[derive(LogicBlock, Default)]
pub struct Stepped {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub begin: Signal<In, Bit>,
    /// The output scan of this sample has ended.
    pub outputs_done: Signal<In, Bit>,
    /// The slot scan runs in this sample.
    pub tones: Signal<In, Bit>,
    /// Phases restart.
    pub restart: Signal<In, Bit>,
    /// Tones may continue past their next zero crossing.
    pub gate: Signal<In, Bit>,
    /// The sample belongs to the window.
    pub take: Signal<In, Bit>,
    /// The sample is the first of the window.
    pub first: Signal<In, Bit>,
    /// The sample belongs to the window's second half.
    pub second_half: Signal<In, Bit>,
    /// ADC code of every input in this sample.
    pub samples: Vec<Signal<In, Signed<16>>>,
    /// Input of a lock-in with codes; unused here.
    pub signal: Signal<In, Signed<16>>,
    /// Slots in use.
    pub slots_used: Signal<In, Bits<9>>,
    /// Sets a tuning word.
    pub tuning_write: Signal<In, Bit>,
    /// Sets a routing word.
    pub slot_write: Signal<In, Bit>,
    /// Sets the row of a chip; unused here.
    pub code_write: Signal<In, Bit>,
    /// Slot to set.
    pub slot_index: Signal<In, Bits<8>>,
    /// The word.
    pub slot_data: Signal<In, Bits<32>>,
    /// Output whose tone is read.
    pub read_output: Signal<In, Bits<6>>,
    /// Tone of the previous sample at that output, in the sixth of its eight clocks.
    pub tone: Signal<Out, Signed<32>>,
    /// Slot of the reference pin; unused here.
    pub shown_slot: Signal<In, Bits<8>>,
    /// A slot's sine is valid.
    pub sine_valid: Signal<Out, Bit>,
    /// Slot of the sine.
    pub sine_slot: Signal<Out, Bits<8>>,
    /// The sine, Q1.15.
    pub sine: Signal<Out, Signed<16>>,
    /// Some driving tone is on in the next sample.
    pub sounding: Signal<Out, Bit>,
    /// Read request.
    pub read: Signal<In, Bit>,
    /// Slot of the request.
    pub read_slot: Signal<In, Bits<8>>,
    /// Input of the request.
    pub read_input: Signal<In, Bits<3>>,
    /// Word of the request, see [`super::word`].
    pub read_word: Signal<In, Bits<5>>,
    /// Valid.
    pub read_ready: Signal<Out, Bit>,
    /// The word.
    pub read_data: Signal<Out, Bits<16>>,
    memory: Ram<16, 13>,
    wave: Wave,
    multiply: Multiplier,
    adder: Adder,
    /// The output scan is in progress.
    outputs: DFF<Bit>,
    /// The slot scan is in progress; its window statistics are.
    running: DFF<Bit>,
    in_statistics: DFF<Bit>,
    slot: DFF<Bits<9>>,
    /// Input of the step; and of the operands that enter the multiplier.
    input_at: DFF<Bits<3>>,
    input_multiplied: DFF<Bits<3>>,
    /// Step of the slot; before that, clock of the output scan.
    step: DFF<Bits<4>>,
    /// The requested word is valid.
    is_found: DFF<Bit>,
    /// The second clock of a step: source of the word, and operation.
    at: DFF<Bits<13>>,
    holds_route: DFF<Bit>,
    turns: DFF<Bit>,
    holds_word: DFF<Bit>,
    flags: DFF<Bit>,
    sounds_out: DFF<Bit>,
    amplifies: DFF<Bit>,
    with_cosine: DFF<Bit>,
    chains: DFF<Bit>,
    clears: DFF<Bit>,
    restarts: DFF<Bit>,
    adds_high: DFF<Bit>,
    adds_own: DFF<Bit>,
    fills: DFF<Bit>,
    fills_product: DFF<Bit>,
    fills_own: DFF<Bit>,
    writes: DFF<Bit>,
    writes_tone: DFF<Bit>,
    writes_lesser: DFF<Bit>,
    writes_greater: DFF<Bit>,
    /// Upper half of the routing word: bits 7..0 start phase, 12..8 output, 13 the tone is on, 14 it drives, 15 last of its output.
    route: DFF<Bits<16>>,
    /// Tuning, or the sample.
    word: DFF<Bits<16>>,
    angle: DFF<Bits<12>>,
    carry: DFF<Bit>,
    /// The slot is the scan's first; the first of its output.
    begun: DFF<Bit>,
    opens: DFF<Bit>,
    sounds: DFF<Bit>,
    /// Lower half of a tone, for the modulator.
    low_tone: DFF<Bits<16>>,
    /// The host's word is written in two clocks.
    put_high: DFF<Bit>,
    put_low: DFF<Bit>,
    puts_tuning: DFF<Bit>,
    /// First address of the window statistics, and of the tones.
    common: Fixed<Bits<13>>,
    tone_base: Fixed<Bits<13>>,
    /// Section of every input in the memory, and its number.
    sections: Vec<Fixed<Bits<13>>>,
    numbers: Vec<Fixed<Bits<3>>>,
    input_mask: Fixed<Bits<3>>,
    last_input: Fixed<Bits<3>>,
    next_slot: Signal<Local, Bits<9>>,
    next_input: Signal<Local, Bits<3>>,
    input_after: Signal<Local, Bits<3>>,
    is_last_input: Signal<Local, Bit>,
    addressed_input: Signal<Local, Bits<3>>,
    section: Signal<Local, Bits<13>>,
    sample: Signal<Local, Signed<16>>,
    multiplied: Signal<Local, Signed<16>>,
    further: Signal<Local, Bits<16>>,
    ends: Signal<Local, Bit>,
    reads_tone: Signal<Local, Bit>,
    in_common: Signal<Local, Bit>,
    read_free: Signal<Local, Bit>,
    place: Signal<Local, Bits<4>>,
    place_wide: Signal<Local, Bits<13>>,
    block: Signal<Local, Bits<9>>,
    block_wide: Signal<Local, Bits<13>>,
    block_at: Signal<Local, Bits<13>>,
    address: Signal<Local, Bits<13>>,
    tone_wide: Signal<Local, Bits<13>>,
    tone_placed: Signal<Local, Bits<13>>,
    tone_high: Signal<Local, Bit>,
    tone_word: Signal<Local, Bits<13>>,
    made_wide: Signal<Local, Bits<13>>,
    made_placed: Signal<Local, Bits<13>>,
    made_high: Signal<Local, Bit>,
    made_word: Signal<Local, Bits<13>>,
    put_place: Signal<Local, Bits<13>>,
    put_wide: Signal<Local, Bits<13>>,
    put_block: Signal<Local, Bits<13>>,
    flag_block: Signal<Local, Bits<13>>,
    flag_at: Signal<Local, Bits<13>>,
    started: Signal<Local, Bit>,
    sounds_now: Signal<Local, Bit>,
    sounds_next: Signal<Local, Bit>,
    drives_now: Signal<Local, Bit>,
    start: Signal<Local, Bits<8>>,
    start_wide: Signal<Local, Bits<16>>,
    start_placed: Signal<Local, Bits<16>>,
    phase: Signal<Local, Bits<16>>,
    amplitude: Signal<Local, Bits<16>>,
    product: Signal<Local, Bits<32>>,
    found: Signal<Local, Signed<16>>,
    is_less: Signal<Local, Bit>,
    fill: Signal<Local, Bit>,
    flagged: Signal<Local, Bits<16>>,
    tone_raw: Signal<Local, Bits<32>>,
    tone_top: Signal<Local, Bits<32>>,
    tone_low: Signal<Local, Bits<32>>,
    tone_bits: Signal<Local, Bits<32>>,
}

impl Stepped {
    /// For the slots and outputs of `parameters`.
    pub fn new(parameters: &Parameters) -> Self {
        let tone_words = 2 * parameters.outputs.next_power_of_two().max(8);
        let common = BLOCK_WORDS * parameters.slots;
        let tone_base = (common + BLOCK_WORDS).next_multiple_of(tone_words);
        let section = (tone_base + tone_words).next_power_of_two();
        let words = match parameters.inputs {
            1 => tone_base + tone_words,
            inputs => inputs * section,
        };
        Self {
            memory: Ram::new(words as usize),
            common: Fixed::new(Bits::from(u64::from(common))),
            tone_base: Fixed::new(Bits::from(u64::from(tone_base))),
            samples: per_input(parameters, |_| Signal::default()),
            sections: per_input(parameters, |input| {
                Fixed::new(Bits::from(u64::from(input * section)))
            }),
            numbers: input_numbers(parameters),
            input_mask: input_mask(parameters),
            last_input: Fixed::new(Bits::from(u64::from(parameters.inputs - 1))),
            ..Default::default()
        }
    }
}
