//! However a driver ends, the instrument is left disarmed.

use crate::instruments::{configured, server, task};
use crate::lines::shared;
use hge_core::experiment::LoopMode;
use hge_driver::link::Link;
use hge_driver::{ArmMode, DriverError, Instrument, Settings};
use hge_lab::server::{self, InProcess};
use hge_protocol::registers::{self as map, mode};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// An armed instrument, and another way to the same one.
fn armed(settings: Settings) -> (Instrument, Box<dyn Link>) {
    let link = InProcess::serve(server(server::Settings::default()));
    let [one, other] = shared(Box::new(link));
    let mut instrument = configured(one, settings);
    instrument.arm(ArmMode::Host).unwrap();
    assert_eq!(instrument.state().unwrap().armed, Some(ArmMode::Host));
    (instrument, other)
}

fn assert_disarmed(other: Box<dyn Link>) {
    let state = Instrument::connect(other).unwrap().state().unwrap();
    assert_eq!((state.armed, state.fault), (None, None));
}

#[test]
fn dropping_disarms() {
    let (instrument, other) = armed(Settings::default());
    drop(instrument);
    assert_disarmed(other);
}

#[test]
fn a_panic_disarms() {
    let (mut instrument, other) = armed(Settings::default());
    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let done = instrument.run(mode::PERTURB, |_| panic!("the caller's own mistake"));
        drop(done);
    }));
    assert!(panicked.is_err());
    assert_disarmed(other);
}

#[test]
fn a_cancelled_run_ends_with_an_error_and_disarms() {
    let settings = Settings::default();
    let cancel = settings.cancel.clone();
    let (mut instrument, other) = armed(settings);
    let plan = task(LoopMode::Host).plan;
    instrument.write(map::EPOCHS, 60_000).unwrap();
    let mut windows = 0;
    let done = instrument.run(mode::PERTURB, |_| {
        windows += 1;
        if windows == 5 {
            cancel.cancel();
        }
    });
    assert!(matches!(done, Err(DriverError::Cancelled)), "{done:?}");
    assert!(windows < 60_000 * plan.configuration().cases_v.len());
    assert!(matches!(instrument.state(), Err(DriverError::Cancelled)));
    drop(instrument);
    assert_disarmed(other);
}

#[test]
fn a_second_host_takes_the_session_over_and_the_first_learns_of_it() {
    let (mut first, other) = armed(Settings::default());
    let mut second = configured(other, Settings::default());
    second.arm(ArmMode::Host).unwrap();
    let message = first.read(map::STATUS).unwrap_err().to_string();
    assert!(message.contains("another program has opened a session"), "{message}");
    assert!(matches!(first.run(mode::PERTURB, |_| ()), Err(DriverError::Session)));
    // The first does not take it back to disarm what is no longer its own.
    drop(first);
    assert_eq!(second.state().unwrap().armed, Some(ArmMode::Host));
}

#[test]
fn a_plan_for_another_gateware_is_refused() {
    let mut instrument = Instrument::connect(crate::instruments::in_process()).unwrap();
    let mut experiment = crate::instruments::short(LoopMode::Host);
    experiment.instrument.slots = 12;
    let job = hge_core::experiment::Job::new(experiment, &Default::default()).unwrap();
    let message = job.task.plan.configure(&mut instrument).unwrap_err().to_string();
    assert!(message.contains("slots: 24") && message.contains("slots: 12"), "{message}");
}
