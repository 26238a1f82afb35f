//! One client controls, others read and watch.

use crate::instruments::{configured, server};
use hge_driver::link::{Link, Tcp};
use hge_driver::{ArmMode, DriverError, Instrument, Settings, TelemetryItem};
use hge_lab::server::{self, tcp};
use hge_protocol::registers::{self as map, command, mode};
use std::time::{Duration, Instant};

/// In control as soon as the client before has left.
pub fn in_control(link: impl Fn() -> Box<dyn Link>) -> Instrument {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let instrument = Instrument::connect(link()).unwrap();
        match instrument.take_control() {
            Ok(()) => return instrument,
            Err(DriverError::InUse { .. }) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_second_client_is_told_who_controls_reads_and_hears_telemetry() {
    let server = tcp::listen(server(server::Settings::default()), "0").unwrap();
    let address = server.address().to_string();
    let link = || Box::new(Tcp::open(&address).unwrap()) as Box<dyn Link>;
    let mut instrument = configured(link(), Settings::default());
    instrument.write(map::SCRATCH, 5).unwrap();
    let other = Instrument::connect(link()).unwrap();
    let message = other.write(map::SCRATCH, 6).unwrap_err().to_string();
    assert!(message.starts_with("the instrument is controlled by 127.0.0.1:"), "{message}");
    assert!(message.contains(" since ") && message.contains("last request "), "{message}");
    assert!(message.ends_with("or use only reading commands"), "{message}");
    // What was refused is not done, and what is asked for is answered.
    assert_eq!(other.read(map::SCRATCH).unwrap(), 5);
    let mut seen = other.subscribe(1000);
    let mut own = instrument.subscribe(1000);
    instrument.arm(ArmMode::Host).unwrap();
    instrument.run(mode::PERTURB, |_| ()).unwrap();
    let mut heard = |wait| (own.recv_timeout(wait).unwrap(), seen.recv_timeout(wait).unwrap());
    for number in 0..5 {
        let (own, seen) = heard(Duration::from_secs(10));
        assert!(
            matches!(own, Some(TelemetryItem::Frame { number: n, .. }) if n == number),
            "{own:?}"
        );
        assert_eq!(own, seen);
    }
    assert_eq!(heard(Duration::ZERO), (None, None));
}

#[test]
fn one_who_watches_and_does_not_read_holds_nobody_up() {
    use std::io::Write;
    let server = tcp::listen(server(server::Settings::default()), "0").unwrap();
    let address = server.address().to_string();
    let instrument = configured(Box::new(Tcp::open(&address).unwrap()), Settings::default());
    let mut lazy = std::net::TcpStream::connect(&address).unwrap();
    // It is a client by its hello; what it says then is not for the instrument.
    lazy.write_all(&crate::raw::hello(3)).unwrap();
    lazy.write_all(&[0x55; 1000]).unwrap();
    instrument.write_all(&[(map::CAPTURE_SAMPLES, 20_000_000)]).unwrap();
    let mut telemetry = instrument.subscribe(16);
    instrument.write(map::COMMAND, command::CAPTURE).unwrap();
    // 18 MB pass the one who does not read: more than the sockets (10 MB at most) and its queue hold.
    while instrument.state().unwrap().frames < 120_000 {
        let _ = telemetry.recv_timeout(Duration::from_millis(1)).unwrap();
    }
    assert_eq!(instrument.state().unwrap().link_faults, 0);
    instrument.write(map::COMMAND, command::STOP).unwrap();
}
