//! The guard alone brings the outputs home, whatever happens to the host, the interlock, the line or the device.

use hge_needs::needs;
use hge_protocol::frame::{EndReason, Event, Frame, Record};
use hge_protocol::registers::{self as map, command, fault, gap, mode, status};
use hge_protocol::table::{SlotWord, TableLayout, TABLE_BASE};
use hge_protocol::wire::{Deframer, MOST_FRAME_WORDS};
use hge_protocol::{Parameters, TuningWord, Update};
use hge_sim::engine::{Engine, Time};
use hge_sim::model::Model;
use hge_sim::verilog::VerilogEngine;
use hge_tests::nightly;
use hge_tests::scenario::{IntegerBench, Log, Script, LITTLE};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const PARAMETERS: Parameters = Parameters { telemetry_words: 256, ..LITTLE };

const LOW: i16 = -12_000;
const HIGH: i16 = 13_000;
const SAFE: i16 = 150;
const STEP_LIMIT: u16 = 4000;
const SAFE_STEP: u16 = 400;
const WATCHDOG: u32 = 90;

/// A frame that is too short.
const DAMAGED: [u8; 4] = [1, 2, 3, 0];

/// Samples from any code to the safe value.
pub(super) const RAMP: usize = HIGH.abs_diff(LOW).div_ceil(SAFE_STEP) as usize;

/// Instrument and pace of a run.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) parameters: Parameters,
    pub(super) period_clocks: u32,
}

/// An endless host-driven run with two tones, armed, and what is needed to trip it.
fn begin(nonce: u32, over: u32) -> Script {
    begin_with(Run { parameters: PARAMETERS, period_clocks: 0 }, nonce, over)
}

/// The same with a tone on every output but the last, which is the input.
pub(super) fn begin_with(run: Run, nonce: u32, over: u32) -> Script {
    let layout = TableLayout::of(&run.parameters);
    let input = run.parameters.outputs - 1;
    let mut settings = vec![
        (map::SAMPLE_PERIOD, run.period_clocks),
        (map::WINDOW_LOG2, 5),
        (map::SETTLE, 3),
        (map::LEAD_IN, 4),
        (map::GAP, 20),
        (map::SLOTS_USED, input),
        (map::CASES_USED, 2),
        (map::EPOCHS, 65_535),
        (map::MODE, mode::PERTURB),
        (map::INPUT_MASK, 1 << input),
        (map::TONE_MASK, (1 << input) - 1),
        (map::RAMP_STEP, 1500 << 16),
        (map::STEP_LIMIT, STEP_LIMIT.into()),
        (map::SAFE_STEP, SAFE_STEP.into()),
        (map::PROTECTION, 7),
        (map::WATCHDOG, WATCHDOG),
        (map::RUN_LIMIT, 300),
        (map::OVERCURRENT, over),
        (map::OVERCURRENT_SAMPLES, 2),
        (map::LINK_ERROR_LIMIT, 5),
    ];
    for slot in 0..input as u16 {
        let word = SlotWord {
            amplitude: 2500,
            output: slot as u8,
            drives: true,
            last: true,
            ..SlotWord::default()
        };
        settings.push((map::TUNING + slot, TuningWord::on_grid(3 + u32::from(slot), 5).0));
        settings.push((map::SLOT + slot, word.to_word()));
    }
    for output in 0..run.parameters.outputs as u16 {
        let words = [LOW, HIGH, SAFE].map(|code| u32::from(code as u16));
        settings.extend((map::GUARD + 4 * output..).zip(words));
        let control = TABLE_BASE + (layout.controls as u16) + output;
        settings.push((control, (9000 << 16) >> output));
    }
    for (case, code) in [(0, 11_000_i32), (1, -11_500)] {
        settings.push((TABLE_BASE + layout.case_input(case, input) as u16, code as u32));
    }
    settings.sort_by_key(|&(address, _)| address);
    let mut script = Script::new(nonce);
    script.write_all(&settings);
    script
}

pub(super) struct Trial<'a> {
    pub(super) engine: &'a mut dyn Engine,
    pub(super) script: Script,
    pub(super) sent: usize,
    log: Log,
    pub(super) received: Vec<u8>,
    /// Samples so far.
    pub(super) passed: u64,
}

impl Trial<'_> {
    pub(super) fn new(engine: &mut dyn Engine, log: Log, script: Script) -> Trial<'_> {
        Trial { engine, script, sent: 0, log, received: Vec::new(), passed: 0 }
    }

    /// Sends what the script holds, each line when the one before was answered: within 200 samples, if at all.
    pub(super) fn send(&mut self) {
        while self.sent < self.script.lines.len() {
            let replies = self.replies();
            self.engine.send(&self.script.lines[self.sent]).unwrap();
            self.sent += 1;
            let most = if self.is_damaged(self.sent - 1) { 4 } else { 200 };
            for _ in 0..most {
                self.pass(1);
                if self.replies() > replies {
                    break;
                }
            }
        }
    }

    fn replies(&self) -> usize {
        let is_reply = |frame: &&Frame| matches!(frame, Frame::Reply(_));
        self.frames().iter().filter(is_reply).count()
    }

    fn is_damaged(&self, line: usize) -> bool {
        self.script.lines[line] == DAMAGED
    }

    pub(super) fn pass(&mut self, samples: usize) {
        self.passed += samples as u64;
        let mut left = samples as u32;
        while left > 0 {
            let passed = self.engine.advance(Time::Real, left, usize::MAX, &mut self.received);
            left -= passed.unwrap().samples;
        }
    }

    pub(super) fn samples(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    /// From `home` on all outputs are safe, and at all times within limits and steps.
    pub(super) fn assert_safe_from(&self, home: usize) {
        let log = self.log.lock().unwrap();
        assert!(log.len() > home + 10, "the trial ended too early");
        for (sample, pair) in log.windows(2).enumerate() {
            for (before, after) in pair[0].0.iter().zip(&pair[1].0) {
                assert!((LOW..=HIGH).contains(after), "sample {sample}: {after}");
                let step = (i32::from(*after) - i32::from(*before)).unsigned_abs();
                assert!(step <= u32::from(STEP_LIMIT), "sample {sample}: a step of {step}");
            }
        }
        for (sample, (codes, _)) in log.iter().enumerate().skip(home) {
            let is_home = codes.iter().all(|code| *code == SAFE);
            assert!(is_home, "sample {sample}: {codes:?}, home from {home}");
        }
        let away = |code: &i16| code.abs_diff(SAFE) > 500;
        let moved = log.iter().any(|(codes, _)| codes.iter().any(away));
        assert!(moved, "the run never left the safe values");
    }

    pub(super) fn frames(&self) -> Vec<Frame> {
        let mut frames = Vec::new();
        Deframer::new(MOST_FRAME_WORDS).push(&self.received, |body| {
            frames.push(Frame::from_words(body.expect("a sound line")).expect("a known frame"));
        });
        frames
    }

    /// The event, the run's end, and what the registers say, all name `cause`.
    pub(super) fn assert_told(&mut self, cause: u32) {
        self.script.read(map::STATUS, 2);
        self.send();
        self.pass(20);
        let frames = self.frames();
        let event = frames.iter().find_map(|frame| match frame {
            Frame::Telemetry(_, Record::Event(event)) => Some(*event),
            _ => None,
        });
        assert!(matches!(event, Some(Event { cause: told, .. }) if u32::from(told) == cause));
        let reason = frames.iter().find_map(|frame| match frame {
            Frame::Telemetry(_, Record::End(end)) => Some(end.reason),
            _ => None,
        });
        assert_eq!(reason, Some(EndReason::Tripped));
        match frames.last() {
            Some(Frame::Reply(reply)) => {
                assert_eq!(reply.values[0] & status::TRIPPED, status::TRIPPED);
                assert_eq!(
                    reply.values[0] & (status::ARMED | status::BUSY | status::RAMPING_TO_SAFE),
                    0
                );
                assert_eq!(reply.values[1], cause);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Instrument, and how its run begins.
#[derive(Clone, Copy)]
struct Kind {
    parameters: Parameters,
    begin: fn(u32, u32) -> Script,
}

const IN_TURN: Kind = Kind { parameters: PARAMETERS, begin };
const CONTINUOUS: Kind = Kind {
    parameters: Parameters { update: Update::Hardware, ..PARAMETERS },
    begin: begin_continuous,
};

/// The same run with one case and in continuous mode.
fn begin_continuous(nonce: u32, over: u32) -> Script {
    let mut script = begin(nonce, over);
    script.write_all(&[(map::GAP, gap::CONTINUOUS | 12 << 16 | 20), (map::CASES_USED, 1)]);
    script
}

fn model(kind: Kind, seed: u64) -> (Box<dyn Engine>, Log) {
    let bench = IntegerBench::new(PARAMETERS.outputs, 1, seed);
    let log = bench.log.clone();
    (Box::new(Model::new(kind.parameters, Box::new(bench))), log)
}

fn compiled(kind: Kind, seed: u64) -> (Box<dyn Engine>, Log) {
    let bench = IntegerBench::new(PARAMETERS.outputs, 1, seed);
    let log = bench.log.clone();
    let engine = VerilogEngine::new(kind.parameters, Box::new(bench)).expect("an engine");
    (Box::new(engine), log)
}

/// The host falls silent `after` samples into a run, having spoken every 30 samples before.
fn silence(engine: &mut dyn Engine, log: Log, script: Script, after: usize) {
    let mut trial = Trial::new(engine, log, script);
    trial.script.command(command::ARM_HOST);
    trial.script.command(command::RUN);
    trial.send();
    let mut left = after;
    while left > 0 {
        let step = left.min(30);
        trial.pass(step);
        left -= step;
        trial.script.read(map::STATUS, 1);
        trial.send();
    }
    // Heard for the last time before the reply came.
    let home = trial.samples() + WATCHDOG as usize + 1 + RAMP;
    trial.pass(WATCHDOG as usize + RAMP + 60);
    trial.assert_safe_from(home);
    trial.assert_told(fault::WATCHDOG);
}

#[test]
fn a_host_silent_at_two_hundred_random_points_leaves_the_device_safe() {
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    for seed in 0..200 {
        let kind = [IN_TURN, CONTINUOUS][seed as usize % 2];
        let (mut engine, log) = model(kind, seed);
        let script = (kind.begin)(seed as u32, 65_535);
        silence(&mut *engine, log, script, dice.random_range(0..600));
    }
}

#[needs(compiler)]
#[test]
fn the_compiled_verilog_survives_silent_hosts_too() {
    let mut dice = ChaCha8Rng::seed_from_u64(2);
    for seed in 0..nightly(20, 6) {
        let kind = [IN_TURN, CONTINUOUS][seed as usize % 2];
        let (mut engine, log) = compiled(kind, seed);
        let script = (kind.begin)(seed as u32, 65_535);
        silence(&mut *engine, log, script, dice.random_range(0..600));
    }
}

/// Every other cause, at a random sample of a run.
fn other_causes(make: impl Fn(Kind, u64) -> (Box<dyn Engine>, Log), kind: Kind, seeds: u64) {
    let mut dice = ChaCha8Rng::seed_from_u64(3);
    for seed in 0..seeds {
        for cause in [fault::INTERLOCK, fault::RUN_TIME, fault::OVERCURRENT, fault::LINK] {
            let (mut engine, log) = make(kind, seed);
            let over = if cause == fault::OVERCURRENT { 2500 } else { 65_535 };
            let mut trial = Trial::new(&mut *engine, log, (kind.begin)(seed as u32, over));
            let alone = cause == fault::RUN_TIME;
            let arm = if alone { command::ARM_STANDALONE } else { command::ARM_HOST };
            trial.script.command(arm);
            trial.script.command(command::RUN);
            trial.send();
            trial.pass(dice.random_range(40..60));
            let mut within = 20;
            match cause {
                fault::INTERLOCK => trial.engine.set_interlock(false).unwrap(),
                fault::RUN_TIME => within = 300,
                fault::LINK => {
                    for _ in 0..5 {
                        trial.script.raw(DAMAGED.to_vec());
                    }
                    trial.send();
                }
                // The bench's currents pass 2500 codes sooner or later in each case.
                _ => within = 300,
            }
            let home = trial.samples() + within + RAMP;
            trial.pass(within + RAMP + 60);
            trial.assert_safe_from(home);
            if cause == fault::INTERLOCK {
                trial.engine.set_interlock(true).unwrap();
            }
            trial.assert_told(cause);
        }
    }
}

#[test]
fn interlock_run_time_over_current_and_a_spoilt_line_trip_the_model() {
    other_causes(model, IN_TURN, 30);
    other_causes(model, CONTINUOUS, 30);
}

#[needs(compiler)]
#[test]
fn interlock_run_time_over_current_and_a_spoilt_line_trip_the_compiled_verilog() {
    other_causes(compiled, IN_TURN, nightly(3, 1));
    other_causes(compiled, CONTINUOUS, nightly(3, 1));
}

#[test]
fn an_armed_standalone_run_needs_no_host() {
    let (mut engine, log) = model(IN_TURN, 4);
    let mut script = begin(4, 65_535);
    script.write_all(&[(map::EPOCHS, 2), (map::RUN_LIMIT, 100_000)]);
    script.command(command::ARM_STANDALONE);
    script.command(command::RUN);
    let mut trial = Trial::new(&mut *engine, log, script);
    trial.send();
    // The host is unplugged: what the instrument says is lost.
    trial.pass(100 * WATCHDOG as usize);
    trial.received.clear();
    trial.script = Script::new(99);
    trial.script.read(map::STATUS, 2);
    trial.script.command(command::REPEAT);
    trial.sent = 0;
    trial.send();
    let frames = trial.frames();
    let windows = |frame: &&Frame| matches!(frame, Frame::Telemetry(_, Record::Window(_)));
    assert_eq!(frames.iter().filter(windows).count(), 2, "the last epoch's windows, again");
    assert!(frames.iter().any(|frame| matches!(
        frame,
        Frame::Telemetry(_, Record::End(end)) if end.reason == EndReason::Complete
    )));
}
