use super::*;
use crate::experiment::{Job, Source};
use hge_protocol::table::{CaseTarget, Side};

#[test]
fn both_labels_weigh_alike_where_they_are_balanced_and_every_case_where_not() {
    let (unit, scale) = (f64::from(CaseTarget::UNIT_WEIGHT), Scale::with_bits(16));
    for labels in [&[true, true, true, false][..], &[false, true], &[true, false, false, false]] {
        let targets = Targets::labels(labels.to_vec(), 0.0, 0.0);
        let weights = |balance| {
            (0..labels.len())
                .map(|row| weight(&scale, &targets, row, balance))
                .collect::<Vec<u16>>()
        };
        assert!(weights(false).iter().all(|&weight| weight == CaseTarget::UNIT_WEIGHT));
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
    let mut labels = vec![false; 7];
    labels[0] = true;
    assert_eq!(weight(&scale, &Targets::labels(labels, 0.0, 0.0), 0, true), 16383);
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
    let Task { mut experiment, plan, data, .. } = Job::new(experiment, &source).unwrap().task;
    let aims = Targets { high_na: 10.0, low_na: 0.0, ..data.train.targets };
    for (separation_na, balance, least_weight) in
        [(2.0, false, 1.0), (2.0, true, 2.0 / 3.0), (9.0, false, 1.0)]
    {
        experiment.standalone.stop_separation_na = separation_na;
        experiment.standalone.balance = balance;
        let stop_na2 = plan.scale().loss_na2(stop_loss(&plan, &experiment.standalone, &aims, 0.0));
        // One high and one low output err by as much towards each other, at the least weight.
        let error_na = (stop_na2 / least_weight / 2.0).sqrt();
        let apart_na = aims.high_na - aims.low_na - 2.0 * error_na;
        assert!((apart_na - separation_na).abs() < 0.01, "{separation_na}: {apart_na}");
    }
}
