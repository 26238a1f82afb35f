//! Random runs.

use super::script::Script;
use super::Scenario;
use hge_protocol::frame::{Operation, Request};
use hge_protocol::registers::{self as map, command, gap, mode};
use hge_protocol::table::{CaseTarget, Side, SlotWord, TableLayout, CHIPS, TABLE_BASE};
use hge_protocol::wire::seal;
use hge_protocol::{Parameters, TuningWord};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A random standalone (or host, by the seed) run of `epochs` epochs, with extreme values strewn in.
pub fn random(seed: u64, parameters: Parameters, epochs: u32) -> Scenario {
    drawn(seed, parameters, epochs, false)
}

/// The same with one case and in continuous mode.
pub fn continuous(seed: u64, parameters: Parameters, epochs: u32) -> Scenario {
    drawn(seed, parameters, epochs, true)
}

fn drawn(seed: u64, parameters: Parameters, epochs: u32, is_continuous: bool) -> Scenario {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let layout = TableLayout::of(&parameters);
    let mut script = Script::new(dice.random());
    let window_log2 = dice.random_range(5..=7);
    let cases = dice.random_range(1..=if is_continuous { 1 } else { parameters.cases.min(4) });
    let tones = dice.random_range(1..=(parameters.outputs - 1).min(parameters.slots));
    let used = dice.random_range(tones..=parameters.slots.min(tones + 3));
    let standalone = seed % 4 != 3;
    let starts = if standalone { dice.random_range(1..=2) } else { 1 };
    let extreme = dice.random_bool(0.3);
    let code = |dice: &mut ChaCha8Rng| -> u32 {
        let code: i16 = match dice.random_range(0..8) {
            0 if extreme => i16::MIN,
            1 if extreme => i16::MAX,
            2 => 0,
            _ => dice.random_range(-12000..=12000),
        };
        i32::from(code) as u32
    };
    script.read(map::IDENTITY, 11);
    for address in [map::STATUS, 0x00ff, map::TUNING, map::SCRATCH] {
        script.read(address, 2);
    }
    // Every second host does not wait for replies until it arms.
    let hasty = seed.is_multiple_of(2);
    let mut modes = mode::PERTURB;
    modes |= if standalone { mode::STANDALONE } else { 0 };
    modes |= if dice.random_bool(0.5) { mode::SHAPING } else { 0 };
    // What an instrument of sines alone takes and does not heed.
    let (with_codes, with_cost) = (dice.random_bool(0.7), dice.random_bool(0.4));
    modes |= if with_cost { mode::COST } else { 0 };
    modes |= if seed % 3 == 1 { mode::COMPACT } else { 0 };
    let inputs = (parameters.outputs - 2).max(tones)..parameters.outputs;
    let numbers = |outputs: std::ops::Range<u32>| outputs.map(|output| output as usize);
    let over = dice.random_bool(0.25);
    let mut settings = vec![
        (map::SAMPLE_PERIOD, dice.random_range(0..=parameters.least_sample_period_clocks() + 9)),
        (map::WINDOW_LOG2, window_log2),
        (map::SETTLE, dice.random_range(0..=5)),
        (map::LEAD_IN, dice.random_range(0..=9)),
        (map::GAP, gaps(&parameters, used) | if is_continuous { gap::CONTINUOUS } else { 0 }),
        (map::SLOTS_USED, used),
        (map::CASES_USED, cases),
        (map::EPOCHS, epochs),
        (map::STARTS_USED, starts),
        (map::MODE, modes),
        (map::RAMP_STEP, dice.random_range(1 << 20..=1 << 28)),
        (map::GRADIENT_SHIFT, dice.random_range(8..=20)),
        (map::STEP_SHIFT, if extreme { 0 } else { dice.random_range(0..=16) }),
        (map::COST_SHIFT, dice.random_range(8..=20)),
        (map::LOSS_STOP, if dice.random_bool(0.2) { u32::MAX } else { 0 }),
        (map::STEP_LIMIT, if extreme { dice.random_range(500..=65535) } else { 30000 }),
        (map::SAFE_STEP, dice.random_range(1000..=65535)),
        (map::PROTECTION, 7),
        (map::WATCHDOG, 1),
        (map::RUN_LIMIT, run_limit(&mut dice, is_continuous)),
        (map::OVERCURRENT, if over { dice.random_range(4000..=20000) } else { 65535 }),
        (map::OVERCURRENT_SAMPLES, dice.random_range(0..=4)),
        (map::LINK_ERROR_LIMIT, dice.random_range(0..=3)),
    ];
    settings.extend(map::mask_writes(map::INPUT_MASKS, numbers(inputs)));
    settings.extend(map::mask_writes(map::TONE_MASKS, numbers(0..tones)));
    script.write(map::IDENTITY, 1);
    script.write(0x3fff, 1);
    for slot in 0..used {
        let drives = slot < tones;
        let cycles = 1 + slot % ((1 << window_log2) / 2 - 1);
        let tuning = if dice.random_bool(0.1) && !drives {
            dice.random()
        } else {
            TuningWord::on_grid(cycles, window_log2).0
        };
        settings.push((map::TUNING + slot as u16, tuning));
        let word = SlotWord {
            amplitude: if extreme && slot == 0 { 32767 } else { dice.random_range(0..=3000) },
            start_phase: if dice.random_bool(0.5) { 0 } else { dice.random() },
            output: slot as u8 % parameters.outputs as u8,
            drives,
            last: drives || dice.random_bool(0.2),
            is_code: with_codes && dice.random_bool(0.6),
        };
        let word = if drives { word } else { SlotWord { output: 31, ..word } };
        settings.push((map::SLOT + slot as u16, word.to_word()));
    }
    for output in 0..parameters.outputs {
        let base = map::GUARD + 4 * output as u16;
        let (low, high) = if extreme { (i16::MIN, i16::MAX) } else { (-15000, 16000) };
        settings.push((base, low as u32));
        settings.push((base + 1, high as u32));
        settings.push((base + 2, dice.random_range(-500..=500_i32) as u32));
        let control = |index: u32| TABLE_BASE + index as u16;
        settings.push((control(layout.controls + output), code(&mut dice) << 16));
        let limits = if extreme { 0x7fff_8000 } else { (13000 << 16) | (-13000_i16 as u16 as u32) };
        settings.push((control(layout.control_limits + output), limits));
        for case in 0..cases {
            settings.push((control(layout.case_input(case, output)), code(&mut dice)));
        }
        for start in 0..starts {
            settings.push((control(layout.start_control(start, output)), code(&mut dice)));
        }
    }
    for (case, input) in
        (0..cases).flat_map(|case| (0..parameters.inputs).map(move |input| (case, input)))
    {
        let target = CaseTarget {
            target: code(&mut dice) as i16,
            weight: if extreme { 16383 } else { CaseTarget::UNIT_WEIGHT },
            side: [Side::Both, Side::Floor, Side::Ceiling][dice.random_range(0..3)],
        };
        let index = layout.case_target(case, input);
        settings.push((TABLE_BASE + index as u16, target.to_word()));
    }
    for (input, slot) in
        (0..parameters.inputs).flat_map(|input| (0..used).map(move |slot| (input, slot)))
    {
        let coefficients = if extreme && slot == 0 { 0x8000_8000 } else { dice.random() };
        let index = layout.coefficient(input, slot);
        settings.push((TABLE_BASE + index as u16, coefficients));
    }
    script.write_all(&settings);
    if with_codes {
        let in_order = dice.random_bool(0.5);
        let rows = (0..CHIPS as u16).map(|chip| {
            (map::CODES + chip, if in_order { u32::from(chip) } else { dice.random() })
        });
        script.write_all(&rows.collect::<Vec<_>>());
    }
    let patience = if hasty { script.lines.len() } else { 0 };
    end(&mut script, standalone, &mut dice);
    let before = script.lines.len();
    let mut waits = Vec::new();
    if is_continuous && !standalone {
        waits = follow(&mut script, &parameters, &mut dice);
    }
    let later = waits.into_iter().zip(script.lines.split_off(before)).collect();
    Scenario { parameters, lines: script.lines, patience, later, bench_seed: seed ^ 0x5eed }
}

/// A run in continuous mode whose controls the host changes; samples before each line.
fn follow(script: &mut Script, parameters: &Parameters, dice: &mut ChaCha8Rng) -> Vec<u32> {
    let layout = TableLayout::of(parameters);
    script.write_all(&[(map::EPOCHS, 8)]);
    script.command(command::ARM_HOST);
    script.command(command::RUN);
    let mut waits = vec![0; 3];
    for _ in 0..6 {
        let row = dice.random_range(0..parameters.starts);
        let writes: Vec<(u16, u32)> = (0..parameters.outputs)
            .map(|output| {
                let code: i32 = dice.random_range(-12000..=12000);
                (TABLE_BASE + layout.start_control(row, output) as u16, code as u32)
            })
            .collect();
        script.write_all(&writes);
        script.write(map::STARTS_USED, row + 1);
        // The table of cases is the host's too, registers of a run are not.
        script.write(
            TABLE_BASE + layout.case_input(0, parameters.outputs - 1) as u16,
            dice.random_range(0..=12000),
        );
        script.write(map::SETTLE, 3);
        waits.extend([dice.random_range(340..=940), 0, 0, 0]);
    }
    waits
}

/// A run is cut short now and then, in continuous mode in any state.
fn run_limit(dice: &mut ChaCha8Rng, is_continuous: bool) -> u32 {
    match is_continuous {
        true if dice.random_bool(0.5) => dice.random_range(200..1500),
        false if dice.random_bool(0.2) => 700,
        _ => u32::MAX,
    }
}

/// Long enough for the work in gaps, and in its upper half something else, which counts with the update in hardware.
fn gaps(parameters: &Parameters, used: u32) -> u32 {
    let samples = 4000 / parameters.least_sample_period_clocks() + 100 * used * parameters.inputs;
    let samples = samples & 0xffff;
    (samples + used) << 16 | samples
}

/// Refusals, a run, its telemetry again, a capture, faults of the line, another run.
fn end(script: &mut Script, standalone: bool, dice: &mut ChaCha8Rng) {
    let arm = if standalone { command::ARM_STANDALONE } else { command::ARM_HOST };
    script.command(command::RUN);
    script.command(command::REPEAT);
    script.command(command::DISARM);
    script.read(map::STATUS, 6);
    script.command(arm);
    script.command(arm);
    script.write(map::SAFE_STEP, 3);
    script.write(map::STEP_LIMIT, 65535);
    script.write(map::GUARD, -14000_i32 as u32);
    script.write(map::GUARD, -15500_i32 as u32);
    script.read(map::GUARD, 4);
    script.command(command::RUN);
    script.again();
    script.read(map::STATUS, 6);
    script.command(command::REPEAT);
    script.write_all(&[
        (map::CAPTURE_DECIMATION, dice.random_range(0..=3)),
        (map::CAPTURE_SAMPLES, dice.random_range(0..=150)),
        (map::CAPTURE_INPUT, dice.random_range(0..=7)),
    ]);
    script.command(command::CAPTURE);
    let damaged = dice.random_range(0..=4);
    for _ in 0..damaged {
        let mut bytes: Vec<u8> = (0..dice.random_range(1..=20)).map(|_| dice.random()).collect();
        bytes.push(0);
        script.raw(bytes);
    }
    let stranger = Request {
        operation: Operation::Read,
        nonce: 1,
        sequence: 0,
        address: 0,
        count: 1,
        values: Vec::new(),
    };
    let mut line = Vec::new();
    seal(&stranger.to_words(), &mut line);
    script.raw(line);
    script.command(command::DISARM);
    script.read(map::STATUS, 6);
    script.command(arm);
    script.command(command::RUN);
    script.read(map::STATUS, 6);
    script.command(command::DISARM);
}
