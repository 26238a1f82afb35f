//! A current that has not settled: corrected, or reported as wrong.

use hge_core::drift::Shape;
use hge_core::experiment::Job;
use hge_core::gradient::Estimator;
use hge_core::measure::gradient::{self, CaseSlopes, Effort};
use hge_core::measure::probe::Probe;
use hge_core::measure::relaxation::{self, RelaxationSpec};
use hge_core::settling::Counts;
use hge_core::tones::NoiseModel;
use hge_lab::{train, Options};
use hge_sim::bench::Relaxation;
use hge_tests::laboratory;

const SLOPES_NA_PER_V: [f64; 7] = [10.0, 27.8, 0.0, -10.0, 12.0, 15.0, -20.0];

/// The first input moves the current by 50 nA, which relaxes as the keys say.
fn job(keys: &str, settle_s: f64, lead_in_s: f64) -> Job {
    let slopes: Vec<String> = SLOPES_NA_PER_V.iter().map(f64::to_string).collect();
    laboratory::job(&format!(
        "gate = \"xor\"\ndevice = \"linear:{}\"\n[bench]\nnoise_na2_per_hz = 2.5e-8\n{keys}\n\
         [timing]\nsettle_s = {settle_s}\nlead_in_s = {lead_in_s}\n",
        slopes.join(",")
    ))
}

/// All of the step but for the play that lets tones pass, with 22 ms.
fn cases(settle_s: f64, lead_in_s: f64, drift: Option<Shape>) -> Vec<CaseSlopes> {
    let keys = "relaxation_share = 1.0\nrelaxation_s = 0.022\nrelaxation_play_na = 5.0";
    measured(job(keys, settle_s, lead_in_s), drift)
}

fn measured(job: Job, drift: Option<Shape>) -> Vec<CaseSlopes> {
    let plan = gradient::listening(&job.task.plan, NoiseModel::default()).unwrap();
    let controls_v = plan.middle_controls_v();
    let mut session = laboratory::session(job, plan, Estimator::InPhase);
    let effort = Effort { drift, ..Effort::windows(2) };
    let measured = gradient::measure(&mut session, &controls_v, effort).expect("a gradient");
    session.close().expect("a way home");
    measured.cases
}

/// Greatest error of a slope of a case, as a part of it.
fn worst(case: &CaseSlopes) -> f64 {
    let error = |slope: &gradient::Slope| {
        (slope.slope_na_per_v / SLOPES_NA_PER_V[slope.electrode] - 1.0).abs()
    };
    case.slopes.iter().map(error).fold(0.0, f64::max)
}

const RELAXATION: Shape = Shape::Relaxation { seconds: 0.022 };

#[test]
fn a_relaxing_step_is_within_two_percent_once_its_time_constant_is_known() {
    for settle_s in [0.005, 0.015] {
        let (plain, corrected) =
            (cases(settle_s, 0.01, None), cases(settle_s, 0.01, Some(RELAXATION)));
        let of = |cases: &[CaseSlopes]| cases.iter().map(worst).fold(0.0, f64::max);
        println!(
            "{settle_s} s waited: {:.0} % off, {:.2} % corrected",
            of(&plain) * 1e2,
            of(&corrected) * 1e2
        );
        assert!(of(&plain) > 0.2, "{}", of(&plain));
        assert!(of(&corrected) < 0.02, "{}", of(&corrected));
    }
}

#[test]
fn no_slope_is_wrong_by_more_than_two_percent_and_said_to_be_settled() {
    let mut flagged = 0;
    for settle_s in [0.005, 0.015, 0.05, 0.15] {
        for drift in [None, Some(Shape::Line), Some(RELAXATION)] {
            for (place, case) in cases(settle_s, 0.01, drift).iter().enumerate() {
                flagged += u32::from(!case.settled);
                for slope in &case.slopes {
                    let exact = SLOPES_NA_PER_V[slope.electrode];
                    let off = (slope.slope_na_per_v - exact).abs();
                    let known = slope.interval_na_per_v.expect("an error");
                    let is_said = !case.settled || (known[0]..=known[1]).contains(&exact);
                    assert!(
                        off < 0.02 * exact.abs() || is_said,
                        "{settle_s} {drift:?} {place} {slope:?}"
                    );
                }
            }
        }
    }
    println!("{flagged} of 48 cases flagged");
    assert!((6..42).contains(&flagged), "{flagged}");
}

#[test]
fn long_enough_a_wait_needs_no_correction_and_no_flag() {
    // With tones on, since they move the band of the play themselves.
    for case in cases(0.0, 0.3, None) {
        assert!(case.settled, "{case:?}");
        assert!(worst(&case) < 0.02, "{case:?}");
    }
}

#[test]
fn the_wait_that_is_measured_and_chosen_leaves_slopes_within_two_percent() {
    for relaxation_s in [0.003, 0.022, 0.06] {
        // Half of every change comes late, of the tones' too.
        let keys = format!("relaxation_share = 0.5\nrelaxation_s = {relaxation_s}");
        let found_of = job(&keys, 0.002, 0.01);
        let plan = found_of.task.plan.clone();
        let mut probe = Probe::new(laboratory::instrument(found_of), plan.clone());
        let wanted = RelaxationSpec { slope_na_per_v: 5.0, repeats: 4, seed: 3 };
        let found = relaxation::measure(&mut probe, &plan, wanted).unwrap().remove(0).unwrap();
        probe.close().unwrap();
        let off = found.time_constant_s / relaxation_s - 1.0;
        assert!(off.abs() < 0.01, "{found:?}");
        assert!((45.0..55.0).contains(&found.step_na.abs()), "{found:?}");
        let waits = [(found.settle_corrected_s, Some(found.shape())), (found.settle_s, None)];
        for (settle_s, drift) in waits {
            let mut worst: f64 = 0.0;
            for slope in
                measured(job(&keys, settle_s, 0.01), drift).iter().flat_map(|case| &case.slopes)
            {
                let passed = Relaxation::response(0.5, relaxation_s, slope.tone_hz, 5000.0).re;
                let exact = SLOPES_NA_PER_V[slope.electrode] * passed;
                worst = worst.max((slope.slope_na_per_v / exact - 1.0).abs());
            }
            println!(
                "{:.1} ms found as {:.2}: {:.1} ms waited, {:.2} % off",
                relaxation_s * 1e3,
                found.time_constant_s * 1e3,
                settle_s * 1e3,
                worst * 1e2
            );
            assert!(worst < 0.02, "{settle_s} {drift:?} {worst}");
        }
    }
}

#[test]
fn in_ordinary_noise_the_time_constant_is_as_far_off_as_its_error_says() {
    for (relaxation_s, most) in [(0.003, 0.06), (0.022, 0.02), (0.06, 0.006)] {
        let mut squares = 0.0;
        for seed in 1..=6 {
            let job = laboratory::job(&format!(
                "gate = \"xor\"\nseed = {seed}\n[bench]\nrelaxation_share = 0.5\nrelaxation_s = {relaxation_s}\n"
            ));
            let plan = job.task.plan.clone();
            let mut probe = Probe::new(laboratory::instrument(job), plan.clone());
            let wanted =
                RelaxationSpec { slope_na_per_v: 10.0, repeats: relaxation::REPEATS, seed };
            let found = relaxation::measure(&mut probe, &plan, wanted).unwrap().remove(0).unwrap();
            probe.close().unwrap();
            let off_s = found.time_constant_s - relaxation_s;
            assert!(off_s.abs() < 4.0 * found.time_constant_error_s, "{found:?}");
            squares += (off_s / relaxation_s).powi(2) / 6.0;
        }
        let off = f64::sqrt(squares);
        println!(
            "{:.0} ms: {:.2} % off, root mean square of six seeds",
            relaxation_s * 1e3,
            off * 1e2
        );
        assert!(off < most, "{off}");
    }
}

#[test]
fn a_device_that_does_not_relax_shows_none() {
    let mut job = laboratory::job("gate = \"xor\"\ndevice = \"linear:10,28,0,-10,12,15,-20\"\n");
    job.task.experiment.seed = 5;
    let plan = job.task.plan.clone();
    let mut probe = Probe::new(laboratory::instrument(job), plan.clone());
    let wanted = RelaxationSpec { slope_na_per_v: 10.0, repeats: 2, seed: 3 };
    assert_eq!(relaxation::measure(&mut probe, &plan, wanted).unwrap(), [None]);
    probe.close().unwrap();
}

/// Windows that had not settled, were repeated and dropped, in ten epochs of a training.
fn counts(keys: &str) -> Counts {
    let job = laboratory::job(&format!(
        "gate = \"xor\"\nrestarts = 1\ndevice = \"linear:10,27.8,0,-10,12,15,-20\"\n[bench]\nrelaxation_share = 1.0\nrelaxation_play_na = 5.0\n[host]\nepochs = 10\nstop_loss = 0.0\n{keys}"
    ));
    train(job, &Options::default(), &mut |_| ()).unwrap().unsettled
}

#[test]
fn training_flags_repeats_or_drops_as_the_experiment_says() {
    let flagged = counts("");
    assert!(flagged.unsettled > 10 && flagged.unsettled <= 40, "{flagged:?}");
    assert_eq!((flagged.repeated, flagged.dropped), (0, 0));
    let dropped = counts("unsettled = \"drop\"\n");
    assert_eq!((dropped.repeated, dropped.dropped), (0, dropped.unsettled));
    assert!(dropped.dropped > 10, "{dropped:?}");
    let repeated = counts("unsettled = \"repeat\"\n");
    // 128 ms are six time constants: at the last nothing is left to drop.
    assert!(repeated.repeated > 10 && repeated.dropped < 4, "{repeated:?}");
    let corrected = counts("drift = \"relaxation\"\nrelaxation_s = 0.022\n");
    assert!(corrected.unsettled < flagged.unsettled / 2, "{corrected:?} {flagged:?}");
}
