//! Telemetry that is lost: counted exactly, and had again where the instrument still has it.

use crate::instruments::{
    behind, configured, engine, hasty, in_process, reference, short, trained,
};
use crate::withholding::Withholding;
use hge_core::experiment::{Job, LoopMode, Source};
use hge_core::plan::Plan;
use hge_driver::{ArmMode, DriverError, Instrument, RunEvent, Subscription, TelemetryItem};
use hge_lab::server::InProcess;
use hge_protocol::frame::{EndReason, Status};
use hge_protocol::registers::{self as map, command, mode, status};
use hge_sim::engine::{Engine, EngineError, Passed, Time};
use hge_tests::faults::Harm;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// Captures `blocks` blocks of 64 codes and waits until the instrument has made them.
fn capture_blocks(instrument: &Instrument, blocks: u32) {
    instrument
        .write_all(&[(map::CAPTURE_DECIMATION, 1), (map::CAPTURE_SAMPLES, 64 * blocks)])
        .unwrap();
    instrument.write(map::COMMAND, command::CAPTURE).unwrap();
    while instrument.read(map::STATUS).unwrap() & status::CAPTURING != 0 {}
}

/// Frames heard and lost, their numbers checked.
fn listen(subscription: &mut Subscription, first: u32) -> (u32, u32) {
    let (mut heard, mut lost, mut next) = (0, 0, first);
    while let Some(item) = subscription.recv_timeout(Duration::from_millis(300)).unwrap() {
        match item {
            TelemetryItem::Gap { lost: more } => {
                assert!(more > 0);
                lost += more;
                next = next.wrapping_add(more);
            }
            TelemetryItem::Frame { number, .. } => {
                assert_eq!(number, next, "a gap that was not told, or a frame twice");
                heard += 1;
                next = next.wrapping_add(1);
            }
        }
    }
    (heard, lost)
}

#[test]
fn every_frame_that_the_line_loses_is_counted_once() {
    let harm = Harm { telemetry: 0.3, damage: 0.02, ..Harm::default() };
    let (link, traffic) = behind(harm, 11);
    let instrument = configured(link, hasty());
    let mut subscription = instrument.subscribe(10_000);
    let first = instrument.read(map::FRAMES).unwrap();
    let before = traffic.lock().unwrap().telemetry_lost();
    capture_blocks(&instrument, 500);
    let (heard, lost) = listen(&mut subscription, first);
    let made = instrument.read(map::FRAMES).unwrap().wrapping_sub(first);
    // Those after the last that came are not yet missed.
    let tail = made - heard - lost;
    assert_eq!(made, 500);
    assert_eq!(lost + tail, traffic.lock().unwrap().telemetry_lost() - before);
    assert!(lost > 100 && tail < 20, "{lost} {tail}");
}

#[test]
fn a_slow_subscriber_loses_frames_alone_and_learns_how_many() {
    let instrument = configured(in_process(), hasty());
    let first = instrument.read(map::FRAMES).unwrap();
    let (mut slow, mut quick) = (instrument.subscribe(3), instrument.subscribe(10_000));
    capture_blocks(&instrument, 100);
    assert_eq!(listen(&mut quick, first), (100, 0));
    assert_eq!(listen(&mut slow, first), (3, 0));
    // What comes next tells how many were lost before it.
    capture_blocks(&instrument, 1);
    assert_eq!(
        slow.recv_timeout(Duration::from_secs(1)).unwrap(),
        Some(TelemetryItem::Gap { lost: 97 })
    );
    assert_eq!(listen(&mut slow, first.wrapping_add(100)), (1, 0));
}

/// The model as if behind a line too slow for it: time goes on, little gets out.
struct Narrow(Box<dyn Engine>);

impl Engine for Narrow {
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        self.0.send(bytes)
    }

    fn advance(
        &mut self,
        _: Time,
        samples: u32,
        _: usize,
        into: &mut Vec<u8>,
    ) -> Result<Passed, EngineError> {
        self.0.advance(Time::Real, samples, 200, into)
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), EngineError> {
        self.0.set_interlock(closed)
    }
}

#[test]
fn frames_that_the_instrument_drops_are_counted_with_the_others() {
    let model = engine(short(LoopMode::Host));
    let link = InProcess::new(Box::new(Narrow(model)));
    let instrument = configured(Box::new(link), hasty());
    let mut subscription = instrument.subscribe(10_000);
    let first = instrument.read(map::FRAMES).unwrap();
    // 16 blocks of 150 bytes an advance, of which one or two get out; the memory holds 56.
    capture_blocks(&instrument, 400);
    let (heard, lost) = listen(&mut subscription, first);
    let dropped = instrument.read(map::FRAMES_LOST).unwrap();
    let made = instrument.read(map::FRAMES).unwrap().wrapping_sub(first);
    assert_eq!(made, 400);
    assert_eq!(made - heard, dropped);
    assert!(lost > 100 && lost <= dropped, "{lost} of {dropped}");
}

#[test]
fn a_training_over_a_bad_line_equals_one_over_a_good_one() {
    let clean = reference(LoopMode::Host);
    assert!(clean.epochs >= 2);
    let harms = [
        Harm { telemetry: 0.1, ..Harm::default() },
        Harm { telemetry: 0.3, answers: 0.1, damage: 0.02, double: 0.1 },
    ];
    for (seed, harm) in (21..).zip(harms) {
        let (link, traffic) = behind(harm, seed);
        assert_eq!(trained(link, hasty(), LoopMode::Host), clean);
        assert!(traffic.lock().unwrap().telemetry_lost() > 5, "the line was too good");
    }
}

#[test]
fn a_standalone_training_keeps_its_result_whatever_the_line_loses() {
    let clean = reference(LoopMode::Standalone);
    let harm = Harm { telemetry: 0.3, answers: 0.1, damage: 0.02, double: 0.1 };
    for seed in 31..33 {
        let (link, traffic) = behind(harm, seed);
        assert_eq!(trained(link, hasty(), LoopMode::Standalone), clean);
        assert!(traffic.lock().unwrap().telemetry_lost() > 5, "the line was too good");
    }
}

/// What a run of three epochs of four cases says over a line.
fn three_epochs(harm: Harm, seed: u64) -> Vec<RunEvent> {
    let (link, _) = behind(harm, seed);
    let mut instrument = configured(link, hasty());
    instrument.write(map::EPOCHS, 3).unwrap();
    instrument.arm(ArmMode::Host).unwrap();
    let mut events = Vec::new();
    instrument.run(mode::PERTURB, |one| events.push(one)).unwrap();
    events
}

#[test]
fn every_window_of_a_run_comes_once_and_in_order_or_is_told_as_lost() {
    let clean = three_epochs(Harm::default(), 0);
    assert_eq!(clean.len(), 12);
    let mut lost_for_good = 0;
    for seed in 41..53 {
        let events = three_epochs(Harm { telemetry: 0.3, ..Harm::default() }, seed);
        let mut place = 0;
        for one in events {
            match one {
                RunEvent::Gap { lost } => {
                    place += lost as usize;
                    lost_for_good += lost;
                    // The last epoch can always be had again.
                    assert!(place <= 8);
                }
                window => {
                    assert_eq!(window, clean[place]);
                    place += 1;
                }
            }
        }
        assert_eq!(place, 12);
    }
    assert!(lost_for_good > 0, "no run lost anything of its older epochs");
}

#[test]
fn frames_that_are_late_but_not_lost_are_taken_though_the_instrument_cannot_repeat_them() {
    let mut job = Job::new(short(LoopMode::Host), &Source::default()).unwrap();
    job.task.parameters.telemetry_words = 256;
    let mut configuration = job.task.plan.configuration().clone();
    configuration.cases_v = vec![configuration.cases_v; 4].concat();
    let plan = Plan::new(configuration, &job.task.parameters).unwrap();
    let engine = (hge_lab::factory(job))(1).unwrap();
    let polls = Arc::new(AtomicU32::new(0));
    let link = Withholding { inner: Box::new(InProcess::new(engine)), polls: polls.clone() };
    let mut instrument = Instrument::connect_with(Box::new(link), hasty()).unwrap();
    plan.configure(&mut instrument).unwrap();
    instrument.write(map::EPOCHS, 3).unwrap();
    instrument.arm(ArmMode::Host).unwrap();
    polls.store(2, Ordering::Relaxed);
    let mut cases = Vec::new();
    let run = instrument.run(mode::PERTURB, |event| match event {
        RunEvent::Window(window) => cases.push(window.case),
        event => panic!("{event:?}"),
    });
    assert_eq!(run.unwrap().reason, EndReason::Complete);
    assert_eq!(cases, [(0..16), (0..16), (0..16)].map(Vec::from_iter).concat());
    let repeated = instrument.write(map::COMMAND, command::REPEAT);
    assert!(matches!(repeated, Err(DriverError::Refused { status: Status::Gone, .. })));
}

#[test]
fn codes_of_a_capture_that_are_late_are_taken() {
    let polls = Arc::new(AtomicU32::new(0));
    let link = Withholding { inner: in_process(), polls: polls.clone() };
    let mut instrument = configured(Box::new(link), hasty());
    polls.store(2, Ordering::Relaxed);
    assert_eq!(instrument.capture(4000, 1).unwrap().len(), 4000);
}

#[test]
fn a_capture_comes_whole_or_names_the_codes_that_are_missing() {
    let mut instrument = configured(in_process(), hasty());
    let codes = instrument.capture(4000, 1).unwrap();
    assert_eq!(codes.len(), 4000);
    // sqrt(2.5e-4 nA^2/Hz x 2500 Hz) = 0.79 nA, at 327.68 codes/nA.
    let mean = codes.iter().map(|&code| f64::from(code)).sum::<f64>() / 4000.0;
    let square = codes.iter().map(|&code| (f64::from(code) - mean).powi(2)).sum::<f64>() / 4000.0;
    assert!((square.sqrt() / 259.0 - 1.0).abs() < 0.05, "{}", square.sqrt());
    let harm = Harm { telemetry: 0.2, ..Harm::default() };
    let (link, traffic) = behind(harm, 61);
    let missing = match configured(link, hasty()).capture(4000, 1) {
        Err(DriverError::Capture { missing, wanted: 4000 }) => missing,
        other => panic!("{other:?}"),
    };
    // Whole blocks of 64, the last of 32; neighbours that were lost are one stretch.
    for stretch in &missing {
        assert!(stretch.start % 64 == 0 && (stretch.end % 64 == 0 || stretch.end == 4000));
    }
    assert!(missing.windows(2).all(|pair| pair[0].end < pair[1].start));
    let blocks: u32 =
        missing.iter().map(|stretch| (stretch.end - stretch.start).div_ceil(64)).sum();
    assert_eq!(blocks, traffic.lock().unwrap().telemetry_lost());
}
