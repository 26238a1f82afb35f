//! The analyses of `hge reproduce`, small enough for every change.

use hge_host::experiment::{Job, Source};
use hge_host::plan::{Configuration, Listener, Plan};
use hge_host::reproduce::fig3::{points, spacing, Keys};
use hge_host::reproduce::rig::{self, Rig};
use hge_host::reproduce::{studies, Findings, Setup, Study, Unwatched, STUDIES};

fn study(name: &str) -> &'static Study {
    studies(name).unwrap_or_else(|error| panic!("{error}"))[0]
}

fn setup(name: &str) -> Setup {
    Setup::of(study(name), true).unwrap_or_else(|error| panic!("{error}"))
}

fn run(setup: &Setup) -> Findings {
    (study(&setup.name).run)(setup, &Unwatched).unwrap_or_else(|error| panic!("{error}"))
}

/// A tenth of `--quick`.
fn small_fig3() -> Setup {
    let mut setup = setup("fig3");
    setup.set("points", 30);
    setup.set("spacings_hz", vec![40.0, 5.0]);
    setup.set("amplitudes_v", vec![0.001, 0.1]);
    setup.set("amplitude_points", 30);
    setup.set("weaker", vec![20.0]);
    setup.set("spacing_step_hz", 10.0);
    setup.set("repetitions", 4);
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
fn small_signals_cost_nothing_when_all_tones_sound_at_once() {
    let findings = run(&small_fig3());
    let claim = &findings.claims[0];
    println!("{}", claim.text());
    assert!(claim.holds && claim.most == Some(1.05), "{}", claim.text());
    // Off the grid neighbours leak: the same study shows it.
    let off_grid = &findings.json["spacings"][1];
    assert!(off_grid["ratio"].as_f64().unwrap() > 1.5, "{off_grid}");
}

#[test]
fn the_same_seed_makes_the_same_data_and_the_same_figures_and_another_does_not() {
    let (first, second) = (run(&small_fig3()), run(&small_fig3()));
    assert_eq!(first.arrays, second.arrays);
    for (first, second) in first.figures.iter().zip(&second.figures) {
        assert_eq!(first.svg().unwrap(), second.svg().unwrap());
        assert_eq!(first.png().unwrap(), second.png().unwrap());
    }
    let mut other = small_fig3();
    other.experiment.seed += 1;
    assert_ne!(run(&other).arrays, first.arrays);
}

#[test]
fn without_noise_the_lock_in_off_the_grid_holds_what_the_closed_form_says() {
    let mut setup = small_fig3();
    setup.experiment.bench.flicker_na2_per_hz_at_1khz = 0.0;
    setup.set("spacing_step_hz", 2.5);
    setup.set("repetitions", 1);
    let keys: Keys = setup.keys().unwrap();
    let curves = spacing::measure(&setup, &keys, &Unwatched).unwrap();
    let largest = curves[0].places.iter().map(|place| place.theory).fold(0.0, f64::max).sqrt();
    let mut compared = 0;
    for place in &curves[0].places {
        let (found, expected) = (place.parallel.sqrt(), place.theory.sqrt());
        // What is left: steps of the sine table (a 4096th of a turn) and of the converters.
        assert!((found - expected).abs() < 0.01 * expected + 1e-3 * largest, "{place:?}");
        if place.on_grid {
            assert!(found < 1e-3 * largest, "{place:?}");
        }
        compared += usize::from(expected > 0.05 * largest);
    }
    assert!(largest > 50.0 && compared >= 5, "{largest} {compared}");
}

#[test]
fn both_ways_meet_the_same_noise() {
    let mut setup = setup("fig3");
    setup.experiment.device = "linear:3,-2,1,0.5,-1,2,1".into();
    let wanted =
        points::Wanted { lowest_hz: 200.0, spacing_hz: 10.0, amplitude_v: 0.01, points: 30 };
    let pairs = points::measure(&setup, &wanted, &Unwatched).unwrap();
    let mean_square = |of: &dyn Fn(usize) -> f64| {
        let count = pairs.exact_na_per_v.len();
        (0..count).map(|n| of(n).powi(2)).sum::<f64>() / count as f64
    };
    let noise = mean_square(&|n| pairs.single_na_per_v[n] - pairs.exact_na_per_v[n]);
    let apart = mean_square(&|n| pairs.single_na_per_v[n] - pairs.parallel_na_per_v[n]);
    // S(f)/(T A^2) = 4.2 to 5 (nA/V)^2 at 200 to 240 Hz; on a linear device nothing else tells the two ways apart.
    assert!((3.0..7.0).contains(&noise), "{noise}");
    assert!(apart < 1e-3 * noise, "{apart} {noise}");
}

#[test]
fn inputs_that_sound_tell_their_slopes_beside_those_of_the_controls() {
    let mut setup = setup("ring");
    setup.experiment.device = "linear:4,-3,12,-7,5,1,2".into();
    setup.experiment.bench.noise_na2_per_hz = 0.0;
    let base = rig::plan(&setup, &[(-1.3, 0.7), (-1.3, 0.7)]).unwrap();
    let last = base.configuration().controls.iter().map(|control| control.multiple).max().unwrap();
    let listeners = [1, 2].map(|n| Listener { multiple: last + n, control: 0 }).to_vec();
    let configuration = Configuration { listeners, ..base.configuration().clone() };
    let plan = Plan::new(configuration, base.parameters()).unwrap();
    let mut rig = Rig::open(&setup, &plan, 1).unwrap();
    let cases_v: Vec<Vec<f64>> =
        (0..70).map(|n| vec![-1.2 + 0.02 * f64::from(n), 0.5 - 0.02 * f64::from(n)]).collect();
    let silent = rig.readings(&cases_v, &[0.0; 5], true).unwrap();
    assert_eq!(silent.len(), 70);
    assert!(silent.iter().all(|reading| rig.slopes_of_inputs_na_per_v(reading).is_empty()));
    rig.sound_inputs(0.03).unwrap();
    for reading in rig.readings(&cases_v, &[0.0; 5], true).unwrap() {
        let found = rig.slopes_of_inputs_na_per_v(&reading);
        for (found, exact) in found.iter().zip([12.0, -7.0]) {
            assert!((found - exact).abs() < 0.05, "{found} {exact}");
        }
        for (found, exact) in reading.slopes_na_per_v.iter().zip([4.0, -3.0, 5.0, 1.0, 2.0]) {
            assert!((found - exact).abs() < 0.05, "{found} {exact}");
        }
    }
    rig.close().unwrap();
}

#[test]
fn single_windows_reach_the_cramer_rao_bound_and_averages_follow_it() {
    let mut setup = setup("noise");
    setup.set("windows_samples", vec![32]);
    setup.set("longest_s", 0.064);
    setup.set("groups", 64);
    let findings = run(&setup);
    assert!(findings.hold(), "{}", findings.claims[0].text());
    let places = findings.json["curves"][0]["places"].as_array().unwrap();
    assert_eq!(places.len(), 7);
    for place in places {
        let (ratio, values) = (place["ratio"].as_f64().unwrap(), place["values"].as_f64().unwrap());
        // A mean square of n normal values scatters by sqrt(2/n).
        assert!((ratio - 1.0).abs() < 4.0 * (2.0 / values).sqrt() + 0.01, "{place}");
    }
}
