//! Instruments that do not heed a register.

use crate::selftest::trial::{assert_fails, note, Trial, WriteFault};
use hge_lab::server::Pace;
use hge_protocol::frame::Operation;
use hge_protocol::registers as map;
use hge_protocol::wire::{seal, Deframer, MOST_REQUEST_WORDS};
use hge_selftest::Verdict;
use hge_sim::engine::{Engine, EngineError, Passed, Time};
use hge_tests::nightly;

/// An instrument that takes other values for some registers than are written.
struct Tampered {
    engine: Box<dyn Engine>,
    deframer: Deframer,
    /// What is taken for a value written to an address.
    value: fn(u16, u32) -> u32,
    heeds_interlock: bool,
}

/// The body of a frame with other values.
fn changed(body: &mut [u32], value: fn(u16, u32) -> u32) {
    if body[0] & 0xff == u32::from(Operation::Write.code()) {
        let address = body[2] as u16;
        for (place, word) in (0..).zip(&mut body[3..]) {
            *word = value(address.wrapping_add(place), *word);
        }
    }
}

impl Engine for Tampered {
    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let value = self.value;
        let mut line = Vec::new();
        self.deframer.push(bytes, |body| match body {
            Some(words) => {
                let mut words: Vec<u32> = words.iter().map(|word| word.get()).collect();
                changed(&mut words, value);
                seal(&words, &mut line);
            }
            // Damaged frames stay so.
            None => line.extend([1, 2, 3, 0]),
        });
        self.engine.send(&line)
    }

    fn advance(
        &mut self,
        time: Time,
        samples: u32,
        room: usize,
        into: &mut Vec<u8>,
    ) -> Result<Passed, EngineError> {
        self.engine.advance(time, samples, room, into)
    }

    fn set_interlock(&mut self, closed: bool) -> Result<(), EngineError> {
        self.engine.set_interlock(closed || !self.heeds_interlock)
    }
}

fn tampered(value: fn(u16, u32) -> u32, heeds_interlock: bool) -> Trial {
    let engine = move |engine| -> Box<dyn Engine> {
        let deframer = Deframer::new(MOST_REQUEST_WORDS);
        Box::new(Tampered { engine, deframer, value, heeds_interlock })
    };
    Trial { engine: Box::new(engine), is_faithful: false, ..Trial::default() }
}

/// Every other register is as it is written.
fn but(wanted: u16, address: u16, value: u32, instead: u32) -> u32 {
    if address == wanted {
        instead
    } else {
        value
    }
}

#[test]
fn each_trip_that_does_not_come_fails_its_own_rows() {
    let cases: [(&str, WriteFault, &[&str]); 6] = [
        (
            "over-current",
            |address, value| but(map::OVERCURRENT, address, value, 65_535),
            &["over-current, high codes", "over-current, low codes"],
        ),
        (
            "over-current, at half its level",
            |address, value| match value {
                // The greatest is written where nothing is to trip.
                32_767 => value,
                _ => but(map::OVERCURRENT, address, value, value / 2),
            },
            &["over-current, high codes", "over-current, low codes"],
        ),
        ("run time", |address, value| but(map::RUN_LIMIT, address, value, u32::MAX), &["run time"]),
        (
            "run time, late",
            |address, value| but(map::RUN_LIMIT, address, value, 2 * value),
            &["run time"],
        ),
        (
            "link_error_limit",
            |address, value| but(map::LINK_ERROR_LIMIT, address, value, 255),
            &["damaged frames"],
        ),
        (
            "link_error_limit, early",
            |address, value| but(map::LINK_ERROR_LIMIT, address, value, 3),
            &["damaged frames"],
        ),
    ];
    for (what, value, expected) in cases.into_iter().step_by(nightly(1, 3)) {
        let mut trial = tampered(value, true);
        trial.settings.outputs = vec![0];
        assert_fails(what, &trial.report(), expected);
    }
    let mut deaf = tampered(|_, value| value, false);
    deaf.settings.outputs = vec![0];
    assert_fails("interlock", &deaf.report(), &["interlock"]);
}

#[test]
fn a_trip_that_nothing_provoked_is_a_row_of_its_own_and_ends_the_test() {
    let mut trial =
        tampered(|address, value| but(map::OVERCURRENT, address, value, value.min(8000)), true);
    trial.settings.outputs = vec![0];
    let report = trial.report();
    assert_fails("over-current at a quarter of the range", &report, &["unprovoked trip"]);
    assert!(note(&report, "unprovoked trip", None).contains("current was too high"), "{report:?}");
}

#[test]
fn limits_steps_and_safe_values_that_are_not_heeded_fail_their_own_rows() {
    let cases: [(&str, WriteFault, &str); 3] = [
        (
            "low limit",
            |address, value| match (map::GUARD..map::GUARD + 32).contains(&address)
                && address % 4 == 0
            {
                true => (-32_768_i32) as u32,
                false => value,
            },
            "limits",
        ),
        (
            "high limit of an output that is not connected",
            |address, value| but(map::GUARD + 4 * 6 + 1, address, value, 32_767),
            "limits",
        ),
        ("step", |address, value| but(map::STEP_LIMIT, address, value, 65_535), "step limit"),
    ];
    for (what, value, expected) in cases {
        let mut trial = tampered(value, true);
        trial.settings.outputs = vec![0];
        assert_fails(what, &trial.report(), &[expected]);
    }
}

#[test]
fn a_register_that_does_not_keep_its_value_fails_the_registers() {
    let mut trial = tampered(|address, value| but(map::SCRATCH, address, value, value | 16), true);
    trial.settings.outputs = vec![0];
    let report = trial.report();
    assert_fails("scratch", &report, &["registers"]);
    assert!(note(&report, "registers", None).contains("0x5a5aa5b5"), "{report:?}");
}

#[test]
fn a_watchdog_trips_after_its_time_and_one_that_does_not_fails() {
    let pace = Pace::Real { factor: 1.0, baud: 3_000_000 };
    let sound = Trial { pace, ..Trial::default() }.watchdog();
    assert_eq!(sound.verdict, Verdict::Pass, "{sound:?}");
    let deaf = tampered(|address, value| but(map::WATCHDOG, address, value, u32::MAX), true);
    let deaf = Trial { pace, ..deaf }.watchdog();
    assert_eq!(deaf.verdict, Verdict::Fail, "{deaf:?}");
    assert!(deaf.note.unwrap_or_default().contains("silent host does not trip"));
}

#[test]
fn an_open_interlock_ends_the_test_before_anything_is_armed() {
    let trial = Trial::default();
    let (instrument, plan, mut wire) = trial.instrument();
    hge_selftest::Operator::set_interlock(&mut wire, false).expect("a simulated contact");
    let tested = hge_selftest::run(instrument, &plan, &trial.settings, &mut wire, &mut |_| ());
    let (report, _) = tested.unwrap_or_else(|error| panic!("{error}"));
    assert_fails("open", &report, &["interlock"]);
    assert!(report.row("scale", None).is_none());
}
