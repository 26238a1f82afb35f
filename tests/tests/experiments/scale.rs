//! The network of twelve devices, and the study that compares it with single ones.

use hge_core::experiment::Source;
use hge_studies::descent::{Exact, GradientSource};
use hge_studies::sim_setup::{self, SimSetup};
use hge_studies::{studies, Keys, NoObserver, Setup, Study};
use std::f64::consts::LN_2;
use std::path::PathBuf;

fn study() -> &'static Study {
    studies("scale").unwrap_or_else(|error| panic!("{error}"))[0]
}

#[test]
fn the_network_of_the_study_is_the_one_of_the_examples() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../experiments/network12.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let (mut example, _) = Source::parse("network12.toml", text).unwrap();
    let found = Setup::of(study(), false).unwrap().experiment;
    example.restarts = found.restarts;
    assert_eq!(found, example);
    assert_eq!(found.electrodes.controls.len(), 60);
}

#[test]
fn slopes_of_sixty_controls_of_twelve_devices_at_once_agree_with_the_chain_rule() {
    let mut setup = Setup::of(study(), true).unwrap();
    setup.experiment.bench.noise_na2_per_hz = 0.0;
    setup.experiment.tones.amplitude_v = 0.005;
    let plan = sim_setup::plan(&setup, &[]).unwrap();
    let device = sim_setup::device(&setup).unwrap();
    let cases_v = &plan.configuration().cases_v[..4].to_vec();
    let controls_v = plan.middle_controls_v();
    let mut instrument = SimSetup::open(&setup, &plan, 1).unwrap();
    let measured = instrument.respond(cases_v, &controls_v).unwrap();
    instrument.close().unwrap();
    let mut exact = Exact { device: device.as_ref(), plan: &plan };
    let exact = exact.respond(cases_v, &controls_v).unwrap();
    let pairs =
        measured.slopes_na_per_v.iter().flatten().zip(exact.slopes_na_per_v.iter().flatten());
    let (mut worst, mut largest, mut count) = (0.0_f64, 0.0_f64, 0);
    for (measured, exact) in pairs {
        worst = worst.max((measured - exact).abs());
        largest = largest.max(exact.abs());
        count += 1;
    }
    println!("largest error {worst:.4} of slopes up to {largest:.2} nA/V");
    assert_eq!(count, 4 * 60);
    assert!(worst < 0.02 * largest, "{worst} of {largest}");
}

#[test]
fn a_small_comparison_trains_every_way_and_claims_nothing() {
    let mut setup = Setup::of(study(), true).unwrap();
    setup.keys = Keys::default();
    let keys = "starts = 2\nepochs = 3\ngap_na = 1.5\nstop_gap_na = 2.0\nspecimen_starts = 1\nsettings = 30";
    setup.set("network", keys.parse::<toml::Table>().unwrap());
    // Another device is not the network.
    setup.experiment.device = "builtin".into();
    let findings = (study().run)(&setup, &NoObserver).unwrap_or_else(|error| panic!("{error}"));
    assert!(findings.claims.is_empty(), "{:?}", findings.claims);
    let ways = findings.json["ways"].as_array().unwrap();
    let controls: Vec<u64> = ways.iter().map(|way| way["controls"].as_u64().unwrap()).collect();
    assert_eq!(controls, [60, 60, 60, 5, 5, 60]);
    for way in ways {
        assert_eq!(way["starts"], 2, "{way}");
        let accuracy = way["accuracy"].as_f64().unwrap();
        // A threshold beyond all outputs is right about five of nine.
        assert!((5.0 / 9.0 - 1e-9..=1.0).contains(&accuracy), "{way}");
        let extracted = way["slopes"] == "extracted";
        assert_eq!(way["device_s"].as_f64().is_some_and(|time_s| time_s > 0.9), extracted, "{way}");
    }
    assert_eq!(findings.json["specimens"].as_array().unwrap().len(), 12);
    assert_eq!(findings.figures.len(), 1);
}

#[test]
fn starts_of_beams_and_meshes_are_trained_beside_exact_slopes_and_random_settings() {
    let mut setup = Setup::of(study(), true).unwrap();
    setup.keys = Keys::default();
    let keys = "beams = { starts = 5, epochs = 80, settings = 200 }\nunitary = { starts = 1, epochs = 4, settings = 20 }\npatterns = { starts = 1, epochs = 8, settings = 3 }";
    setup.set("phases", keys.parse::<toml::Table>().unwrap());
    let findings = (study().run)(&setup, &NoObserver).unwrap_or_else(|error| panic!("{error}"));
    assert!(findings.claims.is_empty(), "{:?}", findings.claims);
    let tasks = findings.json["tasks"].as_array().unwrap();
    let sizes: Vec<_> = tasks
        .iter()
        .map(|task| ["controls", "outputs", "batch"].map(|key| task[key].as_u64().unwrap()))
        .collect();
    assert_eq!(sizes, [[31, 1, 1], [56, 8, 8], [56, 8, 32]]);
    let [beams, unitary, patterns] = [0, 1, 2].map(|n| &tasks[n]);
    // Some beams come into phase by either slopes. At random 32 of them give 3 nA in the mean, with an exponential distribution: the median lacks 3 ln 2 of 96.
    assert!(beams["solved"].as_u64() > Some(0) && beams["exact_solved"].as_u64() > Some(0));
    assert_eq!(beams["chance"], 0.0, "{beams}");
    let random_na = beams["untrained_median"].as_f64().unwrap();
    assert!((random_na - (96.0 - 3.0 * LN_2)).abs() < 0.8, "{beams}");
    let [extracted, exact] = ["median", "exact_median"].map(|key| beams[key].as_f64().unwrap());
    assert!(extracted < 20.0 && (extracted - exact).abs() < 5.0, "{beams}");
    // Too few epochs for the unitary, by the same four steps.
    assert_eq!((&unitary["solved"], &unitary["median_s"]), (&0.into(), &serde_json::Value::Null));
    let [extracted, exact, random] =
        ["median", "exact_median", "untrained_median"].map(|key| unitary[key].as_f64().unwrap());
    assert!(extracted < random && (extracted - exact).abs() < 0.2 * exact, "{unitary}");
    let accuracy = patterns["median"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&accuracy) && patterns["result"] == "accuracy", "{patterns}");
    assert_eq!((findings.figures.len(), findings.further.len()), (1, 1));
}
