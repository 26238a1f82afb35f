//! Weights of cases and outputs, in both loops.

use crate::by_formula::{job, trained};
use hge_core::loss::Loss;
use hge_core::optimiser::chain_rule;
use hge_core::targets::{Targets, Wanted};
use hge_core::train::Progress;
use std::fmt::Write;

/// Slopes of the two outputs with the input and the two controls, nA/V.
const DEVICE: &str = "linear:4,6,-3;-2,5,7";

/// Input voltage, target currents and weights of every case.
type Case = (f64, [f64; 2], [f64; 2]);

/// No control takes all outputs to their targets: the weights decide.
const CASES: [Case; 3] = [
    (-0.5, [4.5, -1.25], [1.5, 0.25]),
    (0.0, [-3.0, 2.0], [0.5, 1.0]),
    (0.8, [1.0, 6.0], [0.0, 1.75]),
];

/// Step of the gateware for an error of 1 nA and a slope of 1 nA/V.
const RATE_V2_PER_NA2: f64 = 1e-4;

fn text(head: &str, cases: &[Case]) -> String {
    let mut text = format!(
        "device = \"{DEVICE}\"\nrestarts = 1\nrms_error_na = 0.01\n{head}\n[bench]\nnoise_na2_per_hz = 0.0\n[instrument]\ninputs = 2\n\
         [electrodes]\ninputs = [0]\ncontrols = [1, 2]\ncontrol_low_v = [-1.5, -1.5]\ncontrol_high_v = [1.5, 1.5]\n\
         [standalone]\nepochs = 12\n[[standalone.targets]]\nhigh_na = 3.0\nlow_na = 0.0\nrate_v2_per_na2 = {RATE_V2_PER_NA2}\n"
    );
    for (input_v, targets_na, weights) in cases {
        writeln!(
            text,
            "[[case]]\ninputs_v = [{input_v:?}]\ntarget_na = {targets_na:?}\nweight = {weights:?}"
        )
        .unwrap();
    }
    text
}

fn alone(cases: &[Case]) -> Vec<Progress> {
    trained(&text("loop = \"standalone\"", cases)).1
}

#[test]
fn with_unequal_weights_the_host_and_the_gateware_take_the_same_steps() {
    // The host divides twice the weighted sum by the sum of the weights.
    let total: f64 = CASES.iter().flat_map(|case| case.2).sum();
    let rate = RATE_V2_PER_NA2 * total / 2.0;
    let host = text("", &CASES)
        + &format!("[host]\noptimiser = \"sgd\"\ndescent_rate_v2 = {rate}\nepochs = 12\n");
    let (of_host, of_gateware) = (trained(&host).1, alone(&CASES));
    assert_eq!((of_host.len(), of_gateware.len()), (12, 12));
    let way_v = (of_host[0].controls_v[0] - of_host[11].controls_v[0]).abs();
    for (host, gateware) in of_host.iter().zip(&of_gateware) {
        for (one, other) in host.controls_v.iter().zip(&gateware.controls_v) {
            // A start is rounded to a code of 61 uV, and of a slope a part in a thousand.
            assert!((one - other).abs() < 1e-4 + 2e-3 * way_v, "{host:?} {gateware:?}");
        }
        // The gateware's loss is not divided by the sum of the weights.
        assert!((gateware.loss / total / host.loss - 1.0).abs() < 5e-3, "{host:?} {gateware:?}");
        assert!((host.separation_na.powi(2) / host.loss - 1.0).abs() < 1e-12);
    }
    assert!(way_v > 0.02, "{way_v}");
    // Other weights lead elsewhere.
    let equal = CASES.map(|(input_v, targets_na, _)| (input_v, targets_na, [1.0; 2]));
    let apart_v = (alone(&equal)[11].controls_v[0] - of_gateware[11].controls_v[0]).abs();
    assert!(apart_v > 0.1 * way_v, "{apart_v} {way_v}");
}

#[test]
fn an_output_without_weight_has_no_influence_on_the_gateware_s_steps() {
    let mut other = CASES;
    other[2].1[0] = -9.0;
    let (one, other) = (alone(&CASES), alone(&other));
    let same = |epochs: &[Progress]| {
        epochs.iter().map(|epoch| (epoch.controls_v.clone(), epoch.loss)).collect::<Vec<_>>()
    };
    assert_eq!(same(&one), same(&other));
}

/// Loss, its slopes with the controls and the RMS error.
fn evaluated(outputs_na: &[f64], slopes: &[[f64; 2]], targets: &Targets) -> (f64, Vec<f64>, f64) {
    let (loss, slope) = Loss::Mse.evaluate(outputs_na, targets);
    (loss, chain_rule(slopes, &slope), targets.rms_error_na(outputs_na))
}

#[test]
fn twice_the_weight_is_the_case_twice_and_none_is_the_case_left_out() {
    let weighing = |weights: [f64; 3]| Targets {
        weights: Some(weights.to_vec()),
        ..Targets::new(Wanted::Currents(vec![4.5, -3.0, 1.0]), 1)
    };
    let (outputs_na, slopes) = ([1.2, 0.7, -0.4], [[6.0, -3.0], [5.0, 7.0], [0.3, 1.1]]);
    let twice = weighing([2.0, 1.0, 1.0]);
    let listed = weighing([1.0; 3]).select(&[0, 0, 1, 2]);
    assert_eq!(listed.cases(), 4);
    assert_eq!(
        evaluated(&outputs_na, &slopes, &twice),
        evaluated(&[1.2, 1.2, 0.7, -0.4], &[slopes[0], slopes[0], slopes[1], slopes[2]], &listed)
    );
    let out = weighing([0.0, 1.0, 1.0]);
    assert_eq!(
        evaluated(&outputs_na, &slopes, &out),
        evaluated(&outputs_na[1..], &slopes[1..], &out.select(&[1, 2]))
    );
    // By hand: (2 3.3^2 + 3.7^2 + 1.4^2) / 4.
    let (loss, _, rms_na) = evaluated(&outputs_na, &slopes, &twice);
    assert!((loss - 9.3575).abs() < 1e-12 && (rms_na - 9.3575_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn a_weight_that_cannot_count_is_refused_at_its_line() {
    let refused = |text: &str| job(text).err().expect("a refusal").to_string();
    let weighing = |loop_key: &str, weight: &str| {
        let text = text(&format!("loop = \"{loop_key}\""), &CASES);
        text.replace("[0.0, 1.75]", weight)
    };
    let line = weighing("host", "").lines().position(|line| line == "weight = ").unwrap() + 1;
    for (loop_key, weight, words) in [
        ("host", "-1", "case weight is -1: it must be zero or more"),
        ("host", "[1.0, 1.0, 1.0]", "case 2 has 3 values of weight for 2 outputs"),
        ("standalone", "2.0", "a weight of 2 does not fit the gateware's register"),
        ("standalone", "[0.0001, 1]", "it is 0, or from 1/8192 to 16383/8192"),
    ] {
        let found = refused(&weighing(loop_key, weight));
        assert!(found.starts_with(&format!("t.toml:{line}:")) && found.contains(words), "{found}");
    }
    for (loop_key, weight) in [("host", "2.0"), ("host", "1e-4"), ("standalone", "1.99987")] {
        assert!(job(&weighing(loop_key, weight)).is_ok(), "{loop_key} {weight}");
    }
    let none = CASES.map(|(input_v, targets_na, _)| (input_v, targets_na, [0.0; 2]));
    assert!(refused(&text("", &none)).contains("no case has a weight above zero"));
    let correlated = text("", &CASES) + "[host]\nloss = \"correlation\"\n";
    assert!(refused(&correlated).contains("count under the loss mse alone"));
    let labelled = "[[case]]\ninputs_v = [0, 0]\nhigh = true\n[[case]]\ninputs_v = [0, 1]\nhigh = false\nweight = 1\n";
    let found = refused(labelled);
    assert!(found.starts_with("t.toml:7:") && found.contains("give target_na"), "{found}");
}

#[test]
fn weights_of_a_file_are_a_column_for_all_outputs_or_one_for_each() {
    let path = std::env::temp_dir().join(format!("hge-weights-{}.csv", std::process::id()));
    std::fs::write(&path, "x,a,b,u,v\n0,1,2,3,0\n0.1,1,2,4,0.5\n").unwrap();
    let weighing = |columns: &str| {
        format!(
            "device = \"{DEVICE}\"\n[instrument]\ninputs = 2\n[electrodes]\ninputs = [0]\ncontrols = [1]\ncontrol_low_v = [-1]\ncontrol_high_v = [1]\n\
             [data]\nfile = \"{}\"\ninputs = [\"x\"]\ntarget_na = [\"a\", \"b\"]\nweight = {columns}\n",
            path.display()
        )
    };
    let read = |columns: &str| job(&weighing(columns)).unwrap().task.data.train;
    // Cases come in a random order.
    let sorted = |columns: &str| {
        let cases = read(columns);
        let order = if cases.cases_v[0][0] == 0.0 { [0, 1] } else { [1, 0] };
        cases.select(&order).targets.weights.unwrap()
    };
    assert_eq!(sorted("[\"u\", \"v\"]"), [3.0, 0.0, 4.0, 0.5]);
    assert_eq!(sorted("[\"u\"]"), [3.0, 3.0, 4.0, 4.0]);
    let error = job(&weighing("[\"u\", \"v\", \"x\"]")).err().expect("a refusal").to_string();
    assert!(error.contains("data.weight names 3 columns for 2 outputs"), "{error}");
    std::fs::write(&path, "x,a,b,u,v\n0,1,2,-3,0\n0.1,1,2,4,0.5\n").unwrap();
    let error = job(&weighing("[\"u\"]")).err().expect("a refusal").to_string();
    assert!(error.contains("a weight is -3: it must be zero or more"), "{error}");
    std::fs::remove_file(path).unwrap();
}
