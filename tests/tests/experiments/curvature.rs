//! Second derivatives from the products of the tones, against a quadratic device's own.

use hge_core::gradient::Estimator;
use hge_core::measure::curvature::{self, CaseCurvature};
use hge_sim::device::PolynomialDevice;
use hge_tests::laboratory::{job, session};
use hge_tests::nightly;

const CONTROLS_V: [f64; 5] = [0.1, -0.2, 0.05, -0.3, 0.15];

/// Terms of the current; a Hessian's diagonal is twice the coefficient of the square.
const SQUARES: [([usize; 2], f64); 8] = [
    ([0, 0], 30.0),
    ([0, 3], -44.0),
    ([3, 4], 25.0),
    ([4, 4], -12.0),
    ([4, 6], 38.0),
    ([5, 5], 20.0),
    ([5, 6], -9.0),
    ([0, 6], 3.0),
];

fn measured(noise_na2_per_hz: f64, seed: u64, windows: u32) -> Vec<CaseCurvature> {
    measured_by("", noise_na2_per_hz, seed, windows)
}

/// The same with other keys of the experiment.
fn measured_by(keys: &str, noise_na2_per_hz: f64, seed: u64, windows: u32) -> Vec<CaseCurvature> {
    let text = format!(
        "seed = {seed}\n[timing]\nwindow_samples = 8192\n[tones]\namplitude_v = 0.1\n\
         [electrodes]\ncontrol_low_v = [-0.6, -0.6, -0.6, -0.6, -0.6]\ncontrol_high_v = [0.6, 0.6, 0.6, 0.6, 0.6]\n\
         [bench]\nnoise_na2_per_hz = {noise_na2_per_hz}\n{keys}\
         [[case]]\ninputs_v = [0.0, 0.0]\nhigh = true\n[[case]]\ninputs_v = [0.2, -0.1]\nhigh = false\n"
    );
    let mut job = job(&text);
    let slopes = vec![15.0, 4.0, -3.0, -20.0, 8.0, 11.0, -6.0];
    let device = PolynomialDevice::new(1.0, slopes, SQUARES.to_vec(), Vec::new()).unwrap();
    job.device = Box::new(device);
    let plans = curvature::listening_in_groups(&job.task.plan).unwrap();
    assert_eq!(plans[0].grid().window_samples, 8192);
    let mut session = session(job, plans[0].clone(), Estimator::InPhase);
    curvature::measure(&mut session, &plans, &CONTROLS_V, windows).unwrap()
}

/// The device's entry for two electrodes.
fn exact(electrodes: [usize; 2]) -> f64 {
    let term = SQUARES.iter().find(|(pair, _)| *pair == electrodes);
    let twice = if electrodes[0] == electrodes[1] { 2.0 } else { 1.0 };
    term.map_or(0.0, |(_, coefficient)| twice * coefficient)
}

#[test]
fn the_hessian_of_a_quadratic_device_is_within_a_hundredth_of_the_largest() {
    for case in measured(0.0, 1, 2) {
        assert_eq!(case.entries.len(), 15);
        assert!(!case.clipped);
        let errors = case
            .entries
            .iter()
            .map(|entry| (entry.curvature_na_per_v2 - exact(entry.electrodes)).abs());
        let worst = errors.fold(0.0, f64::max) / 60.0;
        println!("worst entry: {worst:.1e} of the largest");
        assert!(worst <= 1e-2, "{case:?}");
    }
}

#[test]
fn with_few_slots_the_same_entries_are_measured_group_by_group() {
    // 8 slots, 5 tones, 15 products: five groups of three.
    let (whole, groups) =
        (measured(0.0, 1, 2), measured_by("[instrument]\nslots = 8\n", 0.0, 1, 2));
    assert_eq!(whole.len(), groups.len());
    for (whole, groups) in whole.iter().zip(&groups) {
        assert!((whole.current_na - groups.current_na).abs() < 1e-3);
        let electrodes = |case: &CaseCurvature| -> Vec<[usize; 2]> {
            case.entries.iter().map(|entry| entry.electrodes).collect()
        };
        assert_eq!(electrodes(whole), electrodes(groups));
        for entry in &groups.entries {
            let error = (entry.curvature_na_per_v2 - exact(entry.electrodes)).abs();
            assert!(error <= 0.6, "{entry:?}");
        }
    }
}

#[test]
fn nineteen_of_twenty_intervals_of_entries_hold_the_devices_own() {
    let seeds = nightly(40, 12);
    let (mut held, mut all) = (0_u32, 0_u32);
    for seed in 1..=seeds {
        for entry in measured(2.5e-4, seed, 8).iter().flat_map(|case| &case.entries) {
            let [low, high] = entry.interval_na_per_v2.expect("eight windows have a spread");
            held += u32::from((low..=high).contains(&exact(entry.electrodes)));
            all += 1;
        }
    }
    let share = f64::from(held) / f64::from(all);
    // Three standard errors of a binomial share.
    let slack = 3.0 * (0.95 * 0.05 / f64::from(all)).sqrt();
    println!("{held} of {all} intervals hold the entry: {share:.3} +- {:.3}", slack / 3.0);
    assert!((share - 0.95).abs() < slack, "{share}");
}
