//! A device that the caller computes, in place of the experiment's.

use hge_core::experiment::{Job, Source};
use hge_core::gradient::Estimator;
use hge_core::session::{Reading, Session};
use hge_driver::{Cause, Instrument};
use hge_lab::server::{InProcess, Pace};
use hge_sim::device::{Device, FunctionDevice};
use hge_tests::laboratory::{instrument, job};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

const TEXT: &str = "gate = \"or\"\ndevice = \"linear:2,4,4,3,-2,5,1\"";
const SLOPES_NA_PER_V: [f64; 7] = [2.0, 4.0, 4.0, 3.0, -2.0, 5.0, 1.0];

/// The job of [`TEXT`], and its instrument on the device that `currents` computes.
fn own(
    currents: impl Fn(&[f64]) -> Result<Vec<f64>, String> + Send + Sync + 'static,
) -> (Job, Instrument) {
    let device = FunctionDevice::new("own".into(), 7, 1, Arc::new(currents)).expect("7 electrodes");
    let (experiment, source) = Source::parse("own.toml", TEXT.into()).expect("an experiment");
    let made = || Job::with_device(experiment.clone(), &source, Box::new(device.again()));
    let job = made().expect("a job");
    let Job { task, chain, .. } = made().expect("a job");
    let open = move || Ok(Box::new(device.again()) as Box<dyn Device>);
    let server = hge_lab::server_with(task, chain, open, Pace::Virtual, true).expect("an engine");
    (job, Instrument::connect(Box::new(InProcess::serve(server))).expect("a link"))
}

fn readings(job: Job, mut instrument: Instrument) -> Vec<Reading> {
    // Powered up anew, it opens its device a second time.
    assert!(instrument.restart(5).expect("a simulation"));
    let controls_v = job.task.plan.middle_controls_v();
    let mut session =
        Session::open(instrument, job.task.plan, Estimator::InPhase).expect("a session");
    session.measure(&controls_v, true).expect("readings")
}

#[test]
fn a_function_of_the_caller_is_measured_bit_by_bit_as_the_same_device_of_the_library() {
    let sum = |row: &[f64]| row.iter().zip(SLOPES_NA_PER_V).map(|(v, slope)| slope * v).sum();
    let (own_job, own) = own(move |rows_v| Ok(rows_v.chunks(7).map(sum).collect()));
    assert_eq!(readings(own_job, own), readings(job(TEXT), instrument(job(TEXT))));
}

#[test]
fn a_function_that_fails_ends_the_measurement_with_its_sentence_as_a_lost_instrument() {
    let lit = Arc::new(AtomicBool::new(true));
    let seen = lit.clone();
    let (job, instrument) = own(move |rows_v| match seen.load(Ordering::Relaxed) {
        true => Ok(vec![0.0; rows_v.len() / 7]),
        false => Err("no light: switch the laser on".into()),
    });
    let controls_v = job.task.plan.middle_controls_v();
    let mut session =
        Session::open(instrument, job.task.plan, Estimator::InPhase).expect("a session");
    session.measure(&controls_v, true).expect("readings");
    lit.store(false, Ordering::Relaxed);
    let error = session.measure(&controls_v, true).expect_err("the device failed");
    assert!(error.to_string().contains("no light: switch the laser on"), "{error}");
    assert_eq!(error.cause(), Cause::Lost);
}
