//! The analyses of `hge reproduce`, small enough for every change.

use hge_core::experiment::{Job, Source};
use hge_core::plan::{Configuration, NoiseSlot, Plan};
use hge_studies::fig3::spacing::{Channel, ChannelSpec};
use hge_studies::fig3::{points, Keys};
use hge_studies::sim_setup::{self, SimSetup};
use hge_studies::{parallel, studies, Findings, NoObserver, Setup, Study, STUDIES};
use hge_tests::nightly;

fn study(name: &str) -> &'static Study {
    studies(name).unwrap_or_else(|error| panic!("{error}"))[0]
}

fn setup(name: &str) -> Setup {
    Setup::of(study(name), true).unwrap_or_else(|error| panic!("{error}"))
}

fn run(setup: &Setup) -> Findings {
    (study(&setup.name).run)(setup, &NoObserver).unwrap_or_else(|error| panic!("{error}"))
}

/// A tenth of `--quick`.
fn small_fig3() -> Setup {
    let mut setup = setup("fig3");
    setup.set("points", 30);
    setup.set("spacings_hz", vec![40.0, 5.0]);
    setup.set("amplitudes_v", vec![0.001, 0.1]);
    setup.set("amplitude_points", 30);
    setup.set("weaker", vec![2.05]);
    setup.set("spacing_step_hz", 30.0);
    setup.set("repetitions", 4);
    setup.set("closely_hz", vec![10.0]);
    setup.set("closely_repetitions", 150);
    setup
}

#[test]
fn every_study_is_a_valid_experiment_quick_or_not() {
    for study in STUDIES {
        for quick in [false, true] {
            let setup = Setup::of(study, quick).unwrap_or_else(|error| panic!("{error}"));
            let job = Job::new(setup.experiment.clone(), &Source::default());
            assert!(job.is_ok(), "{}: {:?}", study.name, job.err());
        }
    }
    assert_eq!(studies("all").unwrap().len(), STUDIES.len());
    let unknown = studies("fig4").err().map(|error| error.to_string()).unwrap_or_default();
    assert!(unknown.starts_with("there is no study fig4: choose fig3, "), "{unknown}");
}

#[test]
fn small_signals_cost_nothing_when_all_tones_sound_at_once_and_filters_leak_where_the_window_does_not(
) {
    let findings = run(&small_fig3());
    for claim in &findings.claims {
        println!("{}", claim.text());
    }
    assert!(findings.hold() && findings.claims[0].most == Some(1.05));
    // Paired and independent noise at 1 mV, window twice, three filters, four agreements with the closed form.
    assert_eq!(findings.claims.len(), 11);
    let filters = findings.json["filters"].as_array().unwrap();
    // By hand, in the steady state: 9.5, 9.2 and 8.8 for 1, 2 and 4 poles (leakage.rs); from rest 1/f noise of the first edge adds 6 %.
    for (filter, (least, most)) in
        filters.iter().zip([(0.999, 1.001), (8.5, 9.6), (8.5, 9.6), (8.3, 9.3)])
    {
        let place = &filter["channels"][0]["places"][0];
        let expected = place["expected_ratio"].as_f64().unwrap();
        assert!((least..most).contains(&expected), "{filter}");
        let (low, high) = (&place["ratio"]["low"], &place["ratio"]["high"]);
        let (low, high) = (low.as_f64().unwrap(), high.as_f64().unwrap());
        assert!(low < expected * 1.3 && high > expected / 1.3 && high < 1.8 * low, "{place}");
    }
    // Off the grid neighbours leak: the same study shows it.
    let off_grid = &findings.json["spacings"][1];
    assert!(off_grid["ratio"]["low"].as_f64().unwrap() > 1.5, "{off_grid}");
}

#[test]
fn the_same_seed_makes_the_same_data_and_the_same_figures_and_another_does_not() {
    let mut setup = small_fig3();
    for key in ["points", "amplitude_points", "closely_repetitions"] {
        setup.set(key, 10);
    }
    let (first, second) = (run(&setup), run(&setup));
    assert_eq!(first.arrays, second.arrays);
    for (first, second) in first.figures.iter().zip(&second.figures) {
        assert_eq!(first.svg().unwrap(), second.svg().unwrap());
        assert_eq!(first.png().unwrap(), second.png().unwrap());
    }
    setup.experiment.seed += 1;
    assert_ne!(run(&setup).arrays, first.arrays);
}

#[test]
fn starts_and_points_have_the_same_results_on_one_thread_as_on_three() {
    let mut fig3 = small_fig3();
    for key in ["points", "amplitude_points", "closely_repetitions"] {
        fig3.set(key, 5);
    }
    let mut shares = setup("shares");
    shares.set("starts", nightly(3, 2));
    for setup in [fig3, shares] {
        let [one, three] = [1, 3].map(|threads| {
            parallel::limit(threads);
            run(&setup)
        });
        parallel::limit(0);
        assert_eq!(one.arrays, three.arrays, "{}", setup.name);
        assert_eq!(one.json, three.json, "{}", setup.name);
        assert_eq!(one.table, three.table, "{}", setup.name);
    }
}

#[test]
fn without_noise_window_and_filters_read_what_the_closed_form_says_at_every_start_phase() {
    let mut setup = small_fig3();
    setup.experiment.bench.flicker_na2_per_hz_at_1khz = 0.0;
    let keys: Keys = setup.keys().unwrap();
    let channel = Channel::new(&setup, &keys, 20.0).unwrap();
    let mut largest = 0.0_f64;
    for (n, (spacing_hz, alone)) in
        [(2.5, false), (5.0, false), (10.0, false), (40.0, false), (60.0, true)]
            .into_iter()
            .enumerate()
    {
        let wanted = ChannelSpec { spacing_hz, alone, trials: 6, seed: n as u64 };
        for trial in channel.trials(&wanted).unwrap() {
            for (filter, (found, expected)) in
                channel.filters().iter().zip(trial.errors.iter().zip(&trial.leaked))
            {
                // What is left of slopes of 140 nA/V: steps of the sine table (a 4096th of a turn) and of the converters.
                let off = (found - expected).abs();
                assert!(off < 0.15, "{} {spacing_hz} Hz: {found} {expected}", filter.name());
                largest = largest.max(expected.abs());
            }
            if spacing_hz >= 10.0 {
                assert!(trial.errors[0].abs() < 0.15, "{trial:?}");
            }
        }
    }
    assert!(largest > 50.0, "{largest}");
}

/// Half a line of the grid apart. The envelope is sin(pi/2)/(pi/2) = 0.637 for the neighbours at 5 Hz and 0 for those at 10 Hz: over phases
/// 2 (weaker 5 nA/V)^2 0.637^2/2, and noise of 2.5 (nA/V)^2.
#[test]
fn off_the_grid_the_mean_over_start_phases_is_that_worked_out_by_hand() {
    let setup = small_fig3();
    let keys: Keys = setup.keys().unwrap();
    for (weaker, wanted) in [(2.05, 45.1), (20.0, 4055.0)] {
        let found = Channel::new(&setup, &keys, weaker).unwrap().expected(5.0)[0];
        assert!((found / wanted - 1.0).abs() < 0.005, "{weaker}: {found}");
    }
}

#[test]
fn both_ways_meet_the_same_noise_where_it_is_paired_and_independent_noise_where_not() {
    let mut setup = setup("fig3");
    setup.experiment.device = "linear:3,-2,1,0.5,-1,2,1".into();
    let wanted = points::PointsSpec {
        lowest_hz: 200.0,
        spacing_hz: 10.0,
        amplitude_v: 0.01,
        points: 30,
        paired: true,
    };
    let pairs = points::measure(&setup, &wanted, &NoObserver).unwrap();
    let mean_square = |of: &dyn Fn(usize) -> f64| {
        let count = pairs.exact_na_per_v.len();
        (0..count).map(|n| of(n).powi(2)).sum::<f64>() / count as f64
    };
    let noise = mean_square(&|n| pairs.single_na_per_v[n] - pairs.exact_na_per_v[n]);
    let apart = mean_square(&|n| pairs.single_na_per_v[n] - pairs.parallel_na_per_v[n]);
    // S(f)/(T A^2) = 4.2 to 5 (nA/V)^2 at 200 to 240 Hz; on a linear device nothing else tells the two ways apart.
    assert!((3.0..7.0).contains(&noise), "{noise}");
    assert!(apart < 1e-3 * noise, "{apart} {noise}");
    let wanted = points::PointsSpec { paired: false, ..wanted };
    let pairs = points::measure(&setup, &wanted, &NoObserver).unwrap();
    let count = pairs.exact_na_per_v.len() as f64;
    let errors =
        pairs.parallel_na_per_v.iter().zip(&pairs.single_na_per_v).zip(&pairs.exact_na_per_v);
    let (mut product, mut squares) = (0.0, 0.0);
    for ((parallel, single), exact) in errors {
        product += (parallel - exact) * (single - exact);
        squares += ((parallel - exact).powi(2) + (single - exact).powi(2)) / 2.0;
    }
    // The correlation of independent values scatters by 1/sqrt(150) = 0.08.
    assert!((product / squares).abs() < 3.5 / count.sqrt(), "{}", product / squares);
}

#[test]
fn inputs_that_sound_tell_their_slopes_beside_those_of_the_controls() {
    let mut setup = setup("ring");
    setup.experiment.device = "linear:4,-3,12,-7,5,1,2".into();
    setup.experiment.bench.noise_na2_per_hz = 0.0;
    let base = sim_setup::plan(&setup, &[(-1.3, 0.7), (-1.3, 0.7)]).unwrap();
    let last = base.configuration().controls.iter().map(|control| control.cycles).max().unwrap();
    let noise_slots = [1, 2].map(|n| NoiseSlot { cycles: last + n, control: 0 }).to_vec();
    let configuration = Configuration { noise_slots, ..base.configuration().clone() };
    let plan = Plan::new(configuration, base.parameters()).unwrap();
    let mut sim_setup = SimSetup::open(&setup, &plan, 1).unwrap();
    let cases_v: Vec<Vec<f64>> =
        (0..70).map(|n| vec![-1.2 + 0.02 * f64::from(n), 0.5 - 0.02 * f64::from(n)]).collect();
    let silent = sim_setup.readings(&cases_v, &[0.0; 5], true).unwrap();
    assert_eq!(silent.len(), 70);
    assert!(silent.iter().all(|reading| sim_setup.slopes_of_inputs_na_per_v(reading).is_empty()));
    sim_setup.sound_inputs(0.03).unwrap();
    for reading in sim_setup.readings(&cases_v, &[0.0; 5], true).unwrap() {
        let found = sim_setup.slopes_of_inputs_na_per_v(&reading);
        for (found, exact) in found.iter().zip([12.0, -7.0]) {
            assert!((found - exact).abs() < 0.05, "{found} {exact}");
        }
        for (found, exact) in reading.slopes_na_per_v.iter().zip([4.0, -3.0, 5.0, 1.0, 2.0]) {
            assert!((found - exact).abs() < 0.05, "{found} {exact}");
        }
    }
    sim_setup.close().unwrap();
}

#[test]
fn single_windows_reach_the_cramer_rao_bound_and_averages_follow_it() {
    let mut setup = setup("noise");
    setup.set("windows_samples", vec![32]);
    setup.set("longest_s", 0.064);
    setup.set("groups", 64);
    let findings = run(&setup);
    let flicker = &findings.json["curves"][1];
    let exact = |key: &str| flicker[key].as_f64().unwrap();
    // Worked out with dense matrices: 1.095 and 1.024, so that S(f)/T is no bound and the lock-in has 1.07 times the bound.
    let (lock_in, bound) = (exact("lock_in_over_density"), exact("bound_over_density"));
    assert!((lock_in - 1.095).abs() < 1e-3 && (bound - 1.024).abs() < 1e-3, "{flicker}");
    let place = &flicker["places"][0];
    let (ratio, values) = (place["ratio"].as_f64().unwrap(), place["values"].as_f64().unwrap());
    assert!((ratio / lock_in - 1.0).abs() < 4.0 * (2.0 / values).sqrt() + 0.01, "{place}");
    assert!(findings.hold(), "{}", findings.claims[0].text());
    let places = findings.json["curves"][0]["places"].as_array().unwrap();
    assert_eq!(places.len(), 7);
    for place in places {
        let (ratio, values) = (place["ratio"].as_f64().unwrap(), place["values"].as_f64().unwrap());
        // A mean square of n normal values scatters by sqrt(2/n).
        assert!((ratio - 1.0).abs() < 4.0 * (2.0 / values).sqrt() + 0.01, "{place}");
    }
}
