//! The guard: the last stage before the DAC. Nothing reaches a converter but through here.
//!
//! It keeps the code that every output has now and lets it go only within the output's limits and only
//! by a limited step a sample. Disarmed, every output goes to its safe value. It works on an output
//! while the modulator makes the next one's code, in step with it.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `reset` | in, 1 | drops the output being judged; limits and present codes stay, as the device's voltages do |
//! | `tick` | in, 1 | a sample begins |
//! | `running`, `step`, `index` | in, 1 + 3 + 6 | the modulator's pass |
//! | `code` | in, 16 signed | wanted code of output `index`, at step 7 |
//! | `armed` | in, 1 | follow the modulator, else go to the safe values |
//! | `step_limit`, `safe_step` | in, 16 | greatest step a sample, armed and not |
//! | `host_address` | in, 7 | four times the output, plus low (0), high (1), safe (2) or present code (3, read only) |
//! | `host_write`, `host_data` | in, 1 + 16 | sets that limit; taken at once, in effect after at most a pass of one output |
//! | `host_ready`, `host_value` | out, 1 + 16 | `host_address` is looked at in this clock; its word, a clock later |
//! | `last_code` | out, 16 signed | present code of output `index`, from step 2 on |
//! | `dac_write`, `dac_index`, `dac_code` | out, 1 + 5 + 16 signed | a new code for the DAC |
//! | `clamped`, `limited` | out, 1 + 1 | with `dac_write`: the limits, the step limit were in effect |
//! | `cut` | out, 1 | some step was limited in the last pass |
//!
//! Latency: four clocks from the modulator's code to the DAC. At power-up all limits are zero and so is every
//! code: mid-scale, until the host has set limits and armed.

use crate::leaf::{bit_cast_signed, Ram};
use rust_hdl::prelude::*;

/// Limits, step limit and safe values of every output.
#[derive(LogicBlock, Default)]
pub struct Guard {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Control registers return to their first state; limits and present codes stay.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub tick: Signal<In, Bit>,
    /// The modulator's pass is going on.
    pub running: Signal<In, Bit>,
    /// Its clock within the output.
    pub step: Signal<In, Bits<3>>,
    /// Its output.
    pub index: Signal<In, Bits<6>>,
    /// Wanted code of output `index`, at step 7.
    pub code: Signal<In, Signed<16>>,
    /// Follow the modulator, else go to the safe values.
    pub armed: Signal<In, Bit>,
    /// Greatest step a sample while armed, codes.
    pub step_limit: Signal<In, Bits<16>>,
    /// Greatest step a sample on the way to the safe values, codes.
    pub safe_step: Signal<In, Bits<16>>,
    /// Word that the host is at: four times the output, plus low (0), high (1), safe (2) or present code (3).
    pub host_address: Signal<In, Bits<7>>,
    /// Sets this limit.
    pub host_write: Signal<In, Bit>,
    /// Its code.
    pub host_data: Signal<In, Bits<16>>,
    /// The host's word is looked at in this clock.
    pub host_ready: Signal<Out, Bit>,
    /// The word that was looked at a clock ago.
    pub host_value: Signal<Out, Bits<16>>,
    /// Present code of output `index`, from step 2 on.
    pub last_code: Signal<Out, Signed<16>>,
    /// A new code for the DAC.
    pub dac_write: Signal<Out, Bit>,
    /// Its output.
    pub dac_index: Signal<Out, Bits<5>>,
    /// The code.
    pub dac_code: Signal<Out, Signed<16>>,
    /// The limits were in effect.
    pub clamped: Signal<Out, Bit>,
    /// The step limit was in effect.
    pub limited: Signal<Out, Bit>,
    /// Some step was limited in the last pass.
    pub cut: Signal<Out, Bit>,
    /// Low and high limit, safe value and present code of every output.
    words: Ram<16, 7>,
    /// A limit to be set when the pass does not read limits: it must not be read while it is written.
    waiting: DFF<Bit>,
    waiting_address: DFF<Bits<7>>,
    waiting_data: DFF<Bits<16>>,
    last: DFF<Signed<16>>,
    low: DFF<Signed<16>>,
    high: DFF<Signed<16>>,
    safe: DFF<Signed<16>>,
    goal: DFF<Signed<16>>,
    up: DFF<Signed<18>>,
    down: DFF<Signed<18>>,
    inside: DFF<Signed<18>>,
    outside: DFF<Bit>,
    result: DFF<Signed<16>>,
    strode: DFF<Bit>,
    was_outside: DFF<Bit>,
    /// An output's code is being judged.
    busy: DFF<Bit>,
    judged: DFF<Bits<5>>,
    any_cut: DFF<Bit>,
    /// The judged code goes out in this clock.
    strobe: DFF<Bit>,
    free: Signal<Local, Bit>,
    place: Signal<Local, Bits<7>>,
    field: Signal<Local, Bits<7>>,
    one: Signal<Local, Bits<7>>,
    two: Signal<Local, Bits<7>>,
    three: Signal<Local, Bits<7>>,
    judged_wide: Signal<Local, Bits<7>>,
    judged_place: Signal<Local, Bits<7>>,
    step_bits: Signal<Local, Bits<16>>,
    step_wide: Signal<Local, Signed<18>>,
    last_wide: Signal<Local, Signed<18>>,
    held: Signal<Local, Signed<16>>,
    out_bits: Signal<Local, Signed<18>>,
    out_raw: Signal<Local, Bits<18>>,
}

impl Guard {
    /// For `outputs` outputs, 2..=32.
    pub fn new(outputs: u32) -> Self {
        Self { words: Ram::new(4 * outputs as usize), ..Default::default() }
    }
}

impl Logic for Guard {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            waiting,
            waiting_address,
            waiting_data,
            last,
            low,
            high,
            safe,
            goal,
            up,
            down,
            inside,
            outside,
            result,
            strode,
            was_outside,
            busy,
            judged,
            any_cut,
            strobe
        );
        clock!(self, clock, words);
        self.last_code.next = self.last.q.val();
        self.cut.next = self.any_cut.q.val();
        self.place.next = bit_cast::<7, 6>(self.index.val());
        self.field.next = self.place.val() << 2;
        self.one.next = 1.into();
        self.two.next = 2.into();
        self.three.next = 3.into();
        self.words.read_address.next = self.field.val();
        comment!("The host's turn: outside the pass and at step 6, which read and write nothing.");
        self.free.next =
            ((!self.running.val()) | (self.step.val() == bits::<3>(6))) & (!self.strobe.q.val());
        self.host_ready.next = self.free.val() & (!self.waiting.q.val());
        self.host_value.next = self.words.read_data.val();
        if self.free.val() {
            self.words.read_address.next = self.host_address.val();
            self.waiting.d.next = false;
        }
        self.words.write_enable.next = self.waiting.q.val() & self.free.val();
        self.words.write_address.next = self.waiting_address.q.val();
        self.words.write_data.next = self.waiting_data.q.val();
        self.judged_wide.next = bit_cast::<7, 5>(self.judged.q.val());
        self.judged_place.next = self.judged_wide.val() << 2;
        if self.strobe.q.val() {
            self.words.write_enable.next = true;
            self.words.write_address.next = self.judged_place.val() | self.three.val();
            self.words.write_data.next = unsigned_cast(self.result.q.val());
        }
        if self.host_write.val() {
            self.waiting.d.next = true;
            self.waiting_address.d.next = self.host_address.val();
            self.waiting_data.d.next = self.host_data.val();
        }
        self.dac_write.next = self.strobe.q.val();
        self.dac_index.next = self.judged.q.val();
        self.dac_code.next = self.result.q.val();
        self.clamped.next = self.strobe.q.val() & self.was_outside.q.val();
        self.limited.next = self.strobe.q.val() & self.strode.q.val();
        self.strobe.d.next = false;
        self.step_bits.next = self.safe_step.val();
        if self.armed.val() {
            self.step_bits.next = self.step_limit.val();
        }
        self.step_wide.next = signed_cast(bit_cast::<18, 16>(self.step_bits.val()));
        self.last_wide.next = bit_cast_signed::<18, 16>(self.last.q.val());
        self.held.next = self.goal.q.val();
        self.out_bits.next = self.inside.q.val();
        self.out_raw.next = unsigned_cast(self.inside.q.val());
        if self.running.val() {
            match self.step.val().index() {
                0 => {
                    comment!("Of the output before: within the limits; low wins where they cross.");
                    self.words.read_address.next = self.field.val() | self.three.val();
                    self.up.d.next = self.last_wide.val() + self.step_wide.val();
                    self.down.d.next = self.last_wide.val() - self.step_wide.val();
                    self.outside.d.next = false;
                    if self.goal.q.val() < self.low.q.val() {
                        self.held.next = self.low.q.val();
                        self.outside.d.next = true;
                    } else if self.high.q.val() < self.goal.q.val() {
                        self.held.next = self.high.q.val();
                        self.outside.d.next = true;
                    }
                    self.inside.d.next = bit_cast_signed::<18, 16>(self.held.val());
                }
                1 => {
                    comment!(
                        "Of the output before: by a limited step. The present code of this one."
                    );
                    self.strode.d.next = false;
                    if self.up.q.val() < self.inside.q.val() {
                        self.out_bits.next = self.up.q.val();
                        self.strode.d.next = true;
                    } else if self.inside.q.val() < self.down.q.val() {
                        self.out_bits.next = self.down.q.val();
                        self.strode.d.next = true;
                    }
                    self.out_raw.next = unsigned_cast(self.out_bits.val());
                    self.result.d.next = signed_cast(self.out_raw.val().get_bits::<16>(0));
                    self.was_outside.d.next = self.outside.q.val();
                    self.last.d.next = signed_cast(self.words.read_data.val());
                    self.strobe.d.next = self.busy.q.val();
                }
                2 => {
                    comment!("Of the output before: out. The limits of this one.");
                    self.busy.d.next = false;
                }
                3 => {
                    self.low.d.next = signed_cast(self.words.read_data.val());
                    self.words.read_address.next = self.field.val() | self.one.val();
                }
                4 => {
                    self.high.d.next = signed_cast(self.words.read_data.val());
                    self.words.read_address.next = self.field.val() | self.two.val();
                }
                5 => {
                    self.safe.d.next = signed_cast(self.words.read_data.val());
                }
                7 => {
                    self.goal.d.next = self.safe.q.val();
                    if self.armed.val() {
                        self.goal.d.next = self.code.val();
                    }
                    self.judged.d.next = self.index.val().get_bits::<5>(0);
                    self.busy.d.next = true;
                }
                _ => {
                    comment!("Step 6: the host's.");
                }
            }
        }
        if self.strobe.q.val() & self.strode.q.val() {
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
            self.waiting.d.next = false;
        }
    }
}
