//! Trips, and what keeps the watchdog from one.

use crate::instruments::{configured, engine, factory, hasty, in_process, short, task};
use hge_host::driver::{ArmMode, Causes, DriverError, Instrument, Settings};
use hge_host::experiment::{Closing, Experiment, Job, Source};
use hge_host::link::{InProcess, Link, Tcp};
use hge_host::server::{self, tcp, Pace, Server};
use hge_protocol::registers as map;
use hge_protocol::registers::{fault, mode};
use hge_protocol::Analogue;
use std::time::{Duration, Instant};

/// What a run of `experiment` ends with.
fn run(experiment: &Experiment, arm: ArmMode, change: impl Fn(&Instrument)) -> DriverError {
    let link = InProcess::new(engine(experiment.clone()));
    let mut instrument = Instrument::connect_with(Box::new(link), hasty()).unwrap();
    let job = Job::new(experiment.clone(), &Source::default()).unwrap();
    instrument.configure(&job.task.plan).unwrap();
    change(&instrument);
    instrument.arm(arm).unwrap();
    let error = instrument.run(mode::PERTURB, |_| ()).unwrap_err();
    let state = instrument.state().unwrap();
    assert_eq!(state.armed, None);
    assert!(state.fault.is_some());
    error
}

#[test]
fn an_over_current_ends_the_run_with_a_sentence_that_says_so() {
    let mut experiment = short(Closing::Host);
    // Case 0 draws -3.6 nA by its inputs alone.
    experiment.guard.overcurrent_na = Some(3.0);
    experiment.bench.noise_na2_per_hz = 0.0;
    let error = run(&experiment, ArmMode::Host, |_| ());
    assert!(matches!(error, DriverError::Tripped { causes: Causes(fault::OVERCURRENT) }));
    let message = error.to_string();
    assert!(message.contains("the device's current was too high"), "{message}");
    assert!(message.contains("raise overcurrent_na"), "{message}");
}

#[test]
fn a_standalone_run_beyond_its_limit_trips() {
    let error = run(&short(Closing::Host), ArmMode::Standalone, |instrument| {
        instrument.write(map::RUN_LIMIT, 50).unwrap();
    });
    assert!(matches!(error, DriverError::Tripped { causes: Causes(fault::RUN_TIME) }), "{error}");
}

#[test]
fn an_armed_instrument_keeps_its_scale_and_a_plan_for_another_is_refused() {
    let mut instrument = configured(in_process(), Settings::default());
    let kept = instrument.analogue().unwrap().expect("a scale from power-up on");
    let other = Analogue { iv_gain_v_per_na: -0.0125, ..kept.clone() };
    instrument.arm(ArmMode::Host).unwrap();
    let refused = instrument.set_analogue(&other).unwrap_err().to_string();
    assert!(refused.contains("stop or disarm first"), "{refused}");
    assert_eq!(instrument.analogue().unwrap(), Some(kept.clone()));
    instrument.disarm().unwrap();
    instrument.set_analogue(&other).unwrap();
    let plan = task(Closing::Host).plan;
    let error = instrument.configure(&plan).unwrap_err();
    let DriverError::Scale { key, planned, found } = &error else { panic!("{error}") };
    assert_eq!((key.as_str(), planned.as_str()), ("iv_gain_v_per_na", "-0.025 V/nA"));
    assert_eq!(found, "-0.0125 V/nA");
    instrument.set_analogue(&kept).unwrap();
    instrument.configure(&plan).unwrap();
}

#[test]
fn a_plan_allows_two_seconds_of_silence_and_four_times_the_run() {
    let writes = |closing| {
        let task = task(closing);
        let of = |address| {
            task.plan.writes().iter().find(|write| write.0 == address).map(|write| write.1)
        };
        [map::WATCHDOG, map::RUN_LIMIT, map::OVERCURRENT].map(|address| of(address).unwrap())
    };
    let [watchdog, host, over] = writes(Closing::Host);
    assert_eq!((watchdog, over), (10_000, 65_535));
    let [_, alone, _] = writes(Closing::Standalone);
    // Four starts of six epochs and the last pass, instead of one epoch and it.
    assert!((f64::from(alone) / f64::from(host) - 12.5).abs() < 0.01, "{alone} {host}");
}

/// A server in real time, and a link to it.
fn real_time() -> (tcp::TcpServer, impl Fn() -> Box<dyn Link>) {
    let pace = Pace::Real { rate_hz: 5000.0, factor: 1.0, baud: 3_000_000 };
    let settings = server::Settings { pace, ..server::Settings::default() };
    let server = Server::new(factory(short(Closing::Host)), settings).unwrap();
    let running = tcp::listen(server, "0").unwrap();
    let address = running.address().to_string();
    (running, move || Box::new(Tcp::open(&address).unwrap()) as Box<dyn Link>)
}

#[test]
fn an_idle_driver_winds_the_watchdog_in_real_time() {
    let (_server, link) = real_time();
    let mut instrument = configured(link(), Settings::default());
    // A second, and three times that to think.
    instrument.write(map::WATCHDOG, 5000).unwrap();
    instrument.arm(ArmMode::Host).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let state = instrument.state().unwrap();
    assert_eq!((state.armed, state.fault), (Some(ArmMode::Host), None));
    instrument.run(mode::PERTURB, |_| ()).unwrap();
}

#[test]
fn a_client_that_vanishes_leaves_an_instrument_whose_watchdog_trips() {
    use hge_protocol::frame::{Operation, Request};
    let (_server, link) = real_time();
    let instrument = configured(link(), Settings::default());
    // A tenth of a second: short beside the wait below, however busy the computer is.
    instrument.write(map::WATCHDOG, 500).unwrap();
    drop(instrument);
    // A host of a few lines, which cannot say farewell.
    let (mut source, mut sink) = link().split().unwrap();
    let say = |sequence, operation, values: Vec<u32>| {
        let (nonce, address, count) = (99, map::COMMAND, values.len() as u8);
        let mut line = Vec::new();
        let request = Request { operation, nonce, sequence, address, count, values };
        hge_protocol::wire::seal(&request.to_words(), &mut line);
        line
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut said = Vec::new();
    while said.is_empty() && Instant::now() < deadline {
        sink.send(&say(1, Operation::Hello, Vec::new())).unwrap();
        source.receive(&mut said, Duration::from_millis(200)).unwrap();
    }
    sink.send(&say(2, Operation::Write, vec![map::command::ARM_HOST])).unwrap();
    let before = said.len();
    while said.len() == before && Instant::now() < deadline {
        source.receive(&mut said, Duration::from_millis(200)).unwrap();
    }
    drop((source, sink));
    std::thread::sleep(Duration::from_millis(2500));
    let state = Instrument::connect(link()).unwrap().state().unwrap();
    assert_eq!(state.armed, None);
    assert_eq!(state.fault, Some(Causes(fault::WATCHDOG)));
}
