//! A session on the model of the instrument: its plan, its watch and its wait.

use hge_core::experiment::{Job, Source};
use hge_core::gradient::Estimator;
use hge_core::session::Session;
use hge_core::settling::DriftCorrector;
use hge_core::tones::NoiseModel;
use hge_lab::{simulate, Options};
use hge_protocol::registers as map;

fn session(keys: &str) -> Session {
    let text = format!("gate = \"or\"\ndevice = \"linear:4,6,-3,-8,2,10,-5\"\n{keys}");
    let (experiment, source) = Source::parse("t.toml", text).unwrap();
    let job = Job::new(experiment, &source).unwrap();
    let (instrument, task, _) = simulate(job, &Options::default()).unwrap();
    Session::open(instrument, task.plan, Estimator::InPhase).unwrap()
}

#[test]
fn a_changed_plan_has_no_watch_and_one_that_is_kept_or_written_anew_keeps_it() {
    let mut session = session("");
    let plan = session.plan().clone();
    let noise_model = NoiseModel { white_na2_per_hz: 2.5e-4, ..NoiseModel::default() };
    let is_watched = |session: &Session| !session.slope_errors_na_per_v().is_empty();
    assert!(!is_watched(&session));
    session.correct_drift(DriftCorrector::new(&plan, noise_model, Vec::new()));
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
    session.correct_drift(DriftCorrector::new(&louder, noise_model, Vec::new()));
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
