use super::*;
use crate::experiment::{Job, Source};
use hge_protocol::frame::flag;
use hge_protocol::frame::SlotSums;

#[test]
fn windows_in_which_the_guard_acted_are_refused_and_no_others() {
    let (experiment, source) = Source::parse("t.toml", "gate = \"or\"".into()).unwrap();
    let plan = Job::new(experiment, &source).unwrap().task.plan;
    let window = |flags| Window {
        input: 0,
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
