//! Intervals that hold the truth as often as they say.

use hge_core::calibration::Calibration;
use hge_core::experiment::Job;
use hge_core::gradient::Estimator;
use hge_core::measure::calibrate;
use hge_core::measure::gradient::{self, Effort};
use hge_core::tones::NoiseModel;
use hge_sim::device::{Device, LinearDevice};
use hge_tests::laboratory;

const REPETITIONS: u32 = 2000;
const SLOPES_NA_PER_V: [f64; 7] = [4.0, 6.0, -3.0, -8.0, 2.0, 10.0, -5.0];

/// An experiment of two cases on a linear device.
fn experiment(slopes_na_per_v: [f64; 7], bench: &str) -> Job {
    let slopes: Vec<String> = slopes_na_per_v.iter().map(f64::to_string).collect();
    let text = format!(
        "device = \"linear:{}\"\n[bench]\n{bench}\n[timing]\nsettle_s = 0.0\nlead_in_s = 0.005\n\
         [[case]]\ninputs_v = [0.0, 0.0]\nhigh = true\n[[case]]\ninputs_v = [0.1, 0.1]\nhigh = false\n",
        slopes.join(",")
    );
    laboratory::job(&text)
}

/// Shares of intervals that hold each control's slope, read by a calibration if there is one.
fn coverage(bench: &str, windows: u32, calibration: Option<Calibration>) -> Vec<f64> {
    let job = experiment(SLOPES_NA_PER_V, bench);
    let plan = gradient::listening(&job.task.plan, NoiseModel::default()).unwrap();
    let electrodes: Vec<usize> =
        plan.configuration().controls.iter().map(|control| control.output).collect();
    let exact = LinearDevice::new(0.0, SLOPES_NA_PER_V.to_vec()).unwrap();
    let exact = exact.jacobian_na_per_v(&[0.0; 7]).unwrap();
    let controls_v = plan.middle_controls_v();
    let mut session = laboratory::session(job, plan, Estimator::InPhase);
    if let Some(calibration) = calibration {
        session.calibrate(calibration).expect("a calibration of these tones");
    }
    let mut held = vec![0_u32; electrodes.len()];
    for _ in 0..REPETITIONS / 2 {
        let measured = gradient::measure(&mut session, &controls_v, Effort::windows(windows));
        // Both cases are repetitions: on a linear device every point has the same slopes.
        for case in &measured.expect("a gradient").cases {
            for (slope, (held, electrode)) in
                case.slopes.iter().zip(held.iter_mut().zip(&electrodes))
            {
                let [low, high] = slope.interval_na_per_v.expect("a known error");
                *held += u32::from((low..=high).contains(&exact[*electrode]));
            }
        }
    }
    session.close().expect("a way home");
    held.into_iter().map(|count| f64::from(count) / f64::from(REPETITIONS)).collect()
}

fn assert_honest(bench: &str, windows: u32, calibration: Option<Calibration>) {
    let shares = coverage(bench, windows, calibration);
    println!("{bench}, {windows} windows: {shares:?}");
    // The share of 2000 that are 95 % likely spreads by 0.5 %.
    assert!(shares.iter().all(|share| (0.93..=0.97).contains(share)), "{shares:?}");
}

#[test]
fn nineteen_of_twenty_intervals_hold_the_slope_in_white_noise() {
    assert_honest("noise_na2_per_hz = 2.5e-4", 1, None);
}

#[test]
fn nineteen_of_twenty_intervals_hold_the_slope_in_flicker_noise() {
    // At 150 Hz a density of 6.7e-4 nA^2/Hz.
    let bench = "noise_na2_per_hz = 0.0\nflicker_na2_per_hz_at_1khz = 1e-4";
    assert_honest(bench, 1, None);
    assert_honest(bench, 2, None);
}

#[test]
fn intervals_behind_a_pole_that_is_calibrated_hold_the_slope_as_often() {
    // The gains of the tones are 0.89 to 0.45: what noise remains of them is worth more slope.
    let bench = "iv_pole_hz = 300.0\nnoise_na2_per_hz = ";
    let in_place_of_the_device = |conductance_na_per_v: f64| {
        let job = experiment([conductance_na_per_v; 7], &format!("{bench}0.0"));
        let plan = gradient::listening(&job.task.plan, NoiseModel::default()).unwrap();
        laboratory::session(job, plan, Estimator::InPhase)
    };
    let open = calibrate::open_contacts(&mut in_place_of_the_device(0.0), 1).unwrap();
    let mut resistors = in_place_of_the_device(20.0);
    let calibration = calibrate::with_resistor(&mut resistors, 20.0, 1, Some(&open)).unwrap();
    let gains: Vec<f64> = calibration.tones.iter().map(|tone| tone.gain()).collect();
    assert!(gains.iter().all(|gain| *gain < 0.95), "{gains:?}");
    assert_honest(&format!("{bench}2.5e-4"), 1, Some(calibration));
}
