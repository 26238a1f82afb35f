//! Intervals that hold the truth as often as they say.

use hge_host::experiment::Job;
use hge_host::gradient::Estimator;
use hge_host::measure::gradient::{self, Effort};
use hge_host::tones::Surroundings;
use hge_sim::device::{Device, LinearDevice};
use hge_tests::laboratory;

const REPETITIONS: u32 = 2000;
const SLOPES_NA_PER_V: [f64; 7] = [4.0, 6.0, -3.0, -8.0, 2.0, 10.0, -5.0];

/// An experiment of one case on a linear device.
fn experiment(bench: &str) -> Job {
    let slopes: Vec<String> = SLOPES_NA_PER_V.iter().map(f64::to_string).collect();
    let text = format!(
        "device = \"linear:{}\"\n[bench]\n{bench}\n[timing]\nsettle_s = 0.0\nlead_in_s = 0.0005\n\
         [[case]]\ninputs_v = [0.0, 0.0]\nhigh = true\n[[case]]\ninputs_v = [0.1, 0.1]\nhigh = false\n",
        slopes.join(",")
    );
    laboratory::job(&text)
}

/// Shares of intervals that hold each control's slope.
fn coverage(bench: &str, windows: u32) -> Vec<f64> {
    let job = experiment(bench);
    let plan = gradient::listening(&job.task.plan, Surroundings::default()).unwrap();
    let electrodes: Vec<usize> =
        plan.configuration().controls.iter().map(|control| control.output).collect();
    let exact = LinearDevice::new(0.0, SLOPES_NA_PER_V.to_vec()).unwrap();
    let exact = exact.gradient_na_per_v(&[0.0; 7]).unwrap();
    let controls_v = plan.middle_controls_v();
    let mut session = laboratory::session(job, plan, Estimator::InPhase);
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

fn assert_honest(bench: &str, windows: u32) {
    let shares = coverage(bench, windows);
    println!("{bench}, {windows} windows: {shares:?}");
    // The share of 2000 that are 95 % likely spreads by 0.5 %.
    assert!(shares.iter().all(|share| (0.93..=0.97).contains(share)), "{shares:?}");
}

#[test]
fn nineteen_of_twenty_intervals_hold_the_slope_in_white_noise() {
    assert_honest("noise_na2_per_hz = 2.5e-4", 1);
}

#[test]
fn nineteen_of_twenty_intervals_hold_the_slope_in_flicker_noise() {
    // At 150 Hz a density of 6.7e-4 nA^2/Hz.
    let bench = "noise_na2_per_hz = 0.0\nflicker_na2_per_hz_at_1khz = 1e-4";
    assert_honest(bench, 1);
    assert_honest(bench, 2);
}
