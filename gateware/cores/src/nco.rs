//! Numerically controlled oscillator: a phase accumulator for each slot, and one sine table for all of them.
//!
//! A slot enters with `valid`; its sine and cosine appear seven clocks later. A slot may enter in every clock, the same slot
//! again after 7 clocks.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `valid`, `slot` | in, 1 + 8 | a slot enters |
//! | `restart` | in, 1 | with `valid`: the phase begins at the slot's start phase |
//! | `gate` | in, 1 | tones may continue past their next zero crossing |
//! | `start_write`, `start_slot` | in, 1 + 8 | writes start phase and kind of a slot; not while slots enter |
//! | `start_data`, `start_code` | in, 8 + 1 | start phase in 1/256 turn, or number of the slot's code |
//! | `tuning_write`, `tuning_slot`, `tuning_data` | in, 1 + 8 + 32 | writes a tuning word, 2^-32 turn a sample |
//! | `code_write`, `code_chip`, `code_row` | in, 1 + 8 + 8 | writes the row of a chip; not while slots enter |
//! | `sine`, `cosine` | out, 16 signed | Q1.15, peak 32767; seven clocks after entry |
//! | `active` | out, 1 | the tone is on in this sample; seven clocks after entry |
//! | `next_valid`, `next_active` | out, 1 + 1 | a slot entered five clocks ago; its tone is on in the next sample |
//!
//! Latency: 2 clocks for the memories, 1 for the restart, 2 for the table (1 for the addition and 1 for the gate beside them), 1 for the octant, 1 for the sign.
//!
//! Phase and table: the accumulator has 32 bits; its top 12 bits, truncated, address the wave. Entry e of the quarter wave
//! is round(32767 sin((e + 1/2) pi / 2048)), e from 0 to 1023: sampled at half steps, so that the four quadrants mirror
//! each other and whole periods sum to zero. Entries e and 1023 - e, sine and cosine of one octant, form a pair in one
//! memory word: one read port serves both outputs. The output phase is the one before the addition.
//!
//! Memory: 32 bits a slot of phase; 16 of slot state (7..0 start phase or number of the code, 8 the tone is on, 9 the slot has
//! a code, 15..10 last samples of the code); 32 of tuning word; a table of 512 x 30 bits; with codes 256 rows of 8 bits.
//!
//! Codes: the top 8 bits of the phase are the chip. The code is low where the chip's row AND the code's number have an odd
//! number of ones. It is on while `gate` is high. Its cosine output is the code of `loop latency` samples ago: of the last
//! samples the newest enters the slot state at the bit of that latency and the oldest leaves at bit 10. A restart clears them,
//! so the cosine is right that number of samples after it. The phase is written back in clock 4, the slot state in clock 6, where the newest
//! sample is known.
//!
//! Clock: the memories have output registers, and no path has more than one addition of 33 bits or two look-up tables.

mod kernel;

use crate::gated::Inputs;
use crate::leaf::{Adder, Fixed, Ram, Rom, DFF};
use hge_protocol::number::quarter_wave;
use hge_protocol::table::CHIPS;
use rust_hdl::prelude::*;

/// Phase accumulators, sine table and tone gates of all slots.
#[derive(LogicBlock, Inputs, Default)]
pub struct Nco {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// A slot enters.
    pub valid: Signal<In, Bit>,
    /// Slot that enters.
    pub slot: Signal<In, Bits<8>>,
    /// Phases restart at the start phase.
    pub restart: Signal<In, Bit>,
    /// Tones may continue past their next zero crossing.
    pub gate: Signal<In, Bit>,
    /// Sets a start phase.
    pub start_write: Signal<In, Bit>,
    /// Slot whose start phase is set.
    pub start_slot: Signal<In, Bits<8>>,
    /// The start phase, 1/256 turn, or the code's number.
    pub start_data: Signal<In, Bits<8>>,
    /// The slot carries a code.
    pub start_code: Signal<In, Bit>,
    /// Sets a tuning word.
    pub tuning_write: Signal<In, Bit>,
    /// Slot whose tuning word is set.
    pub tuning_slot: Signal<In, Bits<8>>,
    /// The tuning word, 2^-32 turn a sample.
    pub tuning_data: Signal<In, Bits<32>>,
    /// Sets the row of a chip.
    pub code_write: Signal<In, Bit>,
    /// The chip.
    pub code_chip: Signal<In, Bits<8>>,
    /// Row of the chip.
    pub code_row: Signal<In, Bits<8>>,
    /// Sine of the slot that entered seven clocks ago, Q1.15.
    pub sine: Signal<Out, Signed<16>>,
    /// Cosine of that slot, Q1.15.
    pub cosine: Signal<Out, Signed<16>>,
    /// The tone of that slot is on in this sample.
    pub active: Signal<Out, Bit>,
    /// A slot entered five clocks ago.
    pub next_valid: Signal<Out, Bit>,
    /// The tone of the slot that entered five clocks ago is on in the next sample.
    pub next_active: Signal<Out, Bit>,
    /// Phase of every slot.
    phases: Ram<32, 8>,
    /// Start phase or code number in bits 7..0, tone on in 8, code in 9, and in 15..10 that code in the last
    /// samples.
    states: Ram<16, 8>,
    /// Tuning word of every slot.
    tunings: Ram<32, 8>,
    /// Pairs of quarter-wave entries: entry e in bits 14..0, entry 1023 - e in bits 29..15.
    waves: Rom<30, 9>,
    /// Rows of the codes' chips.
    codes: Ram<16, 8>,
    /// Slots may carry codes.
    has_codes: Fixed<Bit>,
    /// The bit of the shift register at which a code's newest sample enters: the loop's latency in samples.
    newest: Fixed<Bits<6>>,
    /// Tags, by the clocks after entry.
    valid_1: DFF<Bit>,
    slot_1: DFF<Bits<8>>,
    restart_1: DFF<Bit>,
    gate_1: DFF<Bit>,
    valid_2: DFF<Bit>,
    slot_2: DFF<Bits<8>>,
    restart_2: DFF<Bit>,
    gate_2: DFF<Bit>,
    valid_3: DFF<Bit>,
    slot_3: DFF<Bits<8>>,
    gate_3: DFF<Bit>,
    /// Phase of this sample, and whether the tone is on in it.
    phase_3: DFF<Bits<32>>,
    sounds_3: DFF<Bit>,
    /// Start phase or code number and the other fields to write back.
    start_3: DFF<Bits<8>>,
    is_code_3: DFF<Bit>,
    past_3: DFF<Bits<6>>,
    valid_4: DFF<Bit>,
    slot_4: DFF<Bits<8>>,
    gate_4: DFF<Bit>,
    /// Phase of the next sample, with its carry.
    sum_4: DFF<Bits<33>>,
    sounds_4: DFF<Bit>,
    start_4: DFF<Bits<8>>,
    is_code_4: DFF<Bit>,
    past_4: DFF<Bits<6>>,
    /// Quadrant and octant, in parallel with the table's read.
    quadrant_4: DFF<Bits<2>>,
    upper_4: DFF<Bit>,
    valid_5: DFF<Bit>,
    slot_5: DFF<Bits<8>>,
    /// Whether the tone is on in the next sample.
    sounds_5: DFF<Bit>,
    active_5: DFF<Bit>,
    start_5: DFF<Bits<8>>,
    is_code_5: DFF<Bit>,
    past_5: DFF<Bits<6>>,
    /// The pair is swapped; sine and cosine are negative.
    swaps_5: DFF<Bit>,
    sine_falls_5: DFF<Bit>,
    cosine_falls_5: DFF<Bit>,
    valid_6: DFF<Bit>,
    slot_6: DFF<Bits<8>>,
    sounds_6: DFF<Bit>,
    active_6: DFF<Bit>,
    start_6: DFF<Bits<8>>,
    is_code_6: DFF<Bit>,
    past_6: DFF<Bits<6>>,
    /// Sine and cosine, inverted where they are negative.
    sine_6: DFF<Bits<16>>,
    cosine_6: DFF<Bits<16>>,
    sine_falls_6: DFF<Bit>,
    cosine_falls_6: DFF<Bit>,
    /// The code's newest sample is low.
    is_low_6: DFF<Bit>,
    sine_carry: Adder,
    cosine_carry: Adder,
    /// Output registers.
    sine_7: DFF<Signed<16>>,
    cosine_7: DFF<Signed<16>>,
    active_7: DFF<Bit>,
    stored: Signal<Local, Bits<16>>,
    start_phase: Signal<Local, Bits<8>>,
    is_code: Signal<Local, Bit>,
    start_kept: Signal<Local, Bits<8>>,
    is_code_kept: Signal<Local, Bit>,
    start_wide: Signal<Local, Bits<16>>,
    with_sounds: Signal<Local, Bits<16>>,
    with_code: Signal<Local, Bits<16>>,
    past_wide: Signal<Local, Bits<16>>,
    past_placed: Signal<Local, Bits<16>>,
    row: Signal<Local, Bits<8>>,
    common: Signal<Local, Bits<8>>,
    older: Signal<Local, Bits<6>>,
    kept: Signal<Local, Bits<6>>,
    wide_phase: Signal<Local, Bits<33>>,
    wide_tuning: Signal<Local, Bits<33>>,
    started: Signal<Local, Bit>,
    wide_start: Signal<Local, Bits<32>>,
    angle: Signal<Local, Bits<12>>,
    folded: Signal<Local, Bits<9>>,
    lesser: Signal<Local, Bits<16>>,
    greater: Signal<Local, Bits<16>>,
    sine_size: Signal<Local, Bits<16>>,
    cosine_size: Signal<Local, Bits<16>>,
}

/// The wave's table: entry e of the quarter wave in bits 14..0, entry 1023 - e in bits 29..15.
pub(crate) fn wave_pairs() -> Vec<u64> {
    (0..512)
        .map(|entry| u64::from(quarter_wave(entry)) | (u64::from(quarter_wave(1023 - entry)) << 15))
        .collect()
}

impl Nco {
    /// Oscillators for `slots` slots, 1..=256.
    pub fn new(slots: usize) -> Self {
        Self {
            phases: Ram::new(slots).registered(),
            states: Ram::new(slots).registered(),
            tunings: Ram::new(slots).registered(),
            waves: Rom::new("quarter_wave", &wave_pairs()).registered(),
            ..Default::default()
        }
    }

    /// With codes, and `latency_samples`, 2..=6, from the output of a code to its response.
    pub fn with_codes(mut self, latency_samples: u32) -> Self {
        self.has_codes = Fixed::new(true);
        self.newest = Fixed::new(Bits::from(1_u64 << (latency_samples - 1)));
        // One block RAM each either way, and one kind of memory less in the text.
        self.codes = Ram::new(CHIPS).registered();
        self.states = Ram::new(CHIPS).registered();
        self
    }
}
