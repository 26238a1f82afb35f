//! Kernel of the oscillator, clock by clock.

use super::Nco;
use crate::word::ToWord;
use rust_hdl::prelude::*;

impl Logic for Nco {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, valid_1, slot_1, restart_1, gate_1, valid_2, slot_2, restart_2, gate_2,
            valid_3, slot_3, gate_3, phase_3, sounds_3, start_3, is_code_3, past_3, valid_4,
            slot_4, gate_4, sum_4, sounds_4, start_4, is_code_4, past_4, quadrant_4, upper_4,
            valid_5, slot_5, sounds_5, active_5, start_5, is_code_5, past_5, swaps_5, sine_falls_5,
            cosine_falls_5, valid_6, slot_6, sounds_6, active_6, start_6, is_code_6, past_6,
            sine_6, cosine_6, sine_falls_6, cosine_falls_6, is_low_6, sine_7, cosine_7, active_7
        );
        clock!(self, clock, phases, states, tunings, waves, codes);
        self.tunings.write_enable.next = self.tuning_write.val();
        self.tunings.write_address.next = self.tuning_slot.val();
        self.tunings.write_data.next = self.tuning_data.val();
        self.codes.write_enable.next = self.code_write.val();
        self.codes.write_address.next = self.code_chip.val();
        self.codes.write_data.next = bit_cast::<16, 8>(self.code_row.val());
        comment!("Entry: phase and slot state are read, and the tuning word a clock later.");
        self.phases.read_address.next = self.slot.val();
        self.states.read_address.next = self.slot.val();
        self.tunings.read_address.next = self.slot_1.q.val();
        self.valid_1.d.next = self.valid.val();
        self.slot_1.d.next = self.slot.val();
        self.restart_1.d.next = self.restart.val();
        self.gate_1.d.next = self.gate.val();
        self.valid_2.d.next = self.valid_1.q.val();
        self.slot_2.d.next = self.slot_1.q.val();
        self.restart_2.d.next = self.restart_1.q.val();
        self.gate_2.d.next = self.gate_1.q.val();
        comment!(
            "Clock 2: the phase, or the start phase; a code begins at zero and follows the gate."
        );
        self.stored.next = self.states.read_data.val();
        self.start_phase.next = bit_cast::<8, _>(self.stored.val());
        self.is_code.next = (self.stored.val().get_bit(9)) & self.has_codes.val();
        self.start_3.d.next = self.start_phase.val();
        self.is_code_3.d.next = self.is_code.val();
        self.past_3.d.next = self.stored.val().to_bits().get_bits::<6>(10);
        self.wide_start.next = bit_cast::<32, 8>(self.start_phase.val());
        if self.is_code.val() {
            self.wide_start.next = 0.into();
        }
        self.started.next = (!self.start_phase.val().any()) & self.gate_2.q.val();
        self.phase_3.d.next = self.phases.read_data.val();
        self.sounds_3.d.next = self.stored.val().get_bit(8);
        if self.restart_2.q.val() {
            self.phase_3.d.next = self.wide_start.val().to_bits() << 24;
            self.sounds_3.d.next = self.started.val();
            self.past_3.d.next = 0.into();
        }
        if self.is_code.val() {
            self.sounds_3.d.next = self.gate_2.q.val();
        }
        self.valid_3.d.next = self.valid_2.q.val();
        self.slot_3.d.next = self.slot_2.q.val();
        self.gate_3.d.next = self.gate_2.q.val();
        comment!("Clock 3: the next phase; the tables are read.");
        self.wide_phase.next = bit_cast::<33, 32>(self.phase_3.q.val());
        self.wide_tuning.next = bit_cast::<33, 32>(self.tunings.read_data.val());
        self.sum_4.d.next = self.wide_phase.val() + self.wide_tuning.val();
        self.angle.next = self.phase_3.q.val().to_bits().get_bits::<12>(20);
        self.codes.read_address.next = self.angle.val().to_bits().get_bits::<8>(4);
        self.folded.next = bit_cast::<9, _>(self.angle.val());
        self.waves.address.next = self.folded.val();
        if self.angle.val().get_bit(9) {
            self.waves.address.next = !self.folded.val();
        }
        self.upper_4.d.next = self.angle.val().get_bit(9);
        self.quadrant_4.d.next = self.angle.val().to_bits().get_bits::<2>(10);
        self.valid_4.d.next = self.valid_3.q.val();
        self.slot_4.d.next = self.slot_3.q.val();
        self.gate_4.d.next = self.gate_3.q.val();
        self.sounds_4.d.next = self.sounds_3.q.val();
        self.start_4.d.next = self.start_3.q.val();
        self.is_code_4.d.next = self.is_code_3.q.val();
        self.past_4.d.next = self.past_3.q.val();
        comment!("Clock 4: the phase is written back; a wrap passes the gate to the tone.");
        self.phases.write_enable.next = self.valid_4.q.val();
        self.phases.write_address.next = self.slot_4.q.val();
        self.phases.write_data.next = bit_cast::<32, _>(self.sum_4.q.val());
        self.sounds_5.d.next = self.sounds_4.q.val();
        if self.sum_4.q.val().get_bit(32) {
            self.sounds_5.d.next = self.gate_4.q.val();
        }
        self.swaps_5.d.next = (self.quadrant_4.q.val().get_bit(0)) ^ self.upper_4.q.val();
        self.sine_falls_5.d.next = self.quadrant_4.q.val().get_bit(1);
        self.cosine_falls_5.d.next = self.quadrant_4.q.val().xor();
        self.valid_5.d.next = self.valid_4.q.val();
        self.slot_5.d.next = self.slot_4.q.val();
        self.active_5.d.next = self.sounds_4.q.val();
        self.start_5.d.next = self.start_4.q.val();
        self.is_code_5.d.next = self.is_code_4.q.val();
        self.past_5.d.next = self.past_4.q.val();
        self.next_valid.next = self.valid_5.q.val();
        self.next_active.next = self.sounds_5.q.val();
        comment!("Clock 5: octants fold by swapping the pair, quadrants by inverting; the code's sample.");
        self.lesser.next = bit_cast::<16, 15>(self.waves.data.val().to_bits().get_bits::<15>(0));
        self.greater.next = bit_cast::<16, 15>(self.waves.data.val().to_bits().get_bits::<15>(15));
        self.sine_size.next = self.lesser.val();
        self.cosine_size.next = self.greater.val();
        if self.swaps_5.q.val() {
            self.sine_size.next = self.greater.val();
            self.cosine_size.next = self.lesser.val();
        }
        self.sine_6.d.next = self.sine_size.val();
        if self.sine_falls_5.q.val() {
            self.sine_6.d.next = !self.sine_size.val();
        }
        self.cosine_6.d.next = self.cosine_size.val();
        if self.cosine_falls_5.q.val() {
            self.cosine_6.d.next = !self.cosine_size.val();
        }
        self.sine_falls_6.d.next = self.sine_falls_5.q.val();
        self.cosine_falls_6.d.next = self.cosine_falls_5.q.val();
        self.row.next = bit_cast::<8, _>(self.codes.read_data.val());
        self.common.next = self.row.val() & self.start_5.q.val();
        self.is_low_6.d.next = self.common.val().xor();
        self.valid_6.d.next = self.valid_5.q.val();
        self.slot_6.d.next = self.slot_5.q.val();
        self.sounds_6.d.next = self.sounds_5.q.val();
        self.active_6.d.next = self.active_5.q.val();
        self.start_6.d.next = self.start_5.q.val();
        self.is_code_6.d.next = self.is_code_5.q.val();
        self.past_6.d.next = self.past_5.q.val();
        comment!("Clock 6: the carry of what was inverted; or a code, and its value one loop latency ago.");
        self.sine_carry.first.next = self.sine_6.q.val();
        self.sine_carry.second.next = 0.into();
        self.sine_carry.carry_in.next = self.sine_falls_6.q.val();
        self.cosine_carry.first.next = self.cosine_6.q.val();
        self.cosine_carry.second.next = 0.into();
        self.cosine_carry.carry_in.next = self.cosine_falls_6.q.val();
        self.sine_7.d.next = signed_cast(self.sine_carry.sum.val());
        self.cosine_7.d.next = signed_cast(self.cosine_carry.sum.val());
        if self.is_code_6.q.val() {
            self.sine_7.d.next = 32767.into();
            if self.is_low_6.q.val() {
                self.sine_7.d.next = (-32767).into();
            }
            self.cosine_7.d.next = 32767.into();
            if self.past_6.q.val().get_bit(0) {
                self.cosine_7.d.next = (-32767).into();
            }
        }
        self.active_7.d.next = self.active_6.q.val();
        comment!("The slot state is written back.");
        self.older.next = self.past_6.q.val().to_bits() >> 1;
        self.kept.next = self.older.val();
        if self.is_low_6.q.val() {
            self.kept.next = self.older.val() | self.newest.val();
        }
        self.past_wide.next = 0.into();
        if self.has_codes.val() {
            self.past_wide.next = bit_cast::<16, 6>(self.kept.val());
        }
        self.states.write_address.next = self.slot_6.q.val();
        self.start_kept.next = self.start_6.q.val();
        self.is_code_kept.next = self.is_code_6.q.val();
        if self.start_write.val() {
            self.states.write_address.next = self.start_slot.val();
            self.start_kept.next = self.start_data.val();
            self.is_code_kept.next = self.start_code.val() & self.has_codes.val();
        }
        self.states.write_enable.next = self.valid_6.q.val() | self.start_write.val();
        self.start_wide.next = bit_cast::<16, 8>(self.start_kept.val());
        self.with_sounds.next = self.start_wide.val().replace_bit(8, self.sounds_6.q.val());
        self.with_code.next = self.with_sounds.val().replace_bit(9, self.is_code_kept.val());
        self.past_placed.next = self.past_wide.val().to_bits() << 10;
        self.states.write_data.next = self.with_code.val() | self.past_placed.val();
        comment!("Clock 7: out.");
        self.sine.next = self.sine_7.q.val();
        self.cosine.next = self.cosine_7.q.val();
        self.active.next = self.active_7.q.val();
    }
}
