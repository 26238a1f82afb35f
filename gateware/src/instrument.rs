//! The whole instrument: bytes on one side, converters on the other.
//!
//! | port | direction, width | meaning |
//! |---|---|---|
//! | `locked` | in, 1 | the PLL has locked, asynchronous |
//! | `hold` | in, 1 | let time stand still while idle (simulation; low on boards) |
//! | `rx_byte`, `rx_valid`, `rx_ready` | in 8 + 1, out 1 | requests |
//! | `tx_byte`, `tx_valid`, `tx_ready` | out 8 + 1, in 1 | frames |
//! | `adc` | in, 16 signed | newest ADC code; taken at the end of a clock with `tick` |
//! | `tick` | out, 1 | a sample begins |
//! | `dac_write`, `dac_index`, `dac_code` | out, 1 + 5 + 16 signed | a new code, from the guard alone |
//! | `armed` | out, 1 | outputs may be connected |
//! | `busy` | out, 1 | a run is going on |
//! | `active` | out, 1 | a run or a way to the safe values is going on: samples go on |
//! | `window` | out, 1 | the sample belongs to a window |
//!
//! A sample is one outputs' pass (8 clocks an output and 3) beside one slots' pass (a clock a slot and 7). A tone
//! computed in sample n is at the DAC in sample n + 1 and at the ADC in sample n + 2.

use crate::command::Command;
use crate::engine::Engine;
use crate::guard::Guard;
use crate::leaf::Ram;
use crate::loader::Loader;
use crate::modulator::Modulator;
use crate::recorder::Recorder;
use crate::registers::Registers;
use crate::reset::Reset;
use crate::sequencer::Sequencer;
use crate::timer::Timer;
use crate::update::Update;
use hge_protocol::table::TableLayout;
use hge_protocol::{ParameterError, Parameters};
use rust_hdl::prelude::*;

/// The instrument between its byte streams and its converters.
#[derive(LogicBlock, Default)]
pub struct Instrument {
    /// System clock.
    pub clock: Signal<In, Clock>,
    /// The PLL has locked.
    pub locked: Signal<In, Bit>,
    /// Let time stand still while idle.
    pub hold: Signal<In, Bit>,
    /// A byte of a request.
    pub rx_byte: Signal<In, Bits<8>>,
    /// It is there.
    pub rx_valid: Signal<In, Bit>,
    /// It is taken in this clock.
    pub rx_ready: Signal<Out, Bit>,
    /// A byte of a frame.
    pub tx_byte: Signal<Out, Bits<8>>,
    /// It is there.
    pub tx_valid: Signal<Out, Bit>,
    /// It is taken in this clock.
    pub tx_ready: Signal<In, Bit>,
    /// Newest ADC code.
    pub adc: Signal<In, Signed<16>>,
    /// A sample begins.
    pub tick: Signal<Out, Bit>,
    /// A new code for the DAC.
    pub dac_write: Signal<Out, Bit>,
    /// Its output.
    pub dac_index: Signal<Out, Bits<5>>,
    /// The code.
    pub dac_code: Signal<Out, Signed<16>>,
    /// Outputs may be connected.
    pub armed: Signal<Out, Bit>,
    /// A run is going on.
    pub busy: Signal<Out, Bit>,
    /// A run or a way to the safe values is going on.
    pub active: Signal<Out, Bit>,
    /// The sample belongs to a window.
    pub window: Signal<Out, Bit>,
    power_on: Reset,
    timer: Timer,
    command: Command,
    registers: Registers,
    sequencer: Sequencer,
    engine: Engine,
    modulator: Modulator,
    guard: Guard,
    update_logic: Update,
    loader: Loader,
    recorder: Recorder,
    /// The parameter table.
    parameters: Ram<32, 12>,
    /// The tick, a clock later: the sample's state is known.
    begin: DFF<Bit>,
    /// ADC code of this sample.
    sample: DFF<Signed<16>>,
    /// What the guard did since the tones began.
    was_clamped: DFF<Bit>,
    was_limited: DFF<Bit>,
    /// Kind of the frame being sent.
    frame_kind: DFF<Bits<2>>,
    status_none: Signal<Local, Bits<3>>,
    status_bits: Signal<Local, Bits<3>>,
    status_armed: Signal<Local, Bits<3>>,
    flags: Signal<Local, Bits<32>>,
    flags_1: Signal<Local, Bits<32>>,
    flags_2: Signal<Local, Bits<32>>,
    flags_3: Signal<Local, Bits<32>>,
    flags_4: Signal<Local, Bits<32>>,
    flags_5: Signal<Local, Bits<32>>,
    flags_6: Signal<Local, Bits<32>>,
    slots_field: Signal<Local, Bits<32>>,
    slots_placed: Signal<Local, Bits<32>>,
    epoch_field: Signal<Local, Bits<32>>,
    case_field: Signal<Local, Bits<32>>,
    case_placed: Signal<Local, Bits<32>>,
    start_field: Signal<Local, Bits<32>>,
    start_placed: Signal<Local, Bits<32>>,
    epoch_place: Signal<Local, Bits<32>>,
    window_place: Signal<Local, Bits<32>>,
    best_field: Signal<Local, Bits<32>>,
    best_placed: Signal<Local, Bits<32>>,
    reason_field: Signal<Local, Bits<32>>,
    end_place: Signal<Local, Bits<32>>,
    least_bits: Signal<Local, Bits<16>>,
    greatest_bits: Signal<Local, Bits<16>>,
    least_field: Signal<Local, Bits<32>>,
    greatest_field: Signal<Local, Bits<32>>,
    greatest_placed: Signal<Local, Bits<32>>,
    ramp_bits: Signal<Local, Bits<32>>,
    reply_goes: Signal<Local, Bit>,
}

impl Instrument {
    /// An instrument made for `parameters`.
    ///
    /// # Errors
    /// A generic out of range.
    pub fn new(parameters: &Parameters) -> Result<Self, ParameterError> {
        parameters.check()?;
        let mut instrument = Self {
            power_on: Reset::new(parameters.clock_hz),
            command: Command::new(parameters),
            registers: Registers::new(parameters),
            engine: Engine::new(parameters.slots as usize),
            modulator: Modulator::new(parameters.outputs, parameters.dac_bits),
            guard: Guard::new(parameters.outputs),
            update_logic: Update::new(parameters),
            loader: Loader::new(parameters),
            recorder: Recorder::new(parameters),
            parameters: Ram::new(TableLayout::of(parameters).words as usize),
            ..Default::default()
        };
        instrument.clock.connect();
        instrument.locked.connect();
        instrument.hold.connect();
        instrument.rx_byte.connect();
        instrument.rx_valid.connect();
        instrument.tx_ready.connect();
        instrument.adc.connect();
        instrument.connect_all();
        Ok(instrument)
    }
}

impl Logic for Instrument {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, begin, sample, was_clamped, was_limited, frame_kind);
        clock!(
            self,
            clock,
            power_on,
            timer,
            command,
            registers,
            sequencer,
            engine,
            modulator,
            guard,
            update_logic,
            loader,
            recorder,
            parameters
        );
        comment!("Reset.");
        self.power_on.locked.next = self.locked.val();
        self.timer.reset.next = self.power_on.reset.val();
        self.command.reset.next = self.power_on.reset.val();
        self.registers.reset.next = self.power_on.reset.val();
        self.sequencer.reset.next = self.power_on.reset.val();
        self.engine.reset.next = self.power_on.reset.val();
        self.modulator.reset.next = self.power_on.reset.val();
        self.guard.reset.next = self.power_on.reset.val();
        self.update_logic.reset.next = self.power_on.reset.val();
        self.loader.reset.next = self.power_on.reset.val();
        self.recorder.reset.next = self.power_on.reset.val();
        comment!("Sample clock.");
        self.timer.period.next = self.registers.sample_period.val();
        self.timer.hold.next = self.hold.val();
        self.timer.active.next = self.sequencer.busy.val() | self.command.homing.val();
        self.active.next = self.sequencer.busy.val() | self.command.homing.val();
        self.tick.next = self.timer.tick.val();
        self.begin.d.next = self.timer.tick.val();
        if self.timer.tick.val() {
            self.sample.d.next = self.adc.val();
        }
        comment!("Requests.");
        self.command.byte.next = self.rx_byte.val();
        self.command.byte_valid.next = self.rx_valid.val();
        self.rx_ready.next = self.command.byte_ready.val();
        self.command.scalar_data.next = self.registers.read_data.val();
        self.command.scalar_readable.next = self.registers.readable.val();
        self.command.scalar_class.next = self.registers.class.val();
        self.command.table_data.next = self.parameters.read_data.val();
        self.command.busy.next = self.sequencer.busy.val();
        self.command.pass_done.next = self.modulator.done.val();
        self.command.cut.next = self.guard.cut.val();
        self.registers.address.next = self.command.address.val();
        self.registers.write.next = self.command.scalar_write.val();
        self.registers.write_data.next = self.command.data.val();
        self.status_none.next = 0.into();
        self.status_bits.next = self.status_none.val().replace_bit(0, self.sequencer.busy.val());
        self.status_armed.next = self.status_bits.val().replace_bit(1, self.command.armed.val());
        self.registers.status.next =
            self.status_armed.val().replace_bit(2, self.command.homing.val());
        self.armed.next = self.command.armed.val();
        self.busy.next = self.sequencer.busy.val();
        self.window.next = self.sequencer.take.val();
        comment!("Sequencer.");
        self.sequencer.tick.next = self.timer.tick.val();
        self.sequencer.run.next = self.command.run.val();
        self.sequencer.stop.next = self.command.stop.val();
        self.sequencer.disarm.next = self.command.disarm.val();
        self.sequencer.window_log2.next = self.registers.window_log2.val();
        self.sequencer.settle.next = self.registers.settle.val();
        self.sequencer.lead_in.next = self.registers.lead_in.val();
        self.sequencer.gap.next = self.registers.gap.val();
        self.sequencer.cases_used.next = self.registers.cases_used.val();
        self.sequencer.epochs.next = self.registers.epochs.val();
        self.sequencer.starts_used.next = self.registers.starts_used.val();
        self.sequencer.mode.next = self.registers.mode.val();
        self.sequencer.loss_stop.next = self.registers.loss_stop.val();
        self.sequencer.moving.next = self.modulator.moving.val() | self.guard.cut.val();
        self.sequencer.sounding.next = self.engine.sounding.val();
        self.sequencer.loss.next = self.update_logic.loss.val();
        self.sequencer.recorder_busy.next = self.recorder.busy.val();
        self.sequencer.update_busy.next = self.update_logic.busy.val();
        self.sequencer.loader_busy.next = self.loader.busy.val();
        comment!("Slots.");
        self.engine.begin.next = self.begin.q.val();
        self.engine.tones.next = self.sequencer.tones.val();
        self.engine.restart.next = self.sequencer.restart.val();
        self.engine.gate.next = self.sequencer.gate.val();
        self.engine.take.next = self.sequencer.take.val();
        self.engine.first.next = self.sequencer.first.val();
        self.engine.second_half.next = self.sequencer.second_half.val();
        self.engine.sample.next = self.sample.q.val();
        self.engine.slots_used.next = self.registers.slots_used.val();
        self.engine.tuning_write.next = self.command.tuning_write.val();
        self.engine.slot_write.next = self.command.slot_write.val();
        self.engine.slot_index.next = self.command.address.val().get_bits::<8>(0);
        self.engine.slot_data.next = self.command.data.val();
        self.engine.read_output.next = self.modulator.index.val().get_bits::<5>(0);
        self.engine.read_slot.next = self.recorder.read_slot.val();
        if self.update_logic.busy.val() {
            self.engine.read_slot.next = self.update_logic.read_slot.val();
        }
        comment!("Outputs: the modulator proposes, the guard disposes.");
        self.ramp_bits.next = bit_cast::<32, 31>(self.registers.ramp_step.val());
        self.modulator.tick.next = self.begin.q.val();
        self.modulator.ramp.next = self.sequencer.ramp.val();
        self.modulator.ramp_step.next = signed_cast(self.ramp_bits.val());
        self.modulator.track.next = !self.command.armed.val();
        self.modulator.track_code.next = self.guard.last_code.val();
        self.modulator.shape.next =
            self.sequencer.tones.val() & (self.registers.mode.val().get_bit(2));
        self.modulator.tones_fresh.next = self.engine.tones_fresh.val();
        self.modulator.tone_mask.next = self.registers.tone_mask.val();
        self.modulator.tone.next = self.engine.tone.val();
        self.modulator.target_write.next = self.loader.target_write.val();
        self.modulator.target_index.next = self.loader.target_index.val();
        self.modulator.target_data.next = self.loader.target_data.val();
        self.guard.tick.next = self.begin.q.val();
        self.guard.running.next = self.modulator.running.val();
        self.guard.step.next = self.modulator.step.val();
        self.guard.index.next = self.modulator.index.val();
        self.guard.code.next = self.modulator.code.val();
        self.guard.armed.next = self.command.armed.val();
        self.guard.step_limit.next = self.registers.step_limit.val();
        self.guard.safe_step.next = self.registers.safe_step.val();
        self.guard.limit_write.next = self.command.guard_write.val();
        self.guard.limit_address.next = self.command.address.val().get_bits::<7>(0);
        self.guard.limit_data.next = self.command.data.val().get_bits::<16>(0);
        self.dac_write.next = self.guard.dac_write.val();
        self.dac_index.next = self.guard.dac_index.val();
        self.dac_code.next = self.guard.dac_code.val();
        if self.sequencer.tones.val() {
            if self.begin.q.val() & self.sequencer.restart.val() {
                self.was_clamped.d.next = false;
                self.was_limited.d.next = false;
            }
            if self.guard.clamped.val() {
                self.was_clamped.d.next = true;
            }
            if self.guard.limited.val() {
                self.was_limited.d.next = true;
            }
        }
        comment!("Update and loader.");
        self.update_logic.start.next = self.sequencer.update_start.val();
        self.update_logic.kind.next = self.sequencer.update_kind.val();
        self.update_logic.clear_loss.next = self.sequencer.clear_loss.val();
        self.update_logic.case_number.next = self.sequencer.case_number.val();
        self.update_logic.slots_used.next = self.registers.slots_used.val();
        self.update_logic.window_log2.next = self.registers.window_log2.val();
        self.update_logic.gradient_shift.next = self.registers.gradient_shift.val();
        self.update_logic.step_shift.next = self.registers.step_shift.val();
        self.update_logic.sum_first.next = self.engine.sum_first.val();
        self.update_logic.sum_second.next = self.engine.sum_second.val();
        self.update_logic.in_phase.next = self.engine.in_phase.val();
        self.update_logic.quadrature.next = self.engine.quadrature.val();
        self.update_logic.word.next = self.engine.word.val();
        self.update_logic.read_data.next = self.parameters.read_data.val();
        self.loader.start.next = self.sequencer.loader_start.val();
        self.loader.kind.next = self.sequencer.loader_kind.val();
        self.loader.row.next = self.sequencer.loader_row.val();
        self.loader.input_mask.next = self.registers.input_mask.val();
        self.loader.read_data.next = self.parameters.read_data.val();
        self.loader.target_ready.next = self.modulator.target_ready.val();
        comment!("The parameter table: the worker of the present job, else the host.");
        self.parameters.read_address.next = self.command.address.val().get_bits::<12>(0);
        self.parameters.write_enable.next = self.command.table_write.val();
        self.parameters.write_address.next = self.command.address.val().get_bits::<12>(0);
        self.parameters.write_data.next = self.command.data.val();
        if self.recorder.busy.val() & self.sequencer.busy.val() {
            self.parameters.read_address.next = self.recorder.read_address.val();
        }
        if self.update_logic.busy.val() {
            self.parameters.read_address.next = self.update_logic.read_address.val();
            self.parameters.write_enable.next = self.update_logic.write.val();
            self.parameters.write_address.next = self.update_logic.write_address.val();
            self.parameters.write_data.next = self.update_logic.write_data.val();
        }
        if self.loader.busy.val() {
            self.parameters.read_address.next = self.loader.read_address.val();
            self.parameters.write_enable.next = self.loader.write.val();
            self.parameters.write_address.next = self.loader.write_address.val();
            self.parameters.write_data.next = self.loader.write_data.val();
        }
        comment!("Frames: the sequencer's before replies.");
        self.reply_goes.next = self.command.reply_start.val()
            & (!self.recorder.busy.val())
            & (!self.sequencer.recorder_start.val());
        self.command.reply_ready.next = self.reply_goes.val();
        self.command.reply_busy.next = self.recorder.busy.val();
        self.recorder.start.next = self.sequencer.recorder_start.val() | self.reply_goes.val();
        self.recorder.kind.next = self.sequencer.recorder_kind.val();
        if self.reply_goes.val() {
            self.recorder.kind.next = 3.into();
        }
        if self.sequencer.recorder_start.val() {
            self.frame_kind.d.next = self.sequencer.recorder_kind.val();
        }
        if self.reply_goes.val() {
            self.frame_kind.d.next = 3.into();
        }
        self.epoch_field.next = bit_cast::<32, 16>(self.sequencer.epoch.val());
        self.case_field.next = bit_cast::<32, 6>(self.sequencer.case_number.val());
        self.case_placed.next = self.case_field.val() << 16;
        self.start_field.next = bit_cast::<32, 6>(self.sequencer.start_number.val());
        self.start_placed.next = self.start_field.val() << 24;
        self.epoch_place.next = self.epoch_field.val() | self.start_placed.val();
        self.window_place.next = self.epoch_place.val() | self.case_placed.val();
        self.best_field.next = bit_cast::<32, 6>(self.sequencer.best_start.val());
        self.best_placed.next = self.best_field.val() << 24;
        self.reason_field.next = bit_cast::<32, 2>(self.sequencer.end_reason.val());
        self.end_place.next = self.best_placed.val() | self.reason_field.val();
        self.slots_field.next = bit_cast::<32, 9>(self.registers.slots_used.val());
        self.slots_placed.next = self.slots_field.val() << 16;
        self.flags.next = self.slots_placed.val();
        self.flags_1.next = self.flags.val().replace_bit(0, self.was_clamped.q.val());
        self.flags_2.next = self.flags_1.val().replace_bit(1, self.was_limited.q.val());
        self.flags_3.next = self.flags_2.val().replace_bit(2, self.sequencer.unperturbed.val());
        self.flags_4.next = self.flags_3.val().replace_bit(3, self.sequencer.last_pass.val());
        self.flags_5.next = self.flags_4.val().replace_bit(4, self.sequencer.late.val());
        self.flags_6.next = self.flags_5.val().replace_bit(5, self.update_logic.saturated.val());
        self.least_bits.next = unsigned_cast(self.engine.least.val());
        self.greatest_bits.next = unsigned_cast(self.engine.greatest.val());
        self.least_field.next = bit_cast::<32, 16>(self.least_bits.val());
        self.greatest_field.next = bit_cast::<32, 16>(self.greatest_bits.val());
        self.greatest_placed.next = self.greatest_field.val() << 16;
        self.recorder.slots_used.next = self.registers.slots_used.val();
        self.recorder.word_4.next = unsigned_cast(self.engine.sum_first.val());
        self.recorder.word_5.next = unsigned_cast(self.engine.sum_second.val());
        self.recorder.word_6.next = self.least_field.val() | self.greatest_placed.val();
        match self.frame_kind.q.val().index() {
            0 => {
                self.recorder.word_1.next = self.window_place.val();
                self.recorder.word_2.next = self.sequencer.window_clock.val();
                self.recorder.word_3.next = self.flags_6.val();
            }
            1 => {
                self.recorder.word_1.next = self.epoch_place.val();
                self.recorder.word_2.next = self.update_logic.loss.val();
                self.recorder.word_3.next = self.sequencer.best_loss.val();
            }
            2 => {
                self.recorder.word_1.next = self.end_place.val();
                self.recorder.word_2.next = self.sequencer.best_loss.val();
                self.recorder.word_3.next = self.sequencer.sample_clock.val();
            }
            _ => {
                self.recorder.word_1.next = self.command.reply_place.val();
                self.recorder.word_2.next = self.command.reply_data.val();
                self.recorder.word_3.next = 0.into();
            }
        }
        self.recorder.in_phase.next = self.engine.in_phase.val();
        self.recorder.quadrature.next = self.engine.quadrature.val();
        self.recorder.read_data.next = self.parameters.read_data.val();
        self.recorder.byte_ready.next = self.tx_ready.val();
        self.tx_byte.next = self.recorder.byte.val();
        self.tx_valid.next = self.recorder.byte_valid.val();
    }
}
