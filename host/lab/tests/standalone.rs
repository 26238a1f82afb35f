//! The loop inside the gateware against the closed form of its descent.

use hge_core::experiment::{Job, Source};
use hge_core::train::Progress;
use hge_lab::{train, Options};

const SLOPES_NA_PER_V: [f64; 7] = [4.0, 6.0, -3.0, -8.0, 2.0, 10.0, -5.0];
const RATE_V2_PER_NA2: f64 = 2e-5;

/// Voltages of the two inputs and the target of every case of OR.
const CASES: [([f64; 2], f64); 4] =
    [([-1.2, -1.2], -5.0), ([-1.2, 0.6], 5.0), ([0.6, -1.2], 5.0), ([0.6, 0.6], 5.0)];

/// Two epochs of one start on a linear device without noise, and the electrodes of the controls.
fn two_epochs() -> (Vec<Progress>, Vec<usize>) {
    let text = format!(
        "gate = \"or\"\nloop = \"standalone\"\ndevice = \"linear:4,6,-3,-8,2,10,-5\"\nrestarts = 1\n\
         [bench]\nnoise_na2_per_hz = 0.0\n[standalone]\nepochs = 2\ncost = \"squared\"\n\
         [[standalone.targets]]\nhigh_na = 5.0\nlow_na = -5.0\nrate_v2_per_na2 = {RATE_V2_PER_NA2}\n"
    );
    let (experiment, source) = Source::parse("t.toml", text).unwrap();
    let job = Job::new(experiment, &source).unwrap();
    let controls = &job.task.plan.configuration().controls;
    let electrodes = controls.iter().map(|control| control.output).collect();
    let mut epochs = Vec::new();
    train(job, &Options::default(), &mut |progress| epochs.push(progress.clone())).unwrap();
    assert_eq!(epochs.len(), 2);
    (epochs, electrodes)
}

/// Current less target in every case at an epoch's controls.
fn errors_na(epoch: &Progress, electrodes: &[usize]) -> [f64; 4] {
    let slopes = electrodes.iter().map(|&electrode| SLOPES_NA_PER_V[electrode]);
    let of_controls: f64 = slopes.zip(&epoch.controls_v).map(|(slope, volts)| slope * volts).sum();
    CASES.map(|([a, b], target_na)| {
        of_controls + SLOPES_NA_PER_V[1] * a + SLOPES_NA_PER_V[2] * b - target_na
    })
}

#[test]
fn the_gateware_steps_by_the_rate_times_the_exact_gradient() {
    let (epochs, electrodes) = two_epochs();
    let error_sum_na: f64 = errors_na(&epochs[0], &electrodes).iter().sum();
    for (k, &electrode) in electrodes.iter().enumerate() {
        let step_v = epochs[0].controls_v[k] - epochs[1].controls_v[k];
        let exact_v = RATE_V2_PER_NA2 * error_sum_na * SLOPES_NA_PER_V[electrode];
        assert!((step_v / exact_v - 1.0).abs() < 0.01, "{electrode}: {step_v} against {exact_v}");
    }
}

#[test]
fn the_loss_is_the_sum_of_the_squared_errors() {
    let (epochs, electrodes) = two_epochs();
    let exact: f64 = errors_na(&epochs[0], &electrodes).iter().map(|error| error * error).sum();
    assert!((epochs[0].loss / exact - 1.0).abs() < 0.005, "{} against {exact}", epochs[0].loss);
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
        let options = Options::default();
        let outcome = train(job, &options, &mut |_| ()).unwrap();
        assert_eq!((outcome.restarts, outcome.epochs), (2, 4));
        outcome.saturated
    };
    // Errors of 50 nA, 10 nA/V: 0.02 V2/nA2 would be a step of 10 V.
    assert!(!saturated(["1e-6", "1e-6"]));
    assert!(saturated(["1e-6", "0.02"]));
    assert!(saturated(["0.02", "1e-6"]));
}
