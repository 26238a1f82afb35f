//! Dead time of standalone runs with the update in hardware, in turn and in continuous mode, on the model and equal to it on the compiled Verilog.
//!
//! Dead time is the samples that no window sums, less those that the run declares for ramps, settling and the loop's latency.

use hge_needs::needs;
use hge_protocol::frame::{flag, Epoch, Frame, Record, Window};
use hge_protocol::registers::{self as map, command, gap, mode};
use hge_protocol::table::{CaseTarget, Side, SlotWord, TableLayout, TABLE_BASE};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use hge_protocol::{Parameters, TuningWord, Update};
use hge_sim::verilog::VerilogEngine;
use hge_tests::scenario::{Scenario, Script};

/// Clocks of a sample: 1 MS/s at 90 MHz.
const PERIOD_CLOCKS: u32 = 90;
const SLOTS: u32 = 64;
const WINDOW_LOG2: u32 = 8;
const WINDOW_SAMPLES: u32 = 1 << WINDOW_LOG2;
/// Outputs that carry tones; the last carries the cases' input.
const TONED: u32 = 7;
const RAMP_SAMPLES: u32 = 20;
const SETTLE_SAMPLES: u32 = 20;
const INPUT_STEP_CODES: u32 = 400;

const PARAMETERS: Parameters = Parameters {
    slots: SLOTS,
    clock_hz: 90_000_000,
    update: Update::Hardware,
    ..Parameters::DEFAULT
};

/// A standalone run.
#[derive(Clone, Copy)]
struct Run {
    tones: u32,
    cases: u32,
    epochs: u32,
    window_log2: u32,
    continuous: bool,
    /// Samples from arming on after which the guard trips.
    run_limit: u32,
}

const ONE_CASE: Run = Run {
    tones: SLOTS,
    cases: 1,
    epochs: 4,
    window_log2: WINDOW_LOG2,
    continuous: false,
    run_limit: u32::MAX,
};

const CONTINUOUS: Run = Run { epochs: 6, continuous: true, ..ONE_CASE };

/// The run on seven outputs with tones, whose input ramps for 20 samples before every case, and settles for as many; for neither if there is one case.
fn scenario(parameters: Parameters, run: Run) -> Scenario {
    let Run { tones, cases, epochs, window_log2, continuous, run_limit } = run;
    let layout = TableLayout::of(&parameters);
    let samples = |clocks: u32| clocks.div_ceil(PERIOD_CLOCKS) + 1;
    let long = samples(parameters.most_gap_clocks(tones, window_log2));
    let short = samples(parameters.most_case_gap_clocks(tones, window_log2));
    let flows = if continuous { gap::CONTINUOUS } else { 0 };
    // The lowest tone lies near a fourth of the window's lines, the others follow.
    let lowest_cycles = (1 << window_log2) * 15 / 64;
    let mut settings = vec![
        (map::SAMPLE_PERIOD, PERIOD_CLOCKS),
        (map::WINDOW_LOG2, window_log2),
        (map::SETTLE, if cases > 1 { SETTLE_SAMPLES } else { 1 }),
        (map::LEAD_IN, parameters.loop_latency_samples()),
        (map::GAP, flows | short << 16 | long),
        (map::SLOTS_USED, tones),
        (map::CASES_USED, cases),
        (map::EPOCHS, epochs),
        (map::MODE, mode::PERTURB | mode::STANDALONE),
        (map::INPUT_MASK, 1 << TONED),
        (map::TONE_MASK, (1 << TONED) - 1),
        (map::RAMP_STEP, INPUT_STEP_CODES << 16),
        (map::GRADIENT_SHIFT, 16),
        (map::STEP_SHIFT, 4),
        (map::STEP_LIMIT, 20_000),
        (map::RUN_LIMIT, run_limit),
    ];
    for slot in 0..tones {
        let output = |slot: u32| (slot * TONED / tones) as u8;
        let word = SlotWord {
            amplitude: 100,
            output: output(slot),
            drives: true,
            last: slot + 1 == tones || output(slot + 1) != output(slot),
            ..SlotWord::default()
        };
        let tuning = TuningWord::on_grid(lowest_cycles + slot, window_log2).0;
        settings.push((map::TUNING + slot as u16, tuning));
        settings.push((map::SLOT + slot as u16, word.to_word()));
        let coefficient = layout.coefficient(0, slot);
        settings.push((TABLE_BASE + coefficient as u16, 500 + 37 * slot));
    }
    for output in 0..parameters.outputs {
        let guard = map::GUARD + 4 * output as u16;
        settings.push((guard, -14_000_i32 as u32));
        settings.push((guard + 1, 14_000));
        let limits = layout.control_limits + output;
        settings.push((TABLE_BASE + limits as u16, 12_000 << 16 | u32::from(-12_000_i16 as u16)));
    }
    for case in 0..cases {
        let input = if case % 2 == 0 { 0 } else { RAMP_SAMPLES * INPUT_STEP_CODES };
        let place = layout.case_input(case, TONED);
        settings.push((TABLE_BASE + place as u16, input));
        let target = CaseTarget {
            target: 500 + 2500 * case as i16,
            weight: CaseTarget::UNIT_WEIGHT,
            side: Side::Both,
        };
        settings.push((TABLE_BASE + layout.case_target(case, 0) as u16, target.to_word()));
    }
    settings.sort_by_key(|&(address, _)| address);
    let mut script = Script::new(7);
    script.write_all(&settings);
    script.command(command::ARM_STANDALONE);
    script.command(command::RUN);
    Scenario { parameters, lines: script.lines, patience: 0, later: Vec::new(), bench_seed: 11 }
}

/// Windows with tones, and epochs, that the bytes tell of.
fn records(received: &[u8]) -> (Vec<Window>, Vec<Epoch>) {
    let (mut windows, mut epochs) = (Vec::new(), Vec::new());
    Deframer::new(MOST_FRAME_WORDS).push(received, |body| {
        match Frame::from_words(body.expect("a sound line")).expect("a known frame") {
            Frame::Telemetry(_, Record::Window(window)) if window.flags & flag::FINAL == 0 => {
                windows.push(window);
            }
            Frame::Telemetry(_, Record::Epoch(epoch)) => epochs.push(epoch),
            _ => {}
        }
    });
    (windows, epochs)
}

/// First samples of the windows with tones of a run of `epochs` epochs, the same on the compiled Verilog as on the model.
fn begins(run: Run) -> Vec<u32> {
    let scenario = scenario(PARAMETERS, run);
    let Run { cases, epochs, .. } = run;
    let open = |bench| VerilogEngine::new(PARAMETERS, bench);
    scenario.assert_equals_model(open).unwrap_or_else(|error| panic!("{error}"));
    let record = scenario.model_record().unwrap_or_else(|error| panic!("{error}"));
    let (windows, epochs_sent) = records(&record.received);
    assert_eq!((windows.len(), epochs_sent.len()), ((cases * epochs) as usize, epochs as usize));
    assert!(windows.iter().all(|window| window.flags & flag::LATE == 0));
    assert_ne!(epochs_sent[0].controls, epochs_sent[epochs as usize - 1].controls);
    windows.iter().map(|window| window.sample_clock).collect()
}

#[needs(compiler)]
#[test]
fn four_cases_of_64_tones_lose_less_than_a_twentieth_beyond_ramps_and_settling() {
    const CASES: u32 = 4;
    let latency_samples = PARAMETERS.loop_latency_samples();
    let counted = CASES * (WINDOW_SAMPLES + RAMP_SAMPLES + SETTLE_SAMPLES + latency_samples);
    let begins = begins(Run { cases: CASES, epochs: 3, ..ONE_CASE });
    for epoch in begins.windows(CASES as usize + 1).step_by(CASES as usize) {
        let samples = epoch[CASES as usize] - epoch[0];
        let dead = samples - counted;
        println!("{samples} samples an epoch, {dead} of them dead");
        assert!(20 * dead <= samples, "{dead} of {samples} samples are dead");
    }
}

#[needs(compiler)]
#[test]
fn one_case_is_updated_3500_times_a_second_with_32_tones_and_3000_times_with_64() {
    for (tones, least_hz) in [(32, 3500.0), (64, 3000.0)] {
        let turns = Run { tones, ..ONE_CASE };
        for epoch in begins(turns).windows(2) {
            assert_faster(turns, epoch[1] - epoch[0], least_hz);
        }
    }
}

/// Epochs of `samples` samples reach at least `least_hz` updates a second.
fn assert_faster(run: Run, samples: u32, least_hz: f64) {
    let (tones, clocks) = (run.tones, samples * PERIOD_CLOCKS);
    let updates_hz = f64::from(PARAMETERS.clock_hz) / f64::from(clocks);
    println!("{tones} tones: {clocks} clocks an epoch, {updates_hz:.0} updates a second");
    assert!(updates_hz >= least_hz, "{tones} tones: {updates_hz:.0} updates a second");
}

#[needs(compiler)]
#[test]
fn continuous_windows_of_64_tones_lose_less_than_a_twentieth_and_32_tones_are_updated_7000_times_a_second(
) {
    for (tones, window_log2, least_hz) in
        [(64, WINDOW_LOG2, 3500.0), (32, WINDOW_LOG2, 3500.0), (32, 7, 7000.0)]
    {
        let flow = Run { tones, window_log2, ..CONTINUOUS };
        let counted = (1 << window_log2) + PARAMETERS.loop_latency_samples();
        for epoch in begins(flow).windows(2) {
            let samples = epoch[1] - epoch[0];
            let dead = samples - counted;
            println!("{samples} samples an epoch, {dead} of them dead");
            assert_faster(flow, samples, least_hz);
            assert!(window_log2 == 7 || 20 * dead <= samples, "{dead} of {samples} are dead");
        }
    }
}

#[needs(compiler)]
#[test]
fn a_trip_in_any_sample_between_two_continuous_windows_does_what_the_model_does() {
    let flow = Run { tones: 32, window_log2: 7, ..CONTINUOUS };
    let begins = begins(flow);
    let ends = begins[1] + (1 << flow.window_log2);
    // From the last samples of a window into the next one.
    for run_limit in ends - 2..begins[2] + 4 {
        let scenario = scenario(PARAMETERS, Run { run_limit, ..flow });
        let open = |bench| VerilogEngine::new(PARAMETERS, bench);
        scenario.assert_equals_model(open).unwrap_or_else(|error| panic!("{error}"));
        let record = scenario.model_record().unwrap_or_else(|error| panic!("{error}"));
        assert!((1..=3).contains(&records(&record.received).0.len()), "{run_limit}");
    }
}
