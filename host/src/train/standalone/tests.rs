use super::*;
use crate::driver::{ArmMode, Instrument};
use crate::experiment::{Job, Source, Task};
use crate::gradient::Estimator;
use crate::server::InProcess;
use hge_protocol::frame::Epoch;
use hge_sim::bench::AnalogueBench;
use hge_sim::model::Model;
use rand::SeedableRng;

const SLOPES: [f64; 7] = [4.0, 6.0, -3.0, -8.0, 2.0, 10.0, -5.0];

/// Two epochs of one start on a linear device without noise.
fn two_epochs(rate_v2_per_na2: f64) -> (Vec<Epoch>, Vec<usize>, Plan) {
    let text =
        "gate = \"or\"\ndevice = \"linear:4,6,-3,-8,2,10,-5\"\n[bench]\nnoise_na2_per_hz = 0.0\n\
                [standalone]\nepochs = 2\ncost = \"squared\"\n";
    let (experiment, source) = Source::parse("t.toml", text.into()).unwrap();
    let Job { task, chain, device } = Job::new(experiment, &source).unwrap();
    let Task { experiment, parameters, plan, targets, .. } = task;
    let bench = AnalogueBench::new(chain, device, 8, plan.grid().rate_hz, 1);
    let link = InProcess::new(Box::new(Model::new(parameters, Box::new(bench))));
    let instrument = Instrument::connect(Box::new(link)).unwrap();
    let mut session = Session::configured(instrument, plan.clone(), Estimator::InPhase).unwrap();
    let aims = Targets { high_na: 5.0, low_na: -5.0, ..targets };
    let mut writes = tables(&plan, &experiment.standalone, rate_v2_per_na2, &aims).unwrap();
    writes.extend(start_writes(session.plan(), 1, &mut ChaCha8Rng::seed_from_u64(3)));
    session.instrument().write_all(&writes).unwrap();
    session.instrument().arm(ArmMode::Standalone).unwrap();
    let mut epochs = Vec::new();
    session
        .instrument()
        .run(mode::PERTURB | mode::STANDALONE, |said| match said {
            Said::Epoch(epoch) => epochs.push(epoch),
            Said::Window(window) => assert_eq!(window.flags & flag::SATURATED, 0),
            Said::Gap { lost } => panic!("{lost} frames lost"),
        })
        .unwrap();
    let outputs = plan.configuration().controls.iter().map(|control| control.output).collect();
    (epochs, outputs, plan)
}

#[test]
fn the_gateware_steps_by_the_rate_times_the_exact_gradient() {
    let rate = 2e-5;
    let (epochs, outputs, plan) = two_epochs(rate);
    let volts = |epoch: &Epoch, output: usize| {
        plan.scale().output(output).control_volts(ControlWord(epoch.controls[output]))
    };
    let resting: f64 = outputs.iter().map(|&o| SLOPES[o] * volts(&epochs[0], o)).sum();
    let mut error_sum = 0.0;
    for (inputs, target) in
        [(-1.2, -1.2, -5.0), (-1.2, 0.6, 5.0), (0.6, -1.2, 5.0), (0.6, 0.6, 5.0)]
            .map(|(a, b, target)| ([a, b], target))
    {
        error_sum += resting + SLOPES[1] * inputs[0] + SLOPES[2] * inputs[1] - target;
    }
    for &output in &outputs {
        let step = volts(&epochs[0], output) - volts(&epochs[1], output);
        let exact = rate * error_sum * SLOPES[output];
        assert!((step / exact - 1.0).abs() < 0.01, "output {output}: {step} against {exact}");
    }
}

#[test]
fn the_loss_is_the_sum_of_the_squared_errors() {
    let (epochs, outputs, plan) = two_epochs(2e-5);
    let scale = plan.scale();
    let resting: f64 = outputs
        .iter()
        .map(|&o| SLOPES[o] * scale.output(o).control_volts(ControlWord(epochs[0].controls[o])))
        .sum();
    let exact: f64 = [(-1.2, -1.2, -5.0), (-1.2, 0.6, 5.0), (0.6, -1.2, 5.0), (0.6, 0.6, 5.0)]
        .iter()
        .map(|(a, b, target)| (resting + SLOPES[1] * a + SLOPES[2] * b - target).powi(2))
        .sum();
    let found = f64::from(epochs[0].loss) * LOSS_UNIT_CODES2 / scale.adc_codes_per_na().powi(2);
    assert!((found / exact - 1.0).abs() < 0.005, "{found} against {exact}");
}

#[test]
fn a_rate_beyond_the_registers_is_refused() {
    let (experiment, source) = Source::parse("t.toml", "gate = \"or\"".into()).unwrap();
    let plan = Job::new(experiment, &source).unwrap().task.plan;
    assert!(matches!(
        Coefficients::of(&plan, 1e3),
        Err(crate::plan::RateError { side: "too large", .. })
    ));
    assert!(matches!(
        Coefficients::of(&plan, 1e-18),
        Err(crate::plan::RateError { side: "too small", .. })
    ));
}

#[test]
fn both_labels_weigh_alike_where_they_are_balanced_and_every_case_where_not() {
    let unit = f64::from(CaseTarget::UNIT_WEIGHT);
    for labels in [&[true, true, true, false][..], &[false, true], &[true, false, false, false]] {
        let weights = |balance| labels.iter().map(move |&high| weight(labels, high, balance));
        assert!(weights(false).all(|weight| weight == CaseTarget::UNIT_WEIGHT));
        let sum = |wanted: bool| -> f64 {
            let weighed = labels.iter().zip(weights(true)).filter(|(&high, _)| high == wanted);
            weighed.map(|(_, weight)| f64::from(weight)).sum()
        };
        // Half of all that the cases would weigh without, up to the weights' rounding; twice one is a step too many for the register.
        let half = labels.len() as f64 / 2.0 * unit;
        for label in [true, false] {
            assert!((sum(label) - half).abs() <= 2.0, "{labels:?} {label}: {}", sum(label));
        }
    }
    // Six to one would be more than twice.
    assert_eq!(weight(&[true, false, false, false, false, false, false], true, true), 16383);
}

#[test]
fn a_margin_costs_on_the_side_that_the_converter_s_sign_leaves_open() {
    for codes_per_na in [327.68, -327.68] {
        for high in [true, false] {
            assert_eq!(side(Cost::Squared, high, codes_per_na), Side::Both);
        }
    }
    // High outputs may lie above their target; in codes that is below it where the converter inverts.
    assert_eq!(side(Cost::Margin, true, 327.68), Side::Floor);
    assert_eq!(side(Cost::Margin, false, 327.68), Side::Ceiling);
    assert_eq!(side(Cost::Margin, true, -327.68), Side::Ceiling);
    assert_eq!(side(Cost::Margin, false, -327.68), Side::Floor);
}

#[test]
fn a_loss_below_the_stop_leaves_the_outputs_as_far_apart_as_wanted() {
    let (experiment, source) = Source::parse("t.toml", "gate = \"or\"".into()).unwrap();
    let Task { mut experiment, plan, targets, .. } = Job::new(experiment, &source).unwrap().task;
    let aims = Targets { high_na: 10.0, low_na: 0.0, ..targets };
    for (separation_na, balance, least_weight) in
        [(2.0, false, 1.0), (2.0, true, 2.0 / 3.0), (9.0, false, 1.0)]
    {
        experiment.standalone.stop_separation_na = separation_na;
        experiment.standalone.balance = balance;
        let stop_na2 = loss_na2(&plan, stop_loss(&plan, &experiment.standalone, &aims));
        // One high and one low output err by as much towards each other, at the least weight.
        let error_na = (stop_na2 / least_weight / 2.0).sqrt();
        let apart_na = aims.high_na - aims.low_na - 2.0 * error_na;
        assert!((apart_na - separation_na).abs() < 0.01, "{separation_na}: {apart_na}");
    }
}

#[test]
fn an_update_that_saturated_in_any_run_is_said_of_the_training() {
    let target = |rate: &str| {
        format!("[[standalone.targets]]\nhigh_na = 60.0\nlow_na = 50.0\nrate_v2_per_na2 = {rate}\n")
    };
    let saturated = |rates: [&str; 2]| {
        let text = format!(
            "gate = \"xor\"\nloop = \"standalone\"\nrestarts = 2\ndevice = \"linear:4,6,-3,-8,2,10,-5\"\n\
             [bench]\nnoise_na2_per_hz = 0.0\n[standalone]\nepochs = 2\nstarts_per_run = 1\n{}{}",
            target(rates[0]),
            target(rates[1])
        );
        let (experiment, source) = Source::parse("t.toml", text).unwrap();
        let job = Job::new(experiment, &source).unwrap();
        let options = crate::train::Options::default();
        let outcome = crate::train::train(job, &options, &mut |_| ()).unwrap();
        assert_eq!((outcome.restarts, outcome.epochs), (2, 4));
        outcome.saturated
    };
    // Errors of 50 nA, 10 nA/V: 0.02 V2/nA2 would be a step of 10 V.
    assert!(!saturated(["1e-6", "1e-6"]));
    assert!(saturated(["1e-6", "0.02"]));
    assert!(saturated(["0.02", "1e-6"]));
}
