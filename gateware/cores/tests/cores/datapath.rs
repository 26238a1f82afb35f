//! Slots and outputs.

use crate::{compare, HELD};
use hge_gateware::cost::Cost;
use hge_gateware::engine::{Engine, Pass, Pipelined, Stepped};
use hge_gateware::guard::Guard;
use hge_gateware::lockin::Lockin;
use hge_gateware::modulator::Modulator;
use hge_gateware::nco::Nco;
use hge_gateware::reference::Reference;
use hge_gateware::tone_mixer::ToneMixer;
use hge_gateware::update::Update;
use hge_gateware::window_statistics::WindowStatistics;
use hge_needs::needs;
use hge_protocol::{Parameters, Update as UpdateForm};
use hge_verilog::testbench::put;
use rust_hdl::prelude::*;

/// A clock at which memories are late.
const LATE_HZ: u32 = 90_000_000;

#[needs(icarus)]
#[test]
fn the_nco_in_icarus_equals_rust() {
    for slots in [1, 24, 256] {
        for core in [Nco::new(slots), Nco::new(slots).with_codes(3), Nco::new(slots).with_codes(6)]
        {
            agrees!("nco", core, reset: [], held: [],
                each: [valid, slot, restart, gate, start_write, start_slot, start_data,
                    start_code, code_write, code_chip, code_row, tuning_write, tuning_slot,
                    tuning_data]);
        }
    }
}

#[needs(icarus)]
#[test]
fn the_cost_in_icarus_equals_rust() {
    for is_there in [true, false] {
        agrees!("cost", Cost::new(is_there), reset: [], held: [shift, is_wanted],
            each: [sample, target_write, target_data]);
    }
}

#[needs(icarus)]
#[test]
fn the_lockin_in_icarus_equals_rust() {
    for is_banked in [false, true] {
        let core = Lockin::new().with_copy(is_banked);
        agrees!("lockin", core, reset: [], held: [],
            each: [valid, slot, sine, cosine, sample, first, read_slot, selected]);
    }
}

#[needs(icarus)]
#[test]
fn the_update_in_icarus_equals_rust() {
    for (outputs, inputs, slots) in [(2, 1, 1), (5, 3, 4), (64, 8, 128)] {
        let parameters = Parameters { outputs, inputs, slots, starts: 8, ..Parameters::default() };
        compare(
            "update",
            Update::new(&parameters),
            |core| &mut core.clock,
            |core, cycle, random| {
                if cycle % HELD == 0 {
                    core.slots_used.next = Bits::from(1 + random.below(u64::from(slots)));
                    put_all!(core, random; window_log2, costs);
                }
                core.reset.next = random.once_in(3000);
                core.start.next = !core.busy.val() && random.once_in(4);
                put_all!(core, random; data, place_write, shifts_write, mask_write, engine_data,
                    read_data, target_ready, kept_place);
                if core.start.next {
                    let task = [0, 0, 1, 2, 3, 4, 5, 8][random.below(8) as usize];
                    core.data.next = Bits::from(task);
                }
            },
        );
    }
}

#[needs(icarus)]
#[test]
fn the_levels_in_icarus_equal_rust() {
    agrees!("window_statistics", WindowStatistics::default(), reset: [], held: [],
        each: [take, sample, first, second_half]);
}

#[needs(icarus)]
#[test]
fn the_tones_in_icarus_equal_rust() {
    agrees!("tone_mixer", ToneMixer::new(), reset: [], held: [],
        each: [tick, valid, word, sine, active, read_output]);
    agrees!("tone_mixer", ToneMixer::new().with_shared_outputs(true), reset: [], held: [],
        each: [tick, valid, word, sine, active, read_output]);
}

#[needs(icarus)]
#[test]
fn the_guard_in_icarus_equals_rust() {
    for (outputs, clock_hz) in [(2, 24_000_000), (8, 24_000_000), (8, LATE_HZ), (64, LATE_HZ)] {
        agrees!("guard", Guard::new(outputs).at_clock(clock_hz), reset: [reset], held: [armed, step_limit],
            each: [tick, running, step, index, code, host_address, host_write, host_data]);
    }
}

#[needs(icarus)]
#[test]
fn the_modulator_in_icarus_equals_rust() {
    for (outputs, dac_bits, clock_hz) in
        [(2, 8, 24_000_000), (8, 16, 24_000_000), (8, 16, LATE_HZ), (64, 12, LATE_HZ)]
    {
        let core = Modulator::new(outputs, dac_bits).at_clock(clock_hz);
        compare(
            "modulator",
            core,
            |core| &mut core.clock,
            |core, cycle, random| {
                core.tick.next = random.once_in(8 * (u64::from(outputs) + 2));
                core.reset.next = random.once_in(2000);
                if cycle % HELD == 0 {
                    put_all!(core, random; ramp, ramp_step, track, shape, tones_fresh, tone_mask,
                        tone_mask_high);
                }
                put_all!(core, random; track_code, tone, target_write, target_index, target_data);
            },
        );
    }
}

#[needs(icarus)]
#[test]
fn the_reference_in_icarus_equals_rust() {
    compare(
        "reference",
        Reference::default(),
        |core| &mut core.clock,
        |core, cycle, random| {
            if cycle % HELD == 0 {
                put(&mut core.setting, random);
            }
            put_all!(core, random; valid, sine);
            core.slot.next = core.setting.next.get_bits::<8>(0);
            if random.once_in(3) {
                put(&mut core.slot, random);
            }
        },
    );
}

#[needs(icarus)]
#[test]
fn the_engines_in_icarus_equal_rust() {
    let forms = [
        (1, 1, 24_000_000),
        (24, 1, LATE_HZ),
        (256, 1, 24_000_000),
        (24, 2, LATE_HZ),
        (5, 8, 24_000_000),
    ];
    for (slots, inputs, clock_hz) in forms {
        let parameters = Parameters { slots, inputs, clock_hz, ..Parameters::default() };
        engine_agrees::<Pipelined>(parameters, 40);
        engine_agrees::<Stepped>(parameters.in_steps(), 300);
    }
    for (slots, lanes, inputs, update) in [
        (16, 4, 2, UpdateForm::Microcode),
        (256, 8, 1, UpdateForm::Microcode),
        (8, 2, 1, UpdateForm::Hardware),
    ] {
        let parameters = Parameters { slots, lanes, inputs, update, ..Parameters::default() };
        engine_agrees::<Pipelined>(parameters, 40);
    }
}

/// A pass now and then, the next one perhaps before it has ended.
fn engine_agrees<P: Pass>(parameters: Parameters, every: u64) {
    let slots = parameters.slots;
    compare(
        "engine",
        Engine::<P>::new(&parameters),
        |core| &mut core.clock,
        |core, cycle, random| {
            if cycle % HELD == 0 {
                core.slots_used.next = Bits::from(1 + random.below(u64::from(slots)));
            }
            core.reset.next = random.once_in(1000);
            core.begin.next = random.once_in(every);
            core.outputs_done.next = random.once_in(every);
            core.tuning_write.next = random.once_in(20);
            core.slot_write.next = random.once_in(20);
            core.code_write.next = random.once_in(20);
            put(&mut core.restart, random);
            core.tones.next = !random.once_in(4);
            core.gate.next = !random.once_in(4);
            core.take.next = !random.once_in(4);
            core.first.next = random.once_in(40);
            put_all!(core, random; second_half, samples, signal, slot_index, slot_data, read_output,
                    read, read_slot, read_input, read_word, shown_slot);
        },
    );
}
