//! Every core's Verilog in Icarus shows what the core shows in rust-hdl's simulation, at both sides of every clock edge.
//!
//! Inputs are random, the protocol is not kept: what the core makes of nonsense must agree too. Settings are held for many
//! clocks, so that state machines get far; strobes change in every clock.

mod cosim;

use cosim::drawn::{put, Random};
use hge_gateware::access::Access;
use hge_gateware::boot::{Boot, Recording};
use hge_gateware::capture::Capture;
use hge_gateware::clerk::Clerk;
use hge_gateware::converter::{AdcPart, DacPart, DacTiming, SpiAdc, SpiDac};
use hge_gateware::emit::{verilog, SourceDocs};
use hge_gateware::engine::{Engine, Pass, Pipelined, Stepped};
use hge_gateware::guard::Guard;
use hge_gateware::levels::Levels;
use hge_gateware::lockin::Lockin;
use hge_gateware::modulator::Modulator;
use hge_gateware::nco::Nco;
use hge_gateware::reference::Reference;
use hge_gateware::registers::Registers;
use hge_gateware::reset::Reset;
use hge_gateware::sequencer::Sequencer;
use hge_gateware::supervisor::Supervisor;
use hge_gateware::timer::Timer;
use hge_gateware::tones::Tones;
use hge_protocol::registers as map;
use hge_protocol::Parameters;
use rust_hdl::prelude::*;

/// Clocks compared for every configuration of a core.
const CLOCKS: usize = 6000;
/// Clocks for which settings are held.
const HELD: usize = 300;

/// Random values on several ports.
macro_rules! put_all {
    ($core:ident, $random:ident; $($port:ident),*) => { $(put(&mut $core.$port, $random);)* };
}

/// Compares a core with its Verilog; the closure sets the inputs of a clock.
fn compare<B: Block>(
    name: &str,
    mut core: B,
    clock: fn(&mut B) -> &mut Signal<In, Clock>,
    mut drive: impl FnMut(&mut B, usize, &mut Random),
) {
    core.connect_all();
    let text = verilog(name, &core, &SourceDocs::default(), "").expect("Verilog");
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    cosim::compare(name, &text, &mut core, CLOCKS, clock, |core, cycle| {
        drive(core, cycle, &mut random);
    });
}

/// Random values on `each` port in every clock, on `held` ports once in a while; `reset` ports are rarely high.
macro_rules! agrees {
    ($name:literal, $core:expr, reset: [$($reset:ident)?], held: [$($held:ident),*], each: [$($each:ident),*]) => {
        compare($name, $core, |core| &mut core.clock, |core, cycle, random| {
            let _ = cycle;
            $(core.$reset.next = random.once_in(500);)?
            if cycle % HELD == 0 {
                $(put(&mut core.$held, random);)*
            }
            $(put(&mut core.$each, random);)*
        })
    };
}

/// The default instrument, one of the smallest memories, and the largest.
fn configurations() -> [Parameters; 3] {
    let small = Parameters { outputs: 2, slots: 1, cases: 1, starts: 1, ..Parameters::default() };
    let large = Parameters { outputs: 32, slots: 256, cases: 32, ..Parameters::default() };
    [Parameters::default(), small, large]
}

#[test]
fn the_nco_in_icarus_equals_rust() {
    for slots in [1, 24, 256] {
        agrees!("nco", Nco::new(slots), reset: [], held: [],
            each: [valid, slot, restart, gate, start_write, start_slot, start_data, tuning_write,
                tuning_slot, tuning_data]);
    }
}

#[test]
fn the_lockin_in_icarus_equals_rust() {
    for slots in [1, 24, 256] {
        agrees!("lockin", Lockin::new(slots), reset: [], held: [],
            each: [valid, slot, sine, cosine, sample, first, read_slot]);
    }
}

#[test]
fn the_levels_in_icarus_equal_rust() {
    agrees!("levels", Levels::default(), reset: [], held: [],
        each: [take, sample, first, second_half]);
}

#[test]
fn the_tones_in_icarus_equal_rust() {
    agrees!("tones", Tones::new(), reset: [], held: [],
        each: [tick, valid, word, sine, active, read_output]);
}

#[test]
fn the_guard_in_icarus_equals_rust() {
    for outputs in [2, 8, 32] {
        agrees!("guard", Guard::new(outputs), reset: [reset], held: [armed, step_limit],
            each: [tick, running, step, index, code, host_address, host_write, host_data]);
    }
}

#[test]
fn the_modulator_in_icarus_equals_rust() {
    for (outputs, dac_bits) in [(2, 8), (8, 16), (32, 12)] {
        let core = Modulator::new(outputs, dac_bits);
        compare(
            "modulator",
            core,
            |core| &mut core.clock,
            |core, cycle, random| {
                core.tick.next = random.once_in(8 * (u64::from(outputs) + 2));
                core.reset.next = random.once_in(2000);
                if cycle % HELD == 0 {
                    put_all!(core, random; ramp, ramp_step, track, shape, tones_fresh, tone_mask);
                }
                put_all!(core, random; track_code, tone, target_write, target_index, target_data);
            },
        );
    }
}

#[test]
fn the_clerk_in_icarus_equals_rust() {
    for parameters in configurations() {
        compare(
            "clerk",
            Clerk::new(&parameters),
            |core| &mut core.clock,
            |core, cycle, random| {
                if cycle % HELD == 0 {
                    // Few of everything, so that epochs end.
                    core.slots_used.next = Bits::from(1 + random.below(2));
                    core.mode.next = Bits::from(random.below(8));
                    core.kind.next = Bits::from(random.below(4));
                    put(&mut core.window_log2, random);
                    core.stored.next = Bits::from(random.below(3));
                }
                core.reset.next = random.once_in(3000);
                core.start.next = random.once_in(50);
                core.event.next = random.once_in(200);
                core.block.next = random.once_in(200);
                core.codes.next = Bits::from(1 + random.below(4));
                put_all!(core, random; event_cause, event_time, decimation, code, looks,
                    engine_ready, engine_data, began, marked, reason,
                    unperturbed, late, tones, begin, restart, clamped, limited, read_data,
                    target_ready, number, fits);
            },
        );
    }
}

#[test]
fn the_sequencer_in_icarus_equals_rust() {
    compare(
        "sequencer",
        Sequencer::default(),
        |core| &mut core.clock,
        |core, cycle, random| {
            if cycle % HELD == 0 {
                // Short enough that a run gets through its windows.
                core.window_log2.next = Bits::from(1 + random.below(4));
                core.stored.next = Bits::from(random.below(4));
                put_all!(core, random; mode, last_pass, clerk_reason);
            }
            core.clerk_over.next = random.once_in(100);
            core.clerk_working.next = random.once_in(3);
            core.reset.next = random.once_in(1000);
            core.stop.next = random.once_in(300);
            core.disarm.next = random.once_in(500);
            core.trip.next = random.once_in(500);
            put_all!(core, random; tick, run, moving, sounding, now, recorded, looks);
        },
    );
}

#[test]
fn the_registers_in_icarus_equal_rust() {
    for parameters in configurations() {
        compare(
            "registers",
            Registers::new(&parameters, 0x1234_5678),
            |core| &mut core.clock,
            |core, _, random| {
                core.reset.next = random.once_in(200);
                put(&mut core.address, random);
                if !random.once_in(4) {
                    core.address.next = Bits::from(random.below(64));
                }
                core.look_watchdog.next = random.once_in(20);
                core.look_run_limit.next = random.once_in(20);
                core.look_samples.next = random.once_in(20);
                core.look_ramp.next = random.once_in(20);
                core.look_step.next = random.once_in(20);
                core.look_safe.next = random.once_in(20);
                put_all!(core, random; host_look, look_named, named_place);
                put_all!(core, random; write, write_data, status, fault, time, frames,
                    frames_lost, link_faults);
            },
        );
    }
}

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
                    let page = [0, 0, 0x100, 0x200, 0x300, 0x1000][random.below(6) as usize];
                    if !random.once_in(8) {
                        core.address.next = Bits::from(page + random.below(128));
                    }
                    if random.once_in(3) {
                        core.address.next = Bits::from(u64::from(map::COMMAND));
                        core.data.next = Bits::from(random.below(9));
                    }
                }
                put_all!(core, random; look, write, scalar, readable, writable, idle_only,
                    disarmed_only, tightens, wide, table_data, turn, call, guard_data, busy, armed,
                    homing, capturing, can_repeat, interlock, protection);
            },
        );
    }
}

#[test]
fn the_supervisor_in_icarus_equals_rust() {
    compare(
        "supervisor",
        Supervisor::default(),
        |core| &mut core.clock,
        |core, cycle, random| {
            if cycle % HELD == 0 {
                put_all!(core, random; protection, hold, overcurrent);
                core.overcurrent_samples.next = Bits::from(random.below(4));
                core.storm.next = Bits::from(random.below(4));
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

#[test]
fn the_boot_in_icarus_equals_rust() {
    let part = vec![vec![1, 2, 3], vec![0; 5]];
    let recordings =
        [Recording::new([&part, &part, &part]).expect("a short one"), Recording::default()];
    for recording in recordings {
        agrees!(
            "boot", Boot::new(&recording, 800),
            reset: [reset], held: [button, armed, active], each: [busy, ready]
        );
    }
}

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

#[test]
fn the_engines_in_icarus_equal_rust() {
    for slots in [1, 24, 256] {
        engine_agrees::<Pipelined>(slots, 40);
        engine_agrees::<Stepped>(slots, 300);
    }
}

/// A pass now and then, the next one perhaps before it has ended.
fn engine_agrees<P: Pass>(slots: u32, every: u64) {
    let parameters = Parameters { slots, ..Parameters::default() };
    {
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
                put(&mut core.restart, random);
                core.tones.next = !random.once_in(4);
                core.gate.next = !random.once_in(4);
                core.take.next = !random.once_in(4);
                core.first.next = random.once_in(40);
                put_all!(core, random; second_half, sample, slot_index, slot_data, read_output,
                    read, read_slot, read_word);
            },
        );
    }
}

#[test]
fn the_timer_in_icarus_equals_rust() {
    compare(
        "timer",
        Timer::default(),
        |core| &mut core.clock,
        |core, cycle, random| {
            if cycle % HELD == 0 {
                core.period.next = Bits::from(random.number(16) >> (random.below(16)));
            }
            core.reset.next = random.once_in(100);
            put_all!(core, random; hold, active, half_full);
        },
    );
}

#[test]
fn the_reset_in_icarus_equals_rust() {
    // Counts of 10 and of 200 clocks, and locks that last about four times as long.
    for (clock_hz, lasting) in [(1_000_000, 40), (20_000_000, 800)] {
        compare(
            "reset",
            Reset::new(clock_hz),
            |core| &mut core.clock,
            |core, _, random| {
                core.locked.next = !random.once_in(lasting);
            },
        );
    }
}

/// Clocks at which half periods are one clock, and three to five.
const CONVERTER_CLOCKS_HZ: [u32; 2] = [24_000_000, 150_000_000];

#[test]
fn the_spi_dac_in_icarus_equals_rust() {
    for clock_hz in CONVERTER_CLOCKS_HZ {
        for part in DacPart::ALL {
            let core = SpiDac::new(part, clock_hz).expect("a core");
            compare(
                "spi_dac",
                core,
                |core| &mut core.clock,
                |core, cycle, random| {
                    core.reset.next = cycle < 2 || random.once_in(3000);
                    core.tick.next = random.once_in(700);
                    put_all!(core, random; write, index, code);
                },
            );
        }
    }
}

#[test]
fn the_spi_adc_in_icarus_equals_rust() {
    for clock_hz in CONVERTER_CLOCKS_HZ {
        for part in AdcPart::ALL {
            let settled = DacTiming::new(DacPart::Ad5628, clock_hz).expect("a clock").settled;
            let core = SpiAdc::new(part, clock_hz, settled).expect("a core");
            compare(
                "spi_adc",
                core,
                |core| &mut core.clock,
                |core, cycle, random| {
                    core.reset.next = cycle < 2 || random.once_in(4000);
                    core.tick.next = random.once_in(2500);
                    put(&mut core.data, random);
                },
            );
        }
    }
}
