//! Modulator: base value with its ramp, tone, and noise shaping, one output after the other.
//!
//! An output scan begins with `tick` and takes eight clocks an output. In its last clock an output's code is
//! passed to the guard, which processes it during the next output.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `tick` | in, 1 | a sample begins |
//! | `ramp` | in, 1 | bases ramp to their targets |
//! | `step_request`, `ramp_step` | out 1, in 31 | read request; maximum step of the ramp, Q16.16 codes, a clock later; the request comes a clock earlier with late memories |
//! | `track`, `track_code` | in, 1 + 16 signed | bases follow the guard's code (disarmed), valid at step 4 |
//! | `shape` | in, 1 | noise shaping: dropped bits are carried to the next sample, else rounded |
//! | `tones_fresh`, `tone_mask`, `tone_mask_high` | in, 1 + 32 + 32 | tones of the previous sample are valid, and the outputs that have one, 0 to 31 and 32 to 63 |
//! | `tone` | in, 32 signed | tone of output `index`, codes times Q1.15, at step 5 |
//! | `target_write`, `target_index`, `target_data` | in, 1 + 6 + 32 | sets a target, of an output that does not ramp; waits for `target_ready` |
//! | `target_ready` | out, 1 | a target is accepted in this clock; does not depend on `target_write` |
//! | `running`, `step`, `index` | out, 1 + 3 + 7 | state of the scan, for the guard |
//! | `code` | out, 16 signed | code of output `index`, at step 7 |
//! | `moving` | out, 1 | some base had not reached its target in the last scan |
//! | `done` | out, 1 | the scan has just ended, including the guard |
//!
//! One adder computes in sequence, with its sum in one register: base, minus target, the ramp's step towards zero (or zero, if
//! that would pass it), plus target, plus tone, plus the carried residue. An idle step leaves the register unchanged.
//!
//! Widths: base and target Q16.16, so that their difference and base plus tone have 33 bits. The DAC's dropped bits are the low
//! 32 - `dac_bits`, of which at least 16 are fractions of a code, so that small steps accumulate. Base and tone saturate at the
//! lowest code by clearing the sum, whose sign bit is then the only one missing, and at the highest by setting the output bits.

use crate::gated::Inputs;
use crate::leaf::{memories_are_late, Fixed, Ram, DFF};
use crate::word::ToWord;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// Base, tone and shaping of every output.
#[derive(LogicBlock, Inputs, Default)]
pub struct Modulator {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset of the control registers.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub tick: Signal<In, Bit>,
    /// Bases ramp to their targets.
    pub ramp: Signal<In, Bit>,
    /// Read request for the ramp's step.
    pub step_request: Signal<Out, Bit>,
    /// Maximum step of the ramp a sample, Q16.16 codes, a clock after `step_request`.
    pub ramp_step: Signal<In, Bits<31>>,
    /// Bases follow the guard's code.
    pub track: Signal<In, Bit>,
    /// The guard's present code of output `index`.
    pub track_code: Signal<In, Signed<16>>,
    /// Dropped bits are carried to the next sample.
    pub shape: Signal<In, Bit>,
    /// Tones of the previous sample are valid.
    pub tones_fresh: Signal<In, Bit>,
    /// Outputs that have a tone, 0 to 31.
    pub tone_mask: Signal<In, Bits<32>>,
    /// Outputs that have a tone, 32 to 63.
    pub tone_mask_high: Signal<In, Bits<32>>,
    /// Tone of output `index`, codes times Q1.15.
    pub tone: Signal<In, Signed<32>>,
    /// Sets a target.
    pub target_write: Signal<In, Bit>,
    /// Output whose target is set.
    pub target_index: Signal<In, Bits<6>>,
    /// The target, Q16.16 codes.
    pub target_data: Signal<In, Bits<32>>,
    /// The target is accepted in this clock.
    pub target_ready: Signal<Out, Bit>,
    /// A scan is in progress.
    pub running: Signal<Out, Bit>,
    /// Clock within the output, 0 to 7.
    pub step: Signal<Out, Bits<3>>,
    /// Output in work; one more than the last, for the guard.
    pub index: Signal<Out, Bits<7>>,
    /// Code of output `index`, at step 7.
    pub code: Signal<Out, Signed<16>>,
    /// Some base had not reached its target in the last scan.
    pub moving: Signal<Out, Bit>,
    /// The scan has just ended.
    pub done: Signal<Out, Bit>,
    /// Per output: base (0), target (1), residue (2), Q16.16 codes.
    state: Ram<32, 8>,
    /// The ramp's step, a clock later.
    step_copy: DFF<Bits<31>>,
    /// The next step reads it.
    requests_step: DFF<Bit>,
    /// Late memories: the word is used from the register.
    is_late: Fixed<Bit>,
    shapes: DFF<Bit>,
    run: DFF<Bit>,
    phase: DFF<Bits<3>>,
    channel: DFF<Bits<7>>,
    /// Half of the tone mask, shifted along with the outputs.
    mask: DFF<Bits<32>>,
    unfinished: DFF<Bit>,
    finished: DFF<Bit>,
    /// Operand of this step.
    takes_stored: DFF<Bit>,
    negates: DFF<Bit>,
    takes_move: DFF<Bit>,
    takes_code: DFF<Bit>,
    takes_tone: DFF<Bit>,
    takes_half: DFF<Bit>,
    /// The sum so far.
    sum: DFF<Bits<33>>,
    /// Base plus tone was below the lowest code: the sum is too high by the difference.
    floor: DFF<Bit>,
    outputs: Fixed<Bits<7>>,
    dropped: Fixed<Bits<32>>,
    kept: Fixed<Bits<16>>,
    half: Fixed<Bits<32>>,
    /// More than 32 outputs.
    is_wide: Fixed<Bit>,
    working: Signal<Local, Bit>,
    writing: Signal<Local, Bit>,
    place: Signal<Local, Bits<8>>,
    field_address: Signal<Local, Bits<8>>,
    target_place: Signal<Local, Bits<8>>,
    target_field: Signal<Local, Bits<8>>,
    one: Signal<Local, Bits<8>>,
    two: Signal<Local, Bits<8>>,
    below: Signal<Local, Bit>,
    inverts: Signal<Local, Bit>,
    adds: Signal<Local, Bit>,
    clears: Signal<Local, Bit>,
    moves: Signal<Local, Bit>,
    toned: Signal<Local, Bit>,
    greatest_move: Signal<Local, Bits<31>>,
    chosen: Signal<Local, Bits<32>>,
    stored: Signal<Local, Bits<32>>,
    move_taken: Signal<Local, Bits<32>>,
    code_taken: Signal<Local, Bits<32>>,
    tone_taken: Signal<Local, Bits<32>>,
    half_taken: Signal<Local, Bits<32>>,
    tone_bits: Signal<Local, Bits<32>>,
    code_raw: Signal<Local, Bits<16>>,
    code_bits: Signal<Local, Bits<32>>,
    operand: Signal<Local, Bits<32>>,
    operand_sign: Signal<Local, Bit>,
    operand_wide: Signal<Local, Bits<34>>,
    operand_up: Signal<Local, Bits<34>>,
    addend: Signal<Local, Bits<34>>,
    sum_wide: Signal<Local, Bits<34>>,
    sum_up: Signal<Local, Bits<34>>,
    augend: Signal<Local, Bits<34>>,
    added: Signal<Local, Bits<34>>,
    crosses: Signal<Local, Bit>,
    under: Signal<Local, Bit>,
    over: Signal<Local, Bit>,
    low: Signal<Local, Bits<32>>,
    residue: Signal<Local, Bits<32>>,
    top: Signal<Local, Bits<16>>,
    top_sign: Signal<Local, Bit>,
    top_bits: Signal<Local, Bits<16>>,
    kept_bits: Signal<Local, Bits<16>>,
    addend_high: Signal<Local, Bits<34>>,
    next_output: Signal<Local, Bits<7>>,
    next_phase: Signal<Local, Bits<3>>,
}

impl Modulator {
    /// For `outputs` outputs, 2..=64, and a DAC of `dac_bits` significant bits, 8..=16.
    pub fn new(outputs: u32, dac_bits: u32) -> Self {
        let dropped = (1_u64 << (32 - dac_bits)) - 1;
        Self {
            state: Ram::new(4 * outputs as usize),
            outputs: Fixed::new(Bits::from(u64::from(outputs))),
            dropped: Fixed::new(Bits::from(dropped)),
            kept: Fixed::new(Bits::from((!dropped & 0xffff_ffff) >> 16)),
            half: Fixed::new(Bits::from(dropped.div_ceil(2))),
            is_wide: Fixed::new(Parameters::mask_words(outputs) > 1),
            ..Default::default()
        }
    }

    /// For a clock of `clock_hz`.
    pub fn at_clock(mut self, clock_hz: u32) -> Self {
        let is_late = memories_are_late(clock_hz);
        self.is_late = Fixed::new(is_late);
        self.state = self.state.of_tables(is_late);
        self
    }
}

impl Logic for Modulator {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, run, phase, channel, mask, unfinished, finished, sum, floor, step_copy,
            requests_step, shapes, takes_stored, negates, takes_move, takes_code, takes_tone,
            takes_half
        );
        clock!(self, clock, state);
        self.running.next = self.run.q.val();
        self.step.next = self.phase.q.val();
        self.index.next = self.channel.q.val();
        self.moving.next = self.unfinished.q.val();
        self.done.next = self.finished.q.val();
        self.finished.d.next = false;
        self.step_request.next = self.run.q.val() & (self.phase.q.val() == bits::<3>(2));
        self.requests_step.d.next = self.run.q.val() & (!self.phase.q.val().any());
        self.step_copy.d.next = self.ramp_step.val();
        self.shapes.d.next = self.shape.val();
        self.greatest_move.next = self.ramp_step.val();
        if self.is_late.val() {
            self.step_request.next = self.requests_step.q.val();
            self.greatest_move.next = self.step_copy.q.val();
        }
        self.next_output.next = self.channel.q.val() + 1;
        self.next_phase.next = self.phase.q.val() + 1;
        comment!("Addresses: four words an output.");
        self.place.next = bit_cast::<8, 7>(self.channel.q.val());
        self.field_address.next = self.place.val().to_bits() << 2;
        self.target_place.next = bit_cast::<8, 6>(self.target_index.val());
        self.target_field.next = self.target_place.val().to_bits() << 2;
        self.one.next = 1.into();
        self.two.next = 2.into();
        comment!("Read: the base, then the target while it is needed, then the residue.");
        self.state.read_address.next = self.field_address.val() | self.one.val();
        if !self.phase.q.val().any() {
            self.state.read_address.next = self.field_address.val();
        }
        if self.phase.q.val().get_bit(2) {
            self.state.read_address.next = self.field_address.val() | self.two.val();
        }
        comment!("Select the operand a clock early: memory, ramp's step, guard's code, tone, or rounding.");
        self.takes_stored.d.next = (!self.phase.q.val().any())
            | (self.phase.q.val() == bits::<3>(1))
            | ((self.phase.q.val() == bits::<3>(3)) & (!self.track.val()))
            | ((self.phase.q.val() == bits::<3>(5)) & self.shapes.q.val());
        self.negates.d.next = self.phase.q.val() == bits::<3>(1);
        self.takes_move.d.next = self.phase.q.val() == bits::<3>(2);
        self.takes_code.d.next = (self.phase.q.val() == bits::<3>(3)) & self.track.val();
        self.takes_tone.d.next = self.phase.q.val() == bits::<3>(4);
        self.takes_half.d.next = (self.phase.q.val() == bits::<3>(5)) & (!self.shapes.q.val());
        self.below.next = self.sum.q.val().get_bit(32);
        self.tone_bits.next = unsigned_cast(self.tone.val());
        self.code_raw.next = unsigned_cast(self.track_code.val());
        self.code_bits.next = bit_cast::<32, 16>(self.code_raw.val());
        self.stored.next = 0.into();
        if self.takes_stored.q.val() {
            self.stored.next = self.state.read_data.val();
        }
        self.move_taken.next = 0.into();
        if self.takes_move.q.val() {
            self.move_taken.next = bit_cast::<32, 31>(self.greatest_move.val());
        }
        self.code_taken.next = 0.into();
        if self.takes_code.q.val() {
            self.code_taken.next = self.code_bits.val().to_bits() << 16;
        }
        self.tone_taken.next = 0.into();
        if self.takes_tone.q.val() {
            self.tone_taken.next = self.tone_bits.val().to_bits() << 1;
        }
        self.half_taken.next = 0.into();
        if self.takes_half.q.val() {
            self.half_taken.next = self.half.val();
        }
        self.inverts.next = self.negates.q.val() | (self.takes_move.q.val() & (!self.below.val()));
        self.chosen.next = self.stored.val()
            | self.move_taken.val()
            | self.code_taken.val()
            | self.tone_taken.val()
            | self.half_taken.val();
        self.operand.next = self.chosen.val();
        if self.inverts.val() {
            self.operand.next = !self.chosen.val();
        }
        comment!("The adder; its lowest bit generates the carry of a subtraction.");
        self.operand_sign.next = self.operand.val().get_bit(31);
        self.operand_wide.next = bit_cast::<34, 32>(self.operand.val());
        self.operand_up.next = self.operand_wide.val().to_bits() << 1;
        self.addend_high.next = self.operand_up.val().replace_bit(33, self.operand_sign.val());
        self.addend.next = self.addend_high.val().replace_bit(0, self.inverts.val());
        self.sum_wide.next = bit_cast::<34, 33>(self.sum.q.val());
        self.sum_up.next = self.sum_wide.val().to_bits() << 1;
        self.augend.next = self.sum_up.val().replace_bit(0, true);
        self.added.next = self.augend.val() + self.addend.val();
        comment!("Past the target, or below the lowest code.");
        self.crosses.next = self.added.val().get_bit(33) ^ self.below.val();
        self.under.next = (self.added.val().get_bit(33)) & (!self.added.val().get_bit(32));
        comment!("What each step adds.");
        self.moves.next = self.ramp.val() | self.track.val();
        self.toned.next = self.tones_fresh.val() & (self.mask.q.val().get_bit(0));
        self.adds.next = true;
        if (self.phase.q.val() == bits::<3>(2))
            | (self.phase.q.val() == bits::<3>(3))
            | (self.phase.q.val() == bits::<3>(4))
        {
            self.adds.next = self.moves.val();
        }
        if self.phase.q.val() == bits::<3>(5) {
            self.adds.next = self.toned.val();
        }
        if self.phase.q.val().all() {
            self.adds.next = false;
        }
        self.working.next = self.run.q.val() & (self.channel.q.val() != self.outputs.val());
        self.clears.next = !self.phase.q.val().any();
        if self.phase.q.val() == bits::<3>(3) {
            self.clears.next = self.track.val() | (self.ramp.val() & self.crosses.val());
        }
        if self.phase.q.val() == bits::<3>(5) {
            self.clears.next = self.toned.val() & self.under.val();
            self.floor.d.next = self.toned.val() & self.under.val();
        }
        comment!("Enable before reset, as in the registers of an FPGA.");
        if self.adds.val() {
            self.sum.d.next = self.added.val().to_bits().get_bits::<33>(1);
        }
        if self.clears.val() {
            self.sum.d.next = 0.into();
        }
        if (self.phase.q.val() == bits::<3>(4))
            & self.working.val()
            & self.ramp.val()
            & (!self.track.val())
            & (self.sum.q.val().any())
        {
            self.unfinished.d.next = true;
        }
        comment!("The upper bits are the code, the others the residue.");
        self.over.next = (self.sum.q.val().get_bit(31)) & (!self.below.val());
        self.low.next = bit_cast::<32, _>(self.sum.q.val());
        self.top.next = self.sum.q.val().to_bits().get_bits::<16>(16);
        if self.over.val() {
            self.low.next = self.dropped.val();
            self.top.next = 0xffff.into();
        }
        self.top_sign.next = self.below.val() | self.floor.q.val();
        self.top_bits.next = self.top.val().replace_bit(15, self.top_sign.val());
        self.kept_bits.next = self.top_bits.val() & self.kept.val();
        self.code.next = signed_cast(self.kept_bits.val());
        self.residue.next = self.low.val() & self.dropped.val();
        if !self.shapes.q.val() {
            self.residue.next = self.half.val();
        }
        comment!("Targets are written when the scan does not write.");
        self.writing.next = self.working.val()
            & ((self.phase.q.val() == bits::<3>(5)) | (self.phase.q.val() == bits::<3>(7)));
        self.target_ready.next = !self.writing.val();
        self.state.write_enable.next = self.target_write.val() | self.writing.val();
        self.state.write_address.next = self.target_field.val() | self.one.val();
        self.state.write_data.next = self.target_data.val();
        if self.writing.val() {
            self.state.write_address.next = self.field_address.val();
            self.state.write_data.next = bit_cast::<32, _>(self.sum.q.val());
            if self.phase.q.val().get_bit(1) {
                self.state.write_address.next = self.field_address.val() | self.two.val();
                self.state.write_data.next = self.residue.val();
            }
        }
        comment!("The scan; the guard completes the last output in step 6 of one more output.");
        if self.run.q.val() {
            self.phase.d.next = self.next_phase.val();
            if (self.phase.q.val() == bits::<3>(6)) & (!self.working.val()) {
                self.run.d.next = false;
                self.finished.d.next = true;
            }
            if self.phase.q.val().all() {
                self.channel.d.next = self.next_output.val();
                self.mask.d.next = self.mask.q.val().to_bits() >> 1;
                if self.is_wide.val() & (self.next_output.val() == bits::<7>(32)) {
                    self.mask.d.next = self.tone_mask_high.val();
                }
            }
        }
        if self.tick.val() {
            self.run.d.next = true;
            self.phase.d.next = 0.into();
            self.channel.d.next = 0.into();
            self.mask.d.next = self.tone_mask.val();
            self.unfinished.d.next = false;
        }
        if self.reset.val() {
            self.run.d.next = false;
            self.unfinished.d.next = false;
        }
    }
}
