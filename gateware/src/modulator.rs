//! The modulator: base value with its ramp, tone, and noise shaping, one output after the other.
//!
//! A pass begins with `tick` and takes eight clocks an output. In its last clock an output's code is
//! handed to the guard, which works on it while the next output's is being made.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `tick` | in, 1 | a sample begins |
//! | `ramp`, `ramp_step` | in, 1 + 32 signed | bases move to their targets by at most this, Q16.16 codes |
//! | `track`, `track_code` | in, 1 + 16 signed | bases take the guard's code (disarmed), valid from step 2 on |
//! | `shape` | in, 1 | dropped bits are carried to the next sample, else rounded |
//! | `tones_fresh`, `tone_mask` | in, 1 + 32 | tones of the sample before exist, and which outputs have one |
//! | `tone` | in, 32 signed | tone of output `index`, codes times Q1.15, a clock after step 0 |
//! | `target_write`, `target_index`, `target_data` | in, 1 + 5 + 32 | sets a target; waits for `target_ready` |
//! | `target_ready` | out, 1 | the target is taken in this clock |
//! | `running`, `step`, `index` | out, 1 + 3 + 6 | the pass, for the guard |
//! | `code` | out, 16 signed | code of output `index`, at step 7 |
//! | `moving` | out, 1 | some base had still to move in the last pass |
//! | `done` | out, 1 | the pass has just ended, the guard's part included |
//!
//! Widths: base and target Q16.16; the DAC's dropped bits are the low 32 - `dac_bits`, of which at least
//! 16 are fractions of a code, so that small steps accumulate.

use crate::leaf::{bit_cast_signed, Fixed, Ram};
use rust_hdl::prelude::*;

/// Base, tone and shaping of every output.
#[derive(LogicBlock, Default)]
pub struct Modulator {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// Control registers return to their first state.
    pub reset: Signal<In, Bit>,
    /// A sample begins.
    pub tick: Signal<In, Bit>,
    /// Bases move to their targets.
    pub ramp: Signal<In, Bit>,
    /// Greatest move a sample, Q16.16 codes.
    pub ramp_step: Signal<In, Signed<32>>,
    /// Bases take the guard's code.
    pub track: Signal<In, Bit>,
    /// The guard's present code of output `index`.
    pub track_code: Signal<In, Signed<16>>,
    /// Dropped bits are carried to the next sample.
    pub shape: Signal<In, Bit>,
    /// Tones of the sample before exist.
    pub tones_fresh: Signal<In, Bit>,
    /// Outputs that have a tone.
    pub tone_mask: Signal<In, Bits<32>>,
    /// Tone of output `index`, codes times Q1.15.
    pub tone: Signal<In, Signed<32>>,
    /// Sets a target.
    pub target_write: Signal<In, Bit>,
    /// Output whose target is set.
    pub target_index: Signal<In, Bits<5>>,
    /// The target, Q16.16 codes.
    pub target_data: Signal<In, Bits<32>>,
    /// The target is taken in this clock.
    pub target_ready: Signal<Out, Bit>,
    /// A pass is going on.
    pub running: Signal<Out, Bit>,
    /// Clock within the output, 0 to 7.
    pub step: Signal<Out, Bits<3>>,
    /// Output that is worked on; one more than the last for the guard's sake.
    pub index: Signal<Out, Bits<6>>,
    /// Code of output `index`, at step 7.
    pub code: Signal<Out, Signed<16>>,
    /// Some base had still to move in the last pass.
    pub moving: Signal<Out, Bit>,
    /// The pass has just ended.
    pub done: Signal<Out, Bit>,
    /// Per output: base (0), target (1), residue (2), Q16.16 codes.
    state: Ram<32, 7>,
    run: DFF<Bit>,
    phase: DFF<Bits<3>>,
    channel: DFF<Bits<6>>,
    /// Tone mask, shifted along with the outputs.
    mask: DFF<Bits<32>>,
    unfinished: DFF<Bit>,
    finished: DFF<Bit>,
    base: DFF<Signed<32>>,
    target: DFF<Signed<32>>,
    residue: DFF<Signed<32>>,
    wave: DFF<Signed<32>>,
    up: DFF<Signed<32>>,
    down: DFF<Signed<32>>,
    wanted: DFF<Signed<32>>,
    total: DFF<Signed<32>>,
    result: DFF<Signed<16>>,
    outputs: Fixed<Bits<6>>,
    dropped: Fixed<Bits<32>>,
    kept: Fixed<Bits<32>>,
    half: Fixed<Bits<32>>,
    zero_32: Fixed<Signed<32>>,
    largest: Fixed<Signed<32>>,
    top: Signal<Local, Signed<32>>,
    highest: Signal<Local, Bits<32>>,
    lowest: Signal<Local, Bits<32>>,
    bottom: Signal<Local, Signed<32>>,
    working: Signal<Local, Bit>,
    tone_bits: Signal<Local, Bits<32>>,
    tone_doubled: Signal<Local, Bits<32>>,
    over: Signal<Local, Bit>,
    under: Signal<Local, Bit>,
    carried: Signal<Local, Signed<32>>,
    sum: Signal<Local, Signed<32>>,
    total_bits: Signal<Local, Bits<32>>,
    residue_bits: Signal<Local, Bits<32>>,
    code_bits: Signal<Local, Bits<32>>,
    place: Signal<Local, Bits<7>>,
    field_address: Signal<Local, Bits<7>>,
    target_place: Signal<Local, Bits<7>>,
    target_field: Signal<Local, Bits<7>>,
    one: Signal<Local, Bits<7>>,
    two: Signal<Local, Bits<7>>,
    writing: Signal<Local, Bit>,
    tracked: Signal<Local, Signed<32>>,
    tracked_wide: Signal<Local, Bits<32>>,
    next_output: Signal<Local, Bits<6>>,
    next_phase: Signal<Local, Bits<3>>,
}

impl Modulator {
    /// For `outputs` outputs, 2..=32, and a DAC of `dac_bits` significant bits, 8..=16.
    pub fn new(outputs: u32, dac_bits: u32) -> Self {
        let dropped = (1_u64 << (32 - dac_bits)) - 1;
        Self {
            state: Ram::new(4 * outputs as usize),
            outputs: Fixed::new(Bits::from(u64::from(outputs))),
            dropped: Fixed::new(Bits::from(dropped)),
            kept: Fixed::new(Bits::from(!dropped & 0xffff_ffff)),
            half: Fixed::new(Bits::from(dropped.div_ceil(2))),
            largest: Fixed::new(Signed::from(0x7fff_ffff_i64)),
            ..Default::default()
        }
    }
}

impl Logic for Modulator {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, run, phase, channel, mask, unfinished, finished, base, target, residue,
            wave, up, down, wanted, total, result
        );
        clock!(self, clock, state);
        self.running.next = self.run.q.val();
        self.step.next = self.phase.q.val();
        self.index.next = self.channel.q.val();
        self.code.next = self.result.q.val();
        self.moving.next = self.unfinished.q.val();
        self.done.next = self.finished.q.val();
        self.finished.d.next = false;
        comment!("Addresses: four words an output.");
        self.place.next = bit_cast::<7, 6>(self.channel.q.val());
        self.field_address.next = self.place.val() << 2;
        self.target_place.next = bit_cast::<7, 5>(self.target_index.val());
        self.target_field.next = self.target_place.val() << 2;
        self.one.next = 1.into();
        self.two.next = 2.into();
        self.state.read_address.next = self.field_address.val();
        comment!("Targets come in whenever the pass does not write.");
        self.working.next = self.run.q.val() & (self.channel.q.val() != self.outputs.val());
        self.writing.next = self.working.val()
            & ((self.phase.q.val() == bits::<3>(4)) | (self.phase.q.val() == bits::<3>(6)));
        self.target_ready.next = self.target_write.val() & (!self.writing.val());
        self.state.write_enable.next = self.target_write.val() & (!self.writing.val());
        self.state.write_address.next = self.target_field.val() | self.one.val();
        self.state.write_data.next = self.target_data.val();
        comment!("Defaults of what only one step uses.");
        self.top.next = self.largest.val();
        self.highest.next = unsigned_cast(self.top.val());
        self.lowest.next = !self.highest.val();
        self.bottom.next = signed_cast(self.lowest.val());
        self.tone_bits.next = 0.into();
        self.tone_doubled.next = 0.into();
        self.over.next = false;
        self.under.next = false;
        self.carried.next = self.zero_32.val();
        self.sum.next = self.zero_32.val();
        self.total_bits.next = 0.into();
        self.residue_bits.next = 0.into();
        self.code_bits.next = 0.into();
        self.tracked.next = self.zero_32.val();
        self.tracked_wide.next = 0.into();
        self.next_output.next = self.channel.q.val() + 1;
        self.next_phase.next = self.phase.q.val() + 1;
        if self.run.q.val() {
            self.phase.d.next = self.next_phase.val();
            match self.phase.q.val().index() {
                0 => {
                    comment!("The base is read; tone and guard look at the output's number.");
                }
                1 => {
                    self.base.d.next = signed_cast(self.state.read_data.val());
                    self.state.read_address.next = self.field_address.val() | self.one.val();
                    self.tone_bits.next = unsigned_cast(self.tone.val());
                    self.tone_doubled.next = self.tone_bits.val() << 1;
                    self.wave.d.next = 0.into();
                    if self.tones_fresh.val() & (self.mask.q.val().get_bit(0)) {
                        self.wave.d.next = signed_cast(self.tone_doubled.val());
                    }
                    self.mask.d.next = self.mask.q.val() >> 1;
                }
                2 => {
                    self.target.d.next = signed_cast(self.state.read_data.val());
                    self.state.read_address.next = self.field_address.val() | self.two.val();
                    self.up.d.next = self.base.q.val() + self.ramp_step.val();
                    self.down.d.next = self.base.q.val() - self.ramp_step.val();
                    comment!("The guard has done with the last output.");
                    if !self.working.val() {
                        self.run.d.next = false;
                        self.finished.d.next = true;
                    }
                }
                3 => {
                    comment!("A step that wraps past the end of the range is longer than the way.");
                    self.residue.d.next = signed_cast(self.state.read_data.val());
                    self.over.next = (self.up.q.val() < self.target.q.val())
                        & ((self.base.q.val().get_bit(31)) | (!self.up.q.val().get_bit(31)));
                    self.under.next = (self.target.q.val() < self.down.q.val())
                        & ((!self.base.q.val().get_bit(31)) | (self.down.q.val().get_bit(31)));
                    if self.track.val() {
                        self.tracked.next = bit_cast_signed::<32, 16>(self.track_code.val());
                        self.tracked_wide.next = unsigned_cast(self.tracked.val());
                        self.code_bits.next = self.tracked_wide.val() << 16;
                        self.base.d.next = signed_cast(self.code_bits.val());
                    } else if self.ramp.val() {
                        self.base.d.next = self.target.q.val();
                        if self.over.val() {
                            self.base.d.next = self.up.q.val();
                        } else if self.under.val() {
                            self.base.d.next = self.down.q.val();
                        }
                    }
                }
                4 => {
                    comment!("Base and tone, saturated.");
                    if self.working.val() {
                        self.state.write_enable.next = true;
                        self.state.write_address.next = self.field_address.val();
                        self.state.write_data.next = unsigned_cast(self.base.q.val());
                    }
                    if (self.base.q.val() != self.target.q.val()) & self.working.val() {
                        self.unfinished.d.next = true;
                    }
                    self.sum.next = self.base.q.val() + self.wave.q.val();
                    self.wanted.d.next = self.sum.val();
                    if (!self.base.q.val().get_bit(31))
                        & (!self.wave.q.val().get_bit(31))
                        & (self.sum.val().get_bit(31))
                    {
                        self.wanted.d.next = self.top.val();
                    }
                    if (self.base.q.val().get_bit(31))
                        & (self.wave.q.val().get_bit(31))
                        & (!self.sum.val().get_bit(31))
                    {
                        self.wanted.d.next = self.bottom.val();
                    }
                }
                5 => {
                    comment!("The bits dropped before, or half of the last bit kept.");
                    self.total_bits.next = self.half.val();
                    self.carried.next = signed_cast(self.total_bits.val());
                    if self.shape.val() {
                        self.carried.next = self.residue.q.val();
                    }
                    self.sum.next = self.wanted.q.val() + self.carried.val();
                    self.total.d.next = self.sum.val();
                    if (!self.wanted.q.val().get_bit(31)) & (self.sum.val().get_bit(31)) {
                        self.total.d.next = self.top.val();
                    }
                }
                6 => {
                    comment!("The bits kept are the code, the others the residue.");
                    self.total_bits.next = unsigned_cast(self.total.q.val());
                    self.residue_bits.next = self.half.val();
                    if self.shape.val() {
                        self.residue_bits.next = self.total_bits.val() & self.dropped.val();
                    }
                    if self.working.val() {
                        self.state.write_enable.next = true;
                        self.state.write_address.next = self.field_address.val() | self.two.val();
                        self.state.write_data.next = self.residue_bits.val();
                    }
                    self.code_bits.next = self.total_bits.val() & self.kept.val();
                    self.result.d.next = signed_cast(self.code_bits.val().get_bits::<16>(16));
                }
                _ => {
                    self.channel.d.next = self.next_output.val();
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
