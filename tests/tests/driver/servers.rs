//! Servers: the same instrument over TCP, a pseudo-terminal and in this process.

use crate::instruments::{configured, in_process, reference, server, task, trained};
use hge_core::experiment::LoopMode;
use hge_driver::link::{Link, Serial, Tcp, Udp};
use hge_driver::{ArmMode, Instrument, Settings};
use hge_lab::server::{self, tcp, udp, InProcess, Pace};
use hge_protocol::frame::EndReason;
use hge_protocol::registers::{self as map, mode};

fn tcp_server(settings: server::Settings) -> (hge_lab::server::Listening, String) {
    let server = tcp::listen(server(settings), "0").unwrap();
    assert!(server.address().ip().is_loopback());
    let address = server.address().to_string();
    (server, address)
}

#[test]
fn a_training_over_tcp_equals_one_in_process() {
    let (_server, address) = tcp_server(server::Settings::default());
    for loop_mode in [LoopMode::Host, LoopMode::Standalone] {
        let link = Box::new(Tcp::open(&address).unwrap());
        assert_eq!(trained(link, Settings::default(), loop_mode), reference(loop_mode));
    }
}

#[test]
fn a_training_over_udp_equals_one_in_process_and_the_port_is_free_after_it() {
    let server = udp::listen(server(server::Settings::default()), "0").unwrap();
    for loop_mode in [LoopMode::Host, LoopMode::Standalone] {
        let link = Box::new(Udp::open(&server.address().to_string()).unwrap());
        assert_eq!(trained(link, Settings::default(), loop_mode), reference(loop_mode));
    }
}

#[test]
fn a_client_over_udp_is_not_disturbed_by_another() {
    let server = udp::listen(server(server::Settings::default()), "0").unwrap();
    let address = server.address().to_string();
    let mut first = configured(Box::new(Udp::open(&address).unwrap()), Settings::default());
    first.arm(ArmMode::Host).unwrap();
    let settings = Settings {
        reply_timeout: Some(std::time::Duration::from_millis(20)),
        attempts: 2,
        ..Settings::default()
    };
    let other = Instrument::connect_with(Box::new(Udp::open(&address).unwrap()), settings);
    assert!(other.is_err());
    assert_eq!(first.run(mode::PERTURB, |_| ()).unwrap().reason, EndReason::Complete);
}

#[test]
fn datagrams_are_served_on_this_computer_only() {
    let refused = udp::listen(server(server::Settings::default()), "0.0.0.0:0").unwrap_err();
    assert!(refused.to_string().contains("datagrams carry no token"), "{refused}");
}

#[cfg(unix)]
#[test]
fn a_training_over_a_pseudo_terminal_equals_one_in_process() {
    let server = server::pty::open(server(server::Settings::default())).unwrap();
    for loop_mode in [LoopMode::Host, LoopMode::Standalone] {
        let link = Box::new(Serial::open(server.path().to_str().unwrap(), 3_000_000).unwrap());
        assert_eq!(trained(link, Settings::default(), loop_mode), reference(loop_mode));
    }
}

#[test]
fn a_training_in_real_time_equals_one_in_virtual_time() {
    // Twice the seconds, so that the watchdog grants a busy computer one of its own; the noise goes on between runs, so there is none.
    let quiet = |loop_mode| {
        let mut experiment = crate::instruments::short(loop_mode);
        experiment.bench.noise_na2_per_hz = 0.0;
        experiment
    };
    let job =
        |loop_mode| hge_core::experiment::Job::new(quiet(loop_mode), &Default::default()).unwrap();
    let pace = Pace::Real { factor: 2.0, baud: 3_000_000 };
    let settings = server::Settings { pace, ..server::Settings::default() };
    let factory = crate::instruments::factory(quiet(LoopMode::Host));
    let server = server::Server::new(factory, settings).unwrap();
    let server = tcp::listen(server, "0").unwrap();
    for loop_mode in [LoopMode::Host, LoopMode::Standalone] {
        let link = Box::new(Tcp::open(&server.address().to_string()).unwrap());
        let instrument = Instrument::connect(link).unwrap();
        let found =
            hge_core::train::train_on(instrument, job(loop_mode).task, &mut |_| ()).unwrap();
        let options = hge_lab::Options::default();
        let expected = hge_lab::train(job(loop_mode), &options, &mut |_| ()).unwrap();
        assert_eq!(found.controls_v, expected.controls_v);
        assert_eq!(found.outputs_na, expected.outputs_na);
    }
}

/// Windows of one run after a restart, and the codes of a capture.
fn measured(instrument: &mut Instrument, seed: u64) -> (Vec<hge_driver::RunEvent>, Vec<i16>) {
    assert!(instrument.restart(seed).unwrap());
    assert_eq!(instrument.read(map::FRAMES).unwrap(), 0);
    task(LoopMode::Host).plan.configure(instrument).unwrap();
    let codes = instrument.capture(100, 2).unwrap();
    instrument.arm(ArmMode::Host).unwrap();
    let mut events = Vec::new();
    instrument.run(mode::PERTURB, |one| events.push(one)).unwrap();
    (events, codes)
}

#[test]
fn a_restart_powers_up_an_instrument_with_the_noise_of_the_seed() {
    let mut instrument = Instrument::connect(in_process()).unwrap();
    let mut telemetry = instrument.subscribe(1000);
    let five = measured(&mut instrument, 5);
    let six = measured(&mut instrument, 6);
    assert_ne!(five, six);
    assert_eq!(measured(&mut instrument, 5), five);
    // Two blocks, four windows and the end, three times over: numbers begin anew without a gap.
    let numbers: Vec<u32> =
        std::iter::from_fn(|| telemetry.recv_timeout(Default::default()).unwrap())
            .map(|heard| match heard {
                hge_driver::TelemetryItem::Frame { number, .. } => number,
                gap => panic!("{gap:?}"),
            })
            .collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6].repeat(3));
}

#[test]
fn an_instrument_that_cannot_be_powered_up_anew_says_so_and_stays_as_it_is() {
    let engine = crate::instruments::engine(crate::instruments::short(LoopMode::Host));
    let mut instrument = Instrument::connect(Box::new(InProcess::new(engine))).unwrap();
    instrument.write(map::SCRATCH, 5).unwrap();
    assert!(!instrument.restart(1).unwrap());
    assert_eq!(instrument.read(map::SCRATCH).unwrap(), 5);
}

#[test]
fn the_next_client_finds_a_fresh_instrument_unless_it_is_kept() {
    for (keep, found) in [(false, 0), (true, 77)] {
        let (_server, address) = tcp_server(server::Settings { keep, ..Default::default() });
        let link = || Box::new(Tcp::open(&address).unwrap()) as Box<dyn Link>;
        let instrument = configured(link(), Settings::default());
        instrument.write(map::SCRATCH, 77).unwrap();
        drop(instrument);
        // Control is free when the server has noticed that the last one left.
        let next = crate::sharing::in_control(link);
        assert_eq!(next.read(map::SCRATCH).unwrap(), found);
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let (_server, address) = tcp_server(server::Settings::default());
    let error = tcp::listen(server(server::Settings::default()), &address).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with(&format!("cannot listen at {address} (")), "{message}");
    assert!(message.ends_with("choose an address of this computer and a free port up to 65535, or end the program that has it"), "{message}");
}

#[test]
fn a_server_that_ends_is_told_to_its_client_and_nobody_listens_there_any_more() {
    let (server, address) = tcp_server(server::Settings::default());
    let instrument = Instrument::connect(Box::new(Tcp::open(&address).unwrap())).unwrap();
    drop(server);
    let message = instrument.read(map::STATUS).unwrap_err().to_string();
    assert!(message.contains("has closed the connection"), "{message}");
    let message = Tcp::open(&address).err().unwrap().to_string();
    assert_eq!(
        message,
        format!("nothing listens at {address}: start `hge serve` there, or correct host and port")
    );
}

#[cfg(unix)]
#[test]
fn a_port_in_use_and_one_that_went_away_are_told_as_such() {
    let server = server::pty::open(server(server::Settings::default())).unwrap();
    let path = server.path().to_str().unwrap().to_owned();
    let instrument =
        Instrument::connect(Box::new(Serial::open(&path, 3_000_000).unwrap())).unwrap();
    let busy = Serial::open(&path, 3_000_000).err().unwrap().to_string();
    assert!(busy.starts_with(&format!("{path} is in use by another program")), "{busy}");
    drop(server);
    let gone = instrument.read(map::STATUS).unwrap_err().to_string();
    assert!(gone.starts_with(&format!("the port {path} has disappeared: plug")), "{gone}");
}
