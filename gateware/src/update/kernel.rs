//! The kernel of the update.

use super::{Step, Update};
use crate::leaf::bit_cast_signed;
use rust_hdl::prelude::*;

impl Logic for Update {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            state,
            after,
            left,
            pair,
            slot,
            accumulator,
            value_i,
            value_q,
            gradient,
            coefficients,
            weight,
            difference,
            weighted,
            addition,
            control,
            moved,
            total_loss,
            was_cut
        );
        clock!(self, clock, multiply);
        self.busy.next = self.state.q.val() != Step::Idle;
        self.loss.next = self.total_loss.q.val();
        self.saturated.next = self.was_cut.q.val();
        self.read_slot.next = self.slot.q.val().get_bits::<8>(0);
        comment!("Places in the table.");
        self.slot_place.next = bit_cast::<12, 9>(self.slot.q.val());
        self.case_place.next = bit_cast::<12, 6>(self.case_number.val());
        self.output_masked.next = 0.into();
        self.output_place.next = 0.into();
        self.read_address.next = self.step_base.val() + self.slot_place.val();
        self.write.next = false;
        self.write_address.next = self.step_base.val() + self.slot_place.val();
        self.write_data.next = 0.into();
        comment!("Ends of the ranges.");
        self.greatest.next = self.largest_word.val();
        self.greatest_bits.next = 0x7fffffff.into();
        self.least_bits.next = !self.greatest_bits.val();
        self.zero.next = 0.into();
        self.ones.next = !self.zero.val();
        self.least.next = signed_cast(self.least_bits.val());
        self.greatest_code.next = self.largest_code.val();
        self.least_code_bits.next = bits::<16>(0x8000);
        self.least_code.next = signed_cast(self.least_code_bits.val());
        comment!("Defaults of what only one step uses.");
        self.multiply.a.next = 0.into();
        self.multiply.b.next = 0.into();
        self.product.next = self.multiply.product.val();
        self.lower.next = 0.into();
        self.wide_first.next = self.zero_48.val();
        self.wide_second.next = self.zero_48.val();
        self.level.next = self.zero_48.val();
        self.halved.next = 0.into();
        self.raised.next = 0.into();
        self.product_wide.next = self.zero_48.val();
        self.product_bits.next = 0.into();
        self.square.next = 0.into();
        self.square_share.next = 0.into();
        self.loss_wide.next = 0.into();
        self.loss_sum.next = 0.into();
        self.mean_bits.next = 0.into();
        self.mean.next = self.zero_18.val();
        self.target.next = self.zero_16.val();
        self.target_wide.next = self.zero_18.val();
        self.error.next = self.zero_18.val();
        self.error_bits.next = 0.into();
        self.error_top.next = 0.into();
        self.weighed.next = 0.into();
        self.weighed_top.next = 0.into();
        self.top_18.next = 0.into();
        self.top_17.next = 0.into();
        self.old_step.next = self.zero_32.val();
        self.new_step.next = self.zero_32.val();
        self.low_bits.next = 0.into();
        self.high_bits.next = 0.into();
        self.low_placed.next = 0.into();
        self.high_placed.next = 0.into();
        self.low_limit.next = self.zero_32.val();
        self.high_limit.next = self.zero_32.val();
        self.next_slot.next = self.slot.q.val() + 1;
        match self.state.q.val() {
            Step::Idle => {
                self.slot.d.next = 0.into();
                self.read_address.next = self.case_targets.val() + self.case_place.val();
                if self.start.val() {
                    match self.kind.val().index() {
                        0 => {
                            self.state.d.next = Step::Clear;
                            self.was_cut.d.next = false;
                        }
                        1 => self.state.d.next = Step::Target,
                        _ => self.state.d.next = Step::ApplyLook,
                    }
                }
            }
            Step::Clear => {
                self.write.next = true;
                self.slot.d.next = self.next_slot.val();
                if self.next_slot.val() == self.slots_used.val() {
                    self.state.d.next = Step::Idle;
                }
            }
            Step::Target => {
                comment!("The case's target word is being read.");
                self.read_address.next = self.case_targets.val() + self.case_place.val();
                self.state.d.next = Step::Level;
            }
            Step::Level => {
                self.read_address.next = self.case_targets.val() + self.case_place.val();
                self.wide_first.next = bit_cast_signed::<48, 32>(self.sum_first.val());
                self.wide_second.next = bit_cast_signed::<48, 32>(self.sum_second.val());
                self.level.next = self.wide_first.val() + self.wide_second.val();
                self.accumulator.d.next = unsigned_cast(self.level.val());
                self.left.d.next = self.window_log2.val();
                self.after.d.next = Step::Error;
                self.state.d.next = Step::Shift;
            }
            Step::Shift => {
                comment!("Arithmetic right shift, one bit a clock.");
                self.read_address.next = self.case_targets.val() + self.case_place.val();
                self.halved.next = self.accumulator.q.val() >> 1;
                if self.left.q.val().any() {
                    self.left.d.next = self.left.q.val() - 1;
                    self.accumulator.d.next =
                        self.halved.val().replace_bit(47, self.accumulator.q.val().get_bit(47));
                } else {
                    self.state.d.next = self.after.q.val();
                }
            }
            Step::Error => {
                comment!(
                    "Mean less target, cut to 16 bits; a one-sided target forgives the other side."
                );
                self.mean_bits.next = self.accumulator.q.val().get_bits::<18>(0);
                self.mean.next = signed_cast(self.mean_bits.val());
                self.target.next = signed_cast(self.read_data.val().get_bits::<16>(0));
                self.target_wide.next = bit_cast_signed::<18, 16>(self.target.val());
                self.error.next = self.mean.val() - self.target_wide.val();
                self.error_bits.next = unsigned_cast(self.error.val());
                self.error_top.next = self.error_bits.val().get_bits::<3>(15);
                self.weight.d.next = self.read_data.val().get_bits::<14>(16);
                self.difference.d.next = signed_cast(self.error_bits.val().get_bits::<16>(0));
                if self.error_top.val().any() & (!self.error_top.val().all()) {
                    self.was_cut.d.next = true;
                    self.difference.d.next = self.greatest_code.val();
                    if self.error_top.val().get_bit(2) {
                        self.difference.d.next = self.least_code.val();
                    }
                }
                if (self.read_data.val().get_bit(30)) & (!self.error_top.val().get_bit(2)) {
                    self.difference.d.next = 0.into();
                }
                if (self.read_data.val().get_bit(31)) & self.error_top.val().get_bit(2) {
                    self.difference.d.next = 0.into();
                }
                self.pair.d.next = 6.into();
                self.state.d.next = Step::Present;
            }
            Step::Present => {
                comment!("Products 0 to 3: I a and Q b, upper and lower; 4, 5: response times error; 6, 7: weight, loss.");
                match self.pair.q.val().index() {
                    0 => {
                        self.multiply.a.next = signed_cast(self.value_i.q.val().get_bits::<16>(15));
                        self.multiply.b.next =
                            signed_cast(self.coefficients.q.val().get_bits::<16>(0));
                    }
                    1 => {
                        self.multiply.a.next = signed_cast(self.value_q.q.val().get_bits::<16>(15));
                        self.multiply.b.next =
                            signed_cast(self.coefficients.q.val().get_bits::<16>(16));
                    }
                    2 => {
                        self.lower.next =
                            bit_cast::<16, 15>(self.value_i.q.val().get_bits::<15>(0));
                        self.multiply.a.next = signed_cast(self.lower.val());
                        self.multiply.b.next =
                            signed_cast(self.coefficients.q.val().get_bits::<16>(0));
                    }
                    3 => {
                        self.lower.next =
                            bit_cast::<16, 15>(self.value_q.q.val().get_bits::<15>(0));
                        self.multiply.a.next = signed_cast(self.lower.val());
                        self.multiply.b.next =
                            signed_cast(self.coefficients.q.val().get_bits::<16>(16));
                    }
                    4 => {
                        self.multiply.a.next =
                            signed_cast(self.gradient.q.val().get_bits::<16>(15));
                        self.multiply.b.next = self.weighted.q.val();
                    }
                    5 => {
                        self.lower.next =
                            bit_cast::<16, 15>(self.gradient.q.val().get_bits::<15>(0));
                        self.multiply.a.next = signed_cast(self.lower.val());
                        self.multiply.b.next = self.weighted.q.val();
                    }
                    6 => {
                        self.lower.next = bit_cast::<16, 14>(self.weight.q.val());
                        self.multiply.a.next = signed_cast(self.lower.val());
                        self.multiply.b.next = self.difference.q.val();
                    }
                    _ => {
                        self.multiply.a.next = self.weighted.q.val();
                        self.multiply.b.next = self.difference.q.val();
                    }
                }
                self.state.d.next = Step::Wait;
            }
            Step::Wait => self.state.d.next = Step::Add,
            Step::Add => {
                self.product_wide.next = bit_cast_signed::<48, 32>(self.product.val());
                self.product_bits.next = unsigned_cast(self.product_wide.val());
                self.accumulator.d.next = self.accumulator.q.val() + self.product_bits.val();
                self.pair.d.next = self.pair.q.val() + 1;
                self.state.d.next = Step::Present;
                match self.pair.q.val().index() {
                    0 => self.accumulator.d.next = self.product_bits.val(),
                    1 => self.state.d.next = Step::Raise,
                    2 => self.state.d.next = Step::Present,
                    3 => {
                        self.left.d.next = self.gradient_shift.val();
                        self.after.d.next = Step::Response;
                        self.state.d.next = Step::Shift;
                    }
                    4 => {
                        self.accumulator.d.next = self.product_bits.val();
                        self.state.d.next = Step::Raise;
                    }
                    5 => {
                        self.left.d.next = self.step_shift.val();
                        self.after.d.next = Step::Total;
                        self.state.d.next = Step::Shift;
                    }
                    6 => {
                        comment!("Weighted error: the product less 13 bits, cut to 16.");
                        self.square.next = unsigned_cast(self.product.val());
                        self.weighed.next = self.square.val().get_bits::<19>(13);
                        self.weighed_top.next = self.weighed.val().get_bits::<4>(15);
                        self.weighted.d.next = signed_cast(self.weighed.val().get_bits::<16>(0));
                        if self.weighed_top.val().any() & (!self.weighed_top.val().all()) {
                            self.was_cut.d.next = true;
                            self.weighted.d.next = self.greatest_code.val();
                            if self.weighed_top.val().get_bit(3) {
                                self.weighted.d.next = self.least_code.val();
                            }
                        }
                    }
                    _ => {
                        comment!("Loss: weighted error times error, less 5 bits.");
                        self.square.next = unsigned_cast(self.product.val());
                        self.square_share.next =
                            bit_cast::<33, 27>(self.square.val().get_bits::<27>(5));
                        self.loss_wide.next = bit_cast::<33, 32>(self.total_loss.q.val());
                        self.loss_sum.next = self.loss_wide.val() + self.square_share.val();
                        self.total_loss.d.next = self.loss_sum.val().get_bits::<32>(0);
                        if self.loss_sum.val().get_bit(32) {
                            self.total_loss.d.next = self.ones.val();
                        }
                        self.state.d.next = Step::Look;
                    }
                }
            }
            Step::Raise => {
                comment!("The upper half counts 2^15 times the lower.");
                self.accumulator.d.next = self.accumulator.q.val() << 15;
                self.state.d.next = Step::Present;
            }
            Step::Look => {
                comment!("Sums, routing word and coefficients of the slot are being read.");
                self.read_address.next = self.coefficient_base.val() + self.slot_place.val();
                self.state.d.next = Step::Test;
            }
            Step::Test => {
                self.coefficients.d.next = self.read_data.val();
                self.accumulator.d.next = self.in_phase.val();
                self.left.d.next = self.window_log2.val();
                self.after.d.next = Step::KeepI;
                self.state.d.next = Step::Shift;
                if !self.word.val().get_bit(30) {
                    self.state.d.next = Step::Next;
                }
            }
            Step::KeepI => {
                self.value_i.d.next = self.accumulator.q.val().get_bits::<31>(0);
                self.accumulator.d.next = self.quadrature.val();
                self.left.d.next = self.window_log2.val();
                self.after.d.next = Step::KeepQ;
                self.state.d.next = Step::Shift;
            }
            Step::KeepQ => {
                self.value_q.d.next = self.accumulator.q.val().get_bits::<31>(0);
                self.pair.d.next = 0.into();
                self.state.d.next = Step::Present;
            }
            Step::Response => {
                comment!("Cut to 31 bits.");
                self.top_18.next = self.accumulator.q.val().get_bits::<18>(30);
                self.gradient.d.next = self.accumulator.q.val().get_bits::<31>(0);
                if self.top_18.val().any() & (!self.top_18.val().all()) {
                    self.was_cut.d.next = true;
                    self.gradient.d.next = bits::<31>(0x3fffffff);
                    if self.top_18.val().get_bit(17) {
                        self.gradient.d.next = bits::<31>(0x40000000);
                    }
                }
                self.pair.d.next = 4.into();
                self.state.d.next = Step::Present;
            }
            Step::Total => {
                comment!("Cut to 32 bits; the slot's step so far is being read.");
                self.top_17.next = self.accumulator.q.val().get_bits::<17>(31);
                self.addition.d.next = signed_cast(self.accumulator.q.val().get_bits::<32>(0));
                if self.top_17.val().any() & (!self.top_17.val().all()) {
                    self.was_cut.d.next = true;
                    self.addition.d.next = self.greatest.val();
                    if self.top_17.val().get_bit(16) {
                        self.addition.d.next = self.least.val();
                    }
                }
                self.state.d.next = Step::Sum;
            }
            Step::Sum => {
                self.old_step.next = signed_cast(self.read_data.val());
                self.new_step.next = self.old_step.val() + self.addition.q.val();
                self.write.next = true;
                self.write_data.next = unsigned_cast(self.new_step.val());
                if (!self.old_step.val().get_bit(31))
                    & (!self.addition.q.val().get_bit(31))
                    & (self.new_step.val().get_bit(31))
                {
                    self.was_cut.d.next = true;
                    self.write_data.next = self.greatest_bits.val();
                }
                if (self.old_step.val().get_bit(31))
                    & (self.addition.q.val().get_bit(31))
                    & (!self.new_step.val().get_bit(31))
                {
                    self.was_cut.d.next = true;
                    self.write_data.next = self.least_bits.val();
                }
                self.state.d.next = Step::Next;
            }
            Step::Next => {
                self.slot.d.next = self.next_slot.val();
                self.state.d.next = Step::Look;
                if self.next_slot.val() == self.slots_used.val() {
                    self.state.d.next = Step::Idle;
                }
            }
            Step::ApplyLook => {
                comment!("Step and routing word of the slot are being read.");
                self.state.d.next = Step::ApplyTest;
            }
            Step::ApplyTest => {
                self.addition.d.next = signed_cast(self.read_data.val());
                self.output_masked.next = self.word.val().get_bits::<5>(24) & self.row_mask.val();
                self.output_place.next = bit_cast::<12, 5>(self.output_masked.val());
                self.read_address.next = self.control_base.val() + self.output_place.val();
                self.state.d.next = Step::ApplyControl;
                if !self.word.val().get_bit(30) {
                    self.state.d.next = Step::ApplyNext;
                }
            }
            Step::ApplyControl => {
                self.control.d.next = signed_cast(self.read_data.val());
                self.output_masked.next = self.word.val().get_bits::<5>(24) & self.row_mask.val();
                self.output_place.next = bit_cast::<12, 5>(self.output_masked.val());
                self.read_address.next = self.limit_base.val() + self.output_place.val();
                self.state.d.next = Step::ApplyMove;
            }
            Step::ApplyMove => {
                comment!("Control less step, cut to 32 bits.");
                self.coefficients.d.next = self.read_data.val();
                self.new_step.next = self.control.q.val() - self.addition.q.val();
                self.moved.d.next = self.new_step.val();
                if (!self.control.q.val().get_bit(31))
                    & (self.addition.q.val().get_bit(31))
                    & (self.new_step.val().get_bit(31))
                {
                    self.moved.d.next = self.greatest.val();
                }
                if (self.control.q.val().get_bit(31))
                    & (!self.addition.q.val().get_bit(31))
                    & (!self.new_step.val().get_bit(31))
                {
                    self.moved.d.next = self.least.val();
                }
                self.state.d.next = Step::ApplyLimits;
            }
            Step::ApplyLimits => {
                comment!("Within the control's limits, which are codes.");
                self.low_bits.next =
                    bit_cast::<32, 16>(self.coefficients.q.val().get_bits::<16>(0));
                self.high_bits.next =
                    bit_cast::<32, 16>(self.coefficients.q.val().get_bits::<16>(16));
                self.low_placed.next = self.low_bits.val() << 16;
                self.high_placed.next = self.high_bits.val() << 16;
                self.low_limit.next = signed_cast(self.low_placed.val());
                self.high_limit.next = signed_cast(self.high_placed.val());
                if self.moved.q.val() < self.low_limit.val() {
                    self.moved.d.next = self.low_limit.val();
                } else if self.high_limit.val() < self.moved.q.val() {
                    self.moved.d.next = self.high_limit.val();
                }
                self.state.d.next = Step::ApplyClip;
            }
            Step::ApplyClip => {
                self.output_masked.next = self.word.val().get_bits::<5>(24) & self.row_mask.val();
                self.output_place.next = bit_cast::<12, 5>(self.output_masked.val());
                self.write.next = true;
                self.write_address.next = self.control_base.val() + self.output_place.val();
                self.write_data.next = unsigned_cast(self.moved.q.val());
                self.state.d.next = Step::ApplyNext;
            }
            Step::ApplyNext => {
                comment!("The step begins at zero again.");
                self.write.next = true;
                self.slot.d.next = self.next_slot.val();
                self.state.d.next = Step::ApplyLook;
                if self.next_slot.val() == self.slots_used.val() {
                    self.state.d.next = Step::Idle;
                }
            }
        }
        if self.clear_loss.val() {
            self.total_loss.d.next = 0.into();
        }
        if self.reset.val() {
            self.state.d.next = Step::Idle;
            self.total_loss.d.next = 0.into();
            self.was_cut.d.next = false;
        }
    }
}
