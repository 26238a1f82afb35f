use super::*;
use crate::driver::{ArmMode, Instrument};
use crate::experiment::{Job, Source, Task};
use crate::gradient::Estimator;
use crate::link::InProcess;
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
        Err(TrainError::Rate { side: "too large", .. })
    ));
    assert!(matches!(
        Coefficients::of(&plan, 1e-18),
        Err(TrainError::Rate { side: "too small", .. })
    ));
}
