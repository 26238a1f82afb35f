//! Every way to measure slopes shows those of a device that is known.

use hge_core::calibration::codes::CodeCalibration;
use hge_core::experiment::Job;
use hge_core::gradient::Estimator;
use hge_core::measure::calibrate::codes_with_resistor;
use hge_core::method::Method;
use hge_core::session::Reading;
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
    let plan = method.plan(&job.task.plan, &job.task.data.train.targets).unwrap();
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

/// What the square wave of `half` samples up and down shows behind a pole, of one: the filter y[n] = a y[n-1] + (1 - a) x[n] swings between -m and
/// m = (1 - a^half)/(1 + a^half), and its mean over a half wave is 1 - (1 + m) (a + a^2 + ... + a^half)/half.
fn square_wave_behind_a_pole(half: u32, pole_hz: f64, rate_hz: f64) -> f64 {
    let a = (-2.0 * std::f64::consts::PI * pole_hz / rate_hz).exp();
    let all = a.powi(half as i32);
    let swing = (1.0 - all) / (1.0 + all);
    1.0 - (1.0 + swing) * (1..=half).map(|n| a.powi(n as i32)).sum::<f64>() / f64::from(half)
}

#[test]
fn behind_a_pole_walsh_functions_of_one_bit_answer_by_a_diagonal_and_are_calibrated() {
    let mut job = job(0.0);
    job.chain.iv_pole_hz = Some(1000.0);
    let plan = Method::Walsh.plan(&job.task.plan, &job.task.data.train.targets).unwrap();
    let rate_hz = plan.grid().rate_hz;
    let controls_v = plan.middle_controls_v();
    let mut session = laboratory::session(job, plan, Estimator::InPhase);
    session.by(Method::Walsh, 1);
    let exact = CONTROLS.map(|electrode| SLOPES_NA_PER_V[electrode]);
    let raw = session.measure(&controls_v, true).unwrap().swap_remove(0).slopes_na_per_v;
    let wanted = [0.557, 0.662, 0.804, 0.900, 0.950];
    for (k, (found, exact)) in raw.iter().zip(exact).enumerate() {
        let response = square_wave_behind_a_pole(1 << k, 1000.0, rate_hz);
        assert!((response - wanted[k]).abs() < 1e-3, "{response}");
        // Off the diagonal nothing: the other controls, up to twice as steep, add at most the ADC's rounding.
        assert!((found - response * exact).abs() < 0.1, "{k} {found} {response} {exact}");
    }
    let response: Vec<Vec<f64>> =
        (0..5)
            .map(|j| {
                (0..5)
                    .map(|k| {
                        if j == k {
                            square_wave_behind_a_pole(1 << k, 1000.0, rate_hz)
                        } else {
                            0.0
                        }
                    })
                    .collect()
            })
            .collect();
    session.calibrate_codes(CodeCalibration::new(&response).unwrap());
    let read = session.measure(&controls_v, true).unwrap().swap_remove(0).slopes_na_per_v;
    for (found, exact) in read.iter().zip(exact) {
        assert!((found - exact).abs() < 0.2, "{found} {exact}");
    }
    session.close().unwrap();
}

#[test]
fn codes_calibrated_with_resistors_show_slopes_whatever_their_numbers() {
    // Nine controls: the ninth code has three bits, and behind a pole it shows on others.
    let electrodes = 11;
    let of = |slopes: &[f64]| {
        let texts: Vec<String> = slopes.iter().map(f64::to_string).collect();
        let controls: Vec<String> = (2..electrodes).map(|n| n.to_string()).collect();
        let many = |value: f64| vec![value.to_string(); electrodes - 2].join(", ");
        let mut job = laboratory::job(&format!(
            "gate = \"xor\"\ndevice = \"linear:{}\"\n[instrument]\noutputs = 16\nslots = 16\n[electrodes]\ninputs = [0, 1]\ncontrols = [{}]\ncontrol_low_v = [{}]\ncontrol_high_v = [{}]\n[tones]\nfrequencies_hz = [175.78125, 214.84375, 253.90625, 292.96875, 332.03125, 371.09375, 410.15625, 449.21875, 488.28125]\n[bench]\nnoise_na2_per_hz = 0.0\n[host]\nloss = \"mse\"\n",
            texts.join(","), controls.join(", "), many(-1.0), many(0.5)
        ));
        job.chain.iv_pole_hz = Some(1000.0);
        let plan = Method::Walsh.plan(&job.task.plan, &job.task.data.train.targets).unwrap();
        let mut session = laboratory::session(job, plan, Estimator::InPhase);
        session.by(Method::Walsh, 1);
        session
    };
    let mut resistors = of(&vec![20.0; electrodes]);
    let calibration = codes_with_resistor(&mut resistors, 20.0, 4).unwrap();
    resistors.close().unwrap();
    let exact: Vec<f64> =
        (0..electrodes).map(|n| 3.0 + n as f64 * if n % 2 == 0 { 1.0 } else { -1.0 }).collect();
    let mut device = of(&exact);
    let controls_v = device.plan().middle_controls_v();
    let error = |session: &mut hge_core::session::Session| {
        let found = session.measure(&controls_v, true).unwrap().swap_remove(0).slopes_na_per_v;
        found
            .iter()
            .zip(&exact[2..])
            .map(|(found, exact)| (found - exact).abs())
            .fold(0.0, f64::max)
    };
    let before = error(&mut device);
    device.calibrate_codes(calibration);
    let after = error(&mut device);
    assert!(before > 2.0 && after < 0.3, "{before} {after}");
    device.close().unwrap();
}
