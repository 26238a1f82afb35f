//! The examples do what they show.

#[path = "../examples/own_outputs.rs"]
mod own_outputs;
#[path = "../examples/own_training.rs"]
mod own_training;

#[test]
fn a_loss_and_an_optimiser_of_ones_own_bring_the_currents_to_their_targets() {
    let [before_na2, after_na2] = own_training::train().unwrap();
    // The device is linear and has the targets' plane: what is left is noise, 2.5e-4 nA^2/Hz in four windows of 51.2 ms.
    assert!(before_na2 > 20.0 * after_na2 && after_na2 < 0.5, "{before_na2} {after_na2}");
}

#[test]
fn a_loss_of_ones_own_with_the_jacobian_of_four_outputs_splits_the_light_evenly() {
    let [before_na, after_na] = own_outputs::train().unwrap();
    let spread_na = |currents_na: &[f64]| {
        let ends = currents_na.iter().fold((f64::MAX, f64::MIN), |(low, high), &current_na| {
            (current_na.min(low), current_na.max(high))
        });
        ends.1 - ends.0
    };
    // A mesh loses no light: each photodiode has a quarter of it. Noise is 0.05 nA RMS in 51.2 ms, and tones of 30 mV move the means by less than as much.
    let total_na = |currents_na: &[f64]| currents_na.iter().sum::<f64>();
    assert!((total_na(&before_na) - total_na(&after_na)).abs() < 0.5, "{before_na:?} {after_na:?}");
    assert!(
        spread_na(&before_na) > 10.0 && spread_na(&after_na) < 0.5,
        "{before_na:?} {after_na:?}"
    );
}
