//! Hours of the instrument's time through thousands of faults, without a restart: each fault is answered as documented, and every
//! window between two of them has the sums of the first, none lost.

use super::guard_trips::{begin_with, Run, Trial, RAMP};
use hge_protocol::frame::{EndReason, Frame, Record, Reply, Window};
use hge_protocol::registers::{self as map, command, fault, status};
use hge_protocol::Parameters;
use hge_sim::bench::Bench;
use hge_sim::model::Model;
use hge_tests::scenario::{Log, Script};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::Arc;

/// Eight tones and an input.
const PARAMETERS: Parameters =
    Parameters { outputs: 9, slots: 8, clock_hz: 96_000_000, ..Parameters::DEFAULT };

/// No code of the ADC is of this magnitude.
const NEVER_OVER: u32 = 65_535;

/// Sound currents stay below.
const OVER: u32 = 30_000;

/// The magnitude of a converter's lowest code.
const LOWEST: u32 = 32_768;

/// Samples until a silent host trips.
const WATCHDOG: u32 = 200;

/// The first case stands after at most 45 samples.
const UNTIL_FAULT: Range<usize> = 60..100;

/// A frame that is too short.
const DAMAGED: [u8; 4] = [1, 2, 3, 0];

/// What a device and its converter do, [`Weighted::state`].
const SOUND: u8 = 0;
const STUCK: u8 = 1;
const SHORTED: u8 = 2;
const OPEN: u8 = 3;

/// A device without memory, the weighted sum of its voltages, behind a converter.
struct Weighted {
    state: Arc<AtomicU8>,
    /// Codes of the samples in which faults are injected.
    log: Log,
    is_logged: Arc<AtomicU8>,
}

impl Bench for Weighted {
    fn samples(&mut self, codes: &[i16], adc: &mut [i16]) {
        let state = self.state.load(Ordering::Relaxed);
        let rows = codes.chunks_exact(PARAMETERS.outputs as usize);
        for (row, code) in rows.clone().zip(adc.iter_mut()) {
            let sum: i32 = (1..).zip(row).map(|(weight, &code)| weight * i32::from(code)).sum();
            *code = match state {
                SOUND => (sum >> 5) as i16,
                STUCK => i16::MIN,
                SHORTED => i16::MAX,
                _ => 0,
            };
        }
        if self.is_logged.load(Ordering::Relaxed) == 1 {
            let mut log = self.log.lock().unwrap();
            log.extend(rows.zip(adc).map(|(row, &mut code)| (row.to_vec(), vec![code])));
        }
    }

    fn rewind(&mut self, samples: usize) {
        if self.is_logged.load(Ordering::Relaxed) == 1 {
            let mut log = self.log.lock().unwrap();
            let kept = log.len().saturating_sub(samples);
            log.truncate(kept);
        }
    }
}

/// What befalls line, host, device, converter or interlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    HostFallsSilent,
    LineIsSpoilt,
    InterlockFlutters,
    ConverterSticks,
    DeviceIsShorted,
    /// It draws no current: for the host to notice.
    DeviceIsOpen,
    RunTakesTooLong,
    /// Another host begins a session in the middle of the run and disarms.
    HostRestarts,
    /// Damaged frames, fewer than trip, and a request that comes twice.
    LineIsNoisy,
}

const FAULTS: [Fault; 9] = [
    Fault::HostFallsSilent,
    Fault::LineIsSpoilt,
    Fault::InterlockFlutters,
    Fault::ConverterSticks,
    Fault::DeviceIsShorted,
    Fault::DeviceIsOpen,
    Fault::RunTakesTooLong,
    Fault::HostRestarts,
    Fault::LineIsNoisy,
];

impl Fault {
    /// The documented answer: a trip with this cause, or none.
    fn cause(self) -> Option<u32> {
        match self {
            Fault::HostFallsSilent => Some(fault::WATCHDOG),
            Fault::LineIsSpoilt => Some(fault::LINK),
            Fault::InterlockFlutters => Some(fault::INTERLOCK),
            Fault::ConverterSticks | Fault::DeviceIsShorted => Some(fault::OVERCURRENT),
            Fault::RunTakesTooLong => Some(fault::RUN_TIME),
            Fault::HostRestarts | Fault::LineIsNoisy | Fault::DeviceIsOpen => None,
        }
    }

    /// Magnitude of the current that trips.
    fn over(self) -> u32 {
        match self {
            Fault::ConverterSticks => LOWEST,
            Fault::DeviceIsShorted => OVER,
            _ => NEVER_OVER,
        }
    }

    /// Happens; the samples within which the outputs have begun to go home.
    fn happen(self, trial: &mut Trial, device: &AtomicU8, dice: &mut ChaCha8Rng) -> usize {
        /// A window that the model has evaluated at once ends first.
        const OF_A_WINDOW: usize = 60;
        let befalls = |state| device.store(state, Ordering::Relaxed);
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
                befalls(STUCK);
                OF_A_WINDOW
            }
            Fault::DeviceIsShorted => {
                befalls(SHORTED);
                OF_A_WINDOW
            }
            Fault::DeviceIsOpen => {
                befalls(OPEN);
                trial.pass(OF_A_WINDOW);
                trial.script.read(map::STATUS, 1);
                ends_by_disarming(trial)
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
                ends_by_disarming(trial)
            }
            Fault::HostRestarts => {
                trial.script = Script::new(dice.random());
                trial.sent = 0;
                trial.script.read(map::STATUS, 1);
                ends_by_disarming(trial)
            }
        }
    }
}

/// The run goes on, until the host disarms.
fn ends_by_disarming(trial: &mut Trial) -> usize {
    trial.send();
    let words = last_reply(trial).values;
    let wanted = status::ARMED | status::BUSY;
    assert_eq!(words[0] & (wanted | status::TRIPPED), wanted, "status {:08x}", words[0]);
    trial.script.command(command::DISARM);
    trial.send();
    20
}

fn last_reply(trial: &Trial) -> Reply {
    let frames = trial.frames();
    let mut replies = frames.into_iter().filter_map(|frame| match frame {
        Frame::Reply(reply) => Some(reply),
        _ => None,
    });
    replies.next_back().expect("a reply")
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

/// Faults, and the sound windows after each.
#[derive(Clone, Copy)]
struct Soak {
    faults: u32,
    windows: u16,
    window_log2: u32,
    period_clocks: u32,
}

impl Soak {
    /// No window waits for the work on the one before.
    fn gap_samples(self) -> u32 {
        PARAMETERS.most_gap_clocks(PARAMETERS.slots, self.window_log2) / self.period_clocks + 2
    }

    /// The samples that have passed, and how often each fault has happened.
    fn run(self) -> (u64, BTreeMap<Fault, u32>) {
        let mut dice = ChaCha8Rng::seed_from_u64(11);
        let (device, is_logged) = (Arc::new(AtomicU8::new(SOUND)), Arc::new(AtomicU8::new(1)));
        let log = Log::default();
        let bench = Weighted {
            state: Arc::clone(&device),
            log: log.clone(),
            is_logged: Arc::clone(&is_logged),
        };
        let mut engine = Model::new(PARAMETERS, Box::new(bench));
        let run = Run { parameters: PARAMETERS, period_clocks: self.period_clocks };
        let mut trial = Trial::new(&mut engine, log.clone(), begin_with(run, 1, NEVER_OVER));
        trial.send();
        let mut first = None;
        let mut counts = BTreeMap::new();
        for _ in 0..self.faults {
            let what = FAULTS[dice.random_range(0..FAULTS.len())];
            is_logged.store(1, Ordering::Relaxed);
            log.lock().unwrap().clear();
            trial.received.clear();
            trial.script.write_all(&[
                (map::WINDOW_LOG2, 5),
                (map::GAP, 20),
                (map::CASES_USED, 2),
                (map::EPOCHS, 65_535),
                (map::WATCHDOG, WATCHDOG),
                (map::OVERCURRENT, what.over()),
            ]);
            let alone = what == Fault::RunTakesTooLong;
            trial.script.command(if alone { command::ARM_STANDALONE } else { command::ARM_HOST });
            trial.script.command(command::RUN);
            trial.send();
            trial.pass(dice.random_range(UNTIL_FAULT));
            let within = what.happen(&mut trial, &device, &mut dice);
            let home = trial.samples() + within + RAMP;
            trial.pass(within + RAMP + 60);
            device.store(SOUND, Ordering::Relaxed);
            trial.assert_safe_from(home);
            match what.cause() {
                Some(cause) => trial.assert_told(cause),
                None => assert_untouched(&mut trial),
            }
            *counts.entry(what).or_insert(0) += 1;
            is_logged.store(0, Ordering::Relaxed);
            self.sound_windows(&mut trial, &mut first);
        }
        (trial.passed, counts)
    }

    /// A run without a fault: all its windows come, and are those of the first run.
    fn sound_windows(self, trial: &mut Trial, first: &mut Option<Window>) {
        trial.received.clear();
        trial.script.write_all(&[
            (map::WINDOW_LOG2, self.window_log2),
            (map::GAP, self.gap_samples()),
            (map::CASES_USED, 1),
            (map::EPOCHS, self.windows.into()),
            (map::WATCHDOG, u32::MAX),
            (map::OVERCURRENT, OVER),
        ]);
        trial.script.command(command::ARM_HOST);
        trial.script.command(command::RUN);
        trial.send();
        let (mut epochs, mut ended) = (0, None);
        let latest = trial.passed + (u64::from(self.windows) << (self.window_log2 + 1)) + 20_000;
        while ended.is_none() {
            assert!(trial.passed < latest, "the run does not end");
            for frame in trial.frames() {
                match frame {
                    Frame::Telemetry(_, Record::Window(window)) => {
                        let begin = first.get_or_insert_with(|| window.clone());
                        let (epoch, sample_clock) = (epochs, window.sample_clock);
                        assert_eq!(window, Window { epoch, sample_clock, ..begin.clone() });
                        epochs += 1;
                    }
                    Frame::Telemetry(_, Record::End(end)) => ended = Some(end.reason),
                    _ => {}
                }
            }
            trial.received.clear();
            trial.pass(4096);
        }
        assert_eq!((ended, epochs), (Some(EndReason::Complete), self.windows));
        trial.script.command(command::DISARM);
        trial.send();
        trial.pass(RAMP + 20);
    }
}

/// A fault every 0.4 s.
const HOUR: Soak = Soak { faults: 10_000, windows: 6, window_log2: 16, period_clocks: 96 };

/// A fault every 9 s.
const DAY: Soak = Soak { faults: 10_000, windows: 11, window_log2: 12, period_clocks: 19_200 };

#[test]
fn an_instrument_answers_every_fault_as_documented_and_measures_on_without_a_restart() {
    let short = Soak { faults: 1000, windows: 2, window_log2: 10, ..HOUR };
    let (_, counts) = short.run();
    assert_eq!(counts.len(), FAULTS.len(), "{counts:?}");
}

#[test]
#[ignore = "at night: minutes"]
fn at_night_ten_thousand_faults_in_an_hour_at_a_megasample_and_in_a_day_at_five_kilosamples() {
    for (soak, rate_hz, seconds) in [(HOUR, 1_000_000, 3600), (DAY, 5000, 24 * 3600)] {
        let (samples, counts) = soak.run();
        println!("{samples} samples at {rate_hz} Hz: {counts:?}");
        assert!(samples >= rate_hz * seconds, "{samples}");
        assert!(
            counts.len() == FAULTS.len() && counts.values().all(|&count| count > 1000),
            "{counts:?}"
        );
    }
}
