//! Steps from second derivatives: by the instrument, and the study that compares them.

use crate::by_formula::{exact, job};
use hge_core::experiment::Job;
use hge_core::loss::Loss;
use hge_core::measure::curvature;
use hge_core::optimiser::{chain_rule, hessian, Rule};
use hge_lab::{train, Options};
use hge_sim::device::PolynomialDevice;
use hge_studies::{studies, NoObserver, Setup};

const DAMPING: f64 = 2.0;

/// Three controls and one input of a quadratic device, without noise.
fn quadratic(rule: Rule) -> Job {
    let text = format!(
        "restarts = 1\nseed = 5\n[timing]\nwindow_samples = 8192\n[tones]\namplitude_v = 0.1\n[electrodes]\ninputs = [1]\ncontrols = [0, 2, 3]\n\
         control_low_v = [-0.6, -0.6, -0.6]\ncontrol_high_v = [0.6, 0.6, 0.6]\n[bench]\nnoise_na2_per_hz = 0.0\n\
         [host]\noptimiser = \"{}\"\ndamping = {DAMPING}\nepochs = 2\n\
         [[case]]\ninputs_v = [0.0]\ntarget_na = 9.0\nweight = 2.0\n[[case]]\ninputs_v = [0.3]\ntarget_na = -14.0\n",
        rule.name()
    );
    let mut job = job(&text).unwrap();
    let squares =
        vec![([0, 0], 30.0), ([0, 3], -44.0), ([1, 2], 10.0), ([2, 2], 25.0), ([2, 3], -9.0)];
    let device = PolynomialDevice::new(1.0, vec![15.0, 4.0, -3.0, -20.0], squares, Vec::new());
    job.device = Box::new(device.unwrap());
    job
}

/// How far the step of the first epoch is from solving (B + damping m) p = -g with the device's own derivatives, over the size of g, with second derivatives
/// of the current and without.
fn residuals(rule: Rule) -> [f64; 2] {
    let (judge, mut controls_v) = (quadratic(rule), Vec::new());
    train(quadratic(rule), &Options::default(), &mut |epoch| {
        controls_v.push(epoch.controls_v.clone())
    })
    .unwrap();
    let step_v: Vec<f64> =
        controls_v[1].iter().zip(&controls_v[0]).map(|(to, from)| to - from).collect();
    assert!(step_v.iter().all(|step| step.abs() < 0.19), "{step_v:?}");
    let train = &judge.task.data.train;
    let (mut outputs_na, slopes) = exact(&judge, train, &controls_v[0]);
    let second = curvature::exact(judge.device.as_ref(), &judge.task.plan, &controls_v[0]).unwrap();
    // The mean of a sine's square is a half, so that tones shift the mean of the current.
    for (output_na, second) in outputs_na.iter_mut().zip(&second) {
        for (k, place) in [0, 3, 5].into_iter().enumerate() {
            *output_na += second[place] * judge.task.plan.amplitude_v(k).powi(2) / 4.0;
        }
    }
    let gradient = chain_rule(&slopes, &Loss::Mse.evaluate(&outputs_na, &train.targets).1);
    [&second[..], &[]].map(|second| {
        let of_loss = hessian(Loss::Mse, &outputs_na, &train.targets, &slopes, second);
        let mean = (0..3).map(|k| of_loss[k][k].abs()).sum::<f64>() / 3.0;
        let left = (0..3).map(|i| {
            let bent: f64 = (0..3).map(|k| of_loss[i][k] * step_v[k]).sum();
            (bent + DAMPING * mean * step_v[i] + gradient[i]).powi(2)
        });
        let size: f64 = gradient.iter().map(|slope| slope * slope).sum();
        (left.sum::<f64>() / size).sqrt()
    })
}

#[test]
fn a_step_of_the_instrument_is_that_of_the_devices_own_derivatives() {
    let [with, without] = residuals(Rule::Newton);
    println!("newton: {with:.4} with second derivatives, {without:.4} without");
    assert!(with < 0.01 && without > 0.05, "{with} {without}");
    let [with, without] = residuals(Rule::LevenbergMarquardt);
    println!("levenberg-marquardt: {with:.4} with second derivatives, {without:.4} without");
    assert!(without < 0.01 && with > 0.05, "{with} {without}");
}

#[test]
fn steps_of_second_order_are_refused_where_their_derivatives_are_not_measured() {
    let refused = |text: &str| job(text).err().expect("a refusal").to_string();
    let six = "[electrodes]\ninputs = [1]\ncontrols = [0, 2, 3, 4, 5, 6]\ncontrol_low_v = [-1, -1, -1, -1, -1, -1]\ncontrol_high_v = [1, 1, 1, 1, 1, 1]\n\
               [[case]]\ninputs_v = [0]\nhigh = true\n[[case]]\ninputs_v = [1]\nhigh = false\n";
    let by = |optimiser: &str, keys: &str| format!("[host]\noptimiser = \"{optimiser}\"\n{keys}\n");
    let found = refused(&(by("newton", "") + six));
    assert!(found.starts_with("t.toml:2:13: "), "{found}");
    assert!(
        found
            .contains("27 slots, for 6 tones and all of their products, but the instrument has 24"),
        "{found}"
    );
    assert!(job(&(by("newton", "") + "[instrument]\nslots = 27\n" + six)).is_ok());
    for (text, words) in [
        (by("levenberg-marquardt", ""), "for the sum of squares, but the loss is cor-sigmoid"),
        (
            by("levenberg-marquardt", "loss = \"mse\"\nmethod = \"cost\""),
            "the method cost does not measure",
        ),
        (by("newton", "method = \"walsh\""), "the method walsh does not measure"),
    ] {
        let found = refused(&(format!("gate = \"xor\"\n{text}")));
        assert!(found.contains(words), "{found}");
    }
    for method in ["homodyne", "single", "finite-difference", "walsh", "random"] {
        let keys = format!("loss = \"mse\"\nmethod = \"{method}\"");
        assert!(
            job(&("gate = \"xor\"\n".to_owned() + &by("levenberg-marquardt", &keys))).is_ok(),
            "{method}"
        );
    }
}

#[test]
fn a_small_comparison_of_optimisers_searches_with_each_from_its_own_best_setting() {
    let study = studies("newton").unwrap_or_else(|error| panic!("{error}"))[0];
    let mut setup = Setup::of(study, true).unwrap();
    setup.set("budget_s", "xor = 2.0\nsine = 2.0".parse::<toml::Table>().unwrap());
    for (key, value) in [("searches", 2), ("tuning_searches", 1)] {
        setup.set(key, value);
    }
    let findings = (study.run)(&setup, &NoObserver).unwrap_or_else(|error| panic!("{error}"));
    let ways = findings.json["ways"].as_array().unwrap();
    let names: Vec<&str> = ways.iter().map(|way| way["optimiser"].as_str().unwrap()).collect();
    assert_eq!(names, ["adam", "natural", "levenberg-marquardt", "newton", "adam", "newton"]);
    for way in ways {
        assert_eq!(way["searches"], 2, "{way}");
        assert!(way["starts"].as_u64() >= way["solved"].as_u64(), "{way}");
        let median_s = way["median_s"].as_f64().unwrap_or(0.0);
        assert!((0.0..=2.0).contains(&median_s), "{way}");
    }
}
