//! What decides, records and answers.

use crate::{compare, configurations, HELD};
use hge_gateware::access::Access;
use hge_gateware::build::Build;
use hge_gateware::capture::Capture;
use hge_gateware::post_processor::PostProcessor;
use hge_gateware::registers::Registers;
use hge_gateware::sequencer::Sequencer;
use hge_gateware::supervisor::Supervisor;
use hge_needs::needs;
use hge_protocol::registers as map;
use hge_protocol::{Analogue, Parameters, Update};
use hge_verilog::testbench::put;
use rust_hdl::prelude::*;

#[needs(icarus)]
#[test]
fn the_post_processor_in_icarus_equals_rust() {
    let hardware = Parameters { slots: 100, update: Update::Hardware, ..Parameters::default() };
    for parameters in configurations().into_iter().chain([hardware]) {
        compare(
            "post_processor",
            PostProcessor::new(&parameters),
            |core| &mut core.clock,
            |core, cycle, random| {
                if cycle % HELD == 0 {
                    // Few of everything, so that epochs end.
                    core.slots_used.next = Bits::from(1 + random.below(2));
                    core.mode.next = Bits::from(random.below(8));
                    core.kind.next = Bits::from(random.below(4));
                    put(&mut core.window_log2, random);
                    // Continuous mode now and then.
                    core.stored.next = Bits::from(random.below(3) | random.below(2) << 31);
                }
                core.reset.next = random.once_in(3000);
                core.start.next = random.once_in(50);
                core.event.next = random.once_in(200);
                core.block.next = random.once_in(200);
                core.codes.next = Bits::from(1 + random.below(4));
                put_all!(core, random; event_cause, event_time, decimation, code, setting_granted,
                    engine_ready, engine_data, began, marked, reason,
                    unperturbed, late, tones, begin, restart, clamped, limited, read_data,
                    target_ready, number, fits, opens);
            },
        );
    }
}

#[needs(icarus)]
#[test]
fn the_sequencer_in_icarus_equals_rust() {
    // At the second clock lengths come a clock later.
    for clock_hz in [24_000_000, 90_000_000] {
        compare(
            "sequencer",
            Sequencer::default().at_clock(clock_hz).with_short_gap(clock_hz > 24_000_000),
            |core| &mut core.clock,
            |core, cycle, random| {
                if cycle % HELD == 0 {
                    // Short enough that a run gets through its windows.
                    core.window_log2.next = Bits::from(1 + random.below(4));
                    core.stored.next = Bits::from(random.below(4));
                    put_all!(core, random; mode, last_pass, post_processor_reason);
                }
                core.post_processor_over.next = random.once_in(100);
                core.post_processor_working.next = random.once_in(3);
                core.reset.next = random.once_in(1000);
                core.stop.next = random.once_in(300);
                core.disarm.next = random.once_in(500);
                core.trip.next = random.once_in(500);
                put_all!(core, random; tick, run, moving, sounding, now, recorded, setting_granted, ends, continues);
                for upper in &mut core.upper {
                    upper.next = Bits::from(random.below(4));
                }
            },
        );
    }
}

/// A commit and a scale, which stand in the memory at power-up.
fn build(parameters: &Parameters) -> Build {
    let analogue = Analogue { level_shift_v: 0.017, ..Analogue::default() };
    assert_ne!(analogue.words(parameters.outputs as usize, 1)[64], 0);
    Build { hash: 0x1234_5678, analogue: Some(analogue) }
}

#[needs(icarus)]
#[test]
fn the_registers_in_icarus_equal_rust() {
    for parameters in configurations() {
        compare(
            "registers",
            Registers::new(&parameters, &build(&parameters)),
            |core| &mut core.clock,
            |core, _, random| {
                core.reset.next = random.once_in(200);
                put(&mut core.address, random);
                if !random.once_in(4) {
                    core.address.next = Bits::from(random.below(64));
                } else if random.once_in(2) {
                    core.address.next = Bits::from(u64::from(map::ANALOGUE) + random.below(256));
                }
                core.read_watchdog.next = random.once_in(20);
                core.read_run_limit.next = random.once_in(20);
                core.read_samples.next = random.once_in(20);
                core.read_ramp.next = random.once_in(20);
                core.read_step.next = random.once_in(20);
                core.read_safe.next = random.once_in(20);
                put_all!(core, random; host_access, read_named, named_place);
                put_all!(core, random; write, write_data, status, fault, time, frames,
                    frames_lost, link_faults);
            },
        );
    }
}

#[needs(icarus)]
#[test]
fn the_access_in_icarus_equals_rust() {
    for parameters in configurations() {
        compare(
            "access",
            Access::new(&parameters),
            |core| &mut core.clock,
            |core, cycle, random| {
                core.reset.next = random.once_in(500);
                if cycle % 8 == 0 {
                    put_all!(core, random; address, data, is_write, watchdog_set, run_limit_set);
                    let page = [0, 0, 0x100, 0x200, 0x300, 0x500, 0x1000][random.below(7) as usize];
                    if !random.once_in(8) {
                        core.address.next = Bits::from(page + random.below(256));
                    }
                    if random.once_in(3) {
                        core.address.next = Bits::from(u64::from(map::COMMAND));
                        core.data.next = Bits::from(random.below(9));
                    }
                }
                put_all!(core, random; request, write, scalar, readable, writable, idle_only,
                    disarmed_only, tightens, wide, table_data, grant, call, guard_data, busy, armed,
                    ramping_to_safe, capturing, can_repeat, interlock, protection);
            },
        );
    }
}

#[needs(icarus)]
#[test]
fn the_supervisor_in_icarus_equals_rust() {
    for inputs in [1, 3] {
        supervisor(inputs);
    }
}

fn supervisor(inputs: u32) {
    compare(
        &format!("supervisor_{inputs}"),
        Supervisor::new(&Parameters { inputs, ..Parameters::default() }),
        |core| &mut core.clock,
        |core, cycle, random| {
            if cycle % HELD == 0 {
                put_all!(core, random; protection, hold, overcurrent);
                core.overcurrent_samples.next = Bits::from(random.below(4));
                core.link_error_limit.next = Bits::from(random.below(4));
            }
            core.reset.next = random.once_in(500);
            core.interlock.next = !random.once_in(100);
            core.arm_host.next = random.once_in(30);
            core.arm_standalone.next = random.once_in(30);
            core.disarm.next = random.once_in(100);
            core.heard.next = random.once_in(40);
            core.sound.next = random.once_in(20);
            core.damaged.next = random.once_in(20);
            core.limit.next = Bits::from(random.below(40));
            put_all!(core, random; tick, adc, pass_done, cut, event_taken, watchdog_set,
                run_limit_set);
        },
    );
}

#[needs(icarus)]
#[test]
fn the_capture_in_icarus_equals_rust() {
    compare(
        "capture",
        Capture::new(),
        |core| &mut core.clock,
        |core, cycle, random| {
            if cycle % HELD == 0 {
                core.decimation.next = Bits::from(random.below(4));
                core.samples.next = Bits::from(random.number(32) >> random.below(32));
            }
            core.reset.next = random.once_in(1000);
            core.start.next = random.once_in(200);
            core.stop.next = random.once_in(400);
            core.taken.next = random.once_in(20);
            put_all!(core, random; tick, sample, now, read_address);
        },
    );
}
