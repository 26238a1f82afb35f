//! Requests over lines that lose them.

use crate::instruments::{behind, configured, hasty, in_process};
use hge_driver::{DriverError, Instrument, Settings};
use hge_protocol::registers::{self as map, command, status};
use hge_tests::faults::Harm;
use std::time::Duration;

#[test]
fn every_request_is_carried_out_exactly_once_however_often_it_has_to_be_sent() {
    let harm = Harm { answers: 0.2, telemetry: 0.0, damage: 0.05, double: 0.2 };
    for seed in 1..=3 {
        let (link, traffic) = behind(harm, seed);
        let timeout = Some(Duration::from_millis(15));
        let settings = Settings { reply_timeout: timeout, attempts: 100, ..hasty() };
        let instrument = configured(link, settings);
        instrument.write(map::CAPTURE_SAMPLES, 1).unwrap();
        let before = instrument.read(map::FRAMES).unwrap();
        // A command that was carried out twice would make a frame too many, or be refused.
        for _ in 0..40 {
            instrument.write(map::COMMAND, command::CAPTURE).unwrap();
            while instrument.read(map::STATUS).unwrap() & status::CAPTURING != 0 {}
        }
        assert_eq!(instrument.read(map::FRAMES).unwrap().wrapping_sub(before), 40);
        assert!(traffic.lock().unwrap().struck > 40, "the line was too good");
    }
}

#[test]
fn what_was_written_is_read_back_over_a_bad_line() {
    let harm = Harm { answers: 0.15, telemetry: 0.15, damage: 0.05, double: 0.1 };
    let (link, _) = behind(harm, 4);
    let instrument = configured(link, hasty());
    let words: Vec<(u16, u32)> =
        (0..300).map(|n| (map::TABLE + n, u32::from(n).wrapping_mul(0x9e37_79b9))).collect();
    instrument.write_all(&words).unwrap();
    let back = instrument.read_many(map::TABLE, words.len()).unwrap();
    assert_eq!(back, words.iter().map(|word| word.1).collect::<Vec<_>>());
}

#[test]
fn a_refusal_names_the_register_and_says_what_to_do() {
    let instrument = Instrument::connect(in_process()).unwrap();
    // The third of the burst is the present code, which nobody writes.
    let guard: Vec<(u16, u32)> = (1..5).map(|n| (map::GUARD + n, 0)).collect();
    match instrument.write_all(&guard) {
        Err(DriverError::Refused { address, register, .. }) => {
            assert_eq!((address, register.as_str()), (map::GUARD + 3, "guard[3]"));
        }
        other => panic!("{other:?}"),
    }
    let missing = instrument.read_many(map::LANES, 2).unwrap_err().to_string();
    assert!(missing.starts_with("reading register ? (0x0019) was refused: no such"), "{missing}");
    let unsafe_ = instrument.write(map::COMMAND, command::ARM_HOST).unwrap_err().to_string();
    assert!(unsafe_.contains("register command (0x000f)") && unsafe_.contains("set watchdog"));
    instrument.set("scratch", 77).unwrap();
    assert_eq!(instrument.get("scratch").unwrap(), 77);
}

#[test]
fn a_dead_line_is_silence_and_the_session_is_begun_anew_when_it_is_back() {
    let harm = Harm { answers: 1.0, ..Harm::default() };
    let (link, _) = behind(harm, 5);
    let settings = Settings {
        reply_timeout: Some(Duration::from_millis(5)),
        attempts: 3,
        ..Settings::default()
    };
    let message = match Instrument::connect_with(link, settings) {
        Ok(_) => panic!("connected"),
        Err(error) => error.to_string(),
    };
    assert!(message.contains("does not reply (3 tries in 0.015 s): check that"), "{message}");
}
