//! Amplitudes from curvature and noise: smaller errors than with the given ones, on devices that curve much and hardly.

use hge_core::gradient::Estimator;
use hge_core::measure::amplitudes::choose;
use hge_core::measure::gradient::{self, Effort};
use hge_core::plan::{Configuration, Plan};
use hge_core::session::Session;
use hge_core::tones::NoiseModel;
use hge_sim::device;
use hge_tests::laboratory;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Root mean square error of single windows against the exact slopes at random operating points, all cases.
fn error_na_per_v(session: &mut Session, plan: &Plan, device: &str) -> f64 {
    let exact_of = device::open(device).expect("a device");
    let mut random = ChaCha8Rng::seed_from_u64(99);
    session.change(plan.clone()).expect("a session");
    let (mut squares, mut count) = (0.0, 0.0);
    for _ in 0..60 {
        let controls_v = plan.draw_controls_v(&mut random);
        let found = gradient::measure(session, &controls_v, Effort::windows(1)).expect("answers");
        let exact = gradient::exact(exact_of.as_ref(), plan, &controls_v).expect("slopes");
        for (case, exact) in found.cases.iter().zip(&exact) {
            for (slope, exact) in case.slopes.iter().zip(exact) {
                squares += (slope.slope_na_per_v - exact).powi(2);
                count += 1.0;
            }
        }
    }
    f64::sqrt(squares / count)
}

#[test]
fn chosen_amplitudes_make_smaller_errors_than_thirty_millivolts_in_little_noise_and_in_much() {
    for (device, noise_na2_per_hz, least_gain) in [
        ("builtin", 2.5e-5, 1.5),
        ("builtin", 2.5e-3, 0.95),
        ("mzi", 2.5e-4, 1.3),
        ("crossbar", 2.5e-4, 0.95),
    ] {
        let job = laboratory::job(&format!(
            "gate = \"xor\"\ndevice = \"{device}\"\n[bench]\nnoise_na2_per_hz = {noise_na2_per_hz}\n"
        ));
        let plan = gradient::listening(&job.task.plan, NoiseModel::default()).unwrap();
        let mut session = laboratory::session(job, plan.clone(), Estimator::InPhase);
        let chosen = choose(&mut session, 1, 5).unwrap();
        let mut here: Configuration = plan.configuration().clone();
        for (control, amplitude_v) in here.controls.iter_mut().zip(&chosen.amplitudes_v) {
            control.amplitude_v = *amplitude_v;
        }
        let here = Plan::new(here, plan.parameters()).unwrap();
        let given = error_na_per_v(&mut session, &plan, device);
        let auto = error_na_per_v(&mut session, &here, device);
        session.close().unwrap();
        println!(
            "{device}, {noise_na2_per_hz} nA^2/Hz: {given:.2} nA/V at 30 mV, {auto:.2} at {:.1?} mV",
            chosen.amplitudes_v.iter().map(|volts| volts * 1e3).collect::<Vec<_>>()
        );
        assert!(given / auto > least_gain, "{device}: {given} {auto} {chosen:?}");
        for amplitude_v in &chosen.amplitudes_v {
            assert!((0.0074..=0.0602).contains(amplitude_v), "{chosen:?}");
        }
    }
}

#[test]
fn more_windows_make_smaller_amplitudes() {
    let choice = |windows: u32| {
        let job = laboratory::job("gate = \"xor\"\n");
        let plan = gradient::listening(&job.task.plan, NoiseModel::default()).unwrap();
        let mut session = laboratory::session(job, plan.clone(), Estimator::InPhase);
        let chosen = choose(&mut session, windows, 5).unwrap();
        assert_eq!(session.plan(), &plan);
        session.close().unwrap();
        chosen.amplitudes_v
    };
    let (few, many) = (choice(1), choice(64));
    for (few, many) in few.iter().zip(&many) {
        assert!(many < few, "{many} {few}");
    }
}
