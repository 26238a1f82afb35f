//! A connected instrument with its experiment, through one operation after another and those that fail.

use crate::instruments::in_process;
use hge_core::apparatus::{Apparatus, ApparatusError};
use hge_core::experiment::{Experiment, Job, Source};
use hge_core::measure::gradient::{self, Effort};
use hge_driver::link::{Kept, Link, LinkError, Tcp};
use hge_driver::{Cause, DriverError, Instrument, Settings};
use hge_lab::server::{tcp, InProcess, Pace, Server};

/// An experiment on a linear device whose slopes with the controls are 2, 3, -2, 5 and 1 nA/V.
fn experiment(keys: &str) -> (Experiment, Source) {
    let text = format!(
        "gate = \"or\"\ndevice = \"linear:2,4,4,3,-2,5,1\"\n[bench]\nnoise_na2_per_hz = 0\n{keys}"
    );
    Source::parse("or.toml", text).expect("an experiment")
}

fn server(keys: &str) -> Server {
    let (experiment, source) = experiment(keys);
    let job = Job::new(experiment, &source).expect("a job");
    hge_lab::server(job, Pace::Virtual, true).expect("an engine")
}

fn apparatus(link: impl Link + 'static, keys: &str) -> Apparatus {
    let (experiment, source) = experiment(keys);
    Apparatus::connect(Box::new(link), Settings::default(), experiment, &source).expect("a plan")
}

#[test]
fn an_apparatus_measures_slopes_and_currents_in_any_order_and_only_while_armed() {
    let mut apparatus = apparatus(InProcess::serve(server("")), "");
    let unarmed = apparatus.probe().err().expect("it is not armed");
    assert!(matches!(unarmed, ApparatusError::Unarmed));
    assert_eq!(unarmed.cause(), Cause::Refused);
    apparatus.arm().expect("armed");
    let controls_v = apparatus.task().plan.middle_controls_v();
    for _ in 0..2 {
        let volts = vec![vec![0.1; 7], vec![-0.1; 7]];
        let currents = apparatus.probe().expect("a probe").measure(&volts).expect("currents");
        // 0.1 V times the sum of all slopes, 17 nA/V.
        assert!((currents[0].current_na - 1.7).abs() < 0.01, "{currents:?}");
        assert!((currents[1].current_na + 1.7).abs() < 0.01, "{currents:?}");
        let session = apparatus.presenting(None).expect("a session");
        let found = gradient::measure(session, &controls_v, Effort::windows(1)).expect("slopes");
        assert!((found.cases[0].slopes[3].slope_na_per_v - 5.0).abs() < 0.05, "{found:?}");
        assert!(apparatus.is_armed());
    }
    apparatus.disarm().expect("disarmed");
    assert!(apparatus.presenting(None).is_err());
}

#[test]
fn an_operation_that_fails_leaves_the_instrument_disarmed_and_the_next_one_has_it_on_the_same_connection(
) {
    let listening = tcp::listen(server(""), "0").expect("a port");
    let address = listening.address().to_string();
    let over_tcp = apparatus(Tcp::open(&address).expect("a server"), "");
    for mut apparatus in [apparatus(InProcess::serve(server("")), ""), over_tcp] {
        for _ in 0..3 {
            apparatus.arm().expect("armed");
            let failed = apparatus.lend(|mut instrument, task| {
                task.plan.configure(&mut instrument)?;
                instrument.arm(hge_driver::ArmMode::Host)?;
                Err::<(Instrument, ()), _>(ApparatusError::Unarmed)
            });
            assert!(failed.is_err());
            assert!(!apparatus.is_armed());
            let unarmed = apparatus.presenting(None).err().expect("it is not armed");
            assert!(matches!(unarmed, ApparatusError::Unarmed));
            let state = apparatus.instrument().expect("the instrument").state().expect("a state");
            assert_eq!((state.armed, state.fault), (None, None));
        }
        apparatus.arm().expect("armed");
        let controls_v = apparatus.task().plan.middle_controls_v();
        let session = apparatus.presenting(None).expect("a session");
        let found = gradient::measure(session, &controls_v, Effort::windows(1)).expect("slopes");
        assert!((found.cases[0].slopes[3].slope_na_per_v - 5.0).abs() < 0.05, "{found:?}");
    }
}

#[test]
fn a_connection_that_ends_with_an_operation_is_said_to_be_lost() {
    let listening = tcp::listen(server(""), "0").expect("a port");
    let address = listening.address().to_string();
    let mut apparatus = apparatus(Tcp::open(&address).expect("a server"), "");
    apparatus.arm().expect("armed");
    drop(listening);
    let failed = apparatus.lend(|instrument, _| {
        instrument.state()?;
        Ok::<_, ApparatusError>((instrument, ()))
    });
    assert_eq!(failed.expect_err("no server").cause(), Cause::Lost);
    let again = apparatus.instrument().map(|_| ()).expect_err("no server");
    assert_eq!(again.cause(), Cause::Lost);
}

#[test]
fn a_kept_link_serves_one_driver_at_a_time_and_the_next_one_after_it() {
    let kept = Kept::new(in_process()).expect("a link");
    for _ in 0..2 {
        let first = Instrument::connect(kept.lend()).expect("an instrument");
        let second = Instrument::connect(kept.lend()).map(|_| ());
        assert!(matches!(second, Err(DriverError::Link(LinkError::Lent { .. }))), "{second:?}");
        assert_eq!(second.map_err(|error| error.cause()), Err(Cause::Refused));
        first.state().expect("a state");
    }
}

#[test]
fn amplitudes_that_the_program_chooses_are_in_force_when_it_is_armed() {
    let keys = "[tones]\namplitude = \"auto\"\namplitude_v = 0.01\n";
    let mut apparatus = apparatus(InProcess::serve(server(keys)), keys);
    assert!(apparatus.choose_amplitudes(0).is_err());
    apparatus.arm().expect("armed");
    // Neither noise nor curvature speaks for another: a linear device without noise gets the largest or the given ones.
    let plan = &apparatus.task().plan;
    let chosen_v: Vec<f64> = (0..5).map(|k| plan.amplitude_v(k)).collect();
    let again = apparatus.choose_amplitudes(8).expect("amplitudes");
    assert!(apparatus.is_armed());
    assert_eq!(apparatus.task().experiment.tones.amplitude, None);
    let plan = &apparatus.task().plan;
    for (k, &amplitude_v) in again.amplitudes_v.iter().enumerate() {
        // As it leaves the DAC: 1 mV is far beyond its steps.
        assert!((plan.amplitude_v(k) - amplitude_v).abs() < 1e-3, "{again:?}");
        assert!((0.0025..=0.04).contains(&chosen_v[k]), "{chosen_v:?}");
    }
}
