//! The kernel of the update.

use super::Update;
use rust_hdl::prelude::*;

impl Logic for Update {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, slot, place, high, total_loss, was_cut);
        clock!(self, clock, machine);
        self.machine.reset.next = self.reset.val();
        self.machine.start.next = self.start.val();
        match self.kind.val().index() {
            0 => self.machine.entry.next = self.clear_entry.val(),
            1 => self.machine.entry.next = self.add_entry.val(),
            _ => self.machine.entry.next = self.apply_entry.val(),
        }
        self.busy.next = self.machine.busy.val();
        self.loss.next = self.total_loss.q.val();
        self.saturated.next = self.was_cut.q.val();
        self.read_slot.next = self.slot.q.val();
        self.read_address.next = self.place.q.val();
        comment!("What the program reads.");
        self.output_masked.next = self.word.val().get_bits::<5>(24) & self.row_mask.val();
        self.first_sum.next = unsigned_cast(self.sum_first.val());
        self.second_sum.next = unsigned_cast(self.sum_second.val());
        self.cut_word.next = 0.into();
        self.machine.word_in.next = 0.into();
        match self.machine.port.val().index() {
            0 => self.machine.word_in.next = self.in_phase.val().get_bits::<16>(0),
            1 => self.machine.word_in.next = self.in_phase.val().get_bits::<16>(16),
            2 => self.machine.word_in.next = self.in_phase.val().get_bits::<16>(32),
            3 => self.machine.word_in.next = self.quadrature.val().get_bits::<16>(0),
            4 => self.machine.word_in.next = self.quadrature.val().get_bits::<16>(16),
            5 => self.machine.word_in.next = self.quadrature.val().get_bits::<16>(32),
            6 => self.machine.word_in.next = self.first_sum.val().get_bits::<16>(0),
            7 => self.machine.word_in.next = self.first_sum.val().get_bits::<16>(16),
            8 => self.machine.word_in.next = self.second_sum.val().get_bits::<16>(0),
            9 => self.machine.word_in.next = self.second_sum.val().get_bits::<16>(16),
            10 => self.machine.word_in.next = self.read_data.val().get_bits::<16>(0),
            11 => self.machine.word_in.next = self.read_data.val().get_bits::<16>(16),
            12 => self.machine.word_in.next = self.word.val().get_bits::<16>(16),
            13 => self.machine.word_in.next = bit_cast::<16, 5>(self.output_masked.val()),
            14 => self.machine.word_in.next = bit_cast::<16, 5>(self.window_log2.val()),
            15 => self.machine.word_in.next = bit_cast::<16, 5>(self.gradient_shift.val()),
            16 => self.machine.word_in.next = bit_cast::<16, 5>(self.step_shift.val()),
            17 => self.machine.word_in.next = bit_cast::<16, 9>(self.slots_used.val()),
            18 => self.machine.word_in.next = bit_cast::<16, 6>(self.case_number.val()),
            19 => self.machine.word_in.next = self.total_loss.q.val().get_bits::<16>(0),
            20 => self.machine.word_in.next = self.total_loss.q.val().get_bits::<16>(16),
            _ => {
                self.machine.word_in.next =
                    self.cut_word.val().replace_bit(0, self.was_cut.q.val());
            }
        }
        comment!("What it writes.");
        self.low_wide.next = bit_cast::<32, 16>(self.machine.word_out.val());
        self.high_wide.next = bit_cast::<32, 16>(self.machine.word_out.val());
        self.high_placed.next = self.high_wide.val() << 16;
        self.kept_high.next = bit_cast::<32, 16>(self.high.q.val());
        self.kept_placed.next = self.kept_high.val() << 16;
        self.loss_low.next = bit_cast::<32, 16>(self.total_loss.q.val().get_bits::<16>(0));
        self.loss_high.next = bit_cast::<32, 16>(self.total_loss.q.val().get_bits::<16>(16));
        self.loss_placed.next = self.loss_high.val() << 16;
        self.write.next = false;
        self.write_address.next = self.place.q.val();
        self.write_data.next = self.kept_placed.val() | self.low_wide.val();
        if self.machine.strobe.val() {
            match self.machine.port.val().index() {
                0 => self.slot.d.next = self.machine.word_out.val().get_bits::<8>(0),
                1 => self.place.d.next = self.machine.word_out.val().get_bits::<12>(0),
                2 => self.high.d.next = self.machine.word_out.val(),
                3 => self.write.next = true,
                4 => self.total_loss.d.next = self.loss_placed.val() | self.low_wide.val(),
                5 => self.total_loss.d.next = self.high_placed.val() | self.loss_low.val(),
                _ => self.was_cut.d.next = self.machine.word_out.val().get_bit(0),
            }
        }
        if self.clear_loss.val() {
            self.total_loss.d.next = 0.into();
        }
        if self.reset.val() {
            self.total_loss.d.next = 0.into();
            self.was_cut.d.next = false;
        }
    }
}
