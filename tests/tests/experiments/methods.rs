//! Every way to measure slopes shows those of a device that is known.

use hge_host::experiment::Job;
use hge_host::gradient::Estimator;
use hge_host::method::Method;
use hge_host::session::Reading;
use hge_tests::laboratory;

const SLOPES_NA_PER_V: [f64; 7] = [10.0, 20.0, 30.0, -10.0, 12.0, 15.0, -20.0];
/// Of the default roles.
const CONTROLS: [usize; 5] = [0, 3, 4, 5, 6];

fn job(noise_na2_per_hz: f64) -> Job {
    let slopes: Vec<String> = SLOPES_NA_PER_V.iter().map(f64::to_string).collect();
    laboratory::job(&format!(
        "gate = \"xor\"\ndevice = \"linear:{}\"\n[bench]\nnoise_na2_per_hz = {noise_na2_per_hz}\n[host]\nloss = \"mse\"\n",
        slopes.join(",")
    ))
}

/// So many sets of slopes, and the samples that they took.
fn sets(method: Method, noise_na2_per_hz: f64, count: usize) -> (Vec<Vec<Reading>>, u64) {
    let job = job(noise_na2_per_hz);
    let plan = method.plan(&job.task.plan, &job.task.targets).unwrap();
    let controls_v = plan.middle_controls_v();
    let mut session = laboratory::session(job, plan, Estimator::InPhase);
    session.by(method, 7);
    let sets = (0..count).map(|_| session.measure(&controls_v, true).unwrap()).collect();
    let samples = session.samples();
    session.close().unwrap();
    (sets, samples)
}

#[test]
fn without_noise_every_method_finds_the_slopes() {
    for method in Method::ALL {
        let (sets, _) = sets(method, 0.0, 1);
        for (case, reading) in sets[0].iter().enumerate() {
            // The mean of all windows is where the device stands.
            let inputs_v = [[-1.2, -1.2], [-1.2, 0.6], [0.6, -1.2], [0.6, 0.6]][case];
            let at_na = 20.0 * inputs_v[0] + 30.0 * inputs_v[1] + -0.3 * (10.0 - 10.0 + 12.0)
                - 0.2 * (15.0 - 20.0);
            // A random code has a mean of its own, a sixteenth of its amplitude or so.
            let most_na = if method == Method::Random { 0.5 } else { 0.05 };
            let off_na = reading.mean_na - at_na;
            assert!(off_na.abs() < most_na, "{method:?} {off_na}");
            for (k, electrode) in CONTROLS.into_iter().enumerate() {
                let exact = SLOPES_NA_PER_V[electrode];
                if method == Method::Cost {
                    // 2 (y - target) g; the low cases of XOR aim at 0 nA, the high ones at 20.
                    let target_na = [0.0, 20.0, 20.0, 0.0][case];
                    let wanted = 2.0 * (at_na - target_na) * exact;
                    let found = reading.cost_slopes_na2_per_v[k];
                    assert!((found - wanted).abs() < 0.01 * wanted.abs() + 2.0, "{found} {wanted}");
                    continue;
                }
                // Random codes show a sixteenth of each other; rounding of the ADC is 0.003 nA of 0.3.
                let most = if method == Method::Random { 10.0 } else { 0.1 };
                let found = reading.slopes_na_per_v[k];
                assert!((found - exact).abs() < most, "{method:?} {electrode} {found}");
            }
        }
    }
}

/// A case takes its windows, and less than half a window more for each to settle.
fn takes(method: Method, case_samples: u64, windows: u64) {
    assert!((256 * windows..360 * windows).contains(&case_samples), "{method:?} {case_samples}");
    assert_eq!(method.windows(5) as u64, windows, "{method:?}");
}

#[test]
fn variances_and_times_are_those_of_theory() {
    // In sigma^2 / (N A^2), and in windows: sines 2, finite differences 1 / 2 by two windows each, Walsh 1.
    let theory = [
        (Method::Homodyne, 2.0, 1),
        (Method::Single, 2.0, 5),
        (Method::FiniteDifference, 0.5, 10),
        (Method::Walsh, 1.0, 1),
    ];
    for (method, windows) in [(Method::Random, 1), (Method::Cost, 1)] {
        let (_, samples) = sets(method, 2.5e-4, 3);
        takes(method, samples / 3 / 4, windows);
    }
    for (method, variance, windows) in theory {
        let (sets, samples) = sets(method, 2.5e-4, 60);
        let mut square = 0.0;
        for reading in sets.iter().flatten() {
            for (k, electrode) in CONTROLS.into_iter().enumerate() {
                square += (reading.slopes_na_per_v[k] - SLOPES_NA_PER_V[electrode]).powi(2);
            }
        }
        square /= (60 * 4 * 5) as f64;
        // 30 mV as it leaves the DAC; 2.5e-4 nA^2/Hz up to 2500 Hz.
        let unit = 2.5e-4 * 2500.0 / 256.0 / 0.030_f64.powi(2);
        // 1200 values: a standard error of 4 %.
        assert!((square / unit / variance - 1.0).abs() < 0.16, "{method:?} {}", square / unit);
        takes(method, samples / 60 / 4, windows);
    }
}
