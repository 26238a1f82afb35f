//! The wiring of the instrument.

use super::Instrument;
use crate::engine::Pass;
use crate::word::ToWord;
use rust_hdl::prelude::*;

impl<P: Pass> Logic for Instrument<P> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, begin);
        clock!(
            self, clock, power_on, timer, link, access, registers, supervisor, sequencer, engine,
            modulator, guard, post_processor, cost, capture, shown, parameters
        );
        comment!("Reset.");
        self.power_on.locked.next = self.locked.val();
        self.reset.next = self.power_on.reset.val();
        self.timer.reset.next = self.power_on.reset.val();
        self.link.reset.next = self.power_on.reset.val();
        self.access.reset.next = self.power_on.reset.val();
        self.registers.reset.next = self.power_on.reset.val();
        self.supervisor.reset.next = self.power_on.reset.val();
        self.sequencer.reset.next = self.power_on.reset.val();
        self.post_processor.reset.next = self.power_on.reset.val();
        self.engine.reset.next = self.power_on.reset.val();
        self.modulator.reset.next = self.power_on.reset.val();
        self.guard.reset.next = self.power_on.reset.val();
        self.capture.reset.next = self.power_on.reset.val();
        comment!("Sample clock.");
        self.goes_on.next = self.sequencer.busy.val()
            | self.supervisor.ramping_to_safe.val()
            | self.capture.sampling.val();
        self.timer.period.next = self.registers.sample_period.val();
        self.timer.hold.next = self.hold.val();
        self.timer.active.next = self.goes_on.val();
        self.timer.half_full.next = self.link.half_full.val();
        self.resting.next = self.link.resting.val()
            & (!self.post_processor.busy.val())
            & (!self.capture.capturing.val())
            & (!self.goes_on.val());
        self.tick.next = self.timer.tick.val();
        self.begin.d.next = self.timer.tick.val();
        for i in 0..self.samples.len() {
            self.samples[i].clock.next = self.clock.val();
            self.samples[i].d.next = self.samples[i].q.val();
            if self.timer.tick.val() {
                self.samples[i].d.next = self.adc[i].val();
            }
        }
        comment!("The line.");
        self.link.rx_byte.next = self.rx_byte.val();
        self.link.rx_valid.next = self.rx_valid.val();
        self.link.rx_fault.next = self.rx_fault.val();
        self.rx_ready.next = self.link.rx_ready.val();
        self.tx_byte.next = self.link.tx_byte.val();
        self.tx_valid.next = self.link.tx_valid.val();
        self.link.tx_ready.next = self.tx_ready.val();
        self.link.answered.next = self.access.answered.val();
        self.link.value.next = self.access.value.val();
        self.link.refusal.next = self.access.refusal.val();
        self.link.words.next = self.post_processor.words.val();
        self.link.begin.next = self.post_processor.begin_frame.val();
        self.link.word.next = self.post_processor.frame_word.val();
        self.link.word_write.next = self.post_processor.word_write.val();
        self.link.commit.next = self.post_processor.commit.val();
        self.link.mark.next = self.post_processor.mark.val();
        self.link.repeat.next = self.access.repeat.val();
        comment!("The register bus.");
        self.access.address.next = self.link.address.val();
        self.access.data.next = self.link.data.val();
        self.access.is_write.next = self.link.is_write.val();
        self.access.request.next = self.link.bus_request.val();
        self.access.write.next = self.link.write.val();
        self.access.scalar.next = self.registers.read_data.val();
        self.access.readable.next = self.registers.readable.val();
        self.access.writable.next = self.registers.writable.val();
        self.access.idle_only.next = self.registers.idle_only.val();
        self.access.disarmed_only.next = self.registers.disarmed_only.val();
        self.access.tightens.next = self.registers.tightens.val();
        self.access.wide.next = self.registers.wide.val();
        self.access.table_data.next = self.parameters.read_data.val();
        self.access.grant.next = self.guard.host_ready.val();
        self.access.call.next = self.link.heard.val();
        self.access.guard_data.next = self.guard.host_value.val();
        self.access.busy.next = self.sequencer.busy.val();
        self.access.armed.next = self.supervisor.armed.val();
        self.access.ramping_to_safe.next = self.supervisor.ramping_to_safe.val();
        self.access.capturing.next = self.capture.capturing.val();
        self.access.can_repeat.next = self.link.can_repeat.val();
        self.access.interlock.next = self.supervisor.closed.val();
        self.access.protection.next = self.registers.protection.val();
        self.access.watchdog_set.next = self.registers.watchdog_set.val();
        self.access.run_limit_set.next = self.registers.run_limit_set.val();
        self.registers.address.next = self.link.address.val();
        self.registers.write.next = self.access.scalar_write.val();
        self.registers.write_data.next = self.link.data.val();
        self.registers.read_watchdog.next = self.access.heard.val() | self.access.arm_host.val();
        self.registers.read_run_limit.next = self.access.arm_standalone.val();
        self.registers.read_samples.next = self.access.capture.val();
        self.registers.read_ramp.next = self.modulator.step_request.val();
        self.registers.read_step.next = self.guard.step_request.val() & self.supervisor.armed.val();
        self.registers.read_safe.next =
            self.guard.step_request.val() & (!self.supervisor.armed.val());
        comment!(
            "Settings without a register: the sequencer has priority over the post-processor."
        );
        self.registers.host_access.next = self.access.accesses.val();
        self.registers.read_named.next =
            self.sequencer.setting_request.val() | self.post_processor.setting_request.val();
        self.registers.named_place.next = self.post_processor.setting_address.val();
        if self.sequencer.setting_request.val() {
            self.registers.named_place.next = self.sequencer.setting_address.val();
        }
        self.tripped.next = self.supervisor.fault.val().any();
        self.fault.next = self.tripped.val();
        self.status_none.next = 0.into();
        self.status_0.next = self.status_none.val().replace_bit(0, self.sequencer.busy.val());
        self.status_1.next = self.status_0.val().replace_bit(1, self.supervisor.armed.val());
        self.status_2.next =
            self.status_1.val().replace_bit(2, self.supervisor.ramping_to_safe.val());
        self.status_3.next = self.status_2.val().replace_bit(3, self.supervisor.standalone.val());
        self.status_4.next = self.status_3.val().replace_bit(4, self.supervisor.closed.val());
        self.status_5.next = self.status_4.val().replace_bit(5, self.tripped.val());
        self.registers.status.next =
            self.status_5.val().replace_bit(6, self.capture.capturing.val());
        self.registers.fault.next = self.supervisor.fault.val();
        self.registers.time.next = self.supervisor.samples.val();
        self.registers.frames.next = self.link.frames.val();
        self.registers.frames_lost.next = self.link.frames_lost.val();
        self.registers.link_faults.next = self.supervisor.link_faults.val();
        comment!("Arming.");
        self.supervisor.tick.next = self.timer.tick.val();
        for i in 0..self.adc.len() {
            self.supervisor.adc[i].next = self.adc[i].val();
        }
        self.supervisor.interlock.next = self.interlock.val();
        self.supervisor.arm_host.next = self.access.arm_host.val();
        self.supervisor.arm_standalone.next = self.access.arm_standalone.val();
        self.supervisor.disarm.next = self.access.disarm.val();
        self.supervisor.heard.next = self.access.heard.val();
        self.supervisor.sound.next = self.link.sound.val();
        self.supervisor.damaged.next = self.link.damaged.val();
        self.supervisor.hold.next = self.hold.val();
        self.supervisor.protection.next = self.registers.protection.val();
        self.supervisor.limit.next = self.registers.stored.val();
        self.supervisor.watchdog_set.next = self.registers.watchdog_set.val();
        self.supervisor.run_limit_set.next = self.registers.run_limit_set.val();
        self.supervisor.overcurrent.next = self.registers.overcurrent.val();
        self.supervisor.overcurrent_samples.next = self.registers.overcurrent_samples.val();
        self.supervisor.link_error_limit.next = self.registers.link_error_limit.val();
        self.supervisor.pass_done.next = self.modulator.done.val();
        self.supervisor.cut.next = self.guard.cut.val();
        self.supervisor.event_taken.next = self.post_processor.event_taken.val();
        self.armed.next = self.supervisor.armed.val();
        self.ramping_to_safe.next = self.supervisor.ramping_to_safe.val();
        self.busy.next = self.sequencer.busy.val();
        self.active.next = self.goes_on.val();
        self.window.next = self.sequencer.take.val();
        self.trigger.next = self.sequencer.take.val() & self.sequencer.first.val();
        comment!("Sequencer.");
        self.sequencer.tick.next = self.timer.tick.val();
        self.sequencer.run.next =
            self.access.run.val() & self.supervisor.armed.val() & (!self.supervisor.trip.val());
        self.sequencer.stop.next = self.access.stop.val();
        self.sequencer.disarm.next = self.access.disarm.val();
        self.sequencer.trip.next = self.supervisor.trip.val();
        self.sequencer.window_log2.next = self.registers.window_log2.val();
        self.sequencer.setting_granted.next =
            self.sequencer.setting_request.val() & self.registers.named_granted.val();
        self.sequencer.stored.next = bit_cast::<24, _>(self.registers.stored.val());
        self.sequencer.mode.next = bit_cast::<3, _>(self.registers.mode.val());
        self.sequencer.moving.next = self.modulator.moving.val() | self.guard.cut.val();
        self.sequencer.sounding.next = self.engine.sounding.val();
        self.sequencer.now.next = self.supervisor.samples.val();
        self.sequencer.post_processor_working.next = self.post_processor.working.val();
        self.sequencer.recorded.next = self.post_processor.recorded.val();
        self.sequencer.last_pass.next = self.post_processor.last_pass.val();
        self.sequencer.post_processor_over.next = self.post_processor.over.val();
        self.sequencer.post_processor_reason.next = self.post_processor.over_reason.val();
        comment!("Slots.");
        self.engine.begin.next = self.begin.q.val();
        self.engine.outputs_done.next = self.modulator.done.val();
        self.engine.tones.next = self.sequencer.tones.val();
        self.engine.restart.next = self.sequencer.restart.val();
        self.engine.gate.next = self.sequencer.gate.val();
        self.engine.take.next = self.sequencer.take.val();
        self.engine.first.next = self.sequencer.first.val();
        self.engine.second_half.next = self.sequencer.second_half.val();
        for i in 0..self.samples.len() {
            self.engine.samples[i].next = self.samples[i].q.val();
        }
        self.cost.sample.next = self.samples[0].q.val();
        self.cost.target_write.next = self.post_processor.cost_write.val();
        self.cost.target_data.next = self.post_processor.target_data.val();
        self.cost.shift.next = self.registers.cost_shift.val();
        self.cost.is_wanted.next = self.registers.mode.val().get_bit(3);
        self.engine.signal.next = self.cost.signal.val();
        self.engine.slots_used.next = self.registers.slots_used.val();
        self.engine.tuning_write.next = self.access.tuning_write.val();
        self.engine.slot_write.next = self.access.slot_write.val();
        self.engine.code_write.next = self.access.code_write.val();
        self.engine.slot_index.next = bit_cast::<8, _>(self.link.address.val());
        self.engine.slot_data.next = self.link.data.val();
        self.engine.read_output.next = bit_cast::<6, _>(self.modulator.index.val());
        self.shown.setting.next = self.registers.reference.val();
        self.engine.shown_slot.next = bit_cast::<8, _>(self.registers.reference.val());
        self.shown.valid.next = self.engine.sine_valid.val();
        self.shown.slot.next = self.engine.sine_slot.val();
        self.shown.sine.next = self.engine.sine.val();
        self.reference.next = self.shown.pin.val();
        comment!("Outputs: modulator, then guard.");
        self.modulator.tick.next = self.begin.q.val();
        self.modulator.ramp.next = self.sequencer.ramp.val();
        self.modulator.ramp_step.next = bit_cast::<31, _>(self.registers.stored.val());
        self.modulator.track.next = !self.supervisor.armed.val();
        self.modulator.track_code.next = self.guard.last_code.val();
        self.modulator.shape.next =
            self.sequencer.tones.val() & (self.registers.mode.val().get_bit(2));
        self.modulator.tones_fresh.next = self.engine.tones_fresh.val();
        self.modulator.tone_mask.next = self.registers.tone_mask.val();
        self.modulator.tone_mask_high.next = self.registers.tone_mask_high.val();
        self.modulator.tone.next = self.engine.tone.val();
        self.modulator.target_write.next = self.post_processor.target_write.val();
        self.modulator.target_index.next = self.post_processor.target_index.val();
        self.modulator.target_data.next = self.post_processor.target_data.val();
        self.guard.tick.next = self.begin.q.val();
        self.guard.running.next = self.modulator.running.val();
        self.guard.step.next = self.modulator.step.val();
        self.guard.index.next = self.modulator.index.val();
        self.guard.code.next = self.modulator.code.val();
        self.guard.armed.next = self.supervisor.armed.val();
        self.guard.step_limit.next = bit_cast::<16, _>(self.registers.stored.val());
        self.guard.host_write.next = self.access.guard_write.val();
        self.guard.host_address.next = bit_cast::<8, _>(self.link.address.val());
        self.guard.host_data.next = bit_cast::<16, _>(self.link.data.val());
        self.dac_write.next = self.guard.dac_write.val();
        self.dac_index.next = self.guard.dac_index.val();
        self.dac_code.next = self.guard.dac_code.val();
        comment!("The post-processor.");
        self.post_processor.start.next = self.sequencer.post_processor_start.val();
        self.post_processor.kind.next = self.sequencer.post_processor_kind.val();
        self.post_processor.event.next = self.supervisor.event.val();
        self.post_processor.event_cause.next = self.supervisor.event_cause.val();
        self.post_processor.event_time.next = self.supervisor.event_time.val();
        self.post_processor.block.next = self.capture.ready.val();
        self.post_processor.codes.next = self.capture.codes.val();
        self.post_processor.decimation.next = self.registers.capture_decimation.val();
        self.captured_input.next = self.capture.captured_input.val() & self.input_mask.val();
        self.post_processor.captured_input.next = self.captured_input.val();
        self.post_processor.code.next = self.capture.read_data.val();
        self.engine.read.next = self.post_processor.engine_read.val();
        self.engine.read_slot.next = self.post_processor.read_slot.val();
        self.engine.read_input.next = self.post_processor.read_input.val();
        self.engine.read_word.next = self.post_processor.engine_word.val();
        self.post_processor.engine_ready.next = self.engine.read_ready.val();
        self.post_processor.engine_data.next = self.engine.read_data.val();
        self.post_processor.setting_granted.next = self.post_processor.setting_request.val()
            & (!self.sequencer.setting_request.val())
            & self.registers.named_granted.val();
        self.post_processor.stored.next = self.registers.stored.val();
        self.post_processor.window_log2.next = self.registers.window_log2.val();
        self.post_processor.slots_used.next = self.registers.slots_used.val();
        self.post_processor.mode.next = self.registers.mode.val();
        self.post_processor.began.next = self.sequencer.began.val();
        self.post_processor.marked.next = self.sequencer.marked.val();
        self.post_processor.reason.next = self.sequencer.end_reason.val();
        self.post_processor.unperturbed.next = self.sequencer.unperturbed.val();
        self.post_processor.late.next = self.sequencer.late.val();
        self.post_processor.tones.next = self.sequencer.tones.val();
        self.post_processor.begin.next = self.begin.q.val();
        self.post_processor.restart.next = self.sequencer.restart.val();
        self.post_processor.clamped.next = self.guard.clamped.val();
        self.post_processor.limited.next = self.guard.limited.val();
        self.post_processor.read_data.next = self.parameters.read_data.val();
        for i in 0..self.opening.len() {
            self.opening[i].next =
                self.begin.q.val() & self.sequencer.take.val() & self.sequencer.first.val();
            self.post_processor.opens[i].next = self.opening[i].val();
            self.sequencer.ends[i].next = self.post_processor.ends[i].val();
            self.sequencer.upper[i].next =
                bit_cast::<24, 15>(self.registers.stored.val().to_bits().get_bits::<15>(16));
            self.sequencer.continues[i].next = self.post_processor.continues[i].val();
            self.access.follows[i].next = !self.registers.mode.val().get_bit(1);
            self.access.table_in_use[i].next =
                self.post_processor.working.val() | self.post_processor.uses_table[i].val();
            comment!("Continuous mode: tones run on between windows.");
            if self.sequencer.runs_on[i].val() {
                self.engine.tones.next = true;
                self.engine.restart.next = false;
                self.modulator.shape.next = self.registers.mode.val().get_bit(2);
                self.sequencer.moving.next = self.modulator.moving.val();
            }
        }
        self.post_processor.target_ready.next = self.modulator.target_ready.val();
        self.post_processor.number.next = self.link.number.val();
        self.post_processor.fits.next = self.link.fits.val();
        comment!(
            "The parameter table: used by the post-processor in a job of a run, else by the host."
        );
        self.parameters.read_address.next = bit_cast::<12, _>(self.link.address.val());
        self.parameters.write_enable.next = self.access.table_write.val();
        self.parameters.write_address.next = bit_cast::<12, _>(self.link.address.val());
        self.parameters.write_data.next = self.link.data.val();
        if self.post_processor.working.val() {
            self.parameters.read_address.next = self.post_processor.read_address.val();
            self.parameters.write_enable.next = self.post_processor.write.val();
            self.parameters.write_address.next = self.post_processor.write_address.val();
            self.parameters.write_data.next = self.post_processor.write_data.val();
        }
        for i in 0..self.opening.len() {
            if self.post_processor.uses_table[i].val() {
                self.parameters.read_address.next = self.post_processor.read_address.val();
                self.parameters.write_enable.next = self.post_processor.write.val();
                self.parameters.write_address.next = self.post_processor.write_address.val();
                self.parameters.write_data.next = self.post_processor.write_data.val();
            }
            comment!("The host has waited until it may write: the post-processor reads before it writes.");
            if self.access.table_write.val() {
                self.parameters.write_enable.next = true;
                self.parameters.write_address.next = bit_cast::<12, _>(self.link.address.val());
                self.parameters.write_data.next = self.link.data.val();
            }
        }
        comment!("Capture.");
        self.capture.start.next = self.access.capture.val();
        self.capture.stop.next = self.access.stop.val();
        self.capture.samples.next = self.registers.stored.val();
        self.capture.decimation.next = self.registers.capture_decimation.val();
        self.capture.tick.next = self.timer.tick.val();
        self.capture.adc_input.next = self.registers.capture_input.val();
        self.capture.sample.next = self.samples[0].q.val();
        for i in 0..self.samples.len() {
            if self.captured_input.val() == self.numbers[i].val() {
                self.capture.sample.next = self.samples[i].q.val();
            }
        }
        self.capture.now.next = self.supervisor.samples.val();
        self.capture.taken.next = self.post_processor.block_taken.val();
        self.capture.read_address.next = self.post_processor.read_code.val();
    }
}
