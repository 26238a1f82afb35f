//! Trips, and what keeps the watchdog from one.

use crate::instruments::{configured, engine, factory, hasty, in_process, short, task};
use crate::losing::Losing;
use crate::raw::Raw;
use hge_core::experiment::{Experiment, Job, LoopMode, Source};
use hge_driver::link::{Ends, Link, LinkError, Tcp};
use hge_driver::{ArmMode, DriverError, FaultFlags, Instrument, Settings};
use hge_lab::server::{self, tcp, InProcess, Pace, Server};
use hge_protocol::frame::Record;
use hge_protocol::registers as map;
use hge_protocol::registers::{fault, mode};
use hge_protocol::Analogue;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a run of `experiment` ends with.
fn run(experiment: &Experiment, arm: ArmMode, change: impl Fn(&Instrument)) -> DriverError {
    let link = InProcess::new(engine(experiment.clone()));
    run_over(Box::new(link), experiment, arm, change)
}

fn run_over(
    link: Box<dyn Link>,
    experiment: &Experiment,
    arm: ArmMode,
    change: impl Fn(&Instrument),
) -> DriverError {
    let mut instrument = Instrument::connect_with(link, hasty()).unwrap();
    let job = Job::new(experiment.clone(), &Source::default()).unwrap();
    job.task.plan.configure(&mut instrument).unwrap();
    change(&instrument);
    instrument.arm(arm).unwrap();
    let error = instrument.run(mode::PERTURB, |_| ()).unwrap_err();
    let state = instrument.state().unwrap();
    assert_eq!(state.armed, None);
    assert!(state.fault.is_some());
    error
}

fn over_current() -> Experiment {
    let mut experiment = short(LoopMode::Host);
    // Case 0 draws -3.6 nA by its inputs alone.
    experiment.guard.overcurrent_na = Some(3.0);
    experiment.bench.noise_na2_per_hz = 0.0;
    experiment
}

#[test]
fn a_trip_whose_event_the_line_loses_is_told_with_its_cause_all_the_same() {
    let experiment = over_current();
    let losses = Arc::new(AtomicU32::new(u32::MAX));
    let is_lost = |record: &Record| matches!(record, Record::Event(_));
    let inner = Box::new(InProcess::new(engine(experiment.clone())));
    let link = Box::new(Losing { inner, losses: losses.clone(), is_lost });
    let error = run_over(link, &experiment, ArmMode::Host, |_| ());
    assert!(losses.load(Ordering::Relaxed) < u32::MAX, "an event was lost");
    assert!(
        matches!(error, DriverError::Tripped { causes: FaultFlags(fault::OVERCURRENT) }),
        "{error}"
    );
}

#[test]
fn samples_of_all_runs_are_added_up_those_of_one_that_trips_too() {
    let mut instrument = configured(in_process(), hasty());
    instrument.arm(ArmMode::Host).unwrap();
    let mut samples = 0;
    for epochs in [1, 3, 2] {
        instrument.write(map::EPOCHS, epochs).unwrap();
        let before = instrument.read(map::TIME).unwrap();
        let end = instrument.run(mode::PERTURB, |_| ()).unwrap();
        let passed = instrument.read(map::TIME).unwrap().wrapping_sub(before);
        // Four cases of a window of 64 samples at least.
        assert!((256 * epochs..=passed).contains(&end.sample_clock), "{end:?} {passed}");
        samples += u64::from(end.sample_clock);
        assert_eq!(instrument.samples(), samples);
    }
    instrument.disarm().unwrap();
    instrument.write(map::RUN_LIMIT, 50).unwrap();
    let before = instrument.read(map::TIME).unwrap();
    instrument.arm(ArmMode::Standalone).unwrap();
    let tripped = instrument.run(mode::PERTURB, |_| ());
    assert!(matches!(tripped, Err(DriverError::Tripped { .. })), "{tripped:?}");
    let passed = instrument.read(map::TIME).unwrap().wrapping_sub(before);
    let of_last = instrument.samples() - samples;
    assert!((40..=u64::from(passed)).contains(&of_last), "{of_last} of {passed}");
}

#[test]
fn an_over_current_ends_the_run_with_a_sentence_that_says_so() {
    let experiment = over_current();
    let error = run(&experiment, ArmMode::Host, |_| ());
    assert!(matches!(error, DriverError::Tripped { causes: FaultFlags(fault::OVERCURRENT) }));
    let message = error.to_string();
    assert!(message.contains("the device's current was too high"), "{message}");
    assert!(message.contains("raise overcurrent_na"), "{message}");
}

#[test]
fn a_standalone_run_beyond_its_limit_trips() {
    let error = run(&short(LoopMode::Host), ArmMode::Standalone, |instrument| {
        instrument.write(map::RUN_LIMIT, 50).unwrap();
    });
    assert!(
        matches!(error, DriverError::Tripped { causes: FaultFlags(fault::RUN_TIME) }),
        "{error}"
    );
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
    let plan = task(LoopMode::Host).plan;
    let error = plan.configure(&mut instrument).unwrap_err();
    let DriverError::Scale { key, planned, found } = &error else { panic!("{error}") };
    assert_eq!((key.as_str(), planned.as_str()), ("iv_gain_v_per_na", "-0.025 V/nA"));
    assert_eq!(found, "-0.0125 V/nA");
    instrument.set_analogue(&kept).unwrap();
    plan.configure(&mut instrument).unwrap();
}

#[test]
fn a_plan_allows_two_seconds_of_silence_and_four_times_the_run() {
    let writes = |loop_mode| {
        let task = task(loop_mode);
        let of = |address| {
            task.plan.writes().iter().find(|write| write.0 == address).map(|write| write.1)
        };
        [map::WATCHDOG, map::RUN_LIMIT, map::OVERCURRENT].map(|address| of(address).unwrap())
    };
    let [watchdog, host, over] = writes(LoopMode::Host);
    assert_eq!((watchdog, over), (10_000, 65_535));
    let [_, alone, _] = writes(LoopMode::Standalone);
    // Four starts of six epochs and the last pass, instead of one epoch and it.
    assert!((f64::from(alone) / f64::from(host) - 12.5).abs() < 0.01, "{alone} {host}");
}

/// A server in real time, and a link to it.
fn real_time() -> (hge_lab::server::Listening, impl Fn() -> Box<dyn Link>) {
    let pace = Pace::Real { factor: 1.0, baud: 3_000_000 };
    served(server::Settings { pace, ..server::Settings::default() })
}

/// A server of the short experiment, and a link to it.
fn served(settings: server::Settings) -> (hge_lab::server::Listening, impl Fn() -> Box<dyn Link>) {
    let server = Server::new(factory(short(LoopMode::Host)), settings).unwrap();
    let running = tcp::listen(server, "0").unwrap();
    let address = running.address().to_string();
    (running, move || Box::new(Tcp::open(&address).unwrap()) as Box<dyn Link>)
}

/// A link that wants no sign of life of its own, as a serial port.
struct Quiet(Box<dyn Link>);

impl Link for Quiet {
    fn name(&self) -> String {
        self.0.name()
    }

    fn reply_timeout(&self) -> Duration {
        self.0.reply_timeout()
    }

    fn split(self: Box<Self>) -> Result<Ends, LinkError> {
        self.0.split()
    }
}

#[test]
fn an_idle_driver_winds_the_watchdog_in_real_time_whether_or_not_its_link_wants_a_sign_of_life() {
    let servers = [real_time(), real_time()];
    let links: [Box<dyn Link>; 2] = [servers[0].1(), Box::new(Quiet(servers[1].1()))];
    let mut instruments = links.map(|link| configured(link, Settings::default()));
    for instrument in &mut instruments {
        // A second, and three times that to think.
        instrument.write(map::WATCHDOG, 5000).unwrap();
        instrument.arm(ArmMode::Host).unwrap();
    }
    std::thread::sleep(Duration::from_secs(3));
    for instrument in &mut instruments {
        let state = instrument.state().unwrap();
        assert_eq!((state.armed, state.fault), (Some(ArmMode::Host), None));
        instrument.run(mode::PERTURB, |_| ()).unwrap();
    }
}

/// Arms by hand, with the watchdog given in samples; the host is silent from then on.
fn armed_by_hand(link: &dyn Fn() -> Box<dyn Link>, address: &str, watchdog_samples: u32) -> Raw {
    let instrument = configured(link(), Settings::default());
    instrument.write(map::WATCHDOG, watchdog_samples).unwrap();
    drop(instrument);
    let mut host = Raw::connect(address, 99);
    host.command(map::command::ARM_HOST);
    host
}

/// Waits, by reading alone, until the guard is disarmed; what has tripped it.
fn disarmed(reader: &Instrument) -> Option<FaultFlags> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let state = reader.state().unwrap();
        if state.armed.is_none() {
            return state.fault;
        }
        assert!(Instant::now() < deadline, "still armed");
    }
}

#[test]
fn a_silent_client_is_tripped_by_its_watchdog_however_much_others_read() {
    let (server, link) = real_time();
    let reader = Instrument::connect(link()).unwrap();
    let _silent = armed_by_hand(&link, &server.address().to_string(), 500);
    assert_eq!(disarmed(&reader), Some(FaultFlags(fault::WATCHDOG)));
}

#[test]
fn a_run_after_a_trip_between_runs_is_refused_with_the_cause() {
    let (_server, link) = real_time();
    let mut instrument = configured(link(), Settings::default());
    instrument.arm(ArmMode::Host).unwrap();
    instrument.write(map::WATCHDOG, 1).unwrap();
    while instrument.state().unwrap().armed.is_some() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let error = instrument.run(0, |_| ()).unwrap_err();
    assert!(
        matches!(error, DriverError::Tripped { causes } if causes == FaultFlags(fault::WATCHDOG)),
        "{error}"
    );
    instrument.arm(ArmMode::Standalone).unwrap();
}

#[test]
fn a_client_that_vanishes_leaves_an_instrument_that_is_disarmed_at_once() {
    for pace in [Pace::Virtual, Pace::Real { factor: 1.0, baud: 3_000_000 }] {
        let (server, link) = served(server::Settings { pace, keep: true, ..Default::default() });
        let reader = Instrument::connect(link()).unwrap();
        // The longest watchdog there is: it has nothing to do with it.
        let host = armed_by_hand(&link, &server.address().to_string(), u32::MAX);
        assert_eq!(reader.state().unwrap().armed, Some(ArmMode::Host));
        drop(host);
        assert_eq!(disarmed(&reader), None);
    }
}

#[test]
fn a_standalone_run_goes_on_when_its_client_leaves() {
    let (server, link) = served(server::Settings { keep: true, ..Default::default() });
    let reader = Instrument::connect(link()).unwrap();
    let instrument = configured(link(), Settings::default());
    instrument.write(map::RUN_LIMIT, 1000).unwrap();
    drop(instrument);
    let mut host = Raw::connect(&server.address().to_string(), 99);
    host.command(map::command::ARM_STANDALONE);
    drop(host);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(reader.state().unwrap().armed, Some(ArmMode::Standalone));
}

#[test]
fn a_watchdog_has_a_greatest_value_at_every_sample_period() {
    let limit = Duration::from_secs(3);
    let settings = server::Settings { watchdog_limit: limit, keep: true, ..Default::default() };
    let (_server, link) = served(settings);
    let instrument = Instrument::connect(link()).unwrap();
    let clock_hz = instrument.parameters().clock_hz;
    for (order, period_clocks) in [2400, 1200, 9600, 65_535, 700].into_iter().enumerate() {
        let writes = [(map::WATCHDOG, u32::MAX), (map::SAMPLE_PERIOD, period_clocks)];
        let order = if order % 2 == 0 { [0, 1] } else { [1, 0] };
        for n in order {
            instrument.write_all(&[writes[n]]).unwrap();
        }
        let samples = instrument.read(map::WATCHDOG).unwrap();
        assert!(samples >= 1);
        let seconds = f64::from(samples) * f64::from(period_clocks) / f64::from(clock_hz);
        assert!(seconds <= 3.0, "{seconds} s at {period_clocks} clocks");
        // It is cut to the limit, not to nothing.
        instrument.write(map::WATCHDOG, u32::MAX).unwrap();
        let samples = instrument.read(map::WATCHDOG).unwrap();
        let seconds = f64::from(samples) * f64::from(period_clocks) / f64::from(clock_hz);
        assert!((2.98..=3.0).contains(&seconds), "{seconds} s at {period_clocks} clocks");
    }
}
