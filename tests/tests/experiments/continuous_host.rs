//! Continuous mode from the host: every step follows from slopes at its own controls, however late the host is.

use hge_core::experiment::Job;
use hge_core::train::{train_on, Outcome, Progress};
use hge_driver::link::Link;
use hge_driver::{Instrument, Settings};
use hge_lab::server::{InProcess, Pace};
use hge_needs::needs;
use hge_tests::faults::{Fault, Harm};
use hge_tests::faulty_link::FaultyLink;
use hge_tests::laboratory::job;
use std::time::Duration;

/// Slope of the device with its only control.
const SLOPE_NA_PER_V: f64 = 20.0;

/// A linear device with one control and a target of 0 nA; under mse the loss's second derivative is 2 `SLOPE_NA_PER_V`^2, and `gain` is the rate times that.
fn experiment(engine: &str, gain: f64, noise_na2_per_hz: f64, epochs: u32) -> Job {
    let rate_v2 = gain / (2.0 * SLOPE_NA_PER_V.powi(2));
    job(&format!(
        r#"
        engine = "{engine}"
        device = "linear:5,{SLOPE_NA_PER_V}"
        restarts = 1
        rms_error_na = 0.001
        instrument = {{ update = "hardware", clock_hz = 1000000, outputs = 2, slots = 2, starts = 2, cases = 1 }}
        timing = {{ continuous = true }}
        electrodes = {{ inputs = [0], controls = [1], control_low_v = [-1.0], control_high_v = [1.0] }}
        bench = {{ noise_na2_per_hz = {noise_na2_per_hz} }}
        host = {{ optimiser = "sgd", descent_rate_v2 = {rate_v2}, epochs = {epochs}, stop_loss = 0.0, patience_epochs = {epochs} }}
        [[case]]
        inputs_v = [0.0]
        target_na = 0.0
        "#
    ))
}

fn simulated(job: Job) -> Box<dyn Link> {
    Box::new(InProcess::serve(hge_lab::server(job, Pace::Virtual, false).expect("an engine")))
}

/// The epochs of a training over this link, and its result.
fn trained(job: Job, link: Box<dyn Link>) -> (Vec<Progress>, Outcome) {
    let settings = Settings {
        reply_timeout: Some(Duration::from_millis(500)),
        nonce_seed: Some(3),
        ..Settings::default()
    };
    let instrument = Instrument::connect_with(link, settings).expect("a link");
    let mut epochs = Vec::new();
    let outcome = train_on(instrument, job.task, &mut |epoch| epochs.push(epoch.clone()));
    (epochs, outcome.unwrap_or_else(|error| panic!("{error}")))
}

/// Of the control, for the codes to which it and window means are rounded.
const ROUNDING_V: f64 = 1e-3;

#[test]
fn a_step_of_the_host_multiplies_the_error_by_1_less_the_gain_up_to_gains_of_2() {
    for gain in [0.2_f64, 1.0, 1.7] {
        let job = || experiment("model", gain, 0.0, 20);
        let (epochs, _) = trained(job(), simulated(job()));
        let controls_v: Vec<f64> = epochs.iter().map(|epoch| epoch.controls_v[0]).collect();
        // A gain of 1 ends at once.
        assert!(controls_v[0].abs() > 0.1 && controls_v.len() > 2, "{controls_v:?}");
        for step in controls_v.windows(2) {
            let wanted_v = (1.0 - gain) * step[0];
            assert!((step[1] - wanted_v).abs() < ROUNDING_V, "gain {gain}: {step:?}");
        }
        // In virtual time the host is never late: of two windows it uses one. Each has 256 samples, 10 to settle, 10 before it, and its gap and ramp.
        for pair in epochs.windows(2) {
            let samples = pair[1].samples - pair[0].samples;
            assert!((2 * 276..2 * 276 + 60).contains(&samples), "{samples} samples an epoch");
        }
    }
}

#[test]
fn a_noisy_run_led_by_the_host_depends_on_its_seed_alone_also_where_records_are_lost() {
    let job = || experiment("model", 0.5, 1e-3, 60);
    let clean = trained(job(), simulated(job()));
    assert_eq!(trained(job(), simulated(job())), clean);
    let harm = Harm { telemetry: 0.05, double: 0.02, ..Harm::default() };
    let (link, traffic) = FaultyLink::over(simulated(job()), Fault::Mixed(harm), 5);
    let (epochs, outcome) = trained(job(), link);
    let traffic = traffic.lock().expect("no thread has panicked");
    println!("{} of {} frames struck", traffic.struck, traffic.frames);
    assert!(traffic.telemetry_lost() > 0);
    assert_eq!((epochs, outcome), clean);
}

#[needs(compiler)]
#[test]
fn the_compiled_verilog_led_by_the_host_gives_the_same_epochs() {
    let model = experiment("model", 0.5, 1e-3, 12);
    let verilog = || experiment("verilog", 0.5, 1e-3, 12);
    let (epochs, outcome) = trained(verilog(), simulated(verilog()));
    let expected = trained(experiment("model", 0.5, 1e-3, 12), simulated(model));
    assert_eq!((epochs, outcome), expected);
}
