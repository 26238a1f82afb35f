//! Kernel of the update.

use super::{Round, Update};
use crate::leaf::bit_cast_signed;
use crate::word::ToWord;
use rust_hdl::prelude::*;

impl Logic for Update {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, round, phase, errand, item, channel, runs, ran, slot_1, slot_2, drives_1,
            drives_2, place, gradient_shift, step_shift, mask, mask_high, left, left_high,
            coefficients, address, one, other, route, low, difference, error, weighted, factor,
            response, addition, total, cut, losses
        );
        clock!(self, clock, scaler, multiply, kept_row);
        self.busy.next = self.round.q.val() != Round::Idle;
        self.is_cut.next = self.cut.q.val();
        self.loss.next = self.losses.q.val();
        self.kept.next = self.kept_row.read_data.val();
        self.kept_row.read_address.next = self.kept_place.val();
        if self.busy.val() {
            self.kept_row.read_address.next = bit_cast::<6, _>(self.item.q.val());
        }
        comment!("Settings and tasks.");
        if self.place_write.val() {
            self.place.d.next = bit_cast::<12, _>(self.data.val());
        }
        if self.shifts_write.val() {
            self.gradient_shift.d.next = bit_cast::<5, _>(self.data.val());
            self.step_shift.d.next = self.data.val().to_bits().get_bits::<5>(8);
        }
        self.mask_word.next = bit_cast::<32, 16>(self.data.val());
        self.raised.next = self.mask.q.val().to_bits() << 16;
        self.high_word.next = self.mask_high.q.val().to_bits() << 16;
        self.low_word.next = bit_cast::<32, 16>(self.mask.q.val().to_bits().get_bits::<16>(16));
        if self.mask_write.val() {
            self.mask.d.next = self.raised.val() | self.mask_word.val();
            self.mask_high.d.next = self.high_word.val() | self.low_word.val();
        }
        comment!("Places in the table.");
        self.next_item.next = self.item.q.val() + 1;
        self.item_place.next = bit_cast::<12, 9>(self.item.q.val());
        self.input_place.next = bit_cast::<12, 3>(self.channel.q.val());
        self.driven.next = self.route.q.val().to_bits().get_bits::<6>(8) & self.row_mask.val();
        self.output_place.next = bit_cast::<12, 6>(self.driven.val());
        self.step_place.next = bit_cast::<12, 8>(self.slot_2.q.val());
        self.slot_1_place.next = bit_cast::<12, 8>(self.slot_1.q.val());
        self.half.next = self.left.q.val().to_bits() >> 1;
        self.is_input.next = self.left.q.val().get_bit(0) & (self.errand.q.val() == bits::<4>(4));
        self.row.next = self.controls.val() | self.item_place.val();
        self.word.next = self.one.q.val();
        if self.is_input.val() | (self.errand.q.val() == bits::<4>(5)) {
            self.row.next = self.place.q.val() | self.item_place.val();
            self.word.next = self.one.q.val().to_bits() << 16;
        }
        if self.errand.q.val() == bits::<4>(8) {
            self.row.next = self.best.val() | self.item_place.val();
        }
        self.read_address.next = self.address.q.val();
        self.read_slot.next = bit_cast::<8, _>(self.item.q.val());
        self.read_input.next = self.channel.q.val();
        comment!("Words of the slot scan.");
        self.engine_word.next = 0.into();
        if self.round.q.val() == Round::Error {
            match self.phase.q.val().index() {
                2 => self.engine_word.next = 24.into(),
                3 => self.engine_word.next = 25.into(),
                4 => self.engine_word.next = 26.into(),
                _ => self.engine_word.next = 27.into(),
            }
        }
        if self.round.q.val() == Round::Steps {
            match self.phase.q.val().index() {
                2 => self.engine_word.next = 10.into(),
                3 => self.engine_word.next = 11.into(),
                4 => self.engine_word.next = 12.into(),
                5 => self.engine_word.next = 13.into(),
                6 => self.engine_word.next = 14.into(),
                7 => self.engine_word.next = 15.into(),
                _ => self.engine_word.next = 0.into(),
            }
        }
        self.scaler.word.next = self.engine_data.val();
        self.scaler.reads.next =
            (self.phase.q.val() > bits::<4>(1)) & (self.phase.q.val() < bits::<4>(8));
        comment!("Terms of the sum, and what is shifted.");
        self.product.next = unsigned_cast(self.multiply.product.val());
        self.scaler.term.next = self.product.val();
        self.scaler.adds.next = false;
        self.scaler.begins.next = false;
        self.scaler.raises.next = false;
        self.scaler.takes_sum.next =
            (self.phase.q.val() != bits::<4>(5)) & (self.phase.q.val() != bits::<4>(8));
        self.scaler.amount.next = self.window_log2.val();
        if self.round.q.val() == Round::Error {
            self.scaler.term.next = self.scaler.pair.val();
            self.scaler.adds.next =
                (self.phase.q.val() == bits::<4>(4)) | (self.phase.q.val() == bits::<4>(6));
            self.scaler.begins.next = self.phase.q.val() == bits::<4>(4);
        }
        if self.round.q.val() == Round::Steps {
            match self.phase.q.val().index() {
                0 => {
                    self.scaler.adds.next = true;
                    self.scaler.raises.next = true;
                }
                1 => self.scaler.adds.next = true,
                2 => self.scaler.amount.next = self.gradient_shift.q.val(),
                7 => {
                    self.scaler.adds.next = true;
                    self.scaler.begins.next = true;
                    self.scaler.raises.next = true;
                }
                8 => self.scaler.adds.next = true,
                9 => {
                    self.scaler.amount.next = self.step_shift.q.val();
                    self.scaler.adds.next = true;
                    self.scaler.begins.next = true;
                    self.scaler.raises.next = true;
                }
                10 => self.scaler.adds.next = true,
                _ => {}
            }
        }
        comment!("Factors.");
        self.factor_i.next = signed_cast(self.one.q.val().to_bits().get_bits::<16>(0));
        self.factor_q.next = signed_cast(self.one.q.val().to_bits().get_bits::<16>(16));
        self.weight_bits.next = bit_cast::<16, 14>(self.one.q.val().to_bits().get_bits::<14>(16));
        self.weight.next = signed_cast(self.weight_bits.val());
        self.high_part.next = signed_cast(self.scaler.shifted.val().to_bits().get_bits::<16>(15));
        self.low.d.next = bit_cast::<15, _>(self.scaler.shifted.val());
        self.low_bits.next = bit_cast::<16, 15>(self.low.q.val());
        self.low_part.next = signed_cast(self.low_bits.val());
        self.response_high.next = signed_cast(self.response.q.val().to_bits().get_bits::<16>(15));
        self.response_bits.next =
            bit_cast::<16, 15>(self.response.q.val().to_bits().get_bits::<15>(0));
        self.response_low.next = signed_cast(self.response_bits.val());
        self.multiply.a.next = self.high_part.val();
        self.multiply.b.next = self.factor_i.val();
        if self.round.q.val() == Round::Steps {
            match self.phase.q.val().index() {
                5 => {
                    self.multiply.a.next = self.response_high.val();
                    self.multiply.b.next = self.factor.q.val();
                }
                6 => {
                    self.multiply.a.next = self.response_low.val();
                    self.multiply.b.next = self.factor.q.val();
                }
                8 => self.multiply.a.next = self.low_part.val(),
                10 => self.multiply.b.next = self.factor_q.val(),
                11 => {
                    self.multiply.a.next = self.low_part.val();
                    self.multiply.b.next = self.factor_q.val();
                }
                _ => {}
            }
        }
        if self.round.q.val() == Round::Error {
            self.multiply.a.next = self.error.q.val();
            self.multiply.b.next = self.weight.val();
        }
        if self.round.q.val() == Round::Weight {
            self.multiply.a.next = self.error.q.val();
            self.multiply.b.next = self.weighted.q.val();
        }
        comment!("The error, its weight and its loss.");
        self.mean.next = signed_cast(self.scaler.shifted.val().to_bits().get_bits::<18>(0));
        self.target.next = bit_cast_signed::<18, 16>(self.factor_i.val());
        if self.phase.q.val() == bits::<4>(9) {
            self.difference.d.next = self.mean.val() - self.target.val();
        }
        self.bounds.difference.next = self.difference.q.val();
        self.bounds.target.next = self.one.q.val();
        self.bounds.product.next = self.product.val();
        self.bounds.moved.next = self.addition.q.val();
        self.bounds.limits.next = self.other.q.val();
        self.cost.next = self.product.val().to_bits() >> 5;
        comment!("Sums and differences of 32 bits, saturated by their signs.");
        self.most.next = 0x7fff_ffff.into();
        self.first_sign.next = self.other.q.val().get_bit(31);
        self.second_sign.next = self.addition.q.val().get_bit(31);
        if self.round.q.val() == Round::Apply {
            self.first_sign.next = self.one.q.val().get_bit(31);
            self.second_sign.next = !self.other.q.val().get_bit(31);
        }
        self.overflows.next = (self.first_sign.val() == self.second_sign.val())
            & (self.total.q.val().get_bit(31) ^ self.first_sign.val());
        self.sum.next = self.total.q.val();
        if self.overflows.val() {
            self.sum.next = self.most.val();
            if self.first_sign.val() {
                self.sum.next = !self.most.val();
            }
        }
        comment!("Writes of the table, of the kept row, and of targets.");
        if self.errand.q.val() == bits::<4>(6) {
            self.word.next = self.kept_row.read_data.val();
        }
        self.write.next = false;
        self.write_address.next = self.steps.val() | self.step_place.val();
        self.write_data.next = self.sum.val();
        self.kept_row.write_enable.next = false;
        self.kept_row.write_address.next = bit_cast::<6, _>(self.item.q.val());
        self.kept_row.write_data.next = self.one.q.val();
        self.target_write.next = false;
        self.target_index.next = bit_cast::<6, _>(self.item.q.val());
        self.target_data.next = self.word.val();
        comment!("Rounds.");
        self.phase.d.next = self.phase.q.val() + 1;
        if self.phase.q.val() == bits::<4>(11) {
            self.phase.d.next = 0.into();
        }
        if self.phase.q.val() == bits::<4>(2) {
            self.one.d.next = self.read_data.val();
        }
        match self.round.q.val() {
            Round::Idle => self.phase.d.next = 0.into(),
            Round::Error => match self.phase.q.val().index() {
                0 => self.address.d.next = self.place.q.val() | self.input_place.val(),
                10 => {
                    self.error.d.next = self.bounds.error.val();
                    if !self.bounds.fits.val() {
                        self.cut.d.next = true;
                    }
                }
                11 => self.round.d.next = Round::Weight,
                _ => {}
            },
            Round::Weight => match self.phase.q.val().index() {
                1 => {
                    self.weighted.d.next = self.bounds.weighted.val();
                    if !self.bounds.weighted_fits.val() {
                        self.cut.d.next = true;
                    }
                }
                3 => {
                    self.factor.d.next = self.weighted.q.val();
                    if self.costs.val() {
                        self.factor.d.next = self.weight.val();
                    }
                }
                4 => {
                    self.losses.d.next = self.losses.q.val() + self.cost.val();
                    self.round.d.next = Round::Steps;
                    self.runs.d.next = true;
                    self.phase.d.next = 0.into();
                }
                _ => {}
            },
            Round::Steps => match self.phase.q.val().index() {
                0 => {
                    self.address.d.next = self.coefficients.q.val() | self.item_place.val();
                    self.total.d.next = self.other.q.val() + self.addition.q.val();
                }
                1 => {
                    self.write.next = self.drives_2.q.val();
                    if self.drives_2.q.val() & self.overflows.val() {
                        self.cut.d.next = true;
                    }
                }
                2 => {
                    if (!self.runs.q.val()) & (!self.ran.q.val()) {
                        self.drives_2.d.next = false;
                        self.phase.d.next = 0.into();
                        self.item.d.next = 0.into();
                        self.channel.d.next = self.channel.q.val() + 1;
                        self.coefficients.d.next =
                            self.coefficients.q.val() + self.slot_words.val();
                        self.round.d.next = Round::Error;
                        if self.channel.q.val() == self.last_input.val() {
                            self.round.d.next = Round::Idle;
                        }
                    }
                }
                4 => {
                    self.response.d.next = self.scaler.saturated_31.val();
                    if self.drives_1.q.val() & (!self.scaler.fits_31.val()) {
                        self.cut.d.next = true;
                    }
                }
                8 => self.route.d.next = self.engine_data.val(),
                9 => self.address.d.next = self.steps.val() | self.slot_1_place.val(),
                11 => {
                    self.other.d.next = self.read_data.val();
                    self.addition.d.next = self.scaler.saturated_32.val();
                    if self.drives_1.q.val() & (!self.scaler.fits_32.val()) {
                        self.cut.d.next = true;
                    }
                    self.slot_1.d.next = bit_cast::<8, _>(self.item.q.val());
                    self.slot_2.d.next = self.slot_1.q.val();
                    self.drives_1.d.next = self.runs.q.val() & self.route.q.val().get_bit(14);
                    self.drives_2.d.next = self.drives_1.q.val();
                    self.ran.d.next = self.runs.q.val();
                    self.item.d.next = self.next_item.val();
                    if self.next_item.val() == self.slots_used.val() {
                        self.runs.d.next = false;
                    }
                }
                _ => {}
            },
            Round::Apply => match self.phase.q.val().index() {
                0 => self.address.d.next = self.steps.val() | self.item_place.val(),
                2 => {
                    self.other.d.next = self.read_data.val();
                    self.route.d.next = self.engine_data.val();
                }
                3 => self.address.d.next = self.controls.val() | self.output_place.val(),
                5 => {
                    self.one.d.next = self.read_data.val();
                    self.address.d.next = self.limits.val() | self.output_place.val();
                }
                6 => self.total.d.next = self.one.q.val() - self.other.q.val(),
                7 => {
                    self.addition.d.next = self.sum.val();
                    self.other.d.next = self.read_data.val();
                }
                8 => self.total.d.next = self.bounds.clipped.val(),
                9 => {
                    self.write.next =
                        self.route.q.val().get_bit(14) & (self.errand.q.val() == bits::<4>(1));
                    self.write_address.next = self.controls.val() | self.output_place.val();
                    self.write_data.next = self.total.q.val();
                }
                10 => {
                    self.write.next = true;
                    self.write_address.next = self.steps.val() | self.item_place.val();
                    self.write_data.next = 0.into();
                }
                11 => {
                    self.item.d.next = self.next_item.val();
                    if self.next_item.val() == self.slots_used.val() {
                        self.round.d.next = Round::Idle;
                    }
                }
                _ => {}
            },
            Round::Row => match self.phase.q.val().index() {
                0 => self.address.d.next = self.row.val(),
                3 => {
                    self.kept_row.write_enable.next =
                        self.errand.q.val().get_bit(1) & (!self.errand.q.val().get_bit(2));
                    self.write.next =
                        (self.errand.q.val() == bits::<4>(5)) | self.errand.q.val().get_bit(3);
                    self.write_address.next = self.controls.val() | self.item_place.val();
                    self.write_data.next = self.word.val();
                    self.target_write.next = self.errand.q.val() == bits::<4>(4);
                    if self.target_write.val() & (!self.target_ready.val()) {
                        self.phase.d.next = self.phase.q.val();
                    }
                }
                4 => {
                    self.write.next = (self.errand.q.val() == bits::<4>(3))
                        | (self.errand.q.val() == bits::<4>(6));
                    self.write_address.next = self.best.val() | self.item_place.val();
                    self.write_data.next = self.word.val();
                    self.phase.d.next = 0.into();
                    self.item.d.next = self.next_item.val();
                    self.left.d.next =
                        self.half.val().replace_bit(31, self.left_high.q.val().get_bit(0));
                    self.left_high.d.next = self.left_high.q.val().to_bits() >> 1;
                    if self.item.q.val() == self.last_output.val() {
                        self.round.d.next = Round::Idle;
                    }
                }
                _ => {}
            },
        }
        if self.start.val() {
            self.errand.d.next = bit_cast::<4, _>(self.data.val());
            self.phase.d.next = 0.into();
            self.item.d.next = 0.into();
            self.channel.d.next = 0.into();
            self.coefficients.d.next = self.first_coefficient.val();
            self.left.d.next = self.mask.q.val();
            self.left_high.d.next = self.mask_high.q.val();
            self.round.d.next = Round::Row;
            if self.data.val() == bits::<16>(0) {
                self.round.d.next = Round::Error;
                self.cut.d.next = false;
                self.losses.d.next = 0.into();
            }
            if (self.data.val() == bits::<16>(1)) | (self.data.val() == bits::<16>(13)) {
                self.round.d.next = Round::Apply;
            }
        }
        if self.reset.val() {
            self.round.d.next = Round::Idle;
            self.runs.d.next = false;
            self.ran.d.next = false;
            self.drives_1.d.next = false;
            self.drives_2.d.next = false;
        }
    }
}
