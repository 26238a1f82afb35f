//! Kernel of the oscillator, clock by clock.

use super::Nco;
use crate::word::ToWord;
use rust_hdl::prelude::*;

impl Logic for Nco {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, valid_1, slot_1, restart_1, gate_1, valid_2, slot_2, angle_2, phase_2,
            sounds_2, start_2, is_code_2, past_2, active_2, valid_3, slot_3, sounds_3, start_3,
            is_code_3, past_3, quadrant_3, upper_3, active_3, sine_4, cosine_4, active_4,
            phase_copy, states_copy, tuning_copy, pair_copy, row_copy
        );
        clock!(self, clock, phases, states, tunings, waves, codes);
        comment!("Entry: phase, slot state and tuning word are read.");
        self.phases.read_address.next = self.slot.val();
        self.states.read_address.next = self.slot.val();
        self.tunings.read_address.next = self.slot.val();
        if self.is_late.val() {
            self.phases.read_address.next = self.ahead.val();
            self.states.read_address.next = self.ahead.val();
            self.tunings.read_address.next = self.ahead.val();
        }
        self.phase_copy.d.next = self.phases.read_data.val();
        self.states_copy.d.next = self.states.read_data.val();
        self.tuning_copy.d.next = self.tunings.read_data.val();
        self.tunings.write_enable.next = self.tuning_write.val();
        self.tunings.write_address.next = self.tuning_slot.val();
        self.tunings.write_data.next = self.tuning_data.val();
        self.valid_1.d.next = self.valid.val();
        self.slot_1.d.next = self.slot.val();
        self.restart_1.d.next = self.restart.val();
        self.gate_1.d.next = self.gate.val();
        self.codes.write_enable.next = self.code_write.val();
        self.codes.write_address.next = self.code_chip.val();
        self.codes.write_data.next = bit_cast::<16, 8>(self.code_row.val());
        comment!(
            "Clock 1: the next phase; a wrap passes the gate to the tone, a code follows the gate."
        );
        self.stored_phase.next = self.phases.read_data.val();
        self.stored.next = self.states.read_data.val();
        self.tuning.next = self.tunings.read_data.val();
        if self.is_late.val() {
            self.stored_phase.next = self.phase_copy.q.val();
            self.stored.next = self.states_copy.q.val();
            self.tuning.next = self.tuning_copy.q.val();
        }
        self.start_phase.next = bit_cast::<8, _>(self.stored.val());
        self.is_code.next = (self.stored.val().get_bit(9)) & self.has_codes.val();
        self.past.next = self.stored.val().to_bits().get_bits::<6>(10);
        self.start_2.d.next = self.start_phase.val();
        self.is_code_2.d.next = self.is_code.val();
        self.wide_start.next = bit_cast::<32, 8>(self.start_phase.val());
        if self.is_code.val() {
            self.wide_start.next = 0.into();
        }
        self.started.next = (!self.start_phase.val().any()) & self.gate_1.q.val();
        self.phase.next = self.stored_phase.val();
        self.sounds.next = self.stored.val().get_bit(8);
        if self.restart_1.q.val() {
            self.phase.next = self.wide_start.val().to_bits() << 24;
            self.sounds.next = self.started.val();
            self.past.next = 0.into();
        }
        if self.is_code.val() {
            self.sounds.next = self.gate_1.q.val();
        }
        self.past_2.d.next = self.past.val();
        self.wide_phase.next = bit_cast::<33, 32>(self.phase.val());
        self.wide_tuning.next = bit_cast::<33, 32>(self.tuning.val());
        self.wide_sum.next = self.wide_phase.val() + self.wide_tuning.val();
        self.phase_2.d.next = bit_cast::<32, _>(self.wide_sum.val());
        self.sounds_2.d.next = self.sounds.val();
        if self.wide_sum.val().get_bit(32) {
            self.sounds_2.d.next = self.gate_1.q.val();
        }
        self.angle_2.d.next = self.phase.val().to_bits().get_bits::<12>(20);
        self.active_2.d.next = self.sounds.val();
        self.valid_2.d.next = self.valid_1.q.val();
        self.slot_2.d.next = self.slot_1.q.val();
        comment!("Clock 2: the phase is written back, the tables are read.");
        self.phases.write_enable.next = self.valid_2.q.val();
        self.phases.write_address.next = self.slot_2.q.val();
        self.phases.write_data.next = self.phase_2.q.val();
        self.valid_3.d.next = self.valid_2.q.val();
        self.slot_3.d.next = self.slot_2.q.val();
        self.sounds_3.d.next = self.sounds_2.q.val();
        self.start_3.d.next = self.start_2.q.val();
        self.is_code_3.d.next = self.is_code_2.q.val();
        self.past_3.d.next = self.past_2.q.val();
        self.next_valid.next = self.valid_2.q.val();
        self.next_active.next = self.sounds_2.q.val();
        self.angle.next = self.angle_2.q.val();
        if self.is_late.val() {
            self.angle.next = self.phase.val().to_bits().get_bits::<12>(20);
        }
        self.codes.read_address.next = self.angle.val().to_bits().get_bits::<8>(4);
        self.folded.next = bit_cast::<9, _>(self.angle.val());
        self.waves.address.next = self.folded.val();
        if self.angle.val().get_bit(9) {
            self.waves.address.next = !self.folded.val();
        }
        self.upper_3.d.next = self.angle_2.q.val().get_bit(9);
        self.quadrant_3.d.next = self.angle_2.q.val().to_bits().get_bits::<2>(10);
        self.active_3.d.next = self.active_2.q.val();
        comment!("Clock 3: octants fold by swapping the pair, quadrants by its signs.");
        self.pair_copy.d.next = self.waves.data.val();
        self.pair.next = self.waves.data.val();
        if self.is_late.val() {
            self.pair.next = self.pair_copy.q.val();
        }
        self.lesser.next =
            signed_cast(bit_cast::<16, 15>(self.pair.val().to_bits().get_bits::<15>(0)));
        self.greater.next =
            signed_cast(bit_cast::<16, 15>(self.pair.val().to_bits().get_bits::<15>(15)));
        self.swap.next = (self.quadrant_3.q.val().get_bit(0)) ^ self.upper_3.q.val();
        self.sine_size.next = self.lesser.val();
        self.cosine_size.next = self.greater.val();
        if self.swap.val() {
            self.sine_size.next = self.greater.val();
            self.cosine_size.next = self.lesser.val();
        }
        self.zero.next = self.zero_16.val();
        self.sine_4.d.next = self.sine_size.val();
        if self.quadrant_3.q.val().get_bit(1) {
            self.sine_4.d.next = self.zero.val() - self.sine_size.val();
        }
        self.cosine_4.d.next = self.cosine_size.val();
        if self.quadrant_3.q.val().xor() {
            self.cosine_4.d.next = self.zero.val() - self.cosine_size.val();
        }
        self.active_4.d.next = self.active_3.q.val();
        comment!("A code instead, and its value one loop latency ago.");
        self.row_copy.d.next = bit_cast::<8, _>(self.codes.read_data.val());
        self.row.next = bit_cast::<8, _>(self.codes.read_data.val());
        if self.is_late.val() {
            self.row.next = self.row_copy.q.val();
        }
        self.common.next = self.row.val() & self.start_3.q.val();
        self.is_low.next = self.common.val().xor();
        self.was_low.next = self.past_3.q.val().get_bit(0);
        if self.is_code_3.q.val() {
            self.sine_4.d.next = 32767.into();
            if self.is_low.val() {
                self.sine_4.d.next = (-32767).into();
            }
            self.cosine_4.d.next = 32767.into();
            if self.was_low.val() {
                self.cosine_4.d.next = (-32767).into();
            }
        }
        comment!(
            "The slot state is written back: with codes in clock 3, when the newest sample is known."
        );
        self.older.next = self.past_3.q.val().to_bits() >> 1;
        self.kept.next = self.older.val();
        if self.is_low.val() {
            self.kept.next = self.older.val() | self.newest.val();
        }
        self.writes.next = self.valid_2.q.val();
        self.write_slot.next = self.slot_2.q.val();
        self.start_kept.next = self.start_2.q.val();
        self.sounds_kept.next = self.sounds_2.q.val();
        self.is_code_kept.next = false;
        self.past_wide.next = 0.into();
        if self.has_codes.val() {
            self.writes.next = self.valid_3.q.val();
            self.write_slot.next = self.slot_3.q.val();
            self.start_kept.next = self.start_3.q.val();
            self.sounds_kept.next = self.sounds_3.q.val();
            self.is_code_kept.next = self.is_code_3.q.val();
            self.past_wide.next = bit_cast::<16, 6>(self.kept.val());
        }
        if self.start_write.val() {
            self.write_slot.next = self.start_slot.val();
            self.start_kept.next = self.start_data.val();
            self.is_code_kept.next = self.start_code.val() & self.has_codes.val();
        }
        self.states.write_enable.next = self.writes.val() | self.start_write.val();
        self.states.write_address.next = self.write_slot.val();
        self.start_wide.next = bit_cast::<16, 8>(self.start_kept.val());
        self.with_sounds.next = self.start_wide.val().replace_bit(8, self.sounds_kept.val());
        self.with_code.next = self.with_sounds.val().replace_bit(9, self.is_code_kept.val());
        self.past_placed.next = self.past_wide.val().to_bits() << 10;
        self.states.write_data.next = self.with_code.val() | self.past_placed.val();
        comment!("Clock 4: out.");
        self.sine.next = self.sine_4.q.val();
        self.cosine.next = self.cosine_4.q.val();
        self.active.next = self.active_4.q.val();
    }
}
