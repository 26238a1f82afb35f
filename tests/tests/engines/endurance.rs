//! One instrument through thousands of faults, one after the other, without a restart: each is answered as documented.

use super::guard_trips::{begin, Trial, PARAMETERS, RAMP, WATCHDOG};
use hge_protocol::frame::{Frame, Record, Reply};
use hge_protocol::registers::{self as map, command, fault, status};
use hge_sim::bench::Bench;
use hge_sim::model::Model;
use hge_tests::nightly;
use hge_tests::scenario::{IntegerBench, Script};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

/// No code of the ADC is of this magnitude.
const NEVER_OVER: u32 = 65_535;

/// The magnitude of a converter's lowest code.
const LOWEST: u32 = 32_768;

/// A frame that is too short.
const DAMAGED: [u8; 4] = [1, 2, 3, 0];

/// A bench whose converter can stick at its lowest code.
struct Sticking {
    bench: IntegerBench,
    sticks: Arc<AtomicBool>,
}

impl Bench for Sticking {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        self.bench.samples(codes, adc);
        if self.sticks.load(Ordering::Relaxed) {
            adc.fill(i16::MIN);
        }
    }

    fn rewind(&mut self, samples: usize) {
        self.bench.rewind(samples);
    }
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    HostFallsSilent,
    LineIsSpoilt,
    InterlockFlutters,
    ConverterSticks,
    RunTakesTooLong,
    /// Another host begins a session in the middle of the run and disarms.
    HostRestarts,
    /// Damaged frames, fewer than trip, and a request that comes twice.
    LineIsNoisy,
}

const FAULTS: [Fault; 7] = [
    Fault::HostFallsSilent,
    Fault::LineIsSpoilt,
    Fault::InterlockFlutters,
    Fault::ConverterSticks,
    Fault::RunTakesTooLong,
    Fault::HostRestarts,
    Fault::LineIsNoisy,
];

impl Fault {
    /// The cause of the trip, if it trips.
    fn cause(self) -> Option<u32> {
        match self {
            Fault::HostFallsSilent => Some(fault::WATCHDOG),
            Fault::LineIsSpoilt => Some(fault::LINK),
            Fault::InterlockFlutters => Some(fault::INTERLOCK),
            Fault::ConverterSticks => Some(fault::OVERCURRENT),
            Fault::RunTakesTooLong => Some(fault::RUN_TIME),
            Fault::HostRestarts | Fault::LineIsNoisy => None,
        }
    }

    /// Happens; the samples within which the outputs have begun to go home.
    fn happen(self, trial: &mut Trial, sticks: &AtomicBool, dice: &mut ChaCha8Rng) -> usize {
        match self {
            Fault::HostFallsSilent => WATCHDOG as usize + 1,
            Fault::RunTakesTooLong => 300,
            Fault::InterlockFlutters => {
                for _ in 0..dice.random_range(1..4) {
                    trial.engine.set_interlock(false).unwrap();
                    trial.pass(1);
                    trial.engine.set_interlock(true).unwrap();
                    trial.pass(dice.random_range(0..3));
                }
                20
            }
            Fault::ConverterSticks => {
                sticks.store(true, Ordering::Relaxed);
                // A window that the model has evaluated at once ends first.
                60
            }
            Fault::LineIsSpoilt => {
                (0..5).for_each(|_| trial.script.raw(DAMAGED.to_vec()));
                trial.send();
                20
            }
            Fault::LineIsNoisy => {
                for _ in 0..dice.random_range(1..4) {
                    trial.script.raw(DAMAGED.to_vec());
                }
                trial.script.read(map::STATUS, 1);
                trial.script.again();
                trial.send();
                assert_still_runs(trial);
                trial.script.command(command::DISARM);
                trial.send();
                20
            }
            Fault::HostRestarts => {
                trial.script = Script::new(dice.random());
                trial.sent = 0;
                trial.script.read(map::STATUS, 1);
                trial.send();
                assert_still_runs(trial);
                trial.script.command(command::DISARM);
                trial.send();
                20
            }
        }
    }
}

fn last_reply(trial: &Trial) -> Reply {
    let frames = trial.frames();
    let mut replies = frames.into_iter().filter_map(|frame| match frame {
        Frame::Reply(reply) => Some(reply),
        _ => None,
    });
    replies.next_back().expect("a reply")
}

fn assert_still_runs(trial: &Trial) {
    let words = last_reply(trial).values;
    let wanted = status::ARMED | status::BUSY;
    assert_eq!(words[0] & (wanted | status::TRIPPED), wanted, "status {:08x}", words[0]);
}

/// Neither a trip nor anything armed or on its way.
fn assert_untouched(trial: &mut Trial) {
    trial.script.read(map::STATUS, 2);
    trial.send();
    let words = last_reply(trial).values;
    let none = status::ARMED | status::BUSY | status::RAMPING_TO_SAFE | status::TRIPPED;
    assert_eq!((words[0] & none, words[1]), (0, 0));
    let is_event = |frame: &Frame| matches!(frame, Frame::Telemetry(_, Record::Event(_)));
    assert!(!trial.frames().iter().any(is_event));
}

#[test]
fn an_instrument_answers_every_fault_as_documented_without_a_restart() {
    let mut dice = ChaCha8Rng::seed_from_u64(11);
    let bench = IntegerBench::new(PARAMETERS.outputs, 1, 5);
    let log = bench.log.clone();
    let sticks = Arc::new(AtomicBool::new(false));
    let mut engine =
        Model::new(PARAMETERS, Box::new(Sticking { bench, sticks: Arc::clone(&sticks) }));
    let mut trial = Trial::new(&mut engine, log.clone(), begin(1, NEVER_OVER));
    trial.send();
    for number in 0..nightly(10_000, 300) {
        let what = FAULTS[dice.random_range(0..FAULTS.len())];
        log.lock().unwrap().clear();
        trial.received.clear();
        let over = if matches!(what, Fault::ConverterSticks) { LOWEST } else { NEVER_OVER };
        trial.script.write(map::OVERCURRENT, over);
        let alone = matches!(what, Fault::RunTakesTooLong);
        trial.script.command(if alone { command::ARM_STANDALONE } else { command::ARM_HOST });
        trial.script.command(command::RUN);
        trial.send();
        trial.pass(dice.random_range(20..60));
        let within = what.happen(&mut trial, &sticks, &mut dice);
        let home = trial.samples() + within + RAMP;
        trial.pass(within + RAMP + 60);
        sticks.store(false, Ordering::Relaxed);
        trial.assert_safe_from(home);
        match what.cause() {
            Some(cause) => trial.assert_told(cause),
            None => assert_untouched(&mut trial),
        }
        println!("{number}: {what:?}");
    }
}
