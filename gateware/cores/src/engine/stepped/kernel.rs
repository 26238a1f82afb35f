//! Kernel of the stepped slot scan.

use super::Stepped;
use crate::word::ToWord;
use rust_hdl::prelude::*;

impl Logic for Stepped {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, outputs, running, in_statistics, slot, input_at, input_multiplied, step,
            is_found, at, holds_route, turns, holds_word, flags, sounds_out, amplifies,
            with_cosine, chains, clears, restarts, adds_high, adds_own, fills, fills_product,
            fills_own, writes, writes_tone, writes_lesser, writes_greater, route, word, angle,
            carry, begun, opens, sounds, low_tone, put_high, put_low, puts_tuning
        );
        clock!(self, clock, memory, wave, multiply);
        comment!("Sequence: output scan, window statistics, slots.");
        self.next_slot.next = self.slot.q.val() + 1;
        self.ends.next = self.step.q.val().all();
        self.step.d.next = self.step.q.val() + 1;
        self.next_input.next = self.input_at.q.val() + 1;
        self.input_after.next = self.next_input.val() & self.input_mask.val();
        self.is_last_input.next = self.input_at.q.val() == self.last_input.val();
        if self.running.q.val() & self.ends.val() {
            if self.is_last_input.val() {
                self.in_statistics.d.next = false;
                self.input_at.d.next = 0.into();
                if !self.in_statistics.q.val() {
                    self.slot.d.next = self.next_slot.val();
                    if self.next_slot.val() == self.slots_used.val() {
                        self.running.d.next = false;
                    }
                }
            } else {
                self.input_at.d.next = self.input_after.val();
                self.step.d.next = 10.into();
                if self.in_statistics.q.val() {
                    self.step.d.next = 8.into();
                }
            }
        }
        if self.outputs_done.val() {
            self.outputs.d.next = false;
            self.running.d.next = self.tones.val();
            self.in_statistics.d.next = true;
            self.slot.d.next = 0.into();
            self.input_at.d.next = 0.into();
            self.step.d.next = 8.into();
        }
        if self.begin.val() {
            self.outputs.d.next = true;
            self.step.d.next = 0.into();
        }
        comment!("Read address: a word of the slot, a tone in the modulator's fourth and fifth clock, else the requested word.");
        self.in_common.next = self.in_statistics.q.val()
            | (self.step.q.val() == bits::<4>(8))
            | (self.step.q.val() == bits::<4>(9));
        self.place.next = self.step.q.val();
        if !self.in_statistics.q.val() {
            match self.step.q.val().index() {
                1 => self.place.next = 5.into(),
                7 => self.place.next = 6.into(),
                8 => self.place.next = 0.into(),
                9 => self.place.next = 1.into(),
                _ => self.place.next = self.step.q.val(),
            }
        }
        self.block.next = self.slot.q.val();
        if !self.running.q.val() {
            self.place.next = bit_cast::<4, _>(self.read_word.val());
            self.block.next = bit_cast::<9, 8>(self.read_slot.val());
            self.in_common.next = self.read_word.val().get_bit(4);
        }
        self.place_wide.next = bit_cast::<13, 4>(self.place.val());
        self.block_wide.next = bit_cast::<13, 9>(self.block.val());
        self.block_at.next = self.block_wide.val().to_bits() << 4;
        if self.in_common.val() {
            self.block_at.next = self.common.val();
        }
        self.reads_tone.next = self.outputs.q.val()
            & ((bit_cast::<3, _>(self.step.q.val()) == bits::<3>(3))
                | (bit_cast::<3, _>(self.step.q.val()) == bits::<3>(4)));
        self.tone_wide.next = bit_cast::<13, 5>(self.read_output.val().to_bits().get_bits::<5>(0));
        self.tone_placed.next = self.tone_wide.val().to_bits() << 1;
        self.tone_high.next = self.step.q.val().get_bit(2);
        self.tone_word.next = self.tone_placed.val().replace_bit(0, self.tone_high.val());
        self.addressed_input.next = self.input_at.q.val();
        if !self.running.q.val() {
            self.addressed_input.next = self.read_input.val() & self.input_mask.val();
            comment!("Word 0 is the slot's, not an input's.");
            if !self.read_word.val().any() {
                self.addressed_input.next = 0.into();
            }
        }
        self.section.next = 0.into();
        for i in 0..self.sections.len() {
            if self.addressed_input.val() == self.numbers[i].val() {
                self.section.next = self.sections[i].val();
            }
        }
        self.address.next = self.section.val() | self.block_at.val() | self.place_wide.val();
        if self.reads_tone.val() {
            self.address.next = self.tone_base.val() | self.tone_word.val();
        }
        self.memory.read_address.next = self.address.val();
        self.read_free.next = (!self.running.q.val()) & (!self.reads_tone.val());
        self.is_found.d.next = self.read.val() & self.read_free.val() & (!self.is_found.q.val());
        self.read_ready.next = self.is_found.q.val();
        self.read_data.next = self.memory.read_data.val();
        comment!("The modulator's tone: the lower half is held until the upper one is read.");
        if self.outputs.q.val() & self.tone_high.val() {
            self.low_tone.d.next = self.memory.read_data.val();
        }
        self.tone_raw.next = bit_cast::<32, 16>(self.memory.read_data.val());
        self.tone_top.next = self.tone_raw.val().to_bits() << 16;
        self.tone_low.next = bit_cast::<32, 16>(self.low_tone.q.val());
        self.tone_bits.next = self.tone_top.val() | self.tone_low.val();
        self.tone.next = signed_cast(self.tone_bits.val());
        comment!("Whether the tone is on, now and in the next sample.");
        self.start.next = bit_cast::<8, _>(self.route.q.val());
        self.started.next = (!self.start.val().any()) & self.gate.val();
        self.sounds_now.next = self.route.q.val().get_bit(13);
        if self.restart.val() {
            self.sounds_now.next = self.started.val();
        }
        self.sounds_next.next = self.sounds_now.val();
        if self.carry.q.val() {
            self.sounds_next.next = self.gate.val();
        }
        self.drives_now.next = self.sounds_now.val() & (self.route.q.val().get_bit(14));
        comment!("Operation of the next clock.");
        self.at.d.next = self.address.val();
        self.holds_route.d.next = false;
        self.turns.d.next = false;
        self.holds_word.d.next = false;
        self.flags.d.next = false;
        self.sounds_out.d.next = false;
        self.amplifies.d.next = false;
        self.with_cosine.d.next =
            (self.step.q.val() >= bits::<4>(11)) & (self.step.q.val() < bits::<4>(14));
        self.chains.d.next = false;
        self.clears.d.next = self.first.val();
        self.restarts.d.next = false;
        self.adds_high.d.next = false;
        self.adds_own.d.next = false;
        self.fills.d.next = false;
        self.fills_product.d.next = false;
        self.fills_own.d.next = false;
        self.writes.d.next = false;
        self.writes_tone.d.next = false;
        self.writes_lesser.d.next = false;
        self.writes_greater.d.next = false;
        if self.running.q.val() & self.in_statistics.q.val() {
            self.adds_own.d.next = true;
            self.writes.d.next = self.take.val();
            match self.step.q.val().index() {
                8 => self.fills.d.next = self.second_half.val(),
                9 => {
                    self.chains.d.next = true;
                    self.fills.d.next = true;
                    self.fills_own.d.next = !self.second_half.val();
                }
                10 => self.fills.d.next = !self.second_half.val(),
                11 => {
                    self.chains.d.next = true;
                    self.fills.d.next = true;
                    self.fills_own.d.next = self.second_half.val();
                }
                12 => {
                    self.clears.d.next = true;
                    self.writes.d.next = self.take.val() & self.first.val();
                    self.writes_lesser.d.next = self.take.val();
                }
                13 => {
                    self.clears.d.next = true;
                    self.writes.d.next = self.take.val() & self.first.val();
                    self.writes_greater.d.next = self.take.val();
                }
                _ => self.writes.d.next = false,
            }
        }
        if self.running.q.val() & (!self.in_statistics.q.val()) {
            self.writes.d.next = self.take.val() & (self.step.q.val().get_bit(3));
            match self.step.q.val().index() {
                0 => self.holds_route.d.next = true,
                1 => self.turns.d.next = true,
                2 => self.holds_word.d.next = true,
                3 => {
                    self.clears.d.next = self.restart.val();
                    self.adds_own.d.next = true;
                    self.writes.d.next = true;
                }
                4 => self.holds_word.d.next = true,
                5 => {
                    self.clears.d.next = self.restart.val();
                    self.restarts.d.next = self.restart.val();
                    self.adds_own.d.next = true;
                    self.chains.d.next = true;
                    self.writes.d.next = true;
                }
                6 => {
                    self.flags.d.next = true;
                    self.sounds_out.d.next = true;
                    self.amplifies.d.next = true;
                    self.writes.d.next = true;
                }
                7 => self.amplifies.d.next = true,
                8 => {
                    self.clears.d.next = self.opens.q.val();
                    self.fills.d.next = !self.drives_now.val();
                    self.writes.d.next = true;
                    self.writes_tone.d.next = self.route.q.val().get_bit(15);
                }
                9 => {
                    self.clears.d.next = self.opens.q.val();
                    self.fills.d.next = !self.drives_now.val();
                    self.chains.d.next = true;
                    self.adds_high.d.next = true;
                    self.writes.d.next = true;
                    self.writes_tone.d.next = self.route.q.val().get_bit(15);
                }
                10 => self.writes.d.next = self.take.val(),
                11 => {
                    self.chains.d.next = true;
                    self.adds_high.d.next = true;
                }
                12 => {
                    self.chains.d.next = true;
                    self.fills.d.next = true;
                    self.fills_product.d.next = true;
                }
                13 => self.writes.d.next = self.take.val(),
                14 => {
                    self.chains.d.next = true;
                    self.adds_high.d.next = true;
                }
                _ => {
                    self.chains.d.next = true;
                    self.fills.d.next = true;
                    self.fills_product.d.next = true;
                }
            }
        }
        comment!("Held words.");
        if self.holds_route.q.val() {
            self.route.d.next = self.memory.read_data.val();
            self.opens.d.next = self.begun.q.val() | (self.route.q.val().get_bit(15));
            self.begun.d.next = false;
        }
        comment!("The sample of the step, and of the operands that enter the multiplier three steps before its use.");
        if self.step.q.val() == bits::<4>(14) {
            self.input_multiplied.d.next = self.input_after.val();
        }
        if !self.step.q.val().any() {
            self.input_multiplied.d.next = 0.into();
        }
        self.sample.next = self.samples[0].val();
        self.multiplied.next = self.samples[0].val();
        self.further.next = unsigned_cast(self.samples[0].val());
        for i in 0..self.samples.len() {
            if self.input_at.q.val() == self.numbers[i].val() {
                self.sample.next = self.samples[i].val();
            }
            if self.input_multiplied.q.val() == self.numbers[i].val() {
                self.multiplied.next = self.samples[i].val();
            }
            if self.input_after.val() == self.numbers[i].val() {
                self.further.next = unsigned_cast(self.samples[i].val());
            }
        }
        if self.holds_word.q.val() {
            self.word.d.next = self.memory.read_data.val();
        }
        if self.in_statistics.q.val() & self.ends.val() {
            self.word.d.next = self.further.val();
        }
        if self.outputs_done.val() {
            self.begun.d.next = true;
            self.word.d.next = unsigned_cast(self.samples[0].val());
        }
        self.start_wide.next = bit_cast::<16, 8>(self.start.val());
        self.start_placed.next = self.start_wide.val().to_bits() << 8;
        self.phase.next = self.memory.read_data.val();
        if self.restart.val() {
            self.phase.next = self.start_placed.val();
        }
        if self.turns.q.val() {
            self.angle.d.next = self.phase.val().to_bits().get_bits::<12>(4);
        }
        comment!("Sine or cosine, and its product.");
        self.wave.angle.next = self.angle.q.val();
        self.wave.with_cosine.next = self.with_cosine.q.val();
        self.amplitude.next = self.memory.read_data.val().replace_bit(15, false);
        self.multiply.a.next = self.multiplied.val();
        if self.amplifies.q.val() {
            self.multiply.a.next = signed_cast(self.amplitude.val());
        }
        self.multiply.b.next = self.wave.value.val();
        self.sine_valid.next = self.sounds_out.q.val();
        self.sine_slot.next = bit_cast::<8, _>(self.slot.q.val());
        self.sine.next = self.wave.value.val();
        comment!("Terms of the adder.");
        self.adder.first.next = self.memory.read_data.val();
        if self.clears.q.val() {
            self.adder.first.next = 0.into();
        }
        if self.restarts.q.val() {
            self.adder.first.next = self.start_placed.val();
        }
        self.product.next = unsigned_cast(self.multiply.product.val());
        self.fill.next = (self.fills_product.q.val() & (self.product.val().get_bit(31)))
            | (self.fills_own.q.val() & (self.word.q.val().get_bit(15)));
        self.adder.second.next = bit_cast::<16, _>(self.product.val());
        if self.adds_high.q.val() {
            self.adder.second.next = self.product.val().to_bits().get_bits::<16>(16);
        }
        if self.adds_own.q.val() {
            self.adder.second.next = self.word.q.val();
        }
        if self.fills.q.val() {
            self.adder.second.next = 0.into();
            if self.fill.val() {
                self.adder.second.next = 0xffff.into();
            }
        }
        self.adder.carry_in.next = self.chains.q.val() & self.carry.q.val();
        if self.writes.q.val() & (!self.flags.q.val()) {
            self.carry.d.next = self.adder.carry.val();
        }
        comment!("Write data and address.");
        self.found.next = signed_cast(self.memory.read_data.val());
        self.is_less.next = self.sample.val() < self.found.val();
        self.memory.write_enable.next = self.writes.q.val()
            | (self.writes_lesser.q.val() & self.is_less.val())
            | (self.writes_greater.q.val() & (!self.is_less.val()))
            | self.put_high.q.val()
            | self.put_low.q.val();
        self.memory.write_address.next = self.at.q.val();
        self.memory.write_data.next = self.adder.sum.val();
        self.flagged.next = self.route.q.val().replace_bit(13, self.sounds_next.val());
        self.flag_block.next = bit_cast::<13, 9>(self.at.q.val().to_bits().get_bits::<9>(4));
        self.flag_at.next = self.flag_block.val().to_bits() << 4;
        if self.flags.q.val() {
            self.memory.write_address.next = self.flag_at.val();
            self.memory.write_data.next = self.flagged.val();
        }
        self.made_wide.next = bit_cast::<13, 5>(self.route.q.val().to_bits().get_bits::<5>(8));
        self.made_placed.next = self.made_wide.val().to_bits() << 1;
        self.made_high.next = self.adds_high.q.val();
        self.made_word.next = self.made_placed.val().replace_bit(0, self.made_high.val());
        if self.writes_tone.q.val() {
            self.memory.write_address.next = self.tone_base.val() | self.made_word.val();
        }
        comment!("The host's words.");
        self.put_high.d.next = self.tuning_write.val() | self.slot_write.val();
        self.put_low.d.next = self.put_high.q.val();
        if self.tuning_write.val() | self.slot_write.val() {
            self.puts_tuning.d.next = self.tuning_write.val();
            self.route.d.next = self.slot_data.val().to_bits().get_bits::<16>(16);
        }
        self.put_place.next = 0.into();
        if self.puts_tuning.q.val() {
            self.put_place.next = 4.into();
        }
        if self.put_high.q.val() {
            self.route.d.next = bit_cast::<16, _>(self.slot_data.val());
        }
        if self.put_low.q.val() {
            self.put_place.next = 6.into();
            if self.puts_tuning.q.val() {
                self.put_place.next = 2.into();
            }
        }
        self.put_wide.next = bit_cast::<13, 8>(self.slot_index.val());
        self.put_block.next = self.put_wide.val().to_bits() << 4;
        if self.put_high.q.val() | self.put_low.q.val() {
            self.memory.write_address.next = self.put_block.val() | self.put_place.val();
            self.memory.write_data.next = self.route.q.val();
        }
        comment!("Whether a driving tone is on in the next sample.");
        self.sounding.next = self.sounds.q.val();
        if self.outputs_done.val() {
            self.sounds.d.next = false;
        }
        if self.flags.q.val() & self.sounds_next.val() & (self.route.q.val().get_bit(14)) {
            self.sounds.d.next = true;
        }
        if self.reset.val() {
            self.outputs.d.next = false;
            self.running.d.next = false;
            self.input_at.d.next = 0.into();
            self.put_high.d.next = false;
            self.put_low.d.next = false;
        }
    }
}
