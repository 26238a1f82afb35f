//! Calibration of three outputs behind converters of their own, against the device's Jacobian and the closed forms of the poles.

use hge_core::calibration::relaxation::Relaxation as Found;
use hge_core::calibration::{Calibration, CalibrationError};
use hge_core::experiment::{Experiment, Job, Task};
use hge_core::gradient::Estimator;
use hge_core::measure::calibrate;
use hge_core::measure::gradient::{self, Effort};
use hge_core::measure::probe::Probe;
use hge_core::measure::relaxation::{self, RelaxationSpec};
use hge_core::session::Session;
use hge_sim::bench::{Pole, Relaxation};
use hge_sim::device::{Device, LinearDevice, PolynomialDevice};
use hge_tests::laboratory;

const POLES_HZ: [f64; 3] = [16e3, 4e3, 9e3];
const FEED_THROUGH_PF: f64 = 1.0;
const RATE_HZ: f64 = 20e3;

/// Tones of 10 mV up to 2 kHz, at 20 kS/s, and three outputs.
fn job(bench: &str, device: Box<dyn Device>) -> Job {
    let cases = [[-1.2, -1.2], [-1.2, 0.6], [0.6, -1.2], [0.6, 0.6]].map(|inputs_v| {
        format!("[[case]]\ninputs_v = {inputs_v:?}\ntarget_na = [1.0, 2.0, 3.0]\n")
    });
    let row = "1,1,1,1,1,1,1";
    let text = format!(
        "device = \"linear:{row};{row};{row}\"\n[instrument]\ninputs = 3\n[analogue]\niv_gains_v_per_na = [-0.025, 0.02, -0.04]\n\
         [bench]\n{bench}\n[timing]\nrate_hz = {RATE_HZ:?}\nwindow_samples = 1024\n\
         [tones]\namplitude_v = 0.01\nfrequencies_hz = [332.03125, 566.40625, 996.09375, 1503.90625, 1972.65625]\n{}",
        cases.concat()
    );
    let mut job = laboratory::job(&text);
    job.device = device;
    job
}

/// Behind the poles.
fn behind_poles(noise_na2_per_hz: f64, device: impl Device + 'static) -> Job {
    let bench = format!(
        "noise_na2_per_hz = {noise_na2_per_hz:?}\niv_poles_hz = {POLES_HZ:?}\nfeed_through_pf = {FEED_THROUGH_PF:?}"
    );
    job(&bench, Box::new(device))
}

/// Slopes of three outputs that differ from place to place, and no third order.
fn curved() -> PolynomialDevice {
    let output = |factor: f64, turn: usize| {
        let quadratic = [
            ([0, 0], 12.0),
            ([1, 3], 14.0),
            ([3, 3], -9.0),
            ([2, 4], 16.0),
            ([5, 5], 22.0),
            ([6, 6], -18.0),
        ];
        let quadratic = quadratic.map(|(pair, square)| (pair, factor * square)).to_vec();
        let mut linear = [35.0, 4.0, -6.0, -38.0, 32.0, 40.0, -30.0].map(|slope| factor * slope);
        linear.rotate_left(turn);
        PolynomialDevice::new(3.0, linear.to_vec(), quadratic, Vec::new()).unwrap()
    };
    let outputs = vec![output(1.0, 0), output(-0.9, 0), output(0.5, 0)];
    PolynomialDevice::with_outputs(outputs).unwrap()
}

fn session(job: Job) -> Session {
    let plan = job.task.plan.clone();
    let mut session = laboratory::session(job, plan, Estimator::InPhase);
    session.read_inputs(3);
    session
}

/// Largest distance from the device's slopes at each output, in standard errors of the slope with that of the tone's lag.
fn worst(session: &mut Session, calibration: &Calibration) -> [f64; 3] {
    let (device, controls_v) = (curved(), [0.3, -0.9, 0.2, 0.1, -0.5]);
    let exact = gradient::exact(&device, session.plan(), &controls_v).unwrap();
    let found = gradient::measure(session, &controls_v, Effort::windows(8)).unwrap();
    let mut worst = [0.0_f64; 3];
    assert_eq!(found.cases.len(), exact.len());
    for (case, exact) in found.cases.iter().zip(&exact) {
        let tones = &calibration.inputs().nth(case.output).unwrap().tones;
        for ((slope, exact), tone) in case.slopes.iter().zip(exact).zip(tones) {
            let of_lag = tone.lag_error_rad * slope.quadrature_na_per_v;
            let error = slope.error_na_per_v.unwrap().hypot(of_lag);
            let distance = (slope.slope_na_per_v - exact).abs() / error;
            worst[case.output] = worst[case.output].max(distance);
        }
    }
    worst
}

#[test]
fn the_calibrated_jacobian_of_three_outputs_is_the_device_s_within_its_errors() {
    let mut session = session(behind_poles(2.5e-6, curved()));
    let calibration = calibrate::in_place(&mut session, 16, 8, 3).unwrap();
    let plain = worst(&mut session, &calibration);
    session.calibrate(calibration.clone()).unwrap();
    let calibrated = worst(&mut session, &calibration);
    session.close().unwrap();
    println!("in errors: {calibrated:.1?}, without calibration {plain:.0?}");
    // Twenty slopes of each output.
    assert!(calibrated.iter().all(|distance| *distance < 4.5), "{calibrated:?}");
    assert!(plain.iter().all(|distance| *distance > 20.0), "{plain:?}");
    assert_eq!(calibration.inputs().count(), 3);
    for (of_input, pole_hz) in calibration.inputs().zip(POLES_HZ) {
        // Lags of 0.04 rad at 2 kHz, known to 0.003.
        assert!((of_input.pole_hz.unwrap() / pole_hz - 1.0).abs() < 0.1, "{of_input:?}");
        for tone in &of_input.tones {
            assert!((tone.feed_through_pf - FEED_THROUGH_PF).abs() < 0.1, "{tone:?}");
        }
    }
}

#[test]
fn resistors_and_open_contacts_are_measured_at_every_output() {
    let rows = |slope: f64| LinearDevice::with_outputs(vec![(0.0, vec![slope; 7]); 3]).unwrap();
    let mut contacts = session(behind_poles(2.5e-8, rows(0.0)));
    let open = calibrate::open_contacts(&mut contacts, 16).unwrap();
    contacts.close().unwrap();
    let mut resistors = session(behind_poles(2.5e-8, rows(10.0)));
    let found = calibrate::with_resistor(&mut resistors, 10.0, 16, Some(&open)).unwrap();
    let mut first = open.clone();
    first.further.clear();
    let refused = calibrate::with_resistor(&mut resistors, 10.0, 1, Some(&first)).unwrap_err();
    resistors.close().unwrap();
    for (of_input, pole_hz) in found.inputs().zip(POLES_HZ) {
        for tone in &of_input.tones {
            let pole = Pole::response(pole_hz, tone.frequency_hz, RATE_HZ);
            let gain = tone.in_phase.hypot(tone.quadrature) / pole.gain();
            assert!((gain - 1.0).abs() < 0.01, "{pole_hz}: {tone:?} {pole:?}");
            let lag_rad = -pole.phase_rad();
            assert!(
                (tone.lag_rad - lag_rad).abs() < 4.5 * tone.lag_error_rad,
                "{tone:?} {lag_rad}"
            );
            assert!((tone.feed_through_pf - FEED_THROUGH_PF).abs() < 0.05, "{tone:?}");
        }
    }
    assert_eq!(found.inputs().count(), 3);
    let expected =
        "output 1: the calibration was made with another number of outputs: calibrate again";
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn a_dead_output_is_named_and_a_file_of_one_output_serves_tasks_with_one() {
    let dead = vec![(0.0, vec![5.0; 7]); 3];
    let mut constant = session(behind_poles(2.5e-6, LinearDevice::with_outputs(dead).unwrap()));
    let error = calibrate::in_place(&mut constant, 8, 1, 3).unwrap_err().to_string();
    constant.close().unwrap();
    assert!(error.starts_with("output 0: the responses of electrode 0 do not lie"), "{error}");

    let mut first = session(behind_poles(2.5e-8, curved()));
    first.read_inputs(1);
    let of_one = calibrate::in_place(&mut first, 8, 1, 3).unwrap();
    first.close().unwrap();
    let text = serde_json::to_string(&of_one).unwrap();
    assert!(!text.contains("further"), "{text}");
    let read: Calibration = serde_json::from_str(&text).unwrap();
    assert_eq!(read, of_one);
    let mut task: Task = behind_poles(2.5e-8, curved()).task;
    let refused = task.calibrate(Some(read.clone())).unwrap_err();
    assert!(matches!(refused, CalibrationError::Stale { what: "number of outputs" }), "{refused}");
    let all = Calibration::joined(vec![read.clone(), read.clone(), read]).unwrap();
    // Those of the other converters have another gain.
    let refused = task.calibrate(Some(all)).unwrap_err();
    assert!(matches!(refused, CalibrationError::Stale { what: "I-V converter" }), "{refused}");
}

#[test]
fn every_output_settles_with_a_time_constant_of_its_own_which_is_taken_off() {
    const TIMES_S: [f64; 3] = [0.003, 0.011, 0.03];
    let bench =
        format!("noise_na2_per_hz = 2.5e-8\nrelaxation_share = 0.5\nrelaxations_s = {TIMES_S:?}");
    // The first input moves the outputs by 50, 36 and 27 nA.
    let rows =
        [27.8, 20.0, 15.0].map(|moves| (0.0, vec![10.0, moves, 0.0, -10.0, 12.0, 15.0, -20.0]));
    let device = || Box::new(LinearDevice::with_outputs(rows.to_vec()).unwrap());
    let plain = job(&bench, device());
    let plan = plain.task.plan.clone();
    let mut experiment: Experiment = plain.task.experiment.clone();
    let mut probe = Probe::new(laboratory::instrument(plain), plan.clone());
    probe.read_inputs(3);
    let wanted = RelaxationSpec { slope_na_per_v: 10.0, repeats: 2, seed: 3 };
    let found = relaxation::measure(&mut probe, &plan, wanted).unwrap();
    probe.close().unwrap();
    for (found, time_s) in found.iter().zip(TIMES_S) {
        let found: &Found = found.as_ref().unwrap();
        assert!((found.time_constant_s / time_s - 1.0).abs() < 0.02, "{found:?}");
    }
    experiment.wait_for(found.iter().flatten());
    let longest = found.iter().flatten().map(|found| found.settle_corrected_s).fold(0.0, f64::max);
    assert_eq!(experiment.timing.settle_s, longest.max(0.002));

    // By resistors of the tone's own response, so that only the drift is left to correct.
    let mut resistors = session(job(
        "noise_na2_per_hz = 0.0",
        Box::new(LinearDevice::with_outputs(vec![(0.0, vec![10.0; 7]); 3]).unwrap()),
    ));
    let open = {
        let mut contacts = session(job(
            "noise_na2_per_hz = 0.0",
            Box::new(LinearDevice::with_outputs(vec![(0.0, vec![0.0; 7]); 3]).unwrap()),
        ));
        let open = calibrate::open_contacts(&mut contacts, 1).unwrap();
        contacts.close().unwrap();
        open
    };
    let mut calibration = calibrate::with_resistor(&mut resistors, 10.0, 1, Some(&open)).unwrap();
    resistors.close().unwrap();
    calibration.settle(found);
    let off = |calibration: Option<Calibration>| {
        let mut session = session(job(&bench, device()));
        if let Some(calibration) = calibration {
            session.calibrate(calibration).unwrap();
        }
        let middle_v = session.plan().middle_controls_v();
        let measured = gradient::measure(&mut session, &middle_v, Effort::windows(1)).unwrap();
        session.close().unwrap();
        let mut off = [0.0_f64; 3];
        for case in &measured.cases {
            for slope in &case.slopes {
                let time_s = TIMES_S[case.output];
                let passed = Relaxation::response(0.5, time_s, slope.tone_hz, RATE_HZ).re;
                let exact = rows[case.output].1[slope.electrode] * passed;
                off[case.output] = off[case.output].max((slope.slope_na_per_v / exact - 1.0).abs());
            }
        }
        off
    };
    let (plain, corrected) = (off(None), off(Some(calibration)));
    println!("largest error of a slope: {plain:.3?}, taken off {corrected:.4?}");
    for (plain, corrected) in plain.iter().zip(corrected) {
        assert!(*plain > 0.5 && corrected < plain / 20.0, "{plain} {corrected}");
    }
}
