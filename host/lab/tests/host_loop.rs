//! When a start of the loop through the host ends.

use hge_core::experiment::{Job, Source};
use hge_core::train::{Outcome, Progress};
use hge_lab::{train, Options};

const LINEAR: &str = "gate = \"or\"\ndevice = \"linear:4,6,-3,-8,2,10,-5\"";

/// A training without noise, and its epochs.
fn trained(task: &str, keys: &str, host: &str) -> (Outcome, Vec<Progress>) {
    let text = format!(
        "{task}\n{keys}\n[bench]\nnoise_na2_per_hz = 0.0\n[timing]\nwindow_samples = 64\n\
         [tones]\nband_hz = [150.0, 2000.0]\n[host]\n{host}\n"
    );
    let (experiment, source) = Source::parse("t.toml", text).unwrap();
    let job = Job::new(experiment, &source).unwrap_or_else(|error| panic!("{error}"));
    let mut epochs = Vec::new();
    let outcome =
        train(job, &Options::default(), &mut |progress| epochs.push(progress.clone())).unwrap();
    assert_eq!(outcome.epochs as usize, epochs.len());
    (outcome, epochs)
}

#[test]
fn a_start_has_as_many_epochs_as_were_asked_for() {
    for (restarts, epochs) in [(1, 1), (1, 7), (3, 2)] {
        // A separation beyond what the chain shows: no start ends the training.
        let keys = format!("restarts = {restarts}\nseparation_na = 1000.0");
        let (outcome, passed) =
            trained(LINEAR, &keys, &format!("epochs = {epochs}\nstop_loss = 0.0"));
        assert_eq!((outcome.epochs, outcome.restarts), (restarts * epochs, restarts));
        let places: Vec<(u32, u32)> = passed.iter().map(|p| (p.restart, p.epoch)).collect();
        let wanted = (1..=restarts).flat_map(|start| (1..=epochs).map(move |epoch| (start, epoch)));
        assert_eq!(places, wanted.collect::<Vec<_>>());
    }
}

#[test]
fn a_start_ends_early_only_where_the_loss_is_low_and_the_outputs_are_far_enough_apart() {
    // The outputs of a linear device are as far apart at all controls.
    let epochs = |separation_na: f64, stop_loss: f64| {
        let keys = format!("restarts = 1\nseparation_na = {separation_na}");
        trained("gate = \"xor\"\nseed = 3", &keys, &format!("epochs = 12\nstop_loss = {stop_loss}"))
            .1
    };
    let free = epochs(1000.0, 0.0);
    assert_eq!(free.len(), 12);
    let (mut ended_early, mut by_one_alone) = (0, 0);
    for low in [2, 5, 8] {
        for apart in [2, 5, 8] {
            let (stop_loss, separation_na) = (free[low].loss, free[apart].separation_na.max(0.0));
            let is_low = |epoch: &Progress| epoch.loss <= stop_loss;
            let is_apart = |epoch: &Progress| epoch.separation_na >= separation_na;
            let both = free.iter().position(|epoch| is_low(epoch) && is_apart(epoch));
            let either = free.iter().position(|epoch| is_low(epoch) || is_apart(epoch));
            assert_eq!(epochs(separation_na, stop_loss).len(), both.map_or(12, |place| place + 1));
            ended_early += u32::from(both.is_some_and(|place| place < 11));
            by_one_alone += u32::from(either != both);
        }
    }
    assert!(ended_early > 1 && by_one_alone > 1, "{ended_early} {by_one_alone} {free:?}");
}

#[test]
fn a_start_ends_when_its_loss_has_not_fallen_by_two_percent_for_so_many_epochs() {
    let keys = "restarts = 1\nseparation_na = 1000.0";
    let losses = |patience: u32, rate: &str| -> Vec<f64> {
        let host = format!(
            "epochs = 40\nstop_loss = 0.0\npatience_epochs = {patience}\nloss = \"mse\"\n\
             high_na = 60.0\nlow_na = 40.0\noptimiser = \"sgd\"\ndescent_rate_v2 = {rate}"
        );
        trained(LINEAR, keys, &host).1.iter().map(|epoch| epoch.loss).collect()
    };
    // As slow as that nothing falls: the first epoch, and the patience.
    assert_eq!(losses(5, "1e-12").len(), 6);
    assert_eq!(losses(1, "1e-12").len(), 2);
    // A loss that falls by 2 % again and again, until the controls are at the ends of their ranges.
    let all = losses(1000, "3e-5");
    assert_eq!(all.len(), 40);
    for patience in [3, 5] {
        let (mut mark, mut since) = (f64::INFINITY, 0);
        let end = all.iter().position(|&loss| {
            since += 1;
            if loss < 0.98 * mark {
                (mark, since) = (loss, 0);
            }
            since == patience
        });
        let wanted = end.map_or(40, |place| place + 1);
        assert!(wanted > patience as usize + 2, "it fell once");
        assert_eq!(losses(patience, "3e-5"), all[..wanted], "{patience}");
    }
}
