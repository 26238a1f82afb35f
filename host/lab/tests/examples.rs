//! The examples do what they show.

#[path = "../examples/own_training.rs"]
mod own_training;

#[test]
fn a_loss_and_an_optimiser_of_ones_own_bring_the_currents_to_their_targets() {
    let [before_na2, after_na2] = own_training::train().unwrap();
    // The device is linear and has the targets' plane: what is left is noise, 2.5e-4 nA^2/Hz in four windows of 51.2 ms.
    assert!(before_na2 > 20.0 * after_na2 && after_na2 < 0.5, "{before_na2} {after_na2}");
}
