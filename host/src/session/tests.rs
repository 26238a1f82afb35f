use super::*;
use crate::experiment::{Job, Source};
use crate::lab;
use crate::link::InProcess;
use crate::tones::Surroundings;
use hge_protocol::frame::SlotSums;

fn job(keys: &str) -> Job {
    let text = format!("gate = \"or\"\ndevice = \"linear:4,6,-3,-8,2,10,-5\"\n{keys}");
    let (experiment, source) = Source::parse("t.toml", text).unwrap();
    Job::new(experiment, &source).unwrap()
}

/// A session on the model of the instrument.
fn session(keys: &str) -> Session {
    let job = job(keys);
    let plan = job.task.plan.clone();
    let engine = lab::factory(job)(1).unwrap();
    let instrument = Instrument::connect(Box::new(InProcess::new(engine))).unwrap();
    Session::open(instrument, plan, Estimator::InPhase).unwrap()
}

#[test]
fn windows_in_which_the_guard_acted_are_refused_and_no_others() {
    let plan = job("").task.plan;
    let window = |flags| Window {
        epoch: 0,
        case: 3,
        start: 0,
        sample_clock: 0,
        flags,
        sum_first: 0,
        sum_second: 0,
        min: 0,
        max: 0,
        slots: vec![SlotSums::default(); plan.configuration().controls.len()],
    };
    for flags in 0..64 {
        let found = reading(&plan, Estimator::InPhase, &window(flags));
        if flags & flag::CLAMPED != 0 || flags & flag::LIMITED != 0 {
            let is_named =
                matches!(found, Err(SessionError::Guard { case: 3, flags: f }) if f == flags);
            assert!(is_named, "0x{flags:04x}: {found:?}");
        } else {
            assert!(found.is_ok(), "0x{flags:04x}: {found:?}");
        }
    }
}

#[test]
fn a_changed_plan_has_no_watch_and_one_that_is_kept_or_written_anew_keeps_it() {
    let mut session = session("");
    let plan = session.plan().clone();
    let surroundings = Surroundings { white_na2_per_hz: 2.5e-4, ..Surroundings::default() };
    let is_watched = |session: &Session| !session.slope_errors_na_per_v().is_empty();
    assert!(!is_watched(&session));
    session.watch(Watch::new(&plan, surroundings, None));
    assert!(is_watched(&session));
    session.reconfigure().unwrap();
    assert!(is_watched(&session), "written anew");
    session.present(plan.clone()).unwrap();
    assert!(is_watched(&session), "other cases");
    session.switch_to(&plan).unwrap();
    assert!(is_watched(&session), "in force already");
    let louder = plan.with_amplitudes(1.1).unwrap();
    session.switch_to(&louder).unwrap();
    assert!(!is_watched(&session), "another plan");
    session.watch(Watch::new(&louder, surroundings, None));
    session.change(plan).unwrap();
    assert!(!is_watched(&session), "changed");
}

#[test]
fn a_longer_wait_is_a_multiple_of_the_plan_s_and_fits_its_register() {
    let mut session = session("[timing]\nsettle_s = 100.0\n");
    // 100 s at 5 kS/s; 24 bits end at 16 777 215.
    for (factor, samples) in [
        (4, 2_000_000),
        (1, 500_000),
        (33, 16_500_000),
        (34, 16_777_215),
        (64, 16_777_215),
        (u32::MAX, 16_777_215),
    ] {
        session.wait(factor).unwrap();
        assert_eq!(session.instrument().read(map::SETTLE).unwrap(), samples, "{factor} times");
    }
}
