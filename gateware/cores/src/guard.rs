//! Guard: the last stage before the DAC. Every code passes it.
//!
//! The guard stores the present code of every output, confines it to the output's limits and limits its change
//! a sample. Disarmed, every output ramps to its safe value. The guard processes an output
//! while the modulator computes the next one, in step with it. One subtractor compares the code in turn with low limit, high
//! limit and present code, and the difference to the present code with the step limit.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `reset` | in, 1 | drops the output in work; limits and present codes stay, as the device's voltages do |
//! | `tick` | in, 1 | a sample begins |
//! | `running`, `step`, `index` | in, 1 + 3 + 6 | the modulator's output scan |
//! | `code` | in, 16 signed | requested code of output `index`, at step 7 |
//! | `armed` | in, 1 | follow the modulator, else ramp to the safe values |
//! | `step_request`, `step_limit` | out 1, in 16 | read request; maximum step a sample, armed or not, a clock later; the request comes a clock earlier with late memories |
//! | `host_address` | in, 7 | four times the output, plus low (0), high (1), safe (2) or present code (3, read only) |
//! | `host_write`, `host_data` | in, 1 + 16 | writes that limit, only in the clock after one with `host_ready` |
//! | `host_ready`, `host_value` | out, 1 + 16 | `host_address` is read in this clock; its word, a clock later |
//! | `last_code` | out, 16 signed | present code of output `index`, at step 4 |
//! | `dac_write`, `dac_index`, `dac_code` | out, 1 + 5 + 16 signed | a new code for the DAC |
//! | `clamped`, `limited` | out, 1 + 1 | with `dac_write`: the limits, the step limit changed the code |
//! | `cut` | out, 1 | some step was limited in the last scan |
//!
//! Latency: seven clocks from the modulator's code to the DAC. At power-up all limits and codes are
//! zero (mid-scale), until the host has set limits and armed.

use crate::gated::Inputs;
use crate::leaf::{bit_cast_signed, memories_are_late, Fixed, Ram, DFF};
use crate::word::ToWord;
use rust_hdl::prelude::*;

/// Limits, step limit and safe values of every output.
#[derive(LogicBlock, Inputs, Default)]
pub struct Guard {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers; limits and present codes stay.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub tick: Signal<In, Bit>,
    /// The modulator's output scan is in progress.
    pub running: Signal<In, Bit>,
    /// Clock within the output.
    pub step: Signal<In, Bits<3>>,
    /// Output of the scan.
    pub index: Signal<In, Bits<7>>,
    /// Requested code of output `index`, at step 7.
    pub code: Signal<In, Signed<16>>,
    /// Follow the modulator, else ramp to the safe values.
    pub armed: Signal<In, Bit>,
    /// Read request for the maximum step.
    pub step_request: Signal<Out, Bit>,
    /// Maximum step a sample, armed or during the ramp to the safe values, codes; a clock after `step_request`.
    pub step_limit: Signal<In, Bits<16>>,
    /// Word of the host's request: four times the output, plus low (0), high (1), safe (2) or present code (3).
    pub host_address: Signal<In, Bits<8>>,
    /// Writes this limit, in the clock after one with `host_ready`.
    pub host_write: Signal<In, Bit>,
    /// Value to write.
    pub host_data: Signal<In, Bits<16>>,
    /// The host's word is read in this clock.
    pub host_ready: Signal<Out, Bit>,
    /// The word read in the previous clock.
    pub host_value: Signal<Out, Bits<16>>,
    /// Present code of output `index`, at step 4.
    pub last_code: Signal<Out, Signed<16>>,
    /// A new code for the DAC.
    pub dac_write: Signal<Out, Bit>,
    /// Output of the code.
    pub dac_index: Signal<Out, Bits<6>>,
    /// The code.
    pub dac_code: Signal<Out, Signed<16>>,
    /// The limits changed the code.
    pub clamped: Signal<Out, Bit>,
    /// The step limit changed the code.
    pub limited: Signal<Out, Bit>,
    /// Some step was limited in the last scan.
    pub cut: Signal<Out, Bit>,
    /// Low and high limit, safe value and present code of every output.
    words: Ram<16, 8>,
    /// The maximum step, a clock later.
    step_copy: DFF<Bits<16>>,
    /// The next step reads it.
    requests_step: DFF<Bit>,
    /// Late memories: the word is used from the register.
    is_late: Fixed<Bit>,
    /// The code in work: requested, then within the limits, then limited in step.
    judged_code: DFF<Bits<16>>,
    /// Difference to the present code, then the part of it beyond one step.
    way: DFF<Bits<18>>,
    outside: DFF<Bit>,
    exceeds_step: DFF<Bit>,
    /// An output's code is in work.
    busy: DFF<Bit>,
    judged: DFF<Bits<6>>,
    any_cut: DFF<Bit>,
    /// The resulting code goes out in this clock.
    strobe: DFF<Bit>,
    place: Signal<Local, Bits<8>>,
    field: Signal<Local, Bits<8>>,
    one: Signal<Local, Bits<8>>,
    two: Signal<Local, Bits<8>>,
    three: Signal<Local, Bits<8>>,
    judged_wide: Signal<Local, Bits<8>>,
    judged_field: Signal<Local, Bits<8>>,
    greatest_step: Signal<Local, Bits<16>>,
    step_wide: Signal<Local, Bits<18>>,
    code_sign: Signal<Local, Signed<16>>,
    code_extended: Signal<Local, Signed<18>>,
    code_wide: Signal<Local, Bits<18>>,
    word_sign: Signal<Local, Signed<16>>,
    word_extended: Signal<Local, Signed<18>>,
    word_wide: Signal<Local, Bits<18>>,
    left: Signal<Local, Bits<18>>,
    right: Signal<Local, Bits<18>>,
    left_long: Signal<Local, Bits<19>>,
    left_up: Signal<Local, Bits<19>>,
    left_carry: Signal<Local, Bits<19>>,
    right_long: Signal<Local, Bits<19>>,
    right_up: Signal<Local, Bits<19>>,
    right_carry: Signal<Local, Bits<19>>,
    carries: Signal<Local, Bit>,
    sum: Signal<Local, Bits<19>>,
    below: Signal<Local, Bit>,
    takes_word: Signal<Local, Bit>,
    takes_sum: Signal<Local, Bit>,
    falls: Signal<Local, Bit>,
}

impl Guard {
    /// For `outputs` outputs, 2..=64.
    pub fn new(outputs: u32) -> Self {
        Self { words: Ram::new(4 * outputs as usize), ..Default::default() }
    }

    /// For a clock of `clock_hz`.
    pub fn at_clock(mut self, clock_hz: u32) -> Self {
        let is_late = memories_are_late(clock_hz);
        self.is_late = Fixed::new(is_late);
        self.words = self.words.of_tables(is_late);
        self
    }
}

impl Logic for Guard {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, judged_code, way, outside, exceeds_step, busy, judged, any_cut, strobe,
            step_copy, requests_step
        );
        clock!(self, clock, words);
        self.last_code.next = signed_cast(self.words.read_data.val());
        self.cut.next = self.any_cut.q.val();
        self.place.next = bit_cast::<8, 7>(self.index.val());
        self.field.next = self.place.val().to_bits() << 2;
        self.judged_wide.next = bit_cast::<8, 6>(self.judged.q.val());
        self.judged_field.next = self.judged_wide.val().to_bits() << 2;
        self.one.next = 1.into();
        self.two.next = 2.into();
        self.three.next = 3.into();
        comment!("The host reads at step 4 and writes at step 5, when no limits are read, or outside the scan.");
        self.host_ready.next = (!self.running.val()) | (self.step.val() == bits::<3>(4));
        self.host_value.next = self.words.read_data.val();
        self.words.write_enable.next = self.host_write.val();
        self.words.write_address.next = self.host_address.val();
        self.words.write_data.next = self.host_data.val();
        if self.strobe.q.val() {
            self.words.write_enable.next = true;
            self.words.write_address.next = self.judged_field.val() | self.three.val();
            self.words.write_data.next = self.judged_code.q.val();
        }
        self.dac_write.next = self.strobe.q.val();
        self.dac_index.next = self.judged.q.val();
        self.dac_code.next = signed_cast(self.judged_code.q.val());
        self.clamped.next = self.strobe.q.val() & self.outside.q.val();
        self.limited.next = self.strobe.q.val() & self.exceeds_step.q.val();
        self.strobe.d.next = false;
        comment!(
            "Operands: the code minus a word or minus the rest, or the difference minus a step."
        );
        self.falls.next = self.way.q.val().get_bit(17);
        self.step_copy.d.next = self.step_limit.val();
        self.greatest_step.next = self.step_limit.val();
        if self.is_late.val() {
            self.greatest_step.next = self.step_copy.q.val();
        }
        self.step_wide.next = bit_cast::<18, 16>(self.greatest_step.val());
        self.code_sign.next = signed_cast(self.judged_code.q.val());
        self.code_extended.next = bit_cast_signed::<18, 16>(self.code_sign.val());
        self.code_wide.next = unsigned_cast(self.code_extended.val());
        self.word_sign.next = signed_cast(self.words.read_data.val());
        self.word_extended.next = bit_cast_signed::<18, 16>(self.word_sign.val());
        self.word_wide.next = unsigned_cast(self.word_extended.val());
        self.left.next = self.code_wide.val();
        self.right.next = !self.word_wide.val();
        self.carries.next = true;
        comment!("Without carry, a code above a limit or more than a step away gives a result that is not negative.");
        if self.step.val() == bits::<3>(1) {
            self.carries.next = false;
        }
        if self.step.val() == bits::<3>(4) {
            self.left.next = !self.step_wide.val();
            if self.falls.val() {
                self.left.next = self.step_wide.val();
            }
            self.right.next = self.way.q.val();
            self.carries.next = false;
        }
        if self.step.val() == bits::<3>(5) {
            self.right.next = !self.way.q.val();
            self.carries.next = self.falls.val();
        }
        self.left_long.next = bit_cast::<19, 18>(self.left.val());
        self.left_up.next = self.left_long.val().to_bits() << 1;
        self.left_carry.next = self.left_up.val().replace_bit(0, true);
        self.right_long.next = bit_cast::<19, 18>(self.right.val());
        self.right_up.next = self.right_long.val().to_bits() << 1;
        self.right_carry.next = self.right_up.val().replace_bit(0, self.carries.val());
        self.sum.next = self.left_carry.val() + self.right_carry.val();
        self.below.next = self.sum.val().get_bit(18);
        comment!("The step of each clock of the scan.");
        self.words.read_address.next = self.host_address.val();
        self.takes_word.next = false;
        self.takes_sum.next = false;
        self.requests_step.d.next = self.running.val() & (self.step.val() == bits::<3>(1));
        self.step_request.next = self.is_late.val() & self.requests_step.q.val();
        if self.running.val() {
            match self.step.val().index() {
                0 => {
                    comment!("Previous output: not below the low limit, which has priority over the high limit.");
                    self.words.read_address.next = self.judged_field.val() | self.one.val();
                    self.takes_word.next = self.below.val();
                    self.outside.d.next = self.below.val();
                }
                1 => {
                    comment!("Not above the high limit.");
                    self.words.read_address.next = self.judged_field.val() | self.three.val();
                    self.takes_word.next = (!self.below.val()) & (!self.outside.q.val());
                    if !self.below.val() {
                        self.outside.d.next = true;
                    }
                }
                2 => {
                    comment!("Difference to the present code.");
                    self.way.d.next = self.sum.val().to_bits().get_bits::<18>(1);
                }
                3 => {
                    comment!("Present code of this output, for the modulator; the step.");
                    self.words.read_address.next = self.field.val() | self.three.val();
                    if !self.is_late.val() {
                        self.step_request.next = true;
                    }
                }
                4 => {
                    comment!("Whether the difference exceeds a step.");
                    self.way.d.next = self.sum.val().to_bits().get_bits::<18>(1);
                    self.exceeds_step.d.next = self.below.val() == self.falls.val();
                }
                5 => {
                    comment!("Limit to one step.");
                    self.takes_sum.next = self.exceeds_step.q.val();
                    self.strobe.d.next = self.busy.q.val();
                }
                6 => {
                    comment!("Previous output: to the DAC. Safe value of this one.");
                    self.busy.d.next = false;
                    self.words.read_address.next = self.field.val() | self.two.val();
                }
                _ => {
                    comment!("The requested code.");
                    self.words.read_address.next = self.field.val();
                    self.takes_word.next = true;
                    self.judged.d.next = bit_cast::<6, _>(self.index.val());
                    self.busy.d.next = true;
                }
            }
        }
        if self.takes_word.val() {
            self.judged_code.d.next = self.words.read_data.val();
            if (self.step.val().get_bit(2)) & self.armed.val() {
                self.judged_code.d.next = unsigned_cast(self.code.val());
            }
        }
        if self.takes_sum.val() {
            self.judged_code.d.next = self.sum.val().to_bits().get_bits::<16>(1);
        }
        if self.strobe.q.val() & self.exceeds_step.q.val() {
            self.any_cut.d.next = true;
        }
        if self.tick.val() {
            self.busy.d.next = false;
            self.any_cut.d.next = false;
        }
        if self.reset.val() {
            self.busy.d.next = false;
            self.any_cut.d.next = false;
            self.strobe.d.next = false;
        }
    }
}
