//! Kernel of the post-processor: inputs and outputs of its microcontroller.

use super::PostProcessor;
use crate::word::ToWord;
use rust_hdl::prelude::*;

impl Logic for PostProcessor {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, end_waits, job_waits, job_is_window, of_run, item, place, high, room,
            near, far, word_waits, is_shown, was_shown, is_answered, was_cut, was_last,
            was_clamped, was_limited, table_copy, code_copy, stored_copy
        );
        clock!(self, clock, machine);
        comment!("Jobs: those of a run have priority.");
        self.machine.reset.next = self.reset.val();
        self.machine.start.next = false;
        self.machine.entry.next = self.run_entry.val();
        self.waits.next = self.end_waits.q.val() | self.job_waits.q.val();
        self.working.next = self.waits.val() | (self.machine.busy.val() & self.of_run.q.val());
        self.busy.next =
            self.waits.val() | self.machine.busy.val() | self.event.val() | self.block.val();
        if !self.machine.busy.val() {
            self.of_run.d.next = self.waits.val();
            self.machine.start.next = self.busy.val();
            if self.end_waits.q.val() {
                self.end_waits.d.next = false;
                self.machine.entry.next = self.end_entry.val();
            } else if self.job_waits.q.val() {
                self.job_waits.d.next = false;
                if self.job_is_window.q.val() {
                    self.machine.entry.next = self.window_entry.val();
                }
            } else if self.event.val() {
                self.machine.entry.next = self.event_entry.val();
            } else {
                self.machine.entry.next = self.block_entry.val();
            }
        }
        if self.start.val() {
            if self.kind.val().get_bit(1) {
                self.end_waits.d.next = true;
            } else {
                self.job_waits.d.next = true;
                self.job_is_window.d.next = self.kind.val().get_bit(0);
            }
        }
        comment!("Flags of the window.");
        if self.tones.val() {
            if self.begin.val() & self.restart.val() {
                self.was_clamped.d.next = false;
                self.was_limited.d.next = false;
            }
            if self.clamped.val() {
                self.was_clamped.d.next = true;
            }
            if self.limited.val() {
                self.was_limited.d.next = true;
            }
        }
        self.last_pass.next = self.was_last.q.val();
        self.none.next = 0.into();
        self.flags_0.next = self.none.val().replace_bit(0, self.was_clamped.q.val());
        self.flags_1.next = self.flags_0.val().replace_bit(1, self.was_limited.q.val());
        self.flags_2.next = self.flags_1.val().replace_bit(2, self.unperturbed.val());
        self.flags_3.next = self.flags_2.val().replace_bit(3, self.was_last.q.val());
        self.flags_4.next = self.flags_3.val().replace_bit(4, self.late.val());
        self.flags_6.next = self.flags_4.val().replace_bit(6, self.mode.val().get_bit(4));
        comment!("Input words of the program.");
        self.read_slot.next = bit_cast::<8, _>(self.item.q.val());
        self.read_input.next = self.item.q.val().to_bits().get_bits::<3>(8);
        self.read_code.next = bit_cast::<7, _>(self.item.q.val());
        self.read_address.next = self.place.q.val();
        self.table_copy.d.next = self.read_data.val();
        self.code_copy.d.next = self.code.val();
        self.stored_copy.d.next = self.stored.val();
        self.table_read.next = self.read_data.val();
        self.code_read.next = self.code.val();
        self.stored_read.next = self.stored.val();
        self.is_there.next = self.is_shown.q.val();
        if self.is_late.val() {
            self.table_read.next = self.table_copy.q.val();
            self.code_read.next = self.code_copy.q.val();
            self.stored_read.next = self.stored_copy.q.val();
            self.is_there.next = self.was_shown.q.val();
        }
        self.output_masked.next =
            self.engine_data.val().to_bits().get_bits::<6>(8) & self.row_mask.val();
        comment!("Words 0 to 15, 24 to 31 and 32 (of word 0) wait for the slot scan.");
        self.of_engine.next = ((!self.machine.port.val().get_bit(5))
            & ((!self.machine.port.val().get_bit(4)) | (self.machine.port.val().get_bit(3))))
            | (self.machine.port.val() == bits::<6>(32));
        self.engine_read.next = self.machine.reading.val() & self.of_engine.val();
        self.engine_word.next = bit_cast::<5, _>(self.machine.port.val());
        comment!("Words 43 and 44, the setting at `place`, wait for the registers.");
        self.of_settings.next =
            (self.machine.port.val() == bits::<6>(43)) | (self.machine.port.val() == bits::<6>(44));
        self.setting_request.next = self.machine.reading.val() & self.of_settings.val();
        self.setting_address.next = bit_cast::<6, _>(self.place.q.val());
        self.is_shown.d.next = self.setting_granted.val();
        self.was_shown.d.next = self.is_shown.q.val();
        self.is_answered.d.next = self.machine.reading.val()
            & ((self.of_engine.val() & self.engine_ready.val())
                | (self.of_settings.val() & self.is_there.val()));
        self.waits_answer.next = self.machine.reading.val()
            & (self.of_engine.val() | self.of_settings.val())
            & (!self.is_answered.q.val());
        self.far.d.next = 0.into();
        match self.machine.port.val().index() {
            16 => self.far.d.next = bit_cast::<16, _>(self.table_read.val()),
            17 => self.far.d.next = self.table_read.val().to_bits().get_bits::<16>(16),
            32 => self.far.d.next = bit_cast::<16, 6>(self.output_masked.val()),
            38 => self.far.d.next = self.code_read.val(),
            43 => self.far.d.next = bit_cast::<16, _>(self.stored_read.val()),
            44 => self.far.d.next = self.stored_read.val().to_bits().get_bits::<16>(16),
            _ => {
                if self.of_engine.val() {
                    self.far.d.next = self.engine_data.val();
                }
            }
        }
        self.codes_wide.next = bit_cast::<16, 7>(self.codes.val());
        self.captured_wide.next = bit_cast::<16, 3>(self.captured_input.val());
        self.captured_placed.next = self.captured_wide.val().to_bits() << 8;
        self.near.d.next = 0.into();
        match self.machine.port.val().index() {
            18 => self.near.d.next = bit_cast::<16, _>(self.number.val()),
            19 => self.near.d.next = self.number.val().to_bits().get_bits::<16>(16),
            20 => self.near.d.next = bit_cast::<16, _>(self.marked.val()),
            21 => self.near.d.next = self.marked.val().to_bits().get_bits::<16>(16),
            22 => self.near.d.next = bit_cast::<16, _>(self.began.val()),
            23 => self.near.d.next = self.began.val().to_bits().get_bits::<16>(16),
            33 => self.near.d.next = bit_cast::<16, _>(self.event_time.val()),
            34 => self.near.d.next = self.event_time.val().to_bits().get_bits::<16>(16),
            35 => self.near.d.next = bit_cast::<16, 5>(self.event_cause.val()),
            36 => {
                self.near.d.next = self.flags_6.val().replace_bit(5, self.was_cut.q.val());
            }
            37 => self.near.d.next = self.none.val().replace_bit(0, self.room.q.val()),
            39 => self.near.d.next = self.codes_wide.val(),
            40 => self.near.d.next = self.decimation.val(),
            41 => self.near.d.next = bit_cast::<16, 3>(self.reason.val()),
            42 => self.near.d.next = bit_cast::<16, 5>(self.window_log2.val()),
            45 => self.near.d.next = bit_cast::<16, 9>(self.slots_used.val()),
            46 => self.near.d.next = self.captured_placed.val() | self.codes_wide.val(),
            49 => self.near.d.next = bit_cast::<16, 5>(self.mode.val()),
            54 => self.near.d.next = self.none.val().replace_bit(0, self.was_cut.q.val()),
            _ => self.near.d.next = 0.into(),
        }
        comment!("Inputs of the update in hardware.");
        for i in 0..self.updates.len() {
            self.updates[i].kept_place.next = bit_cast::<6, _>(self.item.q.val());
            match self.machine.port.val().index() {
                50 => {
                    self.near.d.next = self.none.val().replace_bit(0, self.updates[i].is_cut.val())
                }
                51 => self.near.d.next = self.updates[i].loss.val().to_bits().get_bits::<16>(0),
                52 => self.near.d.next = self.updates[i].loss.val().to_bits().get_bits::<16>(16),
                55 => self.near.d.next = self.updates[i].kept.val().to_bits().get_bits::<16>(0),
                56 => self.near.d.next = self.updates[i].kept.val().to_bits().get_bits::<16>(16),
                _ => {}
            }
        }
        if !self.machine.reads.val() {
            self.far.d.next = 0.into();
            self.near.d.next = 0.into();
        }
        self.machine.word_in.next = self.near.q.val() | self.far.q.val();
        comment!("Output words of the program.");
        self.low_wide.next = bit_cast::<32, 16>(self.machine.word_out.val());
        self.high_wide.next = bit_cast::<32, 16>(self.high.q.val());
        self.high_placed.next = self.high_wide.val().to_bits() << 16;
        self.pair.next = self.high_placed.val() | self.low_wide.val();
        self.write_address.next = self.place.q.val();
        self.write_data.next = self.pair.val();
        self.target_index.next = bit_cast::<6, _>(self.item.q.val());
        self.target_data.next = self.pair.val();
        self.frame_word.next = self.pair.val();
        self.words.next = bit_cast::<11, _>(self.machine.word_out.val());
        self.over_reason.next = bit_cast::<3, _>(self.machine.word_out.val());
        self.machine.stall.next = self.waits_answer.val();
        self.write.next = false;
        self.word_write.next = self.word_waits.q.val();
        self.word_waits.d.next = false;
        self.target_write.next = false;
        self.cost_write.next = false;
        self.begin_frame.next = false;
        self.mark.next = false;
        self.commit.next = false;
        self.recorded.next = false;
        self.over.next = false;
        self.event_taken.next = false;
        self.block_taken.next = false;
        if self.machine.early_strobe.val() {
            match self.machine.port.val().to_bits().get_bits::<4>(0).index() {
                0 => self.item.d.next = bit_cast::<11, _>(self.machine.word_out.val()),
                1 => self.place.d.next = bit_cast::<12, _>(self.machine.word_out.val()),
                _ => {}
            }
        }
        if self.machine.strobe.val() {
            match self.machine.port.val().to_bits().get_bits::<4>(0).index() {
                0 => {}
                1 => {}
                2 => self.high.d.next = self.machine.word_out.val(),
                3 => self.write.next = true,
                4 => self.word_waits.d.next = true,
                5 => {
                    self.target_write.next = true;
                    self.machine.stall.next = !self.target_ready.val();
                }
                6 => {
                    self.begin_frame.next = true;
                    self.room.d.next = self.fits.val();
                }
                7 => {
                    self.begin_frame.next = true;
                    self.mark.next = true;
                    self.room.d.next = self.fits.val();
                }
                8 => self.commit.next = true,
                9 => self.was_cut.d.next = self.machine.word_out.val().get_bit(0),
                10 => self.was_last.d.next = self.machine.word_out.val().get_bit(0),
                11 => self.over.next = true,
                12 => self.recorded.next = true,
                13 => self.event_taken.next = true,
                14 => self.block_taken.next = true,
                _ => self.cost_write.next = true,
            }
        }
        comment!(
            "The update in hardware: its tasks, and what it reads and writes while it is busy."
        );
        for i in 0..self.updates.len() {
            self.updates[i].clock.next = self.clock.val();
            self.released[i].clock.next = self.clock.val();
            self.past[i].clock.next = self.clock.val();
            self.updates[i].reset.next = self.reset.val();
            self.updates[i].data.next = self.machine.word_out.val();
            self.updates[i].mask_write.next =
                self.machine.strobe.val() & (self.machine.port.val() == bits::<6>(16));
            self.updates[i].place_write.next =
                self.machine.strobe.val() & (self.machine.port.val() == bits::<6>(17));
            self.updates[i].shifts_write.next =
                self.machine.strobe.val() & (self.machine.port.val() == bits::<6>(18));
            self.updates[i].start.next =
                self.machine.strobe.val() & (self.machine.port.val() == bits::<6>(32));
            self.updates[i].window_log2.next = self.window_log2.val();
            self.updates[i].slots_used.next = self.slots_used.val();
            self.updates[i].costs.next = self.mode.val().get_bit(3);
            self.updates[i].engine_data.next = self.engine_data.val();
            self.updates[i].read_data.next = self.read_data.val();
            self.updates[i].target_ready.next = self.target_ready.val();
            self.past[i].d.next = self.past[i].q.val();
            if (!self.machine.busy.val()) & self.busy.val() {
                self.past[i].d.next = false;
            }
            if self.opens[i].val() {
                self.past[i].d.next = true;
            }
            comment!(
                "An event before the end of a run is told before it, also where both had to wait."
            );
            self.event_first[i].clock.next = self.clock.val();
            self.event_first[i].d.next = self.event_first[i].q.val();
            if self.start.val() & self.kind.val().get_bit(1) {
                self.event_first[i].d.next = self.event.val();
            }
            if (!self.machine.busy.val())
                & self.end_waits.q.val()
                & self.event.val()
                & self.event_first[i].q.val()
            {
                self.end_waits.d.next = true;
                self.of_run.d.next = false;
                self.machine.entry.next = self.event_entry.val();
            }
            self.shown_slot[i].next = bit_cast::<8, _>(self.item.q.val());
            if self.updates[i].busy.val() {
                self.shown_slot[i].next = self.updates[i].read_slot.val();
                self.read_input.next = self.updates[i].read_input.val();
                self.engine_word.next = self.updates[i].engine_word.val();
                self.read_address.next = self.updates[i].read_address.val();
                self.write.next = self.updates[i].write.val();
                self.write_address.next = self.updates[i].write_address.val();
                self.write_data.next = self.updates[i].write_data.val();
                self.target_write.next = self.updates[i].target_write.val();
                self.target_index.next = self.updates[i].target_index.val();
                self.target_data.next = self.updates[i].target_data.val();
            }
            self.read_slot.next = self.shown_slot[i].val().replace_bit(7, self.past[i].q.val());
            if self.machine.reading.val()
                & (self.machine.port.val() == bits::<6>(50))
                & self.updates[i].busy.val()
            {
                self.machine.stall.next = true;
            }
            self.released[i].d.next = self.released[i].q.val();
            if self.machine.strobe.val() & (self.machine.port.val() == bits::<6>(48)) {
                self.released[i].d.next = true;
            }
            if !self.machine.busy.val() {
                self.released[i].d.next = false;
            }
            self.is_last[i].clock.next = self.clock.val();
            self.is_last[i].d.next = self.is_last[i].q.val();
            self.will_continue[i].clock.next = self.clock.val();
            self.will_continue[i].d.next = self.will_continue[i].q.val();
            if self.machine.strobe.val() & (self.machine.port.val() == bits::<6>(34)) {
                self.is_last[i].d.next = !self.machine.word_out.val().any();
                self.will_continue[i].d.next = self.machine.word_out.val().get_bit(8);
            }
            self.ends[i].next = self.is_last[i].q.val();
            self.continues[i].next = self.will_continue[i].q.val();
            self.uses_table[i].next = self.updates[i].busy.val();
            self.working.next = self.waits.val()
                | (self.machine.busy.val() & self.of_run.q.val() & (!self.released[i].q.val()));
        }
        if self.reset.val() {
            self.end_waits.d.next = false;
            self.job_waits.d.next = false;
            self.of_run.d.next = false;
            self.was_cut.d.next = false;
            self.was_last.d.next = false;
        }
    }
}
