//! The slots' pass: NCO, lock-in and tone adder visit every slot in use, one a clock.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `begin` | in, 1 | a sample begins; its state is known |
//! | `tones`, `restart`, `gate`, `take`, `first`, `second_half` | in, 1 | what the sample is, from the sequencer |
//! | `sample` | in, 16 signed | ADC code of this sample, held |
//! | `slots_used` | in, 9 | slots to visit |
//! | `tuning_write`, `slot_write`, `slot_index`, `slot_data` | in | tuning and routing words |
//! | `read_output`, `tone`, `tones_fresh` | in 5, out 32 signed + 1 | tones of the sample before, for the modulator |
//! | `sine_valid`, `sine_slot`, `sine` | out, 1 + 8 + 16 signed | the sines of the pass, for the reference pin |
//! | `sounding` | out, 1 | some driving tone sounds in the next sample |
//! | `read_slot`, `in_phase`, `quadrature`, `word` | in 8, out 48 + 48 + 32 | read-out between passes, a clock later |
//! | `sum_first`, `sum_second`, `least`, `greatest` | out | levels of the window |
//!
//! A pass takes `slots_used` clocks and seven of latency. Multipliers: two in the lock-in, one in the tone adder.

use crate::leaf::Ram;
use crate::levels::Levels;
use crate::lockin::Lockin;
use crate::nco::Nco;
use crate::tones::Tones;
use rust_hdl::prelude::*;

/// One pipeline for all slots.
#[derive(LogicBlock, Default)]
pub struct Engine {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Control registers return to their first state.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub begin: Signal<In, Bit>,
    /// The pass runs in this sample.
    pub tones: Signal<In, Bit>,
    /// Phases begin anew.
    pub restart: Signal<In, Bit>,
    /// Tones may sound past their next zero crossing.
    pub gate: Signal<In, Bit>,
    /// The sample belongs to the window.
    pub take: Signal<In, Bit>,
    /// It is the window's first.
    pub first: Signal<In, Bit>,
    /// It belongs to its second half.
    pub second_half: Signal<In, Bit>,
    /// ADC code of this sample.
    pub sample: Signal<In, Signed<16>>,
    /// Slots to visit.
    pub slots_used: Signal<In, Bits<9>>,
    /// Sets a tuning word.
    pub tuning_write: Signal<In, Bit>,
    /// Sets a routing word.
    pub slot_write: Signal<In, Bit>,
    /// Its slot.
    pub slot_index: Signal<In, Bits<8>>,
    /// The word.
    pub slot_data: Signal<In, Bits<32>>,
    /// Output whose tone is wanted.
    pub read_output: Signal<In, Bits<5>>,
    /// Its tone in the sample before.
    pub tone: Signal<Out, Signed<32>>,
    /// There was a pass in the sample before.
    pub tones_fresh: Signal<Out, Bit>,
    /// A slot's sine is at hand.
    pub sine_valid: Signal<Out, Bit>,
    /// Its slot.
    pub sine_slot: Signal<Out, Bits<8>>,
    /// The sine, Q1.15.
    pub sine: Signal<Out, Signed<16>>,
    /// Some driving tone sounds in the next sample.
    pub sounding: Signal<Out, Bit>,
    /// Slot to read out between passes.
    pub read_slot: Signal<In, Bits<8>>,
    /// Its in-phase sum.
    pub in_phase: Signal<Out, Bits<48>>,
    /// Its quadrature sum.
    pub quadrature: Signal<Out, Bits<48>>,
    /// Its routing word.
    pub word: Signal<Out, Bits<32>>,
    /// Sum of the first half of the window.
    pub sum_first: Signal<Out, Signed<32>>,
    /// Sum of the second half.
    pub sum_second: Signal<Out, Signed<32>>,
    /// Least sample of the window.
    pub least: Signal<Out, Signed<16>>,
    /// Greatest sample of the window.
    pub greatest: Signal<Out, Signed<16>>,
    nco: Nco,
    lockin: Lockin,
    levels: Levels,
    adder: Tones,
    /// Routing word of every slot, read when its sine is at hand.
    words: Ram<32, 8>,
    running: DFF<Bit>,
    slot: DFF<Bits<9>>,
    /// Whether there is a pass in this sample, and was in the one before.
    ran: DFF<Bit>,
    fresh: DFF<Bit>,
    sounds: DFF<Bit>,
    /// Tags along the NCO's four clocks.
    valid_1: DFF<Bit>,
    valid_2: DFF<Bit>,
    valid_3: DFF<Bit>,
    valid_4: DFF<Bit>,
    slot_1: DFF<Bits<8>>,
    slot_2: DFF<Bits<8>>,
    slot_3: DFF<Bits<8>>,
    slot_4: DFF<Bits<8>>,
    /// Whether the slot sounds in the next sample.
    active_3: DFF<Bit>,
    active_4: DFF<Bit>,
    coming: Signal<Local, Bits<9>>,
    next_slot: Signal<Local, Bits<9>>,
    present: Signal<Local, Bits<8>>,
}

impl Engine {
    /// For `slots` slots, 1..=256.
    pub fn new(slots: usize) -> Self {
        Self {
            nco: Nco::new(slots),
            lockin: Lockin::new(slots),
            adder: Tones::new(),
            words: Ram::new(slots),
            ..Default::default()
        }
    }

    /// For a clock of `clock_hz`.
    pub fn at_clock(mut self, clock_hz: u32) -> Self {
        self.nco = self.nco.at_clock(clock_hz);
        self.lockin = self.lockin.at_clock(clock_hz);
        self.adder = self.adder.at_clock(clock_hz);
        self
    }
}

impl Logic for Engine {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, running, slot, ran, fresh, sounds, valid_1, valid_2, valid_3, valid_4,
            slot_1, slot_2, slot_3, slot_4, active_3, active_4
        );
        clock!(self, clock, nco, lockin, levels, adder, words);
        comment!("The pass: one slot a clock.");
        self.present.next = self.slot.q.val().get_bits::<8>(0);
        self.next_slot.next = self.slot.q.val() + 1;
        self.coming.next = self.slot.q.val();
        if self.running.q.val() {
            self.coming.next = self.next_slot.val();
            if self.next_slot.val() == self.slots_used.val() {
                self.running.d.next = false;
            }
        }
        if self.begin.val() {
            self.coming.next = 0.into();
            self.running.d.next = self.tones.val();
            self.ran.d.next = self.tones.val();
            self.fresh.d.next = self.ran.q.val();
        }
        self.slot.d.next = self.coming.val();
        self.words.read_address.next = self.read_slot.val();
        if self.valid_3.q.val() {
            self.words.read_address.next = self.slot_3.q.val();
        }
        self.words.write_enable.next = self.slot_write.val();
        self.words.write_address.next = self.slot_index.val();
        self.words.write_data.next = self.slot_data.val();
        self.word.next = self.words.read_data.val();
        self.nco.valid.next = self.running.q.val();
        self.nco.slot.next = self.present.val();
        self.nco.ahead.next = self.coming.val().get_bits::<8>(0);
        self.nco.restart.next = self.restart.val();
        self.nco.gate.next = self.gate.val();
        self.nco.start_write.next = self.slot_write.val();
        self.nco.start_slot.next = self.slot_index.val();
        self.nco.start_data.next = self.slot_data.val().get_bits::<8>(16);
        self.nco.tuning_write.next = self.tuning_write.val();
        self.nco.tuning_slot.next = self.slot_index.val();
        self.nco.tuning_data.next = self.slot_data.val();
        comment!("Tags beside the NCO.");
        self.valid_1.d.next = self.running.q.val();
        self.valid_2.d.next = self.valid_1.q.val();
        self.valid_3.d.next = self.valid_2.q.val();
        self.valid_4.d.next = self.valid_3.q.val();
        self.slot_1.d.next = self.present.val();
        self.slot_2.d.next = self.slot_1.q.val();
        self.slot_3.d.next = self.slot_2.q.val();
        self.slot_4.d.next = self.slot_3.q.val();
        self.active_3.d.next = self.nco.next_active.val();
        self.active_4.d.next = self.active_3.q.val();
        comment!("Whether a tone that drives sounds in the next sample.");
        self.sounding.next = self.sounds.q.val();
        if self.begin.val() {
            self.sounds.d.next = false;
        }
        if self.valid_4.q.val() & self.active_4.q.val() & (self.words.read_data.val().get_bit(30)) {
            self.sounds.d.next = true;
        }
        comment!("Sine and cosine to the lock-in, sine to the tone adder.");
        self.sine_valid.next = self.valid_4.q.val();
        self.sine_slot.next = self.slot_4.q.val();
        self.sine.next = self.nco.sine.val();
        self.lockin.valid.next = self.valid_4.q.val() & self.take.val();
        self.lockin.slot.next = self.slot_4.q.val();
        self.lockin.sine.next = self.nco.sine.val();
        self.lockin.cosine.next = self.nco.cosine.val();
        self.lockin.sample.next = self.sample.val();
        self.lockin.first.next = self.first.val();
        self.lockin.read_slot.next = self.read_slot.val();
        self.in_phase.next = self.lockin.in_phase.val();
        self.quadrature.next = self.lockin.quadrature.val();
        self.adder.tick.next = self.begin.val();
        self.adder.valid.next = self.valid_4.q.val();
        self.adder.word.next = self.words.read_data.val();
        self.adder.sine.next = self.nco.sine.val();
        self.adder.active.next = self.nco.active.val();
        self.adder.read_output.next = self.read_output.val();
        self.tone.next = self.adder.tone.val();
        self.tones_fresh.next = self.fresh.q.val();
        self.levels.take.next = self.begin.val() & self.take.val();
        self.levels.sample.next = self.sample.val();
        self.levels.first.next = self.first.val();
        self.levels.second_half.next = self.second_half.val();
        self.sum_first.next = self.levels.sum_first.val();
        self.sum_second.next = self.levels.sum_second.val();
        self.least.next = self.levels.least.val();
        self.greatest.next = self.levels.greatest.val();
        if self.reset.val() {
            self.running.d.next = false;
            self.ran.d.next = false;
            self.fresh.d.next = false;
        }
    }
}
