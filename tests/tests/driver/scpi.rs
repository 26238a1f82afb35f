//! The SCPI socket, by lines over TCP.

use hge_core::apparatus::Apparatus;
use hge_core::experiment::{Job, Source};
use hge_driver::link::Tcp;
use hge_driver::{Instrument, Settings};
use hge_lab::scpi::{self, ScpiServer};
use hge_lab::server::{tcp, Pace};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TEXT: &str =
    "gate = \"or\"\ndevice = \"linear:2,4,4,3,-2,5,1\"\n[bench]\nnoise_na2_per_hz = 0";

/// Slopes of the default controls, nA/V.
const SLOPES_NA_PER_V: [f64; 5] = [2.0, 3.0, -2.0, 5.0, 1.0];

fn apparatus(address: &str) -> Apparatus {
    let (experiment, source) = Source::parse("or.toml", TEXT.into()).expect("an experiment");
    let link = Tcp::open(address).expect("a server");
    Apparatus::connect(Box::new(link), Settings::default(), experiment, &source).expect("a plan")
}

/// A served simulation, and a SCPI socket in front of it.
fn served() -> (hge_lab::server::Listening, ScpiServer) {
    let (experiment, source) = Source::parse("or.toml", TEXT.into()).expect("an experiment");
    let job = Job::new(experiment, &source).expect("a job");
    let server = hge_lab::server(job, Pace::Virtual, true).expect("an engine");
    let server = tcp::listen(server, "0").expect("a port");
    let address = server.address().to_string();
    let socket = scpi::listen(0, Arc::new(move || Ok(apparatus(&address)))).expect("a port");
    (server, socket)
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn new(socket: &ScpiServer) -> Self {
        let stream = TcpStream::connect(socket.address()).expect("a socket");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        Client(BufReader::new(stream))
    }

    fn write(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).expect("a connection");
    }

    fn query(&mut self, line: &str) -> String {
        self.write(line);
        let mut response = String::new();
        self.0.read_line(&mut response).expect("a response");
        response.trim_end().into()
    }
}

#[test]
fn a_client_arms_sets_controls_and_gets_the_slopes_in_si_units() {
    let (_server, socket) = served();
    let mut client = Client::new(&socket);
    assert!(client.query("*IDN?").starts_with("hge,8 outputs 24 slots,0,"));
    client.write("SOURce2:VOLTage -0.25; :OUTPut:STATe ON");
    assert_eq!(client.query("OUTP?;SOUR2:VOLT?"), "1;-0.25");
    let slopes = client.query("MEAS:GRAD?");
    let slopes: Vec<f64> = slopes.split(',').map(|value| value.parse().expect(value)).collect();
    assert_eq!(slopes.len(), 20);
    for (slope, wanted) in slopes.iter().zip(SLOPES_NA_PER_V.iter().cycle()) {
        // Rounding of the 16-bit converters.
        assert!((slope - 1e-9 * wanted).abs() < 0.05e-9, "{slopes:?}");
    }
    assert_eq!(client.query("SYST:ERR?"), "0,\"No error\"");
}

#[test]
fn what_cannot_be_done_is_queued_with_its_number_and_the_text_of_the_command() {
    let (_server, socket) = served();
    let mut client = Client::new(&socket);
    assert_eq!(client.query("*TST?"), "0");
    for (line, message) in [
        ("MEAS:CURR?", "-221,\"Settings conflict; the guard is not armed"),
        ("SOUR1:VOLT 9", "-222,\"Data out of range; electrode 0 cannot be set to 9 V"),
        ("SOUR6:VOLT 0", "-114,\"Header suffix out of range; 1 to 5"),
        ("SOUR1:VOLT red", "-104,"),
        ("SOUR1:COLour 3", "-113,"),
        ("REG \"setle\",1", "-200,\"Execution error; there is no register"),
        ("REG? \"setle\"", "-200,\"Execution error; there is no register"),
        ("REG \"settle\"", "-109,"),
        ("REG \"settle\",long", "-200,"),
        ("FETC:GRAD:ERR?", "-230,"),
        ("OUTP PERHAPS", "-224,"),
        ("SOUR1:VOLT? TYP", "-224,"),
        ("SOUR7:FREQ?", "-114,"),
        ("SOUR7:AMPL?", "-114,"),
        ("*ESE", "-109,"),
        ("*SRE many", "-104,"),
    ] {
        client.write(line);
        let error = client.query("SYST:ERR?");
        assert!(error.starts_with(message), "{line}: {error}");
    }
}

#[test]
fn status_registers_settings_and_a_reset_are_those_of_ieee_488_2() {
    let (_server, socket) = served();
    let mut client = Client::new(&socket);
    // Power on is bit 7 of the event register, which reading clears.
    assert_eq!(client.query("*ESR?;*ESR?;*STB?"), "128;0;0");
    // An undefined header is a command error, bit 5; a value out of range an execution error, bit 4; *OPC bit 0.
    client.write("NONE;SOUR1:VOLT 9;*OPC");
    assert_eq!(client.query("*STB?"), "4");
    client.write("*ESE 16;*SRE 36");
    assert_eq!(client.query("*ESE?;*SRE?;*STB?"), "16;36;100");
    assert_eq!(client.query("*ESR?;*STB?"), "49;68");
    client.write("*CLS;*WAI");
    assert_eq!(client.query("*ESR?;*STB?;*OPC?;SYST:ERR?"), "0;0;1;0,\"No error\"");
    assert_eq!(client.query("SYSTem:VERSion?"), "1999.0");
    // 12 ms are 60 samples of 5 kS/s.
    client.write("REG \"settle\",12ms");
    assert_eq!(client.query("REG? 'settle'"), "0.012");
    let ends = client.query("SOUR1:VOLT? MIN;:SOUR1:VOLT? MAX");
    let ends: Vec<f64> = ends.split(';').map(|value| value.parse().expect(value)).collect();
    let middle_v = (ends[0] + ends[1]) / 2.0;
    let number = |client: &mut Client, query| client.query(query).parse::<f64>().expect(query);
    assert!((number(&mut client, "SOUR1:AMPL?") - 0.03).abs() < 1e-4);
    assert!((150.0..=500.0).contains(&number(&mut client, "SOUR1:FREQ?")));
    client.write("SOUR1:VOLT -0.5;OUTP 1");
    let currents = client.query("MEAS:CURR?;OUTP?");
    assert!(currents.ends_with(";1") && currents.split(',').count() == 4, "{currents}");
    client.query("MEAS:GRAD?");
    let errors = client.query("FETC:GRAD:ERR?");
    assert!(
        errors.split(',').all(|error| error.parse::<f64>().is_ok_and(|a| a >= 0.0)),
        "{errors}"
    );
    client.write("*RST");
    assert_eq!(client.query("OUTP?"), "0");
    assert!((number(&mut client, "SOUR1:VOLT?") - middle_v).abs() < 1e-9);
    client.write("FETC:GRAD:ERR?");
    assert!(client.query("SYST:ERR?").starts_with("-230,"));
}

#[test]
fn a_client_that_leaves_and_a_request_of_a_browser_leave_the_guard_disarmed() {
    let (server, socket) = served();
    let mut client = Client::new(&socket);
    client.write("OUTP ON");
    assert_eq!(client.query("OUTP?"), "1");
    drop(client);
    let observer =
        Instrument::connect(Box::new(Tcp::open(&server.address().to_string()).expect("a server")));
    let observer = observer.expect("an instrument");
    let deadline = Instant::now() + Duration::from_secs(20);
    while observer.state().expect("a state").armed.is_some() {
        assert!(Instant::now() < deadline, "still armed");
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut browser = Client::new(&socket);
    browser.write("POST / HTTP/1.1\r\nHost: x\r\n\r\nOUTP ON");
    let mut rest = Vec::new();
    // The connection ends, or is reset with what it did not read.
    let _ = browser.0.read_to_end(&mut rest);
    assert!(rest.is_empty());
    assert_eq!(observer.state().expect("a state").armed, None);
}
