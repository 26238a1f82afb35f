//! Tone mixer: amplitude times sine, summed over the consecutive slots that share an output.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `tick` | in, 1 | a sample begins: the banks swap, the sum is cleared |
//! | `valid` | in, 1 | a slot's sine is valid |
//! | `word` | in, 32 | its routing word (see `hge_protocol::table::SlotWord`) |
//! | `sine`, `active` | in, 16 signed + 1 | Q1.15, and whether the tone is on |
//! | `read_output` | in, 6 | output whose tone is read |
//! | `tone` | out, 32 signed | its sum of the previous sample, codes times Q1.15, two clocks later |
//!
//! Latency: 2 clocks multiplier, 1 addition and write. Two banks let the output scan read the tones of
//! the previous sample while the slot scan writes the next.
//!
//! Where lanes share outputs ([`ToneMixer::with_shared_outputs`]), an output's last slot may be in another lane and some
//! outputs have no slot in this one: every slot that sounds writes the sum so far, and an output without one reads as
//! zero; `tone` then adds up over lanes to the sum that a single mixer gives.
//!
//! Width: the host keeps the sum of the amplitudes on one
//! output at 32767 or below, so 31 bits and a sign hold them.

use crate::gated::Inputs;
use crate::leaf::{Multiplier, Ram, DFF};
use crate::word::ToWord;
use rust_hdl::prelude::*;

/// Sums of the tones of every output.
#[derive(LogicBlock, Inputs, Default)]
pub struct ToneMixer {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// A sample begins.
    pub tick: Signal<In, Bit>,
    /// A slot's sine is valid.
    pub valid: Signal<In, Bit>,
    /// Routing word of the slot.
    pub word: Signal<In, Bits<32>>,
    /// Sine of the slot, Q1.15.
    pub sine: Signal<In, Signed<16>>,
    /// The tone of the slot is on.
    pub active: Signal<In, Bit>,
    /// Output whose tone is read.
    pub read_output: Signal<In, Bits<6>>,
    /// Sum of that output in the previous sample, codes times Q1.15.
    pub tone: Signal<Out, Signed<32>>,
    multiply: Multiplier,
    /// Tones of both banks; the bank is the address's bit 6. A block RAM has the other words anyway, and with 256 of them it
    /// is the same module as the link's request memory.
    sums: Ram<32, 8>,
    /// Bank being written.
    bank: DFF<Bit>,
    valid_1: DFF<Bit>,
    sounds_1: DFF<Bit>,
    last_1: DFF<Bit>,
    output_1: DFF<Bits<6>>,
    valid_2: DFF<Bit>,
    sounds_2: DFF<Bit>,
    last_2: DFF<Bit>,
    output_2: DFF<Bits<6>>,
    /// Sum over the slots of the present output so far.
    sum: DFF<Signed<32>>,
    /// Output of the sum, outputs written in this sample and in the one before, and whether the latter hold the one read; with shared outputs.
    sum_output: Vec<DFF<Bits<6>>>,
    written: Vec<DFF<Bits<64>>>,
    written_before: Vec<DFF<Bits<64>>>,
    holds: Vec<DFF<Bit>>,
    sounds: Signal<Local, Bit>,
    one: Signal<Local, Bits<64>>,
    writes: Signal<Local, Bits<64>>,
    reads: Signal<Local, Bits<64>>,
    amplitude: Signal<Local, Bits<15>>,
    kept: Signal<Local, Signed<32>>,
    next_sum: Signal<Local, Signed<32>>,
    write_index: Signal<Local, Bits<8>>,
    read_index: Signal<Local, Bits<8>>,
}

impl ToneMixer {
    /// Tones for up to 64 outputs.
    pub fn new() -> Self {
        Self { sums: Ram::new(256).registered(), ..Default::default() }
    }

    /// For a lane whose outputs have slots in other lanes too, if `is_shared`.
    pub fn with_shared_outputs(mut self, is_shared: bool) -> Self {
        let count = usize::from(is_shared);
        self.sum_output = (0..count).map(|_| DFF::default()).collect();
        self.written = (0..count).map(|_| DFF::default()).collect();
        self.written_before = (0..count).map(|_| DFF::default()).collect();
        self.holds = (0..count).map(|_| DFF::default()).collect();
        self
    }
}

impl Logic for ToneMixer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, bank, valid_1, sounds_1, last_1, output_1, valid_2, sounds_2, last_2,
            output_2, sum
        );
        clock!(self, clock, multiply, sums);
        comment!("Entry: amplitude times sine; zero for a slot that drives no output.");
        self.amplitude.next = bit_cast::<15, _>(self.word.val());
        self.multiply.a.next = signed_cast(bit_cast::<16, 15>(self.amplitude.val()));
        self.multiply.b.next = self.sine.val();
        self.valid_1.d.next = self.valid.val();
        self.sounds_1.d.next = self.active.val() & (self.word.val().get_bit(30));
        self.last_1.d.next = self.word.val().get_bit(31);
        self.output_1.d.next = self.word.val().to_bits().get_bits::<6>(24);
        self.valid_2.d.next = self.valid_1.q.val();
        self.sounds_2.d.next = self.sounds_1.q.val();
        self.last_2.d.next = self.last_1.q.val();
        self.output_2.d.next = self.output_1.q.val();
        comment!("Clock 2: the product is added; the output's last slot writes the sum.");
        self.kept.next = self.sum.q.val();
        for i in 0..self.sum_output.len() {
            if self.sum_output[i].q.val() != self.output_2.q.val() {
                self.kept.next = 0.into();
            }
        }
        self.next_sum.next = self.kept.val();
        if self.sounds_2.q.val() {
            self.next_sum.next = self.kept.val() + self.multiply.product.val();
        }
        if self.valid_2.q.val() {
            self.sum.d.next = self.next_sum.val();
            if self.last_2.q.val() {
                self.sum.d.next = 0.into();
            }
        }
        self.write_index.next = bit_cast::<8, 6>(self.output_2.q.val());
        self.sums.write_address.next = self.write_index.val().replace_bit(6, self.bank.q.val());
        self.sums.write_enable.next = self.valid_2.q.val() & self.last_2.q.val();
        self.sums.write_data.next = unsigned_cast(self.next_sum.val());
        comment!("The output scan reads the other bank.");
        self.read_index.next = bit_cast::<8, 6>(self.read_output.val());
        self.sums.read_address.next = self.read_index.val().replace_bit(6, true);
        if self.bank.q.val() {
            self.sums.read_address.next = self.read_index.val();
        }
        self.tone.next = signed_cast(self.sums.read_data.val());
        self.sounds.next = self.valid_2.q.val() & self.sounds_2.q.val();
        self.one.next = 1.into();
        self.reads.next = 0.into();
        self.writes.next = self.one.val() << self.output_2.q.val();
        for i in 0..self.sum_output.len() {
            self.sum_output[i].clock.next = self.clock.val();
            self.written[i].clock.next = self.clock.val();
            self.written_before[i].clock.next = self.clock.val();
            self.holds[i].clock.next = self.clock.val();
            self.sum_output[i].d.next = self.sum_output[i].q.val();
            self.written[i].d.next = self.written[i].q.val();
            self.written_before[i].d.next = self.written_before[i].q.val();
            self.sums.write_enable.next = self.sounds.val();
            self.sum.d.next = self.sum.q.val();
            if self.sounds.val() {
                self.sum.d.next = self.next_sum.val();
                self.sum_output[i].d.next = self.output_2.q.val();
                self.written[i].d.next = self.written[i].q.val() | self.writes.val();
            }
            if self.tick.val() {
                self.written[i].d.next = 0.into();
                self.written_before[i].d.next = self.written[i].q.val();
            }
            self.reads.next = self.written_before[i].q.val() >> self.read_output.val();
            self.holds[i].d.next = self.reads.val().get_bit(0);
            if !self.holds[i].q.val() {
                self.tone.next = 0.into();
            }
        }
        if self.tick.val() {
            self.bank.d.next = !self.bank.q.val();
            self.sum.d.next = 0.into();
        }
    }
}
