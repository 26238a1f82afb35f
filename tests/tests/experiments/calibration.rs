//! Calibration in place against the exact derivative, behind a pole and beside a capacitance.

use hge_core::calibration::{
    Calibration, CalibrationError, Conditions, OpenContacts, ToneCalibration,
};
use hge_core::experiment::Job;
use hge_core::gradient::Estimator;
use hge_core::measure::gradient::{self, Effort};
use hge_core::measure::{calibrate, MeasureError};
use hge_core::session::Session;
use hge_sim::device::{Device, LinearDevice, PolynomialDevice};
use hge_tests::laboratory;
use std::f64::consts::TAU;

const POLE_HZ: f64 = 16e3;
const FEED_THROUGH_PF: f64 = 1.0;

/// Tones of 10 mV up to 2 kHz, at 20 kS/s.
fn job(noise_na2_per_hz: f64, device: Box<dyn Device>) -> Job {
    let text = format!(
        "gate = \"xor\"\n[bench]\nnoise_na2_per_hz = {noise_na2_per_hz}\niv_pole_hz = {POLE_HZ}\n\
         feed_through_pf = {FEED_THROUGH_PF}\n[timing]\nrate_hz = 20000.0\nwindow_samples = 1024\n\
         [tones]\namplitude_v = 0.01\nband_hz = [300.0, 2000.0]\nfrequencies_hz = [332.03125, 566.40625, 996.09375, 1503.90625, 1972.65625]\n"
    );
    let mut job = laboratory::job(&text);
    job.device = device;
    job
}

/// Slopes that differ from place to place, and no third order: from 10 nA/V on, some negative.
fn curved() -> PolynomialDevice {
    let quadratic = vec![
        ([0, 0], 12.0),
        ([1, 3], 14.0),
        ([3, 3], -9.0),
        ([2, 4], 16.0),
        ([5, 5], 22.0),
        ([6, 6], -18.0),
    ];
    let linear = vec![35.0, 4.0, -6.0, -38.0, 32.0, 40.0, -30.0];
    PolynomialDevice::new(3.0, linear, quadratic, Vec::new()).unwrap()
}

fn session(job: Job, estimator: Estimator) -> Session {
    let plan = job.task.plan.clone();
    laboratory::session(job, plan, estimator)
}

/// Greatest error of a slope of 10 nA/V or more at three places, as a part of it.
fn worst(session: &mut Session) -> f64 {
    let device = curved();
    let mut worst: f64 = 0.0;
    let mut slopes = 0;
    for controls_v in
        [[-0.3, -0.3, -0.3, -0.2, -0.2], [0.3, -0.9, 0.2, 0.1, -0.5], [-0.8, 0.4, -0.6, -0.4, 0.2]]
    {
        let exact = gradient::exact(&device, session.plan(), &controls_v).unwrap();
        let found = gradient::measure(session, &controls_v, Effort::windows(1)).unwrap();
        for (case, exact) in found.cases.iter().zip(&exact) {
            for (slope, exact) in
                case.slopes.iter().zip(exact).filter(|(_, exact)| exact.abs() >= 10.0)
            {
                worst = worst.max((slope.slope_na_per_v / exact - 1.0).abs());
                slopes += 1;
            }
        }
    }
    assert!(slopes > 30, "{slopes} slopes are large enough to count");
    worst
}

#[test]
fn calibrated_in_place_every_slope_is_within_two_percent_and_the_magnitude_is_not() {
    // Little noise, so that the errors are those of the estimators: 2 % of 10 nA/V are 0.2 nA/V.
    let noise_na2_per_hz = 2.5e-10;
    let mut plain = session(job(noise_na2_per_hz, Box::new(curved())), Estimator::InPhase);
    let uncalibrated = worst(&mut plain);
    let calibration = calibrate::in_place(&mut plain, 8, 1, 3).unwrap();
    plain.calibrate(calibration.clone()).unwrap();
    let calibrated = worst(&mut plain);
    plain.close().unwrap();
    let mut magnitude = session(job(noise_na2_per_hz, Box::new(curved())), Estimator::Magnitude);
    let of_magnitude = worst(&mut magnitude);
    magnitude.close().unwrap();
    println!(
        "worst error: calibrated {:.2} %, in phase alone {:.0} %, magnitude {:.0} %; pole {:.0} Hz",
        calibrated * 1e2,
        uncalibrated * 1e2,
        of_magnitude * 1e2,
        calibration.pole_hz.unwrap()
    );
    assert!(calibrated < 0.02, "{calibrated}");
    assert!(of_magnitude > 0.02 && uncalibrated > 0.02, "{of_magnitude} {uncalibrated}");
    assert!((calibration.pole_hz.unwrap() / POLE_HZ - 1.0).abs() < 0.02, "{calibration:?}");
    for tone in &calibration.tones {
        assert!((tone.feed_through_pf / FEED_THROUGH_PF - 1.0).abs() < 0.02, "{tone:?}");
    }
}

#[test]
fn noise_at_ten_millivolts_is_averaged_away() {
    let mut session = session(job(2.5e-6, Box::new(curved())), Estimator::InPhase);
    let calibration = calibrate::in_place(&mut session, 16, 8, 3).unwrap();
    session.close().unwrap();
    for tone in &calibration.tones {
        // 12.6 nA/V in quadrature at 2 kHz: 2 % of 10 nA/V are an angle of 0.016.
        assert!(tone.lag_error_rad < 0.016, "{tone:?}");
        assert!((tone.feed_through_pf - FEED_THROUGH_PF).abs() < 0.1, "{tone:?}");
    }
}

fn refused(device: LinearDevice, points: u32) -> CalibrationError {
    let mut session = session(job(2.5e-4, Box::new(device)), Estimator::InPhase);
    let found = calibrate::in_place(&mut session, points, 1, 3);
    session.close().unwrap();
    match found {
        Err(MeasureError::Calibration(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_shows_no_line_is_refused_with_what_to_do() {
    // A conductance that does not vary shows a point.
    let constant = LinearDevice::new(0.0, vec![10.0; 7]).unwrap();
    let error = refused(constant.clone(), 8);
    assert!(matches!(error, CalibrationError::NoLine { electrode: 0, .. }), "{error}");
    assert!(error.to_string().contains("is it dead?"), "{error}");
    assert!(matches!(refused(constant, 7), CalibrationError::Points { found: 7 }));
}

#[test]
fn a_resistor_in_place_of_the_device_shows_lag_and_loss() {
    // 20 nA/V behind the pole alone: a resistor has no stray capacitance to speak of.
    let text =
        "gate = \"xor\"\n[bench]\nnoise_na2_per_hz = 2.5e-8\niv_pole_hz = 4e3\n[timing]\nrate_hz = 20000.0\nwindow_samples = 1024\n\
         [tones]\namplitude_v = 0.01\nfrequencies_hz = [332.03125, 566.40625, 996.09375, 1503.90625, 1972.65625]\n";
    for slopes in [[20.0; 7], [0.0, 0.0, 0.0, 0.0, 20.0, 0.0, 20.0]] {
        let mut job = laboratory::job(text);
        job.device = Box::new(LinearDevice::new(0.0, slopes.to_vec()).unwrap());
        let open = OpenContacts::without_capacitance(&job.task.plan);
        let mut session = session(job, Estimator::InPhase);
        let calibration = calibrate::with_resistor(&mut session, 20.0, 4, Some(&open)).unwrap();
        session.close().unwrap();
        assert!((calibration.pole_hz.unwrap() / 4e3 - 1.0).abs() < 0.02, "{calibration:?}");
        for tone in &calibration.tones {
            // (1 - a) / (1 - a exp(-iw)), a = exp(-2 pi f_pole / rate).
            let (a, w) = ((-TAU * 0.2_f64).exp(), TAU * tone.frequency_hz / 20e3);
            let (re, im) = (1.0 - a * w.cos(), a * w.sin());
            let (gain, lag_rad) = ((1.0 - a) / re.hypot(im), im.atan2(re));
            let found = tone.in_phase.hypot(tone.quadrature);
            assert!((found / gain - 1.0).abs() < 0.01, "{tone:?} {gain}");
            assert!((tone.lag_rad - lag_rad).abs() < 0.01, "{tone:?} {lag_rad}");
        }
    }
}

/// Resistors of 10 nA/V, which are then taken out, beside a capacitance and behind a pole: with what the open contacts tell, or without.
fn by_resistor(
    bench: &str,
    feed_through_pf: f64,
    with_open: bool,
) -> Result<Calibration, MeasureError> {
    let text = format!(
        "gate = \"xor\"\n[bench]\nfeed_through_pf = {feed_through_pf}\n{bench}\n[timing]\nrate_hz = 20000.0\nwindow_samples = 1024\n\
         [tones]\namplitude_v = 0.03\nfrequencies_hz = [332.03125, 566.40625, 996.09375, 1503.90625, 1972.65625]\n"
    );
    let session_of = |slope: f64| {
        let mut job = laboratory::job(&text);
        job.device = Box::new(LinearDevice::new(0.0, vec![slope; 7]).unwrap());
        session(job, Estimator::InPhase)
    };
    let open = with_open.then(|| {
        let mut session = session_of(0.0);
        let open = calibrate::open_contacts(&mut session, 64).unwrap();
        session.close().unwrap();
        open
    });
    let mut session = session_of(10.0);
    let found = calibrate::with_resistor(&mut session, 10.0, 64, open.as_ref());
    session.close().unwrap();
    found
}

#[test]
fn with_the_open_contacts_measured_a_resistor_tells_lag_loss_and_capacitance() {
    for (pole_hz, feed_through_pf) in [(16e3, 1.0), (4e3, 0.3), (16e3, 0.0), (2e3, 4.0)] {
        let bench = format!("iv_pole_hz = {pole_hz}\nnoise_na2_per_hz = 2.5e-6");
        let found = by_resistor(&bench, feed_through_pf, true).unwrap();
        for tone in &found.tones {
            let (a, w) = ((-TAU * pole_hz / 20e3).exp(), TAU * tone.frequency_hz / 20e3);
            let (re, im) = (1.0 - a * w.cos(), a * w.sin());
            let (gain, lag_rad) = ((1.0 - a) / re.hypot(im), im.atan2(re));
            assert!((tone.in_phase.hypot(tone.quadrature) / gain - 1.0).abs() < 0.01, "{tone:?}");
            assert!((tone.lag_rad - lag_rad).abs() < 0.01, "{tone:?} {lag_rad}");
            let least = 0.02 * feed_through_pf + 0.02;
            assert!((tone.feed_through_pf - feed_through_pf).abs() < least, "{tone:?}");
        }
    }
}

#[test]
fn a_resistor_that_does_not_separate_lag_from_capacitance_is_refused_and_never_wrong() {
    let noise = "noise_na2_per_hz = 2.5e-4";
    let (mut refused, mut made) = (0, 0);
    for pole_hz in [1e3, 4e3, 16e3, 64e3] {
        for feed_through_pf in [0.0, 0.1, 0.4, 1.0, 4.0] {
            let bench = format!("iv_pole_hz = {pole_hz}\n{noise}");
            match by_resistor(&bench, feed_through_pf, false) {
                Err(MeasureError::Calibration(error)) => {
                    assert!(
                        matches!(
                            error,
                            CalibrationError::Inseparable { .. } | CalibrationError::NotOnePole
                        ),
                        "{error}"
                    );
                    assert!(error.to_string().contains("hge calibrate --open"), "{error}");
                    refused += 1;
                }
                Err(error) => panic!("{error}"),
                Ok(found) => {
                    made += 1;
                    for tone in &found.tones {
                        let (a, w) =
                            ((-TAU * pole_hz / 20e3).exp(), TAU * tone.frequency_hz / 20e3);
                        let lag_rad = (a * w.sin()).atan2(1.0 - a * w.cos());
                        assert!((tone.lag_rad - lag_rad).abs() < 0.03, "{pole_hz} {tone:?}");
                        let error_pf = (tone.feed_through_pf - feed_through_pf).abs();
                        assert!(error_pf < 0.05 * feed_through_pf + 0.05, "{tone:?}");
                    }
                }
            }
        }
    }
    println!("{refused} refused, {made} made");
    // 10 nS / (2 pi 16 kHz) are 0.1 pF: lag and lead cancel.
    let bench = format!("iv_pole_hz = 16e3\n{noise}");
    let cancelled = by_resistor(&bench, 0.0995, false);
    let cancelled = cancelled.map(|found| found.tones).unwrap_err().to_string();
    assert!(cancelled.contains("do not separate lag from capacitance"), "{cancelled}");
    assert!(refused > 0 && made > 0, "{refused} {made}");
}

#[test]
fn contacts_that_conduct_are_not_open() {
    let device = LinearDevice::new(0.0, vec![0.0, 0.0, 0.0, 10.0, 0.0, 0.0, 0.0]).unwrap();
    let mut session = session(job(2.5e-6, Box::new(device)), Estimator::InPhase);
    let error =
        calibrate::open_contacts(&mut session, 64).map(|open| open.tones).unwrap_err().to_string();
    session.close().unwrap();
    assert!(error.contains("electrode 3 has an in-phase response"), "{error}");
}

#[test]
fn a_short_a_small_gain_and_a_missing_resistor_are_told() {
    let refused = |gain: f64, slopes: [f64; 7], resistor: bool| {
        let mut job = job(2.5e-6, Box::new(LinearDevice::new(0.0, slopes.to_vec()).unwrap()));
        job.chain.analogue.iv_gain_v_per_na = gain;
        let mut session = session(job, Estimator::InPhase);
        let found = match resistor {
            true => calibrate::with_resistor(&mut session, 100.0, 1, None),
            false => calibrate::in_place(&mut session, 8, 1, 3),
        };
        session.close().unwrap();
        found.unwrap_err().to_string()
    };
    let shorted = refused(-0.025, [10.0, 1e6, 10.0, 10.0, 10.0, 10.0, 10.0], false);
    assert!(shorted.contains("look for a shorted electrode with `hge iv`"), "{shorted}");
    let faint = refused(-1e-7, [10.0; 7], false);
    assert!(faint.contains("raise the I-V gain"), "{faint}");
    let missing = refused(-0.025, [10.0; 7], true);
    assert!(missing.contains("where the resistor gives 100"), "{missing}");
}

#[test]
fn a_calibration_of_another_plan_is_stale() {
    let mut first = session(job(0.0, Box::new(curved())), Estimator::InPhase);
    let calibration = calibrate::in_place(&mut first, 8, 1, 3).unwrap();
    first.close().unwrap();
    let text = toml::to_string(&calibration).unwrap();
    let read: Calibration = toml::from_str(&text).unwrap();
    let other = laboratory::job("gate = \"xor\"\n").task.plan;
    let error = read.check(&other).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the calibration was made with another sample rate: calibrate again"
    );
}

#[test]
fn a_calibration_is_refused_for_another_rate_window_latency_gain_or_set_of_tones() {
    let plan = job(0.0, Box::new(LinearDevice::new(0.0, vec![10.0; 7]).unwrap())).task.plan;
    let controls = plan.configuration().controls.iter();
    let tones = controls.zip(plan.tones_hz()).map(|(control, frequency_hz)| ToneCalibration {
        electrode: control.output,
        cycles: control.cycles,
        frequency_hz,
        lag_rad: 0.0,
        lag_error_rad: 0.0,
        in_phase: 1.0,
        quadrature: 0.0,
        feed_through_na_per_v: 0.0,
        feed_through_pf: 0.0,
    });
    let conditions = Conditions {
        rate_hz: plan.grid().rate_hz,
        window_samples: plan.grid().window_samples,
        latency_samples: plan.parameters().loop_latency_samples(),
        iv_gain_v_per_na: plan.scale().analogue.iv_gain_v_per_na,
    };
    let made = Calibration {
        conditions: conditions.clone(),
        pole_hz: None,
        tones: tones.collect(),
        relaxation: None,
        further: Vec::new(),
    };
    made.check(&plan).unwrap();
    let under = |conditions| Calibration { conditions, ..made.clone() };
    let (latency, gain) = (conditions.latency_samples, conditions.iv_gain_v_per_na);
    let swapped = made.tones.iter().rev().cloned().collect();
    for (other, what) in [
        (under(Conditions { rate_hz: 19e3, ..conditions.clone() }), "sample rate"),
        (under(Conditions { window_samples: 512, ..conditions.clone() }), "window"),
        (under(Conditions { latency_samples: latency + 1, ..conditions.clone() }), "latency"),
        (under(Conditions { iv_gain_v_per_na: -0.0125, ..conditions.clone() }), "I-V converter"),
        (under(Conditions { iv_gain_v_per_na: -gain, ..conditions.clone() }), "I-V converter"),
        (Calibration { tones: swapped, ..made.clone() }, "set of tones"),
    ] {
        let refused = other.check(&plan).unwrap_err();
        assert!(
            matches!(refused, CalibrationError::Stale { what: found } if found == what),
            "{what}: {refused}"
        );
    }
}
